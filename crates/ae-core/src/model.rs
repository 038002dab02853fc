use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use nn_core::{
    Activation, Chain, Connection, Initialiser, InvalidSetting, Layer, LayerView, Layout,
    Parameters, Tensor, TensorMut, require,
};
use numerics::{Purpose, Real, Stream};

use crate::AutoencoderConfig;
use crate::top_k::keep_largest;

const ENCODER: Purpose = Purpose::new("ae encoder");
const DECODER: Purpose = Purpose::new("ae decoder");

/// An autoencoder: h = f(x W + b), y = g(h W′ + c), or the unrolled stack of several such layers. The
/// products may be a convolution and its transpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoencoder<F> {
    /// The layers from the data to the code.
    pub encoder: Vec<Layer<F>>,
    /// The layers from the code to the reconstruction.
    pub decoder: Decoder<F>,
    /// The unit of every layer, encoder first; the last is the output unit.
    pub units: Vec<Activation>,
    /// Number of code units kept in each sample, those with the largest values; the others become zero.
    /// `None` keeps all.
    pub top_k: Option<usize>,
    /// Number of code units that [`Autoencoder::encode`] keeps. `None` keeps `top_k`.
    pub encode_top_k: Option<usize>,
    /// Layout of the data, if the output layer consists of blocks. The last of `units` is then the identity.
    pub layout: Option<Layout>,
}

/// The second half of an autoencoder.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoder<F> {
    /// Layers with their own weights.
    Untied(Vec<Layer<F>>),
    /// The encoder's weights, transposed and in reverse order, with these biases.
    Tied(Vec<Array1<F>>),
}

impl<F: Real> Autoencoder<F> {
    /// A new autoencoder for data of `n_visible` columns, with weights drawn from the streams of
    /// `seed` and `layer` (its position in a stack; 0 for a single model).
    ///
    /// # Errors
    /// [`InvalidSetting`] if the configuration is out of range.
    pub fn new(
        config: &AutoencoderConfig,
        n_visible: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Self, InvalidSetting> {
        config.validate()?;
        let ((widths, connections), units) = (config.layers(n_visible)?, config.units());
        let depth = config.encoder_layers.len() + 1;
        let layer_at = |i: usize| {
            let (purpose, sublayer) = if i < depth { (ENCODER, i) } else { (DECODER, i - depth) };
            let stream = Stream::new(seed, purpose).layer(layer).sublayer(sublayer);
            let initialiser = config.initialiser.unwrap_or(Initialiser::suited_to(units[i]));
            initialiser.layer(connections[i], widths[i], widths[i + 1], stream)
        };
        let decoder = if config.tied {
            Decoder::Tied(widths[depth + 1..].iter().map(|&n| Array1::zeros(n)).collect())
        } else {
            Decoder::Untied((depth..units.len()).map(layer_at).collect())
        };
        let encoder = (0..depth).map(layer_at).collect();
        if let Some(layout) = &config.layout {
            let expected = "blocks with as many columns in all as the data";
            require(layout.width() == n_visible, "model.layout", &layout.width(), expected)?;
        }
        let AutoencoderConfig { top_k, encode_top_k, .. } = *config;
        let layout = config.layout.clone();
        Ok(Autoencoder { encoder, decoder, units, top_k, encode_top_k, layout })
    }

    /// A model of the same shape with all parameters zero, for use as a gradient.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// Number of visible units, which is the number of columns of the data.
    pub fn n_visible(&self) -> usize {
        self.encoder[0].n_inputs()
    }

    /// Number of code units.
    pub fn n_code(&self) -> usize {
        self.encoder.last().map_or(0, Layer::n_outputs)
    }

    /// Activation of the output units; the identity if the output layer consists of blocks.
    pub fn output_unit(&self) -> Activation {
        self.units[self.units.len() - 1]
    }

    /// The code of each sample, for use as features. Missing values (NaN) are left out: they give the encoder
    /// no input. `encode_top_k` may keep more units than the code that [`Autoencoder::reconstruct`] decodes.
    /// Shapes: (n × visible) → (n × code).
    #[must_use]
    pub fn encode<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        self.pass(x.into(), 0..self.encoder.len(), self.encode_top_k.or(self.top_k))
    }

