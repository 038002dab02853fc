//! Missing values: a sample's model is the one without its missing units; imputations have the
//! conditional distribution.

use ndarray::{Array1, Array2, Axis, array, s};
use nn_core::{BlockKind, Layout, Parameters as _, TrainingError};
use numerics::{Purpose, Stream};
use rbm_core::{
    Algorithm, NegativeVisible, Phases, Rbm, RbmConfig, Training, TrainingConfig, Unit, Variance,
    contrastive_divergence, impute, sample_exactly, suited_learning_rate,
};

use crate::tables::{Binary, Category, Real, conditional, layouts, model, without_missing};

const NAN: f64 = f64::NAN;

/// One row for each of [`layouts`], with missing features.
fn rows() -> [Array1<f64>; 3] {
    [
        array![NAN, NAN, NAN, 0.0, 1.0],
        array![1.0, NAN, 0.0, 1.0, 0.0],
        array![NAN, 0.0, 1.0, 0.0, NAN],
    ]
}

#[test]
fn free_energies_and_codes_are_those_of_the_model_without_the_missing_units() {
    for (layout, v) in layouts().into_iter().zip(rows()) {
        let rbm = model(&layout, Unit::Binary);
        let (_, small, kept) = without_missing(&layout, &rbm, &v);
        let (row, observed) = (v.view().insert_axis(Axis(0)), v.select(Axis(0), &kept));
        let observed = observed.view().insert_axis(Axis(0));
        let (found, expected) = (rbm.free_energies(row), small.free_energies(observed));
        assert!((found[0] - expected[0]).abs() < 1e-12, "{layout:?}: {found:?} {expected:?}");
        assert!((rbm.encode(row) - small.encode(observed)).iter().all(|d| d.abs() < 1e-12));
        assert!(rbm.reconstruct(row).iter().all(|v| v.is_finite()));
        let surprisals = rbm.feature_surprisals(row).expect("bounded");
        let expected = small.feature_surprisals(observed).expect("bounded");
        let found: Vec<f64> = surprisals.iter().copied().filter(|s| !s.is_nan()).collect();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9));
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn the_gradient_of_a_sample_is_that_of_the_model_without_its_missing_units() {
    let gradient = |rbm: &Rbm<f64>, v: ndarray::ArrayView2<f64>| {
        let mut phases = Phases::new(rbm, 1);
        phases.set_batch(rbm, v);
        let stream = Stream::new(3, Purpose::new("test"));
        let how = (3, NegativeVisible::Probabilities);
        let error = contrastive_divergence(rbm, &mut phases, 1, how, stream);
        let mut gradient = rbm.zeros_like();
        phases.gradient(1, 1, &mut gradient);
        (gradient, error)
    };
    for (layout, v) in layouts().into_iter().zip(rows()) {
        let rbm = model(&layout, Unit::Binary);
        let (_, small, kept) = without_missing(&layout, &rbm, &v);
        let observed = v.select(Axis(0), &kept);
        let (found, error) = gradient(&rbm, v.view().insert_axis(Axis(0)));
        let (expected, expected_error) = gradient(&small, observed.view().insert_axis(Axis(0)));
        assert!((error - expected_error).abs() < 1e-12, "{error} {expected_error}");
        let mut embedded = found.zeros_like();
        embedded.hidden.bias.assign(&expected.hidden.bias);
        for (small, &i) in kept.iter().enumerate() {
            embedded.weights.row_mut(i).assign(&expected.weights.row(small));
            embedded.visible.bias[i] = expected.visible.bias[small];
        }
        for (found, expected) in found.tensors().zip(embedded.tensors()).take(3) {
            let pairs = found.values.iter().zip(expected.values);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{}", found.name());
        }
    }
}

/// A model with strong couplings and draws from it: with 30 % of the features missing at random, and
/// complete.
fn incomplete(layout: &Layout, n: usize) -> (Rbm<f64>, Array2<f64>, Array2<f64>) {
    let mut teacher = model(layout, Unit::Binary);
    teacher.weights *= 2.0;
    // Biases that balance the couplings, so that both states of each hidden unit occur.
    teacher.visible.bias.assign(&(teacher.weights.sum_axis(Axis(1)) * -0.5));
    teacher.hidden.bias.fill(0.0);
    let whole = sample_exactly(&teacher, n, Stream::new(4, Purpose::new("draws"))).expect("small");
    let mut data = whole.clone();
    let features = layout.features();
    let mut uniform = vec![0.0_f64; n * features.len()];
    Stream::new(5, Purpose::new("missing")).fill_uniform(0, &mut uniform);
    for (sample, u) in uniform.chunks(features.len()).enumerate() {
        for (feature, _) in features.iter().zip(u).filter(|(_, u)| **u < 0.3) {
            data.slice_mut(s![sample, feature.clone()]).fill(NAN);
        }
    }
    (teacher, whole, data)
}

