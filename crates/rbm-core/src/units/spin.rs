//! Units that are −1 or +1: p(+1) = (1 + tanh x) / 2, with mean tanh x and log-sum ln(2 cosh x).

use nn_core::Activation;
use numerics::elementary::{softplus, tanh};
use numerics::{Real, Stream};

use super::kind::Kind;

pub(crate) struct Spin;

impl Kind for Spin {
    const NAME: &'static str = "spin";
    const VALUES: &'static str = "values in [-1, 1]";
    const BOUNDS: (f64, f64) = (-1.0, 1.0);
    const STATES: Option<&'static [f64]> = Some(&[-1.0, 1.0]);
    const ACTIVATION: Activation = Activation::Tanh;
    const LARGEST_VARIANCE: f64 = 1.0;

    #[inline(always)]
    fn parameter<F: Real>(input: F) -> F {
        tanh(input)
    }

    fn draw<F: Real>(stream: Stream, first: usize, parameters: &mut [F]) {
        stream.with_uniforms(first, parameters, |mean: &mut F, uniform: F| {
            let is_up = uniform < F::of(0.5) * (F::one() + *mean);
            *mean = if is_up { F::one() } else { -F::one() };
        });
    }

    /// |x| + ln(1 + e^(−2|x|)), which does not overflow.
    #[inline(always)]
    fn log_sum<F: Real>(input: F, _bias: F) -> F {
        input.abs() + softplus(F::of(-2.0) * input.abs())
    }

    /// artanh of the mean with half a sample at either bound.
    fn bias_of_mean(mean: f64, n_samples: f64) -> f64 {
        (mean * n_samples / (n_samples + 1.0)).atanh()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Rbm, Unit, log_z};
    use ndarray::{Array1, Array2};

    /// With s = 2b − 1 in both layers, a spin model is a binary one with weights 4 W, biases
    /// 2 (a − W 1) and 2 (b − Wᵀ 1), and a constant Σ a + Σ b − Σ W in the energy.
    #[test]
    fn a_spin_model_is_a_binary_one_in_other_units() {
        let wave = |i: usize, j: usize| ((i * 7 + j * 13 + 3) as f64).sin();
        let mut spin = Rbm::with_units(5, 4, Unit::Spin, Unit::Spin);
        spin.weights = Array2::from_shape_fn((5, 4), |(i, j)| wave(i, j));
        spin.visible.bias = Array1::from_shape_fn(5, |i| wave(i, 40));
        spin.hidden.bias = Array1::from_shape_fn(4, |j| wave(50, j));
        let binary = Rbm::binary(
            &spin.weights * 4.0,
            (&spin.visible.bias - &spin.weights.sum_axis(ndarray::Axis(1))) * 2.0,
            (&spin.hidden.bias - &spin.weights.sum_axis(ndarray::Axis(0))) * 2.0,
        );
        let constant = spin.visible.bias.sum() + spin.hidden.bias.sum() - spin.weights.sum();
        let log_z = |rbm: &Rbm<f64>| log_z(rbm).expect("small");
        assert!((log_z(&spin) - (log_z(&binary) - constant)).abs() < 1e-12);

        let b = Array2::from_shape_fn((32, 5), |(state, i)| f64::from(state as u32 >> i & 1));
        let s = b.mapv(|b| 2.0 * b - 1.0);
        let of_binary = binary.free_energies(b.view());
        for (spin, binary) in spin.free_energies(s.view()).iter().zip(&of_binary) {
            assert!((spin - (binary + constant)).abs() < 1e-12);
        }
        let features = binary.encode(b.view()) * 2.0 - 1.0;
        assert!(spin.encode(s.view()).iter().zip(&features).all(|(a, b)| (a - b).abs() < 1e-12));
        let pseudo = |rbm: &Rbm<f64>, v: &Array2<f64>| {
            rbm.pseudo_log_likelihoods(v.view()).expect("two states")
        };
        for (spin, binary) in pseudo(&spin, &s).iter().zip(pseudo(&binary, &b)) {
            assert!((spin - binary).abs() < 1e-10);
        }
    }
}
