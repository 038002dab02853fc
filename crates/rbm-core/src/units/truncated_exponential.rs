//! Units in [0, 1] with density x e^(x s) / (eˣ − 1) for every real input x, uniform at x = 0 (Bengio
//! et al. 2007, section 3). They are visible units for grey values that are quantities rather than
//! probabilities.

use nn_core::Activation;
use numerics::elementary::exp;
use numerics::{Real, Stream};

use super::Unit;
use super::kind::Kind;

pub(crate) struct TruncatedExponential;

/// The parameter is the input.
impl Kind for TruncatedExponential {
    const NAME: &'static str = "truncated exponential";
    const VALUES: &'static str = "grey values";
    const BOUNDS: (f64, f64) = (0.0, 1.0);
    // The logistic function is steeper than the mean, but it is the one that autoencoders use.
    const ACTIVATION: Activation = Activation::Logistic;
    const LARGEST_VARIANCE: f64 = 0.25;
    const VISIBLE_ONLY: bool = true;
    // Layers above the data take probabilities of binary units rather than grey values.
    const ABOVE_DATA: Option<Unit> = Some(Unit::Binary);

    #[inline(always)]
    fn parameter<F: Real>(input: F) -> F {
        input
    }

    #[inline(always)]
    fn mean<F: Real>(parameter: F) -> F {
        mean(parameter)
    }

    fn draw<F: Real>(stream: Stream, first: usize, parameters: &mut [F]) {
        draw(stream, first, parameters);
    }

    fn log_sum<F: Real>(input: F, _bias: F) -> F {
        log_sum(input)
    }

    fn bias_of_mean(mean: f64, n_samples: f64) -> f64 {
        input_of((mean * n_samples + 0.5) / (n_samples + 1.0))
    }
}

/// Below this magnitude of x a series replaces differences of almost equal numbers.
const SMALL: f64 = 0.5;

/// The mean, 1 / (1 − e⁻ˣ) − 1 / x: ½ at 0, towards 1 and 0 for large inputs of either sign.
#[inline(always)]
fn mean<F: Real>(x: F) -> F {
    // The series of (coth(x / 2) − 2 / x) / 2, whose coefficients are Bernoulli numbers over factorials.
    const SERIES: [f64; 6] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
    ];
    let squared = x * x;
    let near = SERIES.iter().rev().fold(F::zero(), |sum, &c| sum * squared + F::of(c));
    let one = F::one();
    let magnitude = x.abs();
    let is_small = magnitude < F::of(SMALL);
    let divisor = if is_small { one } else { magnitude };
    let far = one / (one - exp(-divisor)) - one / divisor;
    // The mean at −x is the mirror image.
    let far = if x < F::zero() { one - far } else { far };
    if is_small { F::of(0.5) + x * near } else { far }
}

/// ln((eˣ − 1) / x), the logarithm of ∫ e^(x s) ds.
fn log_sum<F: Real>(x: F) -> F {
    // ln(sinh(|x| / 2) / (|x| / 2)) + x / 2, without overflow.
    let x = x.as_f64();
    let magnitude = x.abs();
    let even = if magnitude < 1e-4 {
        magnitude * magnitude / 24.0
    } else {
        magnitude / 2.0 + (-(-magnitude).exp_m1() / magnitude).ln()
    };
    F::of(even + x / 2.0)
}

/// Replaces inputs by draws: element i takes the uniform number `first` + i through the quantile
/// function.
fn draw<F: Real>(stream: Stream, first: usize, inputs: &mut [F]) {
    const CHUNK: usize = 256;
    let mut uniforms = [F::zero(); CHUNK];
    for (chunk, inputs) in inputs.chunks_mut(CHUNK).enumerate() {
        let uniforms = &mut uniforms[..inputs.len()];
        stream.fill_uniform(first + chunk * CHUNK, uniforms);
        for (x, &u) in inputs.iter_mut().zip(&*uniforms) {
            *x = quantile(*x, u);
        }
    }
}

/// The quantile function, ln(1 + u (eˣ − 1)) / x: a draw is below it with probability u.
fn quantile<F: Real>(x: F, u: F) -> F {
    // The quantile at −x is the mirror image: using it, eˣ cannot overflow.
    let magnitude = x.abs();
    let u = if x > F::zero() { F::one() - u } else { u };
    let from_end = if magnitude < F::of(0.1) {
        // A series in −|x|, with the cumulants of a Bernoulli variable over factorials.
        let spread = u * (F::one() - u);
        let third = spread * (F::one() - u - u);
        let fourth = spread * (F::one() - F::of(6.0) * spread);
        let y = -magnitude;
        u + y * (F::of(0.5) * spread + y * (third / F::of(6.0) + y * fourth / F::of(24.0)))
    } else {
        -(u * (-magnitude).exp_m1()).ln_1p() / magnitude
    };
    // Comparisons that let NaN through.
    let bounded = if from_end < F::zero() { F::zero() } else { from_end };
    let bounded = if bounded > F::one() { F::one() } else { bounded };
    if x > F::zero() { F::one() - bounded } else { bounded }
}

