use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use nn_core::{
    Activation, Chain, Dense, Initialiser, InvalidSetting, LayerView, Parameters, Tensor, TensorMut,
};
use numerics::{Purpose, Real, Stream};

use crate::AutoencoderConfig;

const ENCODER: Purpose = Purpose::new("ae encoder");
const DECODER: Purpose = Purpose::new("ae decoder");

/// An autoencoder: h = f(x W + b), y = g(h W′ + c), or a stack of such layers, unrolled.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoencoder<F> {
    /// The layers from the data to the code.
    pub encoder: Vec<Dense<F>>,
    /// The layers from the code to the reconstruction.
    pub decoder: Decoder<F>,
    /// The unit of every layer, encoder first; the last is the output unit.
    pub units: Vec<Activation>,
}

/// The second half of an autoencoder.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoder<F> {
    /// Weights of its own.
    Untied(Vec<Dense<F>>),
    /// The encoder's weights, transposed and in reverse order, with biases of its own.
    Tied(Vec<Array1<F>>),
}

impl<F: Real> Autoencoder<F> {
    /// A new autoencoder of one hidden layer for data of `n_visible` columns, drawn from the
    /// streams of `seed` and `layer` (its place in a stack; 0 alone).
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
        let output = config.output_unit();
        let initialiser = config.initialiser.unwrap_or(Initialiser::suited_to(config.hidden));
        let stream = Stream::new(seed, ENCODER).layer(layer);
        let encoder = initialiser.dense(n_visible, config.n_hidden, stream);
        let decoder = if config.tied {
            Decoder::Tied(vec![Array1::zeros(n_visible)])
        } else {
            let initialiser = config.initialiser.unwrap_or(Initialiser::suited_to(output));
            let stream = Stream::new(seed, DECODER).layer(layer);
            Decoder::Untied(vec![initialiser.dense(config.n_hidden, n_visible, stream)])
        };
        Ok(Autoencoder { encoder: vec![encoder], decoder, units: vec![config.hidden, output] })
    }

    /// A model of the same shape, all zeros: a gradient to fill.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// Number of visible units: columns of the data.
    pub fn n_visible(&self) -> usize {
        self.encoder[0].n_inputs()
    }

    /// The code of each sample. Shapes: (n × visible) → (n × code).
    #[must_use]
    pub fn encode(&self, x: ArrayView2<F>) -> Array2<F> {
        self.pass(x, 0, self.encoder.len())
    }

    /// The reconstruction from each code. Shapes: (n × code) → (n × visible).
    #[must_use]
    pub fn decode(&self, code: ArrayView2<F>) -> Array2<F> {
        self.pass(code, self.encoder.len(), self.n_layers())
    }

    /// Encodes and decodes. Shapes: (n × visible) → (n × visible).
    #[must_use]
    pub fn reconstruct(&self, x: ArrayView2<F>) -> Array2<F> {
        self.pass(x, 0, self.n_layers())
    }

    /// Passes x through layers `first`..`last`, in blocks so that memory stays small.
    fn pass(&self, x: ArrayView2<F>, first: usize, last: usize) -> Array2<F> {
        const BLOCK: usize = 1000;
        let mut out = Array2::zeros((x.nrows(), self.layer(last - 1).bias.len()));
        for (start, block) in (0..).step_by(BLOCK).zip(x.axis_chunks_iter(Axis(0), BLOCK)) {
            let mut values = block.to_owned();
            for index in first..last {
                let layer = self.layer(index);
                let mut next = Array2::zeros((values.nrows(), layer.bias.len()));
                layer.forward(values.view(), next.view_mut());
                values = next;
            }
            out.slice_mut(s![start..start + values.nrows(), ..]).assign(&values);
        }
        out
    }
}

impl<F: Real> Chain<F> for Autoencoder<F> {
    fn n_layers(&self) -> usize {
        2 * self.encoder.len()
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
            },
        }
    }
}

impl<F: Real> Parameters<F> for Autoencoder<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        let (untied, tied): (&[Dense<F>], &[Array1<F>]) = match &self.decoder {
            Decoder::Untied(layers) => (layers, &[]),
            Decoder::Tied(biases) => (&[], biases),
        };
        let layers = self.encoder.iter().chain(untied).enumerate();
        let biases = (self.encoder.len()..).zip(tied);
        layers
            .flat_map(|(layer, dense)| dense.tensors(layer))
            .chain(biases.map(|(layer, bias)| Tensor::vector("bias", layer, bias.view())))
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        let depth = self.encoder.len();
        let (untied, tied): (&mut [Dense<F>], &mut [Array1<F>]) = match &mut self.decoder {
            Decoder::Untied(layers) => (layers, &mut []),
            Decoder::Tied(biases) => (&mut [], biases),
        };
        let layers = self.encoder.iter_mut().chain(untied).enumerate();
        layers.flat_map(|(layer, dense)| dense.tensors_mut(layer)).chain(
            (depth..)
                .zip(tied)
                .map(|(layer, bias)| TensorMut::vector("bias", layer, bias.view_mut())),
        )
    }
}
