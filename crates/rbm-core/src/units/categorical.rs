//! Categorical ("Potts") units: a group of k columns exactly one of which is 1.
//!
//! The energy of the state is −Σ a_k v_k, the bias of the column that is 1. Given the inputs x of the
//! columns, p(k) = e^(x_k) / Σ e^x (softmax); these probabilities are the mean and the parameters that
//! draws are made from. The log-sum is ln Σ e^x.

use nn_core::softmax;
use numerics::{Real, Stream};

/// Replaces a group's inputs by its parameters.
pub(crate) fn parameters<F: Real>(inputs: &mut [F]) {
    softmax(inputs);
}

/// Replaces probabilities by a draw: 1 in one column. It takes the random number `at` of the stream.
pub(crate) fn draw<F: Real>(stream: Stream, at: usize, probabilities: &mut [F]) {
    let mut uniform = [F::zero()];
    stream.fill_uniform(at, &mut uniform);
    let mut left = uniform[0];
    // Rounding may leave a remainder beyond the last possible column.
    let mut drawn = probabilities.iter().rposition(|&p| p > F::zero()).unwrap_or(0);
    for (k, &p) in probabilities.iter().enumerate() {
        if left < p {
            drawn = k;
            break;
        }
        left -= p;
    }
    probabilities.fill(F::zero());
    probabilities[drawn] = F::one();
}

/// ln Σ e^x.
pub(crate) fn log_sum<F: Real>(inputs: impl Iterator<Item = F> + Clone) -> F {
    let largest = inputs.clone().fold(F::neg_infinity(), F::max);
    largest + inputs.map(|x| (x - largest).exp()).sum::<F>().ln()
}

/// The biases of an independent group with these means over `n_samples` data, to which half a sample of
/// each state is added, so that a state that never occurs does not get −∞.
pub(crate) fn biases_of_means(means: &[f64], n_samples: f64) -> Vec<f64> {
    let total = n_samples + 0.5 * means.len() as f64;
    means.iter().map(|mean| ((mean * n_samples + 0.5) / total).ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    #[test]
    fn draws_have_their_probabilities() {
        let stream = Stream::new(3, Purpose::new("test"));
        let mut p = [0.3_f64, -1.0, 1.2, 0.0];
        parameters(&mut p);
        let n = 100_000;
        let mut counts = [0.0; 4];
        for at in 0..n {
            let mut state = p;
            draw(stream, at, &mut state);
            assert_eq!(state.iter().sum::<f64>(), 1.0);
            counts.iter_mut().zip(state).for_each(|(count, s)| *count += s / n as f64);
        }
        for (found, p) in counts.iter().zip(p) {
            assert!((found - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{found} {p}");
        }
    }

    #[test]
    fn the_mean_is_the_slope_of_the_log_sum_and_biases_invert_it() {
        let x = [0.3_f64, -1.0, 40.0, 39.0];
        let mut p = x;
        parameters(&mut p);
        for i in 0..4 {
            let at = |step: f64| {
                let mut x = x;
                x[i] += step;
                log_sum(x.into_iter())
            };
            assert!(((at(1e-5) - at(-1e-5)) / 2e-5 - p[i]).abs() < 1e-8);
        }
        let means = [0.5, 0.2, 0.3];
        let mut found: Vec<f64> = biases_of_means(&means, 1e12);
        parameters(&mut found);
        assert!(found.iter().zip(means).all(|(a, b)| (a - b).abs() < 1e-9));
        assert!(biases_of_means(&[1.0, 0.0], 10.0).iter().all(|b| b.is_finite()));
    }
}
