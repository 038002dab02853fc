use ae_core::{Pca, PcaError};
use ndarray::{ArrayView2, s};
use nn_core::{InvalidSetting, TrainingError};
use serde::{Deserialize, Serialize};

use crate::{Begun, LayerUnits, Pretraining, RandomInitialisation};

/// Directions whose variance is below this fraction of the largest are scaled as if they had that variance,
/// because whitening would amplify noise.
const FLOOR: f64 = 1e-3;

/// The principal components of a layer's inputs as its weights, scaled so that the inputs of its
/// logistic units are uncorrelated with mean 0 and variance 1. It is the linear counterpart of
/// pretraining by an autoencoder. Units beyond the number of inputs have random weights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcaInitialisation {}

impl Pretraining for PcaInitialisation {
    fn validate(&self) -> Result<(), InvalidSetting> {
        Ok(())
    }

    fn units(&self) -> LayerUnits {
        RandomInitialisation::default().units()
    }

    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        let mut initial =
            RandomInitialisation::default().layer(inputs.ncols(), n_hidden, seed, layer)?;
        let n_components = n_hidden.min(inputs.ncols());
        let pca = Pca::fit(inputs, n_components).map_err(|error| match error {
            PcaError::NoData => TrainingError::NoData,
            other => TrainingError::Decomposition(other.to_string()),
        })?;
        let floor = FLOOR * pca.variances[0].max(f64::MIN_POSITIVE);
        let scales = pca.variances.mapv(|variance| variance.max(floor).sqrt());
        let weights = &pca.components / &scales;
        let bias = -pca.mean.dot(&weights);
        let encoder = &mut initial.encoder;
        encoder.weights.slice_mut(s![.., ..n_components]).assign(&weights.mapv(|w| w as f32));
        encoder.bias.slice_mut(s![..n_components]).assign(&bias.mapv(|b| b as f32));
        Ok(Begun::Complete(initial))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ndarray::{Array2, Axis};

    use super::*;

    #[test]
    fn inputs_of_units_are_white_and_units_beyond_the_inputs_are_random() {
        let wave = |i: usize, j: usize| ((i * (3 * j + 7)) as f32 * 0.37 + j as f32).sin();
        let x = Array2::from_shape_fn((500, 4), |(i, j)| 0.5 + 0.2 * wave(i, j) + 0.1 * wave(i, 0));
        let mut go_on = |_: &_| ControlFlow::Continue(());
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
