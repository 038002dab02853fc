//! The same tests for every combination of units: a new kind of unit adds its rows to [`UNITS`].

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use nn_core::{Parameters as _, Schedule};
use numerics::{Purpose, Stream, log_sum_exp};
use rbm_core::{
    Algorithm, Chains, Layer, LogZConfig, NegativeVisible, Phases, Rbm, Replicas, Training,
    TrainingConfig, Unit, contrastive_divergence, estimate_log_z, gibbs_step, log_z,
    sample_exactly,
};

/// Visible and hidden units.
const UNITS: [(Unit, Unit); 9] = [
    (Unit::Binary, Unit::Binary),
    (Unit::Gaussian, Unit::Binary),
    (Unit::TruncatedExponential, Unit::Binary),
    (Unit::Binary, Unit::Gaussian),
    (Unit::Spin, Unit::Spin),
    (Unit::Spin, Unit::Binary),
    (Unit::Binary, Unit::Spin),
    (Unit::Gaussian, Unit::Spin),
    (Unit::Spin, Unit::Gaussian),
];

/// The distance between a discrete unit's states.
fn apart(unit: Unit) -> f64 {
    unit.states().map_or(1.0, |states| states[1] - states[0])
}

/// Two visible and two hidden units with couplings of both signs, as strong for units whose states
/// are further apart.
fn model((visible, hidden): (Unit, Unit)) -> Rbm<f64> {
    let mut rbm = Rbm::with_units(2, 2, visible, hidden);
    rbm.weights = ndarray::array![[0.8, -1.3], [-0.9, 0.7]] / (apart(visible) * apart(hidden));
    rbm.visible.bias = ndarray::array![0.4, -0.3];
    rbm.hidden.bias = ndarray::array![-0.2, 0.5];
    if visible.has_std() {
        rbm.visible.std = ndarray::array![0.7, 1.7];
    }
    rbm
}

/// Values and weights that replace a sum or an integral over a unit's values: the states of a
/// discrete unit, Simpson's rule between finite bounds, the trapezoidal rule on the real line.
fn nodes(unit: Unit) -> Vec<(f64, f64)> {
    const INTERVALS: usize = 60;
    if let Some(states) = unit.states() {
        return states.iter().map(|&s| (s, 1.0)).collect();
    }
    let (low, high) = unit.bounds();
    let is_bounded = low.is_finite() && high.is_finite();
    let (low, high) = if is_bounded { (low, high) } else { (-12.0, 12.0) };
    let step = (high - low) / INTERVALS as f64;
    let weight = |i: usize| match i {
        _ if !is_bounded => step,
        0 | INTERVALS => step / 3.0,
        i => step / 3.0 * (2.0 + 2.0 * (i % 2) as f64),
    };
    (0..=INTERVALS).map(|i| (low + step * i as f64, weight(i))).collect()
}

/// All combinations of the units' nodes, one per row, and the logarithms of their weights.
fn points(layer: &Layer<f64>) -> (Array2<f64>, Vec<f64>) {
    let rbm_core::Units::Same(unit) = layer.unit else { panic!("units of one kind") };
    let (nodes, n) = (nodes(unit), layer.n_units());
    let count = nodes.len().pow(u32::try_from(n).expect("small"));
    let std = |i: usize| layer.std.get(i).copied().unwrap_or(1.0);
    let node = |point: usize, i: usize| nodes[point / nodes.len().pow(i as u32) % nodes.len()];
    let values = Array2::from_shape_fn((count, n), |(point, i)| node(point, i).0 * std(i));
    let weight = |point| (0..n).map(|i| (node(point, i).1 * std(i)).ln()).sum();
    (values, (0..count).map(weight).collect())
}

/// ln of e^(−E(v, h)) times the weights, for all points v and h.
fn log_joint(rbm: &Rbm<f64>) -> Array2<f64> {
    let ((v, v_weights), (h, h_weights)) = (points(&rbm.visible), points(&rbm.hidden));
    Array2::from_shape_fn((v.nrows(), h.nrows()), |(i, j)| {
        v_weights[i] + h_weights[j] - rbm.energy(v.row(i), h.row(j))
    })
}

