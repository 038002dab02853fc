//! Transposition of a part of a matrix whose columns are contiguous.

use ndarray::{ArrayView2, Axis};
use pulp::Arch;

use crate::Real;

/// Side of the square blocks that are transposed at a time.
pub(crate) const SIDE: usize = 8;

/// Writes `alpha` · `part`, whose columns are contiguous, to `out` in row order; rows of `out` are
/// `width` apart.
pub(super) fn transpose<F: Real>(
    arch: Arch,
    alpha: F,
    part: ArrayView2<F>,
    out: &mut [F],
    width: usize,
) {
    #[cfg(target_arch = "x86_64")]
    let vectors = match arch {
        Arch::V4(simd) => Some(*simd),
        Arch::V3(simd) => Some(simd),
        _ => None,
    };
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = vectors {
        pulp::Simd::vectorize(
            simd,
            #[inline(always)]
            || {
                transpose_by(
                    alpha,
                    part,
                    out,
                    width,
                    #[inline(always)]
                    |columns, out| F::transpose_256(simd, alpha, columns, out, width),
                );
            },
        );
        return;
    }
    _ = arch;
    transpose_by(alpha, part, out, width, |columns, out| {
        transpose_square(alpha, columns, out, width);
    });
}

#[inline(always)]
fn transpose_by<F: Real>(
    alpha: F,
    part: ArrayView2<F>,
    out: &mut [F],
    width: usize,
    square: impl Fn([&[F; SIDE]; SIDE], &mut [F]),
) {
    let (k, n) = part.dim();
    let column = |j| part.index_axis_move(Axis(1), j).to_slice().expect("stride 1");
    for first in (0..n).step_by(SIDE) {
        let mut done = 0;
        if first + SIDE <= n {
            let columns: [&[[F; SIDE]]; SIDE] =
                std::array::from_fn(|j| column(first + j).as_chunks().0);
            let [a, b, c, d, e, f, g, h] = columns;
            for i in 0..k / SIDE {
                let columns = [&a[i], &b[i], &c[i], &d[i], &e[i], &f[i], &g[i], &h[i]];
                square(columns, &mut out[i * SIDE * width + first..]);
            }
            done = k - k % SIDE;
        }
        for j in first..n.min(first + SIDE) {
            for (i, &value) in column(j).iter().enumerate().skip(done) {
                out[i * width + j] = alpha * value;
            }
        }
    }
}

/// Transposes one square block.
#[inline(always)]
pub(super) fn transpose_square<F: Real>(
    alpha: F,
    columns: [&[F; SIDE]; SIDE],
    out: &mut [F],
    width: usize,
) {
    for i in 0..SIDE {
        for (out, column) in out[i * width..][..SIDE].iter_mut().zip(columns) {
            *out = alpha * column[i];
        }
    }
}

/// [`transpose_square`] by exchanges between vector registers: of pairs, pairs of pairs, and halves.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn transpose_square_f32(
    simd: pulp::x86::V3,
    alpha: f32,
    columns: [&[f32; SIDE]; SIDE],
    out: &mut [f32],
    width: usize,
) {
    const LOW: i32 = 0b01_00_01_00;
    const HIGH: i32 = 0b11_10_11_10;
    let avx = simd.avx;
    let alpha = avx._mm256_set1_ps(alpha);
    // Plain loops, because the code of a closure would not be compiled for these instructions.
    let mut rows = [avx._mm256_setzero_ps(); SIDE];
    for (row, column) in rows.iter_mut().zip(columns) {
        // SAFETY: each column is eight values long.
        #[allow(unsafe_code, reason = "vector loads take pointers")]
        let column = unsafe { avx._mm256_loadu_ps(column.as_ptr()) };
        *row = avx._mm256_mul_ps(alpha, column);
    }
    let mut pairs = rows;
    for i in [0, 2, 4, 6] {
        pairs[i] = avx._mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = avx._mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let mut fours = rows;
    for i in [0, 4] {
        fours[i] = avx._mm256_shuffle_ps::<LOW>(pairs[i], pairs[i + 2]);
        fours[i + 1] = avx._mm256_shuffle_ps::<HIGH>(pairs[i], pairs[i + 2]);
        fours[i + 2] = avx._mm256_shuffle_ps::<LOW>(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = avx._mm256_shuffle_ps::<HIGH>(pairs[i + 1], pairs[i + 3]);
    }
    for i in 0..4 {
        rows[i] = avx._mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
        rows[i + 4] = avx._mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
    }
    for (i, row) in rows.into_iter().enumerate() {
        let out = &mut out[i * width..][..SIDE];
        // SAFETY: `out` is eight values long.
        #[allow(unsafe_code, reason = "vector stores take pointers")]
        unsafe {
            avx._mm256_storeu_ps(out.as_mut_ptr(), row);
        }
    }
}
