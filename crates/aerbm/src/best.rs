//! The network that a comparison recommends, as a model to use.
//!
//! The folder `best` of a comparison holds the network of one cell: the method and depth with the lowest mean
//! validation error at the largest number of labels, and the seed with the lowest validation error. Its
//! probabilities are calibrated on the validation samples by temperature scaling (Guo et al. 2017), which
//! replaces the inputs z of the softmax by z / T and leaves the most probable class unchanged. The output
//! layer is divided by T, so that every program that reads the network has calibrated probabilities.

use std::path::{Path, PathBuf};

use mnist_io::{Contract, Dataset, Splits};
use serde_json::json;
use study::calibration::{Reliability, fit_temperature, logits_of};
use study::class_metrics::Confusion;
use study::reference::Reference;
use study::stage::{Key, Store};
use study::{
    Cell, ComparisonConfig, Methods, Outcome, ReferenceCell, Refitted, recommended, refit,
};
use wording::Language;

use crate::classifier::{Calibration, Origin, TrainedClassifier};
use crate::figures::Figures;
use crate::folder::RunFolder;
use crate::monitor::{Monitor, forward};
use crate::{Error, contract, figures, mean, page};

/// The name of the folder.
pub const BEST: &str = "best";

/// The recommended network of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The network.
    pub model: TrainedClassifier,
    /// The folder that it was written to.
    pub folder: PathBuf,
    /// The recommendation in a sentence or two.
    pub words: String,
}

/// The comparison that a network is chosen from.
pub(crate) struct Compared<'a> {
    pub(crate) config: &'a ComparisonConfig,
    pub(crate) methods: &'a Methods,
    pub(crate) splits: &'a Splits,
    pub(crate) key: &'a Key,
    pub(crate) outcome: &'a Outcome,
    pub(crate) contract: &'a Contract,
    /// The command that trains a network by one method; the name of the method is appended.
    pub(crate) again: &'a str,
}

/// Computes the recommended network again, calibrates it, and writes it into `folder` of the run with the
/// contract of its data. Returns `None` if no cell is complete.
pub(crate) fn leave(
    compared: &Compared<'_>,
    run: &mut RunFolder,
    folder: &Path,
    monitor: &dyn Monitor,
) -> Result<Option<Best>, Error> {
    let Compared { config, methods, splits, key, outcome, contract, .. } = *compared;
    let Some(cell) = recommended(&outcome.cells) else { return Ok(None) };
    let cache = Store::new(run.path().join("stages"));
    let mut listen = |event: study::Event<'_>| forward(&event, monitor);
    let found = refit(config, methods, splits, key.as_str(), &cache, &mut listen, cell);
    let Refitted { cell, model } = found.map_err(Error::Study)?;
    monitor.finish();
    let mut model = TrainedClassifier {
        classifier: model,
        validation_error_pct: Some(cell.validation_error_pct()),
        validation_rows: cell.validation_errors.1,
        origin: None,
    };
    let (calibration, [before, after]) = calibrate(&mut model, splits)?;
    let styles = page::styles(methods);
    let figures = Figures { dir: run.path(), styles: &styles };
    figures::mistakes::reliability(figures, &before, &after)?;
    figures::hidden_layers::of_recommended(figures, &model, splits)?;
    let test_labels = splits.test.labels.as_deref().unwrap_or_default();
    let confusion = Confusion::new(test_labels, &cell.predictions, splits.train.n_classes)?;
    let words = methods.0.get(&cell.method).map_or(&cell.method, |method| &method.words);
    let unlabelled = splits.unlabelled.as_ref().map_or(0, Dataset::n_samples);
    let samples = splits.train.n_samples() + unlabelled;
    let origin = Origin {
        method: cell.method.clone(),
        words: words.clone(),
        data: splits.train.name.clone(),
        data_sha256: splits.train.sha256.clone(),
        classes: splits.train.class_names.clone(),
        labels: cell.labels,
        pretraining_samples: match config.pretraining_samples {
            0 => samples,
            n => n.min(samples),
        },
        seed: cell.seed,
        chosen: cell.chosen,
        test_errors: cell.test_errors,
        balanced_error_pct: confusion.balanced_error_pct().unwrap_or(f64::NAN),
        calibration,
        command: command(compared, &cell),
    };
    let is_alone = outcome.cells.iter().all(|other| other.method == cell.method);
    let mut words = recommendation(&origin, model.classifier.units.len(), folder, is_alone);
    words += &better_references(outcome, origin.labels, &cell.method);
    model.origin = Some(origin);
    model.save(folder)?;
    contract::save(folder, contract)?;
    run.set_info(&json!({ "recommendation": words }))?;
    Ok(Some(Best { model, folder: folder.to_owned(), words }))
}

