//! Draws from normal distributions.
//!
//! The two functions differ in how they address the stream. [`normal`] draws one number after another from a
//! generator. [`with_normals`] starts each row of a matrix at its own position of the stream, so that rows
//! can be drawn in parallel and a row does not depend on the number of rows. (Gaussian units of `rbm-core`
//! have a third need, one position per element of a row, and use the Box–Muller transform of uniform numbers
//! for it.)

use ndarray::{Array2, ArrayViewMut2};
use numerics::{Real, Stream, by_rows};
use rand_distr::{Distribution, StandardNormal};

/// A matrix of draws from N(0, `std`²), row by row.
pub fn normal<F: Real>(shape: (usize, usize), std: f64, rng: &mut impl rand::Rng) -> Array2<F> {
    Array2::from_shape_simple_fn(shape, || {
        let z: f64 = StandardNormal.sample(rng);
        F::of(std * z)
    })
}

/// Row i starts at word i · 2²⁰ of the stream. A draw takes two words, rarely more.
const LOG_WORDS_PER_ROW: u32 = 20;

/// Calls `f` with each value of `x` and a draw from N(0, 1) that is determined by the stream and the
/// value's row and column. Rows are independent for up to about 500,000 columns. Allocates nothing.
pub fn with_normals<F: Real>(stream: Stream, x: ArrayViewMut2<F>, f: impl Fn(&mut F, F) + Sync) {
    by_rows(x.nrows(), x, |rows, mut x| {
        let mut rng = stream.rng();
        for (row, mut x) in rows.zip(x.rows_mut()) {
            rng.set_word_pos((row as u128) << LOG_WORDS_PER_ROW);
            for x in &mut x {
                let z: f64 = StandardNormal.sample(&mut rng);
                f(x, F::of(z));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    fn moments(draws: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let n = draws.clone().count() as f64;
        let mean = draws.clone().sum::<f64>() / n;
        (mean, draws.map(|z| (z - mean).powi(2)).sum::<f64>() / n)
    }

    /// Within five standard errors of 40,000 draws: 0.025 for the mean, 0.035 for the variance.
    #[test]
    fn both_ways_have_the_moments_of_the_normal_distribution() {
        let stream = Stream::new(1, Purpose::new("test"));
        let matrix: Array2<f64> = normal((200, 200), 1.0, &mut stream.rng());
        let mut rows = Array2::<f64>::zeros((200, 200));
        with_normals(stream, rows.view_mut(), |x, z| *x = z);
        for draws in [matrix, rows] {
            let (mean, variance) = moments(draws.iter().copied());
            assert!(mean.abs() < 0.025 && (variance - 1.0).abs() < 0.035, "{mean} {variance}");
        }
    }

    #[test]
    fn a_row_starts_at_its_own_position_of_the_stream() {
        let stream = Stream::new(1, Purpose::new("test"));
        let drawn = |n_rows, n_columns| {
            let mut out = Array2::<f64>::zeros((n_rows, n_columns));
            with_normals(stream, out.view_mut(), |x, z| *x = z);
            out
        };
        let (few, many) = (drawn(3, 5), drawn(7, 9));
        assert_eq!(few, many.slice(ndarray::s![..3, ..5]));
        assert_ne!(few.row(0), few.row(1));
    }
}
