use ndarray::{Array1, Array2};
use nn_core::{Parameters, Samples, Tensor, TensorMut, TrainingError, UnreadableSamples, normal};
use numerics::{Purpose, Real, Stream};

use crate::RbmConfig;

const WEIGHTS: Purpose = Purpose::new("rbm weights");

/// A restricted Boltzmann machine with binary units; its gradient has the same shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Rbm<F> {
    /// W, visible × hidden.
    pub weights: Array2<F>,
    /// a, visible.
    pub visible_bias: Array1<F>,
    /// b, hidden.
    pub hidden_bias: Array1<F>,
}

impl<F: Real> Rbm<F> {
    /// An RBM of zeros: every state has the same energy.
    #[must_use]
    pub fn zeros(n_visible: usize, n_hidden: usize) -> Self {
        Rbm {
            weights: Array2::zeros((n_visible, n_hidden)),
            visible_bias: Array1::zeros(n_visible),
            hidden_bias: Array1::zeros(n_hidden),
        }
    }

    /// A new RBM for `data` (n × visible), with weights from the stream of `seed` and `layer`, its
    /// place in a stack (0 alone).
    ///
    /// # Errors
    /// [`TrainingError`] if the configuration is out of range, or the data cannot be read where they
    /// are needed.
    pub fn new(
        config: &RbmConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        let mut rng = Stream::new(seed, WEIGHTS).layer(layer).rng();
        let mut rbm = Rbm::zeros(data.n_features(), config.n_hidden);
        rbm.weights = normal(rbm.weights.dim(), config.weight_std, &mut rng);
        if config.visible_bias_from_data {
            rbm.visible_bias = log_odds_of_means(&data)?;
        }
        Ok(rbm)
    }

    /// Number of visible units: columns of the data.
    pub fn n_visible(&self) -> usize {
        self.visible_bias.len()
    }

    /// Number of hidden units.
    pub fn n_hidden(&self) -> usize {
        self.hidden_bias.len()
    }
}

/// ln(p / (1 − p)) for the mean p of each column, with half a sample added to each side so that a
/// pixel that is never on does not get −∞.
fn log_odds_of_means<F: Real>(data: &impl Samples<F>) -> Result<Array1<F>, UnreadableSamples> {
    let n = data.n_samples() as f64;
    let mut sums = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            sums.zip_mut_with(&row, |sum, &x| *sum += x.as_f64());
        }
    })?;
    Ok(sums.mapv(|sum| F::of(((sum + 0.5) / (n - sum + 0.5)).ln())))
}

impl<F: Real> Parameters<F> for Rbm<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [
            Tensor::matrix("weights", 0, self.weights.view()),
            Tensor::vector("visible_bias", 0, self.visible_bias.view()),
            Tensor::vector("hidden_bias", 0, self.hidden_bias.view()),
        ]
        .into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::matrix("weights", 0, self.weights.view_mut()),
            TensorMut::vector("visible_bias", 0, self.visible_bias.view_mut()),
            TensorMut::vector("hidden_bias", 0, self.hidden_bias.view_mut()),
        ]
        .into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_biases_are_the_log_odds_of_the_means() {
        let data = ndarray::array![[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]];
        let config = RbmConfig { visible_bias_from_data: true, n_hidden: 2, ..Default::default() };
        let rbm: Rbm<f64> = Rbm::new(&config, data.view(), 1, 0).expect("valid");
        assert!((rbm.visible_bias[0] - (2.5_f64 / 1.5).ln()).abs() < 1e-15);
        assert!((rbm.visible_bias[1] - (0.5_f64 / 3.5).ln()).abs() < 1e-15);
    }
}
