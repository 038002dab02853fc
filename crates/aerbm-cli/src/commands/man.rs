use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use crate::Cli;
use crate::ui::Ui;

/// Write the manual pages: aerbm.1 and one for each command
#[derive(Debug, Args)]
#[command(after_help = "Example:
  aerbm man ~/.local/share/man/man1 && man aerbm")]
pub(crate) struct Arguments {
    /// Folder for the pages, which is created if it is missing
    folder: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let folder = args.folder.display();
    ensure!(
        args.folder.is_dir() || !args.folder.exists(),
        "{folder} is a file; expected a folder of manual pages; name another"
    );
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("{folder}: the folder of manual pages cannot be made"))?;
    let mut top = Cli::command();
    top.build();
    // A built command knows its full name, such as aerbm-train.
    let commands = std::iter::once(&top).chain(top.get_subcommands());
    let named = |command: &Command| {
        let name = command.get_display_name().unwrap_or(command.get_name());
        (name.to_owned(), command.clone())
    };
    let pages: Vec<(String, Command)> = commands.map(named).collect();
    for (name, command) in &pages {
        let mut page = Vec::new();
        Man::new(command.clone()).render(&mut page)?;
        let file = args.folder.join(format!("{name}.1"));
        ::report::write_bytes(&file, &page)?;
    }
    ui.result(&format!("{} pages: {folder}", pages.len()))
}
