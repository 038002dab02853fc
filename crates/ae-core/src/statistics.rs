//! What a code is like: how active, how saturated, how much it changes with the data.

use ndarray::{Array2, ArrayView2, Axis, s};
use nn_core::{Activation, Chain};
use numerics::Real;

use crate::Autoencoder;

/// Statistics of a model's code over a set of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeStatistics {
    /// The mean of h over units and samples.
    pub mean_activity: f64,
    /// Units whose activity stays within 10⁻³ over all samples: they tell nothing.
    pub dead_units: usize,
    /// The share of activities below 0.05 or above 0.95 of the unit's range, in per cent (Rifai et al.
    /// 2011, SAT); `None` for units without two bounds.
    pub saturated_pct: Option<f64>,
    /// The mean of ‖∂h/∂x‖_F over the first samples.
    pub mean_jacobian_norm: f64,
    /// The share of all activities in each of equal bins.
    pub histogram: Histogram,
}

/// Shares of activities in equal bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Where the first bin begins.
    pub low: f64,
    /// Where the last bin ends.
    pub high: f64,
    /// The share in each bin; they add up to 1.
    pub shares: Vec<f64>,
}

/// Bins of the histogram.
const BINS: usize = 25;

/// Samples that the norm of the Jacobian is averaged over: that of a deep code is a backward pass a
/// code unit.
const JACOBIAN_SAMPLES: usize = 500;

/// What a unit's activity stays between, if it has two bounds.
fn bounds(unit: Activation) -> Option<(f64, f64)> {
    match unit {
        Activation::Logistic => Some((0.0, 1.0)),
        Activation::Tanh => Some((-1.0, 1.0)),
        _ => None,
    }
}

/// The share of activities (n × units) below 0.05 or above 0.95 of the unit's range, in per cent
/// (Rifai et al. 2011, SAT); `None` for units without two bounds.
pub fn saturated_pct<F: Real>(unit: Activation, activities: ArrayView2<F>) -> Option<f64> {
    let (low, high) = bounds(unit)?;
    let margin = 0.05 * (high - low);
    let saturated = |h: &&F| h.as_f64() < low + margin || h.as_f64() > high - margin;
    let n = activities.iter().filter(saturated).count();
    Some(100.0 * n as f64 / activities.len() as f64)
}

impl<F: Real> Autoencoder<F> {
    /// Statistics of the codes of `x` (n × visible), n ≥ 1.
    ///
    /// # Panics
    /// If there is no sample, or the width is not the model's.
    pub fn code_statistics(&self, x: ArrayView2<F>) -> CodeStatistics {
        assert!(x.nrows() > 0, "statistics of no samples");
        let h = self.encode(x).mapv(Real::as_f64);
        let unit = self.units[self.encoder.len() - 1];
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, u), h| (l.min(h), u.max(h)))
        };
        let spread = |unit: ndarray::ArrayView1<f64>| {
            let (low, high) = range(&mut unit.iter().copied());
            high - low
        };
        let dead_units = h.columns().into_iter().filter(|unit| spread(*unit) < 1e-3).count();
        let (low, high) = bounds(unit).unwrap_or_else(|| range(&mut h.iter().copied()));
        let first = x.slice(s![..x.nrows().min(JACOBIAN_SAMPLES), ..]);
        CodeStatistics {
            mean_activity: h.sum() / h.len() as f64,
            dead_units,
            saturated_pct: saturated_pct(unit, h.view()),
            mean_jacobian_norm: self.mean_jacobian_norm(first),
            histogram: Histogram { low, high, shares: shares(&h, low, high) },
        }
    }

    /// The mean of ‖∂h/∂x‖_F over `x`, by a backward pass from each code unit; for one hidden layer
    /// √(Σⱼ f′(zⱼ)² Σᵢ wᵢⱼ²).
    fn mean_jacobian_norm(&self, x: ArrayView2<F>) -> f64 {
        let depth = self.encoder.len();
        let mut outputs: Vec<Array2<F>> = Vec::with_capacity(depth);
        for i in 0..depth {
            let input = outputs.last().map_or(x, |output| output.view());
            let mut out = Array2::zeros((x.nrows(), self.encoder[i].n_outputs()));
            self.layer(i).forward(input, out.view_mut());
            outputs.push(out);
        }
        let slope = |i: usize| outputs[i].mapv(|h| self.units[i].derivative(h));
        let mut code_slope = slope(depth - 1);
        if self.top_k.is_some() {
            // Units that are not kept are 0 near x as well.
            code_slope.zip_mut_with(&self.encode(x), |slope, &h| {
                if h == F::zero() {
                    *slope = F::zero();
                }
            });
        }
        let mut squares = vec![0.0; x.nrows()];
        for unit in 0..self.n_code() {
            let weights = self.encoder[depth - 1].weights.column(unit);
            // ∂hⱼ/∂ of the layer below, a row a sample.
            let column = code_slope.column(unit);
            let mut delta =
                Array2::from_shape_fn((x.nrows(), weights.len()), |(n, i)| column[n] * weights[i]);
            for i in (0..depth - 1).rev() {
                delta *= &slope(i);
                let mut below = Array2::zeros((x.nrows(), self.encoder[i].n_inputs()));
                numerics::matmul(delta.view(), self.encoder[i].weights.t(), below.view_mut());
                delta = below;
            }
            for (square, row) in squares.iter_mut().zip(delta.axis_iter(Axis(0))) {
                *square += row.iter().map(|d| d.as_f64() * d.as_f64()).sum::<f64>();
            }
        }
        squares.iter().map(|square| square.sqrt()).sum::<f64>() / x.nrows() as f64
    }
}

