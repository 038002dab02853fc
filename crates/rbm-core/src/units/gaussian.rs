//! Real-valued units with variance 1 around their input.
//!
//! Visible ones have a standard deviation σ each: the unit in which their values are measured
//! (see [`Layer`](super::Layer)). Hidden ones are the code layer of Hinton & Salakhutdinov 2006.

use ndarray::{Array1, ArrayView1};
use nn_core::{Activation, InvalidSetting, require};
use numerics::{Real, Stream};

use super::kind::Kind;

/// ln 2π.
const LN_TAU: f64 = 1.837_877_066_409_345_3;

pub(crate) struct Gaussian;

impl Kind for Gaussian {
    const NAME: &'static str = "Gaussian";
    const VALUES: &'static str = "real values";
    const BOUNDS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
    const ACTIVATION: Activation = Activation::Identity;
    const LARGEST_VARIANCE: f64 = 1.0;
    const LINEAR_ENERGY: bool = false;
    const HAS_STD: bool = true;
    const NUMBERS_PER_DRAW: usize = 2;

    /// Σ (s − c)² / 2.
    fn energy<F: Real>(state: ArrayView1<F>, bias: ArrayView1<F>) -> F {
        state.iter().zip(bias).map(|(&s, &c)| F::of(0.5) * (s - c) * (s - c)).sum()
    }

    #[inline(always)]
    fn parameter<F: Real>(input: F) -> F {
        input
    }

    /// Adds N(0, 1) noise, which depends on its position in the stream alone, whichever thread draws
    /// it. (Initial weights come from a sequential generator instead, `nn_core::normal`.)
    fn draw<F: Real>(stream: Stream, first: usize, parameters: &mut [F]) {
        stream.add_normal(first, parameters);
    }

    #[inline(always)]
    fn log_sum<F: Real>(input: F, bias: F) -> F {
        F::of(0.5) * ((input - bias) * (input + bias) + F::of(LN_TAU))
    }

    fn bias_of_mean(mean: f64, _n_samples: f64) -> f64 {
        mean
    }

    /// Units with σ = 1 need data with mean near 0 and variance near 1. Constant columns have no
    /// spread, so standardised data may have somewhat less.
    fn check_moments<F: Real>(
        std: ArrayView1<F>,
        means: &Array1<f64>,
        variances: &Array1<f64>,
    ) -> Result<(), InvalidSetting> {
        if std.iter().any(|&std| std != F::one()) {
            return Ok(());
        }
        let n = means.len() as f64;
        let mean = means.sum() / n;
        let between = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / n;
        let variance = variances.sum() / n + between;
        require(
            mean.abs() < 0.5 && (0.25..4.0).contains(&variance),
            "model.variance",
            &format!("unit, for data with mean {mean:.3} and variance {variance:.3}"),
            "data; or standardise the data to mean 0 and variance 1",
        )
    }

    /// u (u − û), for −(u − c)² / 2 + u (û − c) with u = v / σ.
    #[inline(always)]
    fn std_gradient<F: Real>(state: F, mean: F) -> F {
        state * (state - mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    #[test]
    fn draws_have_their_moments() {
        let mut draws = vec![0.75_f32; 200_000];
        Gaussian::draw(Stream::new(1, Purpose::new("test")), 0, &mut draws);
        let n = draws.len() as f64;
        let moment = |power| draws.iter().map(|&x| (f64::from(x) - 0.75).powi(power)).sum::<f64>();
        // Standard errors of the first four moments: √(1, 2, 15, 96) / √n.
        for (power, expected, error) in
            [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let found = moment(power) / n;
            assert!((found - expected).abs() < 5.0 * (error / n).sqrt(), "moment {power}: {found}");
        }
    }
}
