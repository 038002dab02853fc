//! Output layers whose activation and loss follow the layout of the data.
//!
//! | block | output y | loss of a target t | ∂loss/∂z |
//! |---|---|---|---|
//! | real | z | (y − t)² / 2 | y − t |
//! | unit interval, binary | σ(z) | −t ln y − (1 − t) ln(1 − y) | y − t |
//! | category | softmax(z) | −Σ t ln y | y − t |
//!
//! Each loss is a negative log-likelihood in nats (that of real values with variance 1, up to a
//! constant), so that they add up.

use numerics::{Real, elementary, update_and_sum};

use crate::loss::{cross_entropy, weighted};
use crate::{Activation, BlockKind, Layout};

impl Layout {
    /// Replaces a row of total inputs, bias included, by the outputs.
    ///
    /// # Panics
    /// If the row is shorter than the layout.
    pub fn apply<F: Real>(&self, row: &mut [F]) {
        for (kind, columns) in self.ranges() {
            let row = &mut row[columns];
            match kind {
                BlockKind::Real => (),
                BlockKind::UnitInterval | BlockKind::Binary => Activation::Logistic.apply(row),
                BlockKind::Category => {
                    softmax(row);
                }
            }
        }
    }

    /// Replaces a row of total inputs without bias by ∂cost/∂z and returns the cost: the sum of the
    /// losses, each column's multiplied by its weight, if there are weights. A column of weight 0 is left
    /// out, whatever its target.
    ///
    /// # Panics
    /// If a slice is shorter than the layout.
    pub fn replace_by_delta<F: Real>(
        &self,
        bias: &[F],
        target: &[F],
        weights: Option<&[F]>,
        row: &mut [F],
    ) -> F {
        Activation::Identity.apply_with_bias(bias, row);
        let mut cost = F::zero();
        for (kind, columns) in self.ranges() {
            let (z, t) = (&mut row[columns.clone()], &target[columns.clone()]);
            let w = weights.map(|weights| &weights[columns]);
            cost += match (kind, w) {
                (BlockKind::Real, None) => update_and_sum(z, t, half_squared),
                (BlockKind::Real, Some(w)) => weighted(z, t, w, half_squared),
                (BlockKind::UnitInterval | BlockKind::Binary, None) => {
                    update_and_sum(z, t, cross_entropy)
                }
                (BlockKind::UnitInterval | BlockKind::Binary, Some(w)) => {
                    weighted(z, t, w, cross_entropy)
                }
                (BlockKind::Category, w) => group_cross_entropy(z, t, w),
            };
        }
        cost
    }

    /// The loss of each feature of a row, given outputs `y` and targets `t`, in nats; NaN for a missing
    /// target. A feature is a column or a category.
    ///
    /// # Panics
    /// If a slice is shorter than the layout.
    #[must_use]
    pub fn feature_losses<F: Real>(&self, y: &[F], t: &[F]) -> Vec<f64> {
        let mut losses = Vec::new();
        for (kind, columns) in self.ranges() {
            let pairs = y[columns.clone()].iter().zip(&t[columns]);
            let pairs = pairs.map(|(y, t)| (y.as_f64(), t.as_f64()));
            let log = |p: f64| p.max(f64::MIN_POSITIVE).ln();
            match kind {
                BlockKind::Real => losses.extend(pairs.map(|(y, t)| 0.5 * (y - t) * (y - t))),
                BlockKind::UnitInterval | BlockKind::Binary => {
                    losses.extend(pairs.map(|(y, t)| -t * log(y) - (1.0 - t) * log(1.0 - y)));
                }
                BlockKind::Category => losses.push(-pairs.map(|(y, t)| t * log(y)).sum::<f64>()),
            }
        }
        losses
    }
}

#[inline(always)]
fn half_squared<F: Real>(z: &mut F, x: F) -> F {
    *z -= x;
    F::of(0.5) * *z * *z
}

/// Replaces total inputs by probabilities and returns ln Σ e^z.
pub fn softmax<F: Real>(z: &mut [F]) -> F {
    let largest = z.iter().copied().fold(F::neg_infinity(), F::max);
    let mut sum = F::zero();
    for z in &mut *z {
        *z = elementary::exp(*z - largest);
        sum += *z;
    }
    for z in &mut *z {
        *z /= sum;
    }
    largest + sum.ln()
}

/// −Σ w t ln y, whose derivative with respect to zᵢ is yᵢ Σ w t − wᵢ tᵢ.
fn group_cross_entropy<F: Real>(z: &mut [F], t: &[F], w: Option<&[F]>) -> F {
    let of = |i: usize| w.map_or(t[i], |w| w[i] * t[i]);
    let (mut total, mut product) = (F::zero(), F::zero());
    for (i, &z) in z.iter().enumerate() {
        total += of(i);
        product += of(i) * z;
    }
    let log_sum = softmax(z);
    for (i, z) in z.iter_mut().enumerate() {
        *z = *z * total - of(i);
    }
    total * log_sum - product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_and_delta_follow_the_definition() {
        let layout = Layout::new([
            (BlockKind::Real, 2),
            (BlockKind::Category, 3),
            (BlockKind::UnitInterval, 1),
            (BlockKind::Category, 2),
        ]);
        let z = [0.3_f64, -1.2, 0.5, 2.0, -0.7, 0.9, 1.5, -40.0];
        let t = [1.0, 0.5, 0.0, 1.0, 0.0, 0.25, 0.0, 1.0];
        let bias = [0.1; 8];
        let slow = |z: &[f64], weights: &[f64; 8]| {
            let mut y: Vec<f64> = z.iter().map(|z| z + 0.1).collect();
            layout.apply(&mut y);
            let squared = |i: usize| weights[i] * (y[i] - t[i]).powi(2) / 2.0;
            let log = |i: usize| weights[i] * t[i] * y[i].ln();
            squared(0) + squared(1)
                - log(2)
                - log(3)
                - log(4)
                - log(6)
                - log(7)
                - weights[5] * (t[5] * y[5].ln() + (1.0 - t[5]) * (1.0 - y[5]).ln())
        };
        let ones = [1.0; 8];
        for weights in [None, Some([1.0, 0.0, 0.5, 0.5, 0.5, 2.0, 0.3, 0.7])] {
            let mut row = z;
            let w = weights.as_ref().map(<[f64; 8]>::as_slice);
            let cost = layout.replace_by_delta(&bias, &t, w, &mut row);
            let weights = weights.unwrap_or(ones);
            assert!((cost - slow(&z, &weights)).abs() < 1e-12);
            for i in 0..8 {
                let at = |step: f64| {
                    let mut z = z;
                    z[i] += step;
                    slow(&z, &weights)
                };
                let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((row[i] - numeric).abs() < 1e-8, "{i}: {} {numeric}", row[i]);
            }
        }
        let mut y: Vec<f64> = z.iter().map(|z| z + 0.1).collect();
        layout.apply(&mut y);
        let losses = layout.feature_losses(&y, &t);
        assert_eq!(losses.len(), 5);
        assert!((losses.iter().sum::<f64>() - slow(&z, &ones)).abs() < 1e-12);
    }
}
