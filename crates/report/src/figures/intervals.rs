//! Means with their intervals against a count, such as the test error by number of labels. If all
//! points have the same count, the series stand side by side.
//!
//! CSV: `series,x,y,low,high`, one line per point; series are in the order in which they first
//! appear. `low` and `high` are `NaN` for a mean without an interval.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key, Polyline, WIDTH};
use super::picture::Picture;
use super::{Layout, Meta};
use crate::answer::Styles;
use crate::error::Error;
use crate::group::distinct;
use crate::rows::{Row, SummaryRow};
use crate::table::{read_csv, to_csv};

/// Series of means with intervals. The horizontal axis is logarithmic, with a tick at every x that
/// occurs. The vertical axis starts at 0, or is logarithmic if the largest mean is more than eight
/// times the smallest, so that small means remain distinguishable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Intervals {
    /// Title, caption and place on the page.
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
    /// The means, in the order of the line through them.
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
    /// The test error by number of labels at one depth.
    pub fn from_summary(rows: &[SummaryRow], depth: usize, meta: Meta) -> Self {
        let mut rows: Vec<&SummaryRow> = rows.iter().filter(|row| row.depth == depth).collect();
        let methods = distinct(rows.iter().map(|row| row.method.clone()));
        rows.sort_by_key(|row| row.labels);
        let points = |method: &str| {
            let own = rows.iter().filter(|row| row.method == method);
            own.map(|row| IntervalPoint {
                x: row.labels as f64,
                y: row.test_error_pct_mean,
                low: row.ci95_low,
                high: row.ci95_high,
            })
            .collect()
        };
        let series = methods
            .into_iter()
            .map(|name| IntervalSeries { points: points(&name), name })
            .collect();
        let one_count = rows.iter().all(|row| row.labels == rows[0].labels);
        let x_title = if one_count { "" } else { "labelled training samples" }.into();
        Self { meta, x_title, y_title: "test error (%)".into(), series }
    }

    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from
    /// them.
    ///
    /// # Errors
    /// [`Error::Write`] when a file cannot be written, [`Error::Figure`] when the name cannot be
    /// that of a file.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
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
        let (x_title, y_title) = (self.x_title.clone(), self.y_title.clone());
        let description = Description { x_title, y_title };
        super::save(dir, name, to_csv(&rows), &self.meta, description, styles)
    }
}

/// The part of the figure that its CSV file does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    x_title: String,
    y_title: String,
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

const HEIGHT: f64 = 420.0;
/// Distance between the points of two series at the same x.
const DODGE: f64 = 6.0;

impl Layout for Description {
    fn layout(&self, csv: &Path, title: &str, styles: &Styles) -> Result<Picture, Error> {
        let rows: Vec<PointRow> = read_csv(csv)?;
        let names = distinct(rows.iter().map(|row| row.series.as_str()));
        let keys = Key::of_series(&names, styles);
        let one_count = !rows.is_empty() && rows.iter().all(|row| row.x == rows[0].x);
        Ok(if one_count {
            self.side_by_side(&rows, &names, &keys, title)
        } else {
            self.by_count(&rows, &keys, title)
        })
    }
}

impl Description {
    /// Lines over counts. Series are shifted sideways so that their bars do not cover each other.
    fn by_count(&self, rows: &[PointRow], keys: &[Key], title: &str) -> Picture {
        let (mut picture, top) = chart::page(title, keys, HEIGHT);
        let area = Area { left: 0.0, top, width: WIDTH, height: HEIGHT };
        let x = Axis::counts(rows.iter().map(|row| row.x));
        let y = vertical_axis(rows);
        let bottom = y.low;
        let y_title = match y.scale {
            AxisScale::Linear => self.y_title.clone(),
            AxisScale::Log => format!("{}, logarithmic", self.y_title),
        };
        let frame = chart::frame(&mut picture, area, "", &self.x_title, &y_title, x, y);
        let shifted = |i: usize| {
            let shift = (i as f64 - (keys.len() as f64 - 1.0) / 2.0) * DODGE;
            let frame = &frame;
            move |x: f64, y: f64| frame.at(x, y).map(|(right, down)| (right + shift, down))
        };
        let own = |key: &Key| rows.iter().filter(|row| row.series == key.name).collect::<Vec<_>>();
        let series = |(i, key)| {
            let at = shifted(i);
            Polyline { points: own(key).iter().map(|row| at(row.x, row.y)).collect(), key }
        };
        let all: Vec<Polyline> = keys.iter().enumerate().map(series).collect();
        for series in &all {
            chart::polyline(&mut picture, series);
        }
        for (i, key) in keys.iter().enumerate() {
            let at = shifted(i);
            for row in own(key) {
                // An interval may extend below a logarithmic axis.
                let low = if row.low < bottom { bottom } else { row.low };
                if let (Some(low), Some(high)) = (at(row.x, low), at(row.x, row.high)) {
                    chart::interval(&mut picture, low, high, key.color);
                }
            }
            chart::markers(&mut picture, &all[i]);
        }
        picture
    }

    /// The series of one count, each above its name. The vertical axis need not start at 0.
    fn side_by_side(
        &self,
        rows: &[PointRow],
        names: &[&str],
        keys: &[Key],
        title: &str,
    ) -> Picture {
        let (mut picture, top) = chart::page(title, &[], HEIGHT);
        let area = Area { left: 0.0, top, width: WIDTH, height: HEIGHT };
        let all = rows.iter().flat_map(|row| [row.y, row.low, row.high]);
        let (x, y) = (Axis::names(names), Axis::fit(all, AxisScale::Linear));
        let frame = chart::frame(&mut picture, area, "", "", &self.y_title, x, y);
        for (i, key) in keys.iter().enumerate() {
            let at = |y: f64| frame.at(i as f64, y);
            let own = || rows.iter().filter(|row| row.series == key.name);
            for row in own() {
                if let (Some(low), Some(high)) = (at(row.low), at(row.high)) {
                    chart::interval(&mut picture, low, high, key.color);
                }
            }
            let points = own().map(|row| at(row.y)).collect();
            chart::markers(&mut picture, &Polyline { points, key });
        }
        picture
    }
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
