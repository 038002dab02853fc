use std::path::PathBuf;

use clap::Args;

use crate::ui::Ui;

/// Show the differences between the settings and the final numbers of two runs
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of the first run
    a: PathBuf,
    /// Folder of the second run
    b: PathBuf,
    /// Also write the differences into this HTML file
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if let Some(page) = &args.page {
        aerbm::refuse_output(page, &[])?;
    }
    let found = aerbm::runs::diff(&args.a, &args.b)?;
    ui.rows(&found)?;
    if let Some(page) = &args.page {
        aerbm::runs::write_page(page, &args.a, &args.b, &found)?;
        ui.file("page", page)?;
    }
    if found.is_empty() {
        return ui.result("the same settings and the same numbers");
    }
    let name = found.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
    let first = found.iter().map(|it| shown(&it.a).chars().count()).max().unwrap_or(0);
    for kind in ["setting", "number"] {
        for (i, it) in found.iter().filter(|it| it.kind == kind).enumerate() {
            if i == 0 {
                ui.result(&format!("{kind}s"))?;
            }
            ui.result(&format!(
                "  {:<name$}  {:<first$}  {}",
                it.name,
                shown(&it.a),
                shown(&it.b)
            ))?;
        }
    }
    Ok(())
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "–" } else { value }
}
