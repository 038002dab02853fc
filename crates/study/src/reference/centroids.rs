//! Nearest-centroid classification, which is accurate if each class forms one cluster apart from the others.

use ndarray::{Array2, ArrayView2, Axis};

/// Error in percent of assigning each of the `queries` to the class whose `points` have the nearest mean, by
/// Euclidean distance; ties go to the first.
///
/// # Panics
/// If labels and rows differ in number, or there are no points.
pub fn error_pct(
    (points, labels): (ArrayView2<f32>, &[u8]),
    (queries, truth): (ArrayView2<f32>, &[u8]),
) -> f64 {
    assert!(points.nrows() == labels.len() && queries.nrows() == truth.len());
    let (classes, means) = class_means(points, labels);
    // ‖q − μ‖² is least where q·μ − ‖μ‖² / 2 is greatest.
    let halves = means.map_axis(Axis(1), |mean| mean.dot(&mean) / 2.0);
    let scores = queries.dot(&means.t()) - &halves;
    let predicted = scores.rows().into_iter().map(|row| classes[numerics::argmax(&row.to_vec())]);
    let wrong = predicted.zip(truth).filter(|(found, truth)| found != *truth).count();
    100.0 * wrong as f64 / queries.nrows() as f64
}

/// The classes that occur, in order, and the mean of each class's points. Shapes: (n × d) → (classes × d).
fn class_means(points: ArrayView2<f32>, labels: &[u8]) -> (Vec<u8>, Array2<f32>) {
    let mut classes = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let mut sums = Array2::<f64>::zeros((classes.len(), points.ncols()));
    let mut counts = vec![0.0; classes.len()];
    for (point, label) in points.rows().into_iter().zip(labels) {
        let place = classes.binary_search(label).expect("the class of a point is listed");
        sums.row_mut(place).zip_mut_with(&point, |sum, &x| *sum += f64::from(x));
        counts[place] += 1.0;
    }
    for (mut sum, count) in sums.rows_mut().into_iter().zip(counts) {
        sum /= count;
    }
    (classes, sums.mapv(|value| value as f32))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn queries_get_the_class_of_the_nearest_mean() {
        // The means are (0, 0) and (4, 2); class 1 has no point.
        let points = array![[-1.0_f32, 0.0], [1.0, 0.0], [4.0, 1.0], [4.0, 3.0]];
        let queries = array![[0.5_f32, 1.0], [3.0, 2.0], [1.9, 0.9], [2.1, 1.1]];
        let error =
            |truth: &[u8]| error_pct((points.view(), &[0, 0, 2, 2]), (queries.view(), truth));
        assert_eq!(error(&[0, 2, 0, 2]), 0.0);
        assert_eq!(error(&[0, 2, 0, 1]), 25.0);
        assert_eq!(error(&[2, 0, 2, 0]), 100.0);
    }
}