/// Contrastive divergence on incomplete rows makes the complete ones more likely.
#[test]
fn training_with_missing_values_raises_the_likelihood_of_whole_rows() {
    for layout in layouts() {
        let (teacher, whole, data) = incomplete(&layout, 1_000);
        let base = RbmConfig { n_hidden: 2, weight_std: 0.1, ..Default::default() };
        let config = base.fitted_to(&layout);
        let training = TrainingConfig {
            epochs: 60,
            batch_size: 50,
            algorithm: Algorithm::Cd { negative_visible: NegativeVisible::Samples },
            weight_decay: 0.0,
            learning_rate: 0.1,
            offset_rate: 0.01,
            variance_rate: if layout.n_of(Real) > 0 { 0.1 } else { 0.0 },
            momentum: 0.5,
            ..Default::default()
        };
        let how = TrainingConfig { learning_rate: 0.05, ..training.fitted_to(&layout) };
        let mut rbm = Rbm::<f64>::new(&config, data.view(), 1, 0).expect("valid");
        let likelihood = |rbm: &Rbm<f64>| {
            let free = rbm.free_energies(whole.view());
            -free.iter().sum::<f64>() / free.len() as f64 - rbm_core::log_z(rbm).expect("small")
        };
        let before = likelihood(&rbm);
        let mut training = Training::new(&rbm, &how, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < how.epochs {
            let report = training.epoch(&mut rbm, data.view()).expect("converges");
            assert!(report.reconstruction_sse.is_finite() && rbm.all_finite());
        }
        let (after, best) = (likelihood(&rbm), likelihood(&teacher));
        // The second teacher's couplings are barely visible in 700 observed values of a column.
        let least =
            if layout.blocks[0].kind == Binary && layout.blocks.len() == 2 { 0.0 } else { 0.5 };
        let gain = (after - before) / (best - before);
        assert!(
            best > before + 0.05 && gain > least,
            "{layout:?}: {before}, then {after}, {best} of the teacher"
        );
    }
}

#[test]
fn persistent_chains_are_refused_if_values_are_missing() {
    let layout = layouts().into_iter().next().expect("a layout");
    let (_, _, data) = incomplete(&layout, 100);
    let config = RbmConfig { n_hidden: 2, ..Default::default() }.fitted_to(&layout);
    let rbm = Rbm::<f64>::new(&config, data.view(), 1, 0).expect("valid");
    for algorithm in [
        Algorithm::Pcd { chains: 10 },
        Algorithm::FastPcd { chains: 10, fast_rate: 0.02, fast_decay: 0.95 },
        Algorithm::Tempering { chains: 10, temperatures: 3 },
    ] {
        let how = TrainingConfig { algorithm, ..Default::default() }.fitted_to(&layout);
        let error = Training::new(&rbm, &how, data.view(), 1, 0).expect_err("refused").to_string();
        assert!(
            error.contains("training.algorithm") && error.contains("values are missing"),
            "{error}"
        );
    }
}

#[test]
fn imputations_have_the_moments_of_the_conditional_distribution() {
    for (layout, v) in layouts().into_iter().zip(rows()) {
        let rbm = model(&layout, Unit::Binary);
        let base = Array1::zeros(v.len());
        let draws = 20_000;
        let rows = ndarray::stack![Axis(0), v, v];
        let found = impute(&rbm, rows.view(), base.view(), (draws, 60), 1);
        assert_eq!(found.mean.row(0), found.mean.row(1), "a row does not depend on others");
        let (states, p) = conditional(&layout, &rbm, &v);
        for i in 0..v.len() {
            if !v[i].is_nan() {
                assert_eq!((found.mean[[0, i]], found.std[[0, i]]), (v[i], 0.0));
                continue;
            }
            let moment =
                |k| -> f64 { states.column(i).iter().zip(&p).map(|(s, p)| p * s.powi(k)).sum() };
            let std = (moment(2) - moment(1).powi(2)).max(0.0).sqrt();
            let tolerance = 5.0 * std.max(1e-9) / (draws as f64).sqrt();
            let (mean, spread) = (found.mean[[0, i]], found.std[[0, i]]);
            assert!((mean - moment(1)).abs() < tolerance, "{layout:?} {i}: {mean} {}", moment(1));
            assert!((spread - std).abs() < 2.0 * tolerance, "{layout:?} {i}: {spread} {std}");
        }
    }
}

/// Real columns with tails as heavy as Student's t with two degrees of freedom, and outliers.
#[test]
fn heavy_tails_do_not_diverge_at_the_suited_rate() {
    for n_real in [4, 30] {
        let layout = Layout::new([(BlockKind::Real, n_real), (Category, 3), (Binary, 1)]);
        let mut uniform = vec![0.0_f64; 600 * n_real];
        Stream::new(6, Purpose::new("tails")).fill_uniform(0, &mut uniform);
        let mut data = Array2::<f32>::zeros((600, layout.width()));
        for (sample, u) in uniform.chunks(n_real).enumerate() {
            for (i, u) in u.iter().enumerate() {
                // The quantile function of t with two degrees of freedom.
                let t = (2.0 * u - 1.0) * (2.0 / (4.0 * u * (1.0 - u)).max(1e-6)).sqrt();
                data[[sample, i]] = (t + f64::from(u8::from(sample % 3 == 0))) as f32;
            }
            data[[sample, n_real + sample % 3]] = 1.0;
            data[[sample, n_real + 3]] = (sample % 2) as f32;
        }
        data[[7, 0]] = 500.0;
        let config = RbmConfig { n_hidden: 100, ..Default::default() }.fitted_to(&layout);
        let how = TrainingConfig::default().fitted_to(&layout);
        assert_eq!(config.variance, Variance::Data);
        let mut rbm = Rbm::new(&config, data.view(), 1, 0).expect("valid");
        let mut training = Training::new(&rbm, &how, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < how.epochs {
            training.epoch(&mut rbm, data.view()).expect("does not diverge");
        }
        let health = rbm.code_health(data.view());
        assert_eq!(health.warning(), None, "{health:?}");
    }
    let real = |n| Layout::new([(BlockKind::Real, n)]);
    assert!((suited_learning_rate(&real(4), 0.1) - 0.01).abs() < 1e-12);
    assert!((suited_learning_rate(&real(9_000), 0.1) - 0.001).abs() < 1e-12);
    assert_eq!(suited_learning_rate(&Layout::new([(Category, 3)]), 0.1), 0.1);
}

/// Rows of 4,000 bits, about 20 of them on, around four topics. Zero biases would have half of all
/// bits on in the first reconstructions.
#[test]
fn sparse_rows_do_not_saturate_the_codes() {
    let mut uniform = vec![0.0_f32; 400 * 4_000];
    Stream::new(7, Purpose::new("sparse")).fill_uniform(0, &mut uniform);
    let data = Array2::from_shape_fn((400, 4_000), |(i, j)| {
        let p = if j % 200 < 4 && j % 4 == i % 4 { 0.8 } else { 0.001 };
        f32::from(u8::from(uniform[i * 4_000 + j] < p))
    });
    let config = RbmConfig { n_hidden: 60, ..Default::default() };
    let how = TrainingConfig {
        epochs: 10,
        algorithm: Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        learning_rate: 0.05,
        ..Default::default()
    };
    let train = |mut rbm: Rbm<f32>| {
        let mut training = Training::new(&rbm, &how, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < how.epochs {
            training.epoch(&mut rbm, data.view()).expect("converges");
        }
        rbm.code_health(data.view())
    };
    let rbm = Rbm::new(&config, data.view(), 1, 0).expect("valid");
    let mut constant = rbm.clone();
    constant.hidden.bias.fill(20.0);
    let health = train(rbm);
    assert_eq!(health.warning(), None, "{health:?}");
    let warning = constant.code_health(data.view()).warning().expect("every code is the same");
    assert!(warning.contains("60 of 60 hidden units"), "{warning}");
}

#[test]
fn layouts_that_do_not_fit_are_refused() {
    let layout = Layout::new([(Binary, 1), (Category, 2)]);
    let config = RbmConfig { layout: Some(layout.clone()), n_hidden: 2, ..Default::default() };
    let wrong = Array2::<f32>::zeros((3, 4));
    let error = Rbm::new(&config, wrong.view(), 1, 0).expect_err("four columns");
    assert!(matches!(error, TrainingError::Width { found: 4, expected: 3 }));
    let two = array![[0.0_f32, 1.0, 1.0]];
    let rbm = Rbm::new(&config, two.view(), 1, 0).expect("of this width");
    let error = Training::new(&rbm, &TrainingConfig::default(), two.view(), 1, 0);
    let error = error.expect_err("two levels at once").to_string();
    assert!(error.contains("column 1 is 2: categorical units"), "{error}");
    let spins = RbmConfig { visible: Unit::Spin, ..config };
    assert!(spins.validate().expect_err("bits").to_string().starts_with("model.visible = spin"));
    let above = config_above(&layout);
    assert!(above.layout.is_none() && above.visible == Unit::Binary);
}

fn config_above(layout: &Layout) -> RbmConfig {
    RbmConfig::default().fitted_to(layout).above_data()
}
