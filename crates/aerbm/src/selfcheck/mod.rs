//! Correctness checks that need no test harness, so that users can run them in their own binary.

mod rbm;

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Corruption, DataKind, Objective, Penalty, StepMemory,
    TrainingConfig,
};
use ndarray::Array2;
use nn_core::{Activation, Initialiser, Loss, Parameters as _, check_gradient};
use numerics::{Purpose, Stream};
use rbm_core::Unit;

/// A check with the error that it found, which must stay below a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// The statement that is checked.
    pub name: &'static str,
    /// The error; NaN fails.
    pub error: f64,
    /// The bound.
    pub bound: f64,
}

impl Check {
    /// Whether the error is below the bound.
    pub fn passed(&self) -> bool {
        // NaN fails.
        self.error < self.bound
    }
}

/// A check's statement, the computation of its error, and the bound.
type Row = (&'static str, fn() -> f64, f64);

/// The checks.
const CHECKS: [Row; 13] = [
    ("log Z summed over both layers = over either", rbm::log_z_error, 1e-10),
    ("free energy = −log of the sum over hidden states", rbm::free_energy_error, 1e-10),
    ("conditionals = ratios of the joint distribution", rbm::conditional_error, 1e-10),
    ("Gibbs sampling keeps the distribution (floors)", rbm::stationarity_error, 4.0),
    ("tempering's exchanges keep it, too (floors)", rbm::tempering_error, 4.0),
    ("pseudo-likelihood = a loop that flips every unit", rbm::pseudo_likelihood_error, 1e-10),
    (
        "Gaussian units: Z by quadrature = by enumeration",
        || rbm::quadrature_error(Unit::Gaussian),
        1e-8,
    ),
    (
        "truncated exponential units: Z by quadrature = by enumeration",
        || rbm::quadrature_error(Unit::TruncatedExponential),
        1e-8,
    ),
    ("annealing without weights = log Z", rbm::annealing_error, 1e-10),
    ("annealing, 10 to 1,000 temperatures: error's ratio", rbm::annealing_ratio, 0.2),
    ("mean AIS ≤ log Z ≤ mean reverse AIS (standard errors)", rbm::bracket_error, 3.0),
    ("autoencoder gradients = central differences", gradient_error, 1e-6),
    ("products on one thread = on the team, to the bit", team_error, f64::MIN_POSITIVE),
];

/// Runs every check.
pub fn run() -> impl Iterator<Item = Check> {
    CHECKS.into_iter().map(|(name, error, bound)| Check { name, error: error(), bound })
}

/// Number of combinations of activation, output, tied weights, kept units and penalty that settings allow.
const COMBINATIONS: usize = 222;

fn gradient_error() -> f64 {
    let outputs = [
        (Activation::Logistic, Loss::CrossEntropy),
        (Activation::Identity, Loss::SquaredError),
        (Activation::Tanh, Loss::MeanSquaredError),
    ];
    let penalties = || [None].into_iter().chain(Penalty::EXAMPLES.iter().copied().map(Some));
    let kept = [(false, None), (true, None), (false, Some(2)), (true, Some(2))];
    let (mut worst, mut checked) = (0.0, 0);
    for (hidden, (output, loss)) in
        Activation::ALL.iter().flat_map(|hidden| outputs.map(|output| (*hidden, output)))
    {
        for ((tied, top_k), penalty) in
            kept.into_iter().flat_map(|kept| penalties().map(move |penalty| (kept, penalty)))
        {
            let model = AutoencoderConfig {
                n_hidden: 4,
                hidden,
                tied,
                top_k,
                output: Some(output),
                loss: Some(loss),
                data: DataKind::Real,
                initialiser: Some(Initialiser::Normal { std: 0.5 }),
                ..Default::default()
            };
            let training = TrainingConfig { penalty, ..Default::default() };
            // Some settings exclude each other.
            if let Ok(objective) = Objective::new(&model, &training) {
                worst = larger(worst, gradient_error_of(&model, &objective));
                checked += 1;
            }
        }
    }
    // Settings that are refused by mistake would otherwise pass unchecked.
    if checked == COMBINATIONS { worst } else { f64::NAN }
}

fn gradient_error_of(config: &AutoencoderConfig, objective: &Objective) -> f64 {
    let data = Array2::from_shape_fn((5, 6), |(i, j)| ((i * 7 + j * 3) % 11) as f64 / 11.0);
    let mut noisy = data.clone();
    let noise = Stream::new(5, Purpose::new("selfcheck"));
    Corruption::Masking { fraction: 0.3 }.apply(noise, noisy.view_mut());
    let batch = Batch { input: noisy.view(), target: data.view(), weights: None };
    let Ok(mut model) = Autoencoder::<f64>::new(config, 6, 3, 0) else { return f64::NAN };
    // Biases away from zero keep units away from their kinks.
    for tensor in model.tensors_mut().filter(|tensor| tensor.shape[0] == 1) {
        for (i, bias) in tensor.values.iter_mut().enumerate() {
            *bias = 0.1 + 0.07 * i as f64;
        }
    }
    let mut memory = StepMemory::new(&model, 5);
    let mut cost = |model: &Autoencoder<f64>, gradient: &mut _| {
        ae_core::cost_and_gradient(model, objective, &batch, &mut memory, gradient)
    };
    let mut gradient = model.zeros_like();
    cost(&model, &mut gradient);
    let mut scratch = model.zeros_like();
    check_gradient(&model, &gradient, |model| cost(model, &mut scratch)).max_relative_error
}

fn team_error() -> f64 {
    let matrix = |rows, columns, salt| {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            (((i * 31 + j * 17 + salt) % 23) as f32) / 23.0
        })
    };
    let (a, b) = (matrix(100, 784, 1), matrix(784, 256, 2));
    let product = || {
        let mut out = Array2::zeros((100, 256));
        numerics::matmul(a.view(), b.view(), out.view_mut());
        out
    };
    // This function runs inside the team; a new thread is outside of it.
    let alone = std::thread::scope(|scope| scope.spawn(product).join());
    alone.map_or(f64::NAN, |alone| if alone == product() { 0.0 } else { 1.0 })
}

/// The largest absolute value; NaN if one of them is.
fn largest(errors: impl IntoIterator<Item = f64>) -> f64 {
    errors.into_iter().map(f64::abs).fold(0.0, larger)
}

/// The larger of two errors, or NaN if one of them is: `f64::max` would drop it.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_is_not_a_number_is_kept() {
        assert_eq!([-1.0, 0.5].into_iter().fold(0.0, larger), 0.5);
        assert_eq!(largest([-2.0, 0.5]), 2.0);
        for errors in [[f64::NAN, 1.0], [1.0, f64::NAN], [f64::NAN, -1.0]] {
            assert!(largest(errors).is_nan(), "{errors:?}");
            let check = Check { name: "", error: largest(errors), bound: f64::INFINITY };
            assert!(!check.passed());
        }
    }

    #[test]
    fn gradients_of_all_combinations_are_checked() {
        let error = gradient_error();
        assert!(error < 1e-6, "{error}");
    }
}