/// The input whose mean is `mean_wanted`, by bisection: the mean rises with the input. For 0 and 1,
/// which no input reaches, the result is the end of the search interval.
fn input_of(mean_wanted: f64) -> f64 {
    let (mut low, mut high) = (-1000.0, 1000.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if mean(middle) < mean_wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    /// ∫ sᵏ e^(x s − shift) ds over [0, 1] by Simpson's rule.
    fn moment(k: i32, x: f64) -> f64 {
        let n = 20_000;
        let f = |i: usize| {
            let s = i as f64 / n as f64;
            s.powi(k) * (x * s - x.max(0.0)).exp()
        };
        let weight = |i: usize| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        (0..=n).map(|i| weight(i) * f(i)).sum::<f64>() / (3 * n) as f64
    }

    const INPUTS: [f64; 17] = [
        -80.0, -20.0, -3.0, -0.51, -0.49, -0.11, -0.09, -1e-3, 0.0, 1e-5, 0.09, 0.11, 0.49, 0.51,
        3.0, 20.0, 80.0,
    ];

    #[test]
    fn mean_and_log_sum_agree_with_quadrature() {
        for x in INPUTS {
            let (zeroth, first) = (moment(0, x), moment(1, x));
            assert!((mean(x) - first / zeroth).abs() < 1e-9, "mean at {x}");
            assert!((f64::from(mean(x as f32)) - mean(x)).abs() < 1e-6, "mean of f32 at {x}");
            let log = zeroth.ln() + x.max(0.0);
            assert!((log_sum(x) - log).abs() < 1e-9 * log.abs().max(1.0), "logarithm at {x}");
        }
        for x in [f32::MIN, -1e4, 1e4, f32::MAX] {
            assert!((0.0..=1.0).contains(&mean(x)), "{x}");
        }
        assert!(mean(f32::NAN).is_nan());
    }

    #[test]
    fn the_quantile_inverts_the_distribution_function() {
        for x in INPUTS {
            for u in [0.0, 1e-6, 0.1, 0.37, 0.5, 0.9, 1.0 - 1e-6] {
                let s = quantile(x, u);
                let below = if x == 0.0 {
                    s
                } else if x > 0.0 {
                    ((x * (s - 1.0)).exp() - (-x).exp()) / -(-x).exp_m1()
                } else {
                    (x * s).exp_m1() / x.exp_m1()
                };
                assert!((below - u).abs() < 1e-6, "x = {x}, u = {u}: {s}, {below}");
                let (x, u) = (x as f32, u as f32);
                let wide = quantile(f64::from(x), f64::from(u));
                // Near the ends, u itself is too coarse.
                let is_close = (f64::from(quantile(x, u)) - wide).abs() < 1e-5;
                assert!(is_close || !(0.05..0.95).contains(&u), "{x}, {u}: {wide}");
            }
        }
    }

    #[test]
    fn draws_have_their_mean_whatever_the_cut() {
        let stream = Stream::new(1, Purpose::new("test"));
        for x in [-30.0_f32, -1.0, 0.0, 0.05, 4.0] {
            let mut draws = vec![x; 100_000];
            draw(stream, 0, &mut draws);
            let found = draws.iter().map(|&s| f64::from(s)).sum::<f64>() / draws.len() as f64;
            // The standard deviation is at most that of a uniform number, √(1/12).
            assert!(
                (found - mean(f64::from(x))).abs() < 5.0 * (1.0 / 12.0 / 1e5_f64).sqrt(),
                "{x}"
            );
            let mut rest = vec![x; 700];
            draw(stream, 300, &mut rest);
            assert_eq!(rest, draws[300..1000]);
        }
    }

    #[test]
    fn the_input_of_a_mean_has_it() {
        for wanted in [0.001, 0.2, 0.5, 0.99] {
            assert!((mean(input_of(wanted)) - wanted).abs() < 1e-9, "{wanted}");
        }
        assert!(input_of(0.0).is_finite() && input_of(1.0).is_finite());
    }
}
