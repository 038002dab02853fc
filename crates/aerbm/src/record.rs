//! The record of a model: its settings, its training, and its measurements.

use std::collections::HashMap;

use mnist_io::{ImageShape, Splits, TrainingData};
use nn_core::{EpochRecord, Metric};
use report::{MetricRow, TimingRow};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use study::stage::Key;

use crate::Error;
use crate::config::{self, ConfigError, RunConfig};
use crate::data::Source;

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The samples that it was measured on, such as `test`.
    pub split: String,
    /// The quantity, by its name in tables.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

impl Measure {
    /// A measurement of `metric` on `split`.
    pub fn new(split: &str, metric: &str, value: f64, unit: &str) -> Self {
        let [split, metric, unit] = [split, metric, unit].map(str::to_owned);
        Measure { split, metric, value, unit }
    }

    /// A measurement of a quantity in its unit.
    pub(crate) fn of(split: &str, metric: &Metric, value: f64) -> Self {
        Measure::new(split, &metric.name, value, &metric.unit)
    }
}

/// One epoch of a run: its cost, and the measurements after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The cost and the time.
    #[serde(flatten)]
    pub training: EpochRecord,
    /// Measurements after the epoch; the first one decides early stopping.
    pub measures: Vec<Measure>,
}

impl Epoch {
    /// The validation error that decides early stopping.
    pub(crate) fn watched(&self) -> f64 {
        self.measures.first().map_or(f64::NAN, |measure| measure.value)
    }
}

/// One epoch of the pretraining of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerEpoch {
    /// The layer, from 1.
    pub layer: usize,
    /// The cost and the time.
    #[serde(flatten)]
    pub training: EpochRecord,
}

/// The settings of a model, its training and its measurements; kept with its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The hash of everything that the model depends on.
    pub key: String,
    /// Name of the run.
    pub run: String,
    /// The kind of model: `autoencoder`, `rbm`, `dbn` or `conv-rbm`.
    pub method: String,
    /// The version of the program that trained the model; absent in models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Seed of every random draw.
    pub seed: u64,
    /// The settings in full, as TOML.
    pub config: String,
    /// Number of features of the data.
    pub n_visible: usize,
    /// Size of the images; a single row of pixels if samples are not images.
    pub image: ImageShape,
    /// Name of the data.
    pub data: String,
    /// SHA-256, in hex, of the source of the training samples; absent in models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_sha256: Option<String>,
    /// The location of the data and the options that they were read with; absent in models of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The epochs of pretraining, layer by layer. Wall times are in a file beside that of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "of_this_version")]
    pub pretraining: Vec<LayerEpoch>,
    /// The epochs of training; empty for models of earlier versions, which recorded them differently.
    #[serde(deserialize_with = "of_this_version")]
    pub epochs: Vec<Epoch>,
    /// Measurements of the finished model.
    pub finals: Vec<Measure>,
}

/// Reads a list, or an empty one if its entries have the form of an earlier version.
fn of_this_version<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let entries = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(entries).unwrap_or_default())
}

/// The identity of a run, with which its record begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec<'a> {
    /// Name of the run.
    pub(crate) run: &'a str,
    /// The settings.
    pub(crate) config: &'a RunConfig,
    /// Seed of every random draw.
    pub(crate) seed: u64,
    /// The location of the data, if they have one.
    pub(crate) source: Option<&'a Source>,
}

impl Record {
    pub(crate) fn new(
        spec: &Spec<'_>,
        data: &Splits<TrainingData>,
        key: &Key,
    ) -> Result<Self, Error> {
        Ok(Record {
            key: key.as_str().to_owned(),
            run: spec.run.to_owned(),
            method: spec.config.method().to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            seed: spec.seed,
            config: spec.config.to_toml()?,
            n_visible: data.train.n_features(),
            image: data.train.shape(),
            data: data.train.name().to_owned(),
            data_sha256: Some(data.train.sha256().to_owned()),
            source: spec.source.cloned(),
            pretraining: Vec::new(),
            epochs: Vec::new(),
            finals: Vec::new(),
        })
    }

    /// The settings.
    ///
    /// # Errors
    /// [`ConfigError`] if the text of the record does not hold settings.
    pub fn settings(&self) -> Result<RunConfig, ConfigError> {
        RunConfig::from_table(config::table(&self.config, &self.run)?, &self.run)
    }

    /// Returns this record with other measurements and without its epochs, for the rows of a later command.
    #[must_use]
    pub fn measured(&self, finals: Vec<Measure>) -> Self {
        Record { epochs: vec![], pretraining: vec![], finals, ..self.clone() }
    }