#[test]
fn log_z_is_the_sum_over_both_layers() {
    for units in UNITS {
        let rbm = model(units);
        let expected = log_sum_exp(log_joint(&rbm).as_slice().expect("contiguous"));
        for rbm in [&rbm, &rbm.exchanged()] {
            let found = log_z(rbm).expect("small");
            assert!((found - expected).abs() < 1e-7, "{units:?}: {found}, by sum {expected}");
        }
    }
}

#[test]
fn free_energies_sum_over_hidden_states() {
    for units in UNITS {
        let rbm = model(units);
        let (v, weights) = points(&rbm.visible);
        let free = rbm.free_energies(v.view());
        for ((row, free), weight) in log_joint(&rbm).rows().into_iter().zip(free).zip(weights) {
            let expected = weight - log_sum_exp(&row.to_vec());
            assert!((free - expected).abs() < 1e-7, "{units:?}: {free}, by sum {expected}");
        }
    }
}

#[test]
fn conditional_means_are_those_of_the_joint_distribution() {
    fn check(units: (Unit, Unit), joint: &Array2<f64>, values: &Array2<f64>, found: &Array2<f64>) {
        for (row, found) in joint.rows().into_iter().zip(found.rows()) {
            let total = log_sum_exp(&row.to_vec());
            let expected = row.mapv(|log_p| (log_p - total).exp()).dot(values);
            let is_close = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-7);
            assert!(is_close, "{units:?}: {found}, by sum {expected}");
        }
    }
    for units in UNITS {
        let rbm = model(units);
        let (v, h, joint) = (points(&rbm.visible).0, points(&rbm.hidden).0, log_joint(&rbm));
        check(units, &joint, &h, &rbm.encode(v.view()));
        let mut mean_v = Array2::zeros((h.nrows(), 2));
        rbm.mean_v_given_h(h.view(), mean_v.view_mut());
        check(units, &joint.reversed_axes().as_standard_layout().into_owned(), &v, &mean_v);
    }
}

/// Exact draws of v, by way of the layer that can be enumerated.
fn draws(rbm: &Rbm<f64>, n: usize, seed: u64) -> Array2<f64> {
    let stream = Stream::new(seed, Purpose::new("draws"));
    if rbm.hidden.unit.states().is_some() {
        return sample_exactly(rbm, n, stream).expect("small");
    }
    let h = sample_exactly(&rbm.exchanged(), n, stream).expect("small");
    let mut v = Array2::zeros((n, rbm.n_visible()));
    rbm.sample_v_given_h(h.view(), stream.sublayer(2), v.view_mut());
    v
}

/// The largest difference, in standard errors, between the moments of draws and of the model: v₀,
/// v₁, v₀ v₁, v₀² and v₁².
fn moments_apart(rbm: &Rbm<f64>, draws: ArrayView2<f64>) -> f64 {
    let (v, weights) = points(&rbm.visible);
    let log_z = log_z(rbm).expect("small");
    let free = rbm.free_energies(v.view());
    let p: Vec<f64> = free.iter().zip(weights).map(|(f, w)| (w - f - log_z).exp()).collect();
    let moments: [fn(f64, f64) -> f64; 5] =
        [|a, _| a, |_, b| b, |a, b| a * b, |a, _| a * a, |_, b| b * b];
    let n = draws.nrows() as f64;
    let apart = moments.map(|of| {
        let over_model = |power| {
            let terms = v.rows().into_iter().zip(&p).map(|(v, p)| p * of(v[0], v[1]).powi(power));
            terms.sum::<f64>()
        };
        let found = draws.rows().into_iter().map(|v| of(v[0], v[1])).sum::<f64>() / n;
        let variance = over_model(2) - over_model(1).powi(2);
        (found - over_model(1)).abs() / (variance / n).sqrt().max(1e-9)
    });
    apart.into_iter().fold(0.0, f64::max)
}

const CHAINS: usize = 20_000;

