//! `.npz` archives of arrays, read into memory.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use npyz::{DType, NpyHeader, TypeChar};
use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::{check_length, data_length, element, header, samples};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::cell::number_text;
use crate::read::classes::RawLabels;
use crate::read::format::{ArrayOptions, Format, Reader, check_memory, has_extension};
use crate::read::note::Note;
use crate::read::raw::{Fingerprint, RawPart, RawSet};
use crate::read::table::{Table, Values};

pub(super) const FORMAT: Format = Format {
    name: "a .npz archive of arrays",
    recognises: |path| Ok(has_extension(path, &["npz"])),
    reader: Reader::Arrays { read, labels: "the labels of an archive are its entry y" },
};

/// Names of the entries, in any case: samples and labels.
const TRAIN: [&[&str]; 2] = [
    &["x_train", "xtrain", "train_x", "train_images", "train_data", "images_train"],
    &["y_train", "ytrain", "train_y", "train_labels", "train_target", "labels_train"],
];
const TEST: [&[&str]; 2] = [
    &["x_test", "xtest", "test_x", "test_images", "test_data", "images_test"],
    &["y_test", "ytest", "test_y", "test_labels", "test_target", "labels_test"],
];
const VALIDATION: [&[&str]; 2] = [
    &[
        "x_val",
        "x_valid",
        "x_validation",
        "xval",
        "val_x",
        "val_images",
        "val_data",
        "images_val",
        "valid_x",
        "valid_images",
        "validation_images",
        "x_dev",
    ],
    &[
        "y_val",
        "y_valid",
        "y_validation",
        "yval",
        "val_y",
        "val_labels",
        "val_target",
        "labels_val",
        "valid_y",
        "valid_labels",
        "validation_labels",
        "y_dev",
    ],
];
const WHOLE: [&[&str]; 2] = [
    &["x", "data", "images", "features", "arr_0"],
    &["y", "target", "targets", "labels", "label", "arr_1"],
];

fn read(file: &Path, options: &ArrayOptions) -> Result<RawSet, Error> {
    let zip = |error| bad_archive(file, error);
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
    let fingerprint = Fingerprint::OfFile { file: file.into(), more: vec![] };
    let mut read = |[x, y]: [&[&str]; 2]| -> Result<Option<RawPart>, Error> {
        let Some(x) = find(x) else { return Ok(None) };
        let table = samples_entry(&mut archive, file, x, options)?;
        let labels = find(y);
        let labels =
            labels.map(|y| labels_entry(&mut archive, file, y, &table, options)).transpose()?;
        Ok(Some(RawPart { table, labels, fingerprint: fingerprint.clone() }))
    };
    if let Some(train) = read(TRAIN)? {
        let (validation, test) = (read(VALIDATION)?, read(TEST)?);
        let used = [TRAIN, VALIDATION, TEST].concat();
        let notes = ignored(file, &names, &used);
        return RawSet::of_parts(train, validation, test, notes);
    }
    let whole = read(WHOLE)?;
    let whole =
        whole.ok_or_else(|| FormatError::NpzEntries { file: file.into(), found: names.clone() })?;
    Ok(RawSet { notes: ignored(file, &names, &WHOLE), ..RawSet::of_one(whole) })
}

/// A note on entries that are not read.
fn ignored(file: &Path, names: &[String], used: &[&[&str]]) -> Vec<Note> {
    let is_used = |name: &str| {
        let name = name.strip_suffix(".npy").unwrap_or(name);
        used.iter().flat_map(|names| names.iter()).any(|known| known.eq_ignore_ascii_case(name))
    };
    let entries: Vec<String> = names.iter().filter(|name| !is_used(name)).cloned().collect();
    if entries.is_empty() {
        vec![]
    } else {
        vec![Note::IgnoredEntries { file: file.into(), entries }]
    }
}

