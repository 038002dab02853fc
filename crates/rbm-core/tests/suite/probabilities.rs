//! Energies, conditionals and log Z of small binary models against enumeration.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use numerics::log_sum_exp;
use rbm_core::{Rbm, log_z};

/// A model with strong couplings of both signs.
fn model(n_visible: usize, n_hidden: usize) -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 7 + j * 13 + 3) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((n_visible, n_hidden), |(i, j)| 2.0 * wave(i, j)),
        Array1::from_shape_fn(n_visible, |i| wave(i, 40)),
        Array1::from_shape_fn(n_hidden, |j| wave(50, j)),
    )
}

fn states(n_units: usize) -> Array2<f64> {
    Array2::from_shape_fn((1 << n_units, n_units), |(state, unit)| {
        f64::from(state as u32 >> unit & 1)
    })
}

fn all_energies(rbm: &Rbm<f64>) -> Array2<f64> {
    let (vs, hs) = (states(rbm.n_visible()), states(rbm.n_hidden()));
    Array2::from_shape_fn((vs.nrows(), hs.nrows()), |(v, h)| rbm.energy(vs.row(v), hs.row(h)))
}

#[test]
#[allow(clippy::needless_range_loop, reason = "indices as in the formula")]
fn the_energy_is_its_definition() {
    let rbm = model(3, 2);
    let (v, h) = ([1.0, 0.0, 1.0], [0.0, 1.0]);
    let mut expected = 0.0;
    for i in 0..3 {
        expected -= rbm.visible.bias[i] * v[i];
        for j in 0..2 {
            expected -= v[i] * rbm.weights[[i, j]] * h[j];
        }
    }
    for j in 0..2 {
        expected -= rbm.hidden.bias[j] * h[j];
    }
    let energy = rbm.energy(ArrayView1::from(&v), ArrayView1::from(&h));
    assert!((energy - expected).abs() < 1e-14);
}

#[test]
fn log_z_from_both_layers_and_from_either() {
    for (n_visible, n_hidden) in [(5, 3), (3, 5), (4, 4), (1, 1)] {
        let rbm = model(n_visible, n_hidden);
        let both: Vec<f64> = all_energies(&rbm).iter().map(|e| -e).collect();
        let expected = log_sum_exp(&both);
        let exchanged = log_z(&rbm.exchanged()).expect("small");
        assert!((log_z(&rbm).expect("small") - expected).abs() < 1e-12);
        assert!((exchanged - expected).abs() < 1e-12);
    }
}

#[test]
fn free_energy_sums_over_the_hidden_states() {
    let rbm = model(5, 3);
    let free_energies = rbm.free_energies(states(5).view());
    for (energies, free) in all_energies(&rbm).axis_iter(Axis(0)).zip(free_energies) {
        let negative: Vec<f64> = energies.iter().map(|e| -e).collect();
        assert!((free + log_sum_exp(&negative)).abs() < 1e-12);
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let rbm = model(5, 3);
    let single = Rbm::binary(
        rbm.weights.mapv(|w| w as f32),
        rbm.visible.bias.mapv(|a| a as f32),
        rbm.hidden.bias.mapv(|b| b as f32),
    );
    assert!((log_z(&single).expect("small") - log_z(&rbm).expect("small")).abs() < 1e-5);
}

/// log p(h₁ | v) − log p(h₂ | v) = E(v, h₂) − E(v, h₁), and the same for v given h.
#[test]
fn conditionals_are_ratios_of_the_joint() {
    fn log_probability(state: ArrayView1<f64>, mean: ArrayView1<f64>) -> f64 {
        state.iter().zip(mean).map(|(&s, &p)| if s == 1.0 { p.ln() } else { (1.0 - p).ln() }).sum()
    }
    let rbm = model(4, 3);
    let (vs, hs, energies) = (states(4), states(3), all_energies(&rbm));
    let (mut h_mean, mut v_mean) = (Array2::zeros((16, 3)), Array2::zeros((8, 4)));
    rbm.mean_h_given_v(vs.view(), h_mean.view_mut());
    rbm.mean_v_given_h(hs.view(), v_mean.view_mut());
    for v in 0..16 {
        for h in 1..8 {
            let found = log_probability(hs.row(h), h_mean.row(v))
                - log_probability(hs.row(0), h_mean.row(v));
            assert!((found - (energies[[v, 0]] - energies[[v, h]])).abs() < 1e-10);
        }
    }
    for h in 0..8 {
        for v in 1..16 {
            let found = log_probability(vs.row(v), v_mean.row(h))
                - log_probability(vs.row(0), v_mean.row(h));
            assert!((found - (energies[[0, h]] - energies[[v, h]])).abs() < 1e-10);
        }
    }
}

#[test]
fn large_models_are_refused() {
    let error = log_z(&Rbm::<f32>::zeros(784, 500)).expect_err("2^500 states");
    assert!(error.to_string().contains("784 binary visible and 500 binary hidden"));
}
