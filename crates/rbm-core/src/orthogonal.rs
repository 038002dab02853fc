//! Weight matrices with orthogonal columns, or orthogonal rows if there are fewer rows.

use ndarray::Array2;
use nn_core::normal;
use numerics::Real;

/// A matrix whose columns or rows, whichever are fewer, are orthogonal, and whose elements have standard
/// deviation `std`. Normal draws are orthogonalised by the Gram–Schmidt process, run twice against
/// rounding errors (Giraud et al. 2005).
pub(crate) fn orthogonal<F: Real>(
    (rows, columns): (usize, usize),
    std: f64,
    rng: &mut impl rand::Rng,
) -> Array2<F> {
    let (few, many) = (rows.min(columns), rows.max(columns));
    let mut vectors: Array2<f64> = normal((few, many), 1.0, rng);
    for i in 0..few {
        let (before, mut rest) = vectors.view_mut().split_at(ndarray::Axis(0), i);
        let mut vector = rest.row_mut(0);
        for _ in 0..2 {
            for other in before.rows() {
                let overlap = other.dot(&vector);
                vector.scaled_add(-overlap, &other);
            }
            let norm = vector.dot(&vector).sqrt();
            vector /= norm;
        }
    }
    // The elements of a unit vector of length `many` have the standard deviation 1 / √many.
    let scale = std * (many as f64).sqrt();
    let scaled = vectors.mapv(|x| F::of(scale * x));
    if rows < columns { scaled } else { scaled.reversed_axes().as_standard_layout().into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::{Purpose, Stream};

    #[test]
    fn the_shorter_side_is_orthogonal_and_of_the_right_size() {
        for shape in [(40, 25), (25, 40), (30, 30)] {
            let mut rng = Stream::new(1, Purpose::new("test")).rng();
            let w: Array2<f64> = orthogonal(shape, 0.1, &mut rng);
            assert_eq!(w.dim(), shape);
            assert!(w.is_standard_layout());
            let gram = if shape.0 < shape.1 { w.dot(&w.t()) } else { w.t().dot(&w) };
            let length = 0.01 * shape.0.max(shape.1) as f64;
            for ((i, j), &g) in gram.indexed_iter() {
                let expected = if i == j { length } else { 0.0 };
                assert!((g - expected).abs() < 1e-12, "{shape:?}: {i}, {j}: {g}");
            }
        }
    }
}
