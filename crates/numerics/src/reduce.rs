//! Sums and related reductions, whose results do not depend on the number of threads.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, s};

use crate::Real;
use crate::elementary::vectorised;
use crate::rows::{by_shards, workers_on};

/// ln(eᵃ + eᵇ), computed without overflow; −∞ is the neutral element.
#[must_use]
pub fn log_add_exp(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large == f64::NEG_INFINITY { large } else { large + (small - large).exp().ln_1p() }
}

/// ln Σᵢ e^(xᵢ), computed without overflow; −∞ if there are no terms, NaN if a term is NaN.
///
/// ```
/// assert!((numerics::log_sum_exp(&[1000.0, 1000.0]) - 1000.0 - 2_f64.ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn log_sum_exp(values: &[f64]) -> f64 {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.iter().all(|&x| x == f64::NEG_INFINITY) {
        return max;
    }
    max + values.iter().map(|x| (x - max).exp()).sum::<f64>().ln()
}

/// Σᵢ xᵢ by sixteen partial sums, so that the loop is vectorised. The order of additions depends only on
/// the number of values.
#[must_use]
pub fn sum<F: Real>(values: &[F]) -> F {
    let mut lanes = [F::zero(); 16];
    let (blocks, rest) = values.as_chunks::<16>();
    for block in blocks {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
    lanes.into_iter().sum()
}

/// Calls `f` with each value and its partner, and returns the sum of its results, added in the order of
/// [`sum`]. The loop is vectorised.
///
/// # Panics
/// If the lengths differ.
#[inline]
pub fn update_and_sum<F: Real>(values: &mut [F], partners: &[F], f: impl Fn(&mut F, F) -> F) -> F {
    assert_eq!(values.len(), partners.len(), "values and partners");
    vectorised(
        #[inline(always)]
        || {
            let mut lanes = [F::zero(); 16];
            let (blocks, rest) = values.as_chunks_mut::<16>();
            let (partner_blocks, partner_rest) = partners.as_chunks::<16>();
            for (block, partners) in blocks.iter_mut().zip(partner_blocks) {
                for i in 0..16 {
                    lanes[i] += f(&mut block[i], partners[i]);
                }
            }
            for (i, (value, &partner)) in rest.iter_mut().zip(partner_rest).enumerate() {
                lanes[i] += f(value, partner);
            }
            lanes.into_iter().sum()
        },
    )
}

/// Number of values that are not zero.
///
/// ```
/// assert_eq!(numerics::count_non_zeros(&[0.0_f32, 1.0, -0.0, f32::NAN]), 2);
/// ```
#[must_use]
pub fn count_non_zeros<F: Real>(values: &[F]) -> usize {
    let mut n = 0_u32;
    vectorised(
        #[inline(always)]
        || {
            for &value in values {
                n += u32::from(value != F::zero());
            }
        },
    );
    n as usize
}

/// `out`ⱼ = `scale` · Σᵢ `a`ᵢⱼ, computed row by row so that memory is read in order. Shapes: (m, n) → n.
///
/// # Panics
/// If the lengths differ.
pub fn column_sums<F: Real>(scale: F, a: ArrayView2<F>, out: ArrayViewMut1<F>) {
    assert_eq!(a.ncols(), out.len(), "columns and their sums");
    by_shards(workers_on(a.len()), a.ncols(), out, |columns, mut out| {
        out.fill(F::zero());
        for row in a.slice(s![.., columns]).rows() {
            add(F::one(), row, &mut out);
        }
        out *= scale;
    });
}

/// `out` ← `out` + `sign` · `row`, vectorised if both are contiguous.
fn add<F: Real>(sign: F, row: ArrayView1<F>, out: &mut ArrayViewMut1<F>) {
    match (row.as_slice(), out.as_slice_mut()) {
        (Some(row), Some(out)) => vectorised(
            #[inline(always)]
            move || {
                for (out, &value) in out.iter_mut().zip(row) {
                    *out += sign * value;
                }
            },
        ),
        _ => out.scaled_add(sign, &row),
    }
}

/// `out`ⱼ = `scale` · Σᵢ (`a`ᵢⱼ − `b`ᵢⱼ). Shapes: (m, n), (m, n) → n.
///
/// # Panics
/// If the shapes differ.
pub fn column_differences<F: Real>(
    scale: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    out: ArrayViewMut1<F>,
) {
    assert_eq!(a.dim(), b.dim(), "the two sides of a difference");
    assert_eq!(a.ncols(), out.len(), "columns and their sums");
    by_shards(workers_on(a.len()), a.ncols(), out, |columns, mut out| {
        out.fill(F::zero());
        let (a, b) = (a.slice(s![.., columns.clone()]), b.slice(s![.., columns]));
        for (a, b) in a.rows().into_iter().zip(b.rows()) {
            add(F::one(), a, &mut out);
            add(-F::one(), b, &mut out);
        }
        out *= scale;
    });
}

/// The index of the largest value, the first one if several are equal; 0 if there are no values.
#[must_use]
pub fn argmax<F: Real>(values: &[F]) -> usize {
    let mut best = 0;
    for (i, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_add_exp_has_its_identities() {
        assert_eq!(log_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(log_add_exp(f64::NEG_INFINITY, 3.0), 3.0);
        assert!((log_add_exp(0.0, 0.0) - 2_f64.ln()).abs() < 1e-15);
        assert!((log_add_exp(-2000.0, -2001.0) + 2000.0 - (-1_f64).exp().ln_1p()).abs() < 1e-12);
    }

    #[test]
    fn log_sum_exp_of_nothing_is_minus_infinity() {
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert!(log_sum_exp(&[f64::NAN, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn update_and_sum_updates_and_sums() {
        let mut values: Vec<f64> = (0..35).map(f64::from).collect();
        let partners: Vec<f64> = (0..35).map(|i| f64::from(2 * i)).collect();
        let total = update_and_sum(&mut values, &partners, |value, partner| {
            *value += partner;
            partner
        });
        assert_eq!(total, 1190.0);
        assert!(values.iter().zip(0..35).all(|(&v, i)| v == f64::from(3 * i)));
    }

    #[test]
    fn column_sums_of_a_transposed_view() {
        let a = ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
        let mut sums = ndarray::Array1::from_elem(3, 9.0);
        column_sums(0.5, a.t(), sums.view_mut());
        assert_eq!(sums, ndarray::array![1.5, 3.5, 5.5]);
        column_differences(2.0, a.view(), a.mapv(|x| x - 1.0).view(), sums.slice_mut(s![..2]));
        assert_eq!(sums, ndarray::array![6.0, 6.0, 5.5]);
    }

    #[test]
    fn sum_and_argmax_of_odd_lengths() {
        let values: Vec<f64> = (1..=35).map(f64::from).collect();
        assert_eq!(sum(&values), 630.0);
        assert_eq!(argmax(&[1.0, 3.0, 3.0, 2.0]), 1);
    }
}
