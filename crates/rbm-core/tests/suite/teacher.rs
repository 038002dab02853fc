//! A student RBM learns a teacher RBM's distribution.

use ndarray::{Array1, Array2, Axis};
use nn_core::Schedule;
use rbm_core::{Algorithm, Rbm, RbmConfig, Training, TrainingConfig, log_z};

const N_VISIBLE: usize = 4;
const N_HIDDEN: usize = 2;
const SAMPLES: f64 = 10_000.0;

fn teacher() -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((N_VISIBLE, N_HIDDEN), |(i, j)| 0.8 * wave(i, j)),
        Array1::from_shape_fn(N_VISIBLE, |i| 0.5 * wave(i, 30)),
        Array1::from_shape_fn(N_HIDDEN, |j| 0.5 * wave(20, j)),
    )
}

fn states() -> Array2<f64> {
    Array2::from_shape_fn((1 << N_VISIBLE, N_VISIBLE), |(state, unit)| {
        f64::from(u8::from(state >> unit & 1 == 1))
    })
}

fn probabilities(rbm: &Rbm<f64>) -> Array1<f64> {
    let log_z = log_z(rbm).expect("small");
    rbm.free_energies(states().view()).iter().map(|f| (-f - log_z).exp()).collect()
}

/// ⟨v⟩, ⟨h⟩ and ⟨v h⟩ of a model, given p(v) and E[h | v].
fn moments(p: &Array1<f64>, rbm: &Rbm<f64>) -> Vec<f64> {
    let (v, h) = (states(), rbm.encode(states().view()));
    let weighted = &v * &p.view().insert_axis(Axis(1));
    let mut all = weighted.sum_axis(Axis(0)).to_vec();
    all.extend(p.dot(&h));
    all.extend(weighted.t().dot(&h));
    all
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let covariance = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    let both = covariance(a, mean_a, b, mean_b);
    both / (covariance(a, mean_a, a, mean_a) * covariance(b, mean_b, b, mean_b)).sqrt()
}

/// Every state of the visible units, in proportion to its probability under the teacher.
#[allow(clippy::cast_sign_loss, reason = "probabilities")]
fn data() -> Array2<f64> {
    let p = probabilities(&teacher());
    let rows: Vec<usize> = p
        .iter()
        .enumerate()
        .flat_map(|(state, p)| vec![state; (p * SAMPLES).round() as usize])
        .collect();
    states().select(Axis(0), &rows)
}

#[test]
fn the_student_becomes_the_teacher() {
    let (teacher, data) = (teacher(), data());
    // More chains leave less noise; tempering's three temperatures cost time.
    let algorithms = [
        (Algorithm::Pcd { chains: 10_000 }, 2_000, 0.9999),
        (Algorithm::Tempering { chains: 2_000, temperatures: 3 }, 1_000, 0.999),
    ];
    for (algorithm, epochs, bound) in algorithms {
        let architecture =
            RbmConfig { n_hidden: N_HIDDEN + 1, weight_std: 0.1, ..Default::default() };
        let config = TrainingConfig {
            epochs,
            batch_size: data.nrows(),
            algorithm,
            offset_rate: 0.01,
            learning_rate: 0.4,
            schedule: Schedule::Linear,
            weight_decay: 0.0,
            initial_momentum: 0.9,
            momentum: 0.9,
            ..Default::default()
        };
        let mut student = Rbm::new(&architecture, data.view(), 2, 0).expect("valid");
        let mut training = Training::new(&student, &config, data.view(), 2, 0).expect("valid");
        while training.epochs_done() < config.epochs {
            training.epoch(&mut student, data.view()).expect("converges");
        }
        let free = |rbm: &Rbm<f64>| rbm.free_energies(states().view());
        let r = correlation(&free(&student), &free(&teacher));
        assert!(r > bound, "{algorithm:?}: {r}");
        // ⟨v⟩, ⟨h⟩, ⟨vh⟩ of the student over the data's distribution and over its own.
        let over_data = moments(&probabilities(&teacher), &student);
        let own = moments(&probabilities(&student), &student);
        for (data, own) in over_data.iter().zip(own) {
            assert!((data - own).abs() < 5e-3, "{algorithm:?}: {data}, {own}");
        }
    }
}
