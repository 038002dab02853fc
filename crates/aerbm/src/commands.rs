//! The commands, one function each.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use report::MetricRow;

use crate::cli::{self, Command};
use crate::config::{PRESETS, RunConfig};
use crate::train::{self, Spec, Trained};
use crate::ui::Ui;
use crate::{
    autoencoder_commands, compare_command, data, figures, generation, likelihood, pipeline, probe,
    selfcheck,
};

pub(crate) fn run(command: &Command, ui: &Ui) -> anyhow::Result<()> {
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
    let default = || Path::new("reports/runs").join(format!("{name}-seed{}", args.seed));
    let out = args.out.clone().unwrap_or_else(default);
    let loaded = data::load(&args.data)?;
    loaded.tell(ui);
    let config = pipeline::for_shape(config, &loaded, ui)?;
    let settings = config.to_toml()?;
    refuse_other_run(&out, &settings)?;
    let command = format!("aerbm train {source} --seed {}{}", args.seed, args.data.given());
    let mut folder = pipeline::open(&out, &command, &settings, &loaded)?;
    let (splits, key) = loaded.split_on_disk(config.partition())?;

    let spec = Spec { run: &name, config: &config, seed: args.seed };
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

/// A folder that holds a run with other settings is left alone.
fn refuse_other_run(out: &Path, settings: &str) -> anyhow::Result<()> {
    let Ok(found) = std::fs::read_to_string(out.join("config.toml")) else { return Ok(()) };
    ensure!(
        found == settings,
        "{} holds a run with other settings; choose another folder with --out, or delete it",
        out.display()
    );
    Ok(())
}

fn evaluate(args: &cli::OnRun, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load(&args.data)?;
    loaded.tell(ui);
    let test = &loaded.mnist.test;
    refuse_other_width(&trained, test)?;
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
    let loaded = data::load(&args.data)?;
    refuse_other_width(&trained, &loaded.mnist.test)?;
    let dir = run_folder(&args.run);
    figures::reconstructions(&dir, &[&trained], &loaded.mnist.test)?;
    ui.result(&format!("figure: {}", dir.join("figures/reconstructions.png").display()));
    Ok(())
}

/// The folder that figures belong to, if `run` is that of a model: RUN/models/NAME.
pub(crate) fn run_folder(run: &Path) -> PathBuf {
    let above = run.parent().filter(|parent| parent.ends_with("models"));
    above.and_then(Path::parent).unwrap_or(run).to_owned()
}

pub(crate) fn refuse_other_width(
    trained: &Trained,
    data: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    ensure!(
        trained.record.n_visible == data.n_features(),
        "{} was trained on images of {} pixels, those of {} have {}",
        trained.record.run,
        trained.record.n_visible,
        data.name,
        data.n_features()
    );
    Ok(())
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
