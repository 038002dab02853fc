//! Arrays as NumPy saves them: `.npy` files, read by position, and the entries of `.npz` archives.
//!
//! Source: *numpy.lib.format*, NumPy Enhancement Proposal 1.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use npyz::{DType, NpyHeader, Order, TypeChar};
use zip::ZipArchive;

use super::classes::RawLabels;
use super::element::{Element, Kind};
use super::table::{Table, Values, sha256_of_file};
use super::{FormatError, Labelled, Parts};
use crate::{Error, ImageShape};

/// The array in a .npy file; its numbers stay on disk.
pub(super) fn read_npy(file: &Path) -> Result<Parts, Error> {
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
    Ok(Parts::of_one(Labelled { table, labels: None, sha256 }))
}

/// What entries may be called, without regard to case.
const TRAIN: [&[&str]; 2] = [
    &["x_train", "xtrain", "train_x", "train_images", "train_data", "images_train"],
    &["y_train", "ytrain", "train_y", "train_labels", "train_target", "labels_train"],
];
const TEST: [&[&str]; 2] = [
    &["x_test", "xtest", "test_x", "test_images", "test_data", "images_test"],
    &["y_test", "ytest", "test_y", "test_labels", "test_target", "labels_test"],
];
const WHOLE: [&[&str]; 2] = [
    &["x", "data", "images", "features", "arr_0"],
    &["y", "target", "targets", "labels", "label", "arr_1"],
];

/// The arrays in a .npz file, in memory as long as they take less than `limit` bytes as `f32`.
pub(super) fn read_npz(file: &Path, limit: u64) -> Result<Parts, Error> {
    let zip = |source| FormatError::Zip { file: file.into(), source };
    let opened = File::open(file).map_err(|source| Error::Io { file: file.into(), source })?;
    let mut archive = ZipArchive::new(opened).map_err(zip)?;
    let mut names = Vec::new();
    for name in archive.file_names() {
        names.push(name.map_err(zip)?.into_owned());
    }
    names.sort_unstable();
    let find = |candidates: &[&str]| {
        let is = |name: &&String, candidate: &str| {
            name.strip_suffix(".npy").unwrap_or(name).eq_ignore_ascii_case(candidate)
        };
        candidates.iter().find_map(|candidate| names.iter().find(|name| is(name, candidate)))
    };
    let sha256 = sha256_of_file(file, &[])?;
    let mut read = |[x, y]: [&[&str]; 2]| -> Result<Option<Labelled>, Error> {
        let Some(x) = find(x) else { return Ok(None) };
        let table = samples_entry(&mut archive, file, x, limit)?;
        let labels = find(y).map(|y| labels_entry(&mut archive, file, y)).transpose()?;
        Ok(Some(Labelled { table, labels, sha256: sha256.clone() }))
    };
    if let Some(train) = read(TRAIN)? {
        return Ok(Parts { train, test: read(TEST)?, in_order: false, notes: vec![] });
    }
    let whole = read(WHOLE)?;
    Ok(Parts::of_one(whole.ok_or(FormatError::NpzEntries { file: file.into(), found: names })?))
}

fn samples_entry(
    archive: &mut ZipArchive<File>,
    file: &Path,
    name: &str,
    limit: u64,
) -> Result<Table, Error> {
    let place = format!("{}, entry {name}", file.display());
    let mut entry = open_entry(archive, file, name)?;
    let header = header(&mut entry, &place)?;
    let (n_rows, shape, element) = samples(&header, &place)?;
    let in_memory = (n_rows as u64).saturating_mul(shape.n_pixels() as u64).saturating_mul(4);
    if in_memory > limit {
        let remedy = "save the array as a .npy file, which can stay on disk, or raise the limit";
        return Err(FormatError::Memory { place, bytes: in_memory, limit, remedy }.into());
    }
    let bytes = rest(entry, &header, element.size(), &place)?;
    let values = Values::Packed { bytes, element };
    Ok(Table { file: place.into(), n_rows, shape, pixels: false, values })
}

