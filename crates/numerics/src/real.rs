//! The scalar type of the workspace: models train in `f32` and are checked in `f64`.

use ndarray::NdFloat;

use crate::product::kernels::Kernels;

/// A scalar type that models compute with: `f32` or `f64`.
///
/// `f32` has its own elementary functions, which can be vectorised and are accurate to a few units in the
/// last place (see [`crate::elementary`]). `f64`, used in gradient checks and enumerations, uses those of the
/// standard library.
pub trait Real: NdFloat + Default + std::iter::Sum + Kernels {
    /// The nearest value of this type.
    fn of(value: f64) -> Self;

    /// Converts to double precision, exactly.
    fn as_f64(self) -> f64;

    /// eˣ, clamped: never below about the smallest normal number, and never infinite. NaN stays NaN.
    #[must_use]
    fn exp_kernel(self) -> Self;

    /// ln(1 + e) for e in [0, 1].
    #[must_use]
    fn ln_1p_kernel(self) -> Self;

    /// A uniform number in [0, 1) from 32 random bits: the multiple of 2⁻²⁴ (`f32`) or 2⁻³²
    /// (`f64`) at or below `bits` / 2³².
    fn uniform(bits: u32) -> Self;
}

impl Real for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self
    }

    #[inline]
    fn exp_kernel(self) -> Self {
        self.clamp(-708.0, 709.0).exp()
    }

    #[inline]
    fn ln_1p_kernel(self) -> Self {
        self.ln_1p()
    }

    #[inline]
    fn uniform(bits: u32) -> Self {
        f64::from(bits) * (1.0 / 4_294_967_296.0)
    }
}

impl Real for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    // expf of the Cephes library: x = n ln 2 + r with |r| ≤ ln 2 / 2; a polynomial gives eʳ, and n is
    // added to the exponent. It has no branches or calls, so that loops become vector instructions.
    #[inline(always)]
    fn exp_kernel(self) -> Self {
        // Adding 1.5 · 2²³ rounds to the nearest integer and leaves it in the low mantissa bits.
        const ROUND: f32 = 12_582_912.0;
        const LN2_HIGH: f32 = 0.693_359_4;
        const LN2_LOW: f32 = -2.121_944_4e-4;
        // Two comparisons let NaN through, unlike `min` and `max`: a model that diverges must not
        // look like one that saturates.
        let x = if self < -87.0 { -87.0 } else { self };
        let x = if x > 88.0 { 88.0 } else { x };
        let rounded = x * std::f32::consts::LOG2_E + ROUND;
        let n = rounded - ROUND;
        let r = x - n * LN2_HIGH - n * LN2_LOW;
        let p = 1.987_569_1e-4_f32;
        let p = p * r + 1.398_2e-3;
        let p = p * r + 8.333_452e-3;
        let p = p * r + 4.166_579_6e-2;
        let p = p * r + 1.666_666_6e-1;
        let p = p * r + 5e-1;
        let p = p * r * r + r + 1.0;
        f32::from_bits(p.to_bits().wrapping_add(rounded.to_bits() << 23))
    }

    // ln(1 + e) = 2 artanh(s) with s = e / (2 + e) ≤ 1/3, by eight terms of the series.
    #[inline(always)]
    fn ln_1p_kernel(self) -> Self {
        let s = self / (2.0 + self);
        let z = s * s;
        let p = 1.0 / 15.0_f32;
        let p = p * z + 1.0 / 13.0;
        let p = p * z + 1.0 / 11.0;
        let p = p * z + 1.0 / 9.0;
        let p = p * z + 1.0 / 7.0;
        let p = p * z + 1.0 / 5.0;
        let p = p * z + 1.0 / 3.0;
        let p = p * z + 1.0;
        2.0 * s * p
    }

    #[inline(always)]
    fn uniform(bits: u32) -> Self {
        // The conversion from a signed integer has a vector instruction on every processor.
        (bits >> 8).cast_signed() as f32 * (1.0 / 16_777_216.0)
    }
}
