//! Helpers for models of mixed tables: small models, and every state of their visible layer.

use ndarray::{Array1, Array2, Axis};
use nn_core::{BlockKind, Layout};
use numerics::log_sum_exp;
use rbm_core::{Layer, Rbm, Unit, Units, log_z};

pub(crate) use BlockKind::{Binary, Category, Real};

/// Categories alone, with bits, and with a real number.
pub(crate) fn layouts() -> [Layout; 3] {
    [
        Layout::new([(Category, 3), (Category, 2)]),
        Layout::new([(Binary, 2), (Category, 3)]),
        Layout::new([(Binary, 1), (Category, 3), (Real, 1)]),
    ]
}

pub(crate) fn wave(i: usize, j: usize) -> f64 {
    ((i * 5 + j * 11 + 1) as f64).sin()
}

/// A model of two hidden units with couplings of both signs.
pub(crate) fn model(layout: &Layout, hidden: Unit) -> Rbm<f64> {
    let n = layout.width();
    let mut rbm = Rbm::with_units(n, 2, Units::of_layout(layout, Unit::Binary), hidden);
    rbm.weights = Array2::from_shape_fn((n, 2), |(i, j)| 1.5 * wave(i, j));
    rbm.visible.bias = Array1::from_shape_fn(n, |i| 0.5 * wave(i, 30));
    rbm.hidden.bias = Array1::from_shape_fn(2, |j| wave(20, j));
    for (i, std) in rbm.visible.std.iter_mut().enumerate() {
        if layout.ranges().any(|(kind, columns)| kind == Real && columns.contains(&i)) {
            *std = 1.7;
        }
    }
    rbm
}

/// The values of a feature with their weights: states, or nodes of the trapezoidal rule.
fn nodes(kind: BlockKind, width: usize, std: f64) -> Vec<(Vec<f64>, f64)> {
    match kind {
        Category => {
            let one = |on| (0..width).map(|i| f64::from(u8::from(i == on))).collect();
            (0..width).map(|on| (one(on), 1.0)).collect()
        }
        Real => (-60..=60).map(|i| (vec![0.25 * f64::from(i) * std], 0.25 * std)).collect(),
        _ => vec![(vec![0.0], 1.0), (vec![1.0], 1.0)],
    }
}

/// All states, one per row, and the logarithms of their weights.
pub(crate) fn points(layout: &Layout, layer: &Layer<f64>) -> (Array2<f64>, Vec<f64>) {
    let mut states: Vec<(Vec<f64>, f64)> = vec![(vec![], 1.0)];
    for (kind, columns) in layout.ranges() {
        let singly = if kind == Category { 1 } else { columns.len() };
        for feature in 0..singly {
            let std = layer.std.get(columns.start + feature).copied().unwrap_or(1.0);
            let nodes = nodes(kind, columns.len(), std);
            let longer = |(state, weight): &(Vec<f64>, f64)| {
                let (state, weight) = (state.clone(), *weight);
                let append = move |(value, w): &(Vec<f64>, f64)| {
                    ([state.as_slice(), value.as_slice()].concat(), weight * w)
                };
                nodes.iter().map(append).collect::<Vec<_>>()
            };
            states = states.iter().flat_map(longer).collect();
        }
    }
    let width = layout.width();
    let flat: Vec<f64> = states.iter().flat_map(|(state, _)| state.clone()).collect();
    let values = Array2::from_shape_vec((states.len(), width), flat).expect("rows of one width");
    (values, states.into_iter().map(|(_, weight)| weight.ln()).collect())
}

/// The states of two hidden units.
pub(crate) fn hidden_states(unit: Unit) -> Array2<f64> {
    let states = unit.states().expect("discrete");
    Array2::from_shape_fn((4, 2), |(s, j)| states[s >> j & 1])
}

/// ln of e^(−E(v, h)) times the weights, for all states v and h.
pub(crate) fn log_joint(layout: &Layout, rbm: &Rbm<f64>, hidden: Unit) -> Array2<f64> {
    let (v, weights) = points(layout, &rbm.visible);
    let h = hidden_states(hidden);
    Array2::from_shape_fn((v.nrows(), 4), |(i, j)| weights[i] - rbm.energy(v.row(i), h.row(j)))
}

/// The states of the visible layer and their probabilities.
pub(crate) fn distribution(layout: &Layout, rbm: &Rbm<f64>) -> (Array2<f64>, Vec<f64>) {
    let (v, weights) = points(layout, &rbm.visible);
    let log_z = log_z(rbm).expect("two hidden units");
    let free = rbm.free_energies(v.view());
    let p = free.iter().zip(weights).map(|(f, w)| (w - f - log_z).exp()).collect();
    (v, p)
}

/// The distribution of the states that agree with the observed values of `v`.
pub(crate) fn conditional(
    layout: &Layout,
    rbm: &Rbm<f64>,
    v: &Array1<f64>,
) -> (Array2<f64>, Vec<f64>) {
    let (mut states, weights) = points(layout, &rbm.visible);
    // Observed columns are set to their values, so each state is counted as often as it has copies.
    for mut row in states.rows_mut() {
        row.iter_mut().zip(v).for_each(|(s, v)| *s = if v.is_nan() { *s } else { *v });
    }
    let free = rbm.free_energies(states.view());
    let terms: Vec<f64> = free.iter().zip(weights).map(|(f, w)| w - f).collect();
    let total = log_sum_exp(&terms);
    (states, terms.iter().map(|term| (term - total).exp()).collect())
}

/// The model without the missing columns of `v`, and its layout.
pub(crate) fn without_missing(
    layout: &Layout,
    rbm: &Rbm<f64>,
    v: &Array1<f64>,
) -> (Layout, Rbm<f64>, Vec<usize>) {
    let kept: Vec<usize> = (0..v.len()).filter(|&i| !v[i].is_nan()).collect();
    let of = |(kind, columns): (BlockKind, std::ops::Range<usize>)| {
        let width = kept.iter().filter(|i| columns.contains(i)).count();
        (width > 0).then_some((kind, width))
    };
    let small = Layout::new(layout.ranges().filter_map(of));
    let units = Units::of_layout(&small, Unit::Binary);
    let mut visible = Layer::visible(units, kept.len());
    visible.bias = rbm.visible.bias.select(Axis(0), &kept);
    if !visible.std.is_empty() {
        visible.std = rbm.visible.std.select(Axis(0), &kept);
    }
    let weights = rbm.weights.select(Axis(0), &kept);
    (small, Rbm { weights, visible, hidden: rbm.hidden.clone() }, kept)
}
