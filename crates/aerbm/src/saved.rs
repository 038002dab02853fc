use std::path::Path;

use nn_core::{TensorMap, store};
use study::tensor_file;

use crate::card::{self, Card};
use crate::{Error, Trained, TrainedClassifier, classifier, trained};

/// The models of a folder: a trained model, a classifier, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The model; `None` for a folder with a classifier only.
    pub model: Option<Trained>,
    /// The classifier; `None` for a folder with a model only.
    pub classifier: Option<TrainedClassifier>,
    /// The name of the classifier, which is that of its folder.
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
                // A folder may hold only a classifier.
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

impl Trained {
    /// Writes the model and its card into `folder`, creating it if it is missing. Each file appears whole or
    /// not at all. A `README.md` that is not a card is not touched.
    ///
    /// # Errors
    /// [`Error::Tensors`] or [`Error::Report`] naming the file that cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let folder = folder.as_ref();
        let mut tensors = TensorMap::new();
        self.model.store(&mut tensors);
        // A model in the folder counts as finished, so the times are written first.
        report::write_csv(&folder.join(trained::TIMES), &self.record.timing_rows())?;
        let record = self.record.without_times();
        tensor_file::write(&folder.join(trained::FILE), &tensors, &record)?;
        let shapes: serde_json::Map<String, serde_json::Value> =
            tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape().into())).collect();
        let mut description = serde_json::to_value(&record)?;
        description["tensors"] = shapes.into();
        let text = serde_json::to_string_pretty(&description)? + "\n";
        report::write_text(&folder.join("model.json"), &text)?;
        let classifier = TrainedClassifier::load(folder).ok();
        let classifier =
            classifier.map(|it| Card::of_classifier(&card::name_of_folder(folder), &it));
        card::write(folder, &[Some(Card::of_model(self)), classifier])
    }
}

impl TrainedClassifier {
    /// Writes the classifier and its card into `folder`, creating it if it is missing. A `README.md` that is
    /// not a card is not touched.
    ///
    /// # Errors
    /// [`Error::Tensors`] or [`Error::Report`] naming the file that cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let folder = folder.as_ref();
        let mut tensors = TensorMap::new();
        store(&self.classifier, "", &mut tensors);
        tensor_file::write(&folder.join(classifier::FILE), &tensors, &self.description())?;
        let model = Trained::load_here(folder).map(|model| Card::of_model(&model));
        card::write(
            folder,
            &[model, Some(Card::of_classifier(&card::name_of_folder(folder), self))],
        )
    }
}