#[test]
fn gibbs_sampling_keeps_the_distribution_and_a_reversed_unit_does_not() {
    for units in UNITS {
        let rbm = model(units);
        let mut broken = rbm.clone();
        broken.weights.row_mut(0).mapv_inplace(|w| -w);
        for steps in [0, 1, 4, 16] {
            let start = draws(&rbm, CHAINS, 1);
            let after = |kernel: &Rbm<f64>| {
                let mut chains = Chains::from_visible(kernel, start.view());
                (0..steps).for_each(|step| gibbs_step(kernel, &mut chains, 3, step));
                moments_apart(&rbm, chains.visible(kernel).view())
            };
            assert!(after(&rbm) < 4.5, "{units:?}, {steps} steps: {}", after(&rbm));
            assert!(steps == 0 || after(&broken) > 10.0, "{units:?}: {}", after(&broken));
        }
    }
}

/// The rows whose hidden units can be tempered.
fn tempered() -> impl Iterator<Item = (Unit, Unit)> {
    UNITS.into_iter().filter(|(_, hidden)| hidden.has_linear_energy())
}

#[test]
fn tempering_converges_to_the_distribution() {
    for units in tempered() {
        let rbm = model(units);
        let stream = Stream::new(2, Purpose::new("sweeps"));
        let mut replicas = Replicas::new(&rbm, Array1::zeros(2), (CHAINS, 3), stream);
        for sweep in 1..=40 {
            replicas.sweep(&rbm, sweep, stream);
        }
        let apart = moments_apart(&rbm, replicas.states_at(&rbm, 0).view());
        assert!(apart < 4.5, "{units:?}: {apart}");
    }
}

#[test]
fn estimates_of_log_z_agree_with_enumeration() {
    for units in tempered() {
        let rbm = model(units);
        let data = draws(&rbm, 200, 1);
        let base = rbm.independent_biases(&data.view()).expect("in memory");
        let config = LogZConfig { max_sweeps: 500, ..LogZConfig::default() };
        let found = estimate_log_z(&rbm, base.view(), data.view(), &config, 1, &mut |_| {
            ControlFlow::Continue(())
        });
        let found = found.expect("valid");
        let exact = log_z(&rbm).expect("small");
        let error = (found.log_z - exact).abs();
        assert!(
            error < 0.05 && error < 4.0 * found.standard_error + 1e-9,
            "{units:?}: {found:?}, exactly {exact}"
        );
    }
}

fn log_likelihood(rbm: &Rbm<f64>, data: &Array2<f64>) -> f64 {
    let free = rbm.free_energies(data.view());
    -free.iter().sum::<f64>() / free.len() as f64 - log_z(rbm).expect("small")
}

/// With many Gibbs steps, CD follows the gradient of the exact likelihood.
#[test]
fn many_gibbs_steps_give_the_exact_gradient() {
    for units in UNITS {
        let rbm = model(units);
        let data = draws(&Rbm { weights: &rbm.weights * -1.0, ..rbm.clone() }, CHAINS, 5);
        let mut phases = Phases::new(&rbm, CHAINS);
        phases.set_batch(&rbm, data.view());
        let stream = Stream::new(3, Purpose::new("test"));
        let how = (40, NegativeVisible::Samples);
        contrastive_divergence(&rbm, &mut phases, CHAINS, how, stream);
        let mut gradient = rbm.zeros_like();
        phases.gradient(CHAINS, CHAINS, &mut gradient);
        let mut short = rbm.zeros_like();
        contrastive_divergence(&rbm, &mut phases, CHAINS, (1, how.1), stream);
        phases.gradient(CHAINS, CHAINS, &mut short);
        // Five standard errors of a mean over the chains: products of two values in [0, 1] have a standard
        // deviation of at most 0.5, of two in [−1, 1] of at most 1, and of two Gaussian units of a few.
        let within = |size: f64, (low, high): (f64, f64)| low >= -size && high <= size;
        let both = |size: f64| [units.0, units.1].iter().all(|u| within(size, u.bounds()));
        let is_binary = units.0 == Unit::Binary && units.1 == Unit::Binary;
        let sd = if is_binary {
            0.5
        } else if both(1.0) {
            1.0
        } else {
            1.7
        };
        let bound = 5.0 * sd / (CHAINS as f64).sqrt();
        let mut furthest = 0.0_f64;
        for (k, tensor) in gradient.tensors().enumerate().take(3) {
            for (i, found) in tensor.values.iter().enumerate() {
                let at = |change: f64| {
                    let mut moved = rbm.clone();
                    let tensor = moved.tensors_mut().nth(k).expect("the same tensors");
                    tensor.values[i] += change;
                    log_likelihood(&moved, &data)
                };
                let exact = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!(
                    (found - exact).abs() < bound,
                    "{units:?}, {}: {found}, {exact}",
                    tensor.name()
                );
                furthest = furthest.max(
                    (short.tensors().nth(k).expect("the same tensors").values[i] - exact).abs(),
                );
            }
        }
        let shows = !is_binary || furthest > bound;
        assert!(shows, "{units:?}: one step is as good, so this shows nothing: {furthest}");
    }
}

