//! Figures, each drawn from its own CSV file.
//!
//! A figure named `NAME` is four files in `DIR/figures`: `NAME.csv` has the numbers; its sidecar `NAME.json`
//! has the rest, that is, a [`Meta`] and the description of the axes; `NAME.svg` and `NAME.png` are drawn
//! from those two. Each figure has its own sidecar, so that two stages can write figures at the same time.
//! Drawing does not depend on the clock, system fonts or hash-map order: the same two files and the same
//! styles give the same bytes.
//!
//! A kind of figure is one file here and one entry in the list `kinds!` below. The file has a public struct
//! with the numbers and a method `write`, and a `Description`, the part kept in the sidecar, which implements
//! `Layout`.

mod axis;
mod chart;
mod forest;
mod histogram;
mod intervals;
mod lines;
mod matrix;
pub(crate) mod palette;
mod picture;
mod render;
mod scatter;
mod text;
mod tiles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Rgb, Styles};
use crate::error::Error;
use crate::group::distinct;
use crate::rows::{PairedRow, SummaryRow};
use crate::table::{write_bytes, write_records, write_text};
use number_text::count;
use picture::Picture;
use wording::Language;

pub use axis::AxisScale;

/// Draws a kind of figure.
trait Layout {
    /// The drawing of a CSV file, about as wide as `width`.
    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        width: f64,
    ) -> Result<Picture, Error>;

    /// The names of the series in a CSV file that take their appearance from the styles.
    fn series(&self, _csv: &Path) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

/// Defines `Drawing`, the description of a figure of any kind, from the kinds' modules, and exports
/// their public types. The name of the kind's type, in lower case, is its `kind` in the sidecar.
macro_rules! kinds {
    ($($module:ident: $kind:ident $(, $part:ident)*;)*) => {
        $(pub use $module::{$kind $(, $part)*};)*

        /// The description of a figure, by its kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        enum Drawing {
            $($kind($module::Description),)*
        }

        $(impl From<$module::Description> for Drawing {
            fn from(description: $module::Description) -> Self {
                Self::$kind(description)
            }
        })*

        impl Layout for Drawing {
            fn layout(
                &self,
                csv: &Path,
                title: &str,
                styles: &Styles,
                width: f64,
            ) -> Result<Picture, Error> {
                match self {
                    $(Self::$kind(description) => description.layout(csv, title, styles, width),)*
                }
            }

            fn series(&self, csv: &Path) -> Result<Vec<String>, Error> {
                match self {
                    $(Self::$kind(description) => description.series(csv),)*
                }
            }
        }
    };
}

kinds! {
    forest: Forest, ForestRow;
    histogram: Histogram, HistogramPanel, Bin;
    intervals: Intervals, IntervalSeries, IntervalPoint;
    lines: Lines, Panel, Curve;
    matrix: Matrix, Square;
    scatter: Scatter, ScatterPanel;
    tiles: Tiles, TileRow, TileScale;
}

/// A figure's texts and its position on the page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// Title, without a full stop.
    pub title: String,
    /// Caption: one or two sentences about the content.
    pub caption: String,
    /// Advice for reading the figure: what is better, and what to look for.
    pub how_to_read: String,
    /// Alternative text for readers who cannot see the figure.
    pub alt: String,
    /// Section of the page.
    pub section: Section,
    /// Position in the section; figures with equal positions are ordered by name.
    pub order: u32,
}

impl Meta {
    /// The same texts in another language, if they are known to this program.
    fn in_language(self, language: Language) -> Self {
        let of = |text: &str| language.stored(text);
        let (title, caption) = (of(&self.title), of(&self.caption));
        let (how_to_read, alt) = (of(&self.how_to_read), of(&self.alt));
        Meta { title, caption, how_to_read, alt, ..self }
    }
}

/// Sections of a page, in order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Comparisons of methods.
    Comparison,
    /// Curves over epochs.
    #[default]
    Learning,
    /// Features to which hidden units respond.
    Features,
    /// Inputs and their reconstructions.
    Reconstruction,
    /// Samples from the model.
    Generation,
}

/// A drawn figure of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name of its files, without the extension.
    pub name: String,
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// The drawing, a complete SVG document.
    pub svg: String,
    /// The drawing for a narrow screen.
    pub narrow_svg: String,
    /// Names of its series, and the colour of each.
    pub series: Vec<(String, Rgb)>,
}

