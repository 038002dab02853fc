//! Training samples that stay in their file.

use std::sync::Arc;

use ndarray::ArrayViewMut2;

use super::order::Order;
use super::table::Table;
use crate::contract::Scaling;
use crate::dataset::{Dataset, Origin};
use crate::error::Error;
use crate::layout::Block;
use crate::shape::ImageShape;
use crate::split_rule::SplitRule;

/// The largest number of samples in the validation or test part if the file stays on disk.
pub(crate) const MOST_HELD: usize = 10_000;

/// Training samples that stay in their file. They are scaled when read, and are bit-identical to those read
/// into memory. Clones share the open file.
#[derive(Debug, Clone)]
pub struct OnDisk {
    /// Number of samples; these are the first in `inner`.
    n_samples: usize,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: Table,
    order: Order,
    scaling: Scaling,
    /// The class of each sample, in training order.
    labels: Option<Vec<u8>>,
    origin: Origin,
}

impl OnDisk {
    /// The rows of a table in this order; `labels` are in training order.
    pub(crate) fn new(
        table: Table,
        order: Order,
        scaling: Scaling,
        labels: Option<Vec<u8>>,
        origin: Origin,
    ) -> Self {
        let n_samples = order.len();
        OnDisk { n_samples, inner: Arc::new(Inner { table, order, scaling, labels, origin }) }
    }

    /// Number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Number of values per sample.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.inner.table.n_columns()
    }

    /// The size of each image; a single row if the samples are not images.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.inner.table.shape
    }

    /// The class of each sample, if the data set has labels.
    #[must_use]
    pub fn labels(&self) -> Option<&[u8]> {
        self.inner.labels.as_deref().map(|labels| &labels[..self.n_samples])
    }

    /// The names of the classes; empty without labels.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.inner.origin.class_names
    }

    /// The kinds of the features, in order.
    #[must_use]
    pub fn layout(&self) -> &[Block] {
        &self.inner.origin.layout
    }

    /// Whether values may be missing (NaN).
    #[must_use]
    pub fn has_missing(&self) -> bool {
        self.inner.origin.has_missing
    }

    /// The name of the data set.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.origin.name
    }

    /// SHA-256, in hex, of the source of the data set.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.inner.origin.sha256
    }

    /// Number of bytes that the samples would take in memory.
    #[must_use]
    pub fn bytes_in_memory(&self) -> u64 {
        (self.n_samples as u64).saturating_mul(self.n_features() as u64).saturating_mul(4)
    }

    /// Reads the samples with these indices into the rows of `out` (number of indices × `n_features`).
    /// Allocates nothing, and may be called by several threads at once.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can no longer be read.
    ///
    /// # Panics
    /// If `out` has a different shape or an index is not below `n_samples`.
    pub fn read(&self, samples: &[usize], out: ArrayViewMut2<f32>) -> Result<(), Error> {
        let Inner { table, order, scaling, .. } = &*self.inner;
        table.read_scaled(samples.iter().map(|&sample| order.row(sample)), out, scaling)
    }

    /// Divides the samples: the first ones, which stay on disk, and the validation part, which is
    /// read into memory and holds at most 10,000 samples.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if either part would be empty; [`Error::Io`] if the file cannot be read.
    pub fn split(&self, rule: SplitRule) -> Result<(Self, Dataset), Error> {
        let n_train = rule.n_train(self.n_samples)?;
        let Inner { table, order, scaling, labels, origin } = &*self.inner;
        let end = self.n_samples.min(n_train + MOST_HELD);
        let images = scaling.rows(table, end - n_train, |i| order.row(n_train + i))?;
        let labels = labels.as_ref().map(|labels| labels[n_train..end].to_vec());
        let train = OnDisk { n_samples: n_train, inner: Arc::clone(&self.inner) };
        Ok((train, origin.dataset(images, labels)))
    }
}
