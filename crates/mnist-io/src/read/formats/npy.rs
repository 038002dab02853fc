//! `.npy` files, whose numbers stay on disk, and the parts of their format that `.npz` files share.
//!
//! Source: *numpy.lib.format*, NumPy Enhancement Proposal 1.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use npyz::{DType, NpyHeader, Order, TypeChar};

use crate::error::Error;
use crate::format_error::FormatError;
use crate::read::element::{Element, Kind};
use crate::read::format::{Format, Labels, has_extension};
use crate::read::options::ReadOptions;
use crate::read::raw::{RawPart, RawSet};
use crate::read::table::{Table, Values, sha256_of_file};
use crate::shape::ImageShape;

pub(super) const FORMAT: Format = Format {
    name: "a .npy array",
    recognises: |path| Ok(has_extension(path, &["npy"])),
    labels: Labels::Elsewhere("save samples and labels as x and y of a .npz file"),
    read,
};

fn read(file: &Path, _: &ReadOptions) -> Result<RawSet, Error> {
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
    let sha256 = sha256_of_file(file, &[])?;
    Ok(RawSet::of_one(RawPart { table, labels: None, sha256 }))
}

/// Reads the header of an array.
pub(super) fn header(mut reader: impl Read, place: &str) -> Result<NpyHeader, FormatError> {
    // The parser allocates the length that the header declares; half a megabyte is ample.
    const MOST: u64 = 1 << 19;
    NpyHeader::from_reader(reader.by_ref().take(MOST)).map_err(|error| FormatError::Malformed {
        place: place.to_owned(),
        cause: error.into(),
        expected: "a NumPy header, as numpy.save writes it",
    })
}

/// The number of rows, the shape of a row and the element type of an array of samples.
pub(super) fn samples(
    header: &NpyHeader,
    place: &str,
) -> Result<(usize, ImageShape, Element), FormatError> {
    let place = || place.to_owned();
    let wrong_shape = || FormatError::NpyShape {
        place: place(),
        found: header.shape().to_vec(),
        expected: "(samples, features) or (samples, height, width), each at least 1",
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
            (n, ImageShape { height, width })
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

/// The element type, if it is a supported one.
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

/// Refuses data whose length is not what the header declares.
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

/// Number of bytes of data that the header declares.
pub(super) fn data_length(header: &NpyHeader, size: usize) -> u64 {
    header.shape().iter().fold(size as u64, |product, n| product.saturating_mul(*n))
}
