//! A comparison run to its end: tables, metrics, figures.

use anyhow::Context as _;
use mnist_io::Splits;
use report::verdict::Verdict;
use report::{ComparisonRow, EqualSecondsRow, MetricRow, PairedRow, SummaryRow, TimingRow};
use study::stage::{Key, Store};
use study::{
    Cell, ComparisonConfig, Event, LayerRecord, Method, Outcome, Rates, StudyError, compare_pairs,
    run_comparison, summarise,
};

use crate::figures;
use crate::folder::{RunFolder, remove};
use crate::interrupt::{self, Interrupted};
use crate::ui::Ui;

/// Runs the comparison, writes its tables as they grow, and shows what was found.
pub(crate) fn compare(
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
                let cost = format!("{} {:.4}", progress.metric.name, progress.value);
                ui.advance(progress.epoch, progress.of, &cost, progress.samples as f64 / seconds);
            }
            Event::Diverged { rates: Rates { learning_rate, hidden_factor }, error } => {
                let rates = format!("{learning_rate}, {hidden_factor} times that below");
                ui.note(&format!("left out: rate {rates}: {error}"));
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
            return Err(anyhow::anyhow!(
                "{error}; a .csv file has them in a column (--label-column), IDX files in files of \
                 their own, PNG images by their folders"
            ));
        }
        Err(error @ StudyError::Training(nn_core::TrainingError::OutOfRange { .. })) => {
            return Err(anyhow::anyhow!("{error}; --scale unit brings data into [0, 1]"));
        }
        other => other.context("comparing")?,
    };
    written?;
    ui.finish();
    ui.note(&format!("comparison: {computed} stages computed, {reused} reused"));
    write_tables(folder, &outcome)?;
    folder.add_rows(layer_metrics(&outcome), timings(&outcome))?;
    figures::comparison::draw(folder.path(), &outcome)?;
    show(&outcome, ui);
    Ok(())
}

fn write_tables(folder: &RunFolder, outcome: &Outcome) -> anyhow::Result<()> {
    folder.write_table("comparison.csv", &comparison_rows(outcome))?;
    folder.write_table("summary.csv", &summary_rows(outcome))?;
    if outcome.equal_seconds.is_empty() {
        remove(&folder.path().join("equal_seconds.csv"))?; // of an earlier comparison, perhaps
    } else {
        folder.write_table("equal_seconds.csv", &equal_seconds_rows(outcome))?;
    }
    folder.write_table("paired.csv", &paired_rows(outcome))
}

