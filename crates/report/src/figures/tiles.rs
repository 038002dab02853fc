//! Rows of small images: filters, digits above their reconstructions, samples.
//!
//! CSV: `row,column,title,height,width,pixel_0,...`, one line a tile; `title` is the label of the
//! tile's row. Pixels keep four decimals on the grey scale and four significant digits on the
//! diverging one, whose values have no natural size.

use std::path::Path;

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

use super::chart;
use super::picture::{Anchor, Picture, RASTER_DENSITY, Raster, Weight};
use super::{Drawing, Meta, palette, text};
use crate::error::Error;
use crate::table;

/// Rows of images of one size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tiles {
    /// What the figure says of itself.
    pub meta: Meta,
    /// From top to bottom.
    pub rows: Vec<TileRow>,
    /// Height of every tile, in its own pixels.
    pub height: usize,
    /// Width of every tile, in its own pixels.
    pub width: usize,
    /// How a number becomes a colour.
    pub scale: TileScale,
}

/// Images side by side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TileRow {
    /// Text at the left, such as "reconstruction"; may be empty.
    pub label: String,
    /// Each `height * width` numbers, row by row from the top left.
    pub tiles: Vec<Vec<f32>>,
}

/// How a number becomes a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TileScale {
    /// 0 is black, 1 is white, outside is clipped: images.
    #[default]
    Grey,
    /// Blue below 0, white at 0, red above, each tile by its own largest magnitude: filters.
    Diverging,
}

