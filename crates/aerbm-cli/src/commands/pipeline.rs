use aerbm::pipeline::Output;
use clap::Args;

use super::compare::print_comparison;
use crate::interrupt;
use crate::page_args::PageArgs;
use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// Train, compare and report in one go; continues an interrupted run
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Replace a finished run that has other settings; models and pretrained layers that match are reused
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    profile: ProfileArgs,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    for part in args.profile.parts()? {
        let loaded = part.load(ui)?;
        let command = format!("aerbm pipeline {}{}", part.options, args.page.language.given());
        let output = Output {
            folder: &part.folder,
            command: &command,
            page: args.page.options(),
            force: args.force,
        };
        let done = aerbm::pipeline::run(&part.config, &part.source, &loaded, output, ui)?;
        if let Some(comparison) = &done.comparison {
            print_comparison(comparison, ui)?;
        }
        ui.file("report", &done.page)?;
    }
    Ok(())
}
