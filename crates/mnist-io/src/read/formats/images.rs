//! Folders of PNG and JPEG images: all in one folder, in one subfolder per class, or either of these
//! below folders for training, test and perhaps validation.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{DynamicImage, ImageReader, Rgba};
use rayon::prelude::*;

use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::parts::Part;
use crate::hash::sha256_of_slices;
use crate::read::classes::RawLabels;
use crate::read::element::Element;
use crate::read::format::{Format, Reader, check_memory};
use crate::read::note::Note;
use crate::read::options::ReadOptions;
use crate::read::raw::{Fingerprint, RawPart, RawSet};
use crate::read::table::{Table, Values};
use crate::shape::ImageShape;

pub(super) const FORMAT: Format = Format {
    name: "a folder of PNG or JPEG images, in one subfolder per class if they are labelled",
    recognises: |dir| {
        Ok(dir.is_dir()
            && !listing(&part_of(dir, Part::Train)?.unwrap_or(dir.into()))?.files.is_empty())
    },
    reader: Reader::Arrays { read, labels: "the labels of images are the names of their folders" },
};

fn read(dir: &Path, options: &ReadOptions) -> Result<RawSet, Error> {
    let train = part_of(dir, Part::Train)?.unwrap_or_else(|| dir.into());
    let listed = listing(&train)?;
    let mut notes = Vec::new();
    if listed.n_others > 0 {
        notes.push(Note::IgnoredFiles { dir: train.clone(), n_files: listed.n_others });
    }
    let converted = AtomicUsize::new(0);
    let part = |part: Part| -> Result<Option<RawPart>, Error> {
        let Some(dir) = part_of(dir, part)?.filter(|dir| *dir != train) else { return Ok(None) };
        let listed = listing(&dir)?;
        if listed.files.is_empty() {
            return Ok(None);
        }
        Ok(Some(read_part(&dir, listed, options, &converted)?))
    };
    let train_part = read_part(&train, listed, options, &converted)?;
    let (validation, test) = (part(Part::Validation)?, part(Part::Test)?);
    match converted.into_inner() {
        0 => (),
        n_images => notes.push(Note::Converted { n_images }),
    }
    RawSet::of_parts(train_part, validation, test, notes)
}

/// The subfolder of a part in one of its usual spellings, if the folder has one for training and one
/// that is held out.
fn part_of(dir: &Path, wanted: Part) -> Result<Option<PathBuf>, Error> {
    let folders = entries(dir)?.1;
    let of = |part: Part| {
        folders.iter().find(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            Part::named(&name) == Some(part)
        })
    };
    let is_divided = of(Part::Train).is_some() && of(Part::Test).or(of(Part::Validation)).is_some();
    Ok(of(wanted).filter(|_| is_divided).cloned())
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
        return Err(FormatError::ImagesMixed { dir: dir.into() }.into());
    }
    Ok(Listing { files, classes, n_others })
}

/// Reads the images of one part, of which there is at least one.
fn read_part(
    dir: &Path,
    listing: Listing,
    options: &ReadOptions,
    converted: &AtomicUsize,
) -> Result<RawPart, Error> {
    let Listing { files, classes, .. } = listing;
    let shape = decode(&files[0])?.shape;
    let n_rows = files.len();
    let n_values = (n_rows as u64).saturating_mul(shape.n_pixels() as u64);
    let remedy = "save the images as one .npy file, which can stay on disk";
    check_memory(&dir.display().to_string(), n_values, options, remedy)?;
    let mut pixels = vec![0; n_rows * shape.n_pixels()];
    pixels.par_chunks_mut(shape.n_pixels()).zip(&files).try_for_each(|(pixels, file)| {
        let image = decode(file)?;
        if image.shape != shape {
            let (file, found) = (file.clone(), image.shape);
            return Err(FormatError::ImageSize { file, found, expected: shape });
        }
        pixels.copy_from_slice(&image.pixels);
        converted.fetch_add(usize::from(image.converted), Ordering::Relaxed);
        Ok(())
    })?;
    let words: Vec<u8> = classes.iter().flat_map(|c| [c.as_bytes(), b"\0"].concat()).collect();
    let fingerprint = Fingerprint::Known(sha256_of_slices(&[&pixels, &words]));
    let values = Values::Packed { bytes: pixels, element: Element::BYTE };
    let table = Table { file: dir.into(), n_rows, shape, pixels: true, values };
    let labels = (!classes.is_empty()).then_some(RawLabels::Text(classes));
    Ok(RawPart { table, labels, fingerprint })
}

/// The images and the subfolders of a folder, both sorted, and the number of other files. Hidden files
/// are skipped.
fn entries(dir: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>, usize), Error> {
    let io = |source| Error::Io { file: dir.into(), source };
    let (mut files, mut folders, mut others) = (vec![], vec![], 0);
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let end = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let image = ["png", "jpg", "jpeg"].contains(&end.as_str());
        match (hidden, path.is_dir(), image) {
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

/// A grey image.
struct Grey {
    shape: ImageShape,
    /// One byte for each pixel.
    pixels: Vec<u8>,
    /// Whether a pixel was coloured or transparent.
    converted: bool,
}

/// The grey values of an image: the luma of colours (ITU-R BT.709) on a white ground. Values of 16 bits
/// are rounded to 8.
fn decode(file: &Path) -> Result<Grey, FormatError> {
    let image = ImageReader::open(file)
        .and_then(ImageReader::with_guessed_format)
        .map_err(image::ImageError::IoError)
        .and_then(ImageReader::decode)
        .map_err(|error| FormatError::Malformed {
            place: file.display().to_string(),
            cause: error.into(),
            expected: "a PNG or JPEG image",
        })?;
    let shape = ImageShape { height: image.height() as usize, width: image.width() as usize };
    if !image.color().has_color() && !image.color().has_alpha() {
        return Ok(Grey { shape, pixels: image.into_luma8().into_raw(), converted: false });
    }
    let mut rgba = image.to_rgba8();
    let odd = |pixel: &Rgba<u8>| {
        let [r, g, b, alpha] = pixel.0;
        alpha != 255 || r != g || g != b
    };
    let converted = rgba.pixels().any(odd);
    for pixel in rgba.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    let pixels = DynamicImage::ImageRgba8(rgba).into_luma8().into_raw();
    Ok(Grey { shape, pixels, converted })
}
