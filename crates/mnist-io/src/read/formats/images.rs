//! Folders of PNG and JPEG images: all in one folder, in one subfolder per class, or either of these
//! below folders for training, test and perhaps validation. They are read in colour if any training image
//! is coloured, or if the contract says so.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{DynamicImage, ImageDecoder as _, ImageReader, Rgba};
use rayon::prelude::*;

use super::place::check_place;
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::parts::Part;
use crate::guard::guarded;
use crate::hash::sha256_of_slices;
use crate::read::classes::RawLabels;
use crate::read::element::Element;
use crate::read::format::{ArrayOptions, Format, Reader, check_memory};
use crate::read::note::Note;
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

fn read(dir: &Path, options: &ArrayOptions) -> Result<RawSet, Error> {
    let train = part_of(dir, Part::Train)?.unwrap_or_else(|| dir.into());
    let listed = listing(&train)?;
    let mut notes = Vec::new();
    if listed.n_others > 0 {
        notes.push(Note::IgnoredFiles { dir: train.clone(), n_files: listed.n_others });
    }
    let colour = options.channels.map_or_else(|| listed.has_colour(), |channels| channels == 3);
    let channels = if colour { 3 } else { 1 };
    let seen = Seen::default();
    let part = |part: Part| -> Result<Option<RawPart>, Error> {
        let Some(dir) = part_of(dir, part)?.filter(|dir| *dir != train) else { return Ok(None) };
        let listed = listing(&dir)?;
        if listed.files.is_empty() {
            return Ok(None);
        }
        Ok(Some(read_part(&dir, listed, channels, options, &seen)?))
    };
    let train_part = read_part(&train, listed, channels, options, &seen)?;
    if colour && options.channels.is_none() {
        let n_coloured = seen.coloured.load(Ordering::Relaxed);
        notes.push(Note::Coloured { n_coloured, n_images: train_part.table.n_rows });
    }
    let (validation, test) = (part(Part::Validation)?, part(Part::Test)?);
    match (seen.converted.into_inner(), seen.transparent.into_inner()) {
        (n_images, _) if n_images > 0 && !colour => notes.push(Note::Converted { n_images }),
        (_, n_images) if n_images > 0 && colour => notes.push(Note::Opaque { n_images }),
        _ => (),
    }
    RawSet::of_parts(train_part, validation, test, notes)
}

/// The subfolder of a part in one of its usual spellings, if the folder has one for training and one that is
/// held out.
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

impl Listing {
    /// Whether any image is coloured. Unreadable files are reported later, when all are read.
    fn has_colour(&self) -> bool {
        let coloured = |file: &PathBuf| {
            may_have_colour(file) && decode(file).is_ok_and(|image| image.is_coloured)
        };
        self.files.par_iter().any(coloured)
    }
}

/// Numbers of images, over all parts so far.
#[derive(Default)]
struct Seen {
    /// Images with a coloured or transparent pixel.
    converted: AtomicUsize,
    coloured: AtomicUsize,
    transparent: AtomicUsize,
}

impl Seen {
    fn add(&self, image: &Opaque) {
        let count = |counter: &AtomicUsize, is: bool| {
            counter.fetch_add(usize::from(is), Ordering::Relaxed);
        };
        count(&self.converted, image.is_converted);
        count(&self.coloured, image.is_coloured);
        count(&self.transparent, image.is_transparent);
    }
}

