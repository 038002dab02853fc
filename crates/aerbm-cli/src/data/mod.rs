//! Data sets by name, file or folder.

mod known;
mod samples;

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use mnist_io::{Derived, Mnist, OnDisk, Opened, Partition, ReadOptions, Splits};
use serde::{Deserialize, Serialize};
use study::stage::Key;

pub(crate) use known::{fetch, list, verify};
pub(crate) use samples::training_samples;

use crate::cli::{DataArgs, Scale};
use crate::config::{UsageError, nearest};
use crate::train::Trained;
use crate::ui::Ui;

const FOLDER: &str = "data";

/// A data set before it is split; in memory, but for a training part that is too large.
pub(crate) struct Loaded {
    pub(crate) mnist: Mnist,
    pub(crate) name: String,
    /// What was decided while reading, one sentence each.
    pub(crate) notes: Vec<String>,
    on_disk: Option<OnDisk>,
    /// How it was read, where that is not as always.
    variant: Option<(mnist_io::Scale, Option<String>)>,
}

/// Loads the data set of this name or path.
pub(crate) fn load(args: &DataArgs) -> anyhow::Result<Loaded> {
    let options = ReadOptions {
        label_column: args.label_column.clone(),
        scale: args.scale.into(),
        memory_limit: args.memory_limit << 20,
    };
    let path = find(args.name());
    let Opened { mnist, on_disk, mut notes } = match (path, Derived::named(args.name())) {
        (Ok(path), _) => mnist_io::open(path, &options)?,
        (Err(_), Some(set)) => make(set, &options)?,
        (Err(error), None) => return Err(error),
    };
    if !mnist.train.shape.is_image() {
        let n = mnist.train.n_features();
        notes.push(format!("samples are {n} numbers and no images: they are not drawn"));
    }
    let name = mnist.train.name.clone();
    let variant = (options.scale, options.label_column);
    let variant = (variant != (mnist_io::Scale::Auto, None)).then_some(variant);
    Ok(Loaded { mnist, name, notes, on_disk, variant })
}

/// Where a model's data were, and how they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    data: String,
    label_column: Option<String>,
    scale: Scale,
}

impl From<&DataArgs> for Source {
    fn from(args: &DataArgs) -> Self {
        Source {
            data: args.name().to_owned(),
            label_column: args.label_column.clone(),
            scale: args.scale,
        }
    }
}

/// Loads the data that are named; where none are, those that the model was trained on, and says so.
pub(crate) fn load_for(trained: &Trained, args: &DataArgs, ui: &Ui) -> anyhow::Result<Loaded> {
    let record = &trained.record;
    let mut args = args.clone();
    if let (None, Some(source)) = (&args.data, &record.source) {
        args.data = Some(source.data.clone());
        args.label_column = args.label_column.or_else(|| source.label_column.clone());
        if args.scale == Scale::Auto {
            args.scale = source.scale;
        }
        ui.note(&format!("data: {}, as {} was trained on", source.data, record.run));
    }
    let loaded = load(&args)?;
    loaded.tell(ui);
    refuse_other_width(trained, &loaded.mnist.test)?;
    Ok(loaded)
}

fn refuse_other_width(trained: &Trained, data: &mnist_io::Dataset) -> anyhow::Result<()> {
    ensure!(
        trained.record.n_visible == data.n_features(),
        "{} was trained on images of {} pixels, those of {} have {}",
        trained.record.run,
        trained.record.n_visible,
        data.name,
        data.n_features()
    );
    Ok(())
}

/// Makes a set from MNIST, or from nothing.
fn make(set: Derived, options: &ReadOptions) -> anyhow::Result<Opened> {
    if options.label_column.is_some() || options.scale != mnist_io::Scale::Auto {
        let message =
            format!("{} is made as it is: without --label-column and --scale", set.name());
        return Err(UsageError(message).into());
    }
    let folder = Path::new(FOLDER).join("mnist");
    let mnist = set.make(|| mnist_io::load(folder))?;
    Ok(Opened { mnist, on_disk: None, notes: vec![set.description().to_owned()] })
}

impl Loaded {
    /// Says how the data were read.
    pub(crate) fn tell(&self, ui: &Ui) {
        for note in &self.notes {
            ui.note(&format!("{}: {note}", self.name));
        }
    }

    /// Whether the training samples stay on disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.on_disk.is_some()
    }

    /// The training samples, which must be in memory.
    pub(crate) fn train(&self) -> anyhow::Result<&mnist_io::Dataset> {
        if self.is_on_disk() {
            bail!(
                "{} is too large for memory, and only `aerbm train` learns from disk; give fewer \
                 samples, or raise --memory-limit",
                self.name
            );
        }
        Ok(&self.mnist.train)
    }

    /// The three sets, all in memory, and the key of what is in them.
    pub(crate) fn split(&self, partition: Partition) -> anyhow::Result<(Splits, Key)> {
        self.train()?;
        let splits = Splits::new(self.mnist.clone(), partition)?;
        Ok((splits, self.key(partition)))
    }

    /// The same, but the training part may stay on disk.
    pub(crate) fn split_on_disk(&self, partition: Partition) -> anyhow::Result<(Splits, Key)> {
        let Some(on_disk) = &self.on_disk else { return self.split(partition) };
        let splits = Splits::on_disk(on_disk, self.mnist.clone(), partition)?;
        Ok((splits, self.key(partition)))
    }

    /// The hash of what is in the sets, and how it was read.
    fn key(&self, partition: Partition) -> Key {
        let hashes = (&self.mnist.train.sha256, &self.mnist.test.sha256);
        match &self.variant {
            None => Key::new("data", &(hashes, partition)),
            Some(variant) => Key::new("data", &(hashes, partition, variant)),
        }
    }
}

/// Where a data set is.
pub(crate) fn find(name_or_path: &str) -> anyhow::Result<PathBuf> {
    let named = Path::new(FOLDER).join(name_or_path);
    if known::is_unfinished(name_or_path) {
        return Err(UsageError(format!(
            "{} lacks files: `aerbm data fetch {name_or_path}` brings them",
            named.display()
        ))
        .into());
    }
    let given = PathBuf::from(name_or_path);
    if named.is_dir() {
        return Ok(named);
    }
    if given.exists() {
        return Ok(given);
    }
    if let Some(how) = known::not_here(name_or_path) {
        return Err(UsageError(how).into());
    }
    let known = known::names();
    let hint = nearest(name_or_path, known.iter().map(String::as_str));
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    Err(UsageError(format!(
        "no data set `{name_or_path}`: {} is no folder, {} no file or folder{hint} \
         (run aerbm where the folder `data` is, see `aerbm data list`, or give the path of a file or \
         folder)",
        named.display(),
        given.display()
    ))
    .into())
}
