//! The pipeline: train models to look at, compare ways of pretraining, draw, report.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mnist_io::Splits;
use report::{ComparisonRow, MetricRow, PairedRow, SummaryRow, TimingRow};
use study::stage::{Key, Store};
use study::{
    ComparisonConfig, Event, Outcome, StudyError, compare_pairs, run_comparison, summarise,
};

use crate::autoencoder_commands;
use crate::cli::{self, Profile};
use crate::config::ProfileConfig;
use crate::data::{self, Loaded};
use crate::figures;
use crate::folder::{DataInfo, RunFolder};
use crate::interrupt::{self, Interrupted};
use crate::train::{Spec, Trained, train};
use crate::ui::Ui;

/// Gibbs steps of the longest chain in the report.
const GIBBS_STEPS: usize = 1000;

pub(crate) fn run(args: &cli::Pipeline, ui: &Ui) -> anyhow::Result<()> {
    let config = ProfileConfig::load(args.profile)?;
    let name = match args.profile {
        Profile::Quick => "quick",
        Profile::Default => "default",
    };
    let out = args.out.clone().unwrap_or_else(|| Path::new("reports").join(name));
    let loaded = data::load(&args.data)?;
    loaded.tell(ui);
    let command = format!("aerbm pipeline --profile {name}");
    let mut folder = open(&out, &command, &toml::to_string(&config)?, &loaded)?;

    let mut trained = Vec::new();
    for entry in &config.runs {
        let run_config = entry.resolve()?;
        let (splits, key) = loaded.split(run_config.partition())?;
        let spec = Spec { run: &entry.name, config: &run_config, seed: config.seed };
        let model_folder = folder.model_folder(&entry.name);
        trained.push(train(&spec, &splits, &key, &model_folder, ui, &|_, _| ())?);
        let last = &trained[trained.len() - 1];
        folder.add_record(&last.record)?;
        autoencoder_commands::draw(folder.path(), last, &splits)?;
    }
    draw_models(folder.path(), &trained, &loaded.mnist.test)?;
    if !trained.is_empty() {
        figures::learning_curves(folder.path(), folder.metrics())?;
    }

    let (splits, key) = loaded.split(config.comparison.partition)?;
    compare(&config.comparison, &splits, &key, &mut folder, ui)?;
    done(folder, ui)
}

/// `aerbm compare`: the comparison of the default profile, or what the options make of it.
pub(crate) fn compare_only(args: &cli::Compare, ui: &Ui) -> anyhow::Result<()> {
    let mut assignments = args.set.clone();
    let list = |values: &[String]| format!("[{}]", values.join(", "));
    if !args.methods.is_empty() {
        let quoted: Vec<String> = args.methods.iter().map(|m| format!("\"{m}\"")).collect();
        assignments.push(format!("methods={}", list(&quoted)));
    }
    if !args.depths.is_empty() {
        let depths: Vec<String> = args.depths.iter().map(ToString::to_string).collect();
        assignments.push(format!("depths={}", list(&depths)));
    }
    if let Some(seeds) = args.seeds {
        assignments.push(format!("seeds={seeds}"));
    }
    let mut config = ProfileConfig::load_with(Profile::Default, &assignments)?;
    let known: Vec<usize> = config.comparison.labels.iter().map(|budget| budget.count).collect();
    for count in &args.labels {
        if !known.contains(count) {
            let message = format!(
                "--labels {count}: expected some of {known:?}; for others give their budget with \
                 --set 'labels=[{{ count = {count}, updates = 2000, batch_size = 50 }}]'"
            );
            return Err(crate::config::UsageError(message).into());
        }
    }
    if !args.labels.is_empty() {
        config.comparison.labels.retain(|budget| args.labels.contains(&budget.count));
    }
    let loaded = data::load(&args.data)?;
    loaded.tell(ui);
    config.runs.clear();
    let mut folder = open(&args.out, "aerbm compare", &toml::to_string(&config)?, &loaded)?;
    let (splits, key) = loaded.split(config.comparison.partition)?;
    compare(&config.comparison, &splits, &key, &mut folder, ui)?;
    done(folder, ui)
}

