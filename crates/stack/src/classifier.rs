//! A network of hidden layers and a softmax output layer: p(k | x) = e^(z_k) / Σ e^(z_l), where z are the
//! inputs of the softmax.

use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{Activation, Chain, Initialiser, Layer, LayerView, Parameters, Tensor, TensorMut};
use numerics::{Purpose, Real, Stream, elementary};

use crate::{Dropout, PretrainedLayer};

const OUTPUT_LAYER: Purpose = Purpose::new("readout");

/// A feed-forward classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier<F> {
    /// The hidden layers, then the output layer (last hidden × classes).
    pub layers: Vec<Layer<F>>,
    /// The activations of the hidden layers.
    pub units: Vec<Activation>,
}

impl Classifier<f32> {
    /// A classifier on top of these layers. The weights of the output layer depend on seed and sizes
    /// alone, so that they are the same for every kind of pretraining.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn new(pretrained: &[PretrainedLayer], n_classes: usize, seed: u64) -> Self {
        let hidden = pretrained.iter().map(|layer| (layer.encoder.clone(), layer.unit)).collect();
        Self::on_top_of(hidden, n_classes, seed)
    }

    /// As [`Classifier::new`], for layers with their activations.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn on_top_of(hidden: Vec<(Layer<f32>, Activation)>, n_classes: usize, seed: u64) -> Self {
        let (mut layers, units): (Vec<_>, Vec<_>) = hidden.into_iter().unzip();
        let n_features = layers.last().expect("a classifier has a hidden layer").n_outputs();
        layers.push(output_layer(n_features, n_classes, seed));
        Classifier { layers, units }
    }

    /// Logistic regression: an output layer alone.
    #[must_use]
    pub fn linear(n_features: usize, n_classes: usize, seed: u64) -> Self {
        Classifier { layers: vec![output_layer(n_features, n_classes, seed)], units: vec![] }
    }
}

const OUTPUT_LAYER_EXISTS: &str = "a classifier has an output layer";

fn output_layer(n_features: usize, n_classes: usize, seed: u64) -> Layer<f32> {
    Initialiser::Glorot {}.dense(n_features, n_classes, Stream::new(seed, OUTPUT_LAYER))
}

impl<F: Real> Classifier<F> {
    /// A model of the same shape, all zeros: a gradient to fill.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// Number of inputs of the first layer.
    pub(crate) fn n_inputs(&self) -> usize {
        self.layers[0].n_inputs()
    }

    /// Number of classes.
    pub(crate) fn n_classes(&self) -> usize {
        self.layers.last().expect(OUTPUT_LAYER_EXISTS).n_outputs()
    }

    /// The model for use after training with `dropout`: each weight is multiplied by the probability
    /// that its input was kept.
    #[must_use]
    pub fn on_average(&self, dropout: Dropout) -> Self {
        let mut average = self.clone();
        for (i, layer) in average.layers.iter_mut().enumerate() {
            layer.weights *= F::of(1.0 - dropout.before(i));
        }
        average
    }

    /// The most probable class of each sample. Shapes: (n × inputs) → n.
    #[must_use]
    pub fn predict<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Vec<u8> {
        let x = x.into();
        let mut classes = Vec::with_capacity(x.nrows());
        self.for_blocks_of_scores(x, |scores| {
            classes.extend(
                scores.rows().into_iter().map(|row| {
                    numerics::argmax(row.to_slice().expect("rows are contiguous")) as u8
                }),
            );
        });
        classes
    }

