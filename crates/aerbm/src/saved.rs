use std::path::Path;

use crate::card::{self, Card};
use crate::{Error, Trained, TrainedClassifier};

/// The models of a folder: a trained model, a classifier, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The model, if there is one.
    pub model: Option<Trained>,
    /// The classifier, if there is one.
    pub classifier: Option<TrainedClassifier>,
    /// The name of the classifier: that of its folder.
    pub classifier_name: String,
}

impl Saved {
    /// Reads what [`Trained::save`] and [`TrainedClassifier::save`] wrote into `folder`. The folder may
    /// also be that of a run with one model.
    ///
    /// # Errors
    /// [`Error::NoModel`], [`Error::SeveralModels`], or the reason why a file cannot be read.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let given = folder.as_ref();
        let (folder, model) = match Trained::locate(given) {
            Ok(folder) => {
                let model = Trained::load(&folder)?;
                (folder, Some(model))
            }
            Err(error) => {
                // A folder may hold a classifier alone.
                let classifier = TrainedClassifier::load_if_there(given)?.ok_or(error)?;
                let classifier_name = card::name_of_folder(given);
                return Ok(Saved { model: None, classifier: Some(classifier), classifier_name });
            }
        };
        let classifier = TrainedClassifier::load_if_there(&folder)?;
        Ok(Saved { model, classifier, classifier_name: card::name_of_folder(&folder) })
    }

    /// The cards of the model and the classifier.
    pub fn cards(&self) -> Vec<Card> {
        let model = self.model.as_ref().map(Card::of_model);
        let classifier = self.classifier.as_ref();
        let classifier = classifier.map(|it| Card::of_classifier(&self.classifier_name, it));
        model.into_iter().chain(classifier).collect()
    }
}