    /// The reconstruction from each code. Shapes: (n × code) → (n × visible).
    #[must_use]
    pub fn decode<'a>(&self, code: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        self.pass(code.into(), self.encoder.len()..self.n_layers(), None)
    }

    /// Encodes and decodes. Missing values are left out of the input and are reconstructed, too. Shapes: (n ×
    /// visible) → (n × visible).
    #[must_use]
    pub fn reconstruct<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        self.pass(x.into(), 0..self.n_layers(), self.top_k)
    }

    /// Passes `x` through some of the layers, keeping the `top_k` largest code units. Works in blocks
    /// of samples to bound memory. Missing inputs are 0.
    fn pass(&self, x: ArrayView2<F>, layers: Range<usize>, top_k: Option<usize>) -> Array2<F> {
        const BLOCK: usize = 1000;
        let mut out = Array2::zeros((x.nrows(), self.layer(layers.end - 1).n_outputs()));
        for (start, block) in (0..).step_by(BLOCK).zip(x.axis_chunks_iter(Axis(0), BLOCK)) {
            let mut values = block.to_owned();
            if layers.start == 0 {
                zero_missing(values.iter_mut());
            }
            for index in layers.clone() {
                let layer = self.layer(index);
                let mut next = Array2::zeros((values.nrows(), layer.n_outputs()));
                layer.forward_then(values.view(), next.view_mut(), |_, row| {
                    if let Some(k) = top_k
                        && index + 1 == self.encoder.len()
                    {
                        keep_largest(row, k);
                    }
                    if let Some(layout) = &self.layout
                        && index + 1 == self.units.len()
                    {
                        layout.apply(row);
                    }
                });
                values = next;
            }
            out.slice_mut(s![start..start + values.nrows(), ..]).assign(&values);
        }
        out
    }
}

/// Replaces missing values by 0.
pub(crate) fn zero_missing<'a, F: Real>(values: impl Iterator<Item = &'a mut F>) {
    values.for_each(|value| *value = if value.is_nan() { F::zero() } else { *value });
}

impl<F: Real> Chain<F> for Autoencoder<F> {
    fn n_layers(&self) -> usize {
        self.units.len()
    }

    fn layer(&self, index: usize) -> LayerView<'_, F> {
        let depth = self.encoder.len();
        let activation = self.units[index];
        match &self.decoder {
            _ if index < depth => self.encoder[index].view(activation),
            Decoder::Untied(layers) => layers[index - depth].view(activation),
            Decoder::Tied(biases) => LayerView {
                weights: self.encoder[2 * depth - 1 - index].weights.t(),
                bias: biases[index - depth].view(),
                activation,
                connection: Connection::Full,
            },
        }
    }
}

impl<F: Real> Parameters<F> for Autoencoder<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        let (untied, tied): (&[Layer<F>], &[Array1<F>]) = match &self.decoder {
            Decoder::Untied(layers) => (layers, &[]),
            Decoder::Tied(biases) => (&[], biases),
        };
        let layers = self.encoder.iter().chain(untied).enumerate();
        let biases = (self.encoder.len()..).zip(tied);
        layers
            .flat_map(|(index, layer)| layer.tensors(index))
            .chain(biases.map(|(layer, bias)| Tensor::vector("bias", layer, bias.view())))
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        let depth = self.encoder.len();
        let (untied, tied): (&mut [Layer<F>], &mut [Array1<F>]) = match &mut self.decoder {
            Decoder::Untied(layers) => (layers, &mut []),
            Decoder::Tied(biases) => (&mut [], biases),
        };
        let layers = self.encoder.iter_mut().chain(untied).enumerate();
        layers.flat_map(|(index, layer)| layer.tensors_mut(index)).chain(
            (depth..)
                .zip(tied)
                .map(|(layer, bias)| TensorMut::vector("bias", layer, bias.view_mut())),
        )
    }
}