/// The content of `NAME.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sidecar {
    #[serde(flatten)]
    meta: Meta,
    drawing: Drawing,
}

/// Redraws every figure of the run in `dir` from its files, and returns them in page order. A run without a
/// `figures` folder has no figures.
///
/// # Errors
/// [`Error`] names the file that cannot be read, understood or written.
pub fn redraw(dir: &Path, styles: &Styles) -> Result<Vec<Figure>, Error> {
    let folder = dir.join("figures");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Error::read(&folder))? {
        let path = entry.map_err(Error::read(&folder))?.path();
        if path.extension().is_some_and(|e| e == "json") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    let mut series = Vec::new();
    for name in &names {
        let Sidecar { drawing, .. } = sidecar(dir, name)?;
        series.extend(drawing.series(&file_of(dir, name, "csv"))?);
    }
    let styles = styles.with_names(series);
    let mut figures = names
        .iter()
        .map(|name| draw(dir, name, &styles))
        .collect::<Result<Vec<Figure>, Error>>()?;
    figures.sort_by_key(|figure| (figure.meta.section, figure.meta.order)); // stable, so then by name
    Ok(figures)
}

/// Draws `error_by_labels`, a figure of every comparison: the test error at the largest depth.
pub(crate) fn error_by_labels(
    dir: &Path,
    rows: &[SummaryRow],
    styles: &Styles,
) -> Result<(), Error> {
    let Some(depth) = rows.iter().map(|row| row.depth).max() else { return Ok(()) };
    let layers = if depth == 1 { "layer" } else { "layers" };
    let labels: BTreeSet<usize> =
        rows.iter().filter(|row| row.depth == depth).map(|row| row.labels).collect();
    let (what, moved, alt) = match labels.first().filter(|_| labels.len() == 1) {
        Some(labels) => (
            format!("with {} labels", count(*labels)),
            "",
            "Dots with interval bars: test error in percent for each method",
        ),
        None => (
            "by number of labels".to_owned(),
            " Points are shifted sideways a little so that bars do not cover each other.",
            "Line chart: test error in percent against the number of labelled training samples, a \
             line for each method",
        ),
    };
    let is_alone = rows.iter().all(|row| row.method == rows[0].method);
    let overlaps = if is_alone {
        ""
    } else {
        " Overlapping bars do not settle whether two methods differ; the paired differences below do."
    };
    let meta = Meta {
        title: format!("Test error {what}, {depth} hidden {layers}"),
        caption: "Mean classification error on the test samples over seeds, for each method of \
                  initialising the hidden layers."
            .into(),
        how_to_read: format!(
            "Lower is better. Bars are 95 % intervals of the mean; an arrowhead marks one that goes on \
             below the axis.{moved}{overlaps}"
        ),
        alt: format!("{alt}."),
        section: Section::Comparison,
        order: 0,
    };
    Intervals::from_summary(rows, depth, meta).write(dir, "error_by_labels", styles)
}

/// Draws `differences`, the figure of the pairs that a comparison asked about, at the largest depth. Without
/// such pairs there is no figure.
pub(crate) fn differences(
    dir: &Path,
    rows: &[PairedRow],
    answer: Option<&Answer>,
    styles: &Styles,
) -> Result<(), Error> {
    let asked = |row: &&PairedRow| {
        answer.and_then(|answer| answer.verdict_on(row)).is_some_and(|verdict| verdict.asked)
    };
    let Some(depth) = rows.iter().filter(asked).map(|row| row.depth).max() else { return Ok(()) };
    let mut here: Vec<&PairedRow> =
        rows.iter().filter(|row| row.depth == depth).filter(asked).collect();
    here.sort_by_key(|row| row.labels); // stable, so pairs keep their order
    let of_pair = |row: &PairedRow| ForestRow {
        group: format!("{} labels", count(row.labels)),
        label: format!("{} − {}", row.method_a, row.method_b),
        series: row.method_a.clone(),
        value: row.difference_pct_mean,
        low: row.ci95_low,
        high: row.ci95_high,
    };
    // Each pair has a row for each test, with the same difference.
    let rows = distinct(here.iter().map(|row| (row.labels, &row.method_a, &row.method_b)));
    let rows = rows.into_iter().filter_map(|key| {
        let row = here.iter().find(|row| (row.labels, &row.method_a, &row.method_b) == key)?;
        Some(of_pair(row))
    });
    let layers = if depth == 1 { "layer" } else { "layers" };
    let meta = Meta {
        title: format!("Differences of the test errors, {depth} hidden {layers}"),
        caption: "Mean differences paired by seed, of the pairs of methods that the comparison asks about, \
                  with 95 % intervals. The colour is that of the first method."
            .into(),
        how_to_read: "Left of the line at zero, the first method of the pair has the lower test error. A \
                      bar that crosses the line shows no clear difference."
            .into(),
        alt: "Dots with interval bars: differences of test errors in percentage points.".into(),
        section: Section::Comparison,
        order: 1,
    };
    let x_title = "difference of the test errors (percentage points)".into();
    Forest { meta, x_title, rows: rows.collect() }.write(dir, "differences", styles)
}

