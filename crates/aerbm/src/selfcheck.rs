//! The correctness checks that need no test harness, on the binary that the user has.

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Corruption, Objective, Penalty, StepMemory,
    TrainingConfig,
};
use ndarray::{Array1, Array2, ArrayView1};
use nn_core::{Activation, Initialiser, Parameters as _, check_gradient};
use numerics::{Purpose, Stream, log_sum_exp};
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rbm_core::{Chains, Rbm, gibbs_step, log_z};

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
            error: log_z_error(),
            bound: 1e-10,
        },
        Check {
            name: "free energy = −log of the sum over hidden states",
            error: free_energy_error(),
            bound: 1e-10,
        },
        Check {
            name: "conditionals = ratios of the joint distribution",
            error: conditional_error(),
            bound: 1e-10,
        },
        Check {
            name: "Gibbs sampling keeps the distribution (floors)",
            error: stationarity_error(),
            bound: 4.0,
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

const N_VISIBLE: usize = 5;
const N_HIDDEN: usize = 4;

fn model() -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    Rbm {
        weights: Array2::from_shape_fn((N_VISIBLE, N_HIDDEN), |(i, j)| 3.0 * wave(i, j)),
        visible_bias: Array1::from_shape_fn(N_VISIBLE, |i| wave(i, 30)),
        hidden_bias: Array1::from_shape_fn(N_HIDDEN, |j| wave(20, j)),
    }
}

fn states(n_units: usize) -> Array2<f64> {
    Array2::from_shape_fn(
        (1 << n_units, n_units),
        |(state, unit)| {
            if (state >> unit) & 1 == 1 { 1.0 } else { 0.0 }
        },
    )
}

fn negative_energies(rbm: &Rbm<f64>) -> Array2<f64> {
    let (vs, hs) = (states(N_VISIBLE), states(N_HIDDEN));
    Array2::from_shape_fn((vs.nrows(), hs.nrows()), |(v, h)| -rbm.energy(vs.row(v), hs.row(h)))
}

fn log_z_error() -> f64 {
    let rbm = model();
    let all: Vec<f64> = negative_energies(&rbm).iter().copied().collect();
    let exact = log_sum_exp(&all);
    let found = |rbm: &Rbm<f64>| log_z(rbm).unwrap_or(f64::NAN);
    largest([found(&rbm) - exact, found(&rbm.exchanged()) - exact])
}

fn free_energy_error() -> f64 {
    let rbm = model();
    let free = rbm.free_energies(states(N_VISIBLE).view());
    let energies = negative_energies(&rbm);
    largest(energies.rows().into_iter().zip(free).map(|(row, f)| log_sum_exp(&row.to_vec()) + f))
}

fn conditional_error() -> f64 {
    let rbm = model();
    let (vs, hs, energies) = (states(N_VISIBLE), states(N_HIDDEN), negative_energies(&rbm));
    let mut means = Array2::zeros((vs.nrows(), N_HIDDEN));
    rbm.mean_h_given_v(vs.view(), means.view_mut());
    let log_p = |h: ArrayView1<f64>, mean: ArrayView1<f64>| -> f64 {
        h.iter().zip(mean).map(|(&h, &p)| if h == 1.0 { p.ln() } else { (1.0 - p).ln() }).sum()
    };
    largest((0..vs.nrows()).flat_map(|v| {
        let (means, hs, energies) = (&means, &hs, &energies);
        (1..hs.nrows()).map(move |h| {
            let ratio = log_p(hs.row(h), means.row(v)) - log_p(hs.row(0), means.row(v));
            ratio - (energies[[v, h]] - energies[[v, 0]])
        })
    }))
}

/// Total variation after 1, 4 and 16 steps from exact draws, in units of what exact draws have.
fn stationarity_error() -> f64 {
    const CHAINS: usize = 20_000;
    let rbm = model();
    let states = states(N_VISIBLE);
    let log_z = log_z(&rbm).unwrap_or(f64::NAN);
    let p: Vec<f64> = rbm.free_energies(states.view()).iter().map(|f| (-f - log_z).exp()).collect();
    let Ok(exact) = WeightedIndex::new(&p) else { return f64::NAN };
    let deviation = |p: &f64| (p * (1.0 - p) / CHAINS as f64).sqrt();
    let floor = 0.5 * (2.0 / std::f64::consts::PI).sqrt() * p.iter().map(deviation).sum::<f64>();
    largest([1, 4, 16].map(|steps| {
        let mut rng = Stream::new(11, Purpose::new("selfcheck")).rng();
        let mut visible = Array2::zeros((CHAINS, N_VISIBLE));
        for mut row in visible.rows_mut() {
            row.assign(&states.row(exact.sample(&mut rng)));
        }
        let mut chains = Chains::from_visible(&rbm, visible);
        for step in 0..steps {
            gibbs_step(&rbm, &mut chains, 3, step);
        }
        let mut frequencies = vec![0.0; p.len()];
        for row in chains.visible.rows() {
            let state = row.iter().rev().fold(0, |state, &bit| 2 * state + usize::from(bit == 1.0));
            frequencies[state] += 1.0 / CHAINS as f64;
        }
        0.5 * p.iter().zip(frequencies).map(|(p, q)| (p - q).abs()).sum::<f64>() / floor
    }))
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
