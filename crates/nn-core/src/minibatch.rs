use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::{Real, Stream, by_rows, times};
use rand::seq::SliceRandom;

/// Random batches that cover all samples once per epoch. The last batch may be smaller.
///
/// The order in an epoch depends only on the stream it is shuffled with, not on earlier epochs.
///
/// ```
/// use nn_core::Minibatches;
/// use numerics::{Purpose, Stream};
/// let mut batches = Minibatches::new(10, 4);
/// batches.shuffle(Stream::new(1, Purpose::new("order")).epoch(1));
/// let sizes: Vec<usize> = batches.iter().map(<[usize]>::len).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Minibatches {
    order: Vec<usize>,
    batch_size: usize,
}

impl Minibatches {
    /// Batches of samples 0..`n_samples`, in this order until they are shuffled.
    #[must_use]
    pub fn new(n_samples: usize, batch_size: usize) -> Self {
        Minibatches { order: (0..n_samples).collect(), batch_size }
    }

    /// Shuffles the samples into the order that `stream` determines.
    pub fn shuffle(&mut self, stream: Stream) {
        for (i, sample) in self.order.iter_mut().enumerate() {
            *sample = i;
        }
        self.order.shuffle(&mut stream.rng());
    }

    /// The batches, as indices of samples.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.order.chunks(self.batch_size)
    }

    /// The batch with this index.
    ///
    /// # Panics
    /// If there is no such batch.
    #[must_use]
    pub fn batch(&self, index: usize) -> &[usize] {
        let start = index * self.batch_size;
        &self.order[start..(start + self.batch_size).min(self.order.len())]
    }

    /// Number of samples in an epoch.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.order.len()
    }

    /// Number of batches in an epoch.
    #[must_use]
    pub fn n_batches(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }
}

/// Copies rows `samples` of `data` into `out`. Shapes: (n × d), b → (b × d).
///
/// # Panics
/// If the shape of `out` does not fit or a sample is out of range.
pub fn gather<F: Real>(data: ArrayView2<F>, samples: &[usize], out: ArrayViewMut2<F>) {
    times::phase("gather", || {
        by_rows(samples.len(), out, |range, mut out| {
            for (mut row, &sample) in out.rows_mut().into_iter().zip(&samples[range]) {
                row.assign(&data.row(sample));
            }
        });
    });
}

/// Mean cost per sample over batches of different sizes, summed in double precision.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MeanCost {
    total: f64,
    samples: usize,
}

impl MeanCost {
    /// Adds the mean cost of a batch, weighted by its number of samples.
    pub fn add(&mut self, cost: f64, samples: usize) {
        self.total += cost * samples as f64;
        self.samples += samples;
    }

    /// The sum over all samples, and their number.
    #[must_use]
    pub(crate) fn parts(&self) -> (f64, usize) {
        (self.total, self.samples)
    }

    /// The mean of a sum over samples.
    #[must_use]
    pub(crate) fn of_parts(total: f64, samples: usize) -> Self {
        MeanCost { total, samples }
    }

    /// Number of samples added.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.samples
    }

    /// Mean over all samples added; NaN if there are none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.total / self.samples as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    const ORDER: Purpose = Purpose::new("order");

    #[test]
    fn epochs_cover_all_samples_and_do_not_depend_on_earlier_epochs() {
        let mut batches = Minibatches::new(103, 10);
        batches.shuffle(Stream::new(3, ORDER).epoch(1));
        batches.shuffle(Stream::new(3, ORDER).epoch(2));
        let second: Vec<usize> = batches.iter().flatten().copied().collect();
        let mut fresh = Minibatches::new(103, 10);
        fresh.shuffle(Stream::new(3, ORDER).epoch(2));
        assert!(fresh.iter().flatten().eq(&second));
        assert_eq!(fresh.n_batches(), 11);
        assert!(fresh.iter().enumerate().all(|(index, batch)| batch == fresh.batch(index)));
        let mut sorted = second.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..103));
        assert!(!second.is_sorted());
    }

    #[test]
    fn batches_are_weighted_by_their_size() {
        let mut cost = MeanCost::default();
        cost.add(1.0, 100);
        cost.add(4.0, 50);
        assert_eq!(cost.mean(), 2.0);
    }

    #[test]
    fn gather_takes_the_named_rows() {
        let data = ndarray::array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]];
        let mut out = ndarray::Array2::zeros((2, 2));
        gather(data.view(), &[2, 0], out.view_mut());
        assert_eq!(out, ndarray::array![[4.0, 5.0], [0.0, 1.0]]);
    }
}
