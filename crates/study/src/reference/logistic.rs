//! Multinomial logistic regression.

use ndarray::{Array1, Array2, ArrayView2};
use numerics::{by_rows, log_sum_exp, matmul};
use stack::Labelled;

use super::lbfgs::{Minimum, minimise};
use super::{Chosen, Convergence, Model, better, filled, quality, subset};

/// Inverse penalties, from strong to weak regularisation; each fit starts from the previous one.
const INVERSE_PENALTIES: [f64; 6] = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0];
/// Largest component of the gradient at convergence.
const TOLERANCE: f64 = 1e-4;
/// Maximum number of multiplications in the search for C, and the same again for a fit to all samples; they
/// bound the time. They are slow, since a matrix with few columns is multiplied.
const MAX_PRODUCTS: f64 = 5e10;
/// Number of iterations that usually suffice.
const USUAL_ITERATIONS: f64 = 100.0;

/// Weights, features × classes, and a bias of each class.
#[derive(Debug, Clone)]
pub(super) struct Logistic {
    weights: Array2<f32>,
    bias: Array1<f32>,
}

/// Minimises the mean of −ln p(label | x) plus ‖W‖² / (2 C n) for each inverse penalty C, where n is the
/// number of samples. For three or more classes, the objective is scikit-learn's.
///
/// With very many samples, C is chosen on a part of them, and the fit to all of them starts from the solution
/// for that part.
pub(super) fn fit(train: Labelled, validation: Labelled, n_classes: usize) -> Chosen {
    let per_sample = 2.0 * ((train.x.ncols() + 1) * n_classes) as f64;
    let per_fit = MAX_PRODUCTS / per_sample / INVERSE_PENALTIES.len() as f64;
    let n_most = whole(per_fit / USUAL_ITERATIONS).max(1000);
    let (x, labels) = subset::stratified(train, n_most);
    let x_validation = filled(validation.x);
    let quality_of = |model: &Logistic| {
        quality(model.probabilities(x_validation.view()).view(), validation.labels)
    };
    let d = x.ncols();

    let x = filled(x.view());
    let mut objective = Objective::new(x.view(), &labels, n_classes);
    let max_iterations = whole(per_fit / labels.len() as f64).clamp(20, 1000);
    let mut start = vec![0.0; (d + 1) * n_classes];
    let mut best: Option<((usize, f64), f64, Minimum)> = None;
    for inverse in INVERSE_PENALTIES {
        let found = objective.minimum(start.clone(), inverse, max_iterations);
        start.clone_from(&found.point);
        let found_quality = quality_of(&Logistic::of(&start, d, n_classes));
        // Without validation samples the quality is always the same, and C = 1 is the default.
        let usual = validation.labels.is_empty() && inverse <= 1.0;
        if usual || best.as_ref().is_none_or(|(quality, ..)| better(found_quality, *quality)) {
            best = Some((found_quality, inverse, found));
        }
    }
    let (_, inverse, mut found) = best.expect("there are penalties");

    if labels.len() < train.labels.len() {
        let x = filled(train.x);
        let max_iterations = whole(MAX_PRODUCTS / per_sample / x.nrows() as f64).clamp(20, 1000);
        let mut objective = Objective::new(x.view(), train.labels, n_classes);
        found = objective.minimum(found.point, inverse, max_iterations);
    }
    let Minimum { point, gradient, iterations, converged } = found;
    let model = Logistic::of(&point, d, n_classes);
    Chosen {
        validation_errors: quality_of(&model).0,
        model: Model::Logistic(model),
        setting: format!("C = {inverse}"),
        n_fitted: train.labels.len(),
        converged: Some(Convergence { converged, iterations, gradient }),
    }
}

#[allow(clippy::cast_sign_loss, reason = "a cast from float saturates, and counts are positive")]
fn whole(count: f64) -> usize {
    count as usize
}

impl Logistic {
    /// Unpacks the weights (row by row) followed by the biases.
    fn of(theta: &[f64], d: usize, n_classes: usize) -> Self {
        Logistic {
            weights: Array2::from_shape_fn((d, n_classes), |(i, c)| {
                theta[i * n_classes + c] as f32
            }),
            bias: theta[d * n_classes..].iter().map(|b| *b as f32).collect(),
        }
    }

    pub(super) fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut logits = Array2::zeros((x.nrows(), self.bias.len()));
        if x.nrows() == 0 {
            return logits;
        }
        matmul(filled(x).view(), self.weights.view(), logits.view_mut());
        for mut row in logits.rows_mut() {
            row += &self.bias;
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.mapv_inplace(|logit| (logit - largest).exp());
            let sum = row.sum();
            row /= sum;
        }
        logits
    }
}

