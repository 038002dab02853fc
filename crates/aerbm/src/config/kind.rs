//! The kinds of runs behind one interface.

use mnist_io::{ImageShape, SplitRule};
use nn_core::{InvalidSetting, Layout, TrainingError};

use super::memory::Memory;
use super::parse::ConfigError;
use super::stopping::Stopping;

/// The settings of one kind of run. A new kind is a file with its settings and this trait, and its
/// entries in [`RunConfig`](super::RunConfig).
pub(super) trait RunKind {
    /// The kind of model in tables, which is also its `kind` in files.
    fn method(&self) -> &'static str;

    /// Checks every bound.
    ///
    /// # Errors
    /// [`TrainingError`] for a setting out of its range, or for settings that exclude each other.
    fn validate(&self) -> Result<(), TrainingError>;

    /// Split of the training samples.
    fn split(&self) -> SplitRule;

    /// Epochs of training, over all layers.
    fn epochs(&self) -> usize;

    /// Number of samples per training step, of the first layer if there are several.
    fn batch_size(&self) -> usize;

    /// Whether the training samples have to be in memory.
    fn needs_memory(&self) -> bool;

    /// The memory that training takes on samples of `n_visible` values, not counting the samples.
    fn memory(&self, n_visible: usize) -> Memory;

    /// Estimates the multiply-adds of training on `n_samples` samples of `n_visible` values, without
    /// measurements of the likelihood.
    fn multiply_adds(&self, n_samples: usize, n_visible: usize) -> f64 {
        of_training(self.epochs(), n_samples, self.memory(n_visible).weights())
    }

    /// Early stopping.
    fn stopping(&self) -> Stopping {
        Stopping::default()
    }

    /// Adapts the settings to data of this layout, whose values are not all in [0, 1], and returns whether
    /// anything was changed.
    ///
    /// # Errors
    /// [`ConfigError`] for a kind that cannot learn such data.
    fn fit_to_layout(&mut self, layout: &Layout) -> Result<bool, ConfigError>;

    /// Adapts the settings to samples of this shape, and returns whether anything was left out.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings that do not fit the images, or that need images.
    fn fit_to_shape(&mut self, _shape: ImageShape) -> Result<bool, InvalidSetting> {
        Ok(false)
    }
}

/// Multiply-adds of `epochs` epochs on `n_samples` samples, each of which takes `of_a_product` in one product
/// with the weights. Each step has about five such products.
pub(super) fn of_training(epochs: usize, n_samples: usize, of_a_product: f64) -> f64 {
    5.0 * epochs as f64 * n_samples as f64 * of_a_product
}
