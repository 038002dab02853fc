//! Calibration: probabilities that agree with frequencies.
//!
//! Of the samples for which a calibrated classifier is 80 % confident, it is right on 80 %. Fine-tuned
//! networks are usually overconfident; dividing their logits by a temperature fitted on validation samples
//! corrects this and leaves every predicted class unchanged.
//!
//! ```
//! use ndarray::array;
//! use study::calibration::{at_temperature, fit_temperature};
//!
//! // Sure of class 0 in every case (odds of e⁴ = 55), and right in 15 of 20.
//! let mut logits = ndarray::Array2::<f32>::zeros((20, 2));
//! logits.column_mut(0).fill(4.0);
//! let labels: Vec<u8> = (0..20).map(|i| u8::from(i < 5)).collect();
//!
//! let temperature = fit_temperature(logits.view(), &labels)?;
//! let probabilities = at_temperature(logits.view(), temperature);
//! assert!((probabilities[[0, 0]] - 0.75).abs() < 1e-4);
//! # Ok::<(), study::class_metrics::ClassMetricsError>(())
//! ```
//!
//! Source: Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", ICML (2017).

use ndarray::{Array2, ArrayView2};
use numerics::{argmax, log_sum_exp};

use crate::class_metrics::{ClassMetricsError, require_classes, require_pairs};

/// Minimum number of samples for fitting a temperature.
pub const MIN_SAMPLES: usize = 20;
/// The range of temperatures.
pub const TEMPERATURES: [f64; 2] = [0.05, 20.0];
/// The number of bins of a reliability diagram.
pub const BINS: usize = 15;

/// The temperature T at which softmax(logits / T) gives the labels the highest likelihood.
/// Shape: samples × classes.
///
/// The negative log-likelihood is convex in 1/T, so the root of its derivative is found by bisection, to a
/// relative precision of 10⁻⁹. The result is 1 if there are fewer than [`MIN_SAMPLES`] samples, or if the
/// label has the largest logit in every one (the likelihood then has no maximum: it rises as T falls). It is
/// within [`TEMPERATURES`].
///
/// # Errors
/// [`ClassMetricsError`] if the number of labels differs from the number of rows, a label is out of range, or
/// a logit is NaN.
pub fn fit_temperature(logits: ArrayView2<f32>, labels: &[u8]) -> Result<f64, ClassMetricsError> {
    check(logits, labels)?;
    let no_error = logits.rows().into_iter().zip(labels).all(|(row, label)| {
        let of_label = row[usize::from(*label)];
        row.iter().all(|logit| *logit <= of_label)
    });
    if labels.len() < MIN_SAMPLES || no_error {
        return Ok(1.0);
    }
    // Σ (E[z] − z of the label), the derivative with respect to 1/T.
    let slope = |inverse: f64| -> f64 {
        let mut scaled = vec![0.0; logits.ncols()];
        let of_sample = logits.rows().into_iter().zip(labels).map(|(row, label)| {
            for (scaled, logit) in scaled.iter_mut().zip(row) {
                *scaled = inverse * f64::from(*logit);
            }
            let total = log_sum_exp(&scaled);
            let terms = scaled.iter().zip(row);
            // A class of probability 0 may have a logit of −∞.
            let terms = terms.filter(|(_, logit)| logit.is_finite());
            let mean: f64 = terms.map(|(z, logit)| (z - total).exp() * f64::from(*logit)).sum();
            mean - f64::from(row[usize::from(*label)]).max(-1e4)
        });
        of_sample.sum()
    };
    let [mut low, mut high] = [1.0 / TEMPERATURES[1], 1.0 / TEMPERATURES[0]];
    if slope(low) >= 0.0 {
        return Ok(1.0 / low);
    }
    if slope(high) <= 0.0 {
        return Ok(1.0 / high);
    }
    while high / low > 1.0 + 1e-9 {
        let middle = (low * high).sqrt();
        if slope(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(1.0 / (low * high).sqrt())
}

/// The probabilities softmax(logits / `temperature`), samples × classes.
pub fn at_temperature(logits: ArrayView2<f32>, temperature: f64) -> Array2<f32> {
    let mut probabilities = Array2::zeros(logits.dim());
    let mut scaled = vec![0.0; logits.ncols()];
    for (mut out, row) in probabilities.rows_mut().into_iter().zip(logits.rows()) {
        for (scaled, logit) in scaled.iter_mut().zip(row) {
            *scaled = f64::from(*logit) / temperature;
        }
        let total = log_sum_exp(&scaled);
        for (out, scaled) in out.iter_mut().zip(&scaled) {
            *out = (scaled - total).exp() as f32;
        }
    }
    probabilities
}

/// Converts probabilities to logits by their logarithms; those below 10⁻³⁰ become −69.
pub fn logits_of(probabilities: ArrayView2<f32>) -> Array2<f32> {
    probabilities.mapv(|p| p.max(1e-30).ln())
}

/// A reliability diagram: the accuracy of predictions by their confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// The [`BINS`] bins of equal width.
    pub bins: Vec<Bin>,
    /// The number of samples.
    pub n_samples: usize,
}

/// The samples whose largest probability is in (`low`, `high`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The number of samples.
    pub count: usize,
    /// The mean of the largest probabilities; NaN in an empty bin.
    pub confidence: f64,
    /// The share of correct predictions; NaN in an empty bin.
    pub accuracy: f64,
}

