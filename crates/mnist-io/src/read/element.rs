//! Number types of binary files, and their conversion to `f32`.

use std::fmt;

/// The type and byte order of a file's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) big_endian: bool,
}

/// The supported number types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

/// A target type for numbers: `f32` for values that are kept or divided, `f64` for those from which a centre
/// is subtracted.
pub(crate) trait Wanted: Copy + Default {
    fn from_byte(byte: u8) -> Self;
    fn from_signed(number: i64) -> Self;
    fn from_unsigned(number: u64) -> Self;
    fn from_float(number: f64) -> Self;
}

macro_rules! wanted {
    ($float:ty) => {
        impl Wanted for $float {
            fn from_byte(byte: u8) -> Self {
                <$float>::from(byte)
            }

            fn from_signed(number: i64) -> Self {
                number as $float
            }

            fn from_unsigned(number: u64) -> Self {
                number as $float
            }

            #[allow(clippy::cast_lossless, reason = "one expression for both types")]
            fn from_float(number: f64) -> Self {
                number as $float
            }
        }
    };
}
wanted!(f32);
wanted!(f64);

impl Element {
    /// Unsigned bytes, the type of pixels.
    pub(crate) const BYTE: Element = Element { kind: Kind::U8, big_endian: false };

    /// Number of bytes per number.
    pub(crate) fn size(self) -> usize {
        match self.kind {
            Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }

    /// Converts each number to the nearest of the target type. `bytes` has `size` bytes per element of `out`.
    pub(crate) fn decode<T: Wanted>(self, bytes: &[u8], out: &mut [T]) {
        assert_eq!(bytes.len(), out.len() * self.size(), "bytes and numbers");
        macro_rules! decode {
            ($number:ty, $convert:ident) => {
                for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                    let read =
                        self.number(<$number>::from_le_bytes, <$number>::from_be_bytes, *bytes);
                    *out = T::$convert(read.into());
                }
            };
        }
        match self.kind {
            Kind::U8 => {
                for (out, &byte) in out.iter_mut().zip(bytes) {
                    *out = T::from_byte(byte);
                }
            }
            Kind::I8 => decode!(i8, from_signed),
            Kind::U16 => decode!(u16, from_signed),
            Kind::I16 => decode!(i16, from_signed),
            Kind::U32 => decode!(u32, from_signed),
            Kind::I32 => decode!(i32, from_signed),
            Kind::U64 => decode!(u64, from_unsigned),
            Kind::I64 => decode!(i64, from_signed),
            Kind::F32 => decode!(f32, from_float),
            Kind::F64 => decode!(f64, from_float),
        }
    }

    /// Converts to integers; `None` if a number is not an integer or does not fit in `i64`.
    pub(crate) fn decode_whole(self, bytes: &[u8]) -> Option<Vec<i64>> {
        macro_rules! decode {
            ($number:ty) => {
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| {
                        let read =
                            self.number(<$number>::from_le_bytes, <$number>::from_be_bytes, *bytes);
                        i64::try_from(read).ok()
                    })
                    .collect()
            };
        }
        match self.kind {
            Kind::U8 => decode!(u8),
            Kind::I8 => decode!(i8),
            Kind::U16 => decode!(u16),
            Kind::I16 => decode!(i16),
            Kind::U32 => decode!(u32),
            Kind::I32 => decode!(i32),
            Kind::U64 => decode!(u64),
            Kind::I64 => decode!(i64),
            Kind::F32 | Kind::F64 => {
                let mut values = vec![0.0_f64; bytes.len() / self.size()];
                self.decode(bytes, &mut values);
                let whole = |value: &f64| value.fract() == 0.0 && value.abs() <= 1e15;
                values.iter().map(|value| whole(value).then_some(*value as i64)).collect()
            }
        }
    }

    fn number<const N: usize, T>(
        self,
        little: impl Fn([u8; N]) -> T,
        big: impl Fn([u8; N]) -> T,
        bytes: [u8; N],
    ) -> T {
        if self.big_endian { big(bytes) } else { little(bytes) }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{:?}", self.kind).to_lowercase();
        write!(f, "{name}{}", if self.big_endian { ", big-endian" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_either_order() {
        let element = |kind, big_endian| Element { kind, big_endian };
        let mut out = [0.0_f32; 2];
        element(Kind::I16, true).decode(&[0xff, 0xfe, 1, 0], &mut out);
        assert_eq!(out, [-2.0, 256.0]);
        element(Kind::F32, false).decode(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], &mut out);
        assert_eq!(out, [1.0, -2.0]);
        element(Kind::F64, true).decode(&[[0x3f, 0xe0, 0, 0, 0, 0, 0, 0]; 2].concat(), &mut out);
        assert_eq!(out, [0.5, 0.5]);
        assert_eq!(element(Kind::U16, false).decode_whole(&[1, 1]), Some(vec![257]));
        assert_eq!(element(Kind::U64, false).decode_whole(&[255; 8]), None);
        assert_eq!(element(Kind::F32, false).decode_whole(&[0, 0, 0x80, 0x3f]), Some(vec![1]));
        assert_eq!(element(Kind::F32, false).decode_whole(&[0, 0, 0x80, 0x3e]), None);
    }
}
