//! Words for metrics and units, and the last value of each metric.

use std::collections::BTreeMap;

use wording::{Language, say};

use crate::group::distinct;
use crate::rows::MetricRow;

/// Metrics that describe a whole model. Their words are in two parts, the two lines of a column's title:
/// messages `metric-…`. Units are not included: each row has its own.
pub(crate) const OF_MODELS: [&str; 7] = [
    "mse_per_pixel",
    "sse_per_image",
    "bce_nats_per_image",
    "psnr_db",
    "ssim",
    "error_pct",
    "log_likelihood_nats",
];

/// Metrics whose words name pixels or images, which rows of a table are not.
const OF_IMAGES: [&str; 4] =
    ["mse_per_pixel", "sse_per_image", "bce_nats_per_image", "log_likelihood_nats"];

/// The kind of the samples of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Samples {
    /// Images, whose values are pixels.
    Images,
    /// Rows of a table.
    Rows,
}

/// The two parts of the words for a metric of a whole model.
pub(crate) fn parts(language: Language, samples: Samples, metric: &str) -> [String; 2] {
    let is_other = samples == Samples::Rows && OF_IMAGES.contains(&metric);
    let suffix = if is_other { "-of-rows" } else { "" };
    ["first", "second"].map(|part| say!(language, &format!("metric-{metric}{suffix}.{part}")))
}

/// A metric in a sentence; its name if there are no words for it.
pub(crate) fn words(language: Language, samples: Samples, metric: &str) -> String {
    if OF_MODELS.contains(&metric) {
        parts(language, samples, metric).join(" ").trim_end().to_owned()
    } else {
        metric.replace('_', " ")
    }
}

/// A row's unit in a sentence: empty for a pure number, and if the metric is its own unit.
pub(crate) fn unit(row: &MetricRow) -> &str {
    match row.unit.as_str() {
        "1" => "",
        unit if unit == row.metric => "",
        "pct" => "%",
        "db" => "dB",
        unit => unit,
    }
}

/// Values of whole networks on the test set, each from its last epoch.
pub(crate) struct TestValues<'a>(Vec<&'a MetricRow>);

impl<'a> TestValues<'a> {
    pub(crate) fn of(rows: &'a [MetricRow]) -> Self {
        let of_test = rows.iter().filter(|row| row.split == "test" && row.layer.is_none());
        TestValues(last_values(of_test))
    }

    /// The runs, in the order of the rows.
    pub(crate) fn runs(&self) -> Vec<&'a str> {
        distinct(self.0.iter().map(|row| row.run.as_str()))
    }

    /// The units in which a metric was measured, as used in a sentence.
    pub(crate) fn units(&self, metric: &str) -> Vec<&'a str> {
        distinct(self.0.iter().filter(|row| row.metric == metric).map(|row| unit(row)))
    }

    /// Values of one metric in one unit, one per seed of the run.
    pub(crate) fn values(&self, run: &str, metric: &str, of_unit: &str) -> Vec<f64> {
        let own =
            |row: &&&MetricRow| row.run == run && row.metric == metric && unit(row) == of_unit;
        self.0.iter().filter(own).map(|row| row.value).collect()
    }
}

/// The row of the last epoch for each run, method, seed, stage, layer, split and metric, in order of first
/// appearance.
pub(crate) fn last_values<'a>(rows: impl Iterator<Item = &'a MetricRow>) -> Vec<&'a MetricRow> {
    let key = |row: &'a MetricRow| {
        (&row.run, &row.method, row.seed, &row.stage, row.layer, &row.split, &row.metric)
    };
    let mut places = BTreeMap::new();
    let mut last: Vec<&MetricRow> = Vec::new();
    for row in rows {
        let place = *places.entry(key(row)).or_insert(last.len());
        match last.get_mut(place) {
            Some(before) if row.epoch >= before.epoch => *before = row,
            Some(_) => {}
            None => last.push(row),
        }
    }
    last
}

/// The mean; `None` without values.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
