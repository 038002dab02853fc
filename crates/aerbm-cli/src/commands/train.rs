use std::path::{Path, PathBuf};

use aerbm::RunConfig;
use aerbm::config::{plain_name, presets};
use aerbm::data::MNIST;
use aerbm::pipeline::{Run, train_run};
use clap::Args;

use super::print_measures;
use crate::data_args::{DataArgs, quoted, tell};
use crate::interrupt;
use crate::page_args::PageArgs;
use crate::ui::Ui;

/// Train one model from a preset or a configuration file
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Preset or TOML file (see --list)
    #[arg(required_unless_present = "list", value_name = "PRESET|FILE")]
    config: Option<String>,
    /// Change a setting, such as model.n_hidden=100; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    data: DataArgs,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of results [default: reports/runs/NAME-seedN; NAME-DATA-seedN for data other than MNIST]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replace a finished run that has other settings, another seed or other data
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    page: PageArgs,
    /// Print the resolved configuration and stop
    #[arg(long)]
    print: bool,
    /// List the presets and stop
    #[arg(long)]
    list: bool,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if args.list {
        return list(ui);
    }
    interrupt::save_at_first();
    let preset = args.config.as_deref().unwrap_or_default();
    let (config, name) = RunConfig::load(preset, &args.set)?;
    if args.print {
        ui.rows(&[serde_json::json!({ "preset": name, "settings": config })])?;
        return ui.result(config.to_toml()?.trim_end());
    }
    let source = args.data.source();
    let loaded = aerbm::data::load(&source)?;
    tell(&loaded, ui);
    let out = args.out.clone().unwrap_or_else(|| default_folder(&name, args));
    let command = command(preset, args);
    let run = Run {
        name: &name,
        config: &config,
        given: &args.set,
        seed: args.seed,
        source: &source,
        command: &command,
        page: args.page.options(),
        force: args.force,
    };
    let epochs = config.epochs();
    ui.epochs_are_results();
    let mut printed = Ok(());
    let mut print = |epoch: &aerbm::Epoch| {
        let epoch = &epoch.training;
        let line =
            format!("epoch {:>3}/{epochs}  {} {:.6}", epoch.epoch, epoch.metric.name, epoch.value);
        if printed.is_ok() {
            printed = ui.epoch(&line);
        }
    };
    let done = train_run(run, &loaded, &out, ui, &mut print)?;
    printed?;
    ui.rows(&done.metrics)?;
    print_measures(&done.trained.record.metric_rows(), ui)?;
    ui.file("report", &done.page)
}

fn list(ui: &Ui) -> anyhow::Result<()> {
    for (name, text) in presets() {
        let words = text.lines().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>();
        ui.rows(&[serde_json::json!({ "preset": name, "about": words.join(" ") })])?;
        let comment: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
        ui.result(&format!("{name}\n    {}", comment.join("\n    ")))?;
    }
    Ok(())
}

/// The default folder: reports/runs/NAME-seedN, with the name of the data before the seed if they are
/// not MNIST.
fn default_folder(name: &str, args: &Arguments) -> PathBuf {
    let source = args.data.source();
    let data = match source.data.as_str() {
        MNIST => String::new(),
        other => format!("-{}", plain_name(Path::new(other))),
    };
    Path::new("reports/runs").join(format!("{name}{data}-seed{}", args.seed))
}

/// The command as it was typed, without the folder.
fn command(preset: &str, args: &Arguments) -> String {
    let mut command = format!("aerbm train {}", quoted(preset));
    for setting in &args.set {
        command.extend([" --set ", &quoted(setting)]);
    }
    let language = args.page.language.given();
    command + &format!(" --seed {}{}{language}", args.seed, args.data.given())
}
