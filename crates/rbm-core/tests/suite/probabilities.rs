//! Energies, conditionals and log Z against enumeration of small models.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use numerics::log_sum_exp;
use rbm_core::{Rbm, Unit, log_z};

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
        expected -= rbm.visible_bias[i] * v[i];
        for j in 0..2 {
            expected -= v[i] * rbm.weights[[i, j]] * h[j];
        }
    }
    for j in 0..2 {
        expected -= rbm.hidden_bias[j] * h[j];
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
        rbm.visible_bias.mapv(|a| a as f32),
        rbm.hidden_bias.mapv(|b| b as f32),
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

/// ln PL(v) by flipping every unit of every state.
#[test]
fn pseudo_likelihood_flips_every_unit() {
    // Weights so strong that running products need their logarithms in between.
    for strength in [1.0, 60.0] {
        let mut rbm = model(5, 19);
        rbm.weights *= strength;
        let vs = states(5);
        let found = rbm.pseudo_log_likelihoods(vs.view()).expect("binary");
        for (v, found) in vs.rows().into_iter().zip(found) {
            let free = |v: ArrayView1<f64>| rbm.free_energies(v.insert_axis(Axis(0)))[0];
            let mut expected = 0.0;
            for i in 0..5 {
                let mut flipped = v.to_owned();
                flipped[i] = 1.0 - flipped[i];
                let p_of_it_and_the_flipped = log_sum_exp(&[-free(v), -free(flipped.view())]);
                expected += -free(v) - p_of_it_and_the_flipped;
            }
            assert!((found - expected).abs() < 1e-10 * strength, "{found}, by hand {expected}");
        }
    }
}

/// ∫ f(x) dx over ℝ^`n` on a grid, for integrands that are negligible beyond ±`bound`.
fn integral(n: usize, bound: f64, f: impl Fn(ArrayView1<f64>) -> f64) -> f64 {
    const POINTS: usize = 240;
    let step = 2.0 * bound / POINTS as f64;
    let mut total = 0.0;
    let mut x = Array1::zeros(n);
    for point in 0..POINTS.pow(u32::try_from(n).expect("small")) {
        for i in 0..n {
            let place = point / POINTS.pow(u32::try_from(i).expect("small")) % POINTS;
            x[i] = step * (place as f64 + 0.5) - bound;
        }
        total += f(x.view());
    }
    total * step.powi(i32::try_from(n).expect("small"))
}

fn with_units(visible: Unit, hidden: Unit, n_visible: usize, n_hidden: usize) -> Rbm<f64> {
    let mut rbm = Rbm {
        weights: model(n_visible, n_hidden).weights * 0.3,
        visible,
        hidden,
        ..model(n_visible, n_hidden)
    };
    if visible == Unit::Gaussian {
        rbm.visible_std = Array1::from_shape_fn(n_visible, |i| 0.7 + i as f64);
    }
    rbm
}

#[test]
fn gaussian_visible_units_by_quadrature() {
    let rbm = with_units(Unit::Gaussian, Unit::Binary, 2, 3);
    let hs = states(3);
    // F(v) of some v, from the energies of u = v / σ and the volume of σ.
    let v = ndarray::array![0.4, -1.1];
    let u = &v / &rbm.visible_std;
    let negative: Vec<f64> = hs.rows().into_iter().map(|h| -rbm.energy(u.view(), h)).collect();
    let volume = rbm.visible_std.mapv(f64::ln).sum();
    let free = rbm.free_energies(v.view().insert_axis(Axis(0)))[0];
    assert!((free - (volume - log_sum_exp(&negative))).abs() < 1e-12);
    // Z, from either layer, and densities that integrate to one.
    let z = integral(2, 12.0, |u| {
        hs.rows().into_iter().map(|h| (-rbm.energy(u, h)).exp()).sum::<f64>()
    });
    let log_z = log_z(&rbm).expect("three binary units");
    assert!((log_z - z.ln()).abs() < 1e-8, "{log_z}, by quadrature {}", z.ln());
    let total =
        integral(2, 20.0, |v| (-rbm.free_energies(v.insert_axis(Axis(0)))[0] - log_z).exp());
    assert!((total - 1.0).abs() < 1e-8, "{total}");
}

#[test]
fn gaussian_hidden_units_by_quadrature() {
    let rbm = with_units(Unit::Binary, Unit::Gaussian, 3, 2);
    let vs = states(3);
    let free = rbm.free_energies(vs.view());
    let mut z = 0.0;
    for (v, free) in vs.rows().into_iter().zip(free) {
        let sum = integral(2, 12.0, |h| (-rbm.energy(v, h)).exp());
        assert!((free + sum.ln()).abs() < 1e-8, "{free}, by quadrature {}", -sum.ln());
        z += sum;
    }
    assert!((log_z(&rbm).expect("three binary units") - z.ln()).abs() < 1e-8);
}
