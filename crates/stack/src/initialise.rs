//! Layers that begin without training: the controls of a comparison.

use ae_core::{Pca, PcaError};
use ndarray::{ArrayView2, s};
use nn_core::{Activation, Initialiser, InvalidSetting, TrainingError};
use numerics::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::{PretrainedLayer, Pretraining, Watch};

/// No pretraining: random weights. The control of every comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomInitialisation {
    /// The hidden units.
    pub hidden: Activation,
    /// How weights begin; by default as suits the unit ([`Initialiser::suited_to`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialiser: Option<Initialiser>,
}

impl RandomInitialisation {
    /// With weights that suit these units.
    #[must_use]
    pub fn suited_to(hidden: Activation) -> Self {
        RandomInitialisation { hidden, initialiser: None }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.initialiser.map_or(Ok(()), |initialiser| initialiser.validate())
    }
}

impl Default for RandomInitialisation {
    fn default() -> Self {
        RandomInitialisation::suited_to(Activation::Logistic)
    }
}

impl Pretraining for RandomInitialisation {
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        _: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        let stream = |purpose| Stream::new(seed, Purpose::new(purpose)).layer(layer);
        let initialiser = self.initialiser.unwrap_or(Initialiser::suited_to(self.hidden));
        Ok(PretrainedLayer {
            encoder: initialiser.dense(data.ncols(), n_hidden, stream("stack up")),
            unit: self.hidden,
            decoder: initialiser.dense(n_hidden, data.ncols(), stream("stack down")),
            output: Activation::Logistic,
        })
    }
}

/// Directions whose variance is below this part of the largest count as if they had it: whitening
/// would blow up what is noise.
const FLOOR: f64 = 1e-3;

/// The principal components of a layer's inputs as its weights, scaled so that the inputs of its
/// logistic units are uncorrelated, with mean 0 and variance 1: the optimum of the linear autoencoder
/// where pretraining has a nonlinear one. Units beyond the number of inputs begin at random.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcaInitialisation {}

impl Pretraining for PcaInitialisation {
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        watch: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        let mut initial =
            RandomInitialisation::default().learn(data, n_hidden, seed, layer, watch)?;
        let n_components = n_hidden.min(data.ncols());
        let pca = Pca::fit(data, n_components).map_err(|error| match error {
            PcaError::NoData => TrainingError::NoData,
            other => TrainingError::Decomposition(other.to_string()),
        })?;
        let floor = FLOOR * pca.variances[0].max(f64::MIN_POSITIVE);
        let scales = pca.variances.mapv(|variance| variance.max(floor).sqrt());
        let up = &pca.components / &scales;
        let bias = -pca.mean.dot(&up);
        let encoder = &mut initial.encoder;
        encoder.weights.slice_mut(s![.., ..n_components]).assign(&up.mapv(|w| w as f32));
        encoder.bias.slice_mut(s![..n_components]).assign(&bias.mapv(|b| b as f32));
        Ok(initial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Axis};
    use std::ops::ControlFlow;

    #[test]
    fn inputs_of_units_are_white_and_units_beyond_the_inputs_are_there() {
        let wave = |i: usize, j: usize| ((i * (3 * j + 7)) as f32 * 0.37 + j as f32).sin();
        let x = Array2::from_shape_fn((500, 4), |(i, j)| 0.5 + 0.2 * wave(i, j) + 0.1 * wave(i, 0));
        let mut go_on = |_| ControlFlow::Continue(());
        let layer = PcaInitialisation {}.learn(x.view(), 6, 1, 0, &mut go_on).expect("data");
        let z = x.dot(&layer.encoder.weights) + &layer.encoder.bias;
        let z = z.slice(s![.., ..4]);
        let mean = z.mean_axis(Axis(0)).expect("samples");
        let covariance = (&z - &mean).t().dot(&(&z - &mean)) / 500.0;
        for ((i, j), &found) in covariance.indexed_iter() {
            assert!((found - f32::from(u8::from(i == j))).abs() < 1e-2, "{i} {j}: {found}");
        }
        assert!(mean.iter().all(|m| m.abs() < 1e-3));
        assert!(layer.encoder.weights.column(5).iter().any(|&w| w != 0.0));
    }
}
