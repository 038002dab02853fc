use ndarray::{Array1, Array2, s};
use nn_core::{Parameters, Samples, Tensor, TensorMut, TrainingError, UnreadableSamples, normal};
use numerics::{Real, Stream};

use super::{ConvRbmConfig, Geometry, ImageShape};
use crate::model::WEIGHTS;
use crate::moments::{means, variances};
use crate::{Layer, Unit, Variance};

/// A convolutional RBM; its gradient has the same shape.
///
/// All public functions accept and return images in the units of the data, one per row, flattened as height ×
/// width × channels. Where visible units have a standard deviation σ, one per channel, weights and visible
/// biases multiply v / σ.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvRbm<F> {
    /// Sizes of the image, the kernel, the detection maps and the blocks.
    pub geometry: Geometry,
    /// W, (kernel · kernel · channels) × maps: row (y · kernel + x) · channels + c is the pixel (y, x) of
    /// the kernel in channel c.
    pub weights: Array2<F>,
    /// The visible units' kind, with one bias (and one σ, if they have any) per channel.
    pub visible: Layer<F>,
    /// b, one per map.
    pub hidden_bias: Array1<F>,
}

impl<F: Real> ConvRbm<F> {
    /// A model of zeros with visible units of this kind; standard deviations are 1.
    #[must_use]
    pub fn with_units(geometry: Geometry, visible: Unit) -> Self {
        ConvRbm {
            geometry,
            weights: Array2::zeros((geometry.patch_len(), geometry.maps())),
            visible: Layer::visible(visible, geometry.image().channels),
            hidden_bias: Array1::zeros(geometry.maps()),
        }
    }

    /// A new model for the images in `data` (n × h·w·c). The initial weights come from the stream of `seed`
    /// and `layer`, the model's position in a stack (0 for a single model).
    ///
    /// # Errors
    /// [`TrainingError`] if the configuration is out of range or does not fit the images, or if the data
    /// are not images of this shape or cannot be read.
    pub fn new(
        config: &ConvRbmConfig,
        image: ImageShape,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        let mut rbm: ConvRbm<F> = config.zeros(image)?;
        let (found, expected) = (data.n_features(), rbm.n_visible());
        if found != expected {
            return Err(TrainingError::Width { found, expected });
        }
        let mut rng = Stream::new(seed, WEIGHTS).layer(layer).rng();
        rbm.weights = normal(rbm.weights.dim(), config.weight_std, &mut rng);
        if config.variance == Variance::Data {
            let means = means(&data)?;
            let (means, variances) = rbm.channel_moments(&means, &variances(&data, &means)?);
            rbm.visible.std = means.iter().zip(&variances).map(std_of_channel).collect();
        }
        if config.visible_bias_from_data {
            let means = means(&data)?;
            let (of_channels, _) = rbm.channel_moments(&means, &Array1::zeros(means.len()));
            let n_values = data.n_samples() * image.n_pixels();
            rbm.visible.bias = rbm.visible.biases_of(&of_channels, n_values);
        }
        Ok(rbm)
    }

    /// A gradient to fill: a model of the same shape, all zeros.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// Number of visible units: columns of the data.
    #[must_use]
    pub fn n_visible(&self) -> usize {
        self.geometry.image().n_values()
    }

    /// Number of detection units.
    #[must_use]
    pub fn n_detection(&self) -> usize {
        self.geometry.detection().n_values()
    }

    /// Number of pooled units: features of an image.
    #[must_use]
    pub fn n_pooled(&self) -> usize {
        self.geometry.pooled().n_values()
    }

    /// The biases of independent visible units, one per pixel and channel, whose means are those of the
    /// columns of `data` (n × h·w·c): the base of [annealing](super::estimate_log_z) and the start of
    /// [inpainting](super::inpaint).
    ///
    /// # Errors
    /// [`UnreadableSamples`]; never for samples in memory.
    pub fn independent_biases(
        &self,
        data: &impl Samples<F>,
    ) -> Result<Array1<F>, UnreadableSamples> {
        Ok(self.tiled().biases_of(&means(data)?, data.n_samples()))
    }

