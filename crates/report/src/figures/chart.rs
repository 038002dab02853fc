//! Parts shared by all charts: title, legend, frame with its grid, and the marks of a series.

use super::axis::Axis;
use super::palette;
use super::picture::{Anchor, Group, Mark, Picture, Point, Weight};
use super::text;
use crate::answer::{Marker, Rgb, Styles};

/// Width of a chart in its files and on a wide page.
pub(super) const WIDE: f64 = 840.0;

/// Width of a chart on the page of a phone.
pub(super) const NARROW: f64 = 340.0;

/// Whether a chart of this width is for a phone.
pub(super) fn is_narrow(width: f64) -> bool {
    width < f64::midpoint(NARROW, WIDE)
}

/// Distance between panels.
pub(super) const GAP: f64 = 28.0;

/// Size of the title.
pub(super) const TITLE_SIZE: f64 = 17.0;

/// Height of the title at the top of every figure.
pub(super) const TITLE_BAND: f64 = 40.0;

const INK: Rgb = (33, 37, 41);
const QUIET: Rgb = (92, 99, 106);
pub(super) const GRID: Rgb = (228, 231, 235);
pub(super) const BASE: Rgb = (150, 157, 165);
pub(super) const PAPER: Rgb = (255, 255, 255);

const LEGEND_LINE: f64 = 24.0;
const LEGEND_MARK: f64 = 30.0;
const LEGEND_GAP: f64 = 17.0;
pub(super) const TICK_SIZE: f64 = 12.0;

/// An entry of the legend: name, words, colour and marker of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    /// The name in the language of the page.
    pub(super) words: String,
    pub(super) color: Rgb,
    pub(super) marker: Marker,
}

/// A rectangle of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Drawn axes, which map numbers to points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    inner: Area,
    x: Axis,
    y: Axis,
}

/// The points of a series, with gaps where a number is missing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Polyline<'a> {
    pub(super) points: Vec<Option<Point>>,
    pub(super) key: &'a Key,
}

impl Key {
    pub(super) fn new(name: &str, color: Rgb, marker: Marker) -> Self {
        Self { name: name.to_owned(), words: name.to_owned(), color, marker }
    }

    /// Keys of the series with these names, in their styles.
    pub(super) fn of_series(names: &[&str], styles: &Styles) -> Vec<Self> {
        let styles = styles.with_names(names.iter().map(ToString::to_string));
        let key = |name: &&str| {
            let style = styles.of(name);
            let (color, marker) = style.map_or(palette::free(0), |it| (it.color, it.marker));
            Self { words: styles.language.stored(name), ..Self::new(name, color, marker) }
        };
        names.iter().map(key).collect()
    }

    /// The group of the marks of the series.
    pub(super) fn group(&self) -> Group {
        Group::Series(self.name.clone())
    }

    fn width(&self) -> f64 {
        LEGEND_MARK + text::width(&self.words, 13.0, Weight::Regular) + LEGEND_GAP
    }
}

impl Frame {
    /// The point of (x, y), if both numbers are within their axes.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<Point> {
        let Area { left, top, width, height } = self.inner;
        Some((left + self.x.share(x)? * width, top + (1.0 - self.y.share(y)?) * height))
    }
}

/// A line of text in the main colour.
pub(super) fn label(at: Point, text: &str, size: f64, anchor: Anchor, weight: Weight) -> Mark {
    Mark::Text { at, text: text.to_owned(), size, color: INK, anchor, weight }
}

pub(super) fn quiet(at: Point, text: &str, anchor: Anchor) -> Mark {
    let (text, weight) = (text.to_owned(), Weight::Regular);
    Mark::Text { at, text, size: TICK_SIZE, color: QUIET, anchor, weight }
}

/// Adds the title, at the upper left.
pub(super) fn title(picture: &mut Picture, title: &str) {
    picture.push(label((2.0, 16.0), title, TITLE_SIZE, Anchor::Start, Weight::Semibold));
}

/// A picture with its title and, for several keys, a legend; `height` is the space below them. Also returns
/// the distance from the top to that space.
pub(super) fn page(heading: &str, keys: &[Key], width: f64, height: f64) -> (Picture, f64) {
    let top = TITLE_BAND + legend_height(keys, width);
    let mut picture = Picture::new(width, top + height);
    title(&mut picture, heading);
    legend(&mut picture, keys, width);
    (picture, top)
}

/// Height of the legend and of the space below it.
fn legend_height(keys: &[Key], width: f64) -> f64 {
    let lines = places(keys, width).last().map_or(0.0, |(_, line)| line + 1.0);
    if keys.len() < 2 { 0.0 } else { lines * LEGEND_LINE + 10.0 }
}

/// Adds the legend under the title, in as many lines as it needs; a single series has none.
fn legend(picture: &mut Picture, keys: &[Key], width: f64) {
    if keys.len() < 2 {
        return;
    }
    for (key, (left, line)) in keys.iter().zip(places(keys, width)) {
        let y = TITLE_BAND + line * LEGEND_LINE + 8.0;
        picture.within(Group::Key(key.name.clone()), |picture| {
            picture.line((left, y), (left + 24.0, y), key.color, 2.0);
            marker(picture, (left + 12.0, y), key, 1.0);
            let at = (left + LEGEND_MARK, y);
            picture.push(label(at, &key.words, 13.0, Anchor::Start, Weight::Regular));
        });
    }
}

