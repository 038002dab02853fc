//! Classifiers on the features of a trained model.

use mnist_io::{Dataset, Splits};
use ndarray::{CowArray, Ix2};
use nn_core::{TrainingError, observed};
use report::MetricRow;
use serde::{Deserialize, Serialize};
use stack::{Classifier, FineTuneConfig, Labelled, fine_tune};
use study::StudyError;
use study::search::{Best, best_on_validation};

use crate::Error;
use crate::config::{ConfigError, ProbeSettings};
use crate::data::require_classes;
use crate::monitor::{Monitor, observer};
use crate::record::Measure;
use crate::trained::Trained;

/// The best of several classifiers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// Whether the features stayed fixed.
    pub frozen: bool,
    /// The learning rate that was chosen on the validation set.
    pub learning_rate: f64,
    /// Errors on the validation and on the test set.
    pub errors: [Measure; 2],
}

impl Probed {
    /// Rows of `metrics.csv`.
    pub fn rows(&self, trained: &Trained) -> Vec<MetricRow> {
        let stage = if self.frozen { "logistic-regression" } else { "fine-tune" };
        let row = |measure| trained.record.row(stage, None, measure);
        self.errors.iter().map(row).collect()
    }
}

/// Trains a classifier at each learning rate and returns the errors of the one that is best on the
/// validation set.
///
/// # Errors
/// [`Error::Config`] for settings out of range, [`Error::Unlabelled`], [`Error::OneClass`], [`Error::AllDiverged`],
/// [`Error::Training`] or [`Error::Interrupted`].
pub fn probe(
    trained: &Trained,
    splits: &Splits,
    settings: &ProbeSettings,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Probed, Error> {
    if settings.learning_rates.is_empty() {
        return Err(ConfigError("learning_rates = []: expected at least one".into()).into());
    }
    require_classes(&splits.train, &splits.test)?;
    let see = |set| seen(trained, set, settings.frozen);
    let (train, validation, test) =
        (see(&splits.train)?, see(&splits.validation)?, see(&splits.test)?);
    let n_classes = splits.train.n_classes;
    let beginning = if settings.frozen {
        Classifier::linear(train.0.ncols(), n_classes, seed)
    } else {
        Classifier::on_top_of(trained.model.encoder_layers(), n_classes, seed)
    };
    let settings_at = |learning_rate| FineTuneConfig { learning_rate, ..settings.training.clone() };
    for &rate in &settings.learning_rates {
        settings_at(rate).validate()?;
    }
    let found = best_on_validation(&settings.learning_rates, |learning_rate| {
        let config = settings_at(learning_rate);
        let title = format!("{}, classifier, rate {learning_rate}", trained.record.run);
        monitor.begin(&title, config.evaluations);
        let [train, validation] =
            [&train, &validation].map(|(x, labels)| Labelled { x: x.view(), labels });
        let tuned =
            fine_tune(beginning.clone(), train, validation, &config, seed, &mut observer(monitor));
        monitor.finish();
        let tuned = tuned?;
        Ok((tuned.validation_errors, tuned))
    });
    let Best { candidate: learning_rate, found: tuned, left_out, .. } = match found {
        Err(StudyError::Training(TrainingError::Diverged { .. })) => {
            return Err(Error::AllDiverged);
        }
        Err(StudyError::Training(source)) => {
            return Err(Error::training(&trained.record.run, source));
        }
        other => other.map_err(Error::Study)?,
    };
    for (rate, error) in left_out {
        monitor.note(&format!("learning rate {rate} is left out: {error}"));
    }
    let error = |split, errors: usize, n: usize| {
        Measure::new(split, "error_pct", 100.0 * errors as f64 / n as f64, "pct")
    };
    let test_errors = tuned.model.count_errors(test.0.view(), test.1);
    let errors = [
        error("validation", tuned.validation_errors, validation.1.len()),
        error("test", test_errors, test.1.len()),
    ];
    Ok(Probed { frozen: settings.frozen, learning_rate, errors })
}

/// The inputs of the classifier for the samples of a set, with their labels: the codes if the features stay
/// fixed, otherwise the samples, in which missing values give no input.
fn seen<'a>(
    trained: &Trained,
    set: &'a Dataset,
    frozen: bool,
) -> Result<(CowArray<'a, f32, Ix2>, &'a [u8]), Error> {
    let labels = set.labels.as_deref();
    let labels = labels.ok_or_else(|| Error::Unlabelled { data: set.name.clone() })?;
    let x = set.images.view();
    Ok((if frozen { trained.model.encode(x).into() } else { observed(x) }, labels))
}
