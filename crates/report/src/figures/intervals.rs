//! Means with their intervals against a count: the test error by number of labels. Where there is
//! one count, the series stand side by side.
//!
//! CSV: `series,x,y,low,high`, one line a point, series in the order in which they appear. Without
//! an interval, `low` and `high` are `NaN`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key, Polyline};
use super::palette::{Palette, marker_of};
use super::picture::Picture;
use super::{Drawing, Meta};
use crate::error::Error;
use crate::rows::{Row, SummaryRow};
use crate::table::{read_csv, write_csv};

/// Series of means with intervals, the horizontal axis logarithmic with a tick at every x that
/// occurs. The vertical axis starts at 0, or is logarithmic when the means span more
/// than 8-fold, so that the small ones can be told apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Intervals {
    /// What the figure says of itself.
    pub meta: Meta,
    /// Title of the horizontal axis.
    pub x_title: String,
    /// Title of the vertical axis.
    pub y_title: String,
    /// The series, in the order of the legend.
    pub series: Vec<IntervalSeries>,
}

/// The means of one method.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntervalSeries {
    /// Name in the legend.
    pub name: String,
    /// In the order of the line through them.
    pub points: Vec<IntervalPoint>,
}

/// One mean and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalPoint {
    /// The count; positive.
    pub x: f64,
    /// The mean.
    pub y: f64,
    /// Lower end of the interval, or NaN.
    pub low: f64,
    /// Upper end of the interval, or NaN.
    pub high: f64,
}

impl Intervals {
    /// Test error by number of labels, from the rows of one depth.
    pub fn from_summary(rows: &[SummaryRow], depth: usize, meta: Meta) -> Self {
        let mut rows: Vec<&SummaryRow> = rows.iter().filter(|row| row.depth == depth).collect();
        let mut series: Vec<IntervalSeries> = Vec::new();
        for row in &rows {
            if !series.iter().any(|one| one.name == row.method) {
                series.push(IntervalSeries { name: row.method.clone(), points: Vec::new() });
            }
        }
        rows.sort_by_key(|row| row.labels);
        for one in &mut series {
            let own = rows.iter().filter(|row| row.method == one.name);
            one.points.extend(own.map(|row| IntervalPoint {
                x: row.labels as f64,
                y: row.test_error_pct_mean,
                low: row.ci95_low,
                high: row.ci95_high,
            }));
        }
        let one_count = rows.iter().all(|row| row.labels == rows[0].labels);
        let x_title = if one_count { "" } else { "labelled training samples" }.into();
        Self { meta, x_title, y_title: "test error (%)".into(), series }
    }

    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, dir: &Path, name: &str) -> Result<(), Error> {
        let mut rows = Vec::new();
        for series in &self.series {
            rows.extend(series.points.iter().map(|point| PointRow {
                series: series.name.clone(),
                x: point.x,
                y: point.y,
                low: point.low,
                high: point.high,
            }));
        }
        write_csv(&super::csv_of(dir, name)?, &rows)?;
        let (x_title, y_title) = (self.x_title.clone(), self.y_title.clone());
        super::finish(dir, name, &self.meta, Drawing::Intervals { x_title, y_title })
    }
}

/// A line of the CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PointRow {
    series: String,
    x: f64,
    y: f64,
    low: f64,
    high: f64,
}

impl Row for PointRow {
    const COLUMNS: &'static [&'static str] = &["series", "x", "y", "low", "high"];
}

const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 420.0;
/// Between the points of two series at one x.
const DODGE: f64 = 6.0;

