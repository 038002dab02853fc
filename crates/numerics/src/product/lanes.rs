//! The vector operations of the product kernels, for both scalars on any instruction set.

use ndarray::NdFloat;
use pulp::Simd;

/// The vector operations of a scalar type.
pub trait Lanes: NdFloat {
    /// A vector register of `S`, full of scalars.
    type Vector<S: Simd>: Copy;

    /// `value` in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;

    /// a · b + c in each lane, rounded once if the processor has a fused multiply-add.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// a · b in each lane.
    fn multiply<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
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
        }
    };
}
lanes!(f32, f32s, splat_f32s, mul_add_e_f32s, mul_f32s);
lanes!(f64, f64s, splat_f64s, mul_add_e_f64s, mul_f64s);
