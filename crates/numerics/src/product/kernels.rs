//! The part of the kernels that differs between the scalars, scratch memory that outlives a call, and the
//! entries of the functions that are compiled once for each scalar.

use std::cell::Cell;

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::Arch;

#[cfg(target_arch = "x86_64")]
use super::csr::compress;
use super::csr::{Csr, CsrBuffer};
use super::lanes::Lanes;
use super::pack::Packed;
#[cfg(target_arch = "x86_64")]
use super::transpose::{SIDE, transpose_square, transpose_square_f32};

/// Kernels of a scalar type, and scratch memory that outlives a call.
pub trait Kernels: Lanes {
    /// Writes the value and the index of each non-zero in `row`, in order, and returns their number.
    /// The outputs have room for [`SLACK`](super::csr::SLACK) more.
    #[cfg(target_arch = "x86_64")]
    fn compress_512(
        simd: pulp::x86::V4,
        row: &[Self],
        values: &mut [Self],
        columns: &mut [u32],
    ) -> usize;

    /// Transposes a square block of eight columns: writes `alpha` times each to a column of `out`, whose
    /// rows are `width` apart.
    #[cfg(target_arch = "x86_64")]
    fn transpose_256(
        simd: pulp::x86::V3,
        alpha: Self,
        columns: [&[Self; SIDE]; SIDE],
        out: &mut [Self],
        width: usize,
    );

    /// Takes this thread's scratch memory for a packed operand; in a nested call it is empty.
    fn take_scratch() -> Vec<Self>;

    /// Returns the memory for the next call.
    fn put_scratch(scratch: Vec<Self>);

    /// Takes this thread's memory for a strip of a product.
    fn take_strip() -> Vec<Self>;

    /// Returns the memory for the next call.
    fn put_strip(strip: Vec<Self>);

    /// Takes this thread's memory for an image, its patches and its maps.
    fn take_images() -> [Vec<Self>; 3];

    /// Returns the memory for the next call.
    fn put_images(images: [Vec<Self>; 3]);

    /// Takes this thread's memory for CSR operands.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn take_csr() -> Vec<CsrBuffer<Self>>;

    /// Returns the memory for the next call.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn put_csr(buffers: Vec<CsrBuffer<Self>>);

    /// Computes one shard of a product. This function and those below are compiled once for each scalar
    /// in this crate; generic ones would be compiled again in every crate that calls them.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn multiply_shard(
        arch: Arch,
        a: (ArrayView2<Self>, Option<Csr<Self>>),
        b: Packed<Self>,
        beta: Self,
        out: ArrayViewMut2<Self>,
    );

    /// Compresses a sparse operand.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn compress(memory: &mut CsrBuffer<Self>, arch: Arch, a: ArrayView2<Self>, block: usize);

    /// Packs the right operand of a product.
    fn pack(threads: usize, alpha: Self, b: ArrayView2<Self>, memory: &mut [Self]);

    /// Computes A B if A has few rows and B has contiguous columns.
    fn multiply_by_transpose(a: ArrayView2<Self>, b: ArrayView2<Self>, out: ArrayViewMut2<Self>);

    /// Computes the whole product, α A B + β C.
    fn matmul_scaled(
        alpha: Self,
        a: ArrayView2<Self>,
        b: ArrayView2<Self>,
        beta: Self,
        out: ArrayViewMut2<Self>,
    );
}

