//! The surprisal of each feature given all others, −ln p(v_f | v_rest): each feature's contribution to how
//! unusual a row is. A feature is a column, or a category.
//!
//! With the inputs x of the hidden units from the other features, p(s | v_rest) is proportional to
//! e^(−E(s)) Πⱼ e^(log-sumⱼ(xⱼ + Σ s w)) for each state s of the feature: a sum over the states of a
//! discrete feature, by quadrature over the values of a continuous one.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use nn_core::{InvalidSetting, require};
use numerics::{Real, by_rows, log_sum_exp};

use crate::Rbm;
use crate::units::Part;

/// Half-width of the relevant range of a normal distribution, in standard deviations.
const TAIL: f64 = 9.0;

/// Distance between quadrature nodes on the real line in units of σ. For mixtures of normal densities the
/// trapezoidal rule is exact to double precision at this distance.
const STEP: f64 = 0.5;

/// Number of intervals of Simpson's rule in [0, 1].
const INTERVALS: usize = 128;

/// The values of a feature that are summed over, with the logarithms of their weights.
struct Nodes {
    values: Vec<Vec<f64>>,
    log_weights: Vec<f64>,
}

impl<F: Real> Rbm<F> {
    /// −ln p(v_f | v_rest) in nats of each feature of each row; for a real value, minus the logarithm of its
    /// density. A value between the states of a discrete feature counts as a probability: the surprisal is
    /// then the expectation. A missing feature gives NaN and is left out for the others. Shapes: (n ×
    /// visible) → (n × features).
    ///
    /// # Errors
    /// [`InvalidSetting`] for continuous visible units with unbounded hidden units.
    pub fn feature_surprisals(&self, v: ArrayView2<F>) -> Result<Array2<f64>, InvalidSetting> {
        let (low, high) = self.hidden.unit.bounds();
        let parts = self.visible.unit.parts(self.n_visible());
        let is_continuous = |(part, _): &(Part, Range<usize>)| matches!(part, Part::Each(it) if it.states().is_none());
        let bounded = low.is_finite() && high.is_finite();
        let expected = "bounded units: the surprisal of continuous visible units is an integral over a \
                        range that the hidden units bound";
        let holds = bounded || !parts.iter().any(is_continuous);
        require(holds, "model.hidden", &self.hidden.unit.name(), expected)?;
        let mut features = Vec::new();
        for (part, columns) in parts {
            match part {
                Part::Group => features.push((part, columns)),
                Part::Each(_) => features.extend(columns.map(|column| (part, column..column + 1))),
            }
        }
        let mut out = Array2::zeros((v.nrows(), features.len()));
        let weights = self.weights.mapv(F::as_f64);
        by_rows(v.nrows(), out.view_mut(), |rows, mut out| {
            for (row, mut out) in rows.zip(out.rows_mut()) {
                let v = v.row(row);
                let u = self.visible.scaled(v.insert_axis(Axis(0))).row(0).mapv(F::as_f64);
                let inputs = u.dot(&weights) + self.hidden.bias.mapv(F::as_f64);
                for (out, (part, columns)) in out.iter_mut().zip(&features) {
                    let missing = columns.clone().any(|i| v[i].is_nan());
                    let u = u.slice(s![columns.clone()]);
                    let weights = weights.slice(s![columns.clone(), ..]);
                    let without = &inputs - &u.dot(&weights);
                    *out = if missing {
                        f64::NAN
                    } else {
                        self.surprisal((*part, columns), u, (without.view(), weights))
                    };
                }
            }
        });
        Ok(out)
    }

    fn surprisal(
        &self,
        (part, columns): (Part, &Range<usize>),
        u: ArrayView1<f64>,
        (inputs, weights): (ArrayView1<f64>, ArrayView2<f64>),
    ) -> f64 {
        let bias = self.visible.bias.slice(s![columns.clone()]).mapv(F::as_f64);
        let hidden_bias = self.hidden.bias.mapv(F::as_f64);
        let hidden_bias = hidden_bias.as_slice().expect("a bias is contiguous");
        let log_p = |state: ArrayView1<f64>| {
            let energy = match part {
                Part::Group => -state.dot(&bias),
                Part::Each(unit) => unit.energy(state, bias.view()),
            };
            // `log_sums` adds the bias, which the inputs already contain.
            let mut x = &inputs + &state.dot(&weights);
            x -= &ArrayView1::from(hidden_bias);
            let x = x.as_slice_mut().expect("just made");
            self.hidden.unit.log_sums(hidden_bias, x) - energy
        };
        let Nodes { values, log_weights } = self.nodes(part, bias.view(), weights);
        let log_ps: Vec<f64> = values.iter().map(|state| log_p(ArrayView1::from(state))).collect();
        let terms: Vec<f64> = log_ps.iter().zip(&log_weights).map(|(p, w)| p + w).collect();
        let total = log_sum_exp(&terms);
        let std = self.visible.std.get(columns.start).map_or(1.0, |std| std.as_f64());
        match part {
            Part::Group => {
                let of_state = |(&u, log_p): (&f64, &f64)| if u > 0.0 { u * log_p } else { 0.0 };
                total * u.sum() - u.iter().zip(&log_ps).map(of_state).sum::<f64>()
            }
            Part::Each(unit) => match unit.states() {
                Some(&[low, high]) => {
                    let on = (u[0] - low) / (high - low);
                    total - (1.0 - on) * log_ps[0] - on * log_ps[1]
                }
                _ => total - log_p(u) + std.ln(),
            },
        }
    }

    /// The values that represent all values of a feature.
    fn nodes(&self, part: Part, bias: ArrayView1<f64>, weights: ArrayView2<f64>) -> Nodes {
        let unit = match part {
            Part::Group => {
                let k = bias.len();
                let one = |on| (0..k).map(|i| if i == on { 1.0 } else { 0.0 }).collect();
                return Nodes { values: (0..k).map(one).collect(), log_weights: vec![0.0; k] };
            }
            Part::Each(unit) => unit,
        };
        if let Some(states) = unit.states() {
            let values = states.iter().map(|&s| vec![s]).collect();
            return Nodes { values, log_weights: vec![0.0; states.len()] };
        }
        let (least, most) = unit.bounds();
        let pairs: Vec<(f64, f64)> = if least.is_infinite() || most.is_infinite() {
            let (low, high) = self.hidden.unit.bounds();
            let ends = |choose: fn(f64, f64) -> f64| {
                bias[0] + weights.iter().map(|w| choose(w * low, w * high)).sum::<f64>()
            };
            let (from, to) = (ends(f64::min) - TAIL, ends(f64::max) + TAIL);
            let values = (0_u32..).map(|i| from + STEP * f64::from(i));
            values.take_while(|&value| value < to).map(|value| (value, STEP)).collect()
        } else {
            let step = (most - least) / INTERVALS as f64;
            let weight = |i: usize| match i {
                0 | INTERVALS => 1.0,
                i => 2.0 + 2.0 * (i % 2) as f64,
            };
            (0..=INTERVALS).map(|i| (least + step * i as f64, step / 3.0 * weight(i))).collect()
        };
        let (values, weights): (Vec<_>, Vec<f64>) = pairs.into_iter().unzip();
        Nodes {
            values: values.into_iter().map(|value| vec![value]).collect(),
            log_weights: weights.into_iter().map(f64::ln).collect(),
        }
    }
}