    /// p(k | x) of each class k for each sample. Shapes: (n × inputs) → (n × classes).
    #[must_use]
    pub fn probabilities<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        let x = x.into();
        let n_classes = self.n_classes();
        let mut p = Vec::with_capacity(x.nrows() * n_classes);
        self.for_blocks_of_scores(x, |scores| {
            for row in scores.rows() {
                let max = row.iter().copied().fold(F::neg_infinity(), F::max);
                let powers = row.iter().map(|&z| elementary::exp(z - max));
                let total: F = powers.clone().sum();
                p.extend(powers.map(|power| power / total));
            }
        });
        Array2::from_shape_vec((x.nrows(), n_classes), p).expect("a row for each sample")
    }

    /// The outputs of the last hidden layer; without hidden layers, the samples themselves.
    /// Shapes: (n × inputs) → (n × last hidden).
    #[must_use]
    pub fn codes<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        let x = x.into();
        let Some(last) = self.units.len().checked_sub(1) else { return x.to_owned() };
        let width = self.layers[last].n_outputs();
        let mut codes = Vec::with_capacity(x.nrows() * width);
        self.for_blocks(x, last + 1, |outputs| codes.extend(outputs.iter().copied()));
        Array2::from_shape_vec((x.nrows(), width), codes).expect("a row for each sample")
    }

    /// Calls `each` with the inputs of the softmax, a block of samples at a time, in order.
    fn for_blocks_of_scores(&self, x: ArrayView2<F>, each: impl FnMut(ArrayView2<F>)) {
        self.for_blocks(x, self.layers.len(), each);
    }

    /// Calls `each` with the outputs of the first `n_layers` layers, a block of samples at a time, in order.
    fn for_blocks(&self, x: ArrayView2<F>, n_layers: usize, mut each: impl FnMut(ArrayView2<F>)) {
        const BLOCK: usize = 1000;
        let mut buffers: Vec<Array2<F>> = (self.layers[..n_layers].iter())
            .map(|layer| Array2::zeros((x.nrows().min(BLOCK), layer.n_outputs())))
            .collect();
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            let n = block.nrows();
            for i in 0..buffers.len() {
                let (before, from) = buffers.split_at_mut(i);
                let input = before.last().map_or(block, |b| b.slice(ndarray::s![..n, ..]));
                self.layer(i).forward(input, from[0].slice_mut(ndarray::s![..n, ..]));
            }
            each(buffers.last().expect(OUTPUT_LAYER_EXISTS).slice(ndarray::s![..n, ..]));
        }
    }

    /// The number of samples that are misclassified.
    ///
    /// # Panics
    /// If there are not as many labels as samples.
    pub fn count_errors<'a>(&self, x: impl Into<ArrayView2<'a, F>>, labels: &[u8]) -> usize {
        let x = x.into();
        assert_eq!(x.nrows(), labels.len(), "samples and labels");
        self.predict(x).iter().zip(labels).filter(|(found, label)| found != label).count()
    }
}

impl<F: Real> Chain<F> for Classifier<F> {
    fn n_layers(&self) -> usize {
        self.layers.len()
    }

    fn layer(&self, index: usize) -> LayerView<'_, F> {
        let unit = self.units.get(index).copied().unwrap_or(Activation::Identity);
        self.layers[index].view(unit)
    }
}

impl<F: Real> Parameters<F> for Classifier<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.layers.tensors()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.layers.tensors_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dropout::leave_out;

    /// For a linear network, the averaged weights give the mean of the output over all draws of
    /// dropout.
    #[test]
    fn the_average_model_gives_the_mean_of_the_thinned_ones() {
        let dropout = Dropout { input: 0.2, hidden: 0.5 };
        let layer = |i: usize, n_in, n_out| -> Layer<f64> {
            Initialiser::Glorot {}.dense(n_in, n_out, Stream::new(1, OUTPUT_LAYER).layer(i))
        };
        let model = Classifier {
            layers: vec![layer(0, 5, 4), layer(1, 4, 3)],
            units: vec![Activation::Identity],
        };
        let x = Array2::from_elem((40_000, 5), 1.0);
        let stream = Stream::new(2, OUTPUT_LAYER);
        let mut thinned = x.clone();
        for (i, mut row) in thinned.rows_mut().into_iter().enumerate() {
            leave_out(dropout.input, stream, i, row.as_slice_mut().expect("contiguous"));
        }
        let mut h = thinned.dot(&model.layers[0].weights);
        for (i, mut row) in h.rows_mut().into_iter().enumerate() {
            leave_out(dropout.hidden, stream.layer(1), i, row.as_slice_mut().expect("contiguous"));
        }
        let mean = h.dot(&model.layers[1].weights).mean_axis(Axis(0)).expect("samples");
        let average = model.on_average(dropout);
        let expected = x.row(0).dot(&average.layers[0].weights).dot(&average.layers[1].weights);
        // Standard errors are about 0.005.
        assert!((&mean - &expected).iter().all(|d| d.abs() < 0.03), "{mean} {expected}");
    }
}