macro_rules! kernels {
    ($scalar:ident, $compress:ident, $transpose:ident) => {
        impl Kernels for $scalar {
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            fn compress_512(
                simd: pulp::x86::V4,
                row: &[Self],
                values: &mut [Self],
                columns: &mut [u32],
            ) -> usize {
                $compress(simd, row, values, columns)
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            fn transpose_256(
                simd: pulp::x86::V3,
                alpha: Self,
                columns: [&[Self; SIDE]; SIDE],
                out: &mut [Self],
                width: usize,
            ) {
                $transpose(simd, alpha, columns, out, width);
            }

            fn take_scratch() -> Vec<Self> {
                SCRATCH.with(|scratch| scratch.$scalar.panels.take())
            }

            fn put_scratch(vector: Vec<Self>) {
                SCRATCH.with(|scratch| scratch.$scalar.panels.set(vector));
            }

            fn take_strip() -> Vec<Self> {
                SCRATCH.with(|scratch| scratch.$scalar.strip.take())
            }

            fn put_strip(vector: Vec<Self>) {
                SCRATCH.with(|scratch| scratch.$scalar.strip.set(vector));
            }

            fn take_images() -> [Vec<Self>; 3] {
                SCRATCH.with(|scratch| scratch.$scalar.images.take())
            }

            fn put_images(images: [Vec<Self>; 3]) {
                SCRATCH.with(|scratch| scratch.$scalar.images.set(images));
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn take_csr() -> Vec<CsrBuffer<Self>> {
                SCRATCH.with(|scratch| scratch.$scalar.csr.take())
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn put_csr(buffers: Vec<CsrBuffer<Self>>) {
                SCRATCH.with(|scratch| scratch.$scalar.csr.set(buffers));
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn multiply_shard(
                arch: Arch,
                a: (ArrayView2<Self>, Option<Csr<Self>>),
                b: Packed<Self>,
                beta: Self,
                out: ArrayViewMut2<Self>,
            ) {
                super::shard::multiply(arch, a, b, beta, out);
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn compress(
                memory: &mut CsrBuffer<Self>,
                arch: Arch,
                a: ArrayView2<Self>,
                block: usize,
            ) {
                memory.compress_generic(arch, a, block);
            }

            fn pack(threads: usize, alpha: Self, b: ArrayView2<Self>, memory: &mut [Self]) {
                Packed::pack_generic(threads, alpha, b, memory);
            }

            fn multiply_by_transpose(
                a: ArrayView2<Self>,
                b: ArrayView2<Self>,
                out: ArrayViewMut2<Self>,
            ) {
                super::few_rows::multiply_by_transpose_generic(a, b, out);
            }

            fn matmul_scaled(
                alpha: Self,
                a: ArrayView2<Self>,
                b: ArrayView2<Self>,
                beta: Self,
                out: ArrayViewMut2<Self>,
            ) {
                super::matmul_scaled_generic(alpha, a, b, beta, out);
            }
        }
    };
}
kernels!(f32, compress_f32, transpose_square_f32);
kernels!(f64, compress_f64, transpose_square_f64);

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn transpose_square_f64(
    _: pulp::x86::V3,
    alpha: f64,
    columns: [&[f64; SIDE]; SIDE],
    out: &mut [f64],
    width: usize,
) {
    transpose_square(alpha, columns, out, width);
}

/// Compresses sixteen values at a time with one instruction of AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn compress_f32(
    simd: pulp::x86::V4,
    row: &[f32],
    values: &mut [f32],
    columns: &mut [u32],
) -> usize {
    let avx = simd.avx512f;
    let (zero, step) = (avx._mm512_setzero_ps(), avx._mm512_set1_epi32(16));
    let mut indices = avx._mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut filled = 0;
    for chunk in row.chunks(16) {
        let lanes = (1_u32 << chunk.len()).wrapping_sub(1) as u16;
        let values = &mut values[filled..filled + 16];
        let columns = &mut columns[filled..filled + 16];
        // SAFETY: the mask `lanes` covers the values of the chunk, and both outputs have room for 16.
        #[allow(unsafe_code, reason = "vector loads and stores take pointers")]
        let found = unsafe {
            let chunk = avx._mm512_maskz_loadu_ps(lanes, chunk.as_ptr());
            let found = avx._mm512_cmpneq_ps_mask(chunk, zero);
            let (chunk, indices) = (
                avx._mm512_maskz_compress_ps(found, chunk),
                avx._mm512_maskz_compress_epi32(found, indices),
            );
            avx._mm512_storeu_ps(values.as_mut_ptr(), chunk);
            avx._mm512_storeu_epi32(columns.as_mut_ptr().cast(), indices);
            found
        };
        filled += found.count_ones() as usize;
        indices = avx._mm512_add_epi32(indices, step);
    }
    filled
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn compress_f64(_: pulp::x86::V4, row: &[f64], values: &mut [f64], columns: &mut [u32]) -> usize {
    compress(row, values, columns)
}

#[derive(Default)]
struct Scratch {
    f32: Memory<f32>,
    f64: Memory<f64>,
}

#[derive(Default)]
struct Memory<F> {
    panels: Cell<Vec<F>>,
    strip: Cell<Vec<F>>,
    images: Cell<[Vec<F>; 3]>,
    csr: Cell<Vec<CsrBuffer<F>>>,
}

thread_local! {
    static SCRATCH: Scratch = Scratch::default();
}
