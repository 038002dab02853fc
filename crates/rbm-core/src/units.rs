//! What a unit of either layer is, given its input x.
//!
//! | unit | values | mean | energy of a state s with bias c |
//! |---|---|---|---|
//! | binary | 0 or 1 | σ(x) | −c s |
//! | Gaussian | ℝ, variance 1 | x | (s − c)² / 2 |
//! | truncated exponential | [0, 1], density ∝ e^(x s) | 1 / (1 − e⁻ˣ) − 1 / x | −c s |
//!
//! A Gaussian visible unit has a standard deviation beside that (see [`Rbm`](crate::Rbm)): it is
//! the unit in which its values are measured. Gaussian hidden units with unit noise are the code
//! layer of Hinton & Salakhutdinov 2006. Truncated exponential units (Bengio et al. 2007, section 3)
//! are for visible grey values that are values, not probabilities; with input 0 they are uniform noise.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayViewMut2};
use numerics::elementary::{logistic, map_in_place, softplus, vectorised};
use numerics::{Real, Stream};
use serde::{Deserialize, Serialize};

use crate::truncated_exponential;

/// A kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 0 or 1.
    #[default]
    Binary,
    /// A real number, normally distributed with variance 1 around its input.
    Gaussian,
    /// A number from 0 to 1 whose density is proportional to e^(input · number). Visible units only.
    TruncatedExponential,
}

impl Unit {
    /// The unit's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Binary => "binary",
            Unit::Gaussian => "Gaussian",
            Unit::TruncatedExponential => "truncated exponential",
        }
    }

    /// Turns each row of Σ s w into what each unit's distribution is known by: adds the bias, applies
    /// σ to binary units. Of these and Gaussian units that is the mean, of others it is the input.
    pub(crate) fn parameters<F: Real>(self, bias: ArrayView1<F>, rows: &mut ArrayViewMut2<F>) {
        let bias = bias.to_slice().expect("a bias is contiguous");
        for mut row in rows.rows_mut() {
            let row = row.as_slice_mut().expect("rows are contiguous");
            match self {
                Unit::Binary => vectorised(
                    #[inline(always)]
                    || {
                        for (x, &b) in row.iter_mut().zip(bias) {
                            *x = logistic(*x + b);
                        }
                    },
                ),
                Unit::Gaussian | Unit::TruncatedExponential => {
                    for (x, &b) in row.iter_mut().zip(bias) {
                        *x += b;
                    }
                }
            }
        }
    }

    /// The mean of a unit with this parameter.
    #[inline(always)]
    pub(crate) fn mean<F: Real>(self, parameter: F) -> F {
        match self {
            Unit::Binary | Unit::Gaussian => parameter,
            Unit::TruncatedExponential => truncated_exponential::mean(parameter),
        }
    }

    /// Replaces each row's parameters by means.
    pub(crate) fn means<F: Real>(self, parameters: &mut ArrayViewMut2<F>) {
        if self == Unit::TruncatedExponential {
            for mut row in parameters.rows_mut() {
                let row = row.as_slice_mut().expect("rows are contiguous");
                map_in_place(row, truncated_exponential::mean);
            }
        }
    }

    /// Replaces each row's parameters by draws; row i takes elements i·width and on of the stream
    /// (pairs of them for Gaussian units).
    pub(crate) fn draw<F: Real>(
        self,
        stream: Stream,
        rows: Range<usize>,
        parameters: &mut ArrayViewMut2<F>,
    ) {
        let width = parameters.ncols();
        for (sample, mut row) in rows.zip(parameters.rows_mut()) {
            let row = row.as_slice_mut().expect("rows are contiguous");
            match self {
                Unit::Binary => stream.bernoulli_in_place(sample * width, row),
                Unit::Gaussian => add_normal(stream, sample * width, row),
                Unit::TruncatedExponential => {
                    truncated_exponential::draw(stream, sample * width, row);
                }
            }
        }
    }

    /// ln Σ_s or ∫ ds of e^(−energy + s z), z = x − c: what a unit with bias c and total input x adds
    /// to −F.
    #[inline(always)]
    pub(crate) fn log_sum<F: Real>(self, x: F, c: F) -> F {
        match self {
            Unit::Binary => softplus(x),
            Unit::Gaussian => F::of(0.5) * ((x - c) * (x + c) + F::of(LN_TAU)),
            Unit::TruncatedExponential => truncated_exponential::log_sum(x),
        }
    }
}

/// ln 2π.
pub(crate) const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// Adds N(0, 1) noise: element i from the uniforms 2i and 2i + 1 by Box & Muller's transform.
fn add_normal<F: Real>(stream: Stream, first: usize, values: &mut [F]) {
    const CHUNK: usize = 128;
    let mut uniforms = [F::zero(); 2 * CHUNK];
    for (chunk, values) in values.chunks_mut(CHUNK).enumerate() {
        let uniforms = &mut uniforms[..2 * values.len()];
        stream.fill_uniform(2 * (first + chunk * CHUNK), uniforms);
        for (value, pair) in values.iter_mut().zip(uniforms.as_chunks::<2>().0) {
            // 1 − u is in (0, 1]: its logarithm is finite.
            let radius = (F::of(-2.0) * (F::one() - pair[0]).ln()).sqrt();
            *value += radius * (F::of(std::f64::consts::TAU) * pair[1]).cos();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use numerics::Purpose;

    #[test]
    fn gaussian_draws_have_their_moments() {
        let mut draws = Array2::<f32>::from_elem((400, 500), 0.75);
        let stream = Stream::new(1, Purpose::new("test"));
        Unit::Gaussian.draw(stream, 0..400, &mut draws.view_mut());
        let n = draws.len() as f64;
        let moment = |power| draws.iter().map(|&x| (f64::from(x) - 0.75).powi(power)).sum::<f64>();
        // Standard errors of the first four moments: √(1, 2, 15, 96) / √n.
        for (power, expected, error) in
            [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let found = moment(power) / n;
            assert!((found - expected).abs() < 5.0 * (error / n).sqrt(), "moment {power}: {found}");
        }
    }

    #[test]
    fn draws_do_not_depend_on_the_cut() {
        let stream = Stream::new(1, Purpose::new("test"));
        let mut whole = Array2::<f32>::zeros((4, 300));
        Unit::Gaussian.draw(stream, 0..4, &mut whole.view_mut());
        let mut part = Array2::<f32>::zeros((2, 300));
        Unit::Gaussian.draw(stream, 2..4, &mut part.view_mut());
        assert_eq!(whole.slice(ndarray::s![2.., ..]), part);
    }
}
