//! Figures, each drawn from its own CSV file and from nothing else.
//!
//! A figure named `NAME` is four files in `DIR/figures`: `NAME.csv`, the numbers; `NAME.json`, what
//! cannot be in them (kind, titles, caption, place on the page: a [`Meta`] and the axes);
//! `NAME.svg` and `NAME.png`, drawn from those two. A figure has its own sidecar, so that two
//! stages can write theirs at the same time. Drawing reads no clock, no system font and no hash
//! map's order: the same two files give the same bytes.

mod axis;
mod chart;
mod intervals;
mod lines;
mod palette;
mod picture;
mod render;
mod scatter;
mod text;
mod tiles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::number::count;
use crate::rows::SummaryRow;
use crate::table::{write_bytes, write_text};

pub use axis::AxisScale;
pub use intervals::{IntervalPoint, IntervalSeries, Intervals};
pub use lines::{Curve, Lines, Panel};
pub use scatter::{Scatter, ScatterPanel};
pub use tiles::{TileRow, TileScale, Tiles};

/// What a figure says of itself, and where the page puts it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// Title, without a final stop.
    pub title: String,
    /// What is shown, in a sentence or two.
    pub caption: String,
    /// How to read it: what is better, what to look for.
    pub how_to_read: String,
    /// The same in words, for those who cannot see it.
    pub alt: String,
    /// The section of the page.
    pub section: Section,
    /// The place in the section; equals are in the order of their names.
    pub order: u32,
}

/// The sections of a page, in their order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Methods against each other.
    Comparison,
    /// Curves over epochs.
    #[default]
    Learning,
    /// What hidden units respond to.
    Features,
    /// Inputs and what the model makes of them.
    Reconstruction,
    /// Samples from the model.
    Generation,
}

/// A figure found in a folder, drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The files' name without the ending.
    pub name: String,
    /// What it says of itself.
    pub meta: Meta,
    /// The drawing, a complete SVG document.
    pub svg: String,
}

/// `NAME.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sidecar {
    #[serde(flatten)]
    meta: Meta,
    drawing: Drawing,
}

/// What is needed beside the numbers, by kind of figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Drawing {
    Lines { panels: Vec<lines::Axes> },
    Intervals { x_title: String, y_title: String },
    Scatter { panels: Vec<String> },
    Tiles { scale: TileScale },
}

/// Draws every figure of the run in `dir` again, in the order of the page. No `figures` folder,
/// no figures.
///
/// # Errors
/// [`Error`] names the file that cannot be read, understood or written.
pub fn redraw(dir: &Path) -> Result<Vec<Figure>, Error> {
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
    let mut figures =
        names.iter().map(|name| draw(dir, name)).collect::<Result<Vec<Figure>, Error>>()?;
    figures.sort_by_key(|figure| (figure.meta.section, figure.meta.order)); // stable: then by name
    Ok(figures)
}

/// The figure that every comparison has: `error_by_labels`, at the largest depth.
pub(crate) fn error_by_labels(dir: &Path, rows: &[SummaryRow]) -> Result<(), Error> {
    let Some(depth) = rows.iter().map(|row| row.depth).max() else { return Ok(()) };
    let layers = if depth == 1 { "layer" } else { "layers" };
    let labels: BTreeSet<usize> =
        rows.iter().filter(|row| row.depth == depth).map(|row| row.labels).collect();
    let one = labels.first().copied().filter(|_| labels.len() == 1);
    let (what, moved, chart) = match one {
        Some(labels) => (format!("with {} labels", count(labels)), "", "Dots with bars for"),
        None => (
            "by number of labels".to_owned(),
            "; points are moved sideways a little so that bars do not cover each other",
            "Line chart of",
        ),
    };
    let against =
        if one.is_some() { "" } else { " against the number of labelled training samples" };
    let meta = Meta {
        title: format!("Test error {what}, {depth} hidden {layers}"),
        caption: "Mean over the seeds of the error on the test samples, for each way of \
                  initialising the hidden layers."
            .into(),
        how_to_read: format!(
            "Lower is better. Bars are 95 % intervals of the mean{moved}. Bars that overlap do not \
             decide: the paired differences below do."
        ),
        alt: format!(
            "{chart} the test error in percent{against}, for each method; the numbers are in the \
             table above."
        ),
        section: Section::Comparison,
        order: 0,
    };
    Intervals::from_summary(rows, depth, meta).write(dir, "error_by_labels")
}

/// Writes the sidecar of a figure whose CSV file is written, and draws it from both.
fn finish(dir: &Path, name: &str, meta: &Meta, drawing: Drawing) -> Result<(), Error> {
    let sidecar = Sidecar { meta: meta.clone(), drawing };
    let file = file_of(dir, name, "json");
    let mut text = serde_json::to_string_pretty(&sidecar).map_err(|source| Error::Json {
        file: file.clone(),
        expected: "a figure's description",
        source,
    })?;
    text.push('\n');
    write_text(&file, &text)?;
    draw(dir, name).map(drop)
}

/// Reads `NAME.json` and `NAME.csv`, writes `NAME.svg` and `NAME.png`.
fn draw(dir: &Path, name: &str) -> Result<Figure, Error> {
    let file = file_of(dir, name, "json");
    let text = fs::read_to_string(&file).map_err(Error::read(&file))?;
    let sidecar: Sidecar = serde_json::from_str(&text).map_err(|source| Error::Json {
        file,
        expected: "a figure's description, as written beside its CSV",
        source,
    })?;
    let Sidecar { meta, drawing } = sidecar;
    let csv = file_of(dir, name, "csv");
    let picture = match drawing {
        Drawing::Lines { panels } => lines::layout(&csv, &meta.title, &panels)?,
        Drawing::Intervals { x_title, y_title } => {
            intervals::layout(&csv, &meta.title, &x_title, &y_title)?
        }
        Drawing::Scatter { panels } => scatter::layout(&csv, &meta.title, &panels)?,
        Drawing::Tiles { scale } => tiles::layout(&csv, &meta.title, scale)?,
    };
    let svg = render::svg(&picture, &meta.title, &meta.alt)?;
    write_text(&file_of(dir, name, "svg"), &svg)?;
    write_bytes(&file_of(dir, name, "png"), &render::png(&picture)?)?;
    Ok(Figure { name: name.to_owned(), meta, svg })
}

/// The drawing without its title, to stand under a heading: a view of everything below the title.
pub(crate) fn without_title(svg: &str) -> String {
    render::without_title(svg)
}

/// `NAME.csv`, of a name that can be a file's and a link's.
fn csv_of(dir: &Path, name: &str) -> Result<PathBuf, Error> {
    let file = file_of(dir, name, "csv");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        let found = format!("the name `{name}`");
        return Err(Error::Figure { file, found, expected: "letters, digits, `_` and `-`" });
    }
    Ok(file)
}

fn file_of(dir: &Path, name: &str, extension: &str) -> PathBuf {
    dir.join("figures").join(format!("{name}.{extension}"))
}
