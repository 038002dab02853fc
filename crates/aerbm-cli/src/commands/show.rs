use std::path::PathBuf;

use aerbm::{Saved, best};
use clap::Args;

use crate::ui::Ui;

/// Print a model's card: what it is, its training data, its results, limits and use
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of a model, or of a run with one model
    model: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let cards = Saved::load(best::resolve(&args.model))?.cards();
    ui.rows(&cards)?;
    for card in &cards {
        ui.result(card.to_string().trim_end())?;
    }
    Ok(())
}
