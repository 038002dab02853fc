//! Options that name the data, and their text on the command line.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use aerbm::data::{DataNote, Loaded, MEMORY_LIMIT, MNIST, Source};
use aerbm::mnist_io::{Note, Scaled};
use aerbm::{Monitor as _, Trained};
use anyhow::bail;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::ui::Ui;

/// The data and the options that they are read with.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// A name that `aerbm data list` shows; a table (.csv, .tsv, .parquet, .arrow); an array (.npy, .npz,
    /// IDX); or a folder of four IDX files or of pictures, with a folder for each class if they have labels
    /// [default: the data that a run was trained on, otherwise mnist]
    #[arg(long, value_name = "NAME|PATH", value_parser = name_or_path())]
    pub(crate) data: Option<String>,
    /// Column of a table with the labels: its name, its index from 0 (from the end: -1), or none
    /// [default: one called label, class, target or y]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) label_column: Option<String>,
    /// Scaling of the values
    #[arg(long, default_value = "auto")]
    pub(crate) scale: Scale,
    /// Columns of a table that are left out
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) drop_columns: Vec<String>,
    /// Whether the first line of a text table names the columns [default: detected]
    #[arg(long, value_name = "YES|NO")]
    pub(crate) header: Option<YesNo>,
    /// TOML file that declares types of columns, such as [columns.zip] type = "category"
    #[arg(long, value_name = "FILE")]
    pub(crate) columns: Option<PathBuf>,
    /// Second file, which is the test part; --split then applies to the validation rows only
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,
    /// Column that holds train, validation or test for each row
    #[arg(long, value_name = "COLUMN")]
    pub(crate) split_column: Option<String>,
    /// Choice of the rows that are held out for validation and testing
    #[arg(long, default_value = "random")]
    pub(crate) split: Split,
    /// Column whose equal values stay in one part, such as a patient or a document; with --test, among the rows of
    /// the first file
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Training samples that need more memory than this stay on disk, if they are a plain IDX or .npy file
    #[arg(long, default_value_t = MEMORY_LIMIT, value_name = "MIB", value_parser = whole::<u64>(0..=1 << 30))]
    pub(crate) memory_limit: u64,
}

impl DataArgs {
    /// The data that these options name.
    pub(crate) fn source(&self) -> Source {
        Source {
            data: self.data.clone().unwrap_or_else(|| MNIST.to_owned()),
            label_column: self.label_column.clone(),
            scale: self.scale.into(),
            drop_columns: self.drop_columns.clone(),
            header: self.header.map(YesNo::is_yes),
            columns: self.columns.clone(),
            test: self.test.clone(),
            split_column: self.split_column.clone(),
            split: self.split.into(),
            group_column: self.group.clone(),
            memory_limit: self.memory_limit,
        }
        .absolute()
    }

    /// The data that these options name, or those that the model was trained on if they name none.
    pub(crate) fn source_for(&self, trained: &Trained, ui: &Ui) -> Source {
        let record = &trained.record;
        let given = self.source();
        let is_other = |source: &Source| self.data.is_some() && given.data != source.data;
        let Some(source) = record.source.as_ref().filter(|source| !is_other(source)) else {
            return given;
        };
        ui.note(&format!("data: {}, as {} was trained on", source.data, record.run));
        Source {
            label_column: given.label_column.or_else(|| source.label_column.clone()),
            header: given.header.or(source.header),
            memory_limit: given.memory_limit,
            ..source.clone()
        }
    }

    /// Whether a scaling is given.
    pub(crate) fn scales(&self) -> bool {
        self.scale != Scale::Auto
    }

