//! Elementwise functions that do not overflow: exponential, logistic, softplus, tanh.
//!
//! The `f32` versions have no branches, so that a loop inside [`vectorised`] becomes vector instructions.
//!
//! ```
//! use numerics::elementary::{logistic, softplus};
//! assert_eq!(logistic(0.0_f32), 0.5);
//! assert!((softplus(0.0_f64) - 2_f64.ln()).abs() < 1e-15);
//! assert_eq!(softplus(1000.0_f32), 1000.0); // no overflow
//! ```

use crate::Real;

/// eˣ, finite and positive for every finite x (see [`Real::exp_kernel`]).
#[inline(always)]
pub fn exp<F: Real>(x: F) -> F {
    x.exp_kernel()
}

/// σ(x) = 1 / (1 + e⁻ˣ), the probability of a unit whose log-odds are x.
#[inline(always)]
pub fn logistic<F: Real>(x: F) -> F {
    F::one() / (F::one() + (-x).exp_kernel())
}

/// ln(1 + eˣ), the negative free energy of a binary unit with input x. The error is below 3 ulp of the
/// larger of |result| and 2⁻⁸⁷.
#[inline(always)]
pub fn softplus<F: Real>(x: F) -> F {
    let magnitude = if x < F::zero() { x } else { -x };
    let positive = if x < F::zero() { F::zero() } else { x };
    positive + magnitude.exp_kernel().ln_1p_kernel()
}

/// tanh(x) = 2 σ(2x) − 1. The absolute error is below 2 ulp of 1.
#[inline(always)]
pub fn tanh<F: Real>(x: F) -> F {
    let two = F::one() + F::one();
    two * logistic(two * x) - F::one()
}

/// Flushes small values to zero: returns zero if |x| is so small (below 2⁻⁵⁶ as `f32`) that x² / 10,000
/// would be subnormal, and `x` otherwise.
///
/// Products of such values are negligible in sums, and arithmetic on subnormal numbers takes about a
/// hundred times as long.
#[inline(always)]
pub fn flush_to_zero<F: Real>(x: F) -> F {
    let small = F::min_positive_value().sqrt() * F::of(128.0);
    if x.abs() < small { F::zero() } else { x }
}

/// Runs `body`, compiled for the widest vector instructions of this processor.
///
/// The loops of `body` must be simple enough for the compiler to vectorise, and the functions that they
/// call must be inlined.
#[inline]
pub fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}

/// Replaces each value x by `f`(x); the loop is vectorised.
#[inline]
pub fn map_in_place<F: Real>(values: &mut [F], f: impl Fn(F) -> F) {
    vectorised(
        #[inline(always)]
        || {
            for value in values {
                *value = f(*value);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid from −87 to 87, denser near zero.
    fn grid() -> impl Iterator<Item = f32> {
        (-40_000..=40_000).map(|i| {
            let t = f32::from(i16::try_from(i / 2).expect("in range")) / 20_000.0;
            t.powi(3) * 87.0
        })
    }

    #[test]
    fn values_that_are_kept_have_a_normal_square() {
        for exponent in -126..=127 {
            for x in [1.0_f32, -1.5].map(|mantissa| mantissa * 2_f32.powi(exponent)) {
                let kept = flush_to_zero(x);
                assert!(kept == x || (kept == 0.0 && exponent < -55), "{x:e}");
                assert!(kept == 0.0 || (1e-4 * kept * kept).is_normal() || exponent > 60, "{x:e}");
            }
        }
        assert_eq!(flush_to_zero(f32::MIN_POSITIVE / 2.0), 0.0);
        assert_eq!(flush_to_zero(1e-150_f64), 1e-150);
        assert!(flush_to_zero(f32::NAN).is_nan());
    }

    #[test]
    fn exp_of_f32_is_within_two_ulp() {
        for x in grid() {
            let exact = f64::from(x).exp();
            let relative = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(relative < 2.0 * f64::from(f32::EPSILON), "x = {x}: {relative:e}");
        }
    }

    #[test]
    fn logistic_softplus_and_tanh_agree_with_double_precision() {
        for x in grid() {
            let d = f64::from(x);
            let checks = [
                (logistic(x), 1.0 / (1.0 + (-d).exp()), 0.0),
                (softplus(x), d.max(0.0) + (-d.abs()).exp().ln_1p(), 0.0),
                (tanh(x), d.tanh(), 1.0),
            ];
            for (ours, exact, floor) in checks {
                let tolerance = 3.0 * f64::from(f32::EPSILON) * exact.abs().max(floor);
                assert!((f64::from(ours) - exact).abs() <= tolerance, "x = {x}: {ours} {exact}");
            }
        }
    }

    #[test]
    fn extremes_stay_finite_and_nan_stays_nan() {
        for x in [f32::MIN, -1000.0, -88.0, 88.0, 1000.0, f32::MAX] {
            assert!(exp(x).is_finite() && exp(x) > 0.0);
            assert!((0.0..=1.0).contains(&logistic(x)));
            assert!(softplus(x).is_finite());
        }
        for f in [exp::<f32>, logistic, softplus, tanh] {
            assert!(f(f32::NAN).is_nan());
            assert!(f(-f32::NAN).is_nan());
        }
        for f in [exp::<f64>, logistic, softplus, tanh] {
            assert!(f(f64::NAN).is_nan());
        }
    }

    #[test]
    fn vectorised_map_equals_the_plain_loop() {
        let mut fast: Vec<f32> = grid().collect();
        map_in_place(&mut fast, logistic);
        for (fast, x) in fast.iter().zip(grid()) {
            assert_eq!(fast.to_bits(), logistic(x).to_bits(), "x = {x}");
        }
    }
}