/// Opens the folder of a run on this data.
pub(crate) fn open(
    path: &Path,
    command: &str,
    config: &str,
    data: &Loaded,
) -> anyhow::Result<RunFolder> {
    let classes = &data.mnist.train.class_names;
    let plain = classes.iter().enumerate().all(|(class, name)| *name == class.to_string());
    let info = DataInfo {
        name: &data.name,
        train_sha256: &data.mnist.train.sha256,
        test_sha256: &data.mnist.test.sha256,
        classes: if plain { &[] } else { classes },
        notes: &data.notes,
    };
    RunFolder::open(path, command, config, &info)
}

fn done(folder: RunFolder, ui: &Ui) -> anyhow::Result<()> {
    let page: PathBuf = folder.finish()?;
    ui.result(&format!("report: {}", page.display()));
    Ok(())
}

/// The figures of trained models; none if the samples are no images.
pub(crate) fn draw_models(
    dir: &Path,
    trained: &[Trained],
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    if !test.shape.is_image() {
        return Ok(());
    }
    for (order, model) in (0..).zip(trained) {
        figures::filters(dir, model, order)?;
        figures::histograms(dir, model, test)?;
        figures::generation::decoded_codes(dir, model, test)?;
        if model.model.generative().is_some() {
            let (start, seed) = (figures::generation::Start::Digits(test), model.record.seed);
            figures::generation::gibbs_samples(dir, model, &start, GIBBS_STEPS, seed)?;
        }
    }
    figures::reconstructions(dir, &trained.iter().collect::<Vec<_>>(), test)
}

fn compare(
    config: &ComparisonConfig,
    splits: &Splits,
    key: &Key,
    folder: &mut RunFolder,
    ui: &Ui,
) -> anyhow::Result<()> {
    let cache = Store::new(folder.path().join("stages"));
    let (mut computed, mut reused) = (0_usize, 0_usize);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Begun { title } => ui.begin(title, 1),
            Event::Progress { progress, seconds } => {
                let cost = format!("{} {:.4}", progress.metric, progress.cost);
                ui.advance(progress.done, progress.of, &cost, progress.samples as f64 / seconds);
            }
            Event::Finished { reused: true } => reused += 1,
            Event::Finished { reused: false } => {
                computed += 1;
                ui.finish();
            }
        }
        interrupt::flow()
    };
    let mut written = Ok(());
    let mut partial = |outcome: &Outcome| {
        if written.is_ok() {
            written = write_tables(folder, outcome);
        }
    };
    let outcome = run_comparison(config, splits, key.as_str(), &cache, &mut listen, &mut partial);
    let outcome = match outcome {
        Err(StudyError::Training(nn_core::TrainingError::Interrupted)) => {
            return Err(Interrupted.into());
        }
        Err(error @ StudyError::Unlabelled(_)) => {
            return Err(anyhow::anyhow!("{error}; name their column with --label-column"));
        }
        other => other.context("comparing")?,
    };
    written?;
    ui.finish();
    ui.note(&format!("comparison: {computed} stages computed, {reused} reused"));
    write_tables(folder, &outcome)?;
    folder.add_rows(layer_metrics(&outcome), timings(&outcome))?;
    show(&outcome, ui);
    Ok(())
}

fn write_tables(folder: &RunFolder, outcome: &Outcome) -> anyhow::Result<()> {
    folder.write_table("comparison.csv", &comparison_rows(outcome))?;
    folder.write_table("summary.csv", &summary_rows(outcome))?;
    folder.write_table("paired.csv", &paired_rows(outcome))
}

fn comparison_rows(outcome: &Outcome) -> Vec<ComparisonRow> {
    let cells = outcome.cells.iter();
    cells
        .map(|cell| ComparisonRow {
            method: cell.method.name().into(),
            depth: cell.depth,
            labels: cell.labels,
            seed: cell.seed,
            validation_error_pct: cell.validation_error_pct(),
            test_error_pct: cell.test_error_pct(),
            test_errors: cell.test_errors.0,
            pretrain_updates: cell.pretrain_updates as u64,
            finetune_updates: cell.finetune_updates as u64,
        })
        .collect()
}

