use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::Real;
use thiserror::Error;

use crate::minibatch::gather;

/// Samples that could not be read; the message is the source's and names the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UnreadableSamples {
    /// What the source said.
    pub message: String,
}

/// What a model learns from: n samples of d values each, in memory or elsewhere.
///
/// Passed by value, as views are: a view is samples, and so is a reference to any.
///
/// ```
/// use nn_core::Samples;
/// let data = ndarray::array![[0.0_f32, 1.0], [2.0, 3.0], [4.0, 5.0]];
/// let mut batch = ndarray::Array2::zeros((2, 2));
/// data.view().gather(&[2, 0], batch.view_mut())?;
/// assert_eq!(batch, ndarray::array![[4.0, 5.0], [0.0, 1.0]]);
/// # Ok::<(), nn_core::UnreadableSamples>(())
/// ```
pub trait Samples<F: Real>: Sync {
    /// n.
    fn n_samples(&self) -> usize;

    /// d.
    fn n_features(&self) -> usize;

    /// Copies the samples of these indices into the rows of `out`. Shapes: (n × d), b → (b × d).
    ///
    /// # Errors
    /// [`UnreadableSamples`]; `out` is then unspecified. Never of samples in memory.
    ///
    /// # Panics
    /// If `out` has another shape or a sample is out of range.
    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples>;

    /// Shows all samples in order, a block of rows at a time with the index of its first; memory
    /// does not grow with n.
    ///
    /// # Errors
    /// [`UnreadableSamples`].
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

/// Samples in a block of what is not in memory.
const BLOCK: usize = 1000;

impl<F: Real> Samples<F> for ArrayView2<'_, F> {
    fn n_samples(&self) -> usize {
        self.nrows()
    }

    fn n_features(&self) -> usize {
        self.ncols()
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples> {
        gather(*self, samples, out);
        Ok(())
    }

    fn for_each_block(
        &self,
        visit: &mut dyn FnMut(usize, ArrayView2<F>),
    ) -> Result<(), UnreadableSamples> {
        visit(0, *self);
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

    /// Sample i is [i, 2i] / 10000; those from `broken` on cannot be read.
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
    fn a_check_in_blocks_names_the_sample_and_a_failure_the_source() {
        let too_large = check_unit_interval(&Computed { n: 6_000, broken: 9_000 }, "test");
        let error = too_large.expect_err("2 · 5001 / 10000 > 1");
        assert!(matches!(error, TrainingError::OutOfRange { sample: 5_001, column: 1, .. }));
        let unreadable = check_unit_interval(&Computed { n: 6_000, broken: 1_234 }, "test");
        let message = unreadable.expect_err("not there").to_string();
        assert_eq!(message, "computed: sample 1234 is not there");
    }
}
