use std::path::PathBuf;

use clap::Args;

use crate::ui::Ui;

/// Draw a run's figures and page again, from its CSV files
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of the run
    dir: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let page = aerbm::page::write(&args.dir)?;
    ui.file("report", &page)
}
