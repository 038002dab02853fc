//! Standard classifiers on the same labels, validation samples and test samples as the networks.

use serde::{Deserialize, Serialize};
use stack::Labelled;

use super::{Run, labels, predictions};
use crate::layer_cache::{event, keep, kept_or_claimed};
use crate::reference::Reference;
use crate::stage::{Found, Key};
use crate::{Event, StudyError};

/// The outcome of a standard classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceCell {
    /// The name of the classifier.
    pub classifier: String,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed of the choice of labels.
    pub seed: u64,
    /// Number of misclassified validation samples, and number of validation samples.
    pub validation_errors: (usize, usize),
    /// Number of misclassified test samples, and number of test samples.
    pub test_errors: (usize, usize),
    /// A remark on the fit, or empty.
    pub note: String,
    /// The predicted class of each test sample. Kept as a tensor beside the record.
    #[serde(skip)]
    pub predictions: Vec<u8>,
}

/// Title of a standard classifier on the labels of a seed.
pub(super) fn title(reference: Reference, labels: usize, seed: u64) -> String {
    format!("{}, {labels} labels, seed {seed}", reference.words())
}

impl Run<'_> {
    /// Fits every standard classifier to the labels of a seed, or reads it from the cache.
    pub(super) fn references(&mut self, seed: u64) -> Result<(), StudyError> {
        if !self.config.references {
            return Ok(());
        }
        for budget in &self.config.labels {
            for reference in Reference::ALL {
                let cell = self.reference(reference, budget.count, seed)?;
                self.outcome.references.push(cell);
            }
        }
        Ok(())
    }

    /// The key of a standard classifier.
    pub(super) fn reference_key(&self, reference: Reference, count: usize, seed: u64) -> Key {
        Key::new("reference 1", &(reference.name(), count, seed, self.data_key))
    }

    /// Fits a standard classifier to the labels of a seed, or reads it from the cache.
    pub(super) fn reference(
        &mut self,
        reference: Reference,
        count: usize,
        seed: u64,
    ) -> Result<ReferenceCell, StudyError> {
        let key = self.reference_key(reference, count, seed);
        let claim = match kept_or_claimed::<ReferenceCell>(self.cache, &key, self.listen)? {
            Found::Claimed(claim) => claim,
            Found::Kept(tensors, cell) => {
                let predictions = predictions::read(&tensors);
                return Ok(ReferenceCell { predictions, ..cell });
            }
        };
        let title = title(reference, count, seed);
        event(self.listen, Event::Begun { title: &title })?;
        let (x, y) = self.labelled_subset(count, seed)?;
        let validation_labels = labels("validation", self.data.validation.labels.as_deref())?;
        let validation = Labelled::new(&self.data.validation.images, validation_labels);
        let n_classes = self.data.train.n_classes;
        let fitted = reference.fit(Labelled::new(&x, &y), validation, n_classes, seed)?;
        let predictions = fitted.predict(self.data.test.images.view())?;
        let mistakes = self.mistakes(&predictions)?;
        let cell = ReferenceCell {
            classifier: reference.name().to_owned(),
            labels: count,
            seed,
            validation_errors: (fitted.validation_errors, validation_labels.len()),
            test_errors: (mistakes.iter().filter(|mistake| **mistake).count(), mistakes.len()),
            note: fitted.remark().unwrap_or_default(),
            predictions,
        };
        let tensors = predictions::stored(&cell.predictions);
        keep(claim, &title, (&tensors, &cell), self.listen)?;
        Ok(cell)
    }
}
