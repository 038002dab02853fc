//! Classifiers without pretraining, for comparison with the networks.
//!
//! | reference | hyperparameters chosen on the validation set | missing values (NaN) |
//! |---|---|---|
//! | k nearest neighbours, Euclidean | k from 1 to 31 | are 0 |
//! | logistic regression with an L2 penalty | the inverse penalty C from 0.001 to 100 | are 0 |
//! | boosted trees | depth 3 or 6, 50 to 200 rounds | take the better branch of each split |
//!
//! Features are expected in the form that the networks see: categories one-hot, numbers standardised, so that
//! 0 is the mean. The classifiers are fitted to the training samples alone. Results depend only on the
//! samples and the seed, and not on the number of threads.
//!
//! ```
//! use ndarray::array;
//! use stack::Labelled;
//! use study::reference::Reference;
//!
//! let x = array![[0.0_f32], [0.1], [0.2], [0.3], [2.0], [2.1], [2.2], [2.3]];
//! let labels = [0, 0, 0, 0, 1, 1, 1, 1];
//! let samples = Labelled::new(&x, &labels);
//! let fitted = Reference::LogisticRegression.fit(samples, samples, 2, 1)?;
//! assert_eq!(fitted.predict(array![[0.15_f32], [2.15]].view())?, [0, 1]);
//! assert_eq!(fitted.validation_errors, 0);
//! # Ok::<(), study::reference::ReferenceError>(())
//! ```

use ndarray::{Array2, ArrayView2, Axis};
use numerics::argmax;
use stack::Labelled;

use self::boosting::BoostedTrees;
use self::k_nearest::KNearest;
use self::logistic::Logistic;

mod boosting;
pub mod centroids;
mod k_nearest;
mod lbfgs;
mod logistic;
pub mod neighbours;
mod subset;
#[cfg(test)]
mod tests;

/// A kind of classifier without pretraining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// The vote of the k nearest training samples, by Euclidean distance.
    NearestNeighbours,
    /// Multinomial logistic regression with an L2 penalty.
    LogisticRegression,
    /// Gradient-boosted decision trees, one ensemble for each class.
    BoostedTrees,
}

impl Reference {
    /// All kinds, in table order.
    pub const ALL: [Reference; 3] =
        [Reference::NearestNeighbours, Reference::LogisticRegression, Reference::BoostedTrees];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Reference::NearestNeighbours => "nearest-neighbours",
            Reference::LogisticRegression => "logistic-regression",
            Reference::BoostedTrees => "boosted-trees",
        }
    }

    /// The name in sentences.
    pub fn words(self) -> &'static str {
        match self {
            Reference::NearestNeighbours => "k nearest neighbours",
            Reference::LogisticRegression => "logistic regression",
            Reference::BoostedTrees => "boosted trees",
        }
    }

    /// Estimated work, in multiply-adds or equivalent time, of fitting to this many labelled samples and
    /// predicting this many others.
    pub fn multiply_adds(
        self,
        n_labels: usize,
        n_judged: usize,
        n_features: usize,
        n_classes: usize,
    ) -> f64 {
        let (n, d) = (n_labels as f64, n_features as f64);
        match self {
            Reference::NearestNeighbours => n * n_judged as f64 * d,
            // Six penalties, and about a hundred steps with two products each.
            Reference::LogisticRegression => 1200.0 * n * d * n_classes as f64,
            // Additions to histograms, whose number is bounded; each takes about as long as five
            // multiply-adds.
            Reference::BoostedTrees => {
                let additions = 900.0 * (n + 16_384.0) * 0.3 * d * n_classes as f64;
                5.0 * additions.min(2e10)
            }
        }
    }

    /// Fits a classifier for each choice of hyperparameters, and returns the one with the fewest errors on
    /// the validation set; of several, the most likely one (neighbours: the one nearest to k = 5). Without
    /// validation samples, the usual hyperparameters are used. Labels are below `n_classes`; classes may be
    /// absent.
    ///
    /// To bound the time, only a part of very large sets is used ([`FittedReference::n_fitted`]). The threads
    /// are those of the caller's team; the trees use Rayon's.
    ///
    /// # Errors
    /// [`ReferenceError`] if there are no training samples, or samples, labels and classes do not match.
    pub fn fit(
        self,
        train: Labelled,
        validation: Labelled,
        n_classes: usize,
        seed: u64,
    ) -> Result<FittedReference, ReferenceError> {
        check("train", train, n_classes)?;
        check("validation", validation, n_classes)?;
        if train.labels.is_empty() {
            return Err(ReferenceError::NoSamples);
        }
        let n_features = train.x.ncols();
        if validation.x.ncols() != n_features {
            let found = validation.x.ncols();
            return Err(ReferenceError::Width { found, expected: n_features });
        }
        let chosen = match self {
            Reference::NearestNeighbours => k_nearest::fit(train, validation, n_classes),
            Reference::LogisticRegression => logistic::fit(train, validation, n_classes),
            Reference::BoostedTrees => boosting::fit(train, validation, n_classes, seed)?,
        };
        let Chosen { model, setting, validation_errors, n_fitted, converged } = chosen;
        Ok(FittedReference {
            reference: self,
            setting,
            validation_errors,
            n_fitted,
            n_train: train.labels.len(),
            converged,
            n_features,
            model,
        })
    }
}

