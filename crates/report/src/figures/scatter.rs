//! Points in the plane, coloured by class: two-dimensional codes.
//!
//! CSV: `panel,class,x,y`, one line a point. Classes are in the order of their names.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key};
use super::palette::Marker;
use super::picture::{Color, Mark, Picture};
use super::{Drawing, Meta};
use crate::error::Error;
use crate::rows::Row;
use crate::table::{read_csv, write_csv};

/// Panels of points side by side, the classes the same in all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scatter {
    /// What the figure says of itself.
    pub meta: Meta,
    /// From left to right.
    pub panels: Vec<ScatterPanel>,
}

/// The points of one panel, on axes of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScatterPanel {
    /// Title of the panel.
    pub title: String,
    /// Class and place of each point.
    pub points: Vec<(String, [f64; 2])>,
}

impl Scatter {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Figure`] when there is nothing to draw.
    pub fn write(&self, dir: &Path, name: &str) -> Result<(), Error> {
        let mut rows = Vec::new();
        for panel in &self.panels {
            rows.extend(panel.points.iter().map(|(class, [x, y])| PointRow {
                panel: panel.title.clone(),
                class: class.clone(),
                x: *x,
                y: *y,
            }));
        }
        write_csv(&super::csv_of(dir, name)?, &rows)?;
        let panels = self.panels.iter().map(|panel| panel.title.clone()).collect();
        super::finish(dir, name, &self.meta, Drawing::Scatter { panels })
    }
}

/// A line of the CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PointRow {
    panel: String,
    class: String,
    x: f64,
    y: f64,
}

impl Row for PointRow {
    const COLUMNS: &'static [&'static str] = &["panel", "class", "x", "y"];
}

const WIDTH: f64 = 840.0;
const GAP: f64 = 28.0;
const RADIUS: f64 = 1.8;

/// Ten colours, after Tableau's: more than the colour-blind tell apart, for there are ten digits.
const CLASSES: [Color; 10] = [
    (31, 119, 180),
    (255, 127, 14),
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
    (140, 86, 75),
    (227, 119, 194),
    (127, 127, 127),
    (188, 189, 34),
    (23, 190, 207),
];

/// The drawing of a CSV file.
pub(super) fn layout(csv: &Path, title: &str, panels: &[String]) -> Result<Picture, Error> {
    let rows: Vec<PointRow> = read_csv(csv)?;
    if panels.is_empty() {
        return Err(Error::Figure {
            file: csv.to_owned(),
            found: "no panel in the description".into(),
            expected: "at least one",
        });
    }
    let mut classes: Vec<&str> = rows.iter().map(|row| row.class.as_str()).collect();
    classes.sort_unstable();
    classes.dedup();
    let color = |i: usize| CLASSES[i % CLASSES.len()];
    let keys: Vec<Key> = (classes.iter().enumerate())
        .map(|(i, class)| Key::new(class, color(i), Marker::Circle))
        .collect();

    let width = (WIDTH - GAP * (panels.len() as f64 - 1.0)) / panels.len() as f64;
    let legend = chart::legend_height(&keys, WIDTH);
    let top = chart::TITLE_BAND + legend;
    let mut picture = Picture::new(WIDTH, top + width + 48.0);
    chart::title(&mut picture, title);
    chart::legend(&mut picture, &keys, WIDTH);
    for (i, panel) in panels.iter().enumerate() {
        let left = i as f64 * (width + GAP);
        let area = Area { left, top, width, height: width + 48.0 };
        let here = || rows.iter().filter(|row| row.panel == *panel);
        let x = Axis::fit(here().map(|row| row.x), AxisScale::Linear);
        let y = Axis::fit(here().map(|row| row.y), AxisScale::Linear);
        let frame = chart::frame(&mut picture, area, panel, "first", "second", x, y);
        for row in here() {
            let class = classes.binary_search(&row.class.as_str()).unwrap_or_default();
            if let Some(center) = frame.at(row.x, row.y) {
                picture.push(Mark::Circle { center, radius: RADIUS, color: color(class) });
            }
        }
    }
    Ok(picture)
}
