//! Gibbs sampling and tempering keep the model's distribution stationary; broken kernels do not.

use ndarray::{Array1, Array2, ArrayView2};
use numerics::{Purpose, Stream};
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rbm_core::{Chains, Rbm, Replicas, gibbs_step, log_z, sample_exactly};

const N_VISIBLE: usize = 5;
const CHAINS: usize = 20_000;

/// Couplings so strong that a wrong kernel moves the distribution within a few steps.
fn model() -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((N_VISIBLE, 4), |(i, j)| 3.0 * wave(i, j)),
        Array1::from_shape_fn(N_VISIBLE, |i| wave(i, 30)),
        Array1::from_shape_fn(4, |j| wave(20, j)),
    )
}

fn probabilities(rbm: &Rbm<f64>) -> Vec<f64> {
    let states = Array2::from_shape_fn((1 << N_VISIBLE, N_VISIBLE), |(state, unit)| {
        f64::from(state as u32 >> unit & 1)
    });
    let log_z = log_z(rbm).expect("small");
    rbm.free_energies(states.view()).iter().map(|f| (-f - log_z).exp()).collect()
}

/// Chains whose visible states are drawn from `p` exactly.
fn exact_draws(p: &[f64]) -> Array2<f64> {
    let mut rng = Stream::new(11, Purpose::new("exact")).rng();
    let states = WeightedIndex::new(p).expect("probabilities");
    let mut visible = Array2::zeros((CHAINS, N_VISIBLE));
    for mut row in visible.rows_mut() {
        let state = states.sample(&mut rng);
        for (unit, value) in row.iter_mut().enumerate() {
            *value = f64::from(state as u32 >> unit & 1);
        }
    }
    visible
}

fn total_variation(p: &[f64], visible: ArrayView2<f64>) -> f64 {
    let mut counts = vec![0.0; p.len()];
    for row in visible.rows() {
        let state = row.iter().rev().fold(0, |state, &bit| 2 * state + usize::from(bit == 1.0));
        counts[state] += 1.0 / CHAINS as f64;
    }
    0.5 * p.iter().zip(counts).map(|(p, q)| (p - q).abs()).sum::<f64>()
}

/// An upper bound of the mean total variation of as many exact draws: each frequency's mean
/// deviation is √(2/π) of its standard deviation.
fn monte_carlo_floor(p: &[f64]) -> f64 {
    let deviation = |p: &f64| (p * (1.0 - p) / CHAINS as f64).sqrt();
    0.5 * (2.0 / std::f64::consts::PI).sqrt() * p.iter().map(deviation).sum::<f64>()
}

#[test]
fn gibbs_sampling_keeps_the_distribution() {
    let rbm = model();
    let p = probabilities(&rbm);
    for steps in [1, 4, 16] {
        let mut chains = Chains::from_visible(&rbm, exact_draws(&p).view());
        for step in 0..steps {
            gibbs_step(&rbm, &mut chains, 3, step);
        }
        let (distance, floor) =
            (total_variation(&p, chains.visible(&rbm).view()), monte_carlo_floor(&p));
        assert!(distance < 4.0 * floor, "{steps} steps: {distance}, floor {floor}");
    }
}

#[test]
fn reversed_couplings_do_not() {
    let rbm = model();
    let p = probabilities(&rbm);
    let broken = Rbm { weights: rbm.weights.mapv(|w| -w), ..rbm.clone() };
    for steps in [1, 4, 16] {
        let mut chains = Chains::from_visible(&rbm, exact_draws(&p).view());
        for step in 0..steps {
            gibbs_step(&broken, &mut chains, 3, step);
        }
        assert!(total_variation(&p, chains.visible(&rbm).view()) > 4.0 * monte_carlo_floor(&p));
    }
}

#[test]
fn one_stream_used_twice_does_not() {
    // A generator re-seeded at each call makes h and v of successive steps depend on each other.
    let rbm = model();
    let p = probabilities(&rbm);
    let mut chains = Chains::from_visible(&rbm, exact_draws(&p).view());
    for _ in 0..16 {
        gibbs_step(&rbm, &mut chains, 3, 0);
    }
    assert!(total_variation(&p, chains.visible(&rbm).view()) > 4.0 * monte_carlo_floor(&p));
}

