//! The grid of a sheet of tiles, and its bitmap.

use image::RgbaImage;

use super::{GAP, Sheet, Tile, TileScale};
use crate::answer::Rgb;
use crate::figures::palette;
use crate::figures::picture::{Mark, Point, RASTER_DENSITY, Raster};

/// The page is visible between tiles.
const GAP_COLOR: image::Rgba<u8> = image::Rgba([255, 255, 255, 0]);
const EDGE_COLOR: Rgb = (203, 208, 214);

/// The positions of tiles.
pub(super) struct Grid {
    /// Height and width of a tile and the distance between tiles, in pixels of the tiles.
    size: (u32, u32),
    gap: u32,
    /// Height and width of a pixel, in units of `1 / RASTER_DENSITY` points.
    zoom: u32,
}

impl Grid {
    /// Each pixel of a tile is a square, as large as the width of `limit` points allows, up to 64 points per
    /// tile.
    pub(super) fn of(sheet: &Sheet, limit: f64) -> Self {
        let n_columns = sheet.tiles.iter().map(|tile| tile.column as u32 + 1).max().unwrap_or(0);
        let size = (sheet.height as u32, sheet.width as u32);
        let with = |zoom: u32| Grid { size, gap: GAP.div_ceil(zoom), zoom };
        let fits = |zoom: &u32| {
            let grid = with(*zoom);
            f64::from(n_columns * (size.1 + grid.gap) * zoom) <= limit * f64::from(RASTER_DENSITY)
        };
        // A few tiles should not fill the page.
        let largest = (64 * RASTER_DENSITY / size.0.max(size.1)).clamp(1, 32);
        with((1..=largest).rev().find(fits).unwrap_or(1))
    }

    /// The distance from one row to the next, in points.
    pub(super) fn row_step(&self) -> f64 {
        f64::from((self.size.0 + self.gap) * self.zoom) / f64::from(RASTER_DENSITY)
    }

    /// Row and column of a tile's first pixel.
    fn place(&self, tile: &Tile) -> (u32, u32) {
        let (height, width) = self.size;
        (tile.row as u32 * (height + self.gap), tile.column as u32 * (width + self.gap))
    }

    /// A bitmap of all tiles.
    pub(super) fn raster(&self, sheet: &Sheet, corner: Point, scale: TileScale) -> Raster {
        let (height, width) = self.size;
        let ends = sheet.tiles.iter().map(|tile| self.place(tile));
        let (bottom, right) = ends.fold((0, 0), |(bottom, right), (top, left)| {
            (bottom.max(top + height), right.max(left + width))
        });
        let mut image = RgbaImage::from_pixel(right, bottom, GAP_COLOR);
        for tile in &sheet.tiles {
            let (top, left) = self.place(tile);
            let color = coloring(&tile.pixels, scale);
            for (i, pixel) in tile.pixels.chunks_exact(scale.channels()).enumerate() {
                let (y, x) = (i as u32 / width, i as u32 % width);
                image.put_pixel(left + x, top + y, color(pixel));
            }
        }
        Raster { corner, image, zoom: self.zoom }
    }

    /// Lines around tiles of the diverging scale, whose margins may be as white as the page.
    pub(super) fn edges(
        &self,
        sheet: &Sheet,
        (x, y): Point,
        scale: TileScale,
    ) -> impl Iterator<Item = Mark> {
        let points = |pixels: u32| f64::from(pixels * self.zoom) / f64::from(RASTER_DENSITY);
        let tiles = sheet.tiles.iter().filter(move |_| scale == TileScale::Diverging);
        tiles.map(move |tile| {
            let (top, left) = self.place(tile);
            let (top, left) = (y + points(top) - 0.25, x + points(left) - 0.25);
            let bottom = top + points(self.size.0) + 0.5;
            let right = left + points(self.size.1) + 0.5;
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            Mark::Path { points: corners.to_vec(), color: EDGE_COLOR, width: 0.5 }
        })
    }
}

/// The colours of one tile. NaN is mid-grey.
fn coloring(pixels: &[f32], scale: TileScale) -> impl Fn(&[f32]) -> image::Rgba<u8> {
    let largest = pixels.iter().filter(|p| p.is_finite()).fold(0.0_f32, |a, p| a.max(p.abs()));
    move |numbers| {
        let pixel = numbers[0];
        let (red, green, blue) = match scale {
            _ if numbers.iter().any(|number| number.is_nan()) => (128, 128, 128),
            TileScale::Grey => palette::grey(pixel),
            TileScale::Colour => palette::colour([pixel, numbers[1], numbers[2]]),
            TileScale::Diverging if largest == 0.0 => palette::diverging(0.0),
            TileScale::Diverging => palette::diverging(stepped(pixel / largest)),
        };
        image::Rgba([red, green, blue, u8::MAX])
    }
}

/// The nearest of 81 steps from −1 to 1, so that a bitmap of filters has few colours.
pub(super) fn stepped(value: f32) -> f32 {
    (value * 40.0).round() / 40.0
}
