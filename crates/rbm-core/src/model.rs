use ndarray::{Array1, Array2};
use nn_core::{Parameters, Samples, Tensor, TensorMut, TrainingError, UnreadableSamples, normal};
use numerics::{Purpose, Real, Stream};

use crate::moments::{floored_standard_deviations, is_sparse, means};
use crate::orthogonal::orthogonal;
use crate::{InitialWeights, Layer, RbmConfig, Unit, Units, Variance};

pub(crate) const WEIGHTS: Purpose = Purpose::new("rbm weights");

/// A restricted Boltzmann machine; its gradient has the same shape.
///
/// All public functions accept and return visible states in the units of the data. The weights and the
/// visible biases multiply v / σ where visible units have a standard deviation σ (see [`Layer`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Rbm<F> {
    /// W, visible × hidden.
    pub weights: Array2<F>,
    /// The visible units with their biases a and standard deviations σ.
    pub visible: Layer<F>,
    /// The hidden units with their biases b.
    pub hidden: Layer<F>,
}

impl<F: Real> Rbm<F> {
    /// A model of binary units with these parameters: W (visible × hidden), a, b.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[must_use]
    pub fn binary(weights: Array2<F>, visible_bias: Array1<F>, hidden_bias: Array1<F>) -> Self {
        assert_eq!(weights.dim(), (visible_bias.len(), hidden_bias.len()), "weights and biases");
        let visible = Layer::new(Unit::Binary, visible_bias);
        Rbm { weights, visible, hidden: Layer::new(Unit::Binary, hidden_bias) }
    }

    /// A model of zeros with these units; standard deviations of visible units are 1.
    #[must_use]
    pub fn with_units(
        n_visible: usize,
        n_hidden: usize,
        visible: impl Into<Units>,
        hidden: impl Into<Units>,
    ) -> Self {
        Rbm {
            weights: Array2::zeros((n_visible, n_hidden)),
            visible: Layer::visible(visible, n_visible),
            hidden: Layer::new(hidden, Array1::zeros(n_hidden)),
        }
    }

    /// A model of binary units with all parameters zero: every state has the same energy.
    #[must_use]
    pub fn zeros(n_visible: usize, n_hidden: usize) -> Self {
        Rbm::with_units(n_visible, n_hidden, Unit::Binary, Unit::Binary)
    }

    /// A gradient to fill: a model of the same shape, all zeros.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// A new RBM for `data` (n × visible). The initial weights come from the stream of `seed` and `layer`,
    /// the model's position in a stack (0 for a single model).
    ///
    /// # Errors
    /// [`TrainingError`] if the configuration is out of range, or the data are needed and cannot be
    /// read.
    pub fn new(
        config: &RbmConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        if let Some(layout) = &config.layout {
            let (found, expected) = (data.n_features(), layout.width());
            if found != expected {
                return Err(TrainingError::Width { found, expected });
            }
        }
        let mut rng = Stream::new(seed, WEIGHTS).layer(layer).rng();
        let mut rbm = config.zeros(data.n_features());
        rbm.weights = match config.initial_weights {
            InitialWeights::Gaussian => normal(rbm.weights.dim(), config.weight_std, &mut rng),
            InitialWeights::Orthogonal => {
                orthogonal(rbm.weights.dim(), config.weight_std, &mut rng)
            }
        };
        if config.variance == Variance::Data {
            let columns = rbm.visible.unit.columns_with_std(data.n_features());
            rbm.visible.std = floored_standard_deviations(&data, &columns)?;
        }
        let is_binary = rbm.visible.unit == Unit::Binary;
        if config.visible_bias_from_data || layer == 0 && is_binary && is_sparse(&data)? {
            rbm.visible.bias = rbm.independent_biases(&data)?;
        }
        Ok(rbm)
    }

    /// The visible biases of the most likely model without couplings: independent units whose means are those
    /// of the columns of `data` (n × visible). For bounded units, half a sample at each bound is added, so
    /// that a pixel that is never on does not get −∞. Means are over observed values.
    ///
    /// # Errors
    /// [`UnreadableSamples`]; never for samples in memory.
    pub fn independent_biases(
        &self,
        data: &impl Samples<F>,
    ) -> Result<Array1<F>, UnreadableSamples> {
        Ok(self.visible.biases_of(&means(data)?, data.n_samples()))
    }

    /// Number of visible units: columns of the data.
    pub fn n_visible(&self) -> usize {
        self.visible.n_units()
    }

    /// Number of hidden units.
    pub fn n_hidden(&self) -> usize {
        self.hidden.n_units()
    }
}

impl<F: Real> Parameters<F> for Rbm<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        let std = &self.visible.std;
        let std = (!std.is_empty()).then(|| Tensor::vector("visible_std", 0, std.view()));
        [
            Tensor::matrix("weights", 0, self.weights.view()),
            Tensor::vector("visible_bias", 0, self.visible.bias.view()),
            Tensor::vector("hidden_bias", 0, self.hidden.bias.view()),
        ]
        .into_iter()
        .chain(std)
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        let std = &mut self.visible.std;
        let std = (!std.is_empty()).then(|| TensorMut::vector("visible_std", 0, std.view_mut()));
        [
            TensorMut::matrix("weights", 0, self.weights.view_mut()),
            TensorMut::vector("visible_bias", 0, self.visible.bias.view_mut()),
            TensorMut::vector("hidden_bias", 0, self.hidden.bias.view_mut()),
        ]
        .into_iter()
        .chain(std)
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
        assert!((rbm.visible.bias[0] - (2.5_f64 / 1.5).ln()).abs() < 1e-15);
        assert!((rbm.visible.bias[1] - (0.5_f64 / 3.5).ln()).abs() < 1e-15);
    }

    #[test]
    fn gaussian_units_take_means_and_deviations_from_the_data() {
        let data = ndarray::array![[1.0, 5.0], [3.0, 5.0]];
        let config = RbmConfig {
            visible: Unit::Gaussian,
            variance: Variance::Data,
            visible_bias_from_data: true,
            n_hidden: 2,
            ..Default::default()
        };
        let rbm: Rbm<f64> = Rbm::new(&config, data.view(), 1, 0).expect("valid");
        // The second column is constant: its σ is a tenth of the median deviation of those that vary.
        assert_eq!(rbm.visible.std, ndarray::array![1.0, 0.1]);
        assert_eq!(rbm.visible.unscaled(rbm.visible.scaled(data.view()).view()), data);
        assert_eq!(rbm.visible.bias, ndarray::array![2.0, 50.0]);
    }
}
