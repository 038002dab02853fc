#![doc = include_str!("../README.md")]

mod answer;
mod error;
pub mod figures;
mod group;
mod headline;
mod metrics;
mod page;
mod playground;
mod rows;
mod table;

use std::path::Path;

pub use answer::{Answer, Marker, MethodStyle, PairVerdict, Rgb, Styles, Tone};
pub use error::Error;
pub use figures::*;
pub use page::differing::{DifferingValue, write_differing};
pub use playground::{Packed, PlayLayer, PlayModel, PlayPca, PlayPlane, Playground, packed_image};
pub use rows::{
    BalancedRow, ComparisonRow, EqualSecondsRow, FailureRow, MetricRow, MistakesRow, PairedRow,
    ReferenceRow, Row, SearchRow, SettingRow, SummaryRow, TimingRow,
};
pub use table::{read_csv, write_bytes, write_csv, write_text};
pub use wording::Language;

/// Redraws every figure of the run in `dir` from its CSV file, draws `error_by_labels` if there is a
/// `summary.csv` and `differences` if there is a `paired.csv` with an answer, and writes `report.html`. Files
/// that the run has not written are omitted from the page. `styles` gives methods their colours and words;
/// `answer` gives a comparison its headline and the verdicts on its pairs.
///
/// # Errors
/// [`Error`] names the file that cannot be read, understood or written.
pub fn build(dir: &Path, styles: &Styles, answer: Option<&Answer>) -> Result<(), Error> {
    let summary = dir.join("summary.csv");
    if summary.exists() {
        figures::error_by_labels(dir, &read_csv(&summary)?, styles)?;
    }
    let paired = dir.join("paired.csv");
    if paired.exists() {
        figures::differences(dir, &read_csv(&paired)?, answer, styles)?;
    }
    page::write(dir, figures::redraw(dir, styles)?, styles, answer)
}
