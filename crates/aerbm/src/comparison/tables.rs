//! The tables of a comparison.

use std::path::Path;

use report::{
    BalancedRow, ComparisonRow, EqualSecondsRow, FailureRow, MetricRow, PairedRow, ReferenceRow,
    Row, SearchRow, SummaryRow, TimingRow,
};
use study::class_metrics::Confusion;
use study::statistics::Limits;
use study::{Cell, LayerRecord, MethodSummary, Outcome, Roles, Tested, compare_pairs, summarise};

use super::mistakes;
use crate::Error;
use crate::folder::{RunFolder, remove};

/// Writes the tables. `truth` is the class of each test sample, and the number of classes.
pub(super) fn write(
    folder: &RunFolder,
    outcome: &Outcome,
    roles: &Roles,
    truth: (&[u8], usize),
) -> Result<(), Error> {
    folder.write_table("comparison.csv", &cell_rows(outcome))?;
    write_or_remove(folder, "equal_seconds.csv", &equal_seconds_rows(outcome))?;
    write_or_remove(folder, "references.csv", &reference_rows(outcome, truth)?)?;
    write_or_remove(folder, "balanced.csv", &balanced_rows(outcome, truth)?)?;
    write_or_remove(folder, "failures.csv", &failure_rows(outcome))?;
    folder.write_table("search.csv", &search_rows(outcome))?;
    let tested = Tested::all(&outcome.cells);
    folder.write_table("mistakes.csv", &mistakes::rows(&tested))?;
    write_summaries(folder.path(), &tested, roles)
}

/// The tables that follow from the mistakes.
pub(crate) const SUMMARIES: [&str; 3] = ["summary.csv", "summary_of_seeds.csv", "paired.csv"];

/// Writes the tables that follow from the mistakes.
pub(crate) fn write_summaries(dir: &Path, tested: &[Tested], roles: &Roles) -> Result<(), Error> {
    let of_seeds = summary_rows(tested, |summary| summary.limits_of_seeds);
    report::write_csv(&dir.join("summary.csv"), &summary_for_other_samples(tested))?;
    report::write_csv(&dir.join("summary_of_seeds.csv"), &of_seeds)?;
    Ok(report::write_csv(&dir.join("paired.csv"), &paired_rows(tested, roles))?)
}

/// Writes a table that only some comparisons have. If there are no rows, that of an earlier comparison is
/// removed.
fn write_or_remove<R: Row>(folder: &RunFolder, name: &str, rows: &[R]) -> Result<(), Error> {
    if rows.is_empty() {
        return remove(&folder.path().join(name));
    }
    folder.write_table(name, rows)
}

fn balanced_error_pct(
    predictions: &[u8],
    (labels, n_classes): (&[u8], usize),
) -> Result<f64, Error> {
    let confusion = Confusion::new(labels, predictions, n_classes)?;
    Ok(confusion.balanced_error_pct().unwrap_or(f64::NAN))
}

fn reference_rows(outcome: &Outcome, truth: (&[u8], usize)) -> Result<Vec<ReferenceRow>, Error> {
    let percent = |(errors, of): (usize, usize)| 100.0 * errors as f64 / of as f64;
    let cells = outcome.references.iter();
    cells
        .map(|cell| {
            Ok(ReferenceRow {
                classifier: cell.classifier.clone(),
                labels: cell.labels,
                seed: cell.seed,
                validation_error_pct: percent(cell.validation_errors),
                test_error_pct: percent(cell.test_errors),
                test_errors: cell.test_errors.0,
                balanced_error_pct: balanced_error_pct(&cell.predictions, truth)?,
                note: cell.note.clone(),
            })
        })
        .collect()
}

/// The balanced error gets a table if the largest class is at least this many times as frequent as the
/// smallest.
const IMBALANCE: usize = 2;

