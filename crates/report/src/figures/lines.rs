//! Curves in panels: what was measured after each epoch.
//!
//! CSV: `panel,series,x,y`, one line a point, panels and series in the order in which they appear.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key, Polyline};
use super::palette::{Palette, marker_of};
use super::picture::Picture;
use super::{Drawing, Meta};
use crate::error::Error;
use crate::rows::{MetricRow, Row};
use crate::table::{read_csv, write_csv};

/// Panels side by side, each with its own axes and curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    /// What the figure says of itself.
    pub meta: Meta,
    /// From left to right, at most three in a row.
    pub panels: Vec<Panel>,
}

/// One pair of axes and its curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// Title above the panel; no two panels of a figure have the same.
    pub title: String,
    /// Title of the horizontal axis, with its unit.
    pub x_title: String,
    /// Title of the vertical axis, with its unit.
    pub y_title: String,
    /// Scale of the vertical axis. On a logarithmic one, values that are not positive are left out.
    pub y_scale: AxisScale,
    /// The curves. One name has one colour in all panels.
    pub curves: Vec<Curve>,
}

/// One curve. Where a number is not finite, it is interrupted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// (x, y), in the order of drawing.
    pub points: Vec<(f64, f64)>,
}

impl Lines {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Figure`] when there is nothing to draw.
    pub fn write(&self, dir: &Path, name: &str) -> Result<(), Error> {
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
        write_csv(&super::csv_of(dir, name)?, &rows)?;
        let axes = |panel: &Panel| Axes {
            title: panel.title.clone(),
            x_title: panel.x_title.clone(),
            y_title: panel.y_title.clone(),
            y_scale: panel.y_scale,
        };
        let panels = self.panels.iter().map(axes).collect();
        super::finish(dir, name, &self.meta, Drawing::Lines { panels })
    }
}

impl Panel {
    /// The rows of one metric against their epoch, one curve for each name that `series` gives;
    /// rows that it gives none, and rows without an epoch, are left out.
    pub fn over_epochs(
        rows: &[MetricRow],
        metric: &str,
        series: impl Fn(&MetricRow) -> Option<String>,
    ) -> Self {
        let mut curves: Vec<Curve> = Vec::new();
        for row in rows.iter().filter(|row| row.metric == metric) {
            let (Some(name), Some(epoch)) = (series(row), row.epoch) else { continue };
            let point = (epoch as f64, row.value);
            match curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push(point),
                None => curves.push(Curve { name, points: vec![point] }),
            }
        }
        Self { title: metric.into(), x_title: "epoch".into(), curves, ..Self::default() }
    }
}

/// What a panel has beside its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Axes {
    title: String,
    x_title: String,
    y_title: String,
    y_scale: AxisScale,
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

const WIDTH: f64 = 840.0;
const PANEL_HEIGHT: f64 = 280.0;
const GAP: f64 = 28.0;

/// The drawing of a CSV file.
pub(super) fn layout(csv: &Path, title: &str, panels: &[Axes]) -> Result<Picture, Error> {
    let rows: Vec<PointRow> = read_csv(csv)?;
    if panels.is_empty() {
        return Err(Error::Figure {
            file: csv.to_owned(),
            found: "no panel in the description".into(),
            expected: "at least one",
        });
    }
    let mut names: Vec<&str> = Vec::new();
    for row in &rows {
        if !names.contains(&row.series.as_str()) {
            names.push(&row.series);
        }
    }
    let mut palette = Palette::of(names.iter().copied());
    let keys: Vec<Key> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Key::new(name, palette.color(name), marker_of(i)))
        .collect();

    let columns = if panels.len() == 4 { 2 } else { panels.len().min(3) };
    let panel_width = (WIDTH - GAP * (columns as f64 - 1.0)) / columns as f64;
    let lines = panels.len().div_ceil(columns);
    let legend = chart::legend_height(&keys, WIDTH);
    let height = chart::TITLE_BAND + legend + lines as f64 * (PANEL_HEIGHT + GAP) - GAP;
    let mut picture = Picture::new(WIDTH, height);
    chart::title(&mut picture, title);
    chart::legend(&mut picture, &keys, WIDTH);
    for (i, panel) in panels.iter().enumerate() {
        let area = Area {
            left: (i % columns) as f64 * (panel_width + GAP),
            top: chart::TITLE_BAND + legend + (i / columns) as f64 * (PANEL_HEIGHT + GAP),
            width: panel_width,
            height: PANEL_HEIGHT,
        };
        draw_panel(&mut picture, area, panel, &rows, &keys);
    }
    Ok(picture)
}

fn draw_panel(picture: &mut Picture, area: Area, panel: &Axes, rows: &[PointRow], keys: &[Key]) {
    let here = || rows.iter().filter(|row| row.panel == panel.title);
    let x = Axis::fit(here().map(|row| row.x), AxisScale::Linear);
    let y = Axis::fit(here().map(|row| row.y), panel.y_scale);
    let frame = chart::frame(picture, area, &panel.title, &panel.x_title, &panel.y_title, x, y);
    for key in keys {
        let own = here().filter(|row| row.series == key.name);
        let series = Polyline { points: own.map(|row| frame.at(row.x, row.y)).collect(), key };
        chart::polyline(picture, &series);
        chart::markers(picture, &series);
    }
}
