//! The command `aerbm`: arguments, progress, exit codes. The work is done by the library of that name.

mod cluster;
mod commands;
mod data_args;
mod duration;
mod harmless;
mod interrupt;
mod new_rows;
mod page_args;
mod profile_args;
mod remedy;
mod times;
mod ui;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use aerbm::{ConfigError, Error, Monitor as _, Threads};
use clap::Parser;

use crate::ui::Ui;

/// Autoencoders and restricted Boltzmann machines, side by side.
#[derive(Debug, Parser)]
#[command(
    name = "aerbm",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:
  aerbm pipeline --profile quick          train, compare and report within a minute
  aerbm train tutorial                    one model from a preset; --list shows them
  aerbm compare --data my.csv --label-column y
  aerbm runs                              the runs under reports/
  aerbm help COMMAND                      the options of a command"
)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,

    /// Show no progress, only results and errors
    #[arg(long, short, global = true)]
    quiet: bool,

    /// Print results as JSON, one object per line
    #[arg(long, global = true)]
    json: bool,
}

/// Prints help, the version, or the reason why the arguments are invalid.
fn explained(message: &clap::Error) -> ExitCode {
    match message.print().and_then(|()| std::io::stdout().flush()) {
        _ if message.use_stderr() => ExitCode::from(2),
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            ui::print_aside(&format!("error: standard output: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explained(&error),
    };
    let ui = Ui::new(cli.quiet, cli.json);
    interrupt::listen();
    let Threads { asked, started } = aerbm::threads();
    if started < asked {
        ui.note(&format!("{started} threads instead of {asked}: the system does not start more"));
    }
    times::start();
    let outcome = aerbm::with_threads(|| cli.command.run(&ui));
    if let Some(table) = times::table() {
        ui.always(&table);
    }
    let Err(error) = outcome else {
        ui.tell_held_notes();
        return ExitCode::SUCCESS;
    };
    ui.error(&error);
    match error.downcast_ref::<Error>() {
        Some(Error::Interrupted) => ExitCode::from(interrupt::exit_code()),
        Some(Error::Config(_)) => ExitCode::from(2),
        _ if error.is::<ConfigError>() => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}
