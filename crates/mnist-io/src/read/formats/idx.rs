//! IDX files: plain ones stay on disk, compressed ones are read into memory as bytes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::place::check_place;
use crate::error::Error;
use crate::hash::sha256_of_slices;
use crate::idx::{self, IdxLabels};
use crate::idx_folder::locate;
use crate::read::classes::RawLabels;
use crate::read::element::Element;
use crate::read::format::{ArrayOptions, Format, Reader, check_memory};
use crate::read::raw::{Fingerprint, RawPart, RawSet};
use crate::read::table::{Table, Values};
use crate::shape::ImageShape;
use crate::unpack::Unpacked;

/// Four files in a folder.
pub(super) const FOLDER: Format = Format {
    name: "a folder of the four IDX files of a data set (train-images-idx3-ubyte and so on, plain or \
           .gz)",
    recognises: holds_idx,
    reader: Reader::Arrays {
        read: read_folder,
        labels: "the labels of a folder of IDX files are in files of their own",
    },
};

/// A single file of images, without labels.
pub(super) const FILE: Format = Format {
    name: "an IDX file of images, plain or .gz",
    recognises: starts_like_idx,
    reader: Reader::Arrays {
        read: |file, options| Ok(RawSet::of_one(read_part(file, None, options)?)),
        labels: "to have labels, give the folder of all four IDX files",
    },
};

/// Whether a folder contains a file named like an IDX file.
fn holds_idx(dir: &Path) -> Result<bool, Error> {
    if !dir.is_dir() {
        return Ok(false);
    }
    let io = |source| Error::Io { file: dir.into(), source };
    let entries = std::fs::read_dir(dir).map_err(io)?.filter_map(Result::ok);
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names
        .any(|name| ["-idx3-ubyte", "-idx1-ubyte", ".idx"].iter().any(|part| name.contains(part))))
}

/// Whether a file starts like an IDX file or like gzip.
fn starts_like_idx(path: &Path) -> Result<bool, Error> {
    if path.is_dir() {
        return Ok(false);
    }
    let io = |source| Error::Io { file: path.into(), source };
    let mut start = Vec::new();
    File::open(path).map_err(io)?.take(2).read_to_end(&mut start).map_err(io)?;
    Ok(start == [0, 0] || start == [0x1f, 0x8b])
}

fn read_folder(dir: &Path, options: &ArrayOptions) -> Result<RawSet, Error> {
    let files = locate(dir)?;
    files.iter().try_for_each(|file| check_place(file))?;
    let [train_images, train_labels, test_images, test_labels] = &files;
    let (train, test) = rayon::join(
        || read_part(train_images, Some(train_labels), options),
        || read_part(test_images, Some(test_labels), options),
    );
    let (train, test) = (train?, Some(test?));
    Ok(RawSet { train, test, n_validation: None, in_order: true, notes: vec![] })
}

fn read_part(
    images: &Path,
    labels: Option<&Path>,
    options: &ArrayOptions,
) -> Result<RawPart, Error> {
    let labels =
        labels.map(|labels| idx::read_labels_within(labels, options.memory_limit)).transpose()?;
    let mut unpacked = Unpacked::open(images)?;
    let most = if unpacked.is_packed() { idx::MAX_BYTES } else { u64::MAX / 8 };
    let ([n, height, width], declared) = idx::read_header::<3>(&mut unpacked, most)?;
    let shape = ImageShape::grey(height as usize, width as usize);
    let header = idx::header(&[n as usize, shape.height, shape.width]);
    let label_header = labels.as_ref().map(IdxLabels::header).unwrap_or_default();
    let label_bytes = labels.as_ref().map_or(&[][..], |labels| &labels.labels);
    let (values, fingerprint) = if unpacked.is_packed() {
        let remedy = "unpack it with gunzip, since a plain IDX file can stay on disk";
        check_memory(&images.display().to_string(), declared, options, remedy)?;
        let pixels = idx::read_elements(&mut unpacked, header.len() as u64, declared)?;
        let sha256 = sha256_of_slices(&[&header, &pixels, &label_header, label_bytes]);
        (Values::Packed { bytes: pixels, element: Element::BYTE }, Fingerprint::Known(sha256))
    } else {
        let offset = header.len() as u64;
        let opened = open_plain(images, offset + declared)?;
        let more = [&label_header, label_bytes].concat();
        let fingerprint = Fingerprint::OfFile { file: images.into(), more };
        (Values::OnDisk { opened, offset, element: Element::BYTE }, fingerprint)
    };
    let table = Table { file: images.into(), n_rows: n as usize, shape, pixels: true, values };
    let labels = labels.map(|IdxLabels { labels, .. }| RawLabels::Classes(labels));
    Ok(RawPart { table, labels, fingerprint })
}

/// Opens a plain file, whose length must be `expected`.
fn open_plain(file: &Path, expected: u64) -> Result<File, Error> {
    let io = |source| Error::Io { file: file.into(), source };
    let opened = File::open(file).map_err(io)?;
    let found = opened.metadata().map_err(io)?.len();
    if found < expected {
        return Err(Error::Short { file: file.into(), found, expected });
    }
    if found > expected {
        return Err(Error::Trailing { file: file.into(), expected });
    }
    Ok(opened)
}
