//! Values with their intervals in rows, such as differences between methods.
//!
//! CSV: `group,label,series,value,low,high`, one line per row; groups are in order of first appearance. `low`
//! and `high` are `NaN` for a value without an interval. `series` names the method that determines the row's
//! colour.

use std::path::Path;

use number_text::{fixed, signed};
use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, Key};
use super::picture::{Anchor, Picture, Weight};
use super::{Layout, Meta, text};
use crate::answer::Styles;
use crate::error::Error;
use crate::group::distinct;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};

/// Rows of values with intervals beside a line at zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forest {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Title of the horizontal axis, with its unit.
    pub x_title: String,
    /// Rows from top to bottom.
    pub rows: Vec<ForestRow>,
}

/// One value and its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestRow {
    /// Heading above the row; may be empty.
    pub group: String,
    /// Text to the left of the value.
    pub label: String,
    /// Name of the series that determines colour and marker.
    pub series: String,
    /// The value.
    pub value: f64,
    /// Lower end of the interval, or NaN.
    pub low: f64,
    /// Upper end of the interval, or NaN.
    pub high: f64,
}

impl Row for ForestRow {
    const COLUMNS: &'static [&'static str] = &["group", "label", "series", "value", "low", "high"];
}

impl Forest {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there are no rows or the name is
    /// not a valid file name.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let description = Description { x_title: self.x_title.clone() };
        super::save(dir, name, to_csv(&self.rows), &self.meta, description, styles)
    }
}

/// The part of the figure that is not in its CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    x_title: String,
}

impl Layout for Description {
    fn series(&self, csv: &Path) -> Result<Vec<String>, Error> {
        let rows: Vec<ForestRow> = read_csv(csv)?;
        Ok(distinct(rows.into_iter().map(|row| row.series)))
    }

    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        width: f64,
    ) -> Result<Picture, Error> {
        let rows: Vec<ForestRow> = read_csv(csv)?;
        super::at_least_one(csv, "rows", &rows)?;
        let axis = Axis::fit(
            rows.iter().flat_map(|row| [row.value, row.low, row.high]).chain([0.0]),
            AxisScale::Linear,
        );
        Ok(draw(&rows, axis, &self.x_title, title, styles, width, &|value| signed(value, 2)))
    }
}

const ROW: f64 = 24.0;
const HEADING: f64 = 30.0;
const AXIS: f64 = 52.0;
const LABEL_SIZE: f64 = 12.5;

