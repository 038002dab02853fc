//! Saves a model and a classifier, and loads them again.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use aerbm::ndarray::Array2;
use aerbm::stack::FineTuneConfig;
use aerbm::{RunConfig, Trained, TrainedClassifier};

fn main() -> Result<(), aerbm::Error> {
    let x =
        Array2::from_shape_fn((600, 12), |(row, column)| f32::from((row / 5 + column) % 3 == 0));
    let labels: Vec<u8> = (0..600_u16).map(|row| (row / 5 % 3) as u8).collect();
    let settings =
        RunConfig::preset("autoencoder")?.with("model.n_hidden=8")?.with("training.epochs=5")?;
    let trained = aerbm::fit(&settings, &x, 1)?;
    let few = FineTuneConfig { updates: 200, batch_size: 20, ..Default::default() };
    let classifier = trained.fine_tune(&x, &labels, &few, 1)?;

    let folder = std::env::temp_dir().join("aerbm-example");
    trained.save(&folder)?;
    classifier.save(&folder)?;
    let again = Trained::load(&folder)?;
    assert_eq!(again.model.encode(x.view()), trained.model.encode(x.view()));
    let again = TrainedClassifier::load(&folder)?;
    assert_eq!(again.predict(&x), classifier.predict(&x));
    println!("the model and the classifier in {} are the same as before", folder.display());
    Ok(())
}
