//! Features at work: a classifier by what a trained model has learned.

use std::time::Instant;

use anyhow::{Context as _, bail};
use mnist_io::{Dataset, Splits};
use nn_core::{Activation, Dense, Progress, TrainingError};
use report::MetricRow;
use serde::{Deserialize, Serialize};
use stack::{Classifier, FineTuneConfig, FineTuned, Labelled, fine_tune};
use toml::Table;

use crate::cli;
use crate::config::{UsageError, from_table, set};
use crate::data;
use crate::interrupt::{self, Interrupted};
use crate::train::{self, Measure, Model, Trained};
use crate::ui::Ui;

/// A classifier on the features of a trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProbeSettings {
    /// Learning rates that the validation set chooses from.
    pub(crate) learning_rates: Vec<f64>,
    /// Whether the features stay as they are: logistic regression.
    pub(crate) frozen: bool,
    /// What else the classifier's training needs.
    pub(crate) training: FineTuneConfig,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        ProbeSettings {
            learning_rates: vec![1e-3, 3e-4],
            frozen: false,
            training: FineTuneConfig::default(),
        }
    }
}

/// How well the best of the classifiers does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Probed {
    frozen: bool,
    learning_rate: f64,
    /// On the validation and on the test set.
    errors: [Measure; 2],
}

impl Probed {
    /// Lines of metrics.csv.
    pub(crate) fn rows(&self, trained: &Trained) -> Vec<MetricRow> {
        let stage = if self.frozen { "logistic-regression" } else { "fine-tune" };
        let row = |measure| trained.record.row(stage, None, measure);
        self.errors.iter().map(row).collect()
    }
}

pub(crate) fn run(args: &cli::Probe, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let mut table = Table::new();
    for assignment in &args.set {
        set(&mut table, assignment)?;
    }
    let settings = ProbeSettings {
        learning_rates: args.rates.clone(),
        frozen: args.frozen,
        training: from_table(table, "--set")?,
    };
    let (splits, _) = loaded.split(trained.config()?.partition())?;
    let probed = probe(&trained, &splits, &settings, args.seed, ui)?;
    ui.rows(&probed.rows(&trained));
    let rate = probed.learning_rate;
    for measure in &probed.errors {
        ui.result(&format!("{:<10} error {:.2} % (rate {rate})", measure.split, measure.value));
    }
    Ok(())
}

/// Trains a classifier at each learning rate; the best on the validation set counts.
pub(crate) fn probe(
    trained: &Trained,
    splits: &Splits,
    settings: &ProbeSettings,
    seed: u64,
    ui: &Ui,
) -> anyhow::Result<Probed> {
    if settings.learning_rates.is_empty() {
        bail!("learning_rates: expected at least one");
    }
    let see = |set: &Dataset| {
        let x = if settings.frozen {
            trained.model.encode(set.images.view()).into_shared()
        } else {
            set.images.clone()
        };
        let labels = set.labels.clone().with_context(|| format!("{} has no labels", set.name));
        labels.map(|labels| (x, labels))
    };
    let (train, validation, test) =
        (see(&splits.train)?, see(&splits.validation)?, see(&splits.test)?);
    let n_classes = splits.train.n_classes;
    let beginning = if settings.frozen {
        Classifier::linear(train.0.ncols(), n_classes, seed)
    } else {
        Classifier::on_top_of(layers_of(trained), n_classes, seed)
    };
    let mut best: Option<(f64, FineTuned)> = None;
    for &learning_rate in &settings.learning_rates {
        let config = FineTuneConfig { learning_rate, ..settings.training.clone() };
        config.validate().map_err(|error| UsageError(error.to_string()))?;
        let title = format!("{}, classifier, rate {learning_rate}", trained.record.run);
        ui.begin(&title, config.evaluations);
        let mut last = Instant::now();
        let watch = &mut |progress: &Progress| {
            let speed = progress.samples as f64 / last.elapsed().as_secs_f64();
            last = Instant::now();
            let error = format!("validation {:.2} %", progress.value);
            ui.advance(progress.epoch, progress.of, &error, speed);
            interrupt::flow()
        };
        let [train, validation] =
            [&train, &validation].map(|(x, labels)| Labelled { x: x.view(), labels });
        let tuned = fine_tune(beginning.clone(), train, validation, &config, seed, watch);
        ui.finish();
        let tuned = match tuned {
            Err(TrainingError::Interrupted) => return Err(Interrupted.into()),
            Err(error @ TrainingError::Diverged { .. }) => {
                ui.note(&format!("left out: rate {learning_rate}: {error}"));
                continue;
            }
            other => other?,
        };
        if best.as_ref().is_none_or(|(_, b)| tuned.validation_errors < b.validation_errors) {
            best = Some((learning_rate, tuned));
        }
    }
    let Some((learning_rate, tuned)) = best else {
        bail!("training diverged at every rate; expected a lower one (--rates)")
    };
    let error = |split, errors: usize, n: usize| {
        Measure::new(split, "error_pct", 100.0 * errors as f64 / n as f64, "pct")
    };
    let test_errors = tuned.model.count_errors(test.0.view(), &test.1);
    let errors = [
        error("validation", tuned.validation_errors, validation.1.len()),
        error("test", test_errors, test.1.len()),
    ];
    Ok(Probed { frozen: settings.frozen, learning_rate, errors })
}

/// The layers up to the code, and what their units do.
fn layers_of(trained: &Trained) -> Vec<(Dense<f32>, Activation)> {
    match &trained.model {
        Model::Autoencoder(model) => {
            model.encoder.iter().cloned().zip(model.units.iter().copied()).collect()
        }
        Model::Rbm(rbm) => {
            let layer = stack::PretrainedLayer::from(rbm.clone());
            vec![(layer.encoder, layer.unit)]
        }
        Model::Dbn(dbn) => {
            let layers = dbn.layers.iter().cloned().map(stack::PretrainedLayer::from);
            layers.map(|layer| (layer.encoder, layer.unit)).collect()
        }
    }
}
