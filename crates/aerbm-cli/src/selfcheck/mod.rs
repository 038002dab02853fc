//! The correctness checks that need no test harness, on the binary that the user has.

mod rbm;

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Corruption, Objective, Penalty, StepMemory,
    TrainingConfig,
};
use ndarray::Array2;
use nn_core::{Activation, Initialiser, Parameters as _, check_gradient};
use numerics::{Purpose, Stream};
use rbm_core::Unit;

use crate::ui::Ui;

/// A check and what it found: an error that must stay below a bound.
struct Check {
    name: &'static str,
    error: f64,
    bound: f64,
}

pub(crate) fn run(ui: &Ui) -> anyhow::Result<()> {
    let checks = [
        Check {
            name: "log Z summed over both layers = over either",
            error: rbm::log_z_error(),
            bound: 1e-10,
        },
        Check {
            name: "free energy = −log of the sum over hidden states",
            error: rbm::free_energy_error(),
            bound: 1e-10,
        },
        Check {
            name: "conditionals = ratios of the joint distribution",
            error: rbm::conditional_error(),
            bound: 1e-10,
        },
        Check {
            name: "Gibbs sampling keeps the distribution (floors)",
            error: rbm::stationarity_error(),
            bound: 4.0,
        },
        Check {
            name: "tempering's exchanges keep it too (floors)",
            error: rbm::tempering_error(),
            bound: 4.0,
        },
        Check {
            name: "pseudo-likelihood = a loop that flips every unit",
            error: rbm::pseudo_likelihood_error(),
            bound: 1e-10,
        },
        Check {
            name: "Gaussian units: Z by quadrature = by enumeration",
            error: rbm::quadrature_error(Unit::Gaussian),
            bound: 1e-8,
        },
        Check {
            name: "truncated exponential units: the same",
            error: rbm::quadrature_error(Unit::TruncatedExponential),
            bound: 1e-8,
        },
        Check {
            name: "annealing without weights = log Z",
            error: rbm::annealing_error(),
            bound: 1e-10,
        },
        Check {
            name: "annealing, 10 to 1,000 temperatures: error's ratio",
            error: rbm::annealing_ratio(),
            bound: 0.2,
        },
        Check {
            name: "mean AIS ≤ log Z ≤ mean reverse AIS (standard errors)",
            error: rbm::bracket_error(),
            bound: 3.0,
        },
        Check {
            name: "autoencoder gradients = central differences",
            error: gradient_error(),
            bound: 1e-6,
        },
        Check {
            name: "products on one thread = on the team, to the bit",
            error: team_error(),
            bound: f64::MIN_POSITIVE,
        },
    ];
    let mut failed = 0;
    for check in &checks {
        // Written so that NaN fails.
        let passed = check.error < check.bound;
        failed += usize::from(!passed);
        let verdict = if passed { "ok" } else { "FAILED" };
        ui.result(&format!(
            "{verdict:<7}{:<52}{:>10.1e} < {:.0e}",
            check.name, check.error, check.bound
        ));
    }
    anyhow::ensure!(
        failed == 0,
        "{failed} of {} checks failed: do not trust this build",
        checks.len()
    );
    Ok(())
}

fn gradient_error() -> f64 {
    let penalties = [
        None,
        Some(Penalty::Kl { target: 0.1, weight: 0.5 }),
        Some(Penalty::L1 { weight: 0.3 }),
        Some(Penalty::Contractive { weight: 0.4 }),
    ];
    let mut worst = 0.0_f64;
    for hidden in Activation::ALL {
        for tied in [false, true] {
            for top_k in [None, Some(2)] {
                for penalty in penalties {
                    let model = AutoencoderConfig {
                        n_hidden: 4,
                        hidden,
                        tied,
                        top_k,
                        initialiser: Some(Initialiser::Normal { std: 0.5 }),
                        ..Default::default()
                    };
                    let training = TrainingConfig { penalty, ..Default::default() };
                    // Some of them do not go together.
                    if let Ok(objective) = Objective::new(&model, &training) {
                        // Written so that NaN stays.
                        let error = gradient_error_of(&model, &objective);
                        worst = if error <= worst { worst } else { error };
                    }
                }
            }
        }
    }
    worst
}

fn gradient_error_of(config: &AutoencoderConfig, objective: &Objective) -> f64 {
    let data = Array2::from_shape_fn((5, 6), |(i, j)| ((i * 7 + j * 3) % 11) as f64 / 11.0);
    let mut noisy = data.clone();
    let noise = Stream::new(5, Purpose::new("selfcheck"));
    Corruption::Masking { fraction: 0.3 }.apply(noise, noisy.view_mut());
    let batch = Batch { input: noisy.view(), target: data.view(), weights: None };
    let Ok(mut model) = Autoencoder::<f64>::new(config, 6, 3, 0) else { return f64::NAN };
    // Away from zero, so that no unit sits on its corner.
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
    // This command runs inside the team; a thread of its own is outside of it.
    let alone = std::thread::scope(|scope| scope.spawn(product).join());
    alone.map_or(f64::NAN, |alone| if alone == product() { 0.0 } else { 1.0 })
}

fn largest(errors: impl IntoIterator<Item = f64>) -> f64 {
    errors
        .into_iter()
        .fold(0.0, |worst, error| if error.abs() <= worst { worst } else { error.abs() })
}