fn samples_entry(
    archive: &mut ZipArchive<File>,
    file: &Path,
    name: &str,
    options: &ArrayOptions,
) -> Result<Table, Error> {
    let place = format!("{}, entry {name}", file.display());
    let mut entry = open_entry(archive, file, name)?;
    let header = header(&mut entry, &place)?;
    let (n_rows, shape, element) = samples(&header, &place)?;
    let n_values = (n_rows as u64).saturating_mul(shape.n_values() as u64);
    let remedy = "save the array as a .npy file, which can stay on disk";
    check_memory(&place, n_values, options, remedy)?;
    let bytes = rest(entry, &header, element.size(), &place)?;
    let values = Values::Packed { bytes, element };
    Ok(Table { file: place.into(), n_rows, shape, pixels: false, values })
}

fn labels_entry(
    archive: &mut ZipArchive<File>,
    file: &Path,
    name: &str,
    samples: &Table,
    options: &ArrayOptions,
) -> Result<RawLabels, Error> {
    let place = format!("{}, entry {name}", file.display());
    let mut entry = open_entry(archive, file, name)?;
    let header = header(&mut entry, &place)?;
    if !matches!(header.shape(), [_] | [_, 1]) {
        let expected = "one label per sample, (n)";
        let found = header.shape().to_vec();
        return Err(FormatError::NpyShape { place, found, expected }.into());
    }
    let (images_file, n_images) = (samples.file.clone(), samples.n_rows);
    let n_labels = header.shape().first().map_or(0, |&n| usize::try_from(n).unwrap_or(usize::MAX));
    if n_labels != n_images {
        let labels_file = place.into();
        return Err(Error::CountMismatch { images_file, n_images, labels_file, n_labels });
    }
    let found = header.dtype().descr();
    let wrong_type = || FormatError::LabelType { place: place.clone(), found: found.clone() };
    if let Some(element) = element(&header.dtype()) {
        let bytes = rest(entry, &header, element.size(), &place)?;
        if let Some(whole) = element.decode_whole(&bytes) {
            return Ok(RawLabels::Whole(whole));
        }
        // Fractions, with NaN for a missing label.
        let mut values = vec![0.0_f64; bytes.len() / element.size()];
        element.decode(&bytes, &mut values);
        let word = |x: f64| if x.is_nan() { String::new() } else { number_text(x) };
        return Ok(RawLabels::Text(values.into_iter().map(word).collect()));
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
    // Text labels, at four bytes per character, are the longest.
    let remedy = "name the classes by shorter words, or by numbers";
    check_memory(&place, data_length(&header, size).div_ceil(4), options, remedy)?;
    let bytes = rest(entry, &header, size, &place)?;
    let words = bytes.chunks(size).map(|word| Some(decode(word)?.trim_end_matches('\0').into()));
    Ok(RawLabels::Text(words.collect::<Option<_>>().ok_or_else(wrong_type)?))
}

fn open_entry<'a>(
    archive: &'a mut ZipArchive<File>,
    file: &Path,
    name: &str,
) -> Result<impl Read + 'a, FormatError> {
    archive.by_name(name).map_err(|error| bad_archive(file, error))
}

fn bad_archive(file: &Path, error: ZipError) -> FormatError {
    FormatError::Malformed {
        place: file.display().to_string(),
        cause: error.into(),
        expected: "an archive as numpy.savez or numpy.savez_compressed writes it",
    }
}

/// Reads the data of an entry, whose length must match the header.
fn rest(
    mut reader: impl Read,
    header: &NpyHeader,
    size: usize,
    place: &str,
) -> Result<Vec<u8>, Error> {
    let expected = data_length(header, size);
    let mut bytes = Cursor::new(Vec::new());
    // One byte more than declared, so that trailing bytes are noticed.
    std::io::copy(&mut reader.by_ref().take(expected.saturating_add(1)), &mut bytes)
        .map_err(|source| Error::Io { file: place.into(), source })?;
    let bytes = bytes.into_inner();
    check_length(header, size, bytes.len() as u64, place)?;
    Ok(bytes)
}