fn labels_entry(
    archive: &mut ZipArchive<File>,
    file: &Path,
    name: &str,
) -> Result<RawLabels, Error> {
    let place = format!("{}, entry {name}", file.display());
    let mut entry = open_entry(archive, file, name)?;
    let header = header(&mut entry, &place)?;
    if !matches!(header.shape(), [_] | [_, 1]) {
        let expected = "one label a sample, (n)";
        let found = header.shape().to_vec();
        return Err(FormatError::NpyShape { place, found, expected }.into());
    }
    let found = header.dtype().descr();
    let wrong_type = || FormatError::LabelType { place: place.clone(), found: found.clone() };
    if let Some(element) = element(&header.dtype()) {
        let bytes = rest(entry, &header, element.size(), &place)?;
        return Ok(RawLabels::Whole(element.decode_whole(&bytes).ok_or_else(wrong_type)?));
    }
    let DType::Plain(text) = header.dtype() else { return Err(wrong_type().into()) };
    let size = text.num_bytes().filter(|size| *size > 0).ok_or_else(wrong_type)?;
    let decode: fn(&[u8]) -> Option<String> = match text.type_char() {
        TypeChar::ByteStr => |bytes| String::from_utf8(bytes.to_vec()).ok(),
        TypeChar::UnicodeStr => |bytes| {
            let words = bytes.as_chunks().0.iter();
            words.map(|word| char::from_u32(u32::from_le_bytes(*word))).collect()
        },
        _ => return Err(wrong_type().into()),
    };
    let bytes = rest(entry, &header, size, &place)?;
    let words = bytes.chunks(size).map(|word| Some(decode(word)?.trim_end_matches('\0').into()));
    Ok(RawLabels::Text(words.collect::<Option<_>>().ok_or_else(wrong_type)?))
}

fn open_entry<'a>(
    archive: &'a mut ZipArchive<File>,
    file: &Path,
    name: &str,
) -> Result<impl Read + 'a, FormatError> {
    archive.by_name(name).map_err(|source| FormatError::Zip { file: file.into(), source })
}

fn header(mut reader: impl Read, place: &str) -> Result<NpyHeader, FormatError> {
    // The parser believes the length that the header declares; half a megabyte is ample.
    const MOST: u64 = 1 << 19;
    NpyHeader::from_reader(reader.by_ref().take(MOST))
        .map_err(|source| FormatError::NpyHeader { place: place.to_owned(), source })
}

/// Rows, size of an image and type of an array of samples.
fn samples(header: &NpyHeader, place: &str) -> Result<(usize, ImageShape, Element), FormatError> {
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
        let (found, remedy) = (header.dtype().descr(), "astype(\"float32\") makes them");
        return Err(FormatError::NpyElement { place: place(), found, remedy });
    };
    if header.order() == Order::Fortran && header.shape().iter().filter(|n| **n > 1).count() > 1 {
        return Err(FormatError::NpyOrder { place: place() });
    }
    Ok((n_rows, shape, element))
}

fn element(dtype: &DType) -> Option<Element> {
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

/// The data of an entry, which must be as long as the header calls for.
fn rest(
    mut reader: impl Read,
    header: &NpyHeader,
    size: usize,
    place: &str,
) -> Result<Vec<u8>, Error> {
    let expected = data_length(header, size);
    let mut bytes = Cursor::new(Vec::new());
    // One more than there should be, so that trailing bytes show.
    std::io::copy(&mut reader.by_ref().take(expected.saturating_add(1)), &mut bytes)
        .map_err(|source| Error::Io { file: place.into(), source })?;
    let bytes = bytes.into_inner();
    check_length(header, size, bytes.len() as u64, place)?;
    Ok(bytes)
}

fn check_length(
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

fn data_length(header: &NpyHeader, size: usize) -> u64 {
    header.shape().iter().fold(size as u64, |product, n| product.saturating_mul(*n))
}
