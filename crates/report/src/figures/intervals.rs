//! Means with their intervals against a count, such as the test error by number of labels. If all points have
//! the same count, the series are placed side by side.
//!
//! CSV: `series,x,y,low,high`, one line per point; series are in order of first appearance. `low` and `high`
//! are `NaN` for a mean without an interval.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key, Polyline};
use super::forest::{self, ForestRow};
use super::picture::{Anchor, Picture, Point, Weight};
use super::{Layout, Meta, text};
use crate::answer::Styles;
use crate::error::Error;
use crate::group::distinct;
use crate::rows::{Row, SummaryRow};
use crate::table::{read_csv, to_csv};
use number_text::fixed;
use wording::{Language, say};

/// Series of means with intervals. The horizontal axis is logarithmic, with a tick at every x that occurs.
/// The vertical axis starts at 0, or is logarithmic if the largest mean is more than eight times the
/// smallest, so that small means remain distinguishable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Intervals {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Title of the horizontal axis.
    pub x_title: String,
    /// Title of the vertical axis.
    pub y_title: String,
    /// The series, in legend order.
    pub series: Vec<IntervalSeries>,
}

/// The means of one method.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntervalSeries {
    /// Name in the legend.
    pub name: String,
    /// The means, in the order of the connecting line.
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

    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if the name is not a valid file name.
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

/// The part of the figure that is not in its CSV file.
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
const NARROW_HEIGHT: f64 = 320.0;
const LABEL_SIZE: f64 = 12.5;
/// Distance between the points of two series at the same x.
const DODGE: f64 = 6.0;

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
        width: f64,
    ) -> Result<Picture, Error> {
        let rows: Vec<PointRow> = read_csv(csv)?;
        let one_count = !rows.is_empty() && rows.iter().all(|row| row.x == rows[0].x);
        Ok(if one_count {
            self.one_count(&rows, title, styles, width)
        } else {
            let names = distinct(rows.iter().map(|row| row.series.as_str()));
            self.by_count(&rows, &Key::of_series(&names, styles), title, (styles.language, width))
        })
    }
}

impl Description {
    /// Lines over counts. Series are shifted sideways so that their bars do not overlap, and on a wide
    /// picture each also has its name at its right end.
    fn by_count(
        &self,
        rows: &[PointRow],
        keys: &[Key],
        title: &str,
        (language, width): (Language, f64),
    ) -> Picture {
        let narrow = chart::is_narrow(width);
        let height = if narrow { NARROW_HEIGHT } else { HEIGHT };
        let (mut picture, top) = chart::page(title, keys, width, height);
        let names = keys.iter().map(|key| text::width(&key.words, LABEL_SIZE, Weight::Regular));
        let room = if narrow { 0.0 } else { names.fold(0.0, f64::max) };
        let area = Area { left: 0.0, top, width: width - room, height };
        let x = Axis::counts(rows.iter().map(|row| row.x));
        let y = vertical_axis(rows);
        let bottom = y.low;
        let [x_title, mut y_title] = [&self.x_title, &self.y_title].map(|it| language.stored(it));
        if y.scale == AxisScale::Log {
            y_title = say!(language, "drawn-logarithmic", title = y_title);
        }
        let frame = chart::frame(&mut picture, area, "", &x_title, &y_title, x, y);
        let dodge = if narrow { DODGE / 2.0 } else { DODGE };
        let shifted = |i: usize| {
            let shift = (i as f64 - (keys.len() as f64 - 1.0) / 2.0) * dodge;
            let frame = &frame;
            move |x: f64, y: f64| frame.at(x, y).map(|(right, down)| (right + shift, down))
        };
        let mut ends = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            let at = shifted(i);
            let own: Vec<&PointRow> = rows.iter().filter(|row| row.series == key.name).collect();
            let series = Polyline { points: own.iter().map(|row| at(row.x, row.y)).collect(), key };
            picture.within(key.group(), |picture| {
                chart::polyline(picture, &series);
                for row in &own {
                    let is_cut = row.low < bottom;
                    let low = at(row.x, if is_cut { bottom } else { row.low });
                    if let (Some(low), Some(high)) = (low, at(row.x, row.high)) {
                        chart::interval(picture, low, high, key.color);
                        if is_cut {
                            chart::continues_below(picture, low, key.color);
                        }
                    }
                }
                chart::markers(picture, &series);
                for row in &own {
                    if let Some(point) = at(row.x, row.y) {
                        let (at, numbers) = (fixed(row.x, 0), numbers_of(language, row));
                        let text = format!("{}, {at}: {numbers}", key.words);
                        picture.tip(point, 8.0, text);
                    }
                }
            });
            ends.extend(series.points.iter().copied().flatten().next_back().map(|end| (end, key)));
        }
        if !narrow {
            name_ends(&mut picture, ends);
        }
        let spoken = |key: &Key| {
            let own = rows.iter().filter(|row| row.series == key.name);
            let at = |row: &PointRow| {
                let (mean, count) = (numbers_of(language, row), fixed(row.x, 0));
                say!(language, "drawn-mean", mean = mean, count = count)
            };
            let values = own.map(at);
            format!("{}: {}.", key.words, values.collect::<Vec<_>>().join("; "))
        };
        picture.numbers = keys.iter().map(spoken).collect::<Vec<_>>().join(" ");
        picture
    }

    /// The series of one count, each beside its name. The axis need not start at 0.
    fn one_count(&self, rows: &[PointRow], title: &str, styles: &Styles, width: f64) -> Picture {
        let row = |row: &PointRow| ForestRow {
            group: String::new(),
            label: row.series.clone(),
            series: row.series.clone(),
            value: row.y,
            low: row.low,
            high: row.high,
        };
        let axis =
            Axis::fit(rows.iter().flat_map(|row| [row.y, row.low, row.high]), AxisScale::Linear);
        let rows: Vec<ForestRow> = rows.iter().map(row).collect();
        forest::draw(&rows, axis, &self.y_title, title, styles, width, &forest::unsigned)
    }
}

/// Writes the name of each series beside its last point. Overlapping names are moved apart.
fn name_ends(picture: &mut Picture, mut ends: Vec<(Point, &Key)>) {
    const LINE: f64 = 15.0;
    ends.sort_by(|a, b| a.0.1.total_cmp(&b.0.1));
    let right = ends.iter().map(|(end, _)| end.0).fold(0.0, f64::max) + 12.0;
    let mut places: Vec<f64> = ends.iter().map(|(end, _)| end.1).collect();
    for _ in 0..100 {
        for i in 1..places.len() {
            let overlap = places[i - 1] + LINE - places[i];
            if overlap > 0.0 {
                places[i - 1] -= overlap / 2.0;
                places[i] += overlap / 2.0;
            }
        }
    }
    for ((end, key), y) in ends.iter().zip(places) {
        // A series that ends slightly earlier also has its name at the right edge.
        picture.within(key.group(), |picture| {
            if (end.0 - right).abs() < 80.0 {
                let at = (right, y);
                let mark = chart::label(at, &key.words, LABEL_SIZE, Anchor::Start, Weight::Regular);
                picture.push(mark);
            }
        });
    }
}

/// The mean and its interval in words.
fn numbers_of(language: Language, row: &PointRow) -> String {
    if row.low.is_finite() && row.high.is_finite() {
        let [value, low, high] = [row.y, row.low, row.high].map(|number| fixed(number, 2));
        say!(language, "value-with-interval", value = value, low = low, high = high)
    } else {
        fixed(row.y, 2)
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
