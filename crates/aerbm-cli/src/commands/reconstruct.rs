use std::path::PathBuf;

use aerbm::figures;
use clap::Args;

use super::OnModel;
use crate::new_rows::OnRows;
use crate::ui::Ui;

/// Reconstruct rows of a file into a table, or test images into a figure
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// File or folder of new rows, all of which are reconstructed into a table in the units of the data
    /// [default: test images of the data that the model was trained on, into a figure]
    file: Option<PathBuf>,
    /// File for the table; its name ends in .csv, .parquet or .npy [default: standard output, as CSV]
    #[arg(long, requires = "file")]
    out: Option<PathBuf>,
    /// Show the figure in the terminal as well: as kitty, iTerm or sixel graphics if it supports them,
    /// otherwise in half blocks
    #[arg(long, conflicts_with = "file")]
    show: bool,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if let Some(file) = &args.file {
        return OnRows::new(&args.model, file, args.out.as_deref())?.reconstruct(ui);
    }
    let (trained, loaded) = args.model.load(ui)?;
    let name = format!("reconstructions_{}", trained.record.run);
    args.model.draw(|out| figures::reconstructions(out, &name, &[&trained], &loaded.data.test))?;
    args.model.print_figure(&name, args.show, ui)
}
