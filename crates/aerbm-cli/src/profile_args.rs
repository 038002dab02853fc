//! Options that name a profile, its data and the folder of its results.

use std::path::PathBuf;

use aerbm::Monitor as _;
use aerbm::config::{ConfigError, Profile, ProfileConfig};
use aerbm::data::{Loaded, Source};
use aerbm::stages::Part;
use clap::{Args, ValueHint};

use crate::data_args::{DataArgs, quoted, tell};
use crate::ui::Ui;

/// A profile, its selected parts, its data and its folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProfileArgs {
    /// Amount of work: quick is a smoke test on real MNIST within a minute; default gives a result worth
    /// reading within twenty minutes on two cores; paper gives the published tables, in parts, within eight
    /// hours; a .toml file holds your own settings, such as config.toml of another run
    #[arg(long, default_value = "default", value_name = "quick|default|paper|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) profile: Profile,
    /// Parts of the paper profile to run, separated by commas [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<String>,
    /// Change any setting of the comparison, such as seeds=5 or methods.rbm.layers.training.epochs=20;
    /// runs=[] leaves out the models beside it; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder of results [default: reports/PROFILE]; each part has its own folder in it
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

/// A part of a profile before its data are read.
pub(crate) struct NamedPart {
    /// Its name; `None` for a profile without parts.
    pub(crate) name: Option<&'static str>,
    pub(crate) config: ProfileConfig,
    pub(crate) source: Source,
    pub(crate) folder: PathBuf,
    /// The options that name it, as typed, without the folder.
    pub(crate) options: String,
}

impl NamedPart {
    /// Reads the data.
    pub(crate) fn load(&self, ui: &Ui) -> anyhow::Result<Loaded> {
        if let Some(name) = self.name {
            ui.note(&format!("part {name}"));
        }
        let loaded = aerbm::data::load(&self.source)?;
        tell(&loaded, ui);
        Ok(loaded)
    }

    /// The part with its data.
    pub(crate) fn with<'a>(&'a self, loaded: &'a Loaded) -> Part<'a> {
        let NamedPart { config, source, folder, .. } = self;
        Part { config, source, loaded, folder }
    }
}

impl ProfileArgs {
    /// The selected parts. Options that contradict one of them are reported before any data are read.
    pub(crate) fn parts(&self) -> anyhow::Result<Vec<NamedPart>> {
        let name = &self.profile.name();
        let mut parts = Vec::new();
        for (part, config) in ProfileConfig::parts(&self.profile, &self.only, &self.set)? {
            refuse_other_data(&config, part.unwrap_or(name), &self.data)?;
            let mut folder = self.out();
            folder.extend(part);
            let source = match &config.data {
                Some(own) => Source { data: own.clone(), ..self.data.source() },
                None => self.data.source(),
            };
            let options = self.options(part.as_slice());
            parts.push(NamedPart { name: part, config, source, folder, options });
        }
        Ok(parts)
    }

    /// The folder of results.
    pub(crate) fn out(&self) -> PathBuf {
        let usual = || PathBuf::from("reports").join(self.profile.name());
        self.out.clone().unwrap_or_else(usual)
    }

    /// These options as typed, including the folder.
    pub(crate) fn all_options(&self) -> String {
        let only: Vec<&str> = self.only.iter().map(String::as_str).collect();
        self.options(&only) + &self.out_option()
    }

    /// The folder as typed.
    pub(crate) fn out_option(&self) -> String {
        format!(" --out {}", quoted(&self.out().display().to_string()))
    }

    /// These options as typed, without the folder and with other parts.
    pub(crate) fn options(&self, only: &[&str]) -> String {
        let mut options = format!("--profile {}", quoted(&self.profile.to_string()));
        if !only.is_empty() {
            options.extend([" --only ", &only.join(",")]);
        }
        for setting in &self.set {
            options.extend([" --set ", &quoted(setting)]);
        }
        options + &self.data.given()
    }
}

/// Refuses data for a part that has its own.
fn refuse_other_data(
    config: &ProfileConfig,
    part: &str,
    given: &DataArgs,
) -> Result<(), ConfigError> {
    let Some(own) = &config.data else { return Ok(()) };
    let source = given.source();
    let other = ![aerbm::data::MNIST, own.as_str()].contains(&source.data.as_str());
    if other || source.label_column.is_some() || given.scales() {
        let given = given.given();
        return Err(ConfigError(format!(
            "{}: part {part} uses {own}, which is generated; choose other parts with --only",
            given.trim_start()
        )));
    }
    Ok(())
}
