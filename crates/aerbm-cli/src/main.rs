//! The `aerbm` command: command line, configuration files, and the wiring of the other crates.

mod autoencoder_commands;
mod cli;
mod commands;
mod compare_command;
mod comparison;
mod config;
mod data;
mod denoise;
mod figures;
mod folder;
mod generation;
mod interrupt;
mod likelihood;
mod neighbours;
mod pipeline;
mod probe;
mod selfcheck;
mod train;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::interrupt::Interrupted;
use crate::ui::Ui;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let ui = Ui::new(cli.quiet, cli.json);
    interrupt::listen();
    let threads = rayon::current_num_threads();
    match numerics::with_team(threads, || commands::run(&cli.command, &ui)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.finish();
            ui.error(&error);
            if error.is::<Interrupted>() {
                ExitCode::from(130)
            } else if error.is::<config::UsageError>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
