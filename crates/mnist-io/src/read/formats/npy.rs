//! `.npy` files, whose numbers stay on disk, and the parts of their format that `.npz` files share.
//!
//! Source: *numpy.lib.format*, NumPy Enhancement Proposal 1.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use npyz::{DType, NpyHeader, Order, TypeChar};

use crate::error::Error;
use crate::format_error::FormatError;
use crate::guard::guarded;
use crate::read::element::{Element, Kind};
use crate::read::format::{ArrayOptions, Format, Reader, has_extension};
use crate::read::raw::{Fingerprint, RawPart, RawSet};
use crate::read::table::{Table, Values};
use crate::shape::ImageShape;

pub(super) const FORMAT: Format = Format {
    name: "a .npy array",
    recognises: |path| Ok(has_extension(path, &["npy"])),
    reader: Reader::Arrays { read, labels: "save samples and labels as x and y of a .npz file" },
};

fn read(file: &Path, _: &ArrayOptions) -> Result<RawSet, Error> {
    let io = |source| Error::Io { file: file.into(), source };
    let place = file.display().to_string();
    let mut opened = File::open(file).map_err(io)?;
    let header = header(&mut opened, &place)?;
    let offset = opened.stream_position().map_err(io)?;
    let (n_rows, shape, element) = samples(&header, &place)?;
    let found = opened.metadata().map_err(io)?.len().saturating_sub(offset);
    check_length(&header, element.size(), found, &place)?;
    let values = Values::OnDisk { opened, offset, element };
    let table = Table { file: file.into(), n_rows, shape, pixels: false, values };
    let fingerprint = Fingerprint::OfFile { file: file.into(), more: vec![] };
    Ok(RawSet::of_one(RawPart { table, labels: None, fingerprint }))
}

/// Reads the header of an array. Its length and nesting are limited before it is parsed, because the parser
/// allocates what a damaged header declares and recurses into its brackets.
pub(super) fn header(mut reader: impl Read, place: &str) -> Result<NpyHeader, FormatError> {
    let malformed = |cause: Box<dyn std::error::Error + Send + Sync>| FormatError::Malformed {
        place: place.to_owned(),
        cause,
        expected: "a NumPy header, as numpy.save writes it",
    };
    let mut read = |n: usize| {
        let mut bytes = Vec::new();
        let result = reader.by_ref().take(n as u64).read_to_end(&mut bytes);
        result.map(|_| bytes).map_err(|error| malformed(error.into()))
    };
    let mut bytes = read(8)?;
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(malformed("magic not found".into()));
    }
    let size = read(if bytes.get(6) == Some(&1) { 2 } else { 4 })?;
    let length = size.iter().rev().fold(0, |sum, &byte| (sum << 8) + usize::from(byte));
    if length > MOST_HEADER {
        return Err(malformed(format!("a header of {length} bytes").into()));
    }
    bytes.extend(size);
    let text = read(length)?;
    let mut depth = 0_usize;
    for byte in &text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => (),
        }
        if depth > MOST_NESTED {
            return Err(malformed("too many nested brackets in the header".into()));
        }
    }
    bytes.extend(text);
    // With overflow checks, the parser panics where the product of the sizes exceeds 64 bits.
    let header = guarded(|| NpyHeader::from_reader(&bytes[..]));
    header.map_err(|panic| malformed(panic.into()))?.map_err(|error| malformed(error.into()))
}

/// The maximum length of a header, in bytes. NumPy itself refuses more than 10,000.
const MOST_HEADER: usize = 1 << 16;

/// The maximum nesting depth of brackets: a tuple in a field of a structure in a dictionary. The parser's
/// time grows exponentially with it.
const MOST_NESTED: usize = 4;

/// The number of rows, the row shape and the element type of an array of samples.
pub(super) fn samples(
    header: &NpyHeader,
    place: &str,
) -> Result<(usize, ImageShape, Element), FormatError> {
    let place = || place.to_owned();
    let wrong_shape = || FormatError::NpyShape {
        place: place(),
        found: header.shape().to_vec(),
        expected: "(samples, features), (samples, height, width) or, in colour, (samples, height, \
                   width, 3), each at least 1",
    };
    let mut sizes = Vec::new();
    for &size in header.shape() {
        sizes.push(usize::try_from(size).map_err(|_| wrong_shape())?);
    }
    if sizes.contains(&0) {
        return Err(wrong_shape());
    }
    let (n_rows, shape) = match sizes[..] {
        [n, features] => (n, ImageShape::of_features(features)),
        [n, height, width] | [n, height, width, 1] | [n, 1, height, width] => {
            (n, ImageShape::grey(height, width))
        }
        [n, height, width, channels @ 3] => {
            (n, ImageShape { channels, ..ImageShape::grey(height, width) })
        }
        _ => return Err(wrong_shape()),
    };
    let Some(element) = element(&header.dtype()) else {
        let (found, remedy) = (header.dtype().descr(), "convert them with astype(\"float32\")");
        return Err(FormatError::NpyElement { place: place(), found, remedy });
    };
    if header.order() == Order::Fortran && header.shape().iter().filter(|n| **n > 1).count() > 1 {
        return Err(FormatError::NpyOrder { place: place() });
    }
    Ok((n_rows, shape, element))
}

/// The element type, if supported.
pub(super) fn element(dtype: &DType) -> Option<Element> {
    let DType::Plain(plain) = dtype else { return None };
    let kind = match (plain.type_char(), plain.num_bytes()?) {
        (TypeChar::Uint | TypeChar::Bool, 1) => Kind::U8,
        (TypeChar::Int, 1) => Kind::I8,
        (TypeChar::Uint, 2) => Kind::U16,
        (TypeChar::Int, 2) => Kind::I16,
        (TypeChar::Uint, 4) => Kind::U32,
        (TypeChar::Int, 4) => Kind::I32,
        (TypeChar::Uint, 8) => Kind::U64,
        (TypeChar::Int, 8) => Kind::I64,
        (TypeChar::Float, 4) => Kind::F32,
        (TypeChar::Float, 8) => Kind::F64,
        _ => return None,
    };
    Some(Element { kind, big_endian: plain.endianness() == npyz::Endianness::Big })
}

/// Refuses data whose length differs from that in the header.
pub(super) fn check_length(
    header: &NpyHeader,
    size: usize,
    found: u64,
    place: &str,
) -> Result<(), FormatError> {
    let expected = data_length(header, size);
    if found == expected {
        return Ok(());
    }
    Err(FormatError::NpyLength { place: place.to_owned(), found, expected })
}

/// Number of data bytes that the header declares.
pub(super) fn data_length(header: &NpyHeader, size: usize) -> u64 {
    header.shape().iter().fold(size as u64, |product, n| product.saturating_mul(*n))
}