    /// The rows of `metrics.csv`: each epoch's, then those of the finished model.
    pub fn metric_rows(&self) -> Vec<MetricRow> {
        let cost = |stage: &str, training: &EpochRecord| {
            let cost = Measure::of("train", &training.metric, training.value);
            self.row(stage, Some(training.epoch), &cost)
        };
        let mut rows = Vec::new();
        for layer in &self.pretraining {
            let row = cost("pretrain", &layer.training);
            rows.push(MetricRow { layer: Some(layer.layer), ..row });
        }
        for epoch in &self.epochs {
            rows.push(cost("train", &epoch.training));
            let of_epoch = epoch.measures.iter();
            rows.extend(of_epoch.map(|m| self.row("train", Some(epoch.training.epoch), m)));
        }
        rows.extend(self.finals.iter().map(|m| self.row("evaluate", None, m)));
        rows
    }

    /// The rows of `timings.csv`.
    pub fn timing_rows(&self) -> Vec<TimingRow> {
        let row = |stage: &str, layer, training: &EpochRecord| TimingRow {
            run: self.run.clone(),
            method: self.method.clone(),
            seed: self.seed,
            stage: stage.to_owned(),
            layer,
            epoch: Some(training.epoch),
            seconds: training.seconds,
            samples_per_second: training.samples as f64 / training.seconds,
        };
        let layers = self.pretraining.iter();
        let layers = layers.map(|layer| row("pretrain", Some(layer.layer), &layer.training));
        let epochs = self.epochs.iter().map(|epoch| row("train", None, &epoch.training));
        layers.chain(epochs).filter(|row| row.seconds > 0.0).collect()
    }

    /// The record without wall times, so that the files of equal models are equal.
    pub(crate) fn without_times(&self) -> Self {
        let mut record = self.clone();
        record.trainings().for_each(|training| training.seconds = 0.0);
        record
    }

    /// Takes over the wall times of [`timing_rows`](Self::timing_rows).
    pub(crate) fn add_times(&mut self, rows: &[TimingRow]) {
        let of = |row: &TimingRow| ((row.layer, row.epoch), row.seconds);
        let seconds: HashMap<_, _> = rows.iter().map(of).collect();
        for layer in &mut self.pretraining {
            let place = (Some(layer.layer), Some(layer.training.epoch));
            layer.training.seconds = seconds.get(&place).copied().unwrap_or_default();
        }
        for Epoch { training, .. } in &mut self.epochs {
            training.seconds =
                seconds.get(&(None, Some(training.epoch))).copied().unwrap_or_default();
        }
    }

    /// The epochs of pretraining and of training.
    fn trainings(&mut self) -> impl Iterator<Item = &mut EpochRecord> {
        let layers = self.pretraining.iter_mut().map(|layer| &mut layer.training);
        layers.chain(self.epochs.iter_mut().map(|epoch| &mut epoch.training))
    }

    /// A row of `metrics.csv` with a measurement of the model in this stage.
    pub fn row(&self, stage: &str, epoch: Option<usize>, measure: &Measure) -> MetricRow {
        MetricRow {
            run: self.run.clone(),
            method: self.method.clone(),
            seed: self.seed,
            stage: stage.to_owned(),
            layer: None,
            epoch,
            split: measure.split.clone(),
            metric: measure.metric.clone(),
            value: measure.value,
            unit: measure.unit.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_earlier_versions_are_read_without_their_epochs() {
        let text = r#"{"key": "k", "run": "rbm", "method": "rbm", "seed": 1, "config": "kind = \"rbm\"",
            "n_visible": 9, "image": {"height": 3, "width": 3}, "data": "bars",
            "epochs": [{"cost": {"reconstruction": {"value": 1.5}}, "measures": [], "seconds": 1.0,
                "samples": 10}],
            "finals": []}"#;
        let record: Record = serde_json::from_str(text).expect("a record");
        assert!(record.epochs.is_empty());
        let training = EpochRecord {
            epoch: 1,
            value: 1.5,
            metric: Metric::SSE_PER_IMAGE,
            seconds: 1.0,
            samples: 10,
        };
        let epochs = vec![Epoch { training, measures: vec![] }];
        let present = Record { epochs, ..record };
        let text = serde_json::to_string(&present).expect("JSON");
        assert_eq!(serde_json::from_str::<Record>(&text).expect("a record"), present);
        let mut again = present.without_times();
        assert!(
            again.timing_rows().is_empty()
                && !serde_json::to_string(&again).expect("JSON").contains("seconds")
        );
        again.add_times(&present.timing_rows());
        assert_eq!(again, present);
        let rows = present.metric_rows();
        assert_eq!(
            (rows[0].metric.as_str(), rows[0].unit.as_str()),
            ("sse_per_image", "sse_per_image")
        );
    }
}
