//! A network of hidden layers and a softmax output layer: p(k | x) = e^(z_k) / Σ e^(z_l), where z are the
//! inputs of the softmax.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use nn_core::{
    Activation, Chain, Connection, Initialiser, Layer, LayerView, Parameters, Tensor, TensorMut,
};
use numerics::{Prepared, Purpose, Real, Stream, by_rows, elementary};

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

    /// Like [`Classifier::new`], for layers with their activations.
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
        self.layers.last().expect("a classifier has an output layer").n_outputs()
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
        let scores = self.outputs(x.into(), self.layers.len(), |_| ());
        let rows = scores.rows().into_iter();
        rows.map(|row| numerics::argmax(row.to_slice().expect("rows are contiguous")) as u8)
            .collect()
    }

    /// p(k | x) of each class k for each sample. Shapes: (n × inputs) → (n × classes).
    #[must_use]
    pub fn probabilities<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        self.outputs(x.into(), self.layers.len(), |row| {
            let max = row.iter().copied().fold(F::neg_infinity(), F::max);
            for z in row.iter_mut() {
                *z = elementary::exp(*z - max);
            }
            let total: F = row.iter().copied().sum();
            for power in row.iter_mut() {
                *power /= total;
            }
        })
    }

    /// The outputs of the last hidden layer; without hidden layers, the samples themselves.
    /// Shapes: (n × inputs) → (n × last hidden).
    #[must_use]
    pub fn codes<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        let x = x.into();
        match self.units.len() {
            0 => x.to_owned(),
            n_hidden => self.features(x, n_hidden - 1),
        }
    }

    /// The outputs of the hidden layer with this index, counted from the data. Shapes:
    /// (n × inputs) → (n × outputs).
    ///
    /// # Panics
    /// If there is no such hidden layer.
    #[must_use]
    pub fn features<'a>(&self, x: impl Into<ArrayView2<'a, F>>, layer: usize) -> Array2<F> {
        assert!(layer < self.units.len(), "hidden layer {layer} of {}", self.units.len());
        self.outputs(x.into(), layer + 1, |_| ())
    }

    /// The outputs of the first `n_layers` layers (at least one), after `finish` on each row. Each thread
    /// passes strips of its samples through all layers while they are in its cache. The bits of a sample do
    /// not depend on the samples beside it.
    fn outputs(
        &self,
        x: ArrayView2<F>,
        n_layers: usize,
        finish: impl Fn(&mut [F]) + Sync,
    ) -> Array2<F> {
        const STRIP: usize = 256;
        let layers = &self.layers[..n_layers];
        let full = |layer: &Layer<F>| layer.connection == Connection::Full;
        let packed: Vec<Option<Prepared<F>>> = layers
            .iter()
            .map(|layer| full(layer).then(|| Prepared::new(layer.weights.view())))
            .collect();
        let (last, weights) = packed.split_last().expect("at least one layer");
        let mut outputs = Array2::zeros((x.nrows(), layers[n_layers - 1].n_outputs()));
        by_rows(x.nrows(), outputs.view_mut(), |rows, mut outputs| {
            let room = outputs.nrows().min(STRIP);
            let hidden = &layers[..n_layers - 1];
            let mut between: Vec<Array2<F>> =
                hidden.iter().map(|layer| Array2::zeros((room, layer.n_outputs()))).collect();
            let x = x.slice(s![rows, ..]);
            let strips = x.axis_chunks_iter(Axis(0), STRIP);
            for (x, out) in strips.zip(outputs.axis_chunks_iter_mut(Axis(0), STRIP)) {
                let n = x.nrows();
                let mut input = x;
                for (i, (weights, out)) in weights.iter().zip(&mut between).enumerate() {
                    self.pass(i, weights.as_ref(), input, out.slice_mut(s![..n, ..]), |_| ());
                    input = out.slice(s![..n, ..]);
                }
                self.pass(n_layers - 1, last.as_ref(), input, out, &finish);
            }
        });
        outputs
    }

    /// Writes the outputs of one layer, after `finish` on each row, into `out`, on the calling thread.
    /// `weights` are those of a fully connected layer, packed.
    fn pass(
        &self,
        layer: usize,
        weights: Option<&Prepared<F>>,
        input: ArrayView2<F>,
        mut out: ArrayViewMut2<F>,
        finish: impl Fn(&mut [F]),
    ) {
        let layer = self.layer(layer);
        let bias = layer.bias.as_slice().expect("a bias is contiguous");
        match weights {
            Some(weights) => weights.multiply(input, out.view_mut()),
            None => layer.forward(input, out.view_mut()),
        }
        for mut row in out.rows_mut() {
            let row = row.as_slice_mut().expect("rows are contiguous");
            if weights.is_some() {
                layer.activation.apply_with_bias(bias, row);
            }
            finish(row);
        }
    }

    /// The number of misclassified samples.
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

    /// Passes of strips give the outputs of training passes, and the same bits for a single sample.
    #[test]
    fn outputs_are_those_of_the_layers_one_after_another() {
        for widths in [[5, 40, 3], [30, 1, 2], [70, 20, 11]] {
            let layer = |i: usize| -> Layer<f64> {
                let stream = Stream::new(3, OUTPUT_LAYER).layer(i);
                let mut layer = Initialiser::Glorot {}.dense(widths[i], widths[i + 1], stream);
                layer.bias.fill(0.1);
                layer
            };
            let model =
                Classifier { layers: vec![layer(0), layer(1)], units: vec![Activation::Tanh] };
            let x = Array2::from_shape_fn((150, widths[0]), |(i, j)| ((i * 7 + j) % 5) as f64);
            let codes = (x.dot(&model.layers[0].weights) + 0.1).mapv(f64::tanh);
            let powers = (codes.dot(&model.layers[1].weights) + 0.1).mapv(f64::exp);
            let expected = &powers / &powers.sum_axis(Axis(1)).insert_axis(Axis(1));
            let close = |a: &Array2<f64>, b: &Array2<f64>| {
                a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
            };
            let p = model.probabilities(&x);
            assert!(close(&p, &expected) && close(&model.codes(&x), &codes), "{widths:?}");
            for rows in [0..1, 3..40, 63..66, 149..150] {
                let few = x.slice(s![rows.clone(), ..]);
                assert_eq!(model.probabilities(few), p.slice(s![rows.clone(), ..]), "{rows:?}");
            }
            assert_eq!(model.probabilities(x.slice(s![..0, ..])).dim(), (0, widths[2]));
        }
    }

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
