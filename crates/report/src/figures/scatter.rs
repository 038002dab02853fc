//! Points in the plane, coloured by class, such as two-dimensional codes.
//!
//! CSV: `panel,class,x,y`, one line per point. Classes are in the order of their names.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, GAP, Key, WIDTH};
use super::palette::Marker;
use super::picture::{Mark, Picture};
use super::{Layout, Meta};
use crate::answer::{Rgb, Styles};
use crate::error::Error;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};

/// Panels of points side by side, with the same classes in all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scatter {
    /// Title, caption and place on the page.
    pub meta: Meta,
    /// Panels from left to right.
    pub panels: Vec<ScatterPanel>,
}

/// The points of one panel, with its own axes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScatterPanel {
    /// Title of the panel, unique in the figure.
    pub title: String,
    /// Class and coordinates of each point.
    pub points: Vec<(String, [f64; 2])>,
}

impl Scatter {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`] when a file cannot be written, [`Error::Figure`] when there is no panel or
    /// the name cannot be that of a file.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let mut rows = Vec::new();
        for panel in &self.panels {
            rows.extend(panel.points.iter().map(|(class, [x, y])| PointRow {
                panel: panel.title.clone(),
                class: class.clone(),
                x: *x,
                y: *y,
            }));
        }
        let panels = self.panels.iter().map(|panel| panel.title.clone()).collect();
        let description = Description { panels };
        super::save(dir, name, to_csv(&rows), &self.meta, description, styles)
    }
}

/// The part of the figure that its CSV file does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    /// Titles of the panels.
    panels: Vec<String>,
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

const RADIUS: f64 = 1.8;

/// Ten colours, one per digit, as in Tableau. Readers with a colour-vision deficiency cannot
/// distinguish all of them.
const CLASSES: [Rgb; 10] = [
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

impl Layout for Description {
    fn layout(&self, csv: &Path, title: &str, _styles: &Styles) -> Result<Picture, Error> {
        let panels = super::at_least_one(csv, "panels", &self.panels)?;
        let rows: Vec<PointRow> = read_csv(csv)?;
        let mut classes: Vec<&str> = rows.iter().map(|row| row.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let color = |i: usize| CLASSES[i % CLASSES.len()];
        let keys: Vec<Key> = (classes.iter().enumerate())
            .map(|(i, class)| Key::new(class, color(i), Marker::Circle))
            .collect();

        let width = (WIDTH - GAP * (panels.len() as f64 - 1.0)) / panels.len() as f64;
        let height = width + 48.0;
        let (mut picture, top) = chart::page(title, &keys, height);
        for (i, panel) in panels.iter().enumerate() {
            let area = Area { left: i as f64 * (width + GAP), top, width, height };
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
}
