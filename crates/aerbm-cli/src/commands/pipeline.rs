use clap::Args;

use super::compare::print_comparison;
use crate::interrupt;
use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// Train, compare and report in one go; continues where it stopped
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Leave the models out of the page, which makes it smaller
    #[arg(long)]
    without_models: bool,
    #[command(flatten)]
    profile: ProfileArgs,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    for part in args.profile.parts()? {
        let loaded = part.load(ui)?;
        let command = format!("aerbm pipeline {}", part.options);
        let done = aerbm::pipeline::run(
            &part.config,
            &part.source,
            &loaded,
            (&command, &part.folder),
            args.without_models,
            ui,
        )?;
        if let Some(comparison) = &done.comparison {
            print_comparison(comparison, ui)?;
        }
        ui.file("report", &done.page)?;
    }
    Ok(())
}
