//! Statistics over a few seeds: intervals, paired tests, and corrections for multiple tests.
//!
//! With one seed, every method has the same label subset, batch order, initial output layer and number of
//! updates. Methods are therefore compared *within* a seed, by their differences, so that the effect of a
//! lucky subset cancels.
//!
//! | question | function | assumptions |
//! |---|---|---|
//! | How large is a method's error, or a difference, for other seeds and other samples? | [`crossed`] | independent seeds, independent samples |
//! | Do two methods differ on these samples, and by how much? | [`paired_t_test`] | independent seeds, nearly normal differences |
//! | Do two methods differ, without a normal distribution? | [`sign_flip_p_value`] | differences symmetric about 0 if the methods are equal |
//! | Do trained classifiers of two methods differ on one test set? | [`mcnemar_test`] | independent test samples |
//! | Which of several differences are significant together? | [`holm`] | none |
//!
//! The first three concern *methods*, that is, training again with another seed; only [`crossed`] also covers
//! other samples, so it is used to report errors and differences. McNemar's test concerns these *trained
//! networks*, of all seeds together, and does not generalise to another seed.
//!
//! ```
//! use study::statistics::{holm, paired_t_test, sign_flip_p_value};
//!
//! let none = [4.9, 4.3, 4.8, 4.7, 5.2]; // test error in percent, seeds 0 to 4
//! let rbm = [4.2, 3.9, 4.6, 4.1, 4.4];
//!
//! let difference = paired_t_test(&rbm, &none)?;
//! assert!((difference.difference_mean + 0.54).abs() < 1e-12);
//! assert!(difference.high < 0.0 && difference.p_value < 0.01);
//!
//! // Five seeds have 32 sign patterns, so that no p-value below 2/32 is possible.
//! assert_eq!(sign_flip_p_value(&rbm, &none)?, 0.0625);
//!
//! assert_eq!(holm(&[0.01, 0.04])?, [0.02, 0.04]);
//! # Ok::<(), study::statistics::StatisticsError>(())
//! ```

use statrs::distribution::StudentsT;

mod crossed;
mod holm;
mod mcnemar;
mod paired;
mod sign_flip;

#[cfg(test)]
mod properties;

pub use crossed::{Crossed, Limits, crossed};
pub use holm::holm;
pub use mcnemar::{EXACT_BELOW, McNemar, McNemarMethod, mcnemar_test};
pub use paired::{PairedComparison, paired_t_test};
pub use sign_flip::{MAX_PAIRS, sign_flip_p_value};

/// Invalid input to a statistic.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// There are no values.
    #[error("{name}: no values; expected at least 1")]
    Empty {
        /// The name of the argument.
        name: &'static str,
    },

    /// A value is NaN or infinite.
    #[error("{name}[{index}] = {value}; expected a finite number")]
    NotFinite {
        /// The name of the argument.
        name: &'static str,
        /// The index of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },

    /// Two samples differ in length.
    #[error("a has {n_a} values, b has {n_b}; expected one pair for each seed or sample")]
    NotPaired {
        /// The length of the first sample.
        n_a: usize,
        /// The length of the second.
        n_b: usize,
    },

    /// There are more pairs than can be enumerated.
    #[error("{found} pairs; expected at most {MAX_PAIRS}, which have 2^{MAX_PAIRS} sign patterns")]
    TooManyPairs {
        /// The number of pairs.
        found: usize,
    },

    /// A p-value is outside [0, 1].
    #[error("p_values[{index}] = {value}; expected 0 to 1, or NaN for \"no test\"")]
    PValueRange {
        /// The index of the p-value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
}

fn require_values(name: &'static str, values: &[f64]) -> Result<(), StatisticsError> {
    if values.is_empty() {
        return Err(StatisticsError::Empty { name });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite { name, index, value: values[index] }),
        None => Ok(()),
    }
}

fn require_pairs(n_a: usize, n_b: usize) -> Result<(), StatisticsError> {
    if n_a == n_b { Ok(()) } else { Err(StatisticsError::NotPaired { n_a, n_b }) }
}

/// The differences a − b of each pair.
fn differences(a: &[f64], b: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    require_pairs(a.len(), b.len())?;
    require_values("a", a)?;
    require_values("b", b)?;
    Ok(a.iter().zip(b).map(|(a, b)| a - b).collect())
}

/// The mean of at least one value and its standard error s/√n, s² = Σ (xᵢ − x̄)² / (n − 1); the standard
/// error of a single value is NaN.
///
/// The mean is computed relative to the first value, so that the mean of equal values is exactly that value,
/// and their standard error exactly 0.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values[0] + values.iter().map(|x| x - values[0]).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Student's t distribution with n − 1 degrees of freedom, n ≥ 2.
fn student(n: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, (n - 1) as f64).expect("at least two values")
}

/// Asserts that a number agrees with its reference to a relative error of 1e-11.
#[cfg(test)]
#[track_caller]
fn assert_close(found: f64, reference: f64) {
    assert!(
        (found - reference).abs() <= 1e-11 * reference.abs(),
        "{found:e}, reference {reference:e}"
    );
}
