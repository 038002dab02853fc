//! Classification errors by class, and with their uncertainty.
//!
//! ```
//! use study::class_metrics::{Confusion, wilson_interval};
//!
//! // Ten samples, of which nine belong to class 0, and a classifier that always says 0.
//! let truth = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
//! let confusion = Confusion::new(&truth, &[0; 10], 2)?;
//! assert_eq!(confusion.error_pct(), Some(10.0));
//! assert_eq!(confusion.balanced_error_pct(), Some(50.0));
//!
//! // One error in 42 samples may be luck.
//! let error = wilson_interval(1, 42)?;
//! assert_eq!(format!("{:.1} {:.1} {:.1}", error.pct, error.low, error.high), "2.4 0.4 12.3");
//! # Ok::<(), study::class_metrics::ClassMetricsError>(())
//! ```

use ndarray::Array2;

/// Counts of samples by their class and the predicted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// True classes × predicted classes.
    pub counts: Array2<usize>,
}

impl Confusion {
    /// Counts the pairs of true and predicted classes, which must be below `n_classes`.
    ///
    /// # Errors
    /// [`ClassMetricsError`] if predictions and labels differ in number, or one is out of range.
    pub fn new(
        truth: &[u8],
        predicted: &[u8],
        n_classes: usize,
    ) -> Result<Self, ClassMetricsError> {
        require_pairs("predicted", predicted.len(), truth.len())?;
        require_classes("truth", truth, n_classes)?;
        require_classes("predicted", predicted, n_classes)?;
        let mut counts = Array2::zeros((n_classes, n_classes));
        for (truth, predicted) in truth.iter().zip(predicted) {
            counts[[usize::from(*truth), usize::from(*predicted)]] += 1;
        }
        Ok(Confusion { counts })
    }

    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.counts.sum()
    }

    /// The number of wrong predictions.
    pub fn errors(&self) -> usize {
        self.n_samples() - self.counts.diag().sum()
    }

    /// The share of wrong predictions in percent; `None` without samples.
    pub fn error_pct(&self) -> Option<f64> {
        let n = self.n_samples();
        (n > 0).then(|| percent(self.errors(), n))
    }

    /// The errors of each class in percent; `None` for classes without samples.
    pub fn class_errors_pct(&self) -> Vec<Option<f64>> {
        let rows = self.counts.rows().into_iter().enumerate();
        let error = |(class, row): (usize, ndarray::ArrayView1<usize>)| {
            let n = row.sum();
            (n > 0).then(|| percent(n - row[class], n))
        };
        rows.map(error).collect()
    }

    /// The mean error over the classes that have samples, in percent; `None` without samples. A classifier
    /// with constant output has 100 (1 − 1/classes).
    pub fn balanced_error_pct(&self) -> Option<f64> {
        let errors: Vec<f64> = self.class_errors_pct().into_iter().flatten().collect();
        (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
    }
}

/// An error with its 95 % interval, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorInterval {
    /// The share of errors.
    pub pct: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The interval of an error counted on `n` independent test samples. It stays within [0, 100], even for few
/// samples and errors. It concerns *one* trained classifier, not retraining.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
/// the American Statistical Association 22 (1927).
///
/// # Errors
/// [`ClassMetricsError`] if `n` is 0 or below `errors`.
pub fn wilson_interval(errors: usize, n: usize) -> Result<ErrorInterval, ClassMetricsError> {
    /// The 97.5 % quantile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if n == 0 || errors > n {
        return Err(ClassMetricsError::Count { errors, n });
    }
    let (n, p) = (n as f64, errors as f64 / n as f64);
    let shrink = 1.0 / (1.0 + Z * Z / n);
    let centre = shrink * (p + Z * Z / (2.0 * n));
    let half = shrink * Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Ok(ErrorInterval {
        pct: 100.0 * p,
        // Rounding must not exclude the share itself.
        low: 100.0 * (centre - half).clamp(0.0, p),
        high: 100.0 * (centre + half).clamp(p, 1.0),
    })
}

/// Invalid input to a classification metric.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassMetricsError {
    /// The number of values differs from the number of labels.
    #[error("{name}: {found} values for {labels} labels; expected one each")]
    NotPaired {
        /// The name of the argument.
        name: &'static str,
        /// The number of its values.
        found: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A class is not below the number of classes.
    #[error("{name}[{index}] = {class}; expected a class below {n_classes}")]
    ClassRange {
        /// The name of the argument.
        name: &'static str,
        /// The index of the value.
        index: usize,
        /// The class.
        class: u8,
        /// The number of classes.
        n_classes: usize,
    },
    /// A score is NaN.
    #[error("the scores of sample {index} contain NaN; expected numbers")]
    NotANumber {
        /// The index of the sample.
        index: usize,
    },
    /// An impossible count of errors.
    #[error(
        "{errors} errors in {n} samples; expected at least 1 sample and no more errors than samples"
    )]
    Count {
        /// The number of errors.
        errors: usize,
        /// The number of samples.
        n: usize,
    },
}

