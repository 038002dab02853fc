//! The commands, one function each.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use report::MetricRow;
use serde_json::json;

use crate::cli::{self, Command};
use crate::config::{PRESETS, RunConfig, plain_name};
use crate::train::{self, Spec};
use crate::ui::Ui;
use crate::{
    autoencoder_commands, compare_command, data, figures, generation, interrupt, likelihood,
    pipeline, probe, selfcheck,
};

pub(crate) fn run(command: &Command, ui: &Ui) -> anyhow::Result<()> {
    let fetches = matches!(command, Command::Data { action: cli::Data::Fetch { .. } });
    if fetches || matches!(command, Command::Pipeline(_) | Command::Train(_) | Command::Compare(_))
    {
        interrupt::wait();
    }
    match command {
        Command::Pipeline(args) => pipeline::run(args, ui),
        Command::Train(args) if args.list => {
            list_presets(ui);
            Ok(())
        }
        Command::Train(args) => train(args, ui),
        Command::Compare(args) => compare_command::run(args, ui),
        Command::Evaluate(args) => evaluate(args, ui),
        Command::Reconstruct(args) => reconstruct(args, ui),
        Command::Denoise(args) => autoencoder_commands::denoise(args, ui),
        Command::Encode(args) => autoencoder_commands::encode(args, ui),
        Command::Probe(args) => probe::run(args, ui),
        Command::Likelihood(args) => likelihood::run(args, ui),
        Command::Sample(args) => generation::sample(args, ui),
        Command::Inpaint(args) => generation::inpaint_run(args, ui),
        Command::Report { dir } => report(dir, ui),
        Command::Data { action: cli::Data::List } => {
            list_data(ui);
            Ok(())
        }
        Command::Data { action: cli::Data::Verify { data } } => verify_data(data, ui),
        Command::Data { action: cli::Data::Fetch { name, mirror } } => {
            data::fetch(name, mirror.as_deref(), ui)
        }
        Command::Selfcheck => selfcheck::run(ui),
    }
}

fn list_presets(ui: &Ui) {
    for (name, text) in PRESETS {
        let comment: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
        ui.result(&format!("{name}\n    {}", comment.join("\n    ")));
    }
}

fn train(args: &cli::Train, ui: &Ui) -> anyhow::Result<()> {
    let source = args.config.as_deref().unwrap_or_default();
    let (config, name) = RunConfig::load(source, &args.set)?;
    if args.print {
        ui.result(config.to_toml()?.trim_end());
        return Ok(());
    }
    let loaded = data::load(&args.data)?;
    loaded.tell(ui);
    if loaded.is_on_disk()
        && let Some(what) = config.needs_memory()
    {
        loaded.train().with_context(|| format!("{what} needs the samples in memory"))?;
    }
    let config = pipeline::for_shape(config, &loaded, ui)?;
    let settings = config.to_toml()?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&name, args));
    let (splits, key) = loaded.split_on_disk(config.partition())?;
    let identity = json!({ "seed": args.seed, "data_key": key.as_str() });
    refuse_other_run(&out, &settings, &identity)?;
    let mut folder = pipeline::open(&out, &train_command(source, args), &settings, &loaded)?;
    folder.set_info(&identity)?;

    let spec = Spec { run: &name, config: &config, seed: args.seed, source: (&args.data).into() };
    let epochs = config.epochs();
    let print = |epoch: usize, record: &train::EpochRecord| {
        let cost = record.cost;
        ui.result(&format!("epoch {epoch:>3}/{epochs}  {} {:.6}", cost.metric(), cost.value()));
    };
    let model_folder = folder.model_folder(&name);
    let trained = train::train(&spec, &splits, &key, &model_folder, ui, &print)?;
    folder.add_record(&trained.record)?;
    ui.rows(folder.metrics());
    show_measures(&trained.record.metric_rows(), ui);
    let trained = [trained];
    pipeline::draw_models(folder.path(), &trained, &splits.test)?;
    figures::learning_curves(folder.path(), folder.metrics())?;
    autoencoder_commands::draw(folder.path(), &trained[0], &splits)?;
    let page = folder.finish()?;
    ui.result(&format!("report: {}", page.display()));
    Ok(())
}

