//! The first sentence of the page of a run that compares nothing.

use std::collections::BTreeSet;

use crate::number::significant;
use crate::rows::MetricRow;

/// The last test values of the run, or those of the split that it has.
pub fn headline_of_run(rows: &[MetricRow]) -> Option<String> {
    let runs: BTreeSet<&str> = rows.iter().map(|row| row.run.as_str()).collect();
    let run = *runs.first()?;
    if runs.len() > 1 {
        return Some(headline_of_runs(rows).unwrap_or_else(|| {
            let n = runs.len();
            format!("{n} runs, no comparison: their last values are in the table below.")
        }));
    }
    let split = ["test", "validation", "train"]
        .into_iter()
        .find(|split| rows.iter().any(|row| row.split == *split))?;
    let last = last_values(rows.iter().filter(|row| row.split == split));
    let epoch = last.iter().filter_map(|row| row.epoch).max();
    let known = last.iter().filter(|row| row.value.is_finite());
    let values: Vec<String> = known.take(4).map(|row| value(row)).collect();
    let after = match epoch {
        Some(1) => " after 1 epoch".into(),
        Some(epoch) => format!(" after {epoch} epochs"),
        None => String::new(),
    };
    let values = if values.is_empty() { "no finite values".into() } else { values.join(", ") };
    Some(format!("{run}{after}, on the {split} samples: {values}."))
}

/// What whole networks measured on the test set, each of its last epoch.
pub(crate) struct TestValues<'a>(Vec<&'a MetricRow>);

impl<'a> TestValues<'a> {
    pub(crate) fn of(rows: &'a [MetricRow]) -> Self {
        let of_test = rows.iter().filter(|row| row.split == "test" && row.layer.is_none());
        TestValues(last_values(of_test))
    }

    /// The runs, in the order of the rows.
    pub(crate) fn runs(&self) -> Vec<&'a str> {
        let mut runs: Vec<&str> = Vec::new();
        for row in &self.0 {
            if !runs.contains(&row.run.as_str()) {
                runs.push(&row.run);
            }
        }
        runs
    }

    /// What a run measured, a value for each seed.
    pub(crate) fn values(&self, run: &str, metric: &str) -> impl Iterator<Item = f64> {
        self.0.iter().filter(move |row| row.run == run && row.metric == metric).map(|row| row.value)
    }
}

/// What all runs measured on the test set, one metric of it: the first of those that say most of a
/// model. Means over seeds.
fn headline_of_runs(rows: &[MetricRow]) -> Option<String> {
    let metrics = ["psnr_db", "log_likelihood_nats", "sse_per_image", "error_pct"];
    let names = ["PSNR in dB", "log-likelihood in nats", "squared error per image", "error in %"];
    let test = TestValues::of(rows);
    let mean = |run: &str, metric: &str| {
        let values: Vec<f64> = test.values(run, metric).filter(|v| v.is_finite()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let runs = test.runs();
    metrics.into_iter().zip(names).find_map(|(metric, name)| {
        let means: Option<Vec<String>> = (runs.iter())
            .map(|run| mean(run, metric).map(|mean| format!("{run} {}", significant(mean))))
            .collect();
        let means = means.filter(|means| !means.is_empty())?;
        Some(format!("On the test samples, {name}: {}.", means.join(", ")))
    })
}

/// Of each run, stage, layer, split and metric the row of the last epoch, in the order in which
/// they first appear.
pub(crate) fn last_values<'a>(rows: impl Iterator<Item = &'a MetricRow>) -> Vec<&'a MetricRow> {
    let key = |row: &'a MetricRow| {
        (&row.run, &row.method, row.seed, &row.stage, row.layer, &row.split, &row.metric)
    };
    let mut places = std::collections::BTreeMap::new();
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

fn value(row: &MetricRow) -> String {
    let number = significant(row.value);
    match row.metric.as_str() {
        "mse_per_pixel" => format!("mean squared error per pixel {number}"),
        "sse_per_image" => format!("sum of squared errors per image {number}"),
        "bce_nats_per_image" => format!("cross-entropy per image {number} nats"),
        "log_likelihood_nats" => format!("log-likelihood per image {number} nats"),
        "psnr_db" => format!("PSNR {number} dB"),
        "ssim" => format!("SSIM {number}"),
        "error_pct" => format!("error {number} %"),
        other => match row.unit.as_str() {
            "" => format!("{} {number}", other.replace('_', " ")),
            unit => format!("{} {number} {unit}", other.replace('_', " ")),
        },
    }
}
