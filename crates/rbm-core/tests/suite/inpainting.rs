//! The conditional distribution of some visible units given the others.

use ndarray::{Array1, Array2, Axis};
use rbm_core::{Rbm, inpaint, log_z};

const KNOWN: [bool; 5] = [true, false, true, false, true];

fn model() -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((5, 4), |(i, j)| 2.0 * wave(i, j)),
        Array1::from_shape_fn(5, |i| wave(i, 30)),
        Array1::from_shape_fn(4, |j| wave(20, j)),
    )
}

/// p of the four states of units 1 and 3 given the others in `v`, from the joint distribution.
fn conditional(rbm: &Rbm<f64>, v: &Array1<f64>) -> [f64; 4] {
    let log_z = log_z(rbm).expect("small");
    let joint = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(first, second)| {
        let mut v = v.clone();
        (v[1], v[3]) = (first, second);
        (-rbm.free_energies(v.view().insert_axis(Axis(0)))[0] - log_z).exp()
    });
    let total: f64 = joint.iter().sum();
    joint.map(|p| p / total)
}

#[test]
fn the_conditional_model_is_the_conditional_distribution() {
    let rbm = model();
    let v = ndarray::array![1.0, 0.0, 0.0, 1.0, 1.0];
    let given = rbm.given(v.view(), &KNOWN);
    let states = ndarray::array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let log_z = log_z(&given).expect("small");
    for (free, expected) in given.free_energies(states.view()).iter().zip(conditional(&rbm, &v)) {
        assert!(((-free - log_z).exp() - expected).abs() < 1e-12);
    }
}

#[test]
fn draws_keep_what_is_known_and_have_the_conditional_distribution() {
    let rbm = model();
    let v = ndarray::array![1.0, 0.0, 0.0, 1.0, 1.0];
    let (draws, base) = (20_000, Array1::zeros(5));
    let rows = v.view().insert_axis(Axis(0));
    let chains = inpaint(&rbm, rows, (&KNOWN, base.view()), (draws, 40), 1);
    let mut counts = [0.0; 4];
    for drawn in chains.visible(&rbm).rows() {
        assert!((0..5).all(|i| !KNOWN[i] || drawn[i] == v[i]));
        let state = usize::from(drawn[1] == 1.0) + 2 * usize::from(drawn[3] == 1.0);
        counts[state] += 1.0 / draws as f64;
    }
    for (found, p) in counts.iter().zip(conditional(&rbm, &v)) {
        assert!((found - p).abs() < 5.0 * (p * (1.0 - p) / draws as f64).sqrt(), "{found}, {p}");
    }
}
