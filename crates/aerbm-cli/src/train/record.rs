use mnist_io::{ImageShape, Splits, TrainingData};
use report::{MetricRow, TimingRow};
use serde::{Deserialize, Serialize};
use study::stage::Key;

use super::Spec;
use crate::data::Source;

/// One measurement: on which set, of what, in which unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) split: String,
    pub(crate) metric: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

impl Measure {
    pub(crate) fn new(split: &str, metric: &str, value: f64, unit: &str) -> Self {
        let [split, metric, unit] = [split, metric, unit].map(str::to_owned);
        Measure { split, metric, value, unit }
    }
}

/// What training itself watches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cost {
    /// What is minimised, in the loss's unit.
    Minimised { value: f64, unit: Unit },
    /// Squared error of one-step reconstructions, which an RBM does not minimise.
    Reconstruction { value: f64 },
}

/// The unit of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    SsePerImage,
    MsePerPixel,
    Nats,
}

impl Cost {
    pub(crate) fn value(self) -> f64 {
        match self {
            Cost::Minimised { value, .. } | Cost::Reconstruction { value } => value,
        }
    }

    pub(crate) fn metric(self) -> &'static str {
        match self {
            Cost::Minimised { .. } => "cost",
            Cost::Reconstruction { .. } => "sse_per_image",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Cost::Minimised { unit: Unit::MsePerPixel, .. } => "mse_per_pixel",
            Cost::Minimised { unit: Unit::Nats, .. } => "nats",
            Cost::Minimised { unit: Unit::SsePerImage, .. } | Cost::Reconstruction { .. } => {
                "sse_per_image"
            }
        }
    }
}

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EpochRecord {
    pub(crate) cost: Cost,
    pub(crate) measures: Vec<Measure>,
    pub(crate) seconds: f64,
    pub(crate) samples: usize,
}

impl EpochRecord {
    /// The error on the validation set, by which models are chosen.
    pub(crate) fn watched(&self) -> f64 {
        self.measures.first().map_or(f64::NAN, |measure| measure.value)
    }
}

/// One epoch of one layer's pretraining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LayerEpoch {
    /// The layer, from 1.
    pub(crate) layer: usize,
    /// The epoch, from 1.
    pub(crate) epoch: usize,
    pub(crate) metric: String,
    pub(crate) value: f64,
    pub(crate) seconds: f64,
    pub(crate) samples: usize,
}

/// What a model is and how it came about; kept with its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The hash of all that the model depends on.
    pub(crate) key: String,
    pub(crate) run: String,
    pub(crate) method: String,
    pub(crate) seed: u64,
    /// The settings in full, as TOML.
    pub(crate) config: String,
    pub(crate) n_visible: usize,
    pub(crate) image: ImageShape,
    pub(crate) data: String,
    /// Where they were; models of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    /// How its layers were pretrained, if they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pretraining: Vec<LayerEpoch>,
    pub(crate) epochs: Vec<EpochRecord>,
    /// Measurements of the finished model.
    pub(crate) finals: Vec<Measure>,
}

impl Record {
    pub(crate) fn new(
        spec: &Spec<'_>,
        data: &Splits<TrainingData>,
        key: &Key,
    ) -> anyhow::Result<Self> {
        Ok(Record {
            key: key.as_str().to_owned(),
            run: spec.run.to_owned(),
            method: spec.config.method().to_owned(),
            seed: spec.seed,
            config: spec.config.to_toml()?,
            n_visible: data.train.n_features(),
            image: data.train.shape(),
            data: data.train.name().to_owned(),
            source: Some(spec.source.clone()),
            pretraining: Vec::new(),
            epochs: Vec::new(),
            finals: Vec::new(),
        })
    }

    /// The rows of `metrics.csv`: each epoch's, then those of the finished model.
    pub(crate) fn metric_rows(&self) -> Vec<MetricRow> {
        let mut rows = Vec::new();
        for layer in &self.pretraining {
            let measure = Measure::new("train", &layer.metric, layer.value, &layer.metric);
            let row = self.row("pretrain", Some(layer.epoch), &measure);
            rows.push(MetricRow { layer: Some(layer.layer), ..row });
        }
        for (i, epoch) in self.epochs.iter().enumerate() {
            let cost = epoch.cost;
            let cost = Measure::new("train", cost.metric(), cost.value(), cost.unit());
            rows.push(self.row("train", Some(i + 1), &cost));
            rows.extend(epoch.measures.iter().map(|m| self.row("train", Some(i + 1), m)));
        }
        rows.extend(self.finals.iter().map(|m| self.row("evaluate", None, m)));
        rows
    }

    /// The rows of `timings.csv`.
    pub(crate) fn timing_rows(&self) -> Vec<TimingRow> {
        let row = |stage: &str, layer, epoch, seconds: f64, samples: usize| TimingRow {
            run: self.run.clone(),
            method: self.method.clone(),
            seed: self.seed,
            stage: stage.to_owned(),
            layer,
            epoch: Some(epoch),
            seconds,
            samples_per_second: samples as f64 / seconds,
        };
        let pretraining = self.pretraining.iter();
        let layers = pretraining.map(|layer| {
            row("pretrain", Some(layer.layer), layer.epoch, layer.seconds, layer.samples)
        });
        let epochs = self.epochs.iter().zip(1..);
        layers.chain(epochs.map(|(e, i)| row("train", None, i, e.seconds, e.samples))).collect()
    }

    /// A row of `metrics.csv` about what was measured of the model in this stage.
    pub(crate) fn row(&self, stage: &str, epoch: Option<usize>, measure: &Measure) -> MetricRow {
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
