//! Visible layers of categorical units, and mixed ones, against enumeration and quadrature.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayView2};
use nn_core::{Layout, Parameters as _};
use numerics::{Purpose, Stream, log_sum_exp};
use rbm_core::{
    Chains, LogZConfig, NegativeVisible, Phases, Rbm, Replicas, Unit, contrastive_divergence,
    estimate_log_z, gibbs_step, log_z, sample_exactly,
};

use crate::tables::{Real, distribution, hidden_states, layouts, log_joint, model, points};

const CHAINS: usize = 20_000;

fn cases() -> impl Iterator<Item = (Layout, Unit)> {
    let units = [Unit::Binary, Unit::Spin];
    layouts().into_iter().flat_map(move |layout| units.map(|unit| (layout.clone(), unit)))
}

#[test]
fn log_z_and_free_energies_are_sums_over_both_layers() {
    for (layout, hidden) in cases() {
        let rbm = model(&layout, hidden);
        let joint = log_joint(&layout, &rbm, hidden);
        let expected = log_sum_exp(joint.as_slice().expect("contiguous"));
        for rbm in [&rbm, &rbm.exchanged()] {
            let found = log_z(rbm).expect("small");
            assert!((found - expected).abs() < 1e-9, "{layout:?}: {found}, by sum {expected}");
        }
        let (v, weights) = points(&layout, &rbm.visible);
        let free = rbm.free_energies(v.view());
        for ((row, free), weight) in joint.rows().into_iter().zip(free).zip(weights) {
            assert!((free - weight + log_sum_exp(&row.to_vec())).abs() < 1e-10);
        }
    }
}

#[test]
fn conditional_means_are_those_of_the_joint_distribution() {
    for (layout, hidden) in cases() {
        let rbm = model(&layout, hidden);
        let (v, h) = (points(&layout, &rbm.visible).0, hidden_states(hidden));
        let joint = log_joint(&layout, &rbm, hidden);
        let mut mean_v = Array2::zeros((4, layout.width()));
        rbm.mean_v_given_h(h.view(), mean_v.view_mut());
        let found = [(joint.clone(), &h, rbm.encode(v.view())), (joint.t().to_owned(), &v, mean_v)];
        for (joint, values, found) in found {
            for (row, found) in joint.rows().into_iter().zip(found.rows()) {
                let total = log_sum_exp(&row.to_vec());
                let expected = row.mapv(|log_p| (log_p - total).exp()).dot(values);
                assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9));
            }
        }
    }
}

