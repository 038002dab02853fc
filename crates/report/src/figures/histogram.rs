//! Histograms in panels, such as the weights of a model.
//!
//! CSV: `panel,series,low,high,share`, one line per interval; panels are in order of first appearance.

use std::path::Path;

use number_text::significant;
use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, GAP, Key};
use super::picture::{Mark, Picture};
use super::{Layout, Meta};
use crate::answer::Styles;
use crate::error::Error;
use crate::group::distinct;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};

/// Panels side by side, each with the histogram of one set of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Name of the model, which determines the colour of the bars.
    pub series: String,
    /// Panels from left to right.
    pub panels: Vec<HistogramPanel>,
}

/// The histogram of one set of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistogramPanel {
    /// Title above the panel, unique in the figure.
    pub title: String,
    /// Title of the horizontal axis, with its unit.
    pub x_title: String,
    /// Title of the vertical axis, with its unit.
    pub y_title: String,
    /// Scale of the vertical axis. On a logarithmic one, empty intervals have no bar.
    pub y_scale: AxisScale,
    /// The intervals, from low to high.
    pub bins: Vec<Bin>,
}

/// An interval and the share of the numbers in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Share of the numbers, in the unit of the vertical axis.
    pub share: f64,
}

impl Histogram {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there is no panel or the name is
    /// not a valid file name.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let rows = self.panels.iter().flat_map(|panel| {
            panel.bins.iter().map(|bin| BinRow {
                panel: panel.title.clone(),
                series: self.series.clone(),
                low: bin.low,
                high: bin.high,
                share: bin.share,
            })
        });
        let axes = |panel: &HistogramPanel| Axes {
            title: panel.title.clone(),
            x_title: panel.x_title.clone(),
            y_title: panel.y_title.clone(),
            y_scale: panel.y_scale,
        };
        let description = Description { panels: self.panels.iter().map(axes).collect() };
        let rows: Vec<BinRow> = rows.collect();
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
        [&self.title, &self.x_title, &self.y_title].map(|title| language.stored(title))
    }
}

/// A line of the CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct BinRow {
    panel: String,
    series: String,
    low: f64,
    high: f64,
    share: f64,
}

impl Row for BinRow {
    const COLUMNS: &'static [&'static str] = &["panel", "series", "low", "high", "share"];
}

const PANEL_HEIGHT: f64 = 250.0;

impl Layout for Description {
    fn series(&self, csv: &Path) -> Result<Vec<String>, Error> {
        let rows: Vec<BinRow> = read_csv(csv)?;
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
        let rows: Vec<BinRow> = read_csv(csv)?;
        let columns = if chart::is_narrow(full_width) { 1 } else { panels.len() };
        let width = (full_width - GAP * (columns as f64 - 1.0)) / columns as f64;
        let lines = panels.len().div_ceil(columns);
        let height = lines as f64 * (PANEL_HEIGHT + GAP) - GAP;
        let (mut picture, top) = chart::page(title, &[], full_width, height);
        for (i, panel) in panels.iter().enumerate() {
            let area = Area {
                left: (i % columns) as f64 * (width + GAP),
                top: top + (i / columns) as f64 * (PANEL_HEIGHT + GAP),
                width,
                height: PANEL_HEIGHT,
            };
            let bins: Vec<&BinRow> = rows.iter().filter(|row| row.panel == panel.title).collect();
            draw_panel(&mut picture, area, panel, &bins, styles);
        }
        picture.numbers =
            panels.iter().map(|panel| numbers(styles.language, panel, &rows)).collect::<String>();
        Ok(picture)
    }
}

fn draw_panel(picture: &mut Picture, area: Area, panel: &Axes, bins: &[&BinRow], styles: &Styles) {
    let x = Axis::fit(bins.iter().flat_map(|bin| [bin.low, bin.high]), AxisScale::Linear);
    let shares = bins.iter().map(|bin| bin.share);
    let y = match panel.y_scale {
        AxisScale::Linear => Axis::fit(shares.chain([0.0]), AxisScale::Linear),
        // Even the bar of the smallest share has some height.
        AxisScale::Log => Axis::fit(shares.flat_map(|share| [share, share / 2.0]), AxisScale::Log),
    };
    let floor = y.low;
    let language = styles.language;
    let [title, x_title, y_title] = panel.words(language);
    let frame = chart::frame(picture, area, &title, &x_title, &y_title, x, y);
    let Some(first) = bins.first() else { return };
    let keys = Key::of_series(&[&first.series], styles);
    for bin in bins {
        let corners = [(bin.low, floor), (bin.low, bin.share), (bin.high, bin.share)];
        let [Some(bottom), Some(left), Some(right)] = corners.map(|(x, y)| frame.at(x, y)) else {
            continue;
        };
        if bin.share <= 0.0 {
            continue;
        }
        // A gap of half a point separates the bars.
        let (from, to) = (left.0 + 0.5, (right.0 - 0.5).max(left.0 + 1.0));
        let points = vec![(from, bottom.1), (from, left.1), (to, left.1), (to, bottom.1)];
        picture.push(Mark::Polygon { points, color: keys[0].color });
        let [low, high, share] = [bin.low, bin.high, bin.share].map(significant);
        let middle = (f64::midpoint(from, to), f64::midpoint(left.1, bottom.1));
        let tip = say!(language, "drawn-bar", low = low, high = high, share = share);
        picture.tip(middle, (to - from) / 2.0 + 3.0, tip);
    }
}

/// The interval with the largest share, in a sentence.
fn numbers(language: Language, panel: &Axes, rows: &[BinRow]) -> String {
    let own = rows.iter().filter(|row| row.panel == panel.title);
    let Some(bin) = own.max_by(|a, b| a.share.total_cmp(&b.share)) else { return String::new() };
    let [low, high, share] = [bin.low, bin.high, bin.share].map(significant);
    let [title, x_title, y_title] = panel.words(language);
    let name = if title.is_empty() { x_title } else { title };
    let highest = say!(
        language,
        "drawn-highest-bar",
        name = name,
        low = low,
        high = high,
        share = share,
        title = y_title
    );
    highest + " "
}
