//! Folders of grey PNG images: all in one, one folder a class, or both of these under `train` and
//! `test`.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::classes::RawLabels;
use super::element::Element;
use super::table::{Table, Values};
use super::{FormatError, Labelled, Parts};
use crate::hash::hex;
use crate::{Error, ImageShape};

/// Reads the images of a folder, as long as they take less than `limit` bytes as `f32`; `None` if
/// it holds none.
pub(super) fn read_folder(dir: &Path, limit: u64) -> Result<Option<Parts>, Error> {
    let (train, test) = (dir.join("train"), dir.join("test"));
    if !train.is_dir() || !test.is_dir() {
        return Ok(
            read_part(dir, limit)?.map(|(part, notes)| Parts { notes, ..Parts::of_one(part) })
        );
    }
    let Some((train, notes)) = read_part(&train, limit)? else { return Ok(None) };
    let test = read_part(&test, limit)?.map(|(part, _)| part);
    Ok(Some(Parts { train, test, in_order: false, notes }))
}

/// The images of one part, in the order of their names, with what was left out.
fn read_part(dir: &Path, limit: u64) -> Result<Option<(Labelled, Vec<String>)>, Error> {
    let (mut files, folders, mut others) = entries(dir)?;
    let mut words = Vec::new();
    if !folders.is_empty() {
        let loose = !files.is_empty();
        for folder in folders {
            let (inner, _, other) = entries(&folder)?;
            let class = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            words.extend(inner.iter().map(|_| class.clone()));
            files.extend(inner);
            others += other;
        }
        if loose && !words.is_empty() {
            return Err(FormatError::PngMixed { dir: dir.into() }.into());
        }
    }
    let Some(first) = files.first() else { return Ok(None) };
    let (shape, _) = decode(first)?;
    let (n_rows, place) = (files.len(), dir.display().to_string());
    let bytes = (n_rows as u64).saturating_mul(shape.n_pixels() as u64).saturating_mul(4);
    if bytes > limit {
        let remedy = "save the images as one .npy file, which can stay on disk, or raise the limit";
        return Err(FormatError::Memory { place, bytes, limit, remedy }.into());
    }
    let mut pixels = vec![0; n_rows * shape.n_pixels()];
    pixels.par_chunks_mut(shape.n_pixels()).zip(&files).try_for_each(|(pixels, file)| {
        let (found, image) = decode(file)?;
        if found != shape {
            return Err(FormatError::PngSize { file: file.clone(), found, expected: shape });
        }
        pixels.copy_from_slice(&image);
        Ok(())
    })?;
    let mut hash = Sha256::new().chain_update(&pixels);
    for word in &words {
        hash.update([word.as_bytes(), b"\0"].concat());
    }
    let values = Values::Packed { bytes: pixels, element: Element::BYTE };
    let table = Table { file: dir.into(), n_rows, shape, pixels: true, values };
    let labels = (!words.is_empty()).then_some(RawLabels::Text(words));
    let notes = match others {
        0 => vec![],
        n => vec![format!("{place}: {n} files that are no .png were left out")],
    };
    Ok(Some((Labelled { table, labels, sha256: hex(hash) }, notes)))
}

/// The PNG files and the folders of a folder, sorted, and how many other files it has. What is
/// hidden is not looked at.
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

/// The pixels of a grey image, a byte each. Colour types that hold colours are taken if all pixels
/// are grey.
fn decode(file: &Path) -> Result<(ImageShape, Vec<u8>), FormatError> {
    let image = image::ImageReader::open(file)
        .map_err(image::ImageError::IoError)
        .and_then(|mut reader| {
            reader.set_format(image::ImageFormat::Png);
            reader.decode()
        })
        .map_err(|source| FormatError::Png { file: file.into(), source })?;
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
