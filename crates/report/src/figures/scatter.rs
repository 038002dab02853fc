//! Points in the plane, coloured by class, such as two-dimensional codes.
//!
//! CSV: `panel,class,x,y`, one line per point. Classes are in name order.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::axis::{Axis, AxisScale};
use super::chart::{self, Area, GAP, Key};
use super::picture::{Anchor, Mark, Picture, Point, Weight};
use super::{Layout, Meta, text};
use crate::answer::{Marker, Rgb, Styles};
use crate::error::Error;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};

/// Panels of points side by side, with the same classes in all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scatter {
    /// Title, caption and position on the page.
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
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there is no panel or the name is
    /// not a valid file name.
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

/// The part of the figure that is not in its CSV file.
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

/// Ten colours of different lightness, so that colour-blind readers can distinguish neighbours in the list:
/// those of Okabe and Ito (2008) without the lightest, and darker ones in between. Classes also differ in
/// their markers, and each has its name at its centre.
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

/// Size of a class name at its centre.
const NAME_SIZE: f64 = 14.0;

/// Share of the points outside the axes at either end, so that a few outliers do not compress the rest.
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

        let columns = if chart::is_narrow(full_width) { 1 } else { columns_of(panels.len()) };
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
        let numbers = |panel: &String| {
            let here: Vec<&PointRow> = rows.iter().filter(|row| row.panel == *panel).collect();
            numbers(language, panel, &here, &classes)
        };
        picture.numbers = panels.iter().map(numbers).collect::<Vec<_>>().join(" ");
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
            let of_class = here.iter().filter(|row| row.class == key.name);
            let points: Vec<Point> = of_class.filter_map(|row| at(row.x, row.y)).collect();
            chart::markers_at(picture, &points, key, 0.55);
        });
    }
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for key in keys {
        let [x, y] = middle(here.iter().copied().filter(|row| row.class == key.name));
        let Some(center) = at(x, y) else { continue };
        let width = text::width(&key.name, NAME_SIZE, Weight::Semibold) + 6.0;
        let plate = free_place(center, (width, NAME_SIZE + 4.0), &taken);
        taken.push(plate);
        let [left, top, right, bottom] = plate;
        let center = (f64::midpoint(left, right), f64::midpoint(top, bottom));
        picture.within(key.group(), |picture| {
            let points = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
            picture.push(Mark::Polygon { points, color: chart::PAPER });
            let name = chart::label(center, &key.name, NAME_SIZE, Anchor::Middle, Weight::Semibold);
            picture.push(name);
        });
    }
}

/// The rectangle (left, top, right, bottom) of this size nearest to the point that does not overlap any
/// other; if all nearby ones overlap, the one at the point.
fn free_place((x, y): Point, (width, height): (f64, f64), taken: &[[f64; 4]]) -> [f64; 4] {
    const NEARBY: i32 = 6;
    let around =
        |(x, y): Point| [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
    let covers = |[left, top, right, bottom]: [f64; 4]| {
        let apart =
            |it: &[f64; 4]| it[2] <= left || right <= it[0] || it[3] <= top || bottom <= it[1];
        !taken.iter().all(apart)
    };
    let steps = (-NEARBY..=NEARBY).flat_map(|i| (-NEARBY..=NEARBY).map(move |j| (i, j)));
    let mut steps: Vec<(f64, f64)> =
        steps.map(|(i, j)| (f64::from(i) * width / 3.0, f64::from(j) * height / 3.0)).collect();
    steps.sort_by(|a, b| a.0.hypot(a.1).total_cmp(&b.0.hypot(b.1))); // stable
    let places = steps.into_iter().map(|(i, j)| around((x + i, y + j)));
    places.into_iter().find(|place| !covers(*place)).unwrap_or_else(|| around((x, y)))
}

/// Number of panels side by side: at most three, with rows about equally full.
fn columns_of(n_panels: usize) -> usize {
    n_panels.div_ceil(n_panels.div_ceil(3))
}

/// The points of a panel in words: how many are nearest to the centre of their own class, and which classes
/// are closest together.
fn numbers(language: Language, panel: &str, here: &[&PointRow], classes: &[&str]) -> String {
    let of_class = |class: &str| middle(here.iter().copied().filter(|row| row.class == class));
    let middles: Vec<(&str, [f64; 2])> = classes
        .iter()
        .map(|class| (*class, of_class(class)))
        .filter(|(_, [x, y])| x.is_finite() && y.is_finite())
        .collect();
    let apart = |[a, b]: [f64; 2], [x, y]: [f64; 2]| (a - x).hypot(b - y);
    let nearest = |row: &&&PointRow| {
        let distance = |middle: [f64; 2]| apart([row.x, row.y], middle);
        let nearest = middles.iter().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        nearest.is_some_and(|(class, _)| *class == row.class)
    };
    let share = 100.0 * here.iter().filter(nearest).count() as f64 / here.len().max(1) as f64;
    let pairs =
        middles.iter().enumerate().flat_map(|(i, a)| middles[..i].iter().map(move |b| (b, a)));
    let closest = pairs.min_by(|a, b| apart(a.0.1, a.1.1).total_cmp(&apart(b.0.1, b.1.1)));
    let (panel, n, share) = (language.stored(panel), here.len(), format!("{share:.0}"));
    match closest {
        Some(((a, _), (b, _))) => {
            say!(language, "drawn-classes", panel = panel, n = n, share = share, a = *a, b = *b)
        }
        None => say!(language, "drawn-class", panel = panel, n = n, share = share),
    }
}

/// The values without the smallest and the largest, as many as the axes exclude.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_say_how_far_classes_lie_apart() {
        let row =
            |class: &str, x: f64, y: f64| PointRow { panel: "p".into(), class: class.into(), x, y };
        // The centres, medians of both coordinates, are (0, 0), (4, 0) and (0, 9); one point of b is near a.
        let rows = [
            row("a", 0.0, 0.0),
            row("b", 4.0, 0.0),
            row("b", 4.5, 0.0),
            row("b", 1.0, 0.0),
            row("c", 0.0, 9.0),
        ];
        let here: Vec<&PointRow> = rows.iter().collect();
        assert_eq!(
            numbers(Language::English, "p", &here, &["a", "b", "c", "absent"]),
            "p: 5 points, 80 % of them nearest to the middle of their own class; the closest classes are a and b."
        );
    }

    #[test]
    fn names_make_room_for_each_other() {
        let mut taken = vec![free_place((50.0, 50.0), (12.0, 18.0), &[])];
        assert_eq!(taken[0], [44.0, 41.0, 56.0, 59.0]);
        for _ in 0..4 {
            let [left, top, right, bottom] = free_place((52.0, 50.0), (12.0, 18.0), &taken);
            for it in &taken {
                assert!(it[2] <= left || right <= it[0] || it[3] <= top || bottom <= it[1]);
            }
            assert!((left - 46.0).hypot(top - 41.0) < 40.0, "{left}, {top} is near");
            taken.push([left, top, right, bottom]);
        }
    }

    #[test]
    fn rows_of_panels_are_about_equally_full() {
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(columns_of), [1, 2, 3, 2, 3, 3, 3]);
    }
}
