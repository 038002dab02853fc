use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::Cli;
use crate::ui::Ui;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  aerbm completions bash > ~/.local/share/bash-completion/completions/aerbm
  aerbm completions zsh > \"${fpath[1]}/_aerbm\"
  aerbm completions fish > ~/.config/fish/completions/aerbm.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aerbm", &mut script);
    ui.text(String::from_utf8(script)?.trim_end())
}