impl Tiles {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Figure`] when there are no tiles or one has another size.
    pub fn write(&self, dir: &Path, name: &str) -> Result<(), Error> {
        let csv = super::csv_of(dir, name)?;
        let n_pixels = self.height * self.width;
        for (i, tile) in self.rows.iter().flat_map(|row| &row.tiles).enumerate() {
            if tile.len() != n_pixels {
                return Err(Error::Figure {
                    file: csv,
                    found: format!("tile {i} has {} pixels", tile.len()),
                    expected: "height * width in every tile",
                });
            }
        }
        let bytes = self.to_csv().map_err(|source| Error::Figure {
            file: csv.clone(),
            found: source.to_string(),
            expected: "tiles that can be written as CSV",
        })?;
        table::write_bytes(&csv, &bytes)?;
        super::finish(dir, name, &self.meta, Drawing::Tiles { scale: self.scale })
    }

    fn to_csv(&self) -> csv::Result<Vec<u8>> {
        let mut writer = table::csv_writer();
        let pixels = (0..self.height * self.width).map(|i| format!("pixel_{i}"));
        writer.write_record(COLUMNS.iter().map(ToString::to_string).chain(pixels))?;
        for (i, row) in self.rows.iter().enumerate() {
            for (j, tile) in row.tiles.iter().enumerate() {
                let head = [
                    i.to_string(),
                    j.to_string(),
                    row.label.clone(),
                    self.height.to_string(),
                    self.width.to_string(),
                ];
                let pixels = tile.iter().map(|&pixel| rounded(pixel, self.scale));
                writer.write_record(head.into_iter().chain(pixels))?;
            }
        }
        writer.flush()?;
        Ok(writer.get_ref().clone())
    }
}

const COLUMNS: [&str; 5] = ["row", "column", "title", "height", "width"];

/// The shortest text of the number at this precision; no negative zero.
fn rounded(pixel: f32, scale: TileScale) -> String {
    let text = match scale {
        TileScale::Grey => format!("{pixel:.4}"),
        TileScale::Diverging => format!("{pixel:.3e}"),
    };
    text.parse::<f32>().map_or(text, |number| (number + 0.0).to_string())
}

/// A CSV file, read.
struct Sheet {
    height: usize,
    width: usize,
    tiles: Vec<Tile>,
}

/// One line of the CSV file.
struct Tile {
    row: usize,
    column: usize,
    label: String,
    pixels: Vec<f32>,
}

/// Width that rows of tiles should not pass, and that of the labels beside them.
const WIDTH: f64 = 840.0;
const LABEL_WIDTH: f64 = 150.0;
const LABEL_SIZE: f64 = 13.0;
/// Between tiles, in pixels of the raster.
const GAP: u32 = 8;
const GAP_COLOR: Rgb<u8> = Rgb([255, 255, 255]);
const EDGE_COLOR: Rgb<u8> = Rgb([203, 208, 214]);

/// The drawing of a CSV file.
pub(super) fn layout(csv: &Path, title: &str, scale: TileScale) -> Result<Picture, Error> {
    let sheet = read(csv)?;
    let n_rows = sheet.tiles.iter().map(|tile| tile.row + 1).max().unwrap_or(0);
    let labels: Vec<Vec<String>> = (0..n_rows)
        .map(|row| {
            let label = sheet.tiles.iter().find(|tile| tile.row == row).map(|tile| &*tile.label);
            text::wrap(label.unwrap_or(""), LABEL_SIZE, Weight::Regular, LABEL_WIDTH)
        })
        .collect();
    let widths = labels.iter().flatten().map(|l| text::width(l, LABEL_SIZE, Weight::Regular));
    let widest = widths.fold(0.0, f64::max).ceil();
    let left = if widest > 0.0 { widest + 16.0 } else { 2.0 };

    let (image, row_step) = raster(&sheet, WIDTH - left, scale);
    let points = |pixels: u32| f64::from(pixels) / f64::from(RASTER_DENSITY);
    let title_width = text::width(title, 17.0, Weight::Semibold) + 8.0;
    let width = (left + points(image.width()) + 2.0).max(title_width);
    let mut picture = Picture::new(width, chart::TITLE_BAND + points(image.height()) + 2.0);
    chart::title(&mut picture, title);
    for (row, lines) in labels.iter().enumerate() {
        let middle =
            chart::TITLE_BAND + points(row_step) * row as f64 + points(row_step - GAP) / 2.0;
        for (i, line) in lines.iter().enumerate() {
            let y = middle + (i as f64 - (lines.len() as f64 - 1.0) / 2.0) * 17.0;
            let at = (left - 14.0, y);
            picture.push(chart::label(at, line, LABEL_SIZE, Anchor::End, Weight::Regular));
        }
    }
    picture.rasters.push(Raster { corner: (left, chart::TITLE_BAND), image });
    Ok(picture)
}

/// All tiles on one image, each pixel a square of whole pixels, as large as the width allows up to
/// 64 points a tile; and the distance from one row to the next.
fn raster(sheet: &Sheet, limit: f64, scale: TileScale) -> (RgbImage, u32) {
    let n_rows = sheet.tiles.iter().map(|tile| tile.row as u32 + 1).max().unwrap_or(0);
    let n_columns = sheet.tiles.iter().map(|tile| tile.column as u32 + 1).max().unwrap_or(0);
    let (height, width) = (sheet.height as u32, sheet.width as u32);
    let fits = |zoom: &u32| {
        f64::from(n_columns * (width * zoom + GAP)) <= limit * f64::from(RASTER_DENSITY)
    };
    // A few tiles need not fill the page.
    let largest = (64 * RASTER_DENSITY / width.max(height)).clamp(1, 32);
    let zoom = (1..=largest).rev().find(fits).unwrap_or(1);
    let (row_step, column_step) = (height * zoom + GAP, width * zoom + GAP);
    let mut image =
        RgbImage::from_pixel(n_columns * column_step - GAP, n_rows * row_step - GAP, GAP_COLOR);
    for tile in &sheet.tiles {
        let (top, left) = (tile.row as u32 * row_step, tile.column as u32 * column_step);
        let color = coloring(&tile.pixels, scale);
        for y in 0..height * zoom {
            for x in 0..width * zoom {
                let pixel = tile.pixels[((y / zoom) * width + x / zoom) as usize];
                image.put_pixel(left + x, top + y, color(pixel));
            }
        }
        if scale == TileScale::Diverging {
            edge(&mut image, (left, top), (width * zoom, height * zoom));
        }
    }
    (image, row_step)
}

/// The colours of one tile; what is not a number is mid-grey.
fn coloring(pixels: &[f32], scale: TileScale) -> impl Fn(f32) -> Rgb<u8> {
    let largest = pixels.iter().filter(|p| p.is_finite()).fold(0.0_f32, |a, p| a.max(p.abs()));
    move |pixel| {
        let (red, green, blue) = match scale {
            _ if pixel.is_nan() => (128, 128, 128),
            TileScale::Grey => palette::grey(pixel),
            TileScale::Diverging if largest == 0.0 => palette::diverging(0.0),
            TileScale::Diverging => palette::diverging(pixel / largest),
        };
        Rgb([red, green, blue])
    }
}

/// A line around a tile whose own edge may be as white as the page.
fn edge(image: &mut RgbImage, (left, top): (u32, u32), (width, height): (u32, u32)) {
    for x in left..left + width {
        image.put_pixel(x, top, EDGE_COLOR);
        image.put_pixel(x, top + height - 1, EDGE_COLOR);
    }
    for y in top..top + height {
        image.put_pixel(left, y, EDGE_COLOR);
        image.put_pixel(left + width - 1, y, EDGE_COLOR);
    }
}

fn read(file: &Path) -> Result<Sheet, Error> {
    let mut reader = table::open_csv(file)?;
    let header = table::header_of(file, &mut reader)?;
    if header.iter().take(COLUMNS.len()).ne(COLUMNS) || header.len() <= COLUMNS.len() {
        return Err(Error::Header {
            file: file.to_owned(),
            found: header.iter().take(COLUMNS.len() + 1).collect::<Vec<_>>().join(","),
            expected: format!("{},pixel_0,...", COLUMNS.join(",")),
        });
    }
    let mut sheet = Sheet { height: 0, width: 0, tiles: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|e| table::bad_line(file, &header, &e))?;
        let (row, column, label, height, width, pixels): TileRecord =
            record.deserialize(None).map_err(|e| table::bad_line(file, &header, &e))?;
        if height * width != pixels.len() || height * width == 0 {
            return Err(Error::Line {
                file: file.to_owned(),
                line: record.position().map_or(0, csv::Position::line),
                found: format!("{height} x {width} and {} pixels", pixels.len()),
                expected: "as many pixels as height times width".into(),
            });
        }
        (sheet.height, sheet.width) = (height, width);
        sheet.tiles.push(Tile { row, column, label, pixels });
    }
    if sheet.tiles.is_empty() {
        let file = file.to_owned();
        return Err(Error::Figure { file, found: "no tiles".into(), expected: "at least one" });
    }
    Ok(sheet)
}

type TileRecord = (usize, usize, String, usize, usize, Vec<f32>);
