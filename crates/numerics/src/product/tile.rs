//! What the kernels are given: places in memory, checked by the caller once for many terms.

use pulp::Simd;

use super::lanes::Lanes;
use crate::Real;

/// Some rows of A over one block of k, the block's rows of B, and where the products are added.
///
/// C begins as `beta` · C, or as zero, without being read, where `beta` is zero.
///
/// A kernel for R rows and V registers of columns reads A at R × `k` places, B at `k` rows of V
/// registers, and reads and writes C at R rows of V registers, at the distances given here; all
/// of these must be valid, and C must not overlap A or B.
#[derive(Clone, Copy)]
pub(super) struct Tile<F> {
    /// A[0, 0], and the distances from there to A[1, 0] and A[0, 1].
    pub(super) a: *const F,
    pub(super) a_row: isize,
    pub(super) a_column: isize,
    /// B[0, 0], and the distance to B[1, 0]; a row is contiguous.
    pub(super) b: *const F,
    pub(super) b_row: usize,
    /// C[0, 0], and the distance to C[1, 0]; a row is contiguous.
    pub(super) c: *mut F,
    pub(super) c_row: isize,
    pub(super) k: usize,
    pub(super) beta: F,
}

/// `beta` times the `V` registers at `c`; zeros, if `beta` is zero.
///
/// # Safety
/// `c` must be readable there.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernels")]
pub(super) unsafe fn load<F: Real, S: Simd, const V: usize>(
    simd: S,
    c: *const F,
    beta: F,
) -> [F::Vector<S>; V] {
    let mut values = [F::splat(simd, F::zero()); V];
    if beta != F::zero() {
        let beta = F::splat(simd, beta);
        for (v, value) in values.iter_mut().enumerate() {
            // SAFETY: the caller vouches for V registers.
            let c = unsafe { c.cast::<F::Vector<S>>().add(v).read_unaligned() };
            *value = F::multiply(simd, beta, c);
        }
    }
    values
}

/// Writes `values` to `c`.
///
/// # Safety
/// `c` must be writable there.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernels")]
pub(super) unsafe fn store<T: Copy, F: Lanes, const V: usize>(c: *mut F, values: [T; V]) {
    for (v, value) in values.into_iter().enumerate() {
        // SAFETY: the caller vouches for V registers.
        unsafe { c.cast::<T>().add(v).write_unaligned(value) };
    }
}