fn summary_rows(outcome: &Outcome) -> Vec<SummaryRow> {
    let summaries = summarise(&outcome.cells).into_iter();
    summaries
        .map(|summary| SummaryRow {
            method: summary.method.name().into(),
            depth: summary.depth,
            labels: summary.labels,
            seeds: summary.test_error_pct.n,
            test_error_pct_mean: summary.test_error_pct.mean,
            ci95_low: summary.test_error_pct.low,
            ci95_high: summary.test_error_pct.high,
        })
        .collect()
}

fn paired_rows(outcome: &Outcome) -> Vec<PairedRow> {
    let pairs = compare_pairs(&outcome.cells).into_iter();
    pairs
        .map(|pair| PairedRow {
            method_a: pair.method_a.name().into(),
            method_b: pair.method_b.name().into(),
            depth: pair.depth,
            labels: pair.labels,
            seeds: pair.difference_pct.n,
            difference_pct_mean: pair.difference_pct.difference_mean,
            ci95_low: pair.difference_pct.low,
            ci95_high: pair.difference_pct.high,
            p_value: pair.difference_pct.p_value,
            test: "paired t-test".into(),
        })
        .collect()
}

fn layer_metrics(outcome: &Outcome) -> Vec<MetricRow> {
    let mut rows = Vec::new();
    for layer in &outcome.layers {
        for (i, &value) in layer.costs.iter().enumerate() {
            let unit = if layer.metric == "cost" { "nats" } else { "sse_per_image" };
            rows.push(MetricRow {
                run: "comparison".into(),
                method: layer.method.name().into(),
                seed: layer.seed,
                stage: "pretrain".into(),
                layer: Some(layer.layer),
                epoch: Some(i + 1),
                split: "train".into(),
                metric: layer.metric.clone(),
                value,
                unit: unit.into(),
            });
        }
    }
    for cell in &outcome.cells {
        let last = cell.history.iter().map(|look| look.training_cost).next_back();
        let measures = [
            ("train", "cost", last, "nats"),
            ("validation", "learning_rate", Some(cell.learning_rate), "1"),
        ];
        rows.extend(measures.into_iter().filter_map(|(split, metric, value, unit)| {
            Some(MetricRow {
                run: format!("comparison, {} labels", cell.labels),
                method: cell.method.name().into(),
                seed: cell.seed,
                stage: "fine-tune".into(),
                layer: Some(cell.depth),
                epoch: None,
                split: split.into(),
                metric: metric.into(),
                value: value?,
                unit: unit.into(),
            })
        }));
    }
    rows
}

fn timings(outcome: &Outcome) -> Vec<TimingRow> {
    let mut rows = Vec::new();
    for layer in &outcome.layers {
        rows.extend(layer.seconds.iter().enumerate().map(|(i, &seconds)| TimingRow {
            run: "comparison".into(),
            method: layer.method.name().into(),
            seed: layer.seed,
            stage: "pretrain".into(),
            layer: Some(layer.layer),
            epoch: Some(i + 1),
            seconds,
            samples_per_second: layer.samples as f64 / seconds,
        }));
    }
    rows.extend(outcome.cells.iter().map(|cell| TimingRow {
        run: format!("comparison, {} labels", cell.labels),
        method: cell.method.name().into(),
        seed: cell.seed,
        stage: "fine-tune".into(),
        layer: Some(cell.depth),
        epoch: None,
        seconds: cell.seconds,
        samples_per_second: cell.finetune_samples as f64 / cell.seconds,
    }));
    rows
}

fn show(outcome: &Outcome, ui: &Ui) {
    let rows = summary_rows(outcome);
    ui.rows(&rows);
    ui.rows(&paired_rows(outcome));
    ui.result(&format!(
        "{:<14}{:>6}{:>9}{:>16}{:>20}",
        "method", "depth", "labels", "test error, %", "95 % interval"
    ));
    for row in &rows {
        let interval = if row.ci95_low.is_nan() {
            "one seed".to_owned()
        } else {
            format!("{:.2} to {:.2}", row.ci95_low, row.ci95_high)
        };
        ui.result(&format!(
            "{:<14}{:>6}{:>9}{:>16.2}{interval:>20}",
            row.method, row.depth, row.labels, row.test_error_pct_mean
        ));
    }
}
