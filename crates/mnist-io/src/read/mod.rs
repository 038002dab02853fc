//! Data of any known kind, by the path of a file or a folder.
//!
//! | path | holds |
//! |---|---|
//! | a folder of four IDX files | images and labels, training and test parts, in their order |
//! | an IDX file, plain or gzip | images |
//! | a `.npy` file | samples × features, or samples × height × width |
//! | a `.npz` file | such arrays: `x_train`, `y_train`, `x_test`, `y_test`; or `x`, `y` |
//! | a `.csv` file | one sample a line, perhaps with a header and a column of labels |
//! | a folder of PNG files | grey images, in one folder a class if they have labels |
//!
//! What has no test part is cut as [`order`] says. Labels may be numbers or words.
//! Plain IDX files and `.npy` files that would take too much memory stay on disk.

mod classes;
mod csv;
mod element;
mod error;
mod idx_files;
mod npy;
mod on_disk;
mod order;
mod png;
mod scaling;
mod table;

use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;

pub use error::FormatError;
pub use on_disk::OnDisk;
pub use scaling::Scale;

use self::classes::RawLabels;
use self::on_disk::MOST_HELD;
use self::order::Order;
use self::scaling::Scaling;
use self::table::Table;
use crate::dataset::check_counts;
use crate::{Dataset, Error, Mnist};

/// How data are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a CSV file that holds the labels: a name, an index from 0, one from the end
    /// such as -1, or `none`. Without it a column called `label`, `class`, `target` or `y` is taken.
    pub label_column: Option<String>,
    /// What is done with the values.
    pub scale: Scale,
    /// Training samples that would take more than this many bytes of memory stay on disk.
    pub memory_limit: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { label_column: None, scale: Scale::Auto, memory_limit: 1 << 30 }
    }
}

/// A set, and what is to be said of how it was read.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Both parts in memory; the training part without samples if it is `on_disk`.
    pub mnist: Mnist,
    /// The training part, if it is too large for memory.
    pub on_disk: Option<OnDisk>,
    /// What was decided while reading, one sentence each.
    pub notes: Vec<String>,
}

/// Reads the file or folder at `path`.
///
/// # Errors
/// [`Error`]: each way in which data can be wrong has a variant that names file and place.
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Opened, Error> {
    let path = path.as_ref();
    let limit = options.memory_limit;
    let column = options.label_column.as_deref();
    let no_columns = |instead| match column {
        Some(_) => Err(FormatError::NoColumns { place: path.display().to_string(), instead }),
        None => Ok(()),
    };
    let parts = if path.is_dir() {
        no_columns("IDX sets have files of labels, PNG images a folder for each")?;
        let idx = idx_files::read_folder(path, limit)?;
        let parts = match idx {
            Some(parts) => Some(parts),
            None => png::read_folder(path, limit)?,
        };
        parts.ok_or_else(|| FormatError::EmptyFolder { dir: path.into() })?
    } else {
        let end = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match end.as_str() {
            "csv" | "tsv" => csv::read_csv(path, column, limit)?,
            "npy" => {
                no_columns("save samples and labels as x and y of a .npz file")?;
                npy::read_npy(path)?
            }
            "npz" => {
                no_columns("its labels are the entry y")?;
                npy::read_npz(path, limit)?
            }
            _ if is_idx(path)? => {
                no_columns("give the folder of the four files to have their labels")?;
                idx_files::read_file(path, limit)?
            }
            _ => return Err(FormatError::Unknown { path: path.into() }.into()),
        }
    };
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = stem.unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    assemble(name, parts, options)
}

/// Whether a file starts like an IDX file or like gzip.
fn is_idx(path: &Path) -> Result<bool, Error> {
    use std::io::Read;
    let io = |source| Error::Io { file: path.into(), source };
    let mut start = Vec::new();
    std::fs::File::open(path).map_err(io)?.take(2).read_to_end(&mut start).map_err(io)?;
    Ok(start == [0, 0] || start == [0x1f, 0x8b])
}

/// Samples as they were read, before they are scaled and put in order.
struct Labelled {
    table: Table,
    labels: Option<RawLabels>,
    /// What the set is identified by.
    sha256: String,
}

/// All that was read.
struct Parts {
    train: Labelled,
    test: Option<Labelled>,
    /// Whether the order of the training samples is the set's own, so that its end validates.
    in_order: bool,
    notes: Vec<String>,
}

impl Parts {
    /// A set that has no test part of its own.
    fn of_one(whole: Labelled) -> Self {
        Parts { train: whole, test: None, in_order: false, notes: vec![] }
    }
}

