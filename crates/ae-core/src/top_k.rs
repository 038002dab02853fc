use numerics::Real;
use numerics::elementary::vectorised;

/// Keeps the `k` largest values and sets the others to zero. Among equal values at the boundary, the
/// first are kept (k-sparse autoencoders, Makhzani & Frey 2014). NaN is kept. Allocates nothing.
pub(crate) fn keep_largest<F: Real>(values: &mut [F], k: usize) {
    if k >= values.len() {
        return;
    }
    let threshold = kth_largest(values, k);
    let mut equals = k - count(values, |value| value > threshold).min(k);
    for value in values {
        if *value == threshold && equals > 0 {
            equals -= 1;
        } else if *value <= threshold {
            *value = F::zero();
        }
    }
}

/// The k-th largest value, or a number between it and the next smaller one, which selects the same
/// values. Bisects the interval that holds it, which takes about thirty passes of a vectorised count.
fn kth_largest<F: Real>(values: &[F], k: usize) -> F {
    // Invariant: at least k values are ≥ `low`, and fewer than k are ≥ `high`.
    let mut low = values.iter().copied().fold(F::infinity(), F::min);
    let mut high = values.iter().copied().fold(F::neg_infinity(), F::max);
    if count(values, |value| value > low) < k {
        return low;
    }
    if count(values, |value| value >= high) >= k {
        return high;
    }
    loop {
        let middle = low + F::of(0.5) * (high - low);
        if !(low < middle && middle < high) {
            return low;
        }
        match count(values, |value| value >= middle) {
            n if n == k => return middle,
            n if n > k => low = middle,
            _ => high = middle,
        }
    }
}

/// Number of values that satisfy `holds`.
fn count<F: Real>(values: &[F], holds: impl Fn(F) -> bool) -> usize {
    vectorised(
        #[inline(always)]
        || values.iter().map(|&value| u32::from(holds(value))).sum::<u32>(),
    ) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept<F: Real>(values: &[F], k: usize) -> Vec<F> {
        let mut values = values.to_vec();
        keep_largest(&mut values, k);
        values
    }

    /// The same result by a stable sort.
    fn slow(values: &[f32], k: usize) -> Vec<f32> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        let mut out = vec![0.0; values.len()];
        for &i in &order[..k.min(values.len())] {
            out[i] = values[i];
        }
        out
    }

    #[test]
    fn the_k_largest_are_kept() {
        let draws: Vec<f32> = (0..101).map(|i| (i as f32 * 37.7).sin()).collect();
        let coarse: Vec<f32> = draws.iter().map(|x| (x * 4.0).round() / 4.0 + 0.0).collect();
        let rectified: Vec<f32> = draws.iter().map(|x| (x - 0.9).max(0.0)).collect();
        let tiny: Vec<f32> = draws.iter().map(|x| x * 1e-38).collect();
        for values in [draws, coarse, rectified, tiny, vec![2.0; 101]] {
            for k in [1, 2, 25, 50, 100, 101, 200] {
                assert_eq!(kept(&values, k), slow(&values, k), "k = {k}");
            }
        }
    }

    #[test]
    fn nan_is_kept() {
        assert!(kept(&[1.0, f32::NAN, 3.0, 2.0], 2)[1].is_nan());
        assert!(kept(&[f32::NAN; 4], 2)[0].is_nan());
    }
}
