use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2};
use nn_core::{Parameters, Samples, Tensor, TensorMut, TrainingError, UnreadableSamples, normal};
use numerics::{Purpose, Real, Stream};

use crate::orthogonal::orthogonal;
use crate::truncated_exponential::input_of;
use crate::{InitialWeights, RbmConfig, Unit, Variance};

const WEIGHTS: Purpose = Purpose::new("rbm weights");

/// A restricted Boltzmann machine; its gradient has the same shape.
///
/// Gaussian visible units are measured in units of their standard deviation: u = v / σ. Everything
/// that is called `visible` in this crate is u; functions that take or give data in their own units
/// say so. For binary units the two are the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Rbm<F> {
    /// W, visible × hidden.
    pub weights: Array2<F>,
    /// a, visible.
    pub visible_bias: Array1<F>,
    /// b, hidden.
    pub hidden_bias: Array1<F>,
    /// σ of Gaussian visible units; empty for binary ones.
    pub visible_std: Array1<F>,
    /// What the visible units are.
    pub visible: Unit,
    /// What the hidden units are.
    pub hidden: Unit,
}

impl<F: Real> Rbm<F> {
    /// A model of binary units with these parameters: W (visible × hidden), a, b.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[must_use]
    pub fn binary(weights: Array2<F>, visible_bias: Array1<F>, hidden_bias: Array1<F>) -> Self {
        assert_eq!(weights.dim(), (visible_bias.len(), hidden_bias.len()), "weights and biases");
        Rbm {
            weights,
            visible_bias,
            hidden_bias,
            visible_std: Array1::zeros(0),
            visible: Unit::Binary,
            hidden: Unit::Binary,
        }
    }

    /// A model of zeros with these units and, if they are Gaussian, unit variance.
    #[must_use]
    pub fn with_units(n_visible: usize, n_hidden: usize, visible: Unit, hidden: Unit) -> Self {
        let weights = Array2::zeros((n_visible, n_hidden));
        let (a, b) = (Array1::zeros(n_visible), Array1::zeros(n_hidden));
        let n_std = if visible == Unit::Gaussian { n_visible } else { 0 };
        let visible_std = Array1::ones(n_std);
        Rbm { visible_std, visible, hidden, ..Rbm::binary(weights, a, b) }
    }

    /// An RBM of binary units and zeros: every state has the same energy.
    #[must_use]
    pub fn zeros(n_visible: usize, n_hidden: usize) -> Self {
        Rbm::with_units(n_visible, n_hidden, Unit::Binary, Unit::Binary)
    }

    /// A model of the same shape, all zeros: a gradient to fill.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// A new RBM for `data` (n × visible, in their own units), with weights from the stream of
    /// `seed` and `layer`, its place in a stack (0 alone).
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
        let mut rbm = config.zeros(data.n_features());
        rbm.weights = match config.initial_weights {
            InitialWeights::Gaussian => normal(rbm.weights.dim(), config.weight_std, &mut rng),
            InitialWeights::Orthogonal => {
                orthogonal(rbm.weights.dim(), config.weight_std, &mut rng)
            }
        };
        if rbm.visible == Unit::Gaussian && config.variance != Variance::Unit {
            rbm.visible_std = floored_standard_deviations(&data)?;
        }
        if config.visible_bias_from_data {
            rbm.visible_bias = rbm.independent_biases(&data)?;
        }
        Ok(rbm)
    }

    /// The visible biases that make independent units as likely as can be, given data in their own
    /// units: with these, their means are those of the columns. Of units that are bounded, half a sample
    /// at each bound is added, so that a pixel that is never on does not get −∞.
    ///
    /// # Errors
    /// [`UnreadableSamples`]; never for samples in memory.
    pub fn independent_biases(
        &self,
        data: &impl Samples<F>,
    ) -> Result<Array1<F>, UnreadableSamples> {
        let n = data.n_samples() as f64;
        let means = means(data)?;
        Ok(match self.visible {
            Unit::Binary => {
                means.mapv(|mean| F::of(((mean * n + 0.5) / ((1.0 - mean) * n + 0.5)).ln()))
            }
            Unit::Gaussian => means.mapv(F::of) / &self.visible_std,
            Unit::TruncatedExponential => {
                means.mapv(|mean| F::of(input_of((mean * n + 0.5) / (n + 1.0))))
            }
        })
    }

    /// Number of visible units: columns of the data.
    pub fn n_visible(&self) -> usize {
        self.visible_bias.len()
    }

    /// Number of hidden units.
    pub fn n_hidden(&self) -> usize {
        self.hidden_bias.len()
    }

    /// u = v / σ of data in their own units. Shapes: (n × visible) → the same.
    #[must_use]
    pub fn from_data<'a>(&self, data: ArrayView2<'a, F>) -> CowArray<'a, F, Ix2> {
        match self.visible {
            Unit::Gaussian => (&data / &self.visible_std).into(),
            Unit::Binary | Unit::TruncatedExponential => data.into(),
        }
    }

    /// v = σ u, in the units of the data. Shapes: (n × visible) → the same.
    #[must_use]
    pub fn to_data(&self, mut visible: Array2<F>) -> Array2<F> {
        if self.visible == Unit::Gaussian {
            visible *= &self.visible_std;
        }
        visible
    }
}

