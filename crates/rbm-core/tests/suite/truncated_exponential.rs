//! Truncated exponential visible units: grey values that are values, not probabilities.

use ndarray::{Array2, Axis, array};
use nn_core::Schedule;
use numerics::{Purpose, Stream, log_sum_exp};
use rand::RngExt as _;
use rbm_core::{
    Algorithm, AnnealingConfig, Binarisation, Chains, NegativeVisible, Rbm, RbmConfig,
    Temperatures, Training, TrainingConfig, Unit, bracket_log_z, gibbs_step, log_z, sample_exactly,
};

/// Two visible and three hidden units with strong weights.
fn small() -> Rbm<f64> {
    let mut rbm = Rbm::with_units(2, 3, Unit::TruncatedExponential, Unit::Binary);
    rbm.weights = array![[3.0, -4.0, 0.5], [-2.0, 6.0, 1.5]];
    rbm.visible_bias = array![-1.0, 0.3];
    rbm.hidden_bias = array![-0.5, -1.0, 0.2];
    rbm
}

/// The middles of 400 × 400 squares of [0, 1]².
fn grid() -> Array2<f64> {
    const SIDE: usize = 400;
    Array2::from_shape_fn((SIDE * SIDE, 2), |(point, unit)| {
        let step = if unit == 0 { point / SIDE } else { point % SIDE };
        (step as f64 + 0.5) / SIDE as f64
    })
}

#[test]
fn z_is_that_of_quadrature() {
    let rbm = small();
    let log_p: Vec<f64> = rbm.free_energies(grid().view()).iter().map(|f| -f).collect();
    let by_quadrature = log_sum_exp(&log_p) - (log_p.len() as f64).ln();
    let exact = log_z(&rbm).expect("three hidden units");
    assert!((exact - by_quadrature).abs() < 1e-4, "{exact}, by quadrature {by_quadrature}");
}

#[test]
fn annealing_agrees_with_enumeration() {
    let rbm = small();
    let data = sample_exactly(&rbm, 200, Stream::new(1, Purpose::new("data"))).expect("small");
    let base = rbm.independent_biases(&data.view()).expect("in memory");
    let config = AnnealingConfig {
        chains: 200,
        schedule: Temperatures::Even { count: 1_000 },
        burn_in: 100,
    };
    let bracket = bracket_log_z(&rbm, base.view(), data.view(), &config, 1).expect("valid");
    let exact = log_z(&rbm).expect("three hidden units");
    assert!((bracket.log_z() - exact).abs() < 0.05, "{bracket:?}, exactly {exact}");
}

/// Chains have the moments that quadrature gives; so do exact draws.
#[test]
fn draws_have_the_moments_of_the_model() {
    let rbm = small();
    let points = grid();
    let exact = log_z(&rbm).expect("three hidden units");
    let p: Vec<f64> = rbm.free_energies(points.view()).iter().map(|f| (-f - exact).exp()).collect();
    let moment = |of: &dyn Fn(f64, f64) -> f64| {
        let terms = points.rows().into_iter().zip(&p).map(|(v, p)| p * of(v[0], v[1]));
        terms.sum::<f64>() / p.len() as f64
    };
    let n = 20_000;
    let exactly = sample_exactly(&rbm, n, Stream::new(2, Purpose::new("draws"))).expect("small");
    let mut chains = Chains::from_noise(&rbm, n, Stream::new(3, Purpose::new("start")));
    for step in 1..=200 {
        gibbs_step(&rbm, &mut chains, 4, step);
    }
    let moments: [&dyn Fn(f64, f64) -> f64; 4] =
        [&|a, _| a, &|_, b| b, &|a, b| a * b, &|a, _| a * a];
    for draws in [&exactly, &chains.visible] {
        assert!(draws.iter().all(|v| (0.0..=1.0).contains(v)));
        for (i, of) in moments.iter().enumerate() {
            let found = draws.rows().into_iter().map(|v| of(v[0], v[1])).sum::<f64>() / n as f64;
            // A number in [0, 1] has a standard deviation of at most ½.
            let error = 0.5 / (n as f64).sqrt();
            assert!((found - moment(of)).abs() < 4.0 * error, "moment {i}: {found}");
        }
    }
}

/// Half of the pixels follow one coin, bright or dark with grey in between, the others are noise.
fn stripes(n: usize) -> Array2<f32> {
    let mut rng = Stream::new(5, Purpose::new("stripes")).rng();
    let mut data = Array2::from_shape_simple_fn((n, 8), || rng.random::<f32>());
    for mut row in data.axis_iter_mut(Axis(0)) {
        let bright = row[0] < 0.5;
        for v in row.iter_mut().take(4) {
            *v = if bright { 1.0 - 0.4 * *v } else { 0.4 * *v };
        }
    }
    data
}

#[test]
fn structure_is_learned_and_noise_is_left() {
    let data = stripes(2_000);
    let architecture = RbmConfig {
        n_hidden: 4,
        visible: Unit::TruncatedExponential,
        visible_bias_from_data: true,
        ..Default::default()
    };
    for algorithm in [
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 100 },
    ] {
        let config = TrainingConfig {
            epochs: 60,
            batch_size: 20,
            algorithm,
            learning_rate: 0.05,
            schedule: Schedule::Linear,
            weight_decay: 0.0,
            ..Default::default()
        };
        let mut rbm = Rbm::<f32>::new(&architecture, data.view(), 1, 0).expect("valid");
        let mut training = Training::new(&rbm, &config, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < config.epochs {
            training.epoch(&mut rbm, data.view()).expect("converges");
        }
        let free = rbm.free_energies(data.view());
        let found = -free.iter().sum::<f64>() / free.len() as f64 - log_z(&rbm).expect("small");
        // Uniform pixels have density 1. Two bands of width 0.4 have 1 / 0.8 in each of four pixels,
        // and that they go together is worth three coins: at most 4 ln 1.25 + 3 ln 2 = 2.97 nats.
        assert!((1.5..2.98).contains(&found), "{algorithm:?}: {found} nats");
        let noise =
            rbm.weights.slice(ndarray::s![4.., ..]).iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        let signal =
            rbm.weights.slice(ndarray::s![..4, ..]).iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        assert!(signal > 3.0 * noise, "weights of {signal} to the stripes, {noise} to noise");
    }
}

#[test]
fn what_does_not_go_with_them_is_refused() {
    let data = stripes(20);
    let rbm = Rbm::<f32>::with_units(8, 2, Unit::TruncatedExponential, Unit::Binary);
    let error = |config: &TrainingConfig, data: &Array2<f32>| {
        Training::new(&rbm, config, data.view(), 1, 0).expect_err("refused").to_string()
    };
    let drawn = TrainingConfig { binarisation: Binarisation::Sample, ..Default::default() };
    assert!(error(&drawn, &data).contains("training.binarisation"), "{}", error(&drawn, &data));
    let outside = error(&TrainingConfig::default(), &(&data * 3.0));
    assert!(outside.contains("truncated exponential"), "{outside}");
    let hidden = RbmConfig { hidden: Unit::TruncatedExponential, ..Default::default() };
    let refused = hidden.validate().expect_err("grey values are data's").to_string();
    assert!(refused.starts_with("model.hidden"), "{refused}");
    assert!(rbm.pseudo_log_likelihoods(data.view()).is_err());
}
