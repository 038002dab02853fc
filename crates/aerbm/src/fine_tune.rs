//! Fine-tuning of trained models into classifiers.

use mnist_io::SplitRule;
use ndarray::{ArrayView2, s};
use nn_core::observed;
use stack::{Classifier, FineTuneConfig, Labelled, fine_tune};

use crate::monitor::{Monitor, observer};
use crate::{ConfigError, Error, Trained, TrainedClassifier, with_threads};

impl Trained {
    /// Fine-tunes the model's layers into a classifier of the rows of `x` (n × features), whose classes are
    /// `labels`, on all threads. Missing values (NaN) give no input. The last sixth of the rows, at most
    /// 10,000, is held out to decide when to stop, so rows that are sorted by class must be shuffled first.
    ///
    /// # Errors
    /// [`Error::Config`] if rows and labels differ in number, or their width is not that of the model;
    /// [`Error::Data`] if there are too few rows; [`Error::Training`] for settings out of range or
    /// divergence.
    pub fn fine_tune<'a>(
        &self,
        x: impl Into<ArrayView2<'a, f32>>,
        labels: &[u8],
        config: &FineTuneConfig,
        seed: u64,
    ) -> Result<TrainedClassifier, Error> {
        self.fine_tune_with(x.into(), labels, config, seed, &())
    }

    /// As [`fine_tune`](Self::fine_tune), observed by a monitor that may stop it.
    ///
    /// # Errors
    /// As [`fine_tune`](Self::fine_tune), and [`Error::Interrupted`].
    pub fn fine_tune_with(
        &self,
        x: ArrayView2<'_, f32>,
        labels: &[u8],
        config: &FineTuneConfig,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<TrainedClassifier, Error> {
        let (rows, features) = x.dim();
        if rows != labels.len() {
            let message = format!("{rows} rows and {} labels: expected as many", labels.len());
            return Err(ConfigError(message).into());
        }
        if features != self.record.n_visible {
            let (run, expected) = (self.record.run.clone(), self.record.n_visible);
            return Err(Error::Width { run, data: "array".into(), expected, found: features });
        }
        let n_classes = labels.iter().max().map_or(0, |&largest| usize::from(largest) + 1);
        let cut = SplitRule::Study.n_train(rows)?;
        let x = observed(x);
        let train = Labelled { x: x.slice(s![..cut, ..]), labels: &labels[..cut] };
        let validation = Labelled { x: x.slice(s![cut.., ..]), labels: &labels[cut..] };
        let start = Classifier::on_top_of(self.model.encoder_layers(), n_classes, seed);
        monitor.begin("fine-tuning", config.evaluations);
        let observer = &mut observer(monitor);
        let tuned = with_threads(|| fine_tune(start, train, validation, config, seed, observer));
        monitor.finish();
        let tuned = tuned.map_err(|source| Error::training(&self.record.run, source))?;
        let validation_rows = validation.labels.len();
        let errors = tuned.validation_errors as f64;
        let validation_error_pct = Some(100.0 * errors / validation_rows as f64);
        Ok(TrainedClassifier {
            classifier: tuned.model,
            validation_error_pct,
            validation_rows,
            origin: None,
        })
    }
}
