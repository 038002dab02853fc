use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Split, by_rows};

use crate::pooling::max_unpool;
use crate::{Activation, Connection, Convolution, Pooling};

/// The state of a layer's pooling in a forward pass, which the backward pass needs.
#[derive(Debug, Clone)]
pub(crate) enum Trace<F> {
    /// Nothing: the layer does not pool.
    None,
    /// The position of the maximum in each window. Shape: batch × outputs.
    Places(Array2<u8>),
    /// The outputs before they are averaged, and after the backward pass the derivatives δ of their total
    /// inputs. Shape: batch × (positions · maps).
    Unpooled(Array2<F>),
}

/// The rows of a [`Trace`] for a batch.
pub(crate) struct TraceRows<'a, F> {
    pub(crate) places: Option<ArrayViewMut2<'a, u8>>,
    pub(crate) unpooled: Option<ArrayViewMut2<'a, F>>,
}

impl<F> Default for TraceRows<'_, F> {
    /// No trace, for passes that are not followed by a backward pass.
    fn default() -> Self {
        TraceRows { places: None, unpooled: None }
    }
}

impl<F: Send> Split for TraceRows<'_, F> {
    fn n_rows(&self) -> Option<usize> {
        self.places.n_rows().or(self.unpooled.n_rows())
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        let (places, later_places) = self.places.split_rows(index);
        let (unpooled, later_unpooled) = self.unpooled.split_rows(index);
        let later = TraceRows { places: later_places, unpooled: later_unpooled };
        (TraceRows { places, unpooled }, later)
    }
}

impl<F: Real> Trace<F> {
    /// The trace of a layer with this connection for batches of up to `batch_size` samples.
    pub(crate) fn new(connection: Connection, batch_size: usize) -> Self {
        let Connection::Convolution(convolution) = connection else { return Trace::None };
        match convolution.pool {
            Pooling::Max(1) => Trace::None,
            Pooling::Max(_) => Trace::Places(Array2::zeros((batch_size, convolution.n_outputs()))),
            Pooling::Whole(_) => {
                let n = convolution.patches().positions() * convolution.maps;
                Trace::Unpooled(Array2::zeros((batch_size, n)))
            }
        }
    }

    /// The rows of the first `n` samples.
    pub(crate) fn rows_mut(&mut self, n: usize) -> TraceRows<'_, F> {
        let mut rows = TraceRows::default();
        match self {
            Trace::None => (),
            Trace::Places(places) => rows.places = Some(places.slice_mut(s![..n, ..])),
            Trace::Unpooled(values) => rows.unpooled = Some(values.slice_mut(s![..n, ..])),
        }
        rows
    }

    /// For a layer that averages, replaces the outputs before the average by the derivatives of their total
    /// inputs, given the derivatives `delta` of the averages. Shape: batch × maps.
    pub(crate) fn spread(&mut self, unit: Activation, delta: ArrayView2<F>) {
        let Trace::Unpooled(values) = self else { return };
        let positions = F::of((values.ncols() / delta.ncols()) as f64);
        let values = values.slice_mut(s![..delta.nrows(), ..]);
        by_rows(delta.nrows(), values, |rows, mut values| {
            for (mut values, delta) in
                values.rows_mut().into_iter().zip(delta.slice(s![rows, ..]).rows())
            {
                let values = values.as_slice_mut().expect("rows are contiguous");
                let delta = delta.to_slice().expect("rows are contiguous");
                for position in values.chunks_exact_mut(delta.len()) {
                    unit.replace_by_derivative(delta, position, |delta, slope| {
                        delta * slope / positions
                    });
                }
            }
        });
    }

    /// Writes the derivatives of one sample's total inputs at all positions (positions × maps) into `maps`,
    /// given those of the pooled ones.
    pub(crate) fn unpool(
        &self,
        convolution: &Convolution,
        sample: usize,
        delta: &[F],
        maps: &mut [F],
    ) {
        match (self, convolution.pool) {
            (Trace::Places(places), Pooling::Max(side)) => {
                let places = places.row(sample).to_slice().expect("rows are contiguous");
                max_unpool((convolution, side), delta, places, maps);
            }
            (Trace::Unpooled(values), _) => {
                maps.copy_from_slice(values.row(sample).to_slice().expect("rows are contiguous"));
            }
            _ => maps.copy_from_slice(delta),
        }
    }
}
