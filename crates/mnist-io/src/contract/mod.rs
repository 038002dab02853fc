//! Everything fitted to training data, so that new data are read in the same way.

mod affine;
mod array;
mod column;
mod encode;
mod original;
mod values;

use serde::{Deserialize, Serialize};

pub use affine::Encoding;
pub use array::{ArrayInput, Scaling};
pub use column::{Column, ColumnKind, Reason, ScaledBy, Shift};
pub use values::Original;

pub use encode::UnknownLevels;
pub(crate) use encode::{Encoder, truth};

use crate::dataset::Dataset;
use crate::layout::{Block, append};
use crate::shape::ImageShape;

/// The version of [`Contract`] that this crate writes.
pub const CONTRACT_VERSION: u32 = 1;

/// The contract between a model and its data: columns with their types and scaling, the shape of images, and
/// the classes. [`open`](crate::open) fits it to the training part, excluding validation rows fixed by a
/// column, groups or time; [`Contract::rows`] applies it to new data without refitting.
///
/// It is written as readable JSON:
///
/// ```
/// use mnist_io::{ReadOptions, open};
///
/// let dir = tempfile::tempdir()?;
/// let file = dir.path().join("flats.csv");
/// let rows = "Seoul,2,a\nBusan,3,b\nSeoul,4,a\nBusan,5,b\n".repeat(3);
/// std::fs::write(&file, format!("city,rooms,y\n{rows}"))?;
/// let contract = open(&file, &ReadOptions::default())?.contract;
/// assert_eq!(contract.feature_names(), ["city=Busan", "city=Seoul", "city=other", "rooms"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// The version of this description, [`CONTRACT_VERSION`].
    pub version: u32,
    /// The name of the data set.
    pub name: String,
    /// Number of rows to which the contract was fitted: the training rows and those without a label. They
    /// include validation rows that are drawn from the training rows only later.
    pub n_training_rows: usize,
    /// The treatment of missing values.
    pub missing: MissingValues,
    /// The columns or the array.
    pub input: Input,
    /// The classes; `None` for data without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
}

/// The treatment of missing values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingValues {
    /// A missing value becomes NaN; a missing category becomes NaN in its whole group.
    #[default]
    Mark,
    /// A missing value is an error.
    Refuse,
}

/// The form of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Input {
    /// Columns identified by name or, without a header, by position.
    Table(TableInput),
    /// Numbers without names: arrays and images.
    Array(ArrayInput),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableInput {
    /// Whether the columns have names; otherwise they are named by their index from 0.
    pub header: bool,
    /// The size of a row as an image, if the columns are pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageShape>,
    /// All columns except the labels, in the order of the training file.
    pub columns: Vec<Column>,
}

/// The classes of the labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// The name of the label column; `None` if the labels were not in a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The index of the label column in the training file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The names of the classes, in their order.
    pub names: Vec<String>,
}

impl Contract {
    /// The contract of images whose pixels were bytes, such as those of a generated data set: new bytes are
    /// divided by 255.
    #[must_use]
    pub fn of_pixels(train: &Dataset) -> Self {
        let names = train.class_names.clone();
        Contract {
            version: CONTRACT_VERSION,
            name: train.name.clone(),
            n_training_rows: train.n_samples(),
            missing: MissingValues::Mark,
            input: Input::Array(ArrayInput {
                shape: train.shape,
                pixels: true,
                scaling: Scaling::Divide { divisor: 255.0 },
                ranges: vec![[0.0, 255.0]],
            }),
            classes: train.labels.is_some().then_some(Classes { column: None, index: None, names }),
        }
    }

    /// The contract of rows of unscaled numbers, such as those of an array in memory: values from `low` to
    /// `high`, in images of this shape, with optional class names.
    #[must_use]
    pub fn of_values(
        name: &str,
        shape: ImageShape,
        n_training_rows: usize,
        (low, high): (f64, f64),
        classes: Option<Vec<String>>,
    ) -> Self {
        Contract {
            version: CONTRACT_VERSION,
            name: name.to_owned(),
            n_training_rows,
            missing: MissingValues::Mark,
            input: Input::Array(ArrayInput {
                shape,
                pixels: false,
                scaling: Scaling::Keep,
                ranges: vec![[low, high]],
            }),
            classes: classes.map(|names| Classes { column: None, index: None, names }),
        }
    }

    /// The kinds of the features, in order.
    #[must_use]
    pub fn layout(&self) -> Vec<Block> {
        match &self.input {
            Input::Array(array) => array.layout(),
            Input::Table(table) => {
                let mut layout = vec![];
                for column in &table.columns {
                    if let Some((kind, width)) = column.block() {
                        append(&mut layout, kind, width);
                    }
                }
                layout
            }
        }
    }

    /// Number of features of a sample.
    #[must_use]
    pub fn n_features(&self) -> usize {
        match &self.input {
            Input::Array(array) => array.n_features(),
            Input::Table(table) => table.columns.iter().map(Column::n_features).sum(),
        }
    }

    /// The first reason why rows cannot be read by this contract, which may come from a file that was changed.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if self.version != CONTRACT_VERSION {
            return Some(format!("version {}; expected {CONTRACT_VERSION}", self.version));
        }
        let names = self.class_names();
        if let Some((_, twice)) =
            names.iter().enumerate().find(|(i, name)| names[..*i].contains(name))
        {
            return Some(format!("the class {twice} is named twice"));
        }
        match &self.input {
            Input::Array(array) => array.fault(),
            Input::Table(table) => table.columns.iter().find_map(|column| {
                column.fault().map(|fault| format!("column {}: {fault}", column.name))
            }),
        }
    }

    /// The names of the features, such as `age` and `city=Seoul`; empty for arrays and images.
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        match &self.input {
            Input::Array(_) => vec![],
            Input::Table(table) => table.columns.iter().flat_map(Column::feature_names).collect(),
        }
    }

    /// The size of a sample as an image; a single row if it is not an image.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        match &self.input {
            Input::Array(array) => array.shape,
            Input::Table(table) => table.image.unwrap_or(ImageShape::grey(1, self.n_features())),
        }
    }

    /// The names of the classes, in their order; empty without labels.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        self.classes.as_ref().map_or(&[], |classes| &classes.names)
    }

    /// The smallest and largest training value of each feature, in model units: [0, 1] for a feature of a
    /// category.
    #[must_use]
    pub fn ranges(&self) -> Vec<[f32; 2]> {
        match &self.input {
            Input::Array(array) => array.model_ranges(),
            Input::Table(table) => table.columns.iter().flat_map(Column::model_ranges).collect(),
        }
    }
}
