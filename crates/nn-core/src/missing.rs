//! Missing values, which are NaN.

use ndarray::{ArrayView2, CowArray, Ix2};
use numerics::Real;

use crate::{Samples, UnreadableSamples};

/// Whether a value of an array is missing.
pub fn any_missing<F: Real>(x: ArrayView2<F>) -> bool {
    // Whole rows without an early exit, which the compiler turns into vector instructions.
    x.rows().into_iter().any(|row| row.iter().fold(false, |found, x| found | x.is_nan()))
}

/// Whether a value is missing anywhere in the data.
///
/// # Errors
/// [`UnreadableSamples`], which never occurs for samples in memory.
pub fn has_missing<F: Real>(data: &impl Samples<F>) -> Result<bool, UnreadableSamples> {
    let mut found = false;
    data.for_each_block(&mut |_, block| found = found || any_missing(block.view()))?;
    Ok(found)
}

/// The values with missing ones replaced by 0; they are copied only if any are missing. A missing value then
/// gives a layer no input. Shapes: (n × features) → (n × features).
pub fn observed<F: Real>(x: ArrayView2<'_, F>) -> CowArray<'_, F, Ix2> {
    if any_missing(x) {
        x.mapv(|x| if x.is_nan() { F::zero() } else { x }).into()
    } else {
        x.into()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn missing_values_are_found() {
        assert!(!has_missing(&array![[1.0_f32, 2.0]]).expect("in memory"));
        assert!(has_missing(&array![[1.0_f32, f32::NAN]]).expect("in memory"));
    }

    #[test]
    fn missing_values_become_zeros_and_others_are_not_copied() {
        let x = array![[1.0_f32, f32::NAN], [2.0, 3.0]];
        assert_eq!(observed(x.view()), array![[1.0, 0.0], [2.0, 3.0]]);
        let whole = x.slice(ndarray::s![1.., ..]);
        assert!(observed(whole).is_view());
    }
}
