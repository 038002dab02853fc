//! PNG files. plotters drops the side bearings of glyphs in bitmaps, so text is drawn here.

use image::RgbImage;
use image::buffer::ConvertBuffer as _;
use plotters::prelude::{BitMapBackend, DrawingBackend, ShapeStyle};
use plotters::style::Color as _;

use super::encode::encode;
use super::{DENSITY, failed, length, pixel, rgb, surface};
use crate::answer::Rgb;
use crate::error::Error;
use crate::figures::picture::{
    Anchor, Mark, Member, Picture, Point, RASTER_DENSITY, Raster, Weight,
};
use crate::figures::text;

/// A complete PNG file, with two pixels per point.
pub(in crate::figures) fn png(picture: &Picture) -> Result<Vec<u8>, Error> {
    let (width, height) = surface(picture);
    let mut pixels = vec![255; width as usize * height as usize * 3];
    let mut backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    for Member { mark, .. } in &picture.marks {
        match mark {
            Mark::Text { at, text, size, color, anchor, weight } => {
                glyphs(&mut backend, *at, text, *size, *color, *anchor, *weight)?;
            }
            other => shape(&mut backend, other)?,
        }
    }
    backend.present().map_err(failed)?;
    drop(backend);
    let large = RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| Error::Draw(format!("{width} x {height} pixels")))?;
    let mut small = halved(&large);
    for Raster { corner, image, zoom } in &picture.rasters {
        let place = |points: f64| (points * f64::from(RASTER_DENSITY)).round() as i64;
        let (left, top) = (place(corner.0), place(corner.1));
        let at = |start: i64, offset: u32| u32::try_from(start + i64::from(offset));
        let (rows, columns) = (image.height() * zoom, image.width() * zoom);
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            let pixel = image.get_pixel(x / zoom, y / zoom);
            if let (Ok(x), Ok(y)) = (at(left, x), at(top, y))
                && pixel[3] > 0
                && x < small.width()
                && y < small.height()
            {
                small.put_pixel(x, y, image::Rgb([pixel[0], pixel[1], pixel[2]]));
            }
        }
    }
    encode(&small.convert())
}

/// Paints a mark other than text.
fn shape(backend: &mut BitMapBackend<'_>, mark: &Mark) -> Result<(), Error> {
    let pixels = |points: &[Point]| points.iter().map(|&at| pixel(at)).collect::<Vec<_>>();
    match mark {
        Mark::Path { points, color, width } => {
            backend.draw_path(pixels(points), &style(*color, *width))
        }
        Mark::Polygon { points, color } => {
            backend.fill_polygon(pixels(points), &style(*color, 0.0))
        }
        Mark::Circle { center, radius, color } => {
            backend.draw_circle(pixel(*center), length(*radius), &style(*color, 0.0), true)
        }
        Mark::Text { .. } | Mark::Tip { .. } => Ok(()),
    }
    .map_err(failed)
}

fn glyphs(
    backend: &mut BitMapBackend<'_>,
    at: Point,
    words: &str,
    size: f64,
    color: Rgb,
    anchor: Anchor,
    weight: Weight,
) -> Result<(), Error> {
    let font = text::font(weight)?;
    let width = text::width(words, size, weight);
    let start = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    let baseline = ((at.1 + text::HALF_X_HEIGHT * size) * DENSITY).round() as i32;
    let mut result = Ok(());
    text::rasterise(&font, words, size * DENSITY, start * DENSITY, |x, y, share| {
        if result.is_ok() && share > 0.0 {
            let ink = rgb(color).mix(share.min(1.0)).to_backend_color();
            result = backend.draw_pixel((x, baseline + y), ink).map_err(failed);
        }
    });
    result
}

fn style(color: Rgb, width: f64) -> ShapeStyle {
    ShapeStyle::from(rgb(color)).stroke_width(length(width))
}

/// The image at half its size: each pixel is the mean of a square of four pixels.
fn halved(large: &RgbImage) -> RgbImage {
    RgbImage::from_fn(large.width() / 2, large.height() / 2, |x, y| {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let level = |channel: usize| {
            let sum: u16 = four
                .iter()
                .map(|(i, j)| u16::from(large.get_pixel(2 * x + i, 2 * y + j)[channel]))
                .sum();
            ((sum + 2) / 4) as u8
        };
        image::Rgb([level(0), level(1), level(2)])
    })
}
