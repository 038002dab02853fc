//! Encoding of images as PNG bytes.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::buffer::ConvertBuffer as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::failed;
use crate::error::Error;

/// A PNG file, with a palette if 256 colours suffice.
pub(super) fn encode(image: &RgbaImage) -> Result<Vec<u8>, Error> {
    if let Some(colors) = few_colors(image) {
        return indexed(image, &colors);
    }
    let mut bytes = Cursor::new(Vec::new());
    // A pixel of a tile covers several rows, so most rows equal the row above, which the filter
    // turns into zeros.
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Up);
    let is_grey = image.pixels().all(|image::Rgba([r, g, b, _])| r == g && g == b);
    let is_opaque = image.pixels().all(|pixel| pixel[3] == u8::MAX);
    match (is_grey, is_opaque) {
        (true, true) => {
            let grey: GrayImage = image.convert();
            grey.write_with_encoder(encoder)
        }
        (true, false) => {
            let grey: GrayAlphaImage = image.convert();
            grey.write_with_encoder(encoder)
        }
        (false, true) => {
            let colour: RgbImage = image.convert();
            colour.write_with_encoder(encoder)
        }
        (false, false) => image.write_with_encoder(encoder),
    }
    .map_err(failed)?;
    Ok(bytes.into_inner())
}

/// The colours of the image in ascending order, if there are at most 256.
fn few_colors(image: &RgbaImage) -> Option<Vec<[u8; 4]>> {
    let mut colors = BTreeSet::new();
    let mut last = None;
    for pixel in image.pixels() {
        // Neighbouring pixels are mostly equal.
        if last != Some(pixel.0) {
            last = Some(pixel.0);
            colors.insert(pixel.0);
            if colors.len() > 256 {
                return None;
            }
        }
    }
    Some(colors.into_iter().collect())
}

/// A PNG file of one byte per pixel, with these colours in ascending order.
fn indexed(image: &RgbaImage, colors: &[[u8; 4]]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(colors.iter().flat_map(|c| [c[0], c[1], c[2]]).collect::<Vec<_>>());
    if colors.iter().any(|color| color[3] < u8::MAX) {
        encoder.set_trns(colors.iter().map(|color| color[3]).collect::<Vec<_>>());
    }
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::Up);
    let index = |pixel: &image::Rgba<u8>| colors.binary_search(&pixel.0).unwrap_or(0) as u8;
    let pixels: Vec<u8> = image.pixels().map(index).collect();
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
