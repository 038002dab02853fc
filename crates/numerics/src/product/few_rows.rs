//! Products of few rows with a matrix whose columns are contiguous, such as a batch with transposed weights.
//!
//! Packing such a B means transposing it, which takes longer than the product. Instead, A is transposed, and
//! the kernel computes Cᵀ = Bᵀ · Aᵀ: it reads the rows of Bᵀ in place, and each register holds one column of
//! Bᵀ · Aᵀ for several samples. The terms of each element are added in the same order, so the bits are those
//! of the other kernels.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::pack::{Packed, first_of_line, line};
use super::transpose::transpose;
use super::workers;
use crate::Real;
use crate::rows::by_shards;

/// Computes `a` · `b`; the columns of `b` must be contiguous.
pub(super) fn multiply_by_transpose_generic<F: Real>(
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    mut out: ArrayViewMut2<F>,
) {
    let (arch, (m, k), n) = (Arch::new(), a.dim(), b.ncols());
    let width = m.next_multiple_of(line::<F>());
    let mut memory = F::take_scratch();
    memory.resize(memory.len().max((k + n) * width + line::<F>()), F::zero());
    let first = first_of_line(&memory);
    let (right, product) = memory[first..].split_at_mut(k * width);
    write_transpose(arch, a, right, width);
    let product = &mut product[..n * width];
    let right = ArrayView2::from_shape((k, width), right).expect("cut to this shape");
    let mut product = ArrayViewMut2::from_shape((n, width), product).expect("cut to this shape");
    let right = Packed::of_whole_lines(right);
    by_shards(workers(m, k, n), n, product.view_mut(), |rows, product| {
        let b = b.slice(s![.., rows]).reversed_axes();
        F::multiply_shard(arch, (b, None), right, F::zero(), product);
    });
    let product = product.slice(s![.., ..m]).reversed_axes();
    match out.as_slice_mut() {
        Some(out) => transpose(arch, F::one(), product, out, n),
        None => out.assign(&product),
    }
    F::put_scratch(memory);
}

/// Writes the transpose of `a` to the rows of `out`, which are `width` long; columns beyond become zero.
fn write_transpose<F: Real>(arch: Arch, a: ArrayView2<F>, out: &mut [F], width: usize) {
    for row in out.chunks_exact_mut(width) {
        row[a.nrows()..].fill(F::zero());
    }
    if a.strides()[1] == 1 || a.ncols() == 1 {
        transpose(arch, F::one(), a.reversed_axes(), out, width);
    } else {
        for (column, out) in a.columns().into_iter().zip(out.chunks_exact_mut(width)) {
            for (out, &value) in out.iter_mut().zip(column) {
                *out = value;
            }
        }
    }
}
