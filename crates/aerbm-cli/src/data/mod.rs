//! Data sets by name, file or folder.

mod known;
mod samples;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, ensure};
use mnist_io::{
    Derived, FormatError, Note, Opened, ReadOptions, Scaled, SplitRule, Splits, TrainTest,
    TrainingData,
};
use serde::{Deserialize, Serialize};
use study::stage::Key;

pub(crate) use known::{fetch, list, verify};
pub(crate) use samples::training_samples;

use crate::cli::{DataArgs, Scale};
use crate::config::{UsageError, nearest};
use crate::train::Trained;
use crate::ui::Ui;

const FOLDER: &str = "data";

/// A data set before it is split.
pub(crate) struct Loaded {
    pub(crate) data: TrainTest<TrainingData>,
    pub(crate) name: String,
    /// The decisions made while reading, one sentence each.
    pub(crate) notes: Vec<String>,
    /// Scaling and label column, if they are not the defaults.
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
    let (data, mut notes) = match (path, Derived::named(args.name())) {
        (Ok(path), _) => {
            let Opened { data, notes } = mnist_io::open(path, &options).map_err(with_remedy)?;
            (data, notes.iter().map(told).collect())
        }
        (Err(_), Some(set)) => (make(set, &options)?.into(), vec![set.description().to_owned()]),
        (Err(error), None) => return Err(error),
    };
    if !data.train.shape().is_image() {
        let n = data.train.n_features();
        notes.push(format!("samples are {n} numbers and no images: they are not drawn"));
    }
    let name = data.train.name().to_owned();
    let variant = (options.scale, options.label_column);
    let variant = (variant != (mnist_io::Scale::Auto, None)).then_some(variant);
    Ok(Loaded { data, name, notes, variant })
}

/// A note on reading, with the option that changes the decision.
fn told(note: &Note) -> String {
    match note {
        Note::LabelColumn { .. } => format!("{note} (--label-column names another)"),
        Note::Values { scaled: Scaled::DividedBy(_), .. } => {
            format!("{note} (--scale chooses another scaling)")
        }
        note => note.to_string(),
    }
}

/// The error, with the options of the command that remedy it.
pub(crate) fn with_remedy(error: mnist_io::Error) -> anyhow::Error {
    use mnist_io::Error;
    let remedy = match &error {
        Error::FolderNotFound { .. } | Error::FileNotFound { .. } => {
            "`aerbm data list` shows the data sets; --data takes a name or a path"
        }
        Error::OnDisk { .. } => {
            "only `aerbm train` learns from disk; give fewer samples, or raise --memory-limit"
        }
        Error::Format(FormatError::Memory { .. }) => "--memory-limit sets the limit",
        Error::Format(FormatError::NoColumns { .. }) => "leave out --label-column",
        Error::Format(FormatError::CsvNumber { column, .. }) => {
            let option = format!("--label-column {column}");
            return anyhow!("{error}: {option}");
        }
        _ => return error.into(),
    };
    anyhow!("{error}; {remedy}")
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
    refuse_other_width(trained, &loaded.data.test)?;
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

/// Generates a derived data set, some from MNIST.
fn make(set: Derived, options: &ReadOptions) -> anyhow::Result<TrainTest> {
    if options.label_column.is_some() || options.scale != mnist_io::Scale::Auto {
        let message =
            format!("{} is made as it is: without --label-column and --scale", set.name());
        return Err(UsageError(message).into());
    }
    let folder = Path::new(FOLDER).join("mnist");
    set.make(|| mnist_io::load(folder)).map_err(with_remedy)
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
        self.data.train.is_on_disk()
    }

    /// The training samples, which must be in memory.
    pub(crate) fn train(&self) -> anyhow::Result<&mnist_io::Dataset> {
        self.data.train.in_memory().map_err(with_remedy)
    }

    /// The three parts in memory, and the key of their content.
    pub(crate) fn split(&self, rule: SplitRule) -> anyhow::Result<(Splits, Key)> {
        let splits = self.data.in_memory().map_err(with_remedy)?.split(rule)?;
        Ok((splits, self.key(rule)))
    }

    /// The three parts, of which the training part may be on disk, and the key of their content.
    pub(crate) fn split_on_disk(
        &self,
        rule: SplitRule,
    ) -> anyhow::Result<(Splits<TrainingData>, Key)> {
        let splits = self.data.clone().split(rule).map_err(with_remedy)?;
        Ok((splits, self.key(rule)))
    }

    /// The hash of the data, the way they were read and the split.
    fn key(&self, rule: SplitRule) -> Key {
        let hashes = (self.data.train.sha256(), &self.data.test.sha256);
        match &self.variant {
            None => Key::new("data", &(hashes, rule)),
            Some(variant) => Key::new("data", &(hashes, rule, variant)),
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