/// A student that starts from independent units gains most of the likelihood that a teacher's couplings add.
#[test]
fn learning_raises_the_exact_likelihood() {
    for units in UNITS {
        let mut teacher = model(units);
        teacher.weights *= if units.1.has_linear_energy() { 2.5 } else { 1.0 };
        let data = draws(&teacher, 2_000, 7);
        let mut student = Rbm { weights: &teacher.weights * 0.05, ..teacher.clone() };
        student.visible.bias = student.independent_biases(&data.view()).expect("in memory");
        student.hidden.bias.fill(0.0);
        let config = TrainingConfig {
            epochs: 300,
            batch_size: 100,
            algorithm: Algorithm::Pcd { chains: 200 },
            learning_rate: 0.1 / (apart(units.0) * apart(units.1)),
            schedule: Schedule::Linear,
            weight_decay: 0.0,
            momentum: 0.5,
            ..Default::default()
        };
        let before = log_likelihood(&student, &data);
        let mut training = Training::new(&student, &config, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < config.epochs {
            training.epoch(&mut student, data.view()).expect("converges");
        }
        let (after, best) = (log_likelihood(&student, &data), log_likelihood(&teacher, &data));
        assert!(best - before > 0.02, "{units:?}: the couplings are worth {}", best - before);
        let gain = (after - before) / (best - before);
        assert!(gain > 0.7, "{units:?}: {before} before, {after} after, {best} of the teacher");
    }
}

#[test]
fn pseudo_likelihood_flips_every_unit() {
    for (visible, hidden) in UNITS {
        // Weights so strong that running products need a logarithm in between.
        for strength in [1.0, 60.0] {
            let wave = |i: usize, j: usize| ((i * 7 + j * 13 + 3) as f64).sin();
            let mut rbm = Rbm::with_units(5, 19, visible, hidden);
            rbm.weights = Array2::from_shape_fn((5, 19), |(i, j)| strength * 2.0 * wave(i, j));
            rbm.visible.bias = Array1::from_shape_fn(5, |i| wave(i, 40));
            rbm.hidden.bias = Array1::from_shape_fn(19, |j| wave(50, j));
            let (v, _) = points(&Layer::new(Unit::Binary, Array1::zeros(5)));
            let two_states = |unit: Unit| <[f64; 2]>::try_from(unit.states()?).ok();
            let (Some([low, high]), Some(_)) = (two_states(visible), two_states(hidden)) else {
                assert!(rbm.pseudo_log_likelihoods(v.view()).is_err(), "{visible:?} {hidden:?}");
                continue;
            };
            let v = v.mapv(|bit| if bit == 1.0 { high } else { low });
            let found = rbm.pseudo_log_likelihoods(v.view()).expect("two states");
            for strange in [0.5, f64::NAN] {
                let mut v = v.clone();
                v[[3, 1]] = strange;
                let error = rbm.pseudo_log_likelihoods(v.view()).expect_err("no state").to_string();
                assert!(error.ends_with("one of the two states of its unit"), "{error}");
            }
            for (v, found) in v.rows().into_iter().zip(found) {
                let free =
                    |v: ndarray::ArrayView1<f64>| rbm.free_energies(v.insert_axis(Axis(0)))[0];
                let mut expected = 0.0;
                for i in 0..5 {
                    let mut flipped = v.to_owned();
                    flipped[i] = low + high - flipped[i];
                    expected += -free(v) - log_sum_exp(&[-free(v), -free(flipped.view())]);
                }
                let is_close = (found - expected).abs() < 1e-10 * strength;
                assert!(is_close, "{visible:?} {hidden:?}: {found}, by hand {expected}");
            }
        }
    }
}