impl Reliability {
    /// Bins the samples by their largest probability. Shape: samples × classes.
    ///
    /// # Errors
    /// [`ClassMetricsError`] if the number of labels differs from the number of rows, a label is out of
    /// range, or a probability is NaN.
    pub fn new(probabilities: ArrayView2<f32>, labels: &[u8]) -> Result<Self, ClassMetricsError> {
        check(probabilities, labels)?;
        let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
        for (row, label) in probabilities.rows().into_iter().zip(labels) {
            let row = row.to_vec();
            let predicted = argmax(&row);
            let confidence = f64::from(row[predicted]);
            let bin = (1..BINS).filter(|i| confidence > *i as f64 / BINS as f64).count();
            let (count, total, right) = &mut sums[bin];
            *count += 1;
            *total += confidence;
            *right += usize::from(predicted == usize::from(*label));
        }
        let bin = |(i, (count, total, right)): (usize, (usize, f64, usize))| Bin {
            low: i as f64 / BINS as f64,
            high: (i + 1) as f64 / BINS as f64,
            count,
            confidence: total / count as f64,
            accuracy: right as f64 / count as f64,
        };
        let bins = sums.into_iter().enumerate().map(bin).collect();
        Ok(Reliability { bins, n_samples: labels.len() })
    }

    /// The expected calibration error: the mean over samples of the difference between their bin's
    /// accuracy and confidence, from 0 to 1. `None` without samples.
    pub fn expected_error(&self) -> Option<f64> {
        let filled = self.bins.iter().filter(|bin| bin.count > 0);
        let sum: f64 =
            filled.map(|bin| bin.count as f64 * (bin.accuracy - bin.confidence).abs()).sum();
        (self.n_samples > 0).then(|| sum / self.n_samples as f64)
    }
}

