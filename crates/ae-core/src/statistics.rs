//! Statistics of codes: activity, saturation and sensitivity to the input.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use nn_core::{Activation, Chain, Connection, LayerView, Workspace, mean_f64, observed};
use numerics::Real;

use crate::Autoencoder;

/// Statistics of a model's code over a set of samples, with all sums in double precision.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeStatistics {
    /// Mean of h over units and samples.
    pub mean_activity: f64,
    /// Number of units whose activity varies by less than 10⁻³ over all samples, so they carry no
    /// information.
    pub dead_units: usize,
    /// Share of activities in the lowest or highest 5 % of the unit's range, in per cent (SAT in Rifai
    /// et al. 2011). `None` for unbounded units.
    pub saturated_pct: Option<f64>,
    /// Mean over samples of the Frobenius norm ‖∂h/∂x‖ of the encoder's Jacobian.
    pub mean_jacobian_norm: f64,
}

/// Shares of activities in bins of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// Share of activities in each bin. Shares add up to 1.
    pub shares: Vec<f64>,
}

/// Number of bins of the histogram.
const BINS: usize = 25;

/// Share of activities (n × units) in the lowest or highest 5 % of the unit's range, in per cent (SAT
/// in Rifai et al. 2011). `None` for unbounded units.
pub fn saturated_pct<F: Real>(unit: Activation, activities: ArrayView2<F>) -> Option<f64> {
    let (low, high) = unit.bounds()?;
    let margin = 0.05 * (high - low);
    let saturated = |h: &&F| h.as_f64() < low + margin || h.as_f64() > high - margin;
    let n = activities.iter().filter(saturated).count();
    Some(100.0 * n as f64 / activities.len() as f64)
}

impl<F: Real> Autoencoder<F> {
    /// Statistics of the codes of `x` (n × visible), n ≥ 1.
    ///
    /// # Panics
    /// If there are no samples, or the width differs from the model's.
    pub fn code_statistics<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> CodeStatistics {
        let x = x.into();
        assert!(x.nrows() > 0, "statistics of no samples");
        let h = self.encode(x);
        let spread = |unit: &ArrayView1<F>| {
            let (low, high) = extremes(unit.iter());
            high - low
        };
        CodeStatistics {
            mean_activity: mean_f64(&h),
            dead_units: h.columns().into_iter().filter(|unit| spread(unit) < 1e-3).count(),
            saturated_pct: saturated_pct(self.code_unit(), h.view()),
            mean_jacobian_norm: self.mean_jacobian_norm(x),
        }
    }

    /// Histogram of the activities of all code units for the samples `x` (n × visible), n ≥ 1. It
    /// covers the range of the unit if that is bounded, and otherwise that of the activities.
    ///
    /// # Panics
    /// If the width differs from the model's.
    pub fn code_histogram<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Histogram {
        let h = self.encode(x);
        let (low, high) = self.code_unit().bounds().unwrap_or_else(|| extremes(h.iter()));
        Histogram { low, high, shares: shares(&h, low, high) }
    }

    fn code_unit(&self) -> Activation {
        self.units[self.encoder.len() - 1]
    }

    /// Mean of ‖∂h/∂x‖_F over `x`, in blocks of samples to bound memory.
    fn mean_jacobian_norm(&self, x: ArrayView2<F>) -> f64 {
        const BLOCK: usize = 500;
        let blocks = x.axis_chunks_iter(Axis(0), BLOCK);
        let total: f64 =
            blocks.map(|block| self.square_jacobian_norms(block)).map(sum_of_roots).sum();
        total / x.nrows() as f64
    }

