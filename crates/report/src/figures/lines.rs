//! Curves in panels, such as a metric over epochs.
//!
//! CSV: `panel,series,x,y`, one line per point; panels and series are in order of first appearance.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, GAP, Key, Polyline};
use super::picture::Picture;
use super::{Layout, Meta};
use crate::answer::Styles;
use crate::error::Error;
use crate::group::distinct;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};
use number_text::significant;
use wording::{Language, say};

/// Panels side by side, each with its own axes and curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Panels from left to right, at most three in a row; four form two rows of two.
    pub panels: Vec<Panel>,
}

/// One pair of axes and its curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// Title above the panel, unique in the figure.
    pub title: String,
    /// Title of the horizontal axis, with its unit.
    pub x_title: String,
    /// Title of the vertical axis, with its unit.
    pub y_title: String,
    /// Scale of the vertical axis. A logarithmic one omits values that are not positive.
    pub y_scale: AxisScale,
    /// The curves. Equal names have equal colours in all panels.
    pub curves: Vec<Curve>,
}

/// One curve, interrupted where a number is not finite.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Points (x, y), in the order of drawing.
    pub points: Vec<(f64, f64)>,
}

impl Lines {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there is no panel or the name is
    /// not a valid file name.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let mut rows = Vec::new();
        for panel in &self.panels {
            for curve in &panel.curves {
                rows.extend(curve.points.iter().map(|&(x, y)| PointRow {
                    panel: panel.title.clone(),
                    series: curve.name.clone(),
                    x,
                    y,
                }));
            }
        }
        let axes = |panel: &Panel| Axes {
            title: panel.title.clone(),
            x_title: panel.x_title.clone(),
            y_title: panel.y_title.clone(),
            y_scale: panel.y_scale,
        };
        let description = Description { panels: self.panels.iter().map(axes).collect() };
        super::save(dir, name, to_csv(&rows), &self.meta, description, styles)
    }
}

/// The part of the figure that is not in its CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    panels: Vec<Axes>,
}

/// Titles and scale of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Axes {
    title: String,
    x_title: String,
    y_title: String,
    y_scale: AxisScale,
}

impl Axes {
    /// The titles of the panel and of both axes in a language.
    fn words(&self, language: Language) -> [String; 3] {
        let [title, x_title, mut y_title] =
            [&self.title, &self.x_title, &self.y_title].map(|title| language.stored(title));
        if self.y_scale == AxisScale::Log && !self.y_title.contains("log") {
            y_title = say!(language, "drawn-logarithmic", title = y_title);
        }
        [title, x_title, y_title]
    }
}

/// A line of the CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PointRow {
    panel: String,
    series: String,
    x: f64,
    y: f64,
}

impl Row for PointRow {
    const COLUMNS: &'static [&'static str] = &["panel", "series", "x", "y"];
}

const PANEL_HEIGHT: f64 = 280.0;
/// Distance from a point within which its values appear.
const TIP_RADIUS: f64 = 7.0;

impl Layout for Description {
    fn series(&self, csv: &Path) -> Result<Vec<String>, Error> {
        let rows: Vec<PointRow> = read_csv(csv)?;
        Ok(distinct(rows.into_iter().map(|row| row.series)))
    }

    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        full_width: f64,
    ) -> Result<Picture, Error> {
        let panels = super::at_least_one(csv, "panels", &self.panels)?;
        let rows: Vec<PointRow> = read_csv(csv)?;
        let names = distinct(rows.iter().map(|row| row.series.as_str()));
        let keys = Key::of_series(&names, styles);

        let columns = match panels.len() {
            _ if chart::is_narrow(full_width) => 1,
            4 => 2,
            n => n.min(3),
        };
        let width = (full_width - GAP * (columns as f64 - 1.0)) / columns as f64;
        let lines = panels.len().div_ceil(columns);
        let height = lines as f64 * (PANEL_HEIGHT + GAP) - GAP;
        let (mut picture, top) = chart::page(title, &keys, full_width, height);
        for (i, panel) in panels.iter().enumerate() {
            let area = Area {
                left: (i % columns) as f64 * (width + GAP),
                top: top + (i / columns) as f64 * (PANEL_HEIGHT + GAP),
                width,
                height: PANEL_HEIGHT,
            };
            draw_panel(&mut picture, area, panel, (&rows, &keys), (styles.language, full_width));
        }
        picture.numbers = numbers(styles.language, panels, &rows, &keys);
        Ok(picture)
    }
}

/// On a narrow picture, points have no tooltips, since users touch it instead of hovering.
fn draw_panel(
    picture: &mut Picture,
    area: Area,
    panel: &Axes,
    (rows, keys): (&[PointRow], &[Key]),
    (language, full_width): (Language, f64),
) {
    let here = || rows.iter().filter(|row| row.panel == panel.title);
    let x = Axis::fit(here().map(|row| row.x), AxisScale::Linear);
    let y = Axis::fit(here().map(|row| row.y), panel.y_scale);
    let [title, x_title, y_title] = panel.words(language);
    let frame = chart::frame(picture, area, &title, &x_title, &y_title, x, y);
    for key in keys {
        let own = here().filter(|row| row.series == key.name);
        let series = Polyline { points: own.map(|row| frame.at(row.x, row.y)).collect(), key };
        picture.within(key.group(), |picture| {
            chart::polyline(picture, &series);
            chart::markers(picture, &series);
            let has_tips = !chart::is_narrow(full_width);
            for row in here().filter(|row| has_tips && row.series == key.name) {
                if let Some(at) = frame.at(row.x, row.y) {
                    let (x, y) = (significant(row.x), significant(row.y));
                    let (name, title) = (key.words.as_str(), x_title.as_str());
                    let text =
                        say!(language, "drawn-point", name = name, y = y, title = title, x = x);
                    picture.tip(at, TIP_RADIUS, text);
                }
            }
        });
    }
}

/// The last values of all curves, in a sentence for each panel.
fn numbers(language: Language, panels: &[Axes], rows: &[PointRow], keys: &[Key]) -> String {
    let of_panel = |panel: &Axes| {
        let [title, x_title, y_title] = panel.words(language);
        let last = |key: &Key| {
            let is = |row: &&PointRow| row.panel == panel.title && row.series == key.name;
            let row = rows.iter().rfind(|row| is(row) && row.y.is_finite())?;
            let at = format!("{x_title} {}", significant(row.x));
            Some(format!("{} {} ({at})", key.words, significant(row.y)))
        };
        let values: Vec<String> = keys.iter().filter_map(last).collect();
        format!("{title}, {y_title}: {}.", values.join("; "))
    };
    panels.iter().map(of_panel).collect::<Vec<_>>().join(" ")
}