/// The balanced errors, if the classes differ much in frequency.
fn balanced_rows(outcome: &Outcome, truth: (&[u8], usize)) -> Result<Vec<BalancedRow>, Error> {
    let (labels, n_classes) = truth;
    let mut counts = vec![0_usize; n_classes];
    for label in labels {
        counts[usize::from(*label)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    if counts.iter().all(|count| most <= IMBALANCE * count) {
        return Ok(vec![]);
    }
    let cells = outcome.cells.iter();
    cells
        .map(|cell| {
            Ok(BalancedRow {
                method: cell.method.clone(),
                depth: cell.depth,
                labels: cell.labels,
                seed: cell.seed,
                balanced_error_pct: balanced_error_pct(&cell.predictions, truth)?,
            })
        })
        .collect()
}

fn failure_rows(outcome: &Outcome) -> Vec<FailureRow> {
    let failures = outcome.failures.iter();
    failures
        .map(|failure| FailureRow {
            method: failure.method.clone(),
            depth: failure.depth,
            labels: failure.labels,
            seed: failure.seed,
            reason: failure.reason.clone(),
        })
        .collect()
}

/// Every trial of the cells at which hyperparameters were chosen: those of the first seed, or of the first
/// seed that did not fail.
fn search_rows(outcome: &Outcome) -> Vec<SearchRow> {
    let is_first = |cell: &&Cell| {
        let here = (&cell.method, cell.depth, cell.labels);
        let mut others = outcome.cells.iter();
        !others.any(|other| {
            (&other.method, other.depth, other.labels) == here && other.seed < cell.seed
        })
    };
    let cells = outcome.cells.iter().filter(is_first);
    let of_cell = |cell: &Cell| -> Vec<SearchRow> {
        let error_pct = |errors: usize| 100.0 * errors as f64 / cell.validation_errors.1 as f64;
        let trials = (1..).zip(&cell.trials);
        trials
            .map(|(number, trial)| SearchRow {
                method: cell.method.clone(),
                depth: cell.depth,
                labels: cell.labels,
                seed: cell.seed,
                trial: number,
                learning_rate: trial.choice.learning_rate,
                hidden_learning_rate_multiplier: trial.choice.hidden_multiplier,
                input_dropout: trial.dropout.input,
                hidden_dropout: trial.dropout.hidden,
                max_norm: trial.max_norm,
                corruption: trial.choice.corruption,
                validation_error_pct: trial.validation_errors.map(error_pct),
                chosen: trial.choice == cell.chosen,
            })
            .collect()
    };
    cells.flat_map(of_cell).collect()
}

fn equal_seconds_rows(outcome: &Outcome) -> Vec<EqualSecondsRow> {
    let rows = outcome.equal_seconds.iter();
    rows.map(|row| EqualSecondsRow {
        method: row.method.clone(),
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

pub(super) fn cell_rows(outcome: &Outcome) -> Vec<ComparisonRow> {
    let cells = outcome.cells.iter();
    cells
        .map(|cell| ComparisonRow {
            method: cell.method.clone(),
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

/// The mean errors with the limits that `limits` picks.
fn summary_rows(tested: &[Tested], limits: fn(&MethodSummary) -> Limits) -> Vec<SummaryRow> {
    let summaries = summarise(tested).into_iter();
    summaries
        .map(|summary| {
            let Limits { low, high } = limits(&summary);
            SummaryRow {
                method: summary.method,
                depth: summary.depth,
                labels: summary.labels,
                seeds: summary.seeds,
                test_error_pct_mean: summary.test_error_pct,
                ci95_low: low,
                ci95_high: high,
            }
        })
        .collect()
}

/// The mean errors with their limits for other seeds and other test samples.
pub(super) fn summary_for_other_samples(tested: &[Tested]) -> Vec<SummaryRow> {
    summary_rows(tested, |summary| summary.limits)
}

/// One row per pair of methods and test.
pub(super) fn paired_rows(tested: &[Tested], roles: &Roles) -> Vec<PairedRow> {
    let pairs = compare_pairs(tested, roles).into_iter();
    pairs
        .flat_map(|pair| {
            let (both, seeds) = (pair.difference_pct, pair.of_seeds);
            let by_test = [
                ("crossed t-test", both, both.p_value),
                ("crossed t-test, Holm", both, pair.holm_p_value),
                ("paired t-test", seeds, seeds.p_value),
                ("sign flips", seeds, pair.sign_flip_p_value),
                ("McNemar, clustered", seeds, pair.mcnemar_p_value),
            ];
            by_test.map(|(test, found, p_value)| PairedRow {
                method_a: pair.method_a.clone(),
                method_b: pair.method_b.clone(),
                depth: pair.depth,
                labels: pair.labels,
                seeds: found.n,
                difference_pct_mean: found.difference_mean,
                ci95_low: found.low,
                ci95_high: found.high,
                p_value,
                test: test.into(),
            })
        })
        .collect()
}

pub(super) fn layer_metrics(outcome: &Outcome, roles: &Roles) -> Vec<MetricRow> {
    let pretraining = outcome.layers.iter().flat_map(pretraining_metrics);
    pretraining.chain(tuning_metrics(outcome, roles)).collect()
}

/// The metric of each epoch of a layer's pretraining.
fn pretraining_metrics(layer: &LayerRecord) -> impl Iterator<Item = MetricRow> {
    // Layers whose noise is that of the settings do not have its amount in their name.
    let run = match layer.corruption {
        Some(amount) => format!("comparison, corruption {amount}"),
        None => "comparison".to_owned(),
    };
    layer.epochs.iter().map(move |epoch| MetricRow {
        run: run.clone(),
        method: layer.method.clone(),
        seed: layer.seed,
        stage: "pretrain".into(),
        layer: Some(layer.layer),
        epoch: Some(epoch.epoch),
        split: "train".into(),
        metric: epoch.metric.name.to_string(),
        value: epoch.value,
        unit: epoch.metric.unit.to_string(),
    })
}

/// The effect of fine-tuning on each layer, followed by the chosen rates and the cost by update.
fn tuning_metrics(outcome: &Outcome, roles: &Roles) -> impl Iterator<Item = MetricRow> {
    outcome.cells.iter().flat_map(|cell| {
        let row = |run: String, layer, split: &str, metric: &str, value, unit: &str| MetricRow {
            run,
            method: cell.method.clone(),
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
            ("validation", "learning_rate", Some(cell.chosen.learning_rate), "1"),
            ("validation", "hidden_rate_factor", Some(cell.chosen.hidden_multiplier), "1"),
            (
                "validation",
                "updates_to_control",
                updates_to_control(cell, outcome, roles),
                "updates",
            ),
        ];
        for (split, metric, value, unit) in measures {
            rows.extend(value.map(|v| row(run.clone(), cell.depth, split, metric, v, unit)));
        }
        rows
    })
}

/// Steps of fine-tuning until the validation error is as low as the lowest of the baseline; `None` if it
/// never is.
fn updates_to_control(cell: &Cell, outcome: &Outcome, roles: &Roles) -> Option<f64> {
    let baseline = &roles.baseline()?.name;
    let mut cells = outcome.cells.iter().filter(|other| other.method == *baseline);
    let here = (cell.depth, cell.labels, cell.seed);
    let control = cells.find(|other| (other.depth, other.labels, other.seed) == here)?;
    let reached = |look: &&stack::Evaluation| look.validation_errors <= control.validation_errors.0;
    cell.history.iter().find(reached).map(|look| look.updates as f64)
}

pub(super) fn timings(outcome: &Outcome) -> Vec<TimingRow> {
    let mut rows = Vec::new();
    for layer in &outcome.layers {
        let row = |epoch, seconds, samples| TimingRow {
            run: "comparison".into(),
            method: layer.method.clone(),
            seed: layer.seed,
            stage: "pretrain".into(),
            layer: Some(layer.layer),
            epoch,
            seconds,
            samples_per_second: samples as f64 / seconds,
        };
        rows.extend(layer.epochs.iter().map(|e| row(Some(e.epoch), e.seconds, e.samples)));
        if layer.epochs.is_empty() {
            rows.push(row(None, layer.seconds, layer.samples));
        }
    }
    let is_first = |cell: &&Cell| {
        let mut cells = outcome.cells.iter();
        // A method without hidden layers is the same at every depth, so only its first cell counts.
        !cell.changes.is_empty()
            || cells.all(|other| other.method != cell.method || other.depth >= cell.depth)
    };
    rows.extend(outcome.cells.iter().filter(is_first).map(|cell| TimingRow {
        run: format!("comparison, {} labels", cell.labels),
        method: cell.method.clone(),
        seed: cell.seed,
        stage: "fine-tune".into(),
        layer: Some(cell.depth),
        epoch: None,
        seconds: cell.seconds,
        samples_per_second: cell.finetune_samples as f64 / cell.seconds,
    }));
    rows
}