/// The left end and the line of each entry.
fn places(keys: &[Key], width: f64) -> Vec<(f64, f64)> {
    let (mut left, mut line) = (2.0, 0.0);
    let mut places = Vec::new();
    for key in keys {
        if left > 2.0 && left + key.width() - LEGEND_GAP > width {
            (left, line) = (2.0, line + 1.0);
        }
        places.push((left, line));
        left += key.width();
    }
    places
}

/// Adds titles, grid and ticks of one pair of axes. The series belong in the returned frame.
pub(super) fn frame(
    picture: &mut Picture,
    area: Area,
    title: &str,
    x_title: &str,
    y_title: &str,
    x: Axis,
    y: Axis,
) -> Frame {
    let mut top = area.top;
    if !title.is_empty() {
        let at = (area.left + 2.0, top + 8.0);
        let title = text::fitted(title, 14.0, Weight::Semibold, area.width);
        picture.push(label(at, &title, 14.0, Anchor::Start, Weight::Semibold));
        top += 22.0;
    }
    let fitted = |title: &str| text::fitted(title, TICK_SIZE, Weight::Regular, area.width);
    picture.push(quiet((area.left + 2.0, top + 8.0), &fitted(y_title), Anchor::Start));
    top += 26.0;

    let labels: Vec<String> = y.ticks.iter().map(|&tick| y.label(tick)).collect();
    let widest =
        labels.iter().map(|l| text::width(l, TICK_SIZE, Weight::Regular)).fold(0.0, f64::max);
    let left = area.left + widest + 10.0;
    let (right, bottom) = (area.left + area.width - 12.0, area.top + area.height - 44.0);
    let inner = Area { left, top, width: right - left, height: bottom - top };
    let frame = Frame { inner, x, y };

    for (tick, text) in frame.y.ticks.iter().zip(&labels) {
        let Some(share) = frame.y.share(*tick) else { continue };
        let at = top + (1.0 - share) * inner.height;
        picture.line((left, at), (right, at), GRID, 1.0);
        picture.push(quiet((left - 8.0, at), text, Anchor::End));
    }
    let mut free = f64::NEG_INFINITY;
    for &tick in &frame.x.ticks {
        let Some(share) = frame.x.share(tick) else { continue };
        let at = left + share * inner.width;
        picture.line((at, bottom), (at, bottom + 5.0), BASE, 1.0);
        let text = frame.x.label(tick);
        let half = text::width(&text, TICK_SIZE, Weight::Regular) / 2.0;
        if at - half > free {
            picture.push(quiet((at, bottom + 15.0), &text, Anchor::Middle));
            free = at + half + 6.0;
        }
    }
    picture.line((left, bottom), (right, bottom), BASE, 1.0);
    picture.push(quiet(
        (f64::midpoint(left, right), bottom + 34.0),
        &fitted(x_title),
        Anchor::Middle,
    ));
    frame
}

/// Adds a line through the points, interrupted at gaps.
pub(super) fn polyline(picture: &mut Picture, series: &Polyline<'_>) {
    for run in series.points.split(Option::is_none) {
        let points: Vec<Point> = run.iter().copied().flatten().collect();
        if points.len() > 1 {
            picture.push(Mark::Path { points, color: series.key.color, width: 2.0 });
        }
    }
}

/// Adds a marker to every point of a short series, smaller markers for a longer one and none for a long one.
pub(super) fn markers(picture: &mut Picture, series: &Polyline<'_>) {
    let known: Vec<Point> = series.points.iter().copied().flatten().collect();
    let size = match known.len() {
        0..=8 => 1.0,
        9..=25 => 0.8,
        _ => return,
    };
    markers_at(picture, &known, series.key, size);
}

/// Adds a bar from the low end of an interval to its high end.
pub(super) fn interval(picture: &mut Picture, low: Point, high: Point, color: Rgb) {
    picture.line(low, high, color, 1.5);
    for (x, y) in [low, high] {
        picture.line((x - 4.0, y), (x + 4.0, y), color, 1.5);
    }
}

pub(super) fn marker(picture: &mut Picture, at: Point, key: &Key, size: f64) {
    markers_at(picture, &[at], key, size);
}

/// Adds the same marker at many points.
pub(super) fn markers_at(picture: &mut Picture, points: &[Point], key: &Key, size: f64) {
    let color = key.color;
    for &(x, y) in points {
        let around = |offsets: &[Point]| {
            let points = offsets.iter().map(|(i, j)| (x + size * i, y + size * j)).collect();
            Mark::Polygon { points, color }
        };
        picture.push(match key.marker {
            Marker::Circle => Mark::Circle { center: (x, y), radius: 3.5 * size, color },
            Marker::Square => around(&[(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)]),
            Marker::Triangle => around(&[(0.0, -4.25), (4.0, 3.0), (-4.0, 3.0)]),
            Marker::Diamond => around(&[(0.0, -4.5), (4.5, 0.0), (0.0, 4.5), (-4.5, 0.0)]),
            Marker::Wedge => around(&[(0.0, 4.25), (4.0, -3.0), (-4.0, -3.0)]),
            Marker::Ring => Mark::Circle { center: (x, y), radius: 4.0 * size, color },
        });
    }
    if key.marker == Marker::Ring {
        // After all discs, so that touching rings look like bubbles, and the drawing is smaller.
        for &center in points {
            picture.push(Mark::Circle { center, radius: 2.2 * size, color: PAPER });
        }
    }
}

/// Adds an arrowhead at the low end of an interval that extends below the axis.
pub(super) fn continues_below(picture: &mut Picture, (x, y): Point, color: Rgb) {
    let points = vec![(x - 4.0, y - 7.0), (x + 4.0, y - 7.0), (x, y)];
    picture.push(Mark::Polygon { points, color });
}