/// reports/runs/NAME-seedN, and between them what the data are called, if they are not MNIST.
fn default_folder(name: &str, args: &cli::Train) -> PathBuf {
    let data = match args.data.name() {
        "mnist" => String::new(),
        other => format!("-{}", plain_name(Path::new(other))),
    };
    Path::new("reports/runs").join(format!("{name}{data}-seed{}", args.seed))
}

/// The command as it was typed, without the folder.
fn train_command(source: &str, args: &cli::Train) -> String {
    let mut command = format!("aerbm train {}", cli::quoted(source));
    for setting in &args.set {
        command.extend([" --set ", &cli::quoted(setting)]);
    }
    command + &format!(" --seed {}{}", args.seed, args.data.given())
}

/// A folder that holds a run with other settings, of another seed or of other data is left alone.
fn refuse_other_run(
    out: &Path,
    settings: &str,
    identity: &serde_json::Value,
) -> anyhow::Result<()> {
    let Ok(config) = std::fs::read_to_string(out.join("config.toml")) else { return Ok(()) };
    let info = std::fs::read_to_string(out.join("run.json")).unwrap_or_default();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap_or_default();
    // Runs of earlier versions do not say.
    let differs = |key: &str| info.get(key).is_some_and(|found| *found != identity[key]);
    let other = match (config != settings, differs("seed"), differs("data_key")) {
        (true, ..) => "with other settings",
        (_, true, _) => "of another seed",
        (_, _, true) => "of other data, or of data read otherwise",
        _ => return Ok(()),
    };
    bail!("{} holds a run {other}; choose another folder with --out, or delete it", out.display())
}

fn evaluate(args: &cli::OnRun, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let test = &loaded.data.test;
    let mut record = trained.record;
    record.epochs.clear();
    let config = RunConfig::from_table(record.config.parse()?, &record.run)?;
    record.finals = trained.model.measures(&config, "test", test);
    record.pretraining.clear();
    let rows = record.metric_rows();
    ui.rows(&rows);
    show_measures(&rows, ui);
    Ok(())
}

pub(crate) fn show_measures(rows: &[MetricRow], ui: &Ui) {
    for row in rows.iter().filter(|row| row.epoch.is_none()) {
        ui.result(&format!("{} {:<22} {:.6}", row.split, row.metric, row.value));
    }
}

fn reconstruct(args: &cli::OnRun, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let dir = run_folder(&args.run);
    let name = format!("reconstructions_{}", trained.record.run);
    figures::reconstructions(&dir, &name, &[&trained], &loaded.data.test)?;
    ui.result(&format!("figure: {}", dir.join(format!("figures/{name}.png")).display()));
    Ok(())
}

/// The folder that figures belong to, if `run` is that of a model: RUN/models/NAME.
pub(crate) fn run_folder(run: &Path) -> PathBuf {
    let above = run.parent().filter(|parent| parent.ends_with("models"));
    above.and_then(Path::parent).unwrap_or(run).to_owned()
}

fn report(dir: &Path, ui: &Ui) -> anyhow::Result<()> {
    ensure!(
        dir.join("metrics.csv").is_file(),
        "{}: no metrics.csv there; expected the folder of a run, such as reports/default",
        dir.display()
    );
    report::build(dir)?;
    ui.result(&format!("report: {}", dir.join("report.html").display()));
    Ok(())
}

fn list_data(ui: &Ui) {
    for (name, what) in data::list() {
        ui.result(&format!("{name:<16}{what}"));
    }
}

fn verify_data(name: &str, ui: &Ui) -> anyhow::Result<()> {
    let checks = data::verify(name)?;
    ui.rows(&checks);
    for check in &checks {
        let verdict = if check.ok { "as published" } else { "DIFFERS from the published file" };
        ui.result(&format!("{}  {}  {verdict}", check.sha256, check.file.display()));
    }
    let bad = checks.iter().filter(|check| !check.ok).count();
    ensure!(bad == 0, "{bad} of {} files differ from the published ones", checks.len());
    Ok(())
}
