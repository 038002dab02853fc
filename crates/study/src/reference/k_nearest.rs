//! k-nearest-neighbour classification.

use ndarray::{Array2, ArrayView2};
use stack::Labelled;

use super::neighbours::{Neighbour, nearest, vote};
use super::{Chosen, Model, filled, subset};

/// Numbers of neighbours, the default first.
const NEIGHBOURS: [usize; 9] = [5, 3, 7, 1, 9, 11, 15, 21, 31];
/// Maximum number of multiplications in the search for the neighbours of the validation set, about a quarter
/// of a minute.
const MAX_PRODUCTS: f64 = 4e11;

/// Training samples with their labels, and the number of voting neighbours.
#[derive(Debug)]
pub(super) struct KNearest {
    k: usize,
    points: Array2<f32>,
    labels: Vec<u8>,
    n_classes: usize,
}

pub(super) fn fit(train: Labelled, validation: Labelled, n_classes: usize) -> Chosen {
    let per_point = validation.x.len().max(train.x.ncols()).max(1) as f64;
    #[allow(clippy::cast_sign_loss, reason = "it is positive")]
    let n_most = (MAX_PRODUCTS / per_point).max(1000.0) as usize;
    let (x, labels) = subset::stratified(train, n_most);
    let points = filled(x.view());
    let largest = points.nrows().min(31);
    let near = nearest(largest, points.view(), filled(validation.x).view());
    let errors = |k: usize| {
        let voted = near.iter().map(|near| vote(&near[..k], &labels));
        voted.zip(validation.labels).filter(|(voted, label)| voted != *label).count()
    };
    let candidates = NEIGHBOURS.into_iter().filter(|&k| k <= largest);
    let (validation_errors, k) = candidates
        .map(|k| (errors(k), k))
        .min_by_key(|(errors, _)| *errors)
        .expect("one neighbour is a candidate");
    let n_fitted = labels.len();
    let model = KNearest { k, points, labels: labels.into_owned(), n_classes };
    Chosen {
        model: Model::Neighbours(model),
        setting: format!("k = {k}"),
        validation_errors,
        n_fitted,
        converged: None,
    }
}

impl KNearest {
    pub(super) fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let near = nearest(self.k, self.points.view(), filled(x).view());
        let mut shares = Array2::zeros((x.nrows(), self.n_classes));
        for (mut row, near) in shares.rows_mut().into_iter().zip(near) {
            for Neighbour { point, .. } in near {
                row[usize::from(self.labels[point])] += 1.0 / self.k as f32;
            }
        }
        shares
    }
}