/// The drawing of a CSV file.
pub(super) fn layout(
    csv: &Path,
    title: &str,
    x_title: &str,
    y_title: &str,
) -> Result<Picture, Error> {
    let rows: Vec<PointRow> = read_csv(csv)?;
    let mut names: Vec<&str> = Vec::new();
    for row in &rows {
        if !names.contains(&row.series.as_str()) {
            names.push(&row.series);
        }
    }
    if !rows.is_empty() && rows.iter().all(|row| row.x == rows[0].x) {
        return Ok(side_by_side(&rows, &names, title, y_title));
    }
    let mut palette = Palette::of(names.iter().copied());
    let keys: Vec<Key> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Key::new(name, palette.color(name), marker_of(i)))
        .collect();

    let legend = chart::legend_height(&keys, WIDTH);
    let mut picture = Picture::new(WIDTH, chart::TITLE_BAND + legend + HEIGHT);
    chart::title(&mut picture, title);
    chart::legend(&mut picture, &keys, WIDTH);
    let area = Area { left: 0.0, top: chart::TITLE_BAND + legend, width: WIDTH, height: HEIGHT };
    let x = Axis::counts(rows.iter().map(|row| row.x));
    let y = vertical_axis(&rows);
    let bottom = y.low;
    let y_title = match y.scale {
        AxisScale::Linear => y_title.to_owned(),
        AxisScale::Log => format!("{y_title}, logarithmic"),
    };
    let frame = chart::frame(&mut picture, area, "", x_title, &y_title, x, y);
    let dodged = |i: usize| {
        let shift = (i as f64 - (keys.len() as f64 - 1.0) / 2.0) * DODGE;
        let frame = &frame;
        move |x: f64, y: f64| frame.at(x, y).map(|(right, down)| (right + shift, down))
    };
    let own = |key: &Key| rows.iter().filter(|row| row.series == key.name).collect::<Vec<_>>();
    let all: Vec<Polyline> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| {
            let at = dodged(i);
            Polyline { points: own(key).iter().map(|row| at(row.x, row.y)).collect(), key }
        })
        .collect();
    for series in &all {
        chart::polyline(&mut picture, series);
    }
    for (i, key) in keys.iter().enumerate() {
        let at = dodged(i);
        for row in own(key) {
            // An interval may reach below a logarithmic axis.
            let low = if row.low < bottom { bottom } else { row.low };
            if let (Some(low), Some(high)) = (at(row.x, low), at(row.x, row.high)) {
                chart::interval(&mut picture, low, high, key.color);
            }
        }
        chart::markers(&mut picture, &all[i]);
    }
    Ok(picture)
}

/// The series of one count, each with its name below it; the vertical axis need not start at 0.
fn side_by_side(rows: &[PointRow], names: &[&str], title: &str, y_title: &str) -> Picture {
    let mut picture = Picture::new(WIDTH, chart::TITLE_BAND + HEIGHT);
    chart::title(&mut picture, title);
    let area = Area { left: 0.0, top: chart::TITLE_BAND, width: WIDTH, height: HEIGHT };
    let all = rows.iter().flat_map(|row| [row.y, row.low, row.high]);
    let (x, y) = (Axis::names(names), Axis::fit(all, AxisScale::Linear));
    let frame = chart::frame(&mut picture, area, "", "", y_title, x, y);
    let mut palette = Palette::of(names.iter().copied());
    for (i, name) in names.iter().enumerate() {
        let key = Key::new(name, palette.color(name), marker_of(i));
        let at = |y: f64| frame.at(i as f64, y);
        let own = || rows.iter().filter(|row| row.series == *name);
        for row in own() {
            if let (Some(low), Some(high)) = (at(row.low), at(row.high)) {
                chart::interval(&mut picture, low, high, key.color);
            }
        }
        let points = own().map(|row| at(row.y)).collect();
        chart::markers(&mut picture, &Polyline { points, key: &key });
    }
    picture
}

fn vertical_axis(rows: &[PointRow]) -> Axis {
    let means = || rows.iter().map(|row| row.y).filter(|y| y.is_finite());
    let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max));
    let all = rows.iter().flat_map(|row| [row.y, row.low, row.high]);
    if low > 0.0 && high > 8.0 * low {
        let floor = low / 2.0;
        Axis::fit(all.map(|value| if value < floor { floor } else { value }), AxisScale::Log)
    } else {
        Axis::fit(all.chain([0.0]), AxisScale::Linear)
    }
}