/// The rows below each other. On a narrow picture a row's label is above it, and its numbers appear only in
/// the table.
pub(super) fn draw(
    rows: &[ForestRow],
    axis: Axis,
    x_title: &str,
    title: &str,
    styles: &Styles,
    width: f64,
    written: &dyn Fn(f64) -> String,
) -> Picture {
    let language = styles.language;
    let numbers_of = |row: &ForestRow| numbers_of(language, row, written);
    let narrow = chart::is_narrow(width);
    let step = if narrow { 2.0 * ROW - 6.0 } else { ROW };
    let groups = distinct(rows.iter().map(|row| row.group.as_str()));
    let n_headings = groups.iter().filter(|group| !group.is_empty()).count();
    let room = rows.len() as f64 * step + n_headings as f64 * HEADING;
    let (mut picture, top) = chart::page(title, &[], width, room + AXIS);
    let widest = |texts: &mut dyn Iterator<Item = String>| {
        texts.map(|it| text::width(&it, LABEL_SIZE, Weight::Regular)).fold(0.0, f64::max)
    };
    let (mut left, mut right) = (6.0, 6.0);
    if !narrow {
        left =
            widest(&mut rows.iter().map(|row| language.stored(&row.label))).min(0.4 * width) + 16.0;
        right = widest(&mut rows.iter().map(numbers_of)) + 16.0;
    }
    let inner = Area { left, top, width: width - left - right, height: room };
    let at = |value: f64| axis.share(value).map(|share| inner.left + share * inner.width);
    grid(&mut picture, &axis, inner, &language.stored(x_title));

    let names = distinct(rows.iter().map(|row| row.series.as_str()));
    let keys = Key::of_series(&names, styles);
    let mut y = top;
    for group in groups {
        if !group.is_empty() {
            let place = (2.0, y + HEADING / 2.0 + 2.0);
            let group = language.stored(group);
            picture.push(chart::label(place, &group, 13.0, Anchor::Start, Weight::Semibold));
            y += HEADING;
        }
        for row in rows.iter().filter(|row| row.group == group) {
            let Some(key) = keys.iter().find(|key| key.name == row.series) else { continue };
            let middle = y + step - ROW / 2.0;
            let words = language.stored(&row.label);
            picture.within(key.group(), |picture| {
                let label =
                    |text: &str, limit: f64| text::fitted(text, LABEL_SIZE, Weight::Regular, limit);
                if narrow {
                    let label = label(&words, width);
                    let place = (2.0, y + 10.0);
                    let mark =
                        chart::label(place, &label, LABEL_SIZE, Anchor::Start, Weight::Regular);
                    picture.push(mark);
                } else {
                    let (name, numbers) = (label(&words, left - 14.0), numbers_of(row));
                    let place = (left - 12.0, middle);
                    picture.push(chart::label(
                        place,
                        &name,
                        LABEL_SIZE,
                        Anchor::End,
                        Weight::Regular,
                    ));
                    picture.push(chart::quiet((width - 2.0, middle), &numbers, Anchor::End));
                }
                if let (Some(low), Some(high)) = (at(row.low), at(row.high)) {
                    picture.line((low, middle), (high, middle), key.color, 2.0);
                    for end in [low, high] {
                        picture.line((end, middle - 4.0), (end, middle + 4.0), key.color, 1.5);
                    }
                }
                if let Some(x) = at(row.value) {
                    chart::marker(picture, (x, middle), key, 1.15);
                    let text = format!("{words}: {}", numbers_of(row));
                    picture.tip((x, middle), 12.0, text);
                }
            });
            y += step;
        }
    }
    let spoken = |row: &ForestRow| {
        let [group, label] = [&row.group, &row.label].map(|text| language.stored(text));
        let group = if group.is_empty() { group } else { group + ", " };
        format!("{group}{label}: {}.", numbers_of(row))
    };
    picture.numbers = rows.iter().map(spoken).collect::<Vec<_>>().join(" ");
    picture
}

/// The value and its interval in words.
fn numbers_of(language: Language, row: &ForestRow, written: &dyn Fn(f64) -> String) -> String {
    if row.low.is_finite() && row.high.is_finite() {
        let [value, low, high] = [row.value, row.low, row.high].map(written);
        say!(language, "value-with-interval", value = value, low = low, high = high)
    } else {
        written(row.value)
    }
}

/// The text of a value without its sign.
pub(super) fn unsigned(value: f64) -> String {
    fixed(value, 2)
}

/// Vertical lines at the ticks, a thicker one at zero, and the axis below.
fn grid(picture: &mut Picture, axis: &Axis, inner: Area, x_title: &str) {
    let bottom = inner.top + inner.height + 4.0;
    let mut free = f64::NEG_INFINITY;
    for &tick in &axis.ticks {
        let Some(share) = axis.share(tick) else { continue };
        let x = inner.left + share * inner.width;
        let (color, width) = if tick == 0.0 { (chart::BASE, 1.5) } else { (chart::GRID, 1.0) };
        picture.line((x, inner.top), (x, bottom), color, width);
        let label = axis.label(tick);
        let half = text::width(&label, chart::TICK_SIZE, Weight::Regular) / 2.0;
        if x - half > free {
            picture.push(chart::quiet((x, bottom + 12.0), &label, Anchor::Middle));
            free = x + half + 6.0;
        }
    }
    let middle = inner.left + inner.width / 2.0;
    let title = text::fitted(x_title, chart::TICK_SIZE, Weight::Regular, inner.width);
    picture.push(chart::quiet((middle, bottom + 32.0), &title, Anchor::Middle));
}