/// The mean loss on the training samples.
struct Objective<'a> {
    x: ArrayView2<'a, f32>,
    labels: &'a [u8],
    penalty: f64,
    /// Logits and then their gradients, samples × classes.
    deltas: Array2<f32>,
    losses: Vec<f64>,
    weight_gradient: Array2<f32>,
}

impl<'a> Objective<'a> {
    fn new(x: ArrayView2<'a, f32>, labels: &'a [u8], n_classes: usize) -> Self {
        Objective {
            x,
            labels,
            penalty: 0.0,
            deltas: Array2::zeros((x.nrows(), n_classes)),
            losses: vec![0.0; x.nrows()],
            weight_gradient: Array2::zeros((x.ncols(), n_classes)),
        }
    }

    /// The minimum for the inverse penalty C, searched from `start`.
    fn minimum(&mut self, start: Vec<f64>, inverse: f64, max_iterations: usize) -> Minimum {
        self.penalty = 1.0 / (inverse * self.labels.len() as f64);
        minimise(start, TOLERANCE, max_iterations, |theta, gradient| self.evaluate(theta, gradient))
    }

    /// The value at `theta`, which holds the weights, then the biases; writes the gradient.
    fn evaluate(&mut self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        let ((n, n_classes), d) = (self.deltas.dim(), self.x.ncols());
        let (weights, bias) = theta.split_at(d * n_classes);
        let model = Logistic::of(theta, d, n_classes);
        matmul(self.x, model.weights.view(), self.deltas.view_mut());
        let outputs = (self.deltas.view_mut(), &mut self.losses[..]);
        by_rows(n, outputs, |rows, (mut deltas, losses)| {
            let mut logits = vec![0.0; n_classes];
            let samples = deltas.rows_mut().into_iter().zip(losses).zip(&self.labels[rows]);
            for ((mut deltas, loss), label) in samples {
                for ((logit, delta), bias) in logits.iter_mut().zip(&deltas).zip(bias) {
                    *logit = f64::from(*delta) + bias;
                }
                let (label, total) = (usize::from(*label), log_sum_exp(&logits));
                *loss = total - logits[label];
                for (delta, logit) in deltas.iter_mut().zip(&logits) {
                    *delta = (logit - total).exp() as f32;
                }
                deltas[label] -= 1.0;
            }
        });
        matmul(self.x.t(), self.deltas.view(), self.weight_gradient.view_mut());

        let (weight_gradient, bias_gradient) = gradient.split_at_mut(d * n_classes);
        for ((g, sum), w) in weight_gradient.iter_mut().zip(&self.weight_gradient).zip(weights) {
            *g = f64::from(*sum) / n as f64 + self.penalty * w;
        }
        bias_gradient.fill(0.0);
        for row in self.deltas.rows() {
            for (g, delta) in bias_gradient.iter_mut().zip(row) {
                *g += f64::from(*delta) / n as f64;
            }
        }
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        self.losses.iter().sum::<f64>() / n as f64 + 0.5 * self.penalty * squares
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn gradient_agrees_with_differences_and_the_minimum_with_scikit_learn() {
        let x =
            array![[0.5_f32, -1.0], [1.5, 0.3], [-0.7, 0.8], [0.1, 0.2], [-1.2, -0.4], [0.9, 1.1]];
        let labels = [0, 1, 2, 0, 2, 1];
        let mut objective = Objective::new(x.view(), &labels, 3);
        objective.penalty = 1.0 / 6.0;
        let theta: Vec<f64> = (0..9).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let mut gradient = vec![0.0; 9];
        objective.evaluate(&theta, &mut gradient);
        for i in 0..9 {
            let mut value = |step: f64| {
                let mut theta = theta.clone();
                theta[i] += step;
                objective.evaluate(&theta, &mut [0.0; 9])
            };
            let slope = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((slope - gradient[i]).abs() < 1e-4, "{i}: {slope} {}", gradient[i]);
        }
        // from sklearn.linear_model import LogisticRegression
        // m = LogisticRegression(C=1, tol=1e-10).fit(x, labels); print(m.coef_.T, m.intercept_)
        // The weights are rounded to f32, so gradients below 1e-6 are noise.
        let found = minimise(vec![0.0; 9], 1e-5, 100, |t, g| objective.evaluate(t, g));
        assert!(found.converged);
        for (found, expected) in found.point.iter().zip(SCIKIT_LEARN) {
            assert!((found - expected).abs() < 1e-4, "{found:?}");
        }
    }
    const SCIKIT_LEARN: [f64; 9] = [
        0.116_002_79,
        0.850_708_20,
        -0.966_710_99,
        -0.575_299_89,
        0.478_559_04,
        0.096_740_85,
        0.246_982_26,
        -0.333_904_72,
        0.086_922_45,
    ];
}
