#![doc = include_str!("../README.md")]

mod error;
pub mod figures;
mod number;
mod page;
mod rows;
mod table;
pub mod verdict;

use std::path::Path;

pub use error::Error;
pub use figures::{
    AxisScale, Curve, Figure, IntervalPoint, IntervalSeries, Intervals, Lines, Meta, Panel,
    Scatter, ScatterPanel, Section, TileRow, TileScale, Tiles, redraw,
};
pub use number::count;
pub use rows::{ComparisonRow, EqualSecondsRow, MetricRow, PairedRow, Row, SummaryRow, TimingRow};
pub use table::{read_csv, write_bytes, write_csv, write_text};

/// Draws every figure of the run in `dir` again from its CSV file, with `error_by_labels` from
/// `summary.csv` if there is one, and writes `report.html`. What a run has not written is left out.
///
/// # Errors
/// [`Error`] names the file that cannot be read, understood or written.
pub fn build(dir: &Path) -> Result<(), Error> {
    let summary = dir.join("summary.csv");
    if summary.exists() {
        figures::error_by_labels(dir, &read_csv(&summary)?)?;
    }
    page::write(dir, figures::redraw(dir)?)
}
