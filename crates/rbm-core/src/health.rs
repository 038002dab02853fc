//! A check of the hidden units after training: units that are the same for every sample carry no information.

use ndarray::{Array2, ArrayView2, Axis};
use numerics::Real;

use crate::Rbm;
use crate::conditional::BLOCK;

/// The spread of a unit's mean over samples below which it counts as constant.
const CONSTANT: f64 = 1e-3;

/// The share of constant units at which training counts as failed.
const FAILED: f64 = 0.9;

/// Statistics of the hidden units over a set of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeHealth {
    /// Share of the means in the lowest or highest 5 % of the unit's range, in per cent; `None` for
    /// unbounded units.
    pub saturated_pct: Option<f64>,
    /// Number of hidden units whose mean varies by less than 10⁻³ over the samples.
    pub constant_units: usize,
    /// Number of hidden units.
    pub n_hidden: usize,
}

impl CodeHealth {
    /// A sentence to show after training if at least nine in ten units are constant; otherwise `None`.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let CodeHealth { constant_units, n_hidden, saturated_pct } = *self;
        let failed = constant_units as f64 >= FAILED * n_hidden as f64;
        failed.then(|| {
            let saturated = saturated_pct.map_or(String::new(), |pct| {
                format!(" and {pct:.0} % of all codes are saturated")
            });
            format!(
                "{constant_units} of {n_hidden} hidden units give every sample the same code{saturated}: \
                 lower training.learning_rate, or set model.visible_bias_from_data"
            )
        })
    }
}

impl<F: Real> Rbm<F> {
    /// Statistics of the hidden units over the samples `v` (n × visible).
    ///
    /// # Panics
    /// If the width differs from the model's.
    #[must_use]
    pub fn code_health(&self, v: ArrayView2<F>) -> CodeHealth {
        CodeHealth::of(v, self.n_hidden(), self.hidden.unit.bounds(), |v| self.encode(v))
    }
}

impl CodeHealth {
    /// Statistics of the codes that `encode` gives for the samples `v`.
    pub(crate) fn of<F: Real>(
        v: ArrayView2<F>,
        n_hidden: usize,
        (low, high): (f64, f64),
        encode: impl Fn(ArrayView2<F>) -> Array2<F>,
    ) -> CodeHealth {
        let is_bounded = low.is_finite() && high.is_finite();
        let margin = 0.05 * (high - low);
        let mut extremes = vec![(f64::INFINITY, f64::NEG_INFINITY); n_hidden];
        let mut saturated = 0_usize;
        for v in v.axis_chunks_iter(Axis(0), BLOCK) {
            for row in encode(v).rows() {
                for ((least, most), h) in extremes.iter_mut().zip(row) {
                    let h = h.as_f64();
                    (*least, *most) = (least.min(h), most.max(h));
                    saturated += usize::from(h < low + margin || h > high - margin);
                }
            }
        }
        let constant = extremes.iter().filter(|(least, most)| most - least < CONSTANT).count();
        let pct = 100.0 * saturated as f64 / (v.nrows() * n_hidden).max(1) as f64;
        CodeHealth { saturated_pct: is_bounded.then_some(pct), constant_units: constant, n_hidden }
    }
}