/// The command that trains a network by the method of a cell, with as many labels and layers.
fn command(compared: &Compared<'_>, cell: &Cell) -> String {
    let Compared { config, splits, again, .. } = compared;
    let mut words = vec![format!("{again} --method {}", cell.method)];
    let has_fewer = |labels: &Vec<u8>| cell.labels < labels.len();
    if splits.train.labels.as_ref().is_some_and(has_fewer) && !again.contains("labels=") {
        words.push(format!("--labels {}", cell.labels));
    }
    if cell.depth < config.layers.len() && !again.contains("depths=") {
        words.push(format!("--set 'depths=[{}]'", cell.depth));
    }
    words.join(" ")
}

/// Calibrates the probabilities on the validation samples, and measures the effect on the test samples. Also
/// returns their reliability before and after.
fn calibrate(
    model: &mut TrainedClassifier,
    splits: &Splits,
) -> Result<(Calibration, [Reliability; 2]), Error> {
    let labels = |set: &Dataset| set.labels.clone().unwrap_or_default();
    let reliability = |model: &TrainedClassifier| {
        let p = model.probabilities(splits.test.images.view());
        Reliability::new(p.view(), &labels(&splits.test))
    };
    let error_pct =
        |reliability: &Reliability| 100.0 * reliability.expected_error().unwrap_or(f64::NAN);
    let p = model.probabilities(splits.validation.images.view());
    let temperature = fit_temperature(logits_of(p.view()).view(), &labels(&splits.validation))?;
    let before = reliability(model)?;
    if let Some(output) = model.classifier.layers.last_mut() {
        output.weights /= temperature as f32;
        output.bias /= temperature as f32;
    }
    let after = reliability(model)?;
    let (error_before_pct, error_after_pct) = (error_pct(&before), error_pct(&after));
    Ok((Calibration { temperature, error_before_pct, error_after_pct }, [before, after]))
}

/// Returns the recommendation for the terminal and the page; code is set in backquotes. `is_alone` if there is no
/// other method that it is recommended before.
fn recommendation(
    origin: &Origin,
    n_hidden_layers: usize,
    folder: &Path,
    is_alone: bool,
) -> String {
    let (wrong, of) = origin.test_errors;
    let depth = match n_hidden_layers {
        0 => "no hidden layer".to_owned(),
        1 => "one hidden layer".to_owned(),
        n => format!("{n} hidden layers"),
    };
    let (labels, folder) = (number_text::count(origin.labels), folder.display());
    if is_alone {
        return format!(
            "The network ({}, {depth}, {labels} labels) misclassifies {wrong} of {of} test samples. It is in \
             `{folder}`; `aerbm predict {folder} FILE` applies it to new rows; to train one again: `{}`.",
            origin.words, origin.command
        );
    }
    format!(
        "Use {} ({depth}, {labels} labels), which has the lowest validation error of the networks: {wrong} of \
         {of} test samples are misclassified. The network is in `{folder}`; `aerbm predict {folder} FILE` \
         applies it to new rows; to train one again: `{}`.",
        origin.words, origin.command
    )
}

/// A sentence on the standard classifiers that have a lower mean validation error than the method; empty if
/// there are none.
fn better_references(outcome: &Outcome, labels: usize, method: &str) -> String {
    let percent = |(errors, of): (usize, usize)| 100.0 * errors as f64 / of as f64;
    let cells = outcome.cells.iter().filter(|it| it.labels == labels && it.method == method);
    let of_method = mean(&cells.map(Cell::validation_error_pct).collect::<Vec<_>>());
    let mut better = Vec::new();
    for reference in Reference::ALL {
        let mine = |it: &&ReferenceCell| it.labels == labels && it.classifier == reference.name();
        let errors = outcome.references.iter().filter(mine).map(|it| percent(it.validation_errors));
        let error = mean(&errors.collect::<Vec<_>>());
        if error < of_method {
            better.push(format!("{} ({error:.1} %)", reference.words()));
        }
    }
    if better.is_empty() {
        return String::new();
    }
    format!(
        " Of the standard classifiers, {} had a lower validation error than its {of_method:.1} %.",
        Language::English.listed(&better)
    )
}

/// Returns the folder of the network in `folder`: `folder` itself, or its subfolder `best` if it is that of a
/// comparison.
pub fn resolve(folder: &Path) -> PathBuf {
    let best = folder.join(BEST);
    if best.is_dir() { best } else { folder.to_owned() }
}