/// Scales and orders the samples, and brings into memory what fits.
fn assemble(name: String, parts: Parts, options: &ReadOptions) -> Result<Opened, Error> {
    let Parts { train, test, in_order, mut notes } = parts;
    check_parts(&train, test.as_ref())?;
    let place = train.table.file.display().to_string();
    let (sha256, train) = (train.sha256, (train.table, train.labels));
    let (test_sha256, test) = test.map(|test| (test.sha256, (test.table, test.labels))).unzip();
    let (train, train_labels) = train;
    let (test, test_labels) = test.unzip();
    let raw = [train_labels, test_labels.flatten()];
    let [has_train, has_test] = [raw[0].is_some(), raw[1].is_some()];
    let (class_names, labels) = classes::classes(&place, raw.into_iter().flatten().collect())?;
    let class_names = if labels.is_empty() { vec![] } else { class_names };
    let mut labels = labels.into_iter();
    let train_labels = if has_train { labels.next() } else { None };
    let test_labels = if has_test { labels.next() } else { None };

    let n_rows = train.n_rows;
    let needed = if test.is_none() { 3 } else { 2 };
    if n_rows < needed {
        return Err(FormatError::TooFewRows { place, found: n_rows, expected: needed }.into());
    }
    let (order, held) = match &test {
        Some(_) if in_order || n_rows < 3 => (Order::as_it_is(n_rows), vec![]),
        given => Order::with_rows_held_out(n_rows, train_labels.as_deref(), given.is_none()),
    };
    let tables: Vec<&Table> = std::iter::once(&train).chain(&test).collect();
    let (scaling, note) = scaling::resolve(options.scale, &tables, &order)?;
    if !(in_order && options.scale == Scale::Auto) {
        notes.push(note);
    }
    notes.extend(class_note(&class_names));
    if test.is_none() {
        let how = if train_labels.is_some() { "by class" } else { "at random" };
        notes.push(format!("{} of {n_rows} samples are the test part, chosen {how}", held.len()));
    }

    let template = Dataset {
        name,
        images: Array2::zeros((0, train.n_columns())).into_shared(),
        labels: train_labels.as_ref().map(|_| vec![]),
        n_classes: class_names.len(),
        class_names,
        shape: train.shape,
        sha256,
    };
    let pick = |labels: &Option<Vec<u8>>, rows: &mut dyn Iterator<Item = usize>| {
        labels.as_ref().map(|labels| rows.map(|row| labels[row]).collect::<Vec<u8>>())
    };
    let test = match &test {
        None => {
            let images = in_memory(&train, held.len(), |i| held[i], &scaling)?;
            let labels = pick(&train_labels, &mut held.iter().copied());
            template.part(images.into_shared(), labels)
        }
        Some(table) => {
            let large = table.is_on_disk() && table.bytes_in_memory() > options.memory_limit;
            let n = if large { MOST_HELD.min(table.n_rows) } else { table.n_rows };
            if large {
                notes.push(format!("the first {n} of {} test samples are used", table.n_rows));
            }
            let images = in_memory(table, n, |i| i, &scaling)?;
            let part = template.part(images.into_shared(), pick(&test_labels, &mut (0..n)));
            Dataset { sha256: test_sha256.unwrap_or_default(), ..part }
        }
    };
    if train.is_on_disk() && train.bytes_in_memory() > options.memory_limit {
        notes.push(format!(
            "{} training samples stay on disk: in memory they would take {} MiB",
            order.len(),
            train.bytes_in_memory() >> 20
        ));
        let mnist = Mnist { train: template.clone(), test };
        let on_disk = OnDisk::new(train, order, scaling, train_labels, template);
        return Ok(Opened { mnist, on_disk: Some(on_disk), notes });
    }
    let images = in_memory(&train, order.len(), |i| order.row(i), &scaling)?;
    let labels = pick(&train_labels, &mut (0..order.len()).map(|i| order.row(i)));
    let train = template.part(images.into_shared(), labels);
    Ok(Opened { mnist: Mnist { train, test }, on_disk: None, notes })
}

/// Refuses labels that do not pair up with samples, and parts of different sizes.
fn check_parts(train: &Labelled, test: Option<&Labelled>) -> Result<(), Error> {
    for part in std::iter::once(train).chain(test) {
        if let Some(labels) = &part.labels {
            check_counts(part.table.n_rows, &part.table.file, labels.len(), &part.table.file)?;
        }
    }
    match test {
        Some(test) if test.table.shape != train.table.shape => Err(Error::ShapesDiffer {
            file: test.table.file.clone(),
            found: test.table.shape,
            expected: train.table.shape,
        }),
        _ => Ok(()),
    }
}

/// What the classes are called, unless they are 0, 1, 2, …
fn class_note(names: &[String]) -> Option<String> {
    const SHOWN: usize = 12;
    if names.iter().enumerate().all(|(i, name)| *name == i.to_string()) {
        return None;
    }
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown = names[..names.len().min(SHOWN)].join(", ");
    Some(format!("{} classes: {shown}{more}", names.len()))
}

/// `n` rows of a table, scaled: the only copy of them as `f32`.
fn in_memory(
    table: &Table,
    n: usize,
    row: impl Fn(usize) -> usize + Sync,
    scaling: &Scaling,
) -> Result<Array2<f32>, Error> {
    const BLOCK: usize = 1000;
    let width = table.n_columns();
    let mut rows = Array2::zeros((n, width));
    let values = rows.as_slice_mut().expect("a new array is contiguous");
    values.par_chunks_mut(BLOCK * width).enumerate().try_for_each(|(block, values)| {
        let size = values.len() / width;
        let mut out = ndarray::ArrayViewMut2::from_shape((size, width), &mut *values)
            .expect("whole rows of the table's width");
        table.read((0..size).map(|i| row(block * BLOCK + i)), out.view_mut())?;
        scaling.apply(values);
        Ok::<(), Error>(())
    })?;
    Ok(rows)
}