/// log p(h₁ | v) − log p(h₂ | v) = E(v, h₂) − E(v, h₁).
#[test]
fn ratios_of_hidden_states_are_differences_of_energies() {
    for layout in layouts() {
        let rbm = model(&layout, Unit::Binary);
        let (v, h) = (points(&layout, &rbm.visible).0, hidden_states(Unit::Binary));
        for (v, mean) in v.rows().into_iter().zip(rbm.encode(v.view()).rows()) {
            let log_p = |h: ndarray::ArrayView1<f64>| -> f64 {
                h.iter().zip(mean).map(|(&h, p)| if h == 1.0 { p.ln() } else { (-p).ln_1p() }).sum()
            };
            for j in 1..4 {
                let found = log_p(h.row(j)) - log_p(h.row(0));
                let expected = rbm.energy(v, h.row(0)) - rbm.energy(v, h.row(j));
                // ln p loses digits where p is near 1.
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}

/// The largest difference, in standard errors, between the moments of draws and of the model: the means
/// and the products of all pairs of columns.
fn moments_apart(layout: &Layout, rbm: &Rbm<f64>, draws: ArrayView2<f64>) -> f64 {
    let (v, p) = distribution(layout, rbm);
    let n = draws.nrows() as f64;
    let width = layout.width();
    let mut most = 0.0_f64;
    for i in 0..width {
        for j in i..=width {
            let of = |row: ndarray::ArrayView1<f64>| row[i] * if j < width { row[j] } else { 1.0 };
            let over_model = |power| {
                let rows = v.rows().into_iter().zip(&p);
                rows.map(|(row, p)| p * of(row).powi(power)).sum::<f64>()
            };
            let found = draws.rows().into_iter().map(of).sum::<f64>() / n;
            let variance = over_model(2) - over_model(1).powi(2);
            let apart = (found - over_model(1)).abs() / (variance / n).sqrt().max(1e-9);
            most = most.max(apart);
        }
    }
    most
}

fn draws(rbm: &Rbm<f64>, n: usize) -> Array2<f64> {
    sample_exactly(rbm, n, Stream::new(1, Purpose::new("draws"))).expect("two hidden units")
}

#[test]
fn gibbs_sampling_keeps_the_distribution_and_a_reversed_unit_does_not() {
    for layout in layouts() {
        let rbm = model(&layout, Unit::Binary);
        let mut broken = rbm.clone();
        broken.weights.row_mut(1).mapv_inplace(|w| -w);
        for steps in [0, 1, 4, 16] {
            let start = draws(&rbm, CHAINS);
            let after = |kernel: &Rbm<f64>| {
                let mut chains = Chains::from_visible(kernel, start.view());
                (0..steps).for_each(|step| gibbs_step(kernel, &mut chains, 3, step));
                moments_apart(&layout, &rbm, chains.visible(kernel).view())
            };
            assert!(after(&rbm) < 4.5, "{layout:?}, {steps} steps: {}", after(&rbm));
            assert!(steps == 0 || after(&broken) > 8.0, "{layout:?}: {}", after(&broken));
        }
    }
}

#[test]
fn tempering_converges_to_the_distribution() {
    for layout in layouts() {
        let rbm = model(&layout, Unit::Binary);
        let stream = Stream::new(2, Purpose::new("sweeps"));
        let base = Array1::zeros(layout.width());
        let mut replicas = Replicas::new(&rbm, base, (CHAINS, 3), stream);
        for sweep in 1..=40 {
            replicas.sweep(&rbm, sweep, stream);
        }
        let apart = moments_apart(&layout, &rbm, replicas.states_at(&rbm, 0).view());
        assert!(apart < 4.5, "{layout:?}: {apart}");
    }
}

#[test]
fn estimates_of_log_z_agree_with_enumeration() {
    for layout in layouts() {
        let mut rbm = model(&layout, Unit::Binary);
        let data = draws(&rbm, 200);
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
            "{layout:?}: {found:?}, exactly {exact}"
        );
        rbm.weights.fill(0.0);
        rbm.hidden.bias.fill(0.0);
        let base = rbm.visible.bias.clone();
        let found = rbm_core::forward(&rbm, base.view(), &[0.0, 0.5, 1.0], 4, 1).log_z;
        let exact = log_z(&rbm).expect("small");
        assert!((found - exact).abs() < 1e-10, "{layout:?}: {found}, exactly {exact}");
    }
}

/// With many Gibbs steps, CD follows the gradient of the exact likelihood.
#[test]
fn many_gibbs_steps_give_the_exact_gradient() {
    for layout in layouts() {
        let rbm = model(&layout, Unit::Binary);
        let data = draws(&Rbm { weights: &rbm.weights * -1.0, ..rbm.clone() }, CHAINS);
        let mut phases = Phases::new(&rbm, CHAINS);
        phases.set_batch(&rbm, data.view());
        let how = (40, NegativeVisible::Samples);
        let stream = Stream::new(3, Purpose::new("test"));
        contrastive_divergence(&rbm, &mut phases, CHAINS, how, stream);
        let mut gradient = rbm.zeros_like();
        phases.gradient(CHAINS, CHAINS, &mut gradient);
        for (k, tensor) in gradient.tensors().enumerate().take(3) {
            for (i, found) in tensor.values.iter().enumerate() {
                let at = |change: f64| {
                    let mut moved = rbm.clone();
                    moved.tensors_mut().nth(k).expect("the same tensors").values[i] += change;
                    let free = moved.free_energies(data.view());
                    -free.iter().sum::<f64>() / CHAINS as f64 - log_z(&moved).expect("small")
                };
                let exact = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((found - exact).abs() < 0.06, "{}: {found}, {exact}", tensor.name());
            }
        }
    }
}

/// The conditional of each feature by a literal sum over its values, with all others held.
#[test]
fn surprisals_are_sums_over_each_features_values() {
    for (layout, hidden) in cases() {
        let rbm = model(&layout, hidden);
        let (v, _) = points(&layout, &rbm.visible);
        let rows: Vec<usize> = (0..v.nrows()).step_by(7).collect();
        let v = v.select(ndarray::Axis(0), &rows);
        let found = rbm.feature_surprisals(v.view()).expect("bounded hidden units");
        let total = rbm.pseudo_log_likelihoods(v.view()).expect("bounded hidden units");
        for ((v, found), total) in v.rows().into_iter().zip(found.rows()).zip(total) {
            assert!((found.sum() + total).abs() < 1e-9);
            for (feature, found) in layout.features().into_iter().zip(found) {
                let mut alone = v.to_owned();
                alone.slice_mut(ndarray::s![feature.clone()]).fill(f64::NAN);
                let (states, p) = crate::tables::conditional(&layout, &rbm, &alone);
                let is_real = layout
                    .ranges()
                    .any(|(kind, columns)| kind == Real && columns.contains(&feature.start));
                let same = |row: &ndarray::ArrayView1<f64>| {
                    feature.clone().all(|i| (row[i] - v[i]).abs() < 1e-12)
                };
                let agree = states.rows().into_iter().zip(&p).filter(|(row, _)| same(row));
                let mut p: f64 = agree.map(|(_, p)| p).sum();
                if is_real {
                    // Probabilities of nodes are densities times the node distance.
                    p /= 0.25 * 1.7;
                }
                assert!((found + p.ln()).abs() < 1e-7, "{layout:?}: {found}, {}", -p.ln());
            }
        }
    }
}

#[test]
fn what_has_no_surprisal_is_refused() {
    let rbm = Rbm::<f64>::with_units(2, 2, Unit::Gaussian, Unit::Gaussian);
    let error = rbm.feature_surprisals(Array2::zeros((1, 2)).view()).expect_err("an integral");
    assert!(error.to_string().starts_with("model.hidden = Gaussian"), "{error}");
    let gaussian = Rbm::<f64>::with_units(2, 2, Unit::Gaussian, Unit::Binary);
    let normal = gaussian.feature_surprisals(Array2::zeros((1, 2)).view()).expect("bounded");
    let expected = 0.5 * std::f64::consts::TAU.ln();
    assert!(normal.iter().all(|found| (found - expected).abs() < 1e-10), "{normal}");
    let grey = Rbm::<f64>::with_units(2, 2, Unit::TruncatedExponential, Unit::Binary);
    let uniform = grey.feature_surprisals(Array2::from_elem((1, 2), 0.3).view()).expect("bounded");
    assert!(uniform.iter().all(|found| found.abs() < 1e-10), "{uniform}");
}
