//! Energies, conditionals and the partition function by enumeration.

use ndarray::{Array1, Array2, Axis};
use numerics::log_sum_exp;
use rbm_core::Unit;
use rbm_core::convolutional::{ConvRbm, log_z, log_z_over_detection, log_z_over_visible};

use super::{bits, detection_states, energy_by_loops, model, models};

#[test]
fn the_energy_is_that_of_literal_loops() {
    for rbm in models() {
        let (v, h) = (bits(rbm.n_visible()), detection_states(&rbm));
        for state in (0..v.nrows()).step_by(v.nrows() / 7) {
            for row in h.rows().into_iter().step_by(h.nrows() / 11) {
                let found = rbm.energy(v.row(state), row);
                let (v, h) = (v.row(state).to_vec(), row.to_vec());
                assert!((found - energy_by_loops(&rbm, &v, &h)).abs() < 1e-12);
            }
        }
    }
    let rbm = model((3, 3, 1), (3, 2, 2), 2.0);
    let two_on =
        Array1::from_shape_fn(rbm.n_detection(), |i| f64::from(u8::from(i % 3 == 1 && i < 6)));
    assert_eq!(rbm.energy(Array1::zeros(9).view(), two_on.view()), f64::INFINITY);
}

#[test]
fn the_free_energy_sums_over_the_states_of_the_detection_units() {
    for rbm in models() {
        let (v, h) = (bits(rbm.n_visible()), detection_states(&rbm));
        let sample = v.select(Axis(0), &(0..v.nrows()).step_by(v.nrows() / 9).collect::<Vec<_>>());
        for (row, found) in sample.rows().into_iter().zip(rbm.free_energies(sample.view())) {
            let v = row.to_vec();
            let energies: Vec<f64> =
                h.rows().into_iter().map(|h| -energy_by_loops(&rbm, &v, &h.to_vec())).collect();
            assert!((found + log_sum_exp(&energies)).abs() < 1e-11, "{found}");
        }
    }
}

#[test]
fn log_z_is_the_same_from_both_sides() {
    for rbm in models() {
        let over_visible = log_z_over_visible(&rbm).expect("small");
        let over_detection = log_z_over_detection(&rbm).expect("small");
        assert!((over_visible - over_detection).abs() < 1e-10, "{over_visible} {over_detection}");
        assert!((log_z(&rbm).expect("small") - over_visible).abs() < 1e-10);
    }
    // Over both layers, by the definition of the energy.
    let rbm = model((3, 3, 1), (3, 2, 2), 2.0);
    let h = detection_states(&rbm);
    let mut both = Vec::new();
    for v in bits(9).rows() {
        let v = v.to_vec();
        both.extend(h.rows().into_iter().map(|h| -energy_by_loops(&rbm, &v, &h.to_vec())));
    }
    assert!((log_sum_exp(&both) - log_z(&rbm).expect("small")).abs() < 1e-10);
    let large = model((9, 9, 1), (4, 2, 2), 1.0);
    let message = log_z(&large).expect_err("too many states").to_string();
    assert!(message.contains("81 binary visible and 256 competing hidden units"), "{message}");
}

#[test]
fn ratios_of_conditionals_are_those_of_energies() {
    for rbm in models() {
        let (v, h) = (bits(rbm.n_visible()), detection_states(&rbm));
        let v = v.row(v.nrows() / 3 * 2);
        let p = rbm.hidden_means(v.insert_axis(Axis(0)));
        // ln p(h | v), block by block: the log-probability of the unit that is on, or of all being off.
        let off = rbm.pool(p.view()).mapv(|on| (1.0 - on).ln()).sum();
        let log_p = |h: ndarray::ArrayView1<f64>| {
            let pooled = rbm.pool(h.insert_axis(Axis(0)));
            let on: f64 = h.iter().zip(&p).map(|(h, p)| if *h == 1.0 { p.ln() } else { 0.0 }).sum();
            let all_off = rbm.pool(p.view()).mapv(|on| (1.0 - on).ln());
            on + off - (&all_off * &pooled).sum()
        };
        let first = h.row(0);
        for row in h.rows().into_iter().step_by(h.nrows() / 13) {
            let expected = rbm.energy(v, first) - rbm.energy(v, row);
            assert!((log_p(row) - log_p(first) - expected).abs() < 1e-9);
        }
        // ln p(v₁ | h) − ln p(v₂ | h), with one pixel flipped.
        let h = h.row(h.nrows() / 2);
        let means = rbm.visible_means(h.insert_axis(Axis(0)));
        for pixel in 0..rbm.n_visible() {
            let mut on = v.to_owned();
            on[pixel] = 1.0;
            let mut off = v.to_owned();
            off[pixel] = 0.0;
            let log_odds = rbm.energy(off.view(), h) - rbm.energy(on.view(), h);
            let p = means[[0, pixel]];
            assert!(((p / (1.0 - p)).ln() - log_odds).abs() < 1e-9);
        }
    }
}