fn shares(h: &Array2<f64>, low: f64, high: f64) -> Vec<f64> {
    let mut shares = vec![0.0; BINS];
    for &h in h {
        let place = (h - low) / (high - low);
        // The last bin has its upper end; what has no place is in the first.
        let bin = (0..BINS).rev().find(|&bin| place >= bin as f64 / BINS as f64).unwrap_or(0);
        shares[bin] += 1.0;
    }
    for share in &mut shares {
        *share /= h.len() as f64;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AutoencoderConfig;

    fn model(encoder_layers: Vec<usize>, hidden: Activation) -> Autoencoder<f64> {
        let config =
            AutoencoderConfig { n_hidden: 3, encoder_layers, hidden, ..Default::default() };
        Autoencoder::new(&config, 6, 1, 0).expect("valid")
    }

    fn data() -> Array2<f64> {
        Array2::from_shape_fn((20, 6), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 7.0)
    }

    /// The norm of the Jacobian by central differences.
    #[test]
    fn the_jacobian_is_that_of_central_differences() {
        let x = data();
        for layers in [vec![], vec![5, 4]] {
            for (unit, top_k) in [
                (Activation::Logistic, None),
                (Activation::Tanh, None),
                (Activation::Softplus, None),
                (Activation::Identity, Some(2)),
            ] {
                let mut model = model(layers.clone(), unit);
                model.top_k = top_k;
                let mut squares = [0.0; 20];
                for i in 0..6 {
                    let shifted = |step: f64| {
                        let mut x = x.clone();
                        x.column_mut(i).mapv_inplace(|x| x + step);
                        model.encode(x.view())
                    };
                    let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                    for (square, row) in squares.iter_mut().zip(slope.rows()) {
                        *square += row.mapv(|d| d * d).sum();
                    }
                }
                let expected = squares.iter().map(|s| s.sqrt()).sum::<f64>() / 20.0;
                let found = model.code_statistics(x.view()).mean_jacobian_norm;
                assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
            }
        }
    }

    #[test]
    fn activities_are_counted() {
        let mut model = model(vec![], Activation::Logistic);
        model.encoder[0].weights.fill(0.0);
        // One unit on, one off, one half on, whatever the data; then one that follows a pixel.
        model.encoder[0].bias = ndarray::array![9.0, -9.0, 0.0];
        let statistics = model.code_statistics(data().view());
        assert_eq!(statistics.dead_units, 3);
        assert!((statistics.saturated_pct.expect("logistic") - 200.0 / 3.0).abs() < 1e-9);
        assert!((statistics.mean_activity - 0.5).abs() < 1e-9);
        assert_eq!(statistics.mean_jacobian_norm, 0.0);
        let shares = statistics.histogram.shares;
        assert!([0, 12, 24].iter().all(|&bin: &usize| (shares[bin] - 1.0 / 3.0).abs() < 1e-9));
        model.encoder[0].weights[[0, 2]] = 1.0;
        assert_eq!(model.code_statistics(data().view()).dead_units, 2);
    }
}