fn equal_seconds_rows(outcome: &Outcome) -> Vec<EqualSecondsRow> {
    let rows = outcome.equal_seconds.iter();
    rows.map(|row| EqualSecondsRow {
        method: row.method.name().into(),
        depth: row.depth,
        labels: row.labels,
        seed: row.seed,
        seconds: row.seconds,
        pretrain_seconds: row.pretraining_seconds,
        finetune_updates: row.finetune_updates as u64,
        validation_error_pct: row.validation_error_pct,
        test_error_pct: row.test_error_pct,
    })
    .collect()
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

/// Each pair by each test.
fn paired_rows(outcome: &Outcome) -> Vec<PairedRow> {
    let pairs = compare_pairs(&outcome.cells).into_iter();
    pairs
        .flat_map(|pair| {
            let by_test = [
                ("paired t-test", pair.difference_pct.p_value),
                ("paired t-test, Holm", pair.holm_p_value),
                ("sign flips", pair.sign_flip_p_value),
                ("McNemar, pooled", pair.mcnemar_p_value),
            ];
            by_test.map(|(test, p_value)| PairedRow {
                method_a: pair.method_a.name().into(),
                method_b: pair.method_b.name().into(),
                depth: pair.depth,
                labels: pair.labels,
                seeds: pair.difference_pct.n,
                difference_pct_mean: pair.difference_pct.difference_mean,
                ci95_low: pair.difference_pct.low,
                ci95_high: pair.difference_pct.high,
                p_value,
                test: test.into(),
            })
        })
        .collect()
}

fn layer_metrics(outcome: &Outcome) -> Vec<MetricRow> {
    outcome.layers.iter().flat_map(pretraining_metrics).chain(tuning_metrics(outcome)).collect()
}

/// The cost of each epoch of a layer's pretraining.
fn pretraining_metrics(layer: &LayerRecord) -> impl Iterator<Item = MetricRow> {
    let unit = if layer.metric == "cost" { "nats" } else { "sse_per_image" };
    (1..).zip(&layer.costs).map(move |(epoch, &value)| MetricRow {
        run: "comparison".into(),
        method: layer.method.name().into(),
        seed: layer.seed,
        stage: "pretrain".into(),
        layer: Some(layer.layer),
        epoch: Some(epoch),
        split: "train".into(),
        metric: layer.metric.clone(),
        value,
        unit: unit.into(),
    })
}

/// What fine-tuning did to each layer, then what was chosen and found.
fn tuning_metrics(outcome: &Outcome) -> impl Iterator<Item = MetricRow> {
    outcome.cells.iter().flat_map(|cell| {
        let row = |run: String, layer, split: &str, metric: &str, value, unit: &str| MetricRow {
            run,
            method: cell.method.name().into(),
            seed: cell.seed,
            stage: "fine-tune".into(),
            layer: Some(layer),
            epoch: None,
            split: split.into(),
            metric: metric.into(),
            value,
            unit: unit.into(),
        };
        let mut rows = Vec::new();
        let run = format!("comparison, {} labels, depth {}", cell.labels, cell.depth);
        for (layer, change) in (1..).zip(&cell.changes) {
            let measures = [
                ("weight_distance", Some(change.distance), "1"),
                ("cka", Some(change.cka), "1"),
                ("gradient_rms", Some(change.gradient_rms), "1"),
                ("saturated_pct", change.saturated_pct, "pct"),
            ];
            for (metric, value, unit) in measures {
                rows.extend(value.map(|v| row(run.clone(), layer, "validation", metric, v, unit)));
            }
        }
        let last = cell.history.iter().map(|look| look.training_cost).next_back();
        let measures = [
            ("train", "cost", last, "nats"),
            ("validation", "learning_rate", Some(cell.rates.learning_rate), "1"),
            ("validation", "hidden_rate_factor", Some(cell.rates.hidden_factor), "1"),
            ("validation", "updates_to_control", updates_to_control(cell, outcome), "updates"),
        ];
        for (split, metric, value, unit) in measures {
            rows.extend(value.map(|v| row(run.clone(), cell.depth, split, metric, v, unit)));
        }
        rows
    })
}

/// Steps of fine-tuning until the validation error is that of the control at its best; none if it
/// never is.
fn updates_to_control(cell: &Cell, outcome: &Outcome) -> Option<f64> {
    let is_control = |other: &&Cell| {
        (other.method, other.depth, other.labels, other.seed)
            == (Method::None, cell.depth, cell.labels, cell.seed)
    };
    let control = outcome.cells.iter().find(is_control)?;
    let reached = |look: &&stack::Evaluation| look.validation_errors <= control.validation_errors.0;
    cell.history.iter().find(reached).map(|look| look.updates as f64)
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
    let is_first = |cell: &&Cell| {
        let mut cells = outcome.cells.iter();
        // Logistic regression has no depth: its cells are one.
        cell.method != Method::RawLogistic
            || cells.all(|other| other.method != cell.method || other.depth >= cell.depth)
    };
    rows.extend(outcome.cells.iter().filter(is_first).map(|cell| TimingRow {
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
    let (rows, paired) = (summary_rows(outcome), paired_rows(outcome));
    ui.rows(&rows);
    ui.rows(&paired);
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
    if let Some(verdict) = Verdict::of(&rows, &paired, &comparison_rows(outcome)) {
        ui.result(&verdict.headline);
    }
}
