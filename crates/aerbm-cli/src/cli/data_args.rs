//! The options that say where the data are, and commands as they are typed.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Where the data are and how they are read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// A name that `aerbm data list` shows; an IDX, .npy, .npz or .csv file; or a folder of four IDX
    /// files or of PNG images, sorted into a folder for each class if they have labels [default: what a
    /// run was trained on, else mnist]
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) data: Option<String>,
    /// Column of a .csv file with the labels: its name, its index from 0 (from the end: -1), or none
    /// [default: one called label, class, target or y]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) label_column: Option<String>,
    /// What is done with the values
    #[arg(long, default_value = "auto")]
    pub(crate) scale: Scale,
    /// Training samples that would take more memory stay on disk, if they are a plain IDX or .npy file
    #[arg(long, default_value_t = MEMORY_LIMIT, value_name = "MIB", value_parser = clap::value_parser!(u64).range(..=1 << 30))]
    pub(crate) memory_limit: u64,
}

/// The memory limit where none is given.
const MEMORY_LIMIT: u64 = 1024;

/// The data where none are named.
const MNIST: &str = "mnist";

impl DataArgs {
    /// The name or path.
    pub(crate) fn name(&self) -> &str {
        self.data.as_deref().unwrap_or(MNIST)
    }

    /// The options that are not their defaults, as they are typed.
    pub(crate) fn given(&self) -> String {
        let mut given = String::new();
        let mut add = |option: &str, value: &str| {
            given.extend([" --", option, " ", &quoted(value)]);
        };
        if self.name() != MNIST {
            add("data", self.name());
        }
        if let Some(column) = &self.label_column {
            add("label-column", column);
        }
        if let Some(scale) = self.scale.to_possible_value().filter(|_| self.scale != Scale::Auto) {
            add("scale", scale.get_name());
        }
        if self.memory_limit != MEMORY_LIMIT {
            add("memory-limit", &self.memory_limit.to_string());
        }
        given
    }
}

/// A word of a command as it is typed: in quotes where a shell would make something else of it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What is done with the values of data; as [`mnist_io::Scale`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scale {
    /// Whole numbers from 0 to 255 are brought into [0, 1], others are kept
    Auto,
    /// Values are kept
    None,
    /// Values are brought into [0, 1]: those of each column, or all pixels together
    Unit,
    /// Each column gets mean 0 and standard deviation 1
    Standard,
}

impl From<Scale> for mnist_io::Scale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::Auto => mnist_io::Scale::Auto,
            Scale::None => mnist_io::Scale::None,
            Scale::Unit => mnist_io::Scale::Unit,
            Scale::Standard => mnist_io::Scale::Standard,
        }
    }
}
