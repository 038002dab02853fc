//! Folders of grey PNG images: all in one folder, in one subfolder per class, or either of these below
//! `train` and `test`.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::Error;
use crate::format_error::FormatError;
use crate::hash::sha256_of_slices;
use crate::read::classes::RawLabels;
use crate::read::element::Element;
use crate::read::format::{Format, Labels, check_memory};
use crate::read::note::Note;
use crate::read::options::ReadOptions;
use crate::read::raw::{RawPart, RawSet};
use crate::read::table::{Table, Values};
use crate::shape::ImageShape;

pub(super) const FORMAT: Format = Format {
    name: "a folder of grey PNG images, in one subfolder per class if they are labelled",
    recognises: |dir| Ok(dir.is_dir() && !listing(&part_of(dir, "train"))?.files.is_empty()),
    labels: Labels::Elsewhere("the labels of images are the names of their folders"),
    read,
};

fn read(dir: &Path, options: &ReadOptions) -> Result<RawSet, Error> {
    let (train, test) = (part_of(dir, "train"), part_of(dir, "test"));
    let listed = listing(&train)?;
    let ignored = (listed.n_others > 0)
        .then(|| Note::IgnoredFiles { dir: train.clone(), n_files: listed.n_others });
    let train_part = read_part(&train, listed, options)?;
    let test = if test == train { None } else { Some(listing(&test)?) }
        .filter(|listed| !listed.files.is_empty())
        .map(|listed| read_part(&test, listed, options))
        .transpose()?;
    Ok(RawSet { train: train_part, test, in_order: false, notes: ignored.into_iter().collect() })
}

/// The subfolder `name`, if the folder has both `train` and `test`; else the folder itself.
fn part_of(dir: &Path, name: &str) -> PathBuf {
    let is_divided = ["train", "test"].iter().all(|part| dir.join(part).is_dir());
    if is_divided { dir.join(name) } else { dir.into() }
}

/// The images of one part, in the order of their names.
struct Listing {
    files: Vec<PathBuf>,
    /// The class of each image; empty if there are no subfolders of images.
    classes: Vec<String>,
    /// Number of files that are not images.
    n_others: usize,
}

fn listing(dir: &Path) -> Result<Listing, Error> {
    let (mut files, folders, mut n_others) = entries(dir)?;
    let mut classes = Vec::new();
    let has_loose_images = !files.is_empty();
    for folder in folders {
        let (inner, _, others) = entries(&folder)?;
        let class = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        classes.extend(inner.iter().map(|_| class.clone()));
        files.extend(inner);
        n_others += others;
    }
    if has_loose_images && !classes.is_empty() {
        return Err(FormatError::PngMixed { dir: dir.into() }.into());
    }
    Ok(Listing { files, classes, n_others })
}

/// Reads the images of one part, of which there is at least one.
fn read_part(dir: &Path, listing: Listing, options: &ReadOptions) -> Result<RawPart, Error> {
    let Listing { files, classes, .. } = listing;
    let (shape, _) = decode(&files[0])?;
    let n_rows = files.len();
    let n_values = (n_rows as u64).saturating_mul(shape.n_pixels() as u64);
    let remedy = "save the images as one .npy file, which can stay on disk";
    check_memory(&dir.display().to_string(), n_values, options, remedy)?;
    let mut pixels = vec![0; n_rows * shape.n_pixels()];
    pixels.par_chunks_mut(shape.n_pixels()).zip(&files).try_for_each(|(pixels, file)| {
        let (found, image) = decode(file)?;
        if found != shape {
            return Err(FormatError::PngSize { file: file.clone(), found, expected: shape });
        }
        pixels.copy_from_slice(&image);
        Ok(())
    })?;
    let words: Vec<u8> = classes.iter().flat_map(|c| [c.as_bytes(), b"\0"].concat()).collect();
    let sha256 = sha256_of_slices(&[&pixels, &words]);
    let values = Values::Packed { bytes: pixels, element: Element::BYTE };
    let table = Table { file: dir.into(), n_rows, shape, pixels: true, values };
    let labels = (!classes.is_empty()).then_some(RawLabels::Text(classes));
    Ok(RawPart { table, labels, sha256 })
}

/// The PNG files and the subfolders of a folder, both sorted, and the number of other files. Hidden
/// files are skipped.
fn entries(dir: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>, usize), Error> {
    let io = |source| Error::Io { file: dir.into(), source };
    let (mut files, mut folders, mut others) = (vec![], vec![], 0);
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let png = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
        match (hidden, path.is_dir(), png) {
            (true, _, _) => (),
            (_, true, _) => folders.push(path),
            (_, _, true) => files.push(path),
            _ => others += 1,
        }
    }
    files.sort_unstable();
    folders.sort_unstable();
    Ok((files, folders, others))
}

/// The pixels of a grey image, one byte each. Colour images are accepted if all pixels are grey and
/// opaque.
fn decode(file: &Path) -> Result<(ImageShape, Vec<u8>), FormatError> {
    let image = image::ImageReader::open(file)
        .map_err(image::ImageError::IoError)
        .and_then(|mut reader| {
            reader.set_format(image::ImageFormat::Png);
            reader.decode()
        })
        .map_err(|error| FormatError::Malformed {
            place: file.display().to_string(),
            cause: error.into(),
            expected: "a PNG image",
        })?;
    let shape = ImageShape { height: image.height() as usize, width: image.width() as usize };
    if image.color().has_color() || image.color().has_alpha() {
        let rgba = image.to_rgba8();
        let odd = |pixel: &image::Rgba<u8>| {
            let [r, g, b, alpha] = pixel.0;
            alpha != 255 || r != g || g != b
        };
        if let Some((x, y, pixel)) = rgba.enumerate_pixels().find(|(_, _, pixel)| odd(pixel)) {
            let found = format!("{:?} in red, green, blue, opacity", pixel.0);
            return Err(FormatError::PngColour { file: file.into(), x, y, found });
        }
        return Ok((shape, rgba.pixels().map(|pixel| pixel.0[0]).collect()));
    }
    Ok((shape, image.into_luma8().into_raw()))
}
