//! How well classes are told apart by nearness alone.

use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

/// The share of `queries`, in per cent, whose label is not the one that most of their `k` nearest
/// `points` have (Euclidean distance; of equals the smallest label).
///
/// # Panics
/// If there are not as many labels as rows, or fewer than `k` points.
pub(crate) fn error_pct(
    k: usize,
    (points, labels): (&Array2<f32>, &[u8]),
    (queries, truth): (&Array2<f32>, &[u8]),
) -> f64 {
    assert!(points.nrows() == labels.len() && queries.nrows() == truth.len());
    assert!(k >= 1 && points.nrows() >= k, "{k} neighbours of {} points", points.nrows());
    let wrong = (0..queries.nrows())
        .into_par_iter()
        .filter(|&i| vote(&nearest(k, points, queries.row(i)), labels) != truth[i])
        .count();
    100.0 * wrong as f64 / queries.nrows() as f64
}

/// The `k` nearest points, the first of equals.
fn nearest(k: usize, points: &Array2<f32>, query: ArrayView1<f32>) -> Vec<usize> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(k + 1);
    for (i, point) in points.rows().into_iter().enumerate() {
        let distance = point.iter().zip(query).map(|(p, q)| (p - q) * (p - q)).sum::<f32>();
        if best.len() < k || distance < best[k - 1].0 {
            let place = best.partition_point(|&(other, _)| other <= distance);
            best.insert(place, (distance, i));
            best.truncate(k);
        }
    }
    best.into_iter().map(|(_, i)| i).collect()
}

fn vote(neighbours: &[usize], labels: &[u8]) -> u8 {
    let mut votes = [0_usize; 256];
    for &i in neighbours {
        votes[usize::from(labels[i])] += 1;
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
}
