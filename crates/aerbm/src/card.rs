//! The model card: what a model is, its training data, its results, its limits and its use.
//!
//! `README.md` beside a saved model has the same text, in Markdown.

mod layers;
mod text;

use std::path::Path;

use nn_core::{Chain, Layer, Parameters};
use serde::Serialize;
use study::class_metrics::wilson_interval;

use crate::config::plain_name;
use crate::record::Measure;
use crate::{Error, Origin, Trained, TrainedClassifier};
use layers::{card_layer, layers_of};

/// The name of the file of cards.
pub(crate) const FILE: &str = "README.md";

/// The card of a model or a classifier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// The name of the run, or of a classifier's folder.
    pub name: String,
    /// The kind of model: `autoencoder`, `rbm`, `dbn`, `conv-rbm` or `classifier`.
    pub kind: String,
    /// The layers.
    pub layers: Vec<CardLayer>,
    /// Number of weights and biases.
    pub n_parameters: usize,
    /// The training; absent for classifiers, which keep no record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<CardTraining>,
    /// The origin of a classifier that a comparison left, or one that was fitted to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Measurements of the finished model.
    pub results: Vec<CardResult>,
    /// Limits of the results, and uses that the model is not meant for.
    pub limits: Vec<String>,
}

/// A layer of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardLayer {
    /// The name, as in exported tensors.
    pub name: String,
    /// Number of inputs.
    pub n_inputs: usize,
    /// Number of outputs.
    pub n_outputs: usize,
    /// The activation, or the kinds of an RBM's visible and hidden units.
    pub units: String,
    /// The convolution in words; absent for a fully connected layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convolution: Option<String>,
}

/// The origin of a model: its data and its training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardTraining {
    /// Name of the data.
    pub data: String,
    /// Number of rows that it was trained on, if recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// SHA-256 of the training data, if recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_sha256: Option<String>,
    /// Number of epochs, over all layers.
    pub epochs: usize,
    /// Seed of every random draw.
    pub seed: u64,
    /// The version of the program, if recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The settings in full, as TOML.
    pub settings: String,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardResult {
    /// The rows that it was measured on, such as `test`.
    pub rows: String,
    /// The quantity, by its name in tables.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// The 95 % interval, or the bounds of an estimate, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
    /// The unit.
    pub unit: String,
}

impl Card {
    /// The card of a model.
    pub fn of_model(trained: &Trained) -> Self {
        let (record, model) = (&trained.record, &trained.model);
        let rows = record.epochs.last().map(|epoch| epoch.training.samples);
        let pretraining = record.pretraining.len();
        let (low, high) = model.value_bounds();
        let mut limits = vec![match rows {
            Some(rows) => format!(
                "It learned from {} rows of {}. Rows that differ from these may get worse results than \
                 those above.",
                number_text::count(rows),
                record.data
            ),
            None => format!("It learned from rows of {} alone.", record.data),
        }];
        limits.push(if low.is_finite() && high.is_finite() {
            format!(
                "It takes {} values a row, between {low} and {high}, scaled as its training data were.",
                record.n_visible
            )
        } else {
            format!(
                "It takes {} finite numbers a row, scaled as its training data were.",
                record.n_visible
            )
        });
        if !record.finals.is_empty() {
            limits.push(
                "The results are those of one model and one seed. They do not tell how another seed, or \
                 other data, would do."
                    .to_owned(),
            );
        }
        Card {
            name: record.run.clone(),
            kind: record.method.clone(),
            layers: layers_of(model),
            n_parameters: model.n_parameters(),
            training: Some(CardTraining {
                data: record.data.clone(),
                rows,
                data_sha256: record.data_sha256.clone(),
                epochs: record.epochs.len() + pretraining,
                seed: record.seed,
                version: record.version.clone(),
                settings: record.config.clone(),
            }),
            origin: None,
            results: results(&record.finals),
            limits,
        }
    }

    /// The card of a classifier of this name.
    pub fn of_classifier(name: &str, trained: &TrainedClassifier) -> Self {
        let network = &trained.classifier;
        let layers = (0..network.n_layers()).map(|index| {
            let layer = network.layer(index);
            let last = index + 1 == network.n_layers();
            let units = if last { "softmax".to_owned() } else { text::name(layer.activation) };
            card_layer("classifier", index, &layer, units)
        });
        let n_classes = network.layers.last().map_or(0, Layer::n_outputs);
        let origin = trained.origin.as_ref();
        let rows = trained.validation_rows;
        let mut results = Vec::new();
        if let Some(error) = trained.validation_error_pct {
            let wrong = (error / 100.0 * rows as f64).round();
            #[expect(clippy::cast_sign_loss, reason = "a share of the rows")]
            results.push(error_result("validation", error, wrong as usize, rows));
        }
        results.extend(origin.into_iter().flat_map(results_of_origin));
        let mut limits = vec![format!(
            "It gives every row one of {n_classes} classes, even rows that belong to none of them."
        )];
        match origin {
            Some(origin) => limits.push(format!(
                "The probabilities are calibrated on the validation rows, by temperature {}.",
                number_text::significant(origin.calibration.temperature)
            )),
            None => limits.push("Its probabilities are not calibrated.".to_owned()),
        }
        let on_new_rows = if trained.validation_error_pct.is_some() {
            "The validation rows decided when training stopped, so that the error on new rows is likely \
             to be higher than that on them."
        } else {
            "No labelled rows were held out, so that the error on new rows was not measured."
        };
        limits.push(on_new_rows.to_owned());
        limits.push(
            "It has not been examined for groups on which it errs more often; do not let it decide about \
             people without such an examination."
                .to_owned(),
        );
        Card {
            name: name.to_owned(),
            kind: "classifier".to_owned(),
            layers: layers.collect(),
            n_parameters: network.n_parameters(),
            training: None,
            origin: origin.cloned(),
            results,
            limits,
        }
    }
}

