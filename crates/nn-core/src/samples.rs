use ndarray::{Array2, ArrayBase, ArrayView2, ArrayViewMut2, Data, Ix2, s};
use numerics::Real;
use thiserror::Error;

use crate::minibatch::gather;

/// Samples could not be read. The message comes from their source and names the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnreadableSamples {
    /// Message of the source.
    pub message: String,
}

/// Training data: n samples of d values each, in memory or elsewhere.
///
/// Every two-dimensional array implements this trait, whether owned, shared or a view, and so does a
/// reference to any implementation. Functions take `impl Samples<F>` by value: pass `&array` or
/// `array.view()`.
///
/// ```
/// use nn_core::Samples;
/// let data = ndarray::array![[0.0_f32, 1.0], [2.0, 3.0], [4.0, 5.0]];
/// let mut batch = ndarray::Array2::zeros((2, 2));
/// data.gather(&[2, 0], batch.view_mut())?;
/// assert_eq!(batch, ndarray::array![[4.0, 5.0], [0.0, 1.0]]);
/// # Ok::<(), nn_core::UnreadableSamples>(())
/// ```
pub trait Samples<F: Real>: Sync {
    /// Number of samples n.
    fn n_samples(&self) -> usize;

    /// Number of values d per sample.
    fn n_features(&self) -> usize;

    /// Copies the samples with these indices into the rows of `out`. Shapes: (n × d), b → (b × d).
    ///
    /// # Errors
    /// [`UnreadableSamples`], which never occurs for samples in memory. The content of `out` is then
    /// unspecified.
    ///
    /// # Panics
    /// If the shape of `out` does not fit or a sample is out of range.
    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples>;

    /// Calls `visit` with blocks of consecutive samples and the index of each block's first sample.
    /// Samples that are not in memory are read one block at a time.
    ///
    /// # Errors
    /// [`UnreadableSamples`] if the source of the samples fails.
    fn for_each_block(
        &self,
        visit: &mut dyn FnMut(usize, ArrayView2<F>),
    ) -> Result<(), UnreadableSamples> {
        let n = self.n_samples();
        let mut block = Array2::zeros((n.min(BLOCK), self.n_features()));
        let mut indices = Vec::with_capacity(block.nrows());
        for first in (0..n).step_by(BLOCK) {
            indices.clear();
            indices.extend(first..n.min(first + BLOCK));
            self.gather(&indices, block.slice_mut(s![..indices.len(), ..]))?;
            visit(first, block.slice(s![..indices.len(), ..]));
        }
        Ok(())
    }
}

/// Number of samples per block when they are not in memory.
const BLOCK: usize = 1000;

impl<F: Real, S: Data<Elem = F> + Sync> Samples<F> for ArrayBase<S, Ix2> {
    fn n_samples(&self) -> usize {
        self.nrows()
    }

    fn n_features(&self) -> usize {
        self.ncols()
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples> {
        gather(self.view(), samples, out);
        Ok(())
    }

    fn for_each_block(
        &self,
        visit: &mut dyn FnMut(usize, ArrayView2<F>),
    ) -> Result<(), UnreadableSamples> {
        visit(0, self.view());
        Ok(())
    }
}

impl<F: Real, S: Samples<F> + ?Sized> Samples<F> for &S {
    fn n_samples(&self) -> usize {
        (**self).n_samples()
    }

    fn n_features(&self) -> usize {
        (**self).n_features()
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples> {
        (**self).gather(samples, out)
    }

    fn for_each_block(
        &self,
        visit: &mut dyn FnMut(usize, ArrayView2<F>),
    ) -> Result<(), UnreadableSamples> {
        (**self).for_each_block(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TrainingError, check_unit_interval};

    /// Sample i is [i, 2i] / 10000. Samples from `broken` on cannot be read.
    struct Computed {
        n: usize,
        broken: usize,
    }

    impl Samples<f64> for Computed {
        fn n_samples(&self) -> usize {
            self.n
        }

        fn n_features(&self) -> usize {
            2
        }

        fn gather(
            &self,
            samples: &[usize],
            mut out: ArrayViewMut2<f64>,
        ) -> Result<(), UnreadableSamples> {
            for (mut row, &sample) in out.rows_mut().into_iter().zip(samples) {
                if sample >= self.broken {
                    let message = format!("computed: sample {sample} is not there");
                    return Err(UnreadableSamples { message });
                }
                row[0] = sample as f64 / 10_000.0;
                row[1] = 2.0 * row[0];
            }
            Ok(())
        }
    }

    #[test]
    fn arrays_of_every_kind_and_references_are_samples() {
        fn shape(samples: impl Samples<f32>) -> (usize, usize) {
            (samples.n_samples(), samples.n_features())
        }
        let owned = Array2::<f32>::zeros((3, 2));
        assert_eq!(shape(&owned), (3, 2));
        assert_eq!(shape(owned.view()), (3, 2));
        assert_eq!(shape(owned.to_shared()), (3, 2));
        assert_eq!(shape(owned), (3, 2));
    }

    #[test]
    fn blocks_cover_all_samples_in_order() {
        let mut seen: Vec<f64> = Vec::new();
        let whole = Computed { n: 2_345, broken: usize::MAX };
        whole
            .for_each_block(&mut |first, block| {
                assert_eq!(first, seen.len());
                seen.extend(block.column(0));
            })
            .expect("all are there");
        assert!(seen.into_iter().eq((0..2_345).map(|i| f64::from(i) / 10_000.0)));
    }

    #[test]
    fn range_checks_name_the_sample_and_pass_on_read_errors() {
        let too_large = check_unit_interval(&Computed { n: 6_000, broken: 9_000 }, "test");
        let error = too_large.expect_err("2 · 5001 / 10000 > 1");
        assert!(matches!(error, TrainingError::OutOfRange { sample: 5_001, column: 1, .. }));
        let unreadable = check_unit_interval(&Computed { n: 6_000, broken: 1_234 }, "test");
        let message = unreadable.expect_err("not there").to_string();
        assert_eq!(message, "computed: sample 1234 is not there");
    }
}
