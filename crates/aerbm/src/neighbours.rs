//! Nearest neighbours by Euclidean distance.

use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// Error in percent of a vote of the `k` nearest `points` on the labels of `queries`; of equally frequent
/// labels the smallest wins.
///
/// # Panics
/// If labels and rows differ in number, or there are fewer than `k` points.
pub fn error_pct(
    k: usize,
    (points, labels): (&Array2<f32>, &[u8]),
    (queries, truth): (&Array2<f32>, &[u8]),
) -> f64 {
    assert!(points.nrows() == labels.len() && queries.nrows() == truth.len());
    let nearest = nearest(k, points.view(), queries.view());
    let wrong = nearest.iter().zip(truth).filter(|(of, truth)| vote(of, labels) != **truth);
    100.0 * wrong.count() as f64 / queries.nrows() as f64
}

/// A point that is near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Row of the point.
    pub point: usize,
    /// Squared distance.
    pub squared_distance: f32,
}

/// The `k` nearest points of each query, nearest first; of equally near ones the first.
/// Shapes: (n × d), (m × d) → m lists of k.
///
/// # Panics
/// If there are fewer than `k` points, or the widths differ.
pub fn nearest(k: usize, points: ArrayView2<f32>, queries: ArrayView2<f32>) -> Vec<Vec<Neighbour>> {
    assert!(k >= 1 && points.nrows() >= k, "{k} neighbours of {} points", points.nrows());
    assert_eq!(points.ncols(), queries.ncols(), "points and queries have the same width");
    (0..queries.nrows()).into_par_iter().map(|i| nearest_of(k, points, queries.row(i))).collect()
}

fn nearest_of(k: usize, points: ArrayView2<f32>, query: ArrayView1<f32>) -> Vec<Neighbour> {
    let query = query.to_vec();
    let mut best: Vec<Neighbour> = Vec::with_capacity(k + 1);
    for (point, row) in points.rows().into_iter().enumerate() {
        let squared_distance = match row.as_slice() {
            Some(row) => distance(row, &query),
            None => distance(&row.to_vec(), &query),
        };
        if best.len() < k || squared_distance < best[k - 1].squared_distance {
            let place = best.partition_point(|other| other.squared_distance <= squared_distance);
            best.insert(place, Neighbour { point, squared_distance });
            best.truncate(k);
        }
    }
    best
}

/// Squared distance, summed in eight lanes so that it is vectorised.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += (a - b) * (a - b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    lanes.iter().sum::<f32>() + rest
}

fn vote(neighbours: &[Neighbour], labels: &[u8]) -> u8 {
    let mut votes = [0_usize; 256];
    for neighbour in neighbours {
        votes[usize::from(labels[neighbour.point])] += 1;
    }
    let most = votes.iter().max().copied().unwrap_or_default();
    (0..=u8::MAX).find(|&label| votes[usize::from(label)] == most).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_majority_of_the_nearest_decides() {
        let points = array![[0.0_f32, 0.0], [0.1, 0.0], [0.2, 0.0], [5.0, 5.0], [5.1, 5.0]];
        let labels = [1, 1, 2, 2, 2];
        let queries = array![[0.05_f32, 0.0], [5.0, 5.1], [0.3, 0.0]];
        let error = |k, truth: &[u8]| error_pct(k, (&points, &labels), (&queries, truth));
        assert_eq!(error(3, &[1, 2, 1]), 0.0);
        // The nearest alone of the third is the 2 at 0.2.
        assert_eq!(error(1, &[1, 2, 2]), 0.0);
        assert!((error(3, &[2, 2, 2]) - 200.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn wide_rows_have_the_distance_of_a_plain_loop() {
        let points = Array2::from_shape_fn((5, 19), |(i, j)| ((i * 7 + j * 5) % 11) as f32 / 11.0);
        let query = points.row(3).to_owned() + 0.25;
        let found = nearest(2, points.view(), query.view().insert_axis(ndarray::Axis(0)));
        let plain = |i: usize| {
            let pairs = points.row(i).into_iter().zip(&query);
            pairs.map(|(p, q)| f64::from(p - q).powi(2)).sum::<f64>()
        };
        let least = (0..5).map(plain).fold(f64::INFINITY, f64::min);
        let first = found[0][0];
        assert!((f64::from(first.squared_distance) - least).abs() < 1e-5);
        assert!((plain(first.point) - least).abs() < 1e-5);
        assert!(found[0][1].squared_distance >= first.squared_distance);
    }
}
