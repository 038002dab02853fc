use std::path::PathBuf;

use aerbm::Monitor as _;
use aerbm::config::{ConfigError, Profile, ProfileConfig};
use aerbm::data::Source;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::compare::print_comparison;
use crate::data_args::{DataArgs, tell};
use crate::interrupt;
use crate::ui::Ui;

/// Train, compare and report in one go; continues where it stopped
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Amount of work: quick is a smoke test on real MNIST within a minute; default gives a result worth
    /// reading within twenty minutes on two cores; paper gives the published tables, in parts, within
    /// eight hours
    #[arg(long, default_value = "default", value_parser = profiles())]
    profile: Profile,
    /// Part of the paper profile to do, one or several [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<String>,
    /// Folder of results [default: reports/PROFILE]; parts have folders of their own in it
    #[arg(long)]
    out: Option<PathBuf>,
    /// Leave the models out of the page, which makes it smaller
    #[arg(long)]
    without_models: bool,
    #[command(flatten)]
    data: DataArgs,
}

fn profiles() -> impl clap::builder::TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
        .map(|name| Profile::named(&name).expect("one of the names"))
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    let name = args.profile.name();
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(name));
    let parts = ProfileConfig::parts(args.profile, &args.only)?;
    // Options that contradict a part are reported before the first part starts.
    for (part, config) in &parts {
        refuse_other_data(config, part.unwrap_or(name), &args.data)?;
    }
    for (part, config) in parts {
        let mut command = format!("aerbm pipeline --profile {name}");
        let mut folder = out.clone();
        if let Some(part) = part {
            ui.note(&format!("part {part}"));
            command.extend([" --only ", part]);
            folder.push(part);
        }
        command.push_str(&args.data.given());
        let source = match &config.data {
            Some(own) => Source { data: own.clone(), ..args.data.source() },
            None => args.data.source(),
        };
        let loaded = aerbm::data::load(&source)?;
        tell(&loaded, ui);
        let done = aerbm::pipeline::run(
            &config,
            &source,
            &loaded,
            (&command, &folder),
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
