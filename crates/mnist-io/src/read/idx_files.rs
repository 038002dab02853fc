//! IDX files as tables: plain ones stay on disk, packed ones come into memory as bytes.

use std::fs::File;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::classes::RawLabels;
use super::element::Element;
use super::table::{Table, Values, sha256_of_file};
use super::{FormatError, Labelled, Parts};
use crate::hash::hex;
use crate::idx::{self, IdxLabels};
use crate::mnist::locate;
use crate::unpack::Unpacked;
use crate::{Error, ImageShape};

/// The images of one file, without labels.
pub(super) fn read_file(file: &Path, limit: u64) -> Result<Parts, Error> {
    Ok(Parts::of_one(read_part(file, None, limit)?))
}

/// The four files of a folder; `None` if none of them is there.
pub(super) fn read_folder(dir: &Path, limit: u64) -> Result<Option<Parts>, Error> {
    let files = match locate(dir) {
        Ok(files) => files,
        Err(Error::FileNotFound { .. }) if !holds_idx(dir) => return Ok(None),
        Err(error) => return Err(error),
    };
    let [train_images, train_labels, test_images, test_labels] = &files;
    let (train, test) = rayon::join(
        || read_part(train_images, Some(train_labels), limit),
        || read_part(test_images, Some(test_labels), limit),
    );
    let (train, test) = (train?, Some(test?));
    Ok(Some(Parts { train, test, in_order: true, notes: vec![] }))
}

/// Whether a folder has any file with a name that IDX files have.
fn holds_idx(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).any(|name| {
        name.contains("-idx3-ubyte") || name.contains("-idx1-ubyte") || name.contains(".idx")
    })
}

fn read_part(images: &Path, labels: Option<&Path>, limit: u64) -> Result<Labelled, Error> {
    let labels = labels.map(|labels| idx::read_labels(labels, 256)).transpose()?;
    let mut unpacked = Unpacked::open(images)?;
    let most = if unpacked.is_packed() { idx::MAX_BYTES } else { u64::MAX / 8 };
    let ([n, height, width], declared) = idx::read_header::<3>(&mut unpacked, most)?;
    let shape = ImageShape { height: height as usize, width: width as usize };
    let header = idx::header(&[n as usize, shape.height, shape.width]);
    let (values, sha256) = if unpacked.is_packed() {
        let bytes = declared.saturating_mul(4);
        if bytes > limit {
            let place = images.display().to_string();
            let remedy = "unpack it with gunzip: a plain IDX file can stay on disk";
            return Err(FormatError::Memory { place, bytes, limit, remedy }.into());
        }
        let pixels = idx::read_elements(&mut unpacked, header.len() as u64, declared)?;
        let hash = Sha256::new().chain_update(&header).chain_update(&pixels);
        let hash = match &labels {
            Some(labels) => hash.chain_update(labels.header()).chain_update(&labels.labels),
            None => hash,
        };
        (Values::Packed { bytes: pixels, element: Element::BYTE }, hex(hash))
    } else {
        let opened = plain(images, header.len() as u64 + declared)?;
        let more = labels.as_ref().map(|labels| (labels.header(), &labels.labels));
        let more = more.as_ref().map(|(header, labels)| [header.as_slice(), labels.as_slice()]);
        let sha256 = sha256_of_file(images, more.as_ref().map_or(&[], |more| more.as_slice()))?;
        let offset = header.len() as u64;
        (Values::OnDisk { opened, offset, element: Element::BYTE }, sha256)
    };
    let table = Table { file: images.into(), n_rows: n as usize, shape, pixels: true, values };
    let labels = labels.map(|IdxLabels { labels, .. }| RawLabels::Classes(labels));
    Ok(Labelled { table, labels, sha256 })
}

/// Opens a plain file, which must be as long as its header says.
fn plain(file: &Path, expected: u64) -> Result<File, Error> {
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
