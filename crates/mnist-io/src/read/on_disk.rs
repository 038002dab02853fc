use std::sync::Arc;

use ndarray::ArrayViewMut2;

use super::in_memory;
use super::order::Order;
use super::scaling::Scaling;
use super::table::Table;
use crate::{Dataset, Error, Partition};

/// The most samples that validate or test where the set stays on disk.
pub(crate) const MOST_HELD: usize = 10_000;

/// A training part that stays in its file and is read by position; scaled as it is read, so that it
/// gives the numbers that it would give in memory, to the bit.
#[derive(Debug, Clone)]
pub struct OnDisk {
    n_samples: usize,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: Table,
    order: Order,
    scaling: Scaling,
    /// The class of each row of the table.
    labels: Option<Vec<u8>>,
    /// No samples, but all that parts have in common.
    template: Dataset,
}

impl OnDisk {
    pub(crate) fn new(
        table: Table,
        order: Order,
        scaling: Scaling,
        labels: Option<Vec<u8>>,
        template: Dataset,
    ) -> Self {
        let n_samples = order.len();
        OnDisk { n_samples, inner: Arc::new(Inner { table, order, scaling, labels, template }) }
    }

    /// The number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// The number of values of a sample.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.inner.table.n_columns()
    }

    /// Reads the samples of these indices into the rows of `out`; allocates nothing, and may be
    /// called by several threads at the same time.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read any more.
    ///
    /// # Panics
    /// If `out` has another shape or an index is not below `n_samples`.
    pub fn read(&self, samples: &[usize], mut out: ArrayViewMut2<f32>) -> Result<(), Error> {
        let Inner { table, order, scaling, .. } = &*self.inner;
        table.read(samples.iter().map(|&sample| order.row(sample)), out.view_mut())?;
        scaling.apply(out.as_slice_mut().expect("rows are contiguous"));
        Ok(())
    }

    /// Cuts as [`Splits::new`](crate::Splits::new) does: the first samples, which stay on disk, and
    /// those that validate in memory, 10,000 of them at most.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if no sample would be left on either side of the cut; a file that
    /// cannot be read.
    pub fn split(&self, partition: Partition) -> Result<(Self, Dataset), Error> {
        let n_train = partition.cut(self.n_samples)?;
        let Inner { table, order, scaling, labels, template } = &*self.inner;
        let end = self.n_samples.min(n_train + MOST_HELD);
        let rows: Vec<usize> = (n_train..end).map(|sample| order.row(sample)).collect();
        let images = in_memory(table, rows.len(), |i| rows[i], scaling)?;
        let labels = labels.as_ref().map(|labels| rows.iter().map(|&row| labels[row]).collect());
        let validation = template.part(images.into_shared(), labels);
        Ok((OnDisk { n_samples: n_train, inner: Arc::clone(&self.inner) }, validation))
    }
}
