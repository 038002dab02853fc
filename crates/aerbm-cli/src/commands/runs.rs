use std::path::PathBuf;

use clap::Args;

use crate::ui::Ui;

/// List the runs in a folder: kind, data, date, status and best result
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of runs
    #[arg(default_value = "reports")]
    folder: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let lines = aerbm::runs::list(&args.folder)?;
    ui.rows(&lines)?;
    if lines.is_empty() {
        return ui.result(&format!("{}: no runs", args.folder.display()));
    }
    let width =
        |of: &dyn Fn(&aerbm::runs::RunLine) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let folders = width(&|line| line.folder.display().to_string().chars().count()).max(6);
    let data = width(&|line| line.data.chars().count()).max(4);
    ui.result(&format!(
        "{:<folders$}  {:<10}  {:<data$}  {:<20}  {:<11}  best",
        "folder", "kind", "data", "date", "status"
    ))?;
    for line in &lines {
        ui.result(&format!(
            "{:<folders$}  {:<10}  {:<data$}  {:<20}  {:<11}  {}",
            line.folder.display(),
            line.kind,
            line.data,
            line.date,
            line.status,
            line.best
        ))?;
    }
    Ok(())
}