fn check(values: ArrayView2<f32>, labels: &[u8]) -> Result<(), ClassMetricsError> {
    require_pairs("scores", values.nrows(), labels.len())?;
    require_classes("labels", labels, values.ncols())?;
    match values.rows().into_iter().position(|row| row.iter().any(|v| v.is_nan())) {
        Some(index) => Err(ClassMetricsError::NotANumber { index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use numerics::{Purpose, Stream};

    use super::*;

    /// Logits, and labels drawn from softmax(logits / `temperature`).
    fn drawn(n: usize, temperature: f64) -> (Array2<f32>, Vec<u8>) {
        let mut logits = Array2::<f32>::zeros((n, 4));
        Stream::new(1, Purpose::new("logits")).add_normal(0, logits.as_slice_mut().unwrap());
        logits *= 3.0;
        let mut uniform = vec![0.0_f32; n];
        Stream::new(1, Purpose::new("labels")).fill_uniform(0, &mut uniform);
        let probabilities = at_temperature(logits.view(), temperature);
        let labels = probabilities.rows().into_iter().zip(uniform).map(|(row, uniform)| {
            let mut sum = 0.0;
            let below = |p: &&f32| {
                sum += **p;
                sum <= uniform
            };
            row.iter().take(3).take_while(below).count() as u8
        });
        let labels = labels.collect();
        (logits, labels)
    }

    #[test]
    fn a_known_temperature_is_recovered_and_calibrates() {
        for temperature in [0.5, 1.0, 2.5] {
            let (logits, labels) = drawn(20_000, temperature);
            let found = fit_temperature(logits.view(), &labels).unwrap();
            // The standard error is about 1 %.
            assert!((found / temperature - 1.0).abs() < 0.05, "{found} {temperature}");
            let error = |t| {
                let probabilities = at_temperature(logits.view(), t);
                Reliability::new(probabilities.view(), &labels).unwrap().expected_error().unwrap()
            };
            // A calibrated sample of this size has an expected error of about 0.007 by chance.
            assert!(error(found) < 0.015, "{}", error(found));
            assert!(error(0.3 * temperature) > 0.05);
        }
    }

    #[test]
    fn the_temperature_is_a_minimum_and_keeps_the_classes() {
        let (logits, labels) = drawn(500, 1.7);
        let nll = |t| {
            let probabilities = at_temperature(logits.view(), t);
            let rows = probabilities.rows().into_iter().zip(&labels);
            rows.map(|(row, label)| -f64::from(row[usize::from(*label)]).ln()).sum::<f64>()
        };
        let found = fit_temperature(logits.view(), &labels).unwrap();
        assert!(nll(found) < nll(found * 1.05) && nll(found) < nll(found * 0.95));
        let classes = |x: &Array2<f32>| -> Vec<usize> {
            x.rows().into_iter().map(|row| argmax(&row.to_vec())).collect()
        };
        assert_eq!(classes(&logits), classes(&at_temperature(logits.view(), found)));
        // Logits and the logarithms of their probabilities have the same temperature.
        let from_probabilities = logits_of(at_temperature(logits.view(), 1.0).view());
        let again = fit_temperature(from_probabilities.view(), &labels).unwrap();
        assert!((again / found - 1.0).abs() < 1e-4, "{again} {found}");
    }

    #[test]
    fn without_a_maximum_the_temperature_is_one() {
        let logits = Array2::from_elem((30, 1), 3.0);
        assert_eq!(fit_temperature(logits.view(), &[0; 30]), Ok(1.0));
        assert_eq!(fit_temperature(Array2::zeros((0, 3)).view(), &[]), Ok(1.0));
        let (logits, labels) = drawn(MIN_SAMPLES - 1, 2.0);
        assert_eq!(fit_temperature(logits.view(), &labels), Ok(1.0));
        let (logits, _) = drawn(100, 2.0);
        let right: Vec<u8> =
            logits.rows().into_iter().map(|row| argmax(&row.to_vec()) as u8).collect();
        assert_eq!(fit_temperature(logits.view(), &right), Ok(1.0));
        // Always wrong: the flattest probabilities are best.
        let wrong: Vec<u8> = right.iter().map(|label| (label + 1) % 4).collect();
        let found = fit_temperature(logits.view(), &wrong).unwrap();
        assert!((found - TEMPERATURES[1]).abs() < 1e-9, "{found}");
    }

    #[test]
    fn reliability_by_hand() {
        let probabilities = array![[0.9_f32, 0.1], [0.9, 0.1], [0.3, 0.7], [0.5, 0.5], [0.0, 1.0]];
        let found = Reliability::new(probabilities.view(), &[0, 1, 1, 0, 1]).unwrap();
        let filled: Vec<(usize, usize, f64)> = found
            .bins
            .iter()
            .enumerate()
            .filter(|(_, bin)| bin.count > 0)
            .map(|(i, bin)| (i, bin.count, bin.accuracy))
            .collect();
        assert_eq!(filled, [(7, 1, 1.0), (10, 1, 1.0), (13, 2, 0.5), (14, 1, 1.0)]);
        assert!(found.bins[0].accuracy.is_nan());
        // (|1 − 0.5| + |1 − 0.7| + 2 |0.5 − 0.9| + |1 − 1|) / 5
        assert!((found.expected_error().unwrap() - 0.32).abs() < 1e-7);
        let none = Reliability::new(Array2::zeros((0, 2)).view(), &[]).unwrap();
        assert_eq!((none.expected_error(), none.bins.len()), (None, BINS));
    }

    #[test]
    fn bad_input_is_named() {
        let error = fit_temperature(array![[0.0_f32, f32::NAN]].view(), &[1]).unwrap_err();
        assert_eq!(error.to_string(), "the scores of sample 0 contain NaN; expected numbers");
        let error = Reliability::new(array![[0.4_f32, 0.6]].view(), &[2]).unwrap_err();
        assert_eq!(error.to_string(), "labels[0] = 2; expected a class below 2");
    }
}