fn percent(part: usize, n: usize) -> f64 {
    100.0 * part as f64 / n as f64
}

pub(crate) fn require_pairs(
    name: &'static str,
    found: usize,
    labels: usize,
) -> Result<(), ClassMetricsError> {
    if found == labels { Ok(()) } else { Err(ClassMetricsError::NotPaired { name, found, labels }) }
}

pub(crate) fn require_classes(
    name: &'static str,
    classes: &[u8],
    n_classes: usize,
) -> Result<(), ClassMetricsError> {
    match classes.iter().position(|class| usize::from(*class) >= n_classes) {
        Some(index) => {
            Err(ClassMetricsError::ClassRange { name, index, class: classes[index], n_classes })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    // from sklearn.metrics import *
    // t, p = [0, 0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 0, 1, 2, 1, 1, 2, 2, 0, 2]
    // print(confusion_matrix(t, p), 100 - 100 * balanced_accuracy_score(t, p))
    const TRUTH: [u8; 10] = [0, 0, 0, 0, 1, 1, 2, 2, 2, 2];
    const PREDICTED: [u8; 10] = [0, 0, 1, 2, 1, 1, 2, 2, 0, 2];

    #[test]
    fn confusion_agrees_with_scikit_learn() {
        let confusion = Confusion::new(&TRUTH, &PREDICTED, 4).unwrap();
        assert_eq!(
            confusion.counts,
            array![[2, 1, 1, 0], [0, 2, 0, 0], [1, 0, 3, 0], [0, 0, 0, 0]]
        );
        assert_eq!((confusion.n_samples(), confusion.errors()), (10, 3));
        assert_eq!(confusion.error_pct(), Some(30.0));
        assert_eq!(confusion.class_errors_pct(), [Some(50.0), Some(0.0), Some(25.0), None]);
        // The fourth class has no samples: (50 + 0 + 25) / 3.
        assert_eq!(confusion.balanced_error_pct(), Some(25.0));
    }

    #[test]
    fn nothing_has_no_error() {
        let confusion = Confusion::new(&[], &[], 3).unwrap();
        assert_eq!((confusion.error_pct(), confusion.balanced_error_pct()), (None, None));
    }

    const WILSON: [(usize, usize, f64, f64); 4] = [
        (1, 42, 0.004_215_404_134_432_506, 0.123_212_015_737_666_49),
        (0, 42, 0.0, 0.083_798_790_865_703_95),
        (42, 42, 0.916_201_209_134_296, 1.0),
        (120, 1000, 0.101_299_260_601_309_12, 0.141_609_075_847_712_76),
    ];

    #[test]
    fn wilson_agrees_with_statsmodels() {
        // from statsmodels.stats.proportion import proportion_confint
        // for e, n in (1, 42), (0, 42), (42, 42), (120, 1000):
        //     print(proportion_confint(e, n, method='wilson'))
        for (errors, n, low, high) in WILSON {
            let found = wilson_interval(errors, n).unwrap();
            assert!((found.low - 100.0 * low).abs() < 1e-9, "{found:?}");
            assert!((found.high - 100.0 * high).abs() < 1e-9, "{found:?}");
        }
        assert!(wilson_interval(0, 0).is_err() && wilson_interval(2, 1).is_err());
    }

    #[test]
    fn wilson_covers() {
        // Exact coverage: the total probability of all counts whose interval contains the true share.
        for (n, p) in [(42_usize, 0.05_f64), (42, 0.3), (200, 0.02), (1000, 0.1)] {
            let mut coverage = 0.0;
            let mut probability = (1.0 - p).powf(n as f64);
            for errors in 0..=n {
                let interval = wilson_interval(errors, n).unwrap();
                if interval.low <= 100.0 * p && 100.0 * p <= interval.high {
                    coverage += probability;
                }
                probability *= (n - errors) as f64 / (errors + 1) as f64 * p / (1.0 - p);
            }
            assert!((0.92..0.99).contains(&coverage), "{n} {p}: {coverage}");
        }
    }

    #[test]
    fn bad_input_is_named() {
        let error = Confusion::new(&[0, 3], &[0, 1], 3).unwrap_err();
        assert_eq!(error.to_string(), "truth[1] = 3; expected a class below 3");
        let error = Confusion::new(&[0, 1], &[0], 3).unwrap_err();
        assert_eq!(error.to_string(), "predicted: 1 values for 2 labels; expected one each");
    }
}