fn listing(dir: &Path) -> Result<Listing, Error> {
    let (mut files, folders, mut n_others) = entries(dir)?;
    let mut classes = Vec::new();
    let has_loose_images = !files.is_empty();
    for folder in folders {
        let (inner, below, others) = entries(&folder)?;
        for dir in below {
            if !entries(&dir)?.0.is_empty() {
                return Err(FormatError::ImagesNested { dir }.into());
            }
        }
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

/// Reads the images of one part, which must not be empty, with this number of channels.
fn read_part(
    dir: &Path,
    listing: Listing,
    channels: usize,
    options: &ArrayOptions,
    seen: &Seen,
) -> Result<RawPart, Error> {
    let Listing { files, classes, .. } = listing;
    let size = decode(&files[0])?.size();
    let shape = ImageShape { channels, ..size };
    let n_rows = files.len();
    let n_values = (n_rows as u64).saturating_mul(shape.n_values() as u64);
    let remedy = "save the images as one .npy file, which can stay on disk";
    check_memory(&dir.display().to_string(), n_values, options, remedy)?;
    let mut pixels = vec![0; n_rows * shape.n_values()];
    pixels.par_chunks_mut(shape.n_values()).zip(&files).try_for_each(|(pixels, file)| {
        let image = decode(file)?;
        if image.size() != size {
            let (file, found) = (file.clone(), image.size());
            return Err(FormatError::ImageSize { file, found, expected: size });
        }
        seen.add(&image);
        pixels.copy_from_slice(&image.into_values(channels));
        Ok(())
    })?;
    let words: Vec<u8> = classes.iter().flat_map(|c| [c.as_bytes(), b"\0"].concat()).collect();
    let fingerprint = Fingerprint::Known(sha256_of_slices(&[&pixels, &words]));
    let values = Values::Packed { bytes: pixels, element: Element::BYTE };
    let table = Table { file: dir.into(), n_rows, shape, pixels: true, values };
    let labels = (!classes.is_empty()).then_some(RawLabels::Text(classes));
    Ok(RawPart { table, labels, fingerprint })
}

/// The images and subfolders of a folder, both sorted, and the number of other files. Hidden files are
/// skipped.
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
            (_, _, true) => {
                check_place(&path)?;
                files.push(path);
            }
            _ => others += 1,
        }
    }
    files.sort_unstable();
    folders.sort_unstable();
    Ok((files, folders, others))
}

/// An image on a white background.
struct Opaque {
    /// Grey, or red, green, blue and an alpha channel that no longer matters; 8 bits each.
    image: DynamicImage,
    /// Whether a pixel was coloured or transparent.
    is_converted: bool,
    /// Whether a pixel is coloured on the white background.
    is_coloured: bool,
    is_transparent: bool,
}

impl Opaque {
    /// Height and width, ignoring the channels.
    fn size(&self) -> ImageShape {
        ImageShape::grey(self.image.height() as usize, self.image.width() as usize)
    }

    /// The bytes of the pixels: their luma (ITU-R BT.709), or their 3 channels, which are equal in a grey
    /// image.
    fn into_values(self, channels: usize) -> Vec<u8> {
        match channels {
            1 => self.image.into_luma8().into_raw(),
            _ => self.image.into_rgb8().into_raw(),
        }
    }
}

/// Whether an image file has colour channels, according to its header.
fn may_have_colour(file: &Path) -> bool {
    let reader = ImageReader::open(file).and_then(ImageReader::with_guessed_format).ok();
    let decoder = reader.and_then(|reader| reader.into_decoder().ok());
    decoder.is_none_or(|decoder| decoder.color_type().has_color())
}

/// Reads an image and places it on a white background. 16-bit values are rounded to 8 bits.
fn decode(file: &Path) -> Result<Opaque, FormatError> {
    let malformed = |cause: Box<dyn std::error::Error + Send + Sync>| FormatError::Malformed {
        place: file.display().to_string(),
        cause,
        expected: "a PNG or JPEG image",
    };
    let decode = || {
        let reader = ImageReader::open(file).and_then(ImageReader::with_guessed_format);
        reader.map_err(image::ImageError::IoError).and_then(ImageReader::decode)
    };
    let image = guarded(decode).map_err(|panic| malformed(panic.into()))?;
    let image = image.map_err(|error| malformed(error.into()))?;
    if !image.color().has_color() && !image.color().has_alpha() {
        let image = DynamicImage::ImageLuma8(image.into_luma8());
        let (is_converted, is_coloured, is_transparent) = (false, false, false);
        return Ok(Opaque { image, is_converted, is_coloured, is_transparent });
    }
    let mut rgba = image.to_rgba8();
    let is_grey = |pixel: &Rgba<u8>| {
        let [r, g, b, _] = pixel.0;
        r == g && g == b
    };
    let is_transparent = rgba.pixels().any(|pixel| pixel.0[3] != 255);
    let is_converted = is_transparent || !rgba.pixels().all(is_grey);
    for pixel in rgba.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    let is_coloured = !rgba.pixels().all(is_grey);
    let image = DynamicImage::ImageRgba8(rgba);
    Ok(Opaque { image, is_converted, is_coloured, is_transparent })
}