    /// The weights (kernel · kernel · channels × maps) and biases (maps) of the convolution that turns
    /// images in the units of the data into inputs x of detection units; for visible units with a standard
    /// deviation the weights are W / σ. The pooled probability of a block is exactly
    /// σ(ln Σ e^x) over its units, with σ the logistic function: a convolution, log-sum-exp pooling and a
    /// logistic activation. A logistic convolution with max-pooling, max σ(x) = σ(max x), has log-odds that
    /// are lower by at most 2 ln(pool); without pooling they are equal.
    #[must_use]
    pub fn convolution(&self) -> (Array2<F>, Array1<F>) {
        let mut weights = self.weights.clone();
        if !self.visible.std.is_empty() {
            let channels = self.visible.n_units();
            for (row, mut weights) in weights.rows_mut().into_iter().enumerate() {
                weights /= self.visible.std[row % channels];
            }
        }
        (weights, self.hidden_bias.clone())
    }

    /// The visible layer with the parameters of its channels at each pixel: h·w·c units.
    pub(crate) fn tiled(&self) -> Layer<F> {
        let pixels = self.geometry.image().n_pixels();
        let tile = |of: &Array1<F>| of.iter().copied().cycle().take(of.len() * pixels).collect();
        Layer {
            unit: self.visible.unit.clone(),
            bias: tile(&self.visible.bias),
            std: tile(&self.visible.std),
        }
    }

    /// Copies the channels' biases into a [tiled](ConvRbm::tiled) layer.
    pub(crate) fn retile_bias(&self, tiled: &mut Layer<F>) {
        let biases = self.visible.bias.iter().cycle();
        tiled.bias.iter_mut().zip(biases).for_each(|(tiled, &bias)| *tiled = bias);
    }

    /// The mean and the variance of each channel, from those of each column.
    pub(crate) fn channel_moments(
        &self,
        means: &Array1<f64>,
        variances: &Array1<f64>,
    ) -> (Array1<f64>, Array1<f64>) {
        let (channels, n) = (self.visible.n_units(), self.geometry.image().n_pixels() as f64);
        let (mut of_channels, mut spread) = (Array1::zeros(channels), Array1::zeros(channels));
        for c in 0..channels {
            let (means, variances) =
                (means.slice(s![c..;channels]), variances.slice(s![c..;channels]));
            let mean = means.sum() / n;
            let between = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>();
            of_channels[c] = mean;
            spread[c] = (variances.sum() + between) / n;
        }
        (of_channels, spread)
    }

    /// The mean and the variance around it of each column, if each is predicted by its channel's mean.
    pub(crate) fn moments_about_channels(
        &self,
        means: &Array1<f64>,
        variances: &Array1<f64>,
    ) -> (Array1<f64>, Array1<f64>) {
        let (of_channels, _) = self.channel_moments(means, variances);
        let tiled = of_channels.iter().copied().cycle().take(means.len()).collect::<Array1<f64>>();
        let bias = (means - &tiled).mapv(|distance| distance * distance);
        (tiled, variances + &bias)
    }
}

/// The standard deviation of a channel; 1 if it is constant up to rounding, where a density would be
/// unbounded.
fn std_of_channel<F: Real>((mean, variance): (&f64, &f64)) -> F {
    let std = variance.sqrt();
    F::of(if std > 1e-6 * mean.abs() { std } else { 1.0 })
}

impl<F: Real> Parameters<F> for ConvRbm<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        let std = &self.visible.std;
        let std = (!std.is_empty()).then(|| Tensor::vector("visible_std", 0, std.view()));
        [
            Tensor::matrix("weights", 0, self.weights.view()),
            Tensor::vector("visible_bias", 0, self.visible.bias.view()),
            Tensor::vector("hidden_bias", 0, self.hidden_bias.view()),
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
            TensorMut::vector("hidden_bias", 0, self.hidden_bias.view_mut()),
        ]
        .into_iter()
        .chain(std)
    }
}