    /// Refuses options that belong to training: a trained model reads data as it did there.
    pub(crate) fn refuse_training_options(&self) -> anyhow::Result<()> {
        let given = [
            ("scale", self.scales()),
            ("drop-columns", !self.drop_columns.is_empty()),
            ("columns", self.columns.is_some()),
            ("test", self.test.is_some()),
            ("split-column", self.split_column.is_some()),
            ("split", self.split != Split::Random),
            ("group", self.group.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => bail!(
                "--{option} applies to training; a trained model reads data as it did there: leave the option out"
            ),
            None => Ok(()),
        }
    }

    /// The options that differ from their defaults, as typed.
    pub(crate) fn given(&self) -> String {
        let mut given = String::new();
        let mut add = |option: &str, value: &str| {
            given.extend([" --", option, " ", &quoted(value)]);
        };
        if let Some(data) = self.data.as_deref().filter(|data| *data != MNIST) {
            add("data", data);
        }
        if let Some(column) = &self.label_column {
            add("label-column", column);
        }
        if let Some(scale) = self.scale.to_possible_value().filter(|_| self.scale != Scale::Auto) {
            add("scale", scale.get_name());
        }
        if !self.drop_columns.is_empty() {
            add("drop-columns", &self.drop_columns.join(","));
        }
        if let Some(header) = self.header {
            add("header", if header.is_yes() { "yes" } else { "no" });
        }
        for (option, file) in [("columns", &self.columns), ("test", &self.test)] {
            if let Some(file) = file {
                add(option, &file.display().to_string());
            }
        }
        for (option, column) in [("split-column", &self.split_column), ("group", &self.group)] {
            if let Some(column) = column {
                add(option, column);
            }
        }
        if self.split == Split::Time {
            add("split", "time");
        }
        if self.memory_limit != MEMORY_LIMIT {
            add("memory-limit", &self.memory_limit.to_string());
        }
        given
    }
}

/// Prints the decisions made while data were read, with the options that change them.
pub(crate) fn tell(loaded: &Loaded, ui: &Ui) {
    for note in &loaded.notes {
        let option = match note {
            DataNote::Reading(Note::LabelColumn { .. }) => " (--label-column names another)",
            DataNote::Reading(Note::Values { scaled: Scaled::DividedBy(_), .. }) => {
                " (--scale chooses another scaling)"
            }
            _ => "",
        };
        ui.note(&format!("{}: {note}{option}", loaded.name));
    }
}

/// The parser of a name or path that is kept as text. It names an argument that is not valid UTF-8.
pub(crate) fn name_or_path() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|given| {
        given.into_string().map_err(|_| "expected UTF-8; rename the file, or make a link to it")
    })
}

/// The parser of a whole number in this range.
pub(crate) fn whole<N: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| range.contains(number));
        let (least, most) = range.clone().into_inner();
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
    }
}

/// The largest number of workers, labels, processors and seconds.
pub(crate) const MOST: u64 = u32::MAX as u64;

/// A word of a command as typed: in quotes if a shell would interpret it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// Yes
    Yes,
    /// No
    No,
}

impl YesNo {
    pub(crate) fn is_yes(self) -> bool {
        self == YesNo::Yes
    }
}

/// The choice of the rows that are held out, as [`aerbm::mnist_io::SplitBy`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Split {
    /// At random with a fixed seed, stratified by class
    Random,
    /// The last rows, by a column of dates or in the order of the file
    Time,
}

impl From<Split> for aerbm::mnist_io::SplitBy {
    fn from(split: Split) -> Self {
        match split {
            Split::Random => aerbm::mnist_io::SplitBy::Random,
            Split::Time => aerbm::mnist_io::SplitBy::Time,
        }
    }
}

/// Scaling of values, as [`aerbm::mnist_io::Scale`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    /// Pixel values are divided by their full scale, values in [0, 1] are kept, and other columns
    /// are standardised
    Auto,
    /// Values are kept
    None,
    /// Values are mapped to [0, 1]: each column by itself, pixels together
    Unit,
    /// Each column is shifted and scaled to mean 0 and standard deviation 1
    Standard,
}

impl From<Scale> for aerbm::mnist_io::Scale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::Auto => aerbm::mnist_io::Scale::Auto,
            Scale::None => aerbm::mnist_io::Scale::None,
            Scale::Unit => aerbm::mnist_io::Scale::Unit,
            Scale::Standard => aerbm::mnist_io::Scale::Standard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_and_words_are_told_the_range() {
        let parse = whole::<u32>(1..=MOST);
        assert_eq!((parse("1"), parse("4294967295")), (Ok(1), Ok(u32::MAX)));
        for wrong in ["0", "-1", "x", "", "1.5", "4294967296", "99999999999999999999"] {
            let expected = "expected a whole number from 1 to 4294967295";
            assert_eq!(parse(wrong).expect_err("refused"), expected, "{wrong}");
        }
    }
}