/// A fitted reference classifier.
#[derive(Debug)]
pub struct FittedReference {
    /// The kind of classifier.
    pub reference: Reference,
    /// The chosen hyperparameters in words, such as `k = 5`.
    pub setting: String,
    /// The number of misclassified validation samples.
    pub validation_errors: usize,
    /// The number of training samples used, a share of each class if all would take too long.
    pub n_fitted: usize,
    /// The number of training samples.
    pub n_train: usize,
    /// The iterations of logistic regression and whether they reached a gradient of at most 10⁻⁴ in every
    /// component. `None` for the other kinds, which do not iterate to convergence.
    pub converged: Option<Convergence>,
    n_features: usize,
    model: Model,
}

/// The end state of an iterative fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convergence {
    /// Whether the gradient is below the tolerance.
    pub converged: bool,
    /// The number of iterations.
    pub iterations: usize,
    /// The largest absolute component of the gradient of the mean loss at the end.
    pub gradient: f64,
}

impl FittedReference {
    /// The class probabilities, samples × classes. Those of the neighbours are shares of votes.
    ///
    /// # Errors
    /// [`ReferenceError::Width`] if the number of features differs from that of the training samples.
    pub fn probabilities(&self, x: ArrayView2<f32>) -> Result<Array2<f32>, ReferenceError> {
        if x.ncols() != self.n_features {
            return Err(ReferenceError::Width { found: x.ncols(), expected: self.n_features });
        }
        Ok(match &self.model {
            Model::Neighbours(model) => model.probabilities(x),
            Model::Logistic(model) => model.probabilities(x),
            Model::Trees(model) => model.probabilities(x),
        })
    }

    /// The most probable class of each sample; of several, the smallest.
    ///
    /// # Errors
    /// The errors of [`probabilities`](Self::probabilities).
    pub fn predict(&self, x: ArrayView2<f32>) -> Result<Vec<u8>, ReferenceError> {
        Ok(classes(self.probabilities(x)?.view()))
    }

    /// A caveat for readers of the results: a fit to part of the samples, or one that did not converge.
    pub fn remark(&self) -> Option<String> {
        let mut remarks = Vec::new();
        if self.n_fitted < self.n_train {
            remarks.push(format!("fitted to {} of {} samples", self.n_fitted, self.n_train));
        }
        if let Some(Convergence { converged: false, iterations, gradient }) = self.converged {
            remarks.push(format!(
                "not converged after {iterations} iterations (largest gradient {gradient:.1e})"
            ));
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}

/// Reasons why a reference classifier cannot be fitted or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReferenceError {
    /// There are no training samples.
    #[error("train: no samples; expected at least 1")]
    NoSamples,
    /// Samples and labels differ in number.
    #[error("{set}: {samples} samples with {labels} labels; expected one label per sample")]
    Labels {
        /// The set.
        set: &'static str,
        /// The number of samples.
        samples: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A label is not below the number of classes.
    #[error("{set}.labels[{index}] = {label}; expected less than n_classes = {n_classes}")]
    LabelRange {
        /// The set.
        set: &'static str,
        /// The index of the label.
        index: usize,
        /// The label.
        label: u8,
        /// The number of classes.
        n_classes: usize,
    },
    /// A value is infinite.
    #[error(
        "{set}: sample {row} has an infinite value; expected finite ones, or NaN where missing"
    )]
    Infinite {
        /// The set.
        set: &'static str,
        /// The index of the sample.
        row: usize,
    },
    /// Samples have a different number of features than the training samples.
    #[error("samples with {found} features; expected {expected}, as in training")]
    Width {
        /// The number found.
        found: usize,
        /// The number in training.
        expected: usize,
    },
    /// The tree crate refused the samples.
    #[error("boosted trees: {0}")]
    Trees(String),
}

#[derive(Debug)]
enum Model {
    Neighbours(KNearest),
    Logistic(Logistic),
    Trees(BoostedTrees),
}

/// The classifier chosen on the validation set.
struct Chosen {
    model: Model,
    setting: String,
    validation_errors: usize,
    n_fitted: usize,
    converged: Option<Convergence>,
}

fn check(set: &'static str, data: Labelled, n_classes: usize) -> Result<(), ReferenceError> {
    let Labelled { x, labels } = data;
    if x.nrows() != labels.len() {
        return Err(ReferenceError::Labels { set, samples: x.nrows(), labels: labels.len() });
    }
    if let Some(index) = labels.iter().position(|label| usize::from(*label) >= n_classes) {
        let label = labels[index];
        return Err(ReferenceError::LabelRange { set, index, label, n_classes });
    }
    match x.rows().into_iter().position(|row| row.iter().any(|value| value.is_infinite())) {
        Some(row) => Err(ReferenceError::Infinite { set, row }),
        None => Ok(()),
    }
}

/// Replaces missing values by 0.
fn filled(x: ArrayView2<f32>) -> Array2<f32> {
    x.mapv(|value| if value.is_nan() { 0.0 } else { value })
}

fn classes(scores: ArrayView2<f32>) -> Vec<u8> {
    scores.axis_iter(Axis(0)).map(|row| argmax(&row.to_vec()) as u8).collect()
}

/// The number of misclassified samples and the negative log-likelihood, by which candidates are compared.
fn quality(probabilities: ArrayView2<f32>, labels: &[u8]) -> (usize, f64) {
    let wrong = classes(probabilities).iter().zip(labels).filter(|(a, b)| a != b).count();
    let of_label = probabilities.rows().into_iter().zip(labels);
    // A class without training samples has probability 0.
    let nll = of_label.map(|(row, label)| -f64::from(row[usize::from(*label)]).max(1e-12).ln());
    (wrong, nll.sum())
}

/// Whether a candidate of this quality is better.
fn better(candidate: (usize, f64), best: (usize, f64)) -> bool {
    candidate.0.cmp(&best.0).then(candidate.1.total_cmp(&best.1)).is_lt()
}
