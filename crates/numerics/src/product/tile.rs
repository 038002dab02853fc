//! The pointers that a kernel gets. The caller checks their bounds once for many terms.

use pulp::Simd;

use super::lanes::Lanes;

/// A tile of C, the rows of A over one block of k, and the rows of B in that block.
///
/// The kernel starts from `beta` · C; if `beta` is zero, it does not read C.
///
/// A kernel for R rows and V registers of columns reads R × `k` elements of A and `k` rows of V
/// registers of B, and reads and writes R rows of V registers of C, at the strides given here. All
/// of these must be valid, and C must not overlap A or B.
#[derive(Clone, Copy)]
pub(super) struct Tile<F> {
    /// Address of A[0, 0], and the strides to A[1, 0] and A[0, 1].
    pub(super) a: *const F,
    pub(super) a_row: isize,
    pub(super) a_column: isize,
    /// Address of B[0, 0], and the stride to B[1, 0]; a row is contiguous.
    pub(super) b: *const F,
    pub(super) b_row: usize,
    /// Address of C[0, 0], and the stride to C[1, 0]; a row is contiguous.
    pub(super) c: *mut F,
    pub(super) c_row: isize,
    pub(super) k: usize,
    pub(super) beta: F,
}

/// `beta` times the `V` registers at `c`; zeros, if `beta` is zero.
///
/// # Safety
/// `V` registers must be readable at `c`, unless `beta` is zero.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernels")]
pub(super) unsafe fn load<F: Lanes, S: Simd, const V: usize>(
    simd: S,
    c: *const F,
    beta: F,
) -> [F::Vector<S>; V] {
    let mut values = [F::splat(simd, F::zero()); V];
    if beta != F::zero() {
        let beta = F::splat(simd, beta);
        for (v, value) in values.iter_mut().enumerate() {
            // SAFETY: the caller guarantees V registers at `c`.
            let c = unsafe { c.cast::<F::Vector<S>>().add(v).read_unaligned() };
            *value = F::multiply(simd, beta, c);
        }
    }
    values
}

/// Writes `values` to `c`.
///
/// # Safety
/// `V` registers must be writable at `c`.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernels")]
pub(super) unsafe fn store<T: Copy, F: Lanes, const V: usize>(c: *mut F, values: [T; V]) {
    for (v, value) in values.into_iter().enumerate() {
        // SAFETY: the caller guarantees V registers at `c`.
        unsafe { c.cast::<T>().add(v).write_unaligned(value) };
    }
}