/// The mean of each column.
pub(crate) fn means<F: Real>(data: &impl Samples<F>) -> Result<Array1<f64>, UnreadableSamples> {
    let mut sums = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            sums.zip_mut_with(&row, |sum, &x| *sum += x.as_f64());
        }
    })?;
    Ok(sums / data.n_samples() as f64)
}

/// The mean squared distance of each column from its mean.
pub(crate) fn variances<F: Real>(
    data: &impl Samples<F>,
    means: &Array1<f64>,
) -> Result<Array1<f64>, UnreadableSamples> {
    let mut squares = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            for ((square, &x), mean) in squares.iter_mut().zip(row).zip(means) {
                *square += (x.as_f64() - mean).powi(2);
            }
        }
    })?;
    Ok(squares / data.n_samples() as f64)
}

/// The standard deviation of each column, but at least a tenth of their mean: a column that never
/// changes would otherwise have a density without bound.
fn floored_standard_deviations<F: Real>(
    data: &impl Samples<F>,
) -> Result<Array1<F>, UnreadableSamples> {
    let std = variances(data, &means(data)?)?.mapv(f64::sqrt);
    let floor = std.mean().unwrap_or(0.0) * 0.1;
    let floor = if floor > 0.0 { floor } else { 1.0 };
    Ok(std.mapv(|std| F::of(std.max(floor))))
}

impl<F: Real> Parameters<F> for Rbm<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        let std = (!self.visible_std.is_empty())
            .then(|| Tensor::vector("visible_std", 0, self.visible_std.view()));
        [
            Tensor::matrix("weights", 0, self.weights.view()),
            Tensor::vector("visible_bias", 0, self.visible_bias.view()),
            Tensor::vector("hidden_bias", 0, self.hidden_bias.view()),
        ]
        .into_iter()
        .chain(std)
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        let std = (!self.visible_std.is_empty())
            .then(|| TensorMut::vector("visible_std", 0, self.visible_std.view_mut()));
        [
            TensorMut::matrix("weights", 0, self.weights.view_mut()),
            TensorMut::vector("visible_bias", 0, self.visible_bias.view_mut()),
            TensorMut::vector("hidden_bias", 0, self.hidden_bias.view_mut()),
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
        assert!((rbm.visible_bias[0] - (2.5_f64 / 1.5).ln()).abs() < 1e-15);
        assert!((rbm.visible_bias[1] - (0.5_f64 / 3.5).ln()).abs() < 1e-15);
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
        // The second column is constant: a tenth of the mean deviation, 0.5.
        assert_eq!(rbm.visible_std, ndarray::array![1.0, 0.05]);
        assert_eq!(rbm.to_data(rbm.from_data(data.view()).into_owned()), data);
        assert_eq!(rbm.visible_bias, ndarray::array![2.0, 100.0]);
    }
}
