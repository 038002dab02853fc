//! Rows of small images, such as filters, samples, or digits above their reconstructions.
//!
//! CSV: `row,column,title,height,width,pixel_0,...`, one line per tile; `title` is the label of the tile's
//! row. Pixels have four decimals on the grey scale and in colour, and four significant digits on the
//! diverging scale, whose values have no natural size. In colour every pixel has three consecutive numbers:
//! `pixel_0` to `pixel_2` are the red, green and blue of the first.

mod grid;

use std::path::Path;

use image::RgbaImage;
use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::chart;
use super::picture::{Anchor, Picture, Point, RASTER_DENSITY, Raster, Weight};
use super::{Layout, Meta, palette, text};
use crate::answer::Styles;
use crate::error::Error;
use crate::table;

use grid::{Grid, stepped};

/// Rows of equally sized images.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tiles {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Rows from top to bottom.
    pub rows: Vec<TileRow>,
    /// Height of every tile, in its own pixels.
    pub height: usize,
    /// Width of every tile, in its own pixels.
    pub width: usize,
    /// Colour scale of the pixels.
    pub scale: TileScale,
}

/// Images side by side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TileRow {
    /// Text to the left of the row, such as "reconstruction"; may be empty.
    pub label: String,
    /// The images, each `height * width` numbers, row by row from the top left; three times as many in
    /// colour.
    pub tiles: Vec<Vec<f32>>,
}

/// Colour scale of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TileScale {
    /// Black at 0, white at 1, clipped beyond; for images.
    #[default]
    Grey,
    /// Red, green and blue of each pixel, from 0 to 1, clipped beyond; for colour images.
    Colour,
    /// Blue below 0, white at 0, red above 0, each tile scaled by its largest magnitude; for filters.
    Diverging,
}

impl TileScale {
    /// Number of values per pixel.
    fn channels(self) -> usize {
        if self == TileScale::Colour { 3 } else { 1 }
    }
}

impl Tiles {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there are no tiles, one has a
    /// different size, or the name is not a valid file name.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let n_numbers = self.height * self.width * self.scale.channels();
        for (i, tile) in self.rows.iter().flat_map(|row| &row.tiles).enumerate() {
            if tile.len() != n_numbers {
                return Err(Error::Figure {
                    file: super::csv_of(dir, name)?,
                    found: format!("tile {i} has {} pixels", tile.len() / self.scale.channels()),
                    expected: "height * width in every tile",
                });
            }
        }
        let description = Description { scale: self.scale };
        super::save(dir, name, self.to_csv(), &self.meta, description, styles)
    }

    fn to_csv(&self) -> csv::Result<Vec<u8>> {
        let mut writer = table::csv_writer();
        let pixels =
            (0..self.height * self.width * self.scale.channels()).map(|i| format!("pixel_{i}"));
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
        table::bytes_of(writer)
    }
}

/// The part of the figure that is not in its CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    scale: TileScale,
}

const COLUMNS: [&str; 5] = ["row", "column", "title", "height", "width"];

/// The shortest text of a pixel at the precision of its scale, without a negative zero.
fn rounded(pixel: f32, scale: TileScale) -> String {
    let text = match scale {
        TileScale::Grey | TileScale::Colour => format!("{pixel:.4}"),
        TileScale::Diverging => format!("{pixel:.3e}"),
    };
    text.parse::<f32>().map_or(text, |number| (number + 0.0).to_string())
}

/// The content of a CSV file.
struct Sheet {
    height: usize,
    width: usize,
    tiles: Vec<Tile>,
}

/// One line of the CSV file.
#[derive(Clone)]
struct Tile {
    row: usize,
    column: usize,
    label: String,
    pixels: Vec<f32>,
}

/// Maximum width of a line in a label.
const LABEL_WIDTH: f64 = 150.0;
const LABEL_SIZE: f64 = 13.0;
/// Minimum distance between tiles, in units of `1 / RASTER_DENSITY` points.
const GAP: u32 = 8;

impl Layout for Description {
    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        width: f64,
    ) -> Result<Picture, Error> {
        let (mut sheet, language) = (read(csv, self.scale)?, styles.language);
        for tile in &mut sheet.tiles {
            tile.label = language.stored(&tile.label);
        }
        Ok(if chart::is_narrow(width) {
            below_labels(language, &sheet, title, self.scale, width)
        } else {
            beside_labels(language, &sheet, title, self.scale, width)
        })
    }
}

/// The number and size of the tiles in words.
fn numbers(language: Language, sheet: &Sheet) -> String {
    let n_rows = sheet.tiles.iter().map(|tile| tile.row + 1).max().unwrap_or(0);
    let (height, width) = (sheet.height, sheet.width);
    let n = sheet.tiles.len();
    say!(language, "drawn-tiles", n = n, height = height, width = width, rows = n_rows)
}

/// Adds a bar that explains the colours of the diverging scale.
fn colour_bar(language: Language, picture: &mut Picture, (left, top): Point, scale: TileScale) {
    const STEPS: u32 = 120;
    if scale != TileScale::Diverging {
        return;
    }
    let words = [
        (say!(language, "drawn-negative"), Anchor::End),
        (say!(language, "drawn-positive"), Anchor::Start),
    ];
    let start = left + text::width(&words[0].0, 12.0, Weight::Regular) + 8.0;
    let image = RgbaImage::from_fn(STEPS, 8, |x, _| {
        let share = x as f32 / (STEPS - 1) as f32;
        let (red, green, blue) = palette::diverging(stepped(2.0 * share - 1.0));
        image::Rgba([red, green, blue, u8::MAX])
    });
    picture.rasters.push(Raster { corner: (start, top + 6.0), image, zoom: RASTER_DENSITY });
    for ((word, anchor), x) in words.into_iter().zip([start - 8.0, start + f64::from(STEPS) + 8.0])
    {
        picture.push(chart::quiet((x, top + 10.0), &word, anchor));
    }
}