/// The error on `of` rows, of which `wrong` are misclassified, with its score interval.
fn error_result(rows: &str, error_pct: f64, wrong: usize, of: usize) -> CardResult {
    CardResult {
        rows: rows.to_owned(),
        metric: "error_pct".to_owned(),
        value: error_pct,
        interval: wilson_interval(wrong, of).ok().map(|found| (found.low, found.high)),
        unit: "pct".to_owned(),
    }
}

fn results_of_origin(origin: &Origin) -> [CardResult; 4] {
    let (wrong, of) = origin.test_errors;
    let plain = |metric: &str, value| CardResult {
        rows: "test".to_owned(),
        metric: metric.to_owned(),
        value,
        interval: None,
        unit: "pct".to_owned(),
    };
    [
        error_result("test", 100.0 * wrong as f64 / of as f64, wrong, of),
        plain("balanced_error_pct", origin.balanced_error_pct),
        plain("calibration_error_before_pct", origin.calibration.error_before_pct),
        plain("calibration_error_pct", origin.calibration.error_after_pct),
    ]
}

/// Writes the cards into `README.md` in `folder`, unless that file exists and is not a card.
///
/// # Errors
/// [`Error::Report`] if the file cannot be written.
pub(crate) fn write(folder: &Path, cards: &[Option<Card>]) -> Result<(), Error> {
    let path = folder.join(FILE);
    let foreign = std::fs::read(&path).is_ok_and(|bytes| !bytes.starts_with(text::MARK.as_bytes()));
    if foreign {
        return Ok(());
    }
    let cards: Vec<String> = cards.iter().flatten().map(Card::to_string).collect();
    Ok(report::write_text(&path, &format!("{}\n{}", text::MARK, cards.join("\n")))?)
}

/// The name of a classifier: that of its folder.
pub(crate) fn name_of_folder(folder: &Path) -> String {
    let absolute = folder.canonicalize();
    plain_name(absolute.as_deref().unwrap_or(folder))
}

/// Returns the measurements, each with its bounds, which are measurements themselves, such as
/// `log_z_nats_lower`.
fn results(measures: &[Measure]) -> Vec<CardResult> {
    let bound = |of: &Measure, end: &str| {
        let name = format!("{}_{end}", of.metric);
        let found = measures.iter().find(|it| it.split == of.split && it.metric == name);
        found.map(|measure| measure.value)
    };
    let is_bound = |measure: &Measure| {
        ["_lower", "_upper"].iter().any(|end| {
            let of = measure.metric.strip_suffix(end);
            of.is_some_and(|name| measures.iter().any(|it| it.metric == name))
        })
    };
    let shown = measures.iter().filter(|measure| !is_bound(measure));
    let result = |measure: &Measure| CardResult {
        rows: measure.split.clone(),
        metric: measure.metric.clone(),
        value: measure.value,
        interval: bound(measure, "lower").zip(bound(measure, "upper")),
        unit: measure.unit.clone(),
    };
    shown.map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_without_held_out_rows_has_no_validation_row() {
        let mut trained = TrainedClassifier {
            classifier: stack::Classifier::linear(3, 2, 1),
            validation_error_pct: Some(20.0),
            validation_rows: 10,
            origin: None,
        };
        let card = Card::of_classifier("few", &trained);
        assert_eq!((card.results.len(), card.results[0].value), (1, 20.0));
        assert!(card.to_string().contains("| validation | error_pct | 20"), "{card}");
        (trained.validation_error_pct, trained.validation_rows) = (None, 0);
        let card = Card::of_classifier("few", &trained);
        assert!(card.results.is_empty(), "{:?}", card.results);
        let text = card.to_string();
        assert!(!text.contains("validation") && text.contains("was not measured"), "{text}");
    }

    #[test]
    fn bounds_stand_beside_their_estimate() {
        let measure = |metric: &str, value| Measure::new("test", metric, value, "nats");
        let found = results(&[
            measure("log_z_nats", 5.0),
            measure("log_z_nats_lower", 4.0),
            measure("log_z_nats_upper", 6.0),
            measure("mse_lower", 1.0),
        ]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].interval, Some((4.0, 6.0)));
        assert_eq!(found[1].interval, None);
    }
}
