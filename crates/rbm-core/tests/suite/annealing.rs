//! Annealed importance sampling against log Z by enumeration.

use ndarray::{Array1, Array2};
use numerics::{Purpose, Stream, with_team};
use rbm_core::{Rbm, Temperatures, backward, forward, log_z, sample_exactly};

fn model(strength: f64) -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 7 + j * 13 + 3) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((20, 10), |(i, j)| strength * wave(i, j)),
        Array1::from_shape_fn(20, |i| wave(i, 40)),
        Array1::from_shape_fn(10, |j| wave(50, j)),
    )
}

fn even(count: usize) -> Vec<f64> {
    Temperatures::Even { count }.betas()
}

#[test]
fn without_weights_it_is_exact() {
    let mut rbm = model(0.0);
    // With the model's own biases as base and no hidden bias, the base is the model.
    rbm.hidden.bias.fill(0.0);
    let exact = log_z(&rbm).expect("small");
    let base = rbm.visible.bias.clone();
    for (n_chains, count) in [(2, 2), (10, 50)] {
        let lower = forward(&rbm, base.view(), &even(count), n_chains, 1);
        let starts = sample_exactly(&rbm, n_chains, Stream::new(1, Purpose::new("start")));
        let upper = backward(&rbm, base.view(), &even(count), starts.expect("small").view(), 1);
        for estimate in [lower, upper] {
            assert!((estimate.log_z - exact).abs() < 1e-10, "{estimate:?}, exactly {exact}");
            assert!(estimate.standard_error < 1e-6);
            assert!((estimate.effective_chains - n_chains as f64).abs() < 1e-6);
        }
    }
}

/// The root mean square error over runs.
fn errors(rbm: &Rbm<f64>, count: usize, runs: u64) -> f64 {
    let exact = log_z(rbm).expect("small");
    let base = Array1::zeros(20);
    let squares = (0..runs).map(|seed| {
        let estimate = forward(rbm, base.view(), &even(count), 20, seed);
        (estimate.log_z - exact).powi(2)
    });
    (squares.sum::<f64>() / runs as f64).sqrt()
}

#[test]
fn the_error_falls_with_the_number_of_temperatures() {
    let rbm = model(0.6);
    // The variance of ln w is inversely proportional to the number of temperatures, and so is the bias; the
    // spread of estimates falls with its square root. From 100 to 10,000, that is a factor of at least ten.
    let [few, more, many] =
        [(100, 40), (1_000, 20), (10_000, 6)].map(|(n, runs)| errors(&rbm, n, runs));
    assert!(few > 2.0 * more && more > 2.0 * many && few > 8.0 * many, "{few}, {more}, {many}");
    assert!(many < 0.02, "{many}");
}

#[test]
fn log_z_is_between_the_mean_estimates() {
    let rbm = model(1.5);
    let exact = log_z(&rbm).expect("small");
    let base = Array1::zeros(20);
    let runs = 40;
    // With more temperatures the estimates' spread is larger than their bias.
    for count in [5, 20, 100] {
        let (mut lower, mut upper) = (0.0, 0.0);
        for seed in 0..runs {
            let starts = sample_exactly(&rbm, 10, Stream::new(seed, Purpose::new("start")));
            let starts = starts.expect("small");
            lower += forward(&rbm, base.view(), &even(count), 10, seed).log_z / runs as f64;
            upper +=
                backward(&rbm, base.view(), &even(count), starts.view(), seed).log_z / runs as f64;
        }
        assert!(lower <= exact && exact <= upper, "{count}: {lower} ≤ {exact} ≤ {upper}");
    }
}

#[test]
fn the_standard_error_is_that_of_repeated_runs() {
    let rbm = model(0.6);
    let base = Array1::zeros(20);
    let runs: Vec<_> =
        (0..200).map(|seed| forward(&rbm, base.view(), &even(200), 50, seed)).collect();
    let n = runs.len() as f64;
    let mean = runs.iter().map(|run| run.log_z).sum::<f64>() / n;
    let spread = (runs.iter().map(|run| (run.log_z - mean).powi(2)).sum::<f64>() / n).sqrt();
    let claimed = runs.iter().map(|run| run.standard_error).sum::<f64>() / n;
    assert!((0.7..1.3).contains(&(claimed / spread)), "claimed {claimed}, found {spread}");
}

#[test]
fn single_precision_on_any_team_gives_the_same_bits_near_the_truth() {
    let rbm = model(0.6);
    let exact = log_z(&rbm).expect("small");
    let single = Rbm::binary(
        rbm.weights.mapv(|w| w as f32),
        rbm.visible.bias.mapv(|a| a as f32),
        rbm.hidden.bias.mapv(|b| b as f32),
    );
    let data = Array2::from_shape_fn((60, 20), |(i, j)| f32::from(u8::from((i * j + i) % 3 == 0)));
    let betas = even(2_000);
    let estimates = || {
        let base = single.independent_biases(&data.view()).expect("in memory");
        let lower = forward(&single, base.view(), &betas, 60, 7);
        (lower, backward(&single, base.view(), &betas, data.view(), 7))
    };
    let alone = estimates();
    assert_eq!(with_team(3, estimates), alone);
    assert!((alone.0.log_z - exact).abs() < 0.05, "{alone:?}, exactly {exact}");
}

#[test]
fn published_temperatures_are_dense_near_the_model() {
    let betas = Temperatures::Published {}.betas();
    assert!(betas.is_sorted() && betas[0] == 0.0 && betas[betas.len() - 1] == 1.0);
    assert!((betas[1] - 1e-3).abs() < 1e-12 && (betas[500] - 0.5).abs() < 1e-12);
    assert!((betas[501] - 0.5001).abs() < 1e-12 && (betas[4_501] - 0.90001).abs() < 1e-12);
}