    /// ‖∂h/∂x‖²_F for each sample. For one hidden layer it is Σⱼ f′(zⱼ)² Σᵢ wᵢⱼ²; for deep codes it
    /// takes a backward pass from each code unit.
    fn square_jacobian_norms(&self, x: ArrayView2<F>) -> Vec<f64> {
        let observed = observed(x);
        let x = observed.view();
        if self.encoder[0].connection != Connection::Full {
            return self.square_jacobian_norms_of_maps(x);
        }
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
            // Units that are not kept are also 0 in the neighbourhood of x.
            code_slope.zip_mut_with(&self.encode(x), |slope, &h| {
                if h == F::zero() {
                    *slope = F::zero();
                }
            });
        }
        let weights = &self.encoder[depth - 1].weights;
        if depth == 1 {
            let norms = weights.map_axis(Axis(0), |unit| square_norm(unit.iter()));
            let of_sample = |slopes: ArrayView1<F>| {
                slopes.iter().zip(&norms).map(|(s, norm)| s.as_f64() * s.as_f64() * norm).sum()
            };
            return code_slope.rows().into_iter().map(of_sample).collect();
        }
        let slopes: Vec<_> = (0..depth - 1).map(slope).collect();
        let mut squares = vec![0.0; x.nrows()];
        for (weights, column) in weights.columns().into_iter().zip(code_slope.columns()) {
            // ∂hⱼ with respect to the outputs of the layer below, one row per sample.
            let shape = (x.nrows(), weights.len());
            let mut delta = Array2::from_shape_fn(shape, |(n, i)| column[n] * weights[i]);
            for i in (0..depth - 1).rev() {
                delta *= &slopes[i];
                let mut below = Array2::zeros((x.nrows(), self.encoder[i].n_inputs()));
                numerics::matmul(delta.view(), self.encoder[i].weights.t(), below.view_mut());
                delta = below;
            }
            for (square, row) in squares.iter_mut().zip(delta.rows()) {
                *square += square_norm(row.iter());
            }
        }
        squares
    }

    /// ‖∂h/∂x‖²_F of a convolution with max-pooling. Each code unit is a kernel at the position of its
    /// window's maximum, cropped to the image, so the norm is Σᵢ Σⱼ f′(zⱼ)² wᵢⱼ²: the backward pass of f′²
    /// through the squared weights, summed over the image.
    fn square_jacobian_norms_of_maps(&self, x: ArrayView2<F>) -> Vec<f64> {
        let squared = self.encoder[0].weights.mapv(|w| w * w);
        let squared = SquaredWeights { model: self, weights: squared.view() };
        let mut workspace = Workspace::new(self, x.nrows());
        workspace.forward(self, x);
        workspace.backward_then(self, |_, outputs, delta| {
            // The pass then multiplies by f′ once more.
            for (delta, &h) in delta.iter_mut().zip(outputs) {
                *delta = self.units[0].derivative(h);
            }
        });
        let mut squares = Array2::zeros(x.dim());
        workspace.input_gradient_then(&squared, squares.view_mut(), |_, _| ());
        squares.rows().into_iter().map(|row| row.iter().map(|s| s.as_f64()).sum()).collect()
    }
}

/// A model whose first layer has other weights.
struct SquaredWeights<'a, F> {
    model: &'a Autoencoder<F>,
    weights: ArrayView2<'a, F>,
}

impl<F: Real> Chain<F> for SquaredWeights<'_, F> {
    fn n_layers(&self) -> usize {
        self.model.n_layers()
    }

    fn layer(&self, index: usize) -> LayerView<'_, F> {
        let layer = self.model.layer(index);
        if index == 0 { LayerView { weights: self.weights, ..layer } } else { layer }
    }
}

/// Σ √s.
fn sum_of_roots(squares: Vec<f64>) -> f64 {
    squares.into_iter().map(f64::sqrt).sum()
}

/// Σ v².
fn square_norm<'a, F: Real>(values: impl Iterator<Item = &'a F>) -> f64 {
    values.map(|value| value.as_f64() * value.as_f64()).sum()
}

/// The smallest and the largest value.
fn extremes<'a, F: Real>(values: impl Iterator<Item = &'a F>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    values.map(|value| value.as_f64()).fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// Shares of the values in equal bins from `low` to `high`.
fn shares<F: Real>(h: &Array2<F>, low: f64, high: f64) -> Vec<f64> {
    let mut shares = vec![0.0; BINS];
    for h in h {
        let place = (h.as_f64() - low) / (high - low);
        // The last bin contains its upper end. If all values are equal, `place` is NaN and the first bin
        // holds them.
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

    /// Compares the norm with that of the Jacobian by central differences.
    #[test]
    fn the_jacobian_agrees_with_central_differences() {
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
        // Constant units with activities near 1, near 0 and at 0.5; later the third follows a pixel.
        model.encoder[0].bias = ndarray::array![9.0, -9.0, 0.0];
        let statistics = model.code_statistics(data().view());
        assert_eq!(statistics.dead_units, 3);
        assert!((statistics.saturated_pct.expect("logistic") - 200.0 / 3.0).abs() < 1e-9);
        assert!((statistics.mean_activity - 0.5).abs() < 1e-9);
        assert_eq!(statistics.mean_jacobian_norm, 0.0);
        let shares = model.code_histogram(&data()).shares;
        assert!([0, 12, 24].iter().all(|&bin: &usize| (shares[bin] - 1.0 / 3.0).abs() < 1e-9));
        model.encoder[0].weights[[0, 2]] = 1.0;
        assert_eq!(model.code_statistics(&data()).dead_units, 2);
    }

    /// Samples beyond the first block are counted, and the mean does not depend on the blocks.
    #[test]
    fn the_jacobian_is_that_of_all_samples() {
        let x = Array2::from_shape_fn((1_203, 6), |(i, j)| (i * (j + 1)) as f64 / 2_000.0);
        for layers in [vec![], vec![5]] {
            let model = model(layers, Activation::Logistic);
            let one_by_one = x.axis_chunks_iter(Axis(0), 1);
            let norms = one_by_one.map(|x| model.code_statistics(x).mean_jacobian_norm);
            let expected = norms.sum::<f64>() / 1_203.0;
            let found = model.code_statistics(&x).mean_jacobian_norm;
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
    }
}
