use anyhow::ensure;
use clap::{Args, Subcommand};

use crate::data_args::{DataArgs, name_or_path};
use crate::interrupt;
use crate::ui::Ui;

/// Describe, list, fetch or verify data sets
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the named data sets: local, published and generated ones
    List,
    /// Show how data would be read: the type, missing values and scaling of each column, the classes and the
    /// parts
    Describe {
        #[command(flatten)]
        data: DataArgs,
        /// File or folder, or a name that `aerbm data list` shows
        #[arg(conflicts_with = "data", value_parser = name_or_path())]
        file: String,
    },
    /// Fetch a published data set into data/; resumes an interrupted download
    Fetch {
        /// Data set, such as fashion-mnist
        name: String,
        /// Address of a folder with the files, instead of the usual ones
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
    },
    /// Compare a set's files with their published checksums: those of MNIST, or of a fetched set
    Verify {
        /// Data set: a name under data/, or a folder of four IDX files
        #[arg(default_value = "mnist", value_parser = name_or_path())]
        data: String,
    },
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    match &args.action {
        Action::List => {
            for (name, about) in aerbm::data::list() {
                ui.rows(&[serde_json::json!({ "name": name, "about": about })])?;
                ui.result(&format!("{name:<16}{about}"))?;
            }
            Ok(())
        }
        Action::Describe { data, file } => {
            let source = DataArgs { data: Some(file.clone()), ..data.clone() }.source();
            let description = aerbm::data::describe(&source)?;
            ui.rows(std::slice::from_ref(&description))?;
            ui.result(description.to_string().trim_end())
        }
        Action::Fetch { name, mirror } => {
            interrupt::save_at_first();
            let (folder, about) = aerbm::data::fetch(name, mirror.as_deref(), ui)?;
            ui.rows(&[serde_json::json!({ "folder": folder, "about": about })])?;
            ui.result(&format!("{}: {about}", folder.display()))
        }
        Action::Verify { data } => verify(data, ui),
    }
}

fn verify(name: &str, ui: &Ui) -> anyhow::Result<()> {
    let checks = aerbm::data::verify(name)?;
    ui.rows(&checks)?;
    for check in &checks {
        let verdict = if check.ok { "as published" } else { "DIFFERS from the published file" };
        ui.result(&format!("{}  {}  {verdict}", check.sha256, check.file.display()))?;
    }
    let bad = checks.iter().filter(|check| !check.ok).count();
    ensure!(bad == 0, "{bad} of {} files differ from the published ones", checks.len());
    Ok(())
}
