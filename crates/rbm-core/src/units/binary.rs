//! Units that are 0 or 1: p(1) = σ(x) = 1 / (1 + e⁻ˣ).

use nn_core::Activation;
use numerics::elementary::{logistic, softplus};
use numerics::{Real, Stream};

use super::kind::Kind;

pub(crate) struct Binary;

impl Kind for Binary {
    const NAME: &'static str = "binary";
    const VALUES: &'static str = "binary states";
    const BOUNDS: (f64, f64) = (0.0, 1.0);
    const STATES: Option<&'static [f64]> = Some(&[0.0, 1.0]);
    const ACTIVATION: Activation = Activation::Logistic;
    const LARGEST_VARIANCE: f64 = 0.25;
    const MEAN_IS_PROBABILITY: bool = true;

    #[inline(always)]
    fn parameter<F: Real>(input: F) -> F {
        logistic(input)
    }

    fn draw<F: Real>(stream: Stream, first: usize, parameters: &mut [F]) {
        stream.bernoulli_in_place(first, parameters);
    }

    #[inline(always)]
    fn log_sum<F: Real>(input: F, _bias: F) -> F {
        softplus(input)
    }

    /// The log-odds.
    fn bias_of_mean(mean: f64, n_samples: f64) -> f64 {
        ((mean * n_samples + 0.5) / ((1.0 - mean) * n_samples + 0.5)).ln()
    }
}
