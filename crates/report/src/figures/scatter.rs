//! Points in the plane, coloured by class, such as two-dimensional codes.
//!
//! CSV: `panel,class,x,y`, one line per point. Classes are in the order of their names.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, GAP, Key};
use super::picture::{Anchor, Mark, Picture, Weight};
use super::{Layout, Meta};
use crate::answer::{Marker, Rgb, Styles};
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

/// Ten colours whose lightness differs, so that colour-blind readers can tell neighbours in the list
/// apart: those of Okabe and Ito (2008) without the lightest, and darker ones between. Classes differ in
/// their markers, too, and each has its name at its centre.
const CLASSES: [Rgb; 10] = [
    (0, 114, 178),
    (230, 159, 0),
    (40, 40, 40),
    (86, 180, 233),
    (150, 20, 60),
    (0, 158, 115),
    (204, 121, 167),
    (120, 70, 20),
    (90, 60, 160),
    (160, 160, 160),
];

/// Share of the points that the axes leave out at either end, so that a few far ones do not crush the rest.
const OUTSIDE: f64 = 0.005;

impl Layout for Description {
    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        full_width: f64,
    ) -> Result<Picture, Error> {
        let panels = super::at_least_one(csv, "panels", &self.panels)?;
        let rows: Vec<PointRow> = read_csv(csv)?;
        let mut classes: Vec<&str> = rows.iter().map(|row| row.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let key = |(i, class): (usize, &&str)| {
            let marker = Marker::ALL[i % Marker::ALL.len()];
            Key::new(class, CLASSES[i % CLASSES.len()], marker)
        };
        let keys: Vec<Key> = classes.iter().enumerate().map(key).collect();

        let columns = if chart::is_narrow(full_width) { 1 } else { panels.len() };
        let width = (full_width - GAP * (columns as f64 - 1.0)) / columns as f64;
        let height = width.min(620.0) + 48.0;
        let lines = panels.len().div_ceil(columns);
        let room = lines as f64 * (height + GAP) - GAP;
        let (mut picture, top) = chart::page(title, &keys, full_width, room);
        for (i, panel) in panels.iter().enumerate() {
            let area = Area {
                left: (i % columns) as f64 * (width + GAP),
                top: top + (i / columns) as f64 * (height + GAP),
                width,
                height,
            };
            let here: Vec<&PointRow> = rows.iter().filter(|row| row.panel == *panel).collect();
            draw_panel(styles.language, &mut picture, area, panel, &here, &keys);
        }
        let language = styles.language;
        let centre = |panel: &String| {
            let of_class = |key: &Key| {
                let is = |row: &&PointRow| row.panel == *panel && row.class == key.name;
                let [x, y] = middle(rows.iter().filter(is));
                let [x, y] = [x, y].map(|value| format!("{value:.2}"));
                say!(language, "drawn-centre", name = key.name.as_str(), x = x, y = y)
            };
            let classes: Vec<String> = keys.iter().map(of_class).collect();
            say!(
                language,
                "drawn-centres",
                panel = language.stored(panel),
                n = rows.iter().filter(|row| row.panel == *panel).count(),
                classes = classes.join("; ")
            )
        };
        picture.numbers = panels.iter().map(centre).collect::<Vec<_>>().join(" ");
        Ok(picture)
    }
}

fn draw_panel(
    language: Language,
    picture: &mut Picture,
    area: Area,
    title: &str,
    here: &[&PointRow],
    keys: &[Key],
) {
    let x = Axis::fit(most(here.iter().map(|row| row.x)), AxisScale::Linear);
    let y = Axis::fit(most(here.iter().map(|row| row.y)), AxisScale::Linear);
    let ((x_low, x_high), (y_low, y_high)) = ((x.low, x.high), (y.low, y.high));
    let [first, second] = ["drawn-first", "drawn-second"].map(|id| say!(language, id));
    let frame = chart::frame(picture, area, &language.stored(title), &first, &second, x, y);
    // A point beyond the axes is drawn at their edge.
    let at = |x: f64, y: f64| frame.at(x.clamp(x_low, x_high), y.clamp(y_low, y_high));
    for key in keys {
        picture.within(key.group(), |picture| {
            for row in here.iter().filter(|row| row.class == key.name) {
                if let Some(center) = at(row.x, row.y) {
                    chart::marker(picture, center, key, 0.55);
                }
            }
        });
    }
    for key in keys {
        let [x, y] = middle(here.iter().copied().filter(|row| row.class == key.name));
        let Some(center) = at(x, y) else { continue };
        picture.within(key.group(), |picture| {
            picture.push(Mark::Circle { center, radius: 9.5, color: chart::PAPER });
            picture.push(chart::label(center, &key.name, 14.0, Anchor::Middle, Weight::Semibold));
        });
    }
}

/// The values without the smallest and the largest, of which the axes leave out as many.
fn most(values: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let outside = (values.len() as f64 * OUTSIDE) as usize;
    let n = values.len() - 2 * outside;
    values.into_iter().skip(outside).take(n)
}

/// The medians of both coordinates; NaN without points.
fn middle<'a>(rows: impl Iterator<Item = &'a PointRow>) -> [f64; 2] {
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = rows.map(|row| (row.x, row.y)).unzip();
    x.sort_by(f64::total_cmp);
    y.sort_by(f64::total_cmp);
    [x, y].map(|values| values.get(values.len() / 2).copied().unwrap_or(f64::NAN))
}
