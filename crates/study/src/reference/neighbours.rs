//! Nearest neighbours by Euclidean distance.

use ndarray::{Array2, ArrayView1, ArrayView2};
use numerics::matmul_consume;

/// Error in percent of a vote of the `k` nearest `points` on the labels of `queries`; ties go to the smallest
/// label.
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

/// A point near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Row of the point.
    pub point: usize,
    /// Squared distance.
    pub squared_distance: f32,
}

/// The `k` nearest points of each query, nearest first; ties go to the first.
/// Shapes: (n × d), (m × d) → m lists of k.
///
/// A matrix product gives approximate distances, ‖q‖² − 2 q·p + ‖p‖². For the points that may be among the
/// nearest, by a bound on the rounding errors, distances are then computed from differences. So the result is
/// that of an exhaustive search. It does not depend on the number of threads.
///
/// # Panics
/// If there are fewer than `k` points, or the widths differ.
pub fn nearest(k: usize, points: ArrayView2<f32>, queries: ArrayView2<f32>) -> Vec<Vec<Neighbour>> {
    assert!(k >= 1 && points.nrows() >= k, "{k} neighbours of {} points", points.nrows());
    assert_eq!(points.ncols(), queries.ncols(), "points and queries have the same width");
    let bounds = Bounds::of(points);
    let mut found: Vec<Search> =
        (0..queries.nrows()).map(|query| Search { query, nearest: Vec::new() }).collect();
    if found.is_empty() || points.ncols() == 0 {
        let first = |point| Neighbour { point, squared_distance: 0.0 };
        return found.iter().map(|_| (0..k).map(first).collect()).collect();
    }
    matmul_consume(1.0, queries, points.t(), &mut found[..], |products, found| {
        for (products, search) in products.rows().into_iter().zip(found) {
            let query = queries.row(search.query).to_vec();
            let candidates = bounds.candidates(k, &query, products);
            search.nearest = nearest_of(k, points, &query, candidates);
        }
    });
    found.into_iter().map(|search| search.nearest).collect()
}

/// The search for the neighbours of one query.
struct Search {
    query: usize,
    nearest: Vec<Neighbour>,
}

/// Bounds on the squared distances of points, without the terms that depend on the query.
struct Bounds {
    /// (1 − ε) ‖p‖² of each point.
    low: Vec<f32>,
    /// (1 + ε) ‖p‖² of each point.
    high: Vec<f32>,
    /// The error of an approximate distance is at most ε (‖q‖² + ‖p‖²).
    epsilon: f32,
    /// The underflow error.
    tiny: f32,
    /// Whether the bounds are finite. If not, every point is a candidate.
    finite: bool,
}

impl Bounds {
    fn of(points: ArrayView2<f32>) -> Self {
        // The products, the norms and the differences of d terms each have a relative error of at most d·u
        // with u = EPSILON / 2; together they contribute less than 3 (‖q‖² + ‖p‖²).
        let epsilon = 2.0 * (points.ncols() + 16) as f32 * f32::EPSILON;
        let norms: Vec<f32> = points.rows().into_iter().map(|row| squared_norm(row)).collect();
        let scaled = |factor: f32| norms.iter().map(|norm| factor * norm).collect::<Vec<f32>>();
        let (low, high) = (scaled(1.0 - epsilon), scaled(1.0 + epsilon));
        let finite = high.iter().all(|bound| bound.is_finite());
        let tiny = 16.0 * (points.ncols() + 16) as f32 * f32::MIN_POSITIVE;
        Bounds { low, high, epsilon, tiny, finite }
    }

    /// The points that may be among the `k` nearest, in ascending order. There are at least `k`.
    fn candidates(&self, k: usize, query: &[f32], products: ArrayView1<f32>) -> Vec<usize> {
        let norm = squared_norm(query.into());
        if !self.finite || !norm.is_finite() {
            return (0..self.low.len()).collect();
        }
        let mut least: Vec<f32> = Vec::with_capacity(k + 1);
        for (high, product) in self.high.iter().zip(products) {
            let bound = high - 2.0 * product;
            if least.len() < k || bound < least[k - 1] {
                least.insert(least.partition_point(|other| *other <= bound), bound);
                least.truncate(k);
            }
        }
        let limit = least[k - 1] + 2.0 * self.epsilon * norm + self.tiny;
        let bounds = self.low.iter().zip(products).enumerate();
        bounds
            .filter(|(_, (low, product))| *low - 2.0 * *product <= limit)
            .map(|(i, _)| i)
            .collect()
    }
}

fn squared_norm(row: ArrayView1<f32>) -> f32 {
    row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() as f32
}

fn nearest_of(
    k: usize,
    points: ArrayView2<f32>,
    query: &[f32],
    candidates: Vec<usize>,
) -> Vec<Neighbour> {
    let mut best: Vec<Neighbour> = Vec::with_capacity(k + 1);
    for point in candidates {
        let row = points.row(point);
        let squared_distance = match row.as_slice() {
            Some(row) => distance(row, query),
            None => distance(&row.to_vec(), query),
        };
        if best.len() < k || squared_distance < best[k - 1].squared_distance {
            let place = best.partition_point(|other| other.squared_distance <= squared_distance);
            best.insert(place, Neighbour { point, squared_distance });
            best.truncate(k);
        }
    }
    best
}

/// Squared distance, summed in eight lanes for vectorisation.
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

/// The most frequent label of the neighbours; ties go to the smallest.
pub(super) fn vote(neighbours: &[Neighbour], labels: &[u8]) -> u8 {
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
        // The nearest neighbour of the third is the 2 at 0.2.
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

    /// Compares every distance bitwise with those of an exhaustive search.
    fn by_brute_force(
        k: usize,
        points: &Array2<f32>,
        queries: &Array2<f32>,
    ) -> Vec<Vec<Neighbour>> {
        let all = || (0..points.nrows()).collect();
        let rows = queries.rows().into_iter();
        rows.map(|query| nearest_of(k, points.view(), &query.to_vec(), all())).collect()
    }

    #[test]
    fn the_product_finds_the_neighbours_of_a_search_through_all_points() {
        // Whole numbers give many equal distances. Far from the origin the products lose most digits.
        for (shift, scale) in
            [(0.0, 1.0), (0.0, 0.37), (1000.0, 0.37), (1e6, 1.0), (0.0, 1e-20), (0.0, 1e-30)]
        {
            let value = |i: usize, j: usize| shift + scale * ((i * i * 31 + j * 17) % 13) as f32;
            let points = Array2::from_shape_fn((157, 21), |(i, j)| value(i, j));
            let queries = Array2::from_shape_fn((60, 21), |(i, j)| value(i + 3, 2 * j));
            for k in [1, 4, 157] {
                let found = nearest(k, points.view(), queries.view());
                assert_eq!(found, by_brute_force(k, &points, &queries), "{k} {shift} {scale}");
                let team = numerics::with_team(3, || nearest(k, points.view(), queries.view()));
                assert_eq!(found, team);
            }
        }
    }

    #[test]
    fn one_point_and_huge_values_have_neighbours() {
        let points = array![[1e30_f32, 0.0]];
        let found = nearest(1, points.view(), array![[1e30_f32, 1.0]].view());
        assert_eq!(found, [[Neighbour { point: 0, squared_distance: 1.0 }]]);
        assert!(nearest(1, points.view(), Array2::zeros((0, 2)).view()).is_empty());
    }
}
