use std::path::PathBuf;

use clap::Args;

use crate::page_args::LanguageArg;
use crate::ui::Ui;

/// Recompute a comparison's tables of differences, and redraw a run's figures and page
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of the run
    dir: PathBuf,
    #[command(flatten)]
    page: LanguageArg,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if let Some(language) = args.page.language {
        aerbm::page::set_language(&args.dir, language)?;
    }
    let page = aerbm::page::rebuild(&args.dir)?;
    ui.file("report", &page)
}
