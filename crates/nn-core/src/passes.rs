//! The three passes of one layer: forward, backward, and the gradient of its weights and biases. Each
//! has one case per kind of [`Connection`].

use ndarray::{ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Split, convolution_gradient, convolve, convolve_transposed, matmul_then};

use crate::pooling::{average, max_pool};
use crate::trace::{Trace, TraceRows};
use crate::{Connection, Convolution, Layer, LayerView, Pooling};

/// Whether the layer averages its maps, so that its activation comes before pooling.
fn averages(connection: Connection) -> bool {
    matches!(connection, Connection::Convolution(Convolution { pool: Pooling::Whole(_), .. }))
}

/// The row of a sample as a slice.
fn row<'a, F>(rows: &ArrayView2<'a, F>, sample: usize) -> &'a [F] {
    rows.slice_move(s![sample, ..]).to_slice().expect("rows are contiguous")
}

/// The only row of a part of an output.
fn only_row<F>(rows: ArrayViewMut2<'_, F>) -> &mut [F] {
    rows.into_slice().expect("rows are contiguous")
}

impl<F: Real> LayerView<'_, F> {
    /// Writes the outputs into `out` and calls `select` with the index and the outputs of each sample.
    pub(crate) fn forward_traced(
        &self,
        x: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        trace: TraceRows<F>,
        select: impl Fn(usize, &mut [F]) + Sync,
    ) {
        let bias = self.bias.as_slice().expect("a bias is contiguous");
        let (unit, full) = (self.activation, self.connection == Connection::Full);
        let done = averages(self.connection);
        self.products_then(x, out, trace, (), |sample, row, ()| {
            if full {
                unit.apply_with_bias(bias, row);
            } else if !done {
                unit.apply_with_shared_bias(bias, row);
            }
            select(sample, row);
        });
    }

    /// Writes the total inputs without bias into `out`, after max-pooling (a layer that averages writes
    /// its outputs), and calls `finish` with the index, the row and the row of `outputs` of each sample.
    pub(crate) fn products_then<S: Split>(
        &self,
        x: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        trace: TraceRows<F>,
        outputs: S,
        finish: impl Fn(usize, &mut [F], S) + Sync,
    ) {
        match &self.connection {
            Connection::Full => {
                matmul_then(x, self.weights, out, outputs, |samples, mut out, outputs| {
                    let mut rest = outputs;
                    for (sample, mut row) in samples.zip(out.rows_mut()) {
                        let (output, after) = rest.split_rows(1);
                        rest = after;
                        finish(sample, row.as_slice_mut().expect("rows are contiguous"), output);
                    }
                });
            }
            Connection::Convolution(convolution) => {
                let outputs = (out, trace, outputs);
                let patches = convolution.patches();
                convolve(&patches, x, self.weights, outputs, |sample, maps, outputs| {
                    let (out, trace, output) = outputs;
                    let out = only_row(out);
                    self.pool(convolution, maps, trace, out);
                    finish(sample, out, output);
                });
            }
            Connection::Transposed(convolution) => {
                let fill = |sample: usize, maps: &mut [F]| maps.copy_from_slice(row(&x, sample));
                let patches = convolution.patches();
                convolve_transposed(&patches, fill, self.weights, out, outputs, finish);
            }
        }
    }

    /// Pools the total inputs `maps` (positions × maps) of one sample.
    fn pool(&self, convolution: &Convolution, maps: &mut [F], trace: TraceRows<F>, out: &mut [F]) {
        match convolution.pool {
            Pooling::Max(1) => out.copy_from_slice(maps),
            Pooling::Max(side) => {
                max_pool((convolution, side), maps, out, trace.places.map(only_row));
            }
            Pooling::Whole(_) => {
                let bias = self.bias.as_slice().expect("a bias is contiguous");
                self.activation.apply_with_shared_bias(bias, maps);
                average(maps, out);
                if let Some(unpooled) = trace.unpooled {
                    only_row(unpooled).copy_from_slice(maps);
                }
            }
        }
    }

    /// Writes the derivatives with respect to the layer's inputs into `out`, given the derivatives δ of its
    /// total inputs, and calls `finish` with the index and the row of each sample.
    pub(crate) fn backward_then(
        &self,
        delta: ArrayView2<F>,
        trace: &Trace<F>,
        out: ArrayViewMut2<F>,
        finish: impl Fn(usize, &mut [F]) + Sync,
    ) {
        let weights = self.weights.reversed_axes();
        match &self.connection {
            Connection::Full => {
                matmul_then(delta, weights, out, (), |samples, mut out, ()| {
                    for (sample, mut row) in samples.zip(out.rows_mut()) {
                        finish(sample, row.as_slice_mut().expect("rows are contiguous"));
                    }
                });
            }
            Connection::Convolution(convolution) => {
                let fill = |sample: usize, maps: &mut [F]| {
                    trace.unpool(convolution, sample, row(&delta, sample), maps);
                };
                let finish = |sample, row: &mut [F], ()| finish(sample, row);
                convolve_transposed(&convolution.patches(), fill, weights, out, (), finish);
            }
            Connection::Transposed(convolution) => {
                convolve(&convolution.patches(), delta, weights, out, |sample, maps, out| {
                    let out = only_row(out);
                    out.copy_from_slice(maps);
                    finish(sample, out);
                });
            }
        }
    }

    /// Whether δ of the layer's pooled outputs is that of its total inputs only after
    /// [`Trace::spread`], instead of a multiplication by f′.
    pub(crate) fn averages(&self) -> bool {
        averages(self.connection)
    }
}

impl<F: Real> Layer<F> {
    /// Writes `scale` · the gradient of a layer's weights into `weights`, where `x` are the layer's inputs
    /// and `delta` the derivatives of its total inputs. For a fully connected layer it is `scale` · xᵀ δ.
    pub(crate) fn set_weights_gradient(
        &mut self,
        scale: F,
        x: ArrayView2<F>,
        delta: ArrayView2<F>,
        trace: &Trace<F>,
    ) {
        let weights = self.weights.view_mut();
        match &self.connection {
            Connection::Full => numerics::matmul_scaled(scale, x.t(), delta, F::zero(), weights),
            Connection::Convolution(convolution) => {
                let fill = |sample: usize, maps: &mut [F]| {
                    trace.unpool(convolution, sample, row(&delta, sample), maps);
                };
                let weights = weights.reversed_axes();
                convolution_gradient(&convolution.patches(), scale, x, fill, weights);
            }
            Connection::Transposed(convolution) => {
                let fill = |sample: usize, maps: &mut [F]| maps.copy_from_slice(row(&x, sample));
                convolution_gradient(&convolution.patches(), scale, delta, fill, weights);
            }
        }
    }

    /// Writes `scale` · Σ δ, summed over samples and positions, into `bias`.
    pub(crate) fn set_bias_gradient(&mut self, scale: F, delta: ArrayView2<F>, trace: &Trace<F>) {
        if self.connection == Connection::Full {
            numerics::column_sums(scale, delta, self.bias.view_mut());
            return;
        }
        let bias = self.bias.as_slice_mut().expect("a bias is contiguous");
        match trace {
            Trace::Unpooled(values) => {
                numerics::part_sums(scale, values.slice(s![..delta.nrows(), ..]), bias);
            }
            Trace::None | Trace::Places(_) => numerics::part_sums(scale, delta, bias),
        }
    }
}