/// Height of the colour bar and the space above it.
fn bar_height(scale: TileScale) -> f64 {
    if scale == TileScale::Diverging { 22.0 } else { 0.0 }
}

/// The title and, for each row, its label above its tiles; rows that are too wide are wrapped.
fn below_labels(
    language: Language,
    sheet: &Sheet,
    title: &str,
    scale: TileScale,
    width: f64,
) -> Picture {
    const LABEL_BAND: f64 = 22.0;
    let n_rows = sheet.tiles.iter().map(|tile| tile.row + 1).max().unwrap_or(0);
    // Filters are viewed one by one, images as a row.
    let least = if scale == TileScale::Diverging { 56.0 } else { 24.0 };
    let own = sheet.width as f64 / f64::from(RASTER_DENSITY);
    let fits = width / (own.max(least) + f64::from(GAP) / f64::from(RASTER_DENSITY));
    let mut top = chart::TITLE_BAND;
    let (mut labels, mut rasters, mut edges) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..n_rows {
        let mut tiles: Vec<Tile> = sheet.tiles.iter().filter(|it| it.row == row).cloned().collect();
        let Some(first) = tiles.first() else { continue };
        if !first.label.is_empty() {
            labels.push(((0.0, top + LABEL_BAND / 2.0), first.label.clone()));
            top += LABEL_BAND;
        }
        let per_line = (1..=tiles.len()).rev().find(|n| *n as f64 <= fits).unwrap_or(1);
        for (i, tile) in tiles.iter_mut().enumerate() {
            (tile.row, tile.column) = (i / per_line, i % per_line);
        }
        let sheet = Sheet { tiles, ..*sheet };
        let grid = Grid::of(&sheet, width);
        edges.extend(grid.edges(&sheet, (0.0, top), scale));
        rasters.push(grid.raster(&sheet, (0.0, top), scale));
        let n_lines = sheet.tiles.iter().map(|tile| tile.row + 1).max().unwrap_or(0);
        top += n_lines as f64 * grid.row_step();
    }
    let mut picture = Picture::new(width, top + bar_height(scale));
    chart::title(&mut picture, title);
    for (at, label) in labels {
        let label = text::fitted(&label, LABEL_SIZE, Weight::Regular, width);
        picture.push(chart::label(at, &label, LABEL_SIZE, Anchor::Start, Weight::Regular));
    }
    for edge in edges {
        picture.push(edge);
    }
    picture.rasters = rasters;
    colour_bar(language, &mut picture, (0.0, top), scale);
    picture.numbers = numbers(language, sheet);
    picture
}

/// The title, the tiles, and the labels to their left.
fn beside_labels(
    language: Language,
    sheet: &Sheet,
    title: &str,
    scale: TileScale,
    full_width: f64,
) -> Picture {
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

    let grid = Grid::of(sheet, full_width - left);
    let corner = (left, chart::TITLE_BAND);
    let raster = grid.raster(sheet, corner, scale);
    let points = |pixels: u32| f64::from(pixels * raster.zoom) / f64::from(RASTER_DENSITY);
    let title_width = text::width(title, 17.0, Weight::Semibold) + 8.0;
    let width = (left + points(raster.image.width()) + 2.0).max(title_width);
    let bottom = chart::TITLE_BAND + points(raster.image.height()) + 2.0;
    let mut picture = Picture::new(width, bottom + bar_height(scale));
    chart::title(&mut picture, title);
    for (row, lines) in labels.iter().enumerate() {
        let middle =
            chart::TITLE_BAND + grid.row_step() * row as f64 + points(sheet.height as u32) / 2.0;
        for (i, line) in lines.iter().enumerate() {
            let y = middle + (i as f64 - (lines.len() as f64 - 1.0) / 2.0) * 17.0;
            let at = (left - 14.0, y);
            picture.push(chart::label(at, line, LABEL_SIZE, Anchor::End, Weight::Regular));
        }
    }
    for edge in grid.edges(sheet, corner, scale) {
        picture.push(edge);
    }
    picture.rasters.push(raster);
    colour_bar(language, &mut picture, (left, bottom), scale);
    picture.numbers = numbers(language, sheet);
    picture
}

fn read(file: &Path, scale: TileScale) -> Result<Sheet, Error> {
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
        if height * width * scale.channels() != pixels.len() || pixels.is_empty() {
            return Err(Error::Line {
                file: file.to_owned(),
                line: record.position().map_or(0, csv::Position::line),
                found: format!("{height} x {width} and {} pixels", pixels.len() / scale.channels()),
                expected: "height times width pixels".into(),
            });
        }
        (sheet.height, sheet.width) = (height, width);
        sheet.tiles.push(Tile { row, column, label, pixels });
    }
    super::at_least_one(file, "tiles", &sheet.tiles)?;
    Ok(sheet)
}

type TileRecord = (usize, usize, String, usize, usize, Vec<f32>);