#[test]
fn exact_draws_are_exact() {
    let rbm = model();
    let p = probabilities(&rbm);
    let stream = Stream::new(5, Purpose::new("exact"));
    let visible = sample_exactly(&rbm, CHAINS, stream).expect("four hidden units");
    let (distance, floor) = (total_variation(&p, visible.view()), monte_carlo_floor(&p));
    assert!(distance < 2.0 * floor, "{distance}, floor {floor}");
}

const TEMPERATURES: usize = 4;

/// a⁰ and the distribution at each temperature, e^(((1 − β) a⁰ + β a)·v) Πⱼ (1 + e^(β xⱼ)): that of an
/// RBM with weights β W, hidden biases β b and visible biases between a⁰ and a.
fn tempered(rbm: &Rbm<f64>) -> (Array1<f64>, Vec<Vec<f64>>) {
    let base = Array1::from_shape_fn(N_VISIBLE, |i| 0.5 - 0.3 * i as f64);
    let at = |beta: f64| {
        let bias = &base * (1.0 - beta) + &rbm.visible.bias * beta;
        probabilities(&Rbm::binary(&rbm.weights * beta, bias, &rbm.hidden.bias * beta))
    };
    let levels = (0..TEMPERATURES).map(|t| at(1.0 - t as f64 / (TEMPERATURES - 1) as f64));
    let levels = levels.collect();
    (base, levels)
}

/// Replicas of exact draws at each temperature.
fn exact_replicas(rbm: &Rbm<f64>) -> (Replicas<f64>, Vec<Vec<f64>>) {
    let (base, levels) = tempered(rbm);
    let draws: Vec<Array2<f64>> = levels.iter().map(|p| exact_draws(p)).collect();
    let visible = Array2::from_shape_fn((CHAINS * TEMPERATURES, N_VISIBLE), |(row, unit)| {
        // Shifted, because the draws of all temperatures come from the same stream.
        let (chain, t) = (row / TEMPERATURES, row % TEMPERATURES);
        draws[t][[(chain + 5_000 * t) % CHAINS, unit]]
    });
    (Replicas::from_visible(rbm, base, visible.view(), TEMPERATURES), levels)
}

#[test]
fn tempering_keeps_every_temperatures_distribution() {
    let rbm = model();
    let stream = Stream::new(2, Purpose::new("sweeps"));
    for sweeps in [1, 4, 16] {
        let (mut replicas, levels) = exact_replicas(&rbm);
        let mut accepted = 0.0;
        for sweep in 0..sweeps {
            accepted += replicas.sweep(&rbm, sweep, stream) / sweeps as f64;
        }
        assert!((0.05..0.95).contains(&accepted), "{accepted}");
        for (t, p) in levels.iter().enumerate() {
            let states = replicas.states_at(&rbm, t);
            let (distance, floor) = (total_variation(p, states.view()), monte_carlo_floor(p));
            assert!(distance < 4.0 * floor, "{sweeps}, level {t}: {distance}, floor {floor}");
        }
    }
}

#[test]
fn tempering_of_reversed_couplings_does_not() {
    let rbm = model();
    let broken = Rbm { weights: rbm.weights.mapv(|w| -w), ..rbm.clone() };
    let stream = Stream::new(2, Purpose::new("sweeps"));
    for sweeps in [1, 4, 16] {
        let (mut replicas, levels) = exact_replicas(&rbm);
        for sweep in 0..sweeps {
            replicas.sweep(&broken, sweep, stream);
        }
        let distance = total_variation(&levels[0], replicas.states_at(&rbm, 0).view());
        assert!(distance > 4.0 * monte_carlo_floor(&levels[0]));
    }
}

#[test]
fn draws_of_a_seed_are_pinned() {
    // The rows were computed by `gibbs_step` itself when the streams were fixed. They guard the draws that
    // users' seeds produce.
    let rbm = model();
    let stream = Stream::new(1, Purpose::new("pin"));
    let mut chains = Chains::from_noise(&rbm, 4, stream);
    for step in 0..3 {
        gibbs_step(&rbm, &mut chains, 1, step);
    }
    let rows: Vec<String> = chains
        .visible(&rbm)
        .rows()
        .into_iter()
        .map(|row| row.iter().map(|&bit| if bit == 1.0 { '1' } else { '0' }).collect())
        .collect();
    assert_eq!(rows, PINNED);
}
const PINNED: [&str; 4] = ["11001", "00100", "01100", "01110"];
