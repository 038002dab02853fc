//! The vector operations of the product kernels, for both scalars on any instruction set.

use std::cell::Cell;

use pulp::Simd;

use super::sparse::NonZeros;

/// What the kernels need of a scalar: its vectors, and scratch memory that outlives a call.
pub trait Lanes: Copy {
    /// As many scalars as a register of `S` holds.
    type Vector<S: Simd>: Copy;

    /// `value` in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;

    /// a · b + c in each lane, rounded once where the processor can do so at full speed.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// a · b in each lane.
    fn multiply<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// Takes this thread's scratch memory; a nested taker finds it empty.
    fn take_scratch() -> Vec<Self>;

    /// Puts it back, for the next taker.
    fn put_scratch(scratch: Vec<Self>);

    /// Takes this thread's lists of non-zeros.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn take_non_zeros() -> NonZeros<Self>;

    /// Puts them back, for the next taker.
    #[allow(private_interfaces, reason = "only the kernels call it")]
    fn put_non_zeros(lists: NonZeros<Self>);
}

macro_rules! lanes {
    ($scalar:ident, $vector:ident, $splat:ident, $multiply_add:ident, $multiply:ident) => {
        impl Lanes for $scalar {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }

            #[inline(always)]
            fn multiply_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$multiply_add(a, b, c)
            }

            #[inline(always)]
            fn multiply<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$multiply(a, b)
            }

            fn take_scratch() -> Vec<Self> {
                SCRATCH.with(|scratch| scratch.$scalar.panels.take())
            }

            fn put_scratch(vector: Vec<Self>) {
                SCRATCH.with(|scratch| scratch.$scalar.panels.set(vector));
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn take_non_zeros() -> NonZeros<Self> {
                SCRATCH.with(|scratch| scratch.$scalar.non_zeros.take())
            }

            #[allow(private_interfaces, reason = "only the kernels call it")]
            fn put_non_zeros(lists: NonZeros<Self>) {
                SCRATCH.with(|scratch| scratch.$scalar.non_zeros.set(lists));
            }
        }
    };
}
lanes!(f32, f32s, splat_f32s, mul_add_e_f32s, mul_f32s);
lanes!(f64, f64s, splat_f64s, mul_add_e_f64s, mul_f64s);

#[derive(Default)]
struct Scratch {
    f32: Memory<f32>,
    f64: Memory<f64>,
}

#[derive(Default)]
struct Memory<F> {
    panels: Cell<Vec<F>>,
    non_zeros: Cell<NonZeros<F>>,
}

thread_local! {
    static SCRATCH: Scratch = Scratch::default();
}