#[test]
fn probabilities_of_blocks_are_those_of_an_enumeration() {
    let rbm = model((3, 5, 1), (2, 2, 2), 1.5);
    let h = detection_states(&rbm);
    let v = Array1::from_shape_fn(15, |i| f64::from(u8::from(i % 3 == 0)));
    let log_p: Vec<f64> = h.rows().into_iter().map(|h| -rbm.energy(v.view(), h)).collect();
    let total = log_sum_exp(&log_p);
    let mut means = Array1::<f64>::zeros(rbm.n_detection());
    let mut pooled = Array1::<f64>::zeros(rbm.n_pooled());
    for (row, log_p) in h.rows().into_iter().zip(&log_p) {
        let p = (log_p - total).exp();
        means.scaled_add(p, &row);
        let any = rbm.pool(row.insert_axis(Axis(0)));
        pooled.scaled_add(p, &any.row(0));
    }
    let v = v.insert_axis(Axis(0));
    let (found, features) = (rbm.hidden_means(v.view()), rbm.encode(v.view()));
    assert!(found.iter().zip(&means).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(features.iter().zip(&pooled).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn extreme_inputs_stay_finite() {
    let mut rbm = model((3, 3, 1), (3, 2, 2), 500.0);
    rbm.hidden_bias = ndarray::array![-900.0, 0.0, 900.0];
    let single = ConvRbm::<f32> {
        geometry: rbm.geometry,
        weights: rbm.weights.mapv(|w| w as f32),
        visible: rbm_core::Layer::new(Unit::Binary, rbm.visible.bias.mapv(|a| a as f32)),
        hidden_bias: rbm.hidden_bias.mapv(|b| b as f32),
    };
    let v = bits(9);
    let p = rbm.encode(v.view());
    assert!(p.iter().all(|p| (0.0..=1.0 + 1e-12).contains(p)));
    let p = single.encode(v.mapv(|v| v as f32).view());
    assert!(p.iter().all(|p| (0.0..=1.000_001).contains(p)));
    let exact = rbm.free_energies(v.view());
    let found = single.free_energies(v.mapv(|v| v as f32).view());
    assert!(exact.iter().zip(found).all(|(a, b)| (a - b).abs() < 1e-3 * a.abs().max(1.0)));
}

/// The pooled probability is the logistic function of the log-sum-exp of the block's inputs, as fine-tuning
/// computes it from the exported convolution.
#[test]
fn the_exported_convolution_gives_the_pooled_probabilities() {
    let mut rbm = model((3, 3, 2), (3, 2, 2), 1.0);
    rbm.visible = rbm_core::Layer::visible(Unit::Gaussian, 2);
    rbm.visible.std = ndarray::array![0.5, 3.0];
    let v = Array2::from_shape_fn((4, 18), |(i, j)| ((i * 7 + j * 3) as f64).sin() * 2.0);
    let (weights, bias) = rbm.convolution();
    let features = rbm.encode(v.view());
    for (sample, v) in v.rows().into_iter().enumerate() {
        for map in 0..3 {
            let input = |y: usize, x: usize| {
                let mut sum = bias[map];
                for (row, w) in weights.column(map).iter().enumerate() {
                    let (dy, dx, c) = (row / 4, row / 2 % 2, row % 2);
                    sum += w * v[((y + dy) * 3 + x + dx) * 2 + c];
                }
                sum
            };
            let inputs = [input(0, 0), input(0, 1), input(1, 0), input(1, 1)];
            let expected = 1.0 / (1.0 + (-log_sum_exp(&inputs)).exp());
            let found = features[[sample, map]];
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            let largest = inputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let log_odds = (found / (1.0 - found)).ln();
            assert!((largest..=largest + 4_f64.ln()).contains(&(log_odds + 1e-12)));
        }
    }
}

#[test]
fn decoding_spreads_what_is_pooled() {
    let rbm = model((3, 5, 1), (2, 2, 2), 1.5);
    let pooled = Array2::from_shape_fn((3, rbm.n_pooled()), |(i, j)| ((i + j) as f64 / 7.0) % 1.0);
    let mut h = Array2::zeros((3, rbm.n_detection()));
    for (mut h, pooled) in h.rows_mut().into_iter().zip(pooled.rows()) {
        for (i, h) in h.iter_mut().enumerate() {
            let (position, map) = (i / 2, i % 2);
            *h = pooled[position % 4 / 2 * 2 + map] / 4.0;
        }
    }
    let (found, expected) = (rbm.decode(pooled.view()), rbm.visible_means(h.view()));
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14));
    assert!(rbm.pool(h.view()).iter().zip(&pooled).all(|(a, b)| (a - b).abs() < 1e-14));
}
