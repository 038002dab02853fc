//! Fitting of models to arrays in memory.

use mnist_io::{Dataset, ImageShape, Splits, TrainTest, TrainingData};
use ndarray::ArrayView2;

use crate::config::RunConfig;
use crate::record::Spec;
use crate::trained::Trained;
use crate::{Error, Monitor, memory, train, with_threads};

/// Fits a model to the rows of `x` (n × features) on all threads. Every random draw follows from `seed`; the
/// result does not depend on the number of threads.
///
/// The model learns from all rows, unless the settings have early stopping: then their `split` determines how
/// many are held out for validation. Rows whose width is the square of 8 or more count as square images,
/// which matters for settings that shift images.
///
/// # Errors
/// [`Error::Data`] for values that are not finite, [`Error::Training`] for data that do not suit the
/// model's units, or for divergence.
pub fn fit<'a>(
    config: &RunConfig,
    x: impl Into<ArrayView2<'a, f32>>,
    seed: u64,
) -> Result<Trained, Error> {
    fit_with(config, x, seed, &())
}

/// As [`fit`], observed by a monitor that may stop it.
///
/// # Errors
/// As [`fit`], and [`Error::Interrupted`].
pub fn fit_with<'a>(
    config: &RunConfig,
    x: impl Into<ArrayView2<'a, f32>>,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Trained, Error> {
    let x = x.into();
    fit_images(config, x, ImageShape::of_features(x.ncols()), seed, monitor)
}

/// As [`fit_with`], for rows that are images of this shape.
///
/// # Errors
/// As [`fit_with`], and [`Error::Data`] if rows have another number of values.
pub fn fit_images(
    config: &RunConfig,
    x: ArrayView2<'_, f32>,
    shape: ImageShape,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Trained, Error> {
    let (config, _) = config.clone().for_shape(shape)?;
    memory::require(&config.memory(x.ncols()))?;
    let data = Dataset::from_arrays("array", x.to_owned(), None, shape)?;
    let nothing = data.slice(0..0);
    let stops = config.stopping() != crate::config::Stopping::default();
    let splits = if stops {
        TrainTest { train: TrainingData::from(data), test: nothing }.split(config.split())?
    } else {
        Splits { train: data.into(), validation: nothing.clone(), test: nothing, unlabelled: None }
    };
    let spec = Spec { run: config.method(), config: &config, seed, source: None };
    with_threads(|| train::train_in_memory(&spec, &splits, monitor))
}