/// Writes the CSV file and the sidecar of a figure, and draws it from both.
fn save(
    dir: &Path,
    name: &str,
    csv_bytes: csv::Result<Vec<u8>>,
    meta: &Meta,
    description: impl Into<Drawing>,
    styles: &Styles,
) -> Result<(), Error> {
    write_records(&csv_of(dir, name)?, csv_bytes)?;
    let sidecar = Sidecar { meta: meta.clone(), drawing: description.into() };
    let file = file_of(dir, name, "json");
    let mut text = serde_json::to_string_pretty(&sidecar).map_err(|source| Error::Json {
        file: file.clone(),
        expected: "the description of a figure",
        source,
    })?;
    text.push('\n');
    write_text(&file, &text)?;
    draw(dir, name, styles).map(drop)
}

/// Reads `NAME.json`.
fn sidecar(dir: &Path, name: &str) -> Result<Sidecar, Error> {
    let file = file_of(dir, name, "json");
    let text = fs::read_to_string(&file).map_err(Error::read(&file))?;
    serde_json::from_str(&text).map_err(|source| Error::Json {
        file,
        expected: "the description of a figure",
        source,
    })
}

/// Reads `NAME.json` and `NAME.csv`, writes `NAME.svg` and `NAME.png` in English, and draws the page's figure
/// in the page's language.
fn draw(dir: &Path, name: &str, styles: &Styles) -> Result<Figure, Error> {
    let Sidecar { meta, drawing } = sidecar(dir, name)?;
    let csv = file_of(dir, name, "csv");
    let english = Styles { language: Language::English, ..styles.clone() };
    let picture = drawing.layout(&csv, &meta.title, &english, chart::WIDE)?;
    let mut svg = render::svg(&picture, &meta.title, &meta.alt)?;
    write_text(&file_of(dir, name, "svg"), &svg)?;
    write_bytes(&file_of(dir, name, "png"), &render::png(&picture)?)?;
    let meta = meta.in_language(styles.language);
    let on_page = |width: f64| {
        let picture = drawing.layout(&csv, &meta.title, styles, width)?;
        render::svg(&picture, &meta.title, &meta.alt)
    };
    if styles.language != Language::English {
        svg = on_page(chart::WIDE)?;
    }
    let narrow_svg = on_page(chart::NARROW)?;
    let styles = styles.with_names(drawing.series(&csv)?);
    let colored = |name: String| Some((styles.of(&name)?.color, name));
    let series = drawing.series(&csv)?.into_iter().filter_map(colored);
    let series = series.map(|(color, name)| (name, color)).collect();
    Ok(Figure { name: name.to_owned(), meta, svg, narrow_svg, series })
}

/// The drawing without its title, for a page that shows the title as a heading.
pub(crate) fn without_title(svg: &str) -> String {
    render::without_title(svg)
}

/// The items, or an error if there are none.
fn at_least_one<'a, T>(csv: &Path, what: &str, items: &'a [T]) -> Result<&'a [T], Error> {
    if items.is_empty() {
        let (file, found) = (csv.to_owned(), format!("no {what}"));
        return Err(Error::Figure { file, found, expected: "at least one" });
    }
    Ok(items)
}

/// `NAME.csv`, if the name is valid in file names and links.
fn csv_of(dir: &Path, name: &str) -> Result<PathBuf, Error> {
    let file = file_of(dir, name, "csv");
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        let found = format!("the name `{name}`");
        return Err(Error::Figure { file, found, expected: "letters, digits, `_` and `-`" });
    }
    Ok(file)
}

fn file_of(dir: &Path, name: &str, extension: &str) -> PathBuf {
    dir.join("figures").join(format!("{name}.{extension}"))
}
