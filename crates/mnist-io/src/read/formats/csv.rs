//! Tables as text: one sample per line, perhaps with a header and a column of labels.

use std::path::Path;

use csv::{Position, ReaderBuilder, StringRecord};

use crate::error::Error;
use crate::format_error::FormatError;
use crate::read::classes::RawLabels;
use crate::read::format::{Format, Labels, check_memory, has_extension};
use crate::read::note::Note;
use crate::read::options::ReadOptions;
use crate::read::raw::{RawPart, RawSet};
use crate::read::table::{Table, Values, sha256_of_file};
use crate::shape::ImageShape;

pub(super) const FORMAT: Format = Format {
    name: "a .csv or .tsv table",
    recognises: |path| Ok(has_extension(path, &["csv", "tsv"])),
    labels: Labels::Column,
    read,
};

/// Names of columns that are taken for labels by default.
const LABEL_NAMES: [&str; 5] = ["label", "labels", "class", "target", "y"];

/// Reads a table within the memory limit. Fields are separated by commas, semicolons or tabs,
/// whichever is most frequent in the first line; [`is_header`] decides whether that is a header.
fn read(file: &Path, options: &ReadOptions) -> Result<RawSet, Error> {
    let label_column = options.label_column.as_deref();
    let place = || file.display().to_string();
    let unreadable = |error: csv::Error| {
        if error.is_io_error() {
            return Error::Io { file: file.into(), source: error.into() };
        }
        let cause = error.into();
        FormatError::Malformed { place: place(), cause, expected: "a table in UTF-8" }.into()
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(file)?)
        .from_path(file)
        .map_err(unreadable)?;
    let mut records = reader.records();
    let first = records.next().transpose().map_err(unreadable)?;
    let second = records.next().transpose().map_err(unreadable)?;
    let (Some(first), Some(second)) = (first, second) else {
        return Err(FormatError::TooFewRows { place: place(), found: 0, expected: 3 }.into());
    };
    let is_header = is_header(&first, &second, label_column);
    let header = is_header.then(|| first.clone());
    let label = label_index(file, &first, header.as_ref(), label_column)?;
    let mut rows =
        Rows { file, header, label, n_fields: first.len(), options, reals: vec![], words: vec![] };
    if !is_header {
        rows.add(&first)?;
    }
    rows.add(&second)?;
    for record in records {
        rows.add(&record.map_err(unreadable)?)?;
    }
    rows.finish()
}

/// The most frequent separator in the first line.
fn delimiter(file: &Path) -> Result<u8, Error> {
    use std::io::{BufRead, BufReader, Read};
    let io = |source| Error::Io { file: file.into(), source };
    let opened = std::fs::File::open(file).map_err(io)?;
    let mut line = Vec::new();
    BufReader::new(opened.take(1 << 20)).read_until(b'\n', &mut line).map_err(io)?;
    let count = |separator: &u8| line.split(|byte| byte == separator).count();
    // `max_by_key` takes the last of equals, so that a single column counts as separated by commas.
    Ok([b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b','))
}

/// Whether the first line names the columns: it has the name of the label column, or it has no
/// numbers while the second line has some. A first line with some numbers is a sample, perhaps with a
/// mistake.
fn is_header(first: &StringRecord, second: &StringRecord, label_column: Option<&str>) -> bool {
    let is_number = |field: &str| field.parse::<f32>().is_ok();
    let named =
        label_column.is_some_and(|name| !is_number(name) && first.iter().any(|f| f == name));
    let of_label = label_column.is_none() && first.iter().any(is_label);
    let above_numbers = !first.iter().any(is_number) && second.iter().any(is_number);
    named || of_label || above_numbers
}

fn is_label(name: &str) -> bool {
    LABEL_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The index of the label column, if there is one.
fn label_index(
    file: &Path,
    first: &StringRecord,
    header: Option<&StringRecord>,
    asked: Option<&str>,
) -> Result<Option<usize>, FormatError> {
    let position = |name: &str| header.and_then(|names| names.iter().position(|n| n == name));
    let Some(asked) = asked else {
        let names = header.into_iter().flatten().enumerate();
        return Ok(names.filter(|(_, name)| is_label(name)).map(|(i, _)| i).next());
    };
    if asked == "none" {
        return Ok(None);
    }
    let by_index = || {
        let index = match asked.strip_prefix('-') {
            Some(from_end) => first.len().checked_sub(from_end.parse().ok()?)?,
            None => asked.parse().ok()?,
        };
        (index < first.len()).then_some(index)
    };
    position(asked).or_else(by_index).map(Some).ok_or_else(|| FormatError::CsvColumn {
        file: file.into(),
        column: asked.to_owned(),
        found: match header {
            Some(names) => names.iter().map(str::to_owned).collect(),
            None => vec![format!("0 to {}", first.len() - 1)],
        },
    })
}

/// The rows read so far.
struct Rows<'a> {
    file: &'a Path,
    header: Option<StringRecord>,
    label: Option<usize>,
    n_fields: usize,
    options: &'a ReadOptions,
    reals: Vec<f32>,
    words: Vec<String>,
}

impl Rows<'_> {
    fn add(&mut self, record: &StringRecord) -> Result<(), FormatError> {
        let file = || self.file.to_path_buf();
        let line = record.position().map_or(0, Position::line);
        let (found, expected) = (record.len(), self.n_fields);
        if found != expected {
            return Err(FormatError::CsvFields { file: file(), line, found, expected });
        }
        for (index, field) in record.iter().enumerate() {
            let column = || match &self.header {
                Some(names) => names[index].to_owned(),
                None => index.to_string(),
            };
            if field.is_empty() {
                return Err(FormatError::CsvMissing { file: file(), line, column: column() });
            }
            if Some(index) == self.label {
                self.words.push(field.to_owned());
                continue;
            }
            match field.parse::<f32>() {
                Ok(value) if value.is_finite() => self.reals.push(value),
                _ => {
                    let (column, found) = (column(), field.to_owned());
                    return Err(FormatError::CsvNumber { file: file(), line, column, found });
                }
            }
        }
        let remedy = "save the numbers as a .npy file, which can stay on disk";
        let n_values = self.reals.len() as u64;
        check_memory(&self.file.display().to_string(), n_values, self.options, remedy)
    }

    fn finish(self) -> Result<RawSet, Error> {
        let Rows { file, header, label, n_fields, options, reals, words } = self;
        let n_columns = n_fields - usize::from(label.is_some());
        if n_columns == 0 {
            return Err(FormatError::CsvNoFeatures { file: file.into() }.into());
        }
        // Rows are images only if all values can be grey values, whatever the number of columns.
        let within = |most: f32| reals.iter().all(|value| (0.0..=most).contains(value));
        let whole = || reals.iter().all(|value| value.fract() == 0.0);
        let shape = if within(1.0) || within(255.0) && whole() {
            ImageShape::of_features(n_columns)
        } else {
            ImageShape { height: 1, width: n_columns }
        };
        let n_rows = reals.len() / n_columns;
        let values = Values::Reals(reals);
        let table = Table { file: file.into(), n_rows, shape, pixels: false, values };
        let labels = label.map(|_| RawLabels::Text(words));
        let sha256 = sha256_of_file(file, &[])?;
        let mut set = RawSet::of_one(RawPart { table, labels, sha256 });
        if let (Some(label), Some(names), None) = (label, header, &options.label_column) {
            set.notes.push(Note::LabelColumn { column: names[label].to_owned() });
        }
        Ok(set)
    }
}
