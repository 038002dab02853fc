use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::ui::Ui;

/// Check that a run's files are unchanged, and recompute its tables, figures and page
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of the run
    dir: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let found = aerbm::verify::verify(&args.dir)?;
    ui.rows(&[serde_json::json!({
        "files": found.files,
        "cells": found.cells,
        "redrawn": found.redrawn,
        "problems": found.problems,
    })])?;
    for problem in &found.problems {
        ui.result(problem)?;
    }
    match found.problems.len() {
        0 => ui.result(&format!(
            "verified: {} files have the recorded checksums; {} errors were recounted from the \
             mistakes; {} tables, figures and pages were regenerated and are identical",
            found.files, found.cells, found.redrawn
        )),
        1 => bail!("{}: 1 difference", args.dir.display()),
        n => bail!("{}: {n} differences", args.dir.display()),
    }
}
