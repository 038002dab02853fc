use std::path::PathBuf;

use aerbm::export::{Export, Format, Part};
use aerbm::tracking::{self, Tracker};
use aerbm::{Saved, Trained, best, contract};
use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::ui::Ui;

/// Write a trained model, or the measurements of a run, for other programs
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder of a model, or of a run; for formats of models, the run has to have exactly one
    model: PathBuf,
    /// Format of the file or folder
    #[arg(long)]
    format: FormatName,
    /// Part of the model [default: the classifier if there is one, otherwise the encoder; for safetensors,
    /// all parameters]
    #[arg(long)]
    part: Option<PartName>,
    /// File to write, or folder for mlflow and tensorboard [default: RUN-PART.FORMAT, mlruns or tensorboard in the
    /// folder MODEL]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// A graph for onnxruntime and others
    Onnx,
    /// Named tensors for PyTorch, NumPy and others
    Safetensors,
    /// Arrays with the names of scikit-learn's attributes
    Npz,
    /// Settings and measurements of a run for MLflow: a folder `mlruns`
    Mlflow,
    /// Measurements of a run for TensorBoard: event files
    Tensorboard,
}

impl FormatName {
    /// The format of a model, or the program that shows runs.
    fn kind(self) -> Kind {
        match self {
            FormatName::Onnx => Kind::Model(Format::Onnx),
            FormatName::Safetensors => Kind::Model(Format::Safetensors),
            FormatName::Npz => Kind::Model(Format::Npz),
            FormatName::Mlflow => Kind::Run(Tracker::Mlflow),
            FormatName::Tensorboard => Kind::Run(Tracker::Tensorboard),
        }
    }
}

/// The object to export.
enum Kind {
    Model(Format),
    Run(Tracker),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartName {
    /// From data to codes
    Encoder,
    /// From codes to reconstructions
    Decoder,
    /// From data to reconstructions
    Reconstruction,
    /// From data to classes with their probabilities
    Classifier,
}

/// Files of models, which an export must not replace.
const OWN_FILES: [&str; 3] =
    ["model.safetensors", "classifier.safetensors", "checkpoint.safetensors"];

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    match args.format.kind() {
        Kind::Model(format) => model(args, format, ui),
        Kind::Run(tracker) => measurements(args, tracker, ui),
    }
}

/// Exports the measurements of a run.
fn measurements(args: &Arguments, tracker: Tracker, ui: &Ui) -> anyhow::Result<()> {
    if args.part.is_some() {
        bail!("--part applies to models only; leave it out for the measurements of a run");
    }
    let out = args.out.clone().unwrap_or_else(|| args.model.join(tracker.folder()));
    let runs = tracking::write(&args.model, tracker, &out)?;
    ui.rows(&[serde_json::json!({ "runs": runs, "folder": out })])?;
    ui.result(&format!("{runs} runs: {}", out.display()))
}

/// Exports a model.
fn model(args: &Arguments, format: Format, ui: &Ui) -> anyhow::Result<()> {
    let folder = best::resolve(&args.model);
    let saved = Saved::load(&folder)?;
    if let Some(out) = &args.out {
        match &saved.model {
            Some(trained) => aerbm::refuse_output_of_model(out, &trained.record)?,
            None => aerbm::refuse_output(out, &[])?,
        }
    }
    let part = args.part.map(Part::from);
    let name = &saved.classifier_name;
    let wants_classifier = part.is_none_or(|part| part == Part::Classifier);
    let (export, run, (n_inputs, n_classes)) = match (&saved.classifier, &saved.model) {
        (Some(classifier), model) if wants_classifier || model.is_none() => {
            let export = Export::of_classifier(name, classifier);
            (export, name, (classifier.n_inputs(), Some(classifier.n_classes())))
        }
        (_, Some(trained)) => {
            let (export, n_visible) = (Export::of_model(trained), trained.model.n_visible());
            (export, &trained.record.run, (n_visible, None))
        }
        _ => bail!("{}: there is no model here", folder.display()),
    };
    // With a contract, the inputs are raw columns; without one, the numbers that the model was trained on.
    let place = Trained::locate(&folder).unwrap_or(folder);
    let export = match contract::load_for(&place, n_inputs, n_classes)? {
        Some(contract) if format == Format::Onnx => {
            let export = export.with_inputs((&contract).into());
            // Models other than classifiers have no classes, even if their data have.
            if export.default_part() == Part::Classifier {
                export.with_classes(contract.class_names().to_vec())
            } else {
                export
            }
        }
        _ => export,
    };
    let bytes = export.write(format, part)?;
    let shown = match (part, format) {
        (None, Format::Safetensors) => "parameters",
        (part, _) => part.unwrap_or(export.default_part()).name(),
    };
    let default = || args.model.join(format!("{run}-{shown}.{}", format.extension()));
    let out = args.out.clone().unwrap_or_else(default);
    if out.file_name().is_some_and(|name| OWN_FILES.iter().any(|own| name == *own)) && out.exists()
    {
        bail!("{} is a model's own file; --out names another one", out.display());
    }
    ::report::write_bytes(&out, &bytes)?;
    ui.rows(&[serde_json::json!({ "run": run, "part": shown, "file": out })])?;
    ui.result(&format!("{shown} of {run}: {}", out.display()))
}

impl From<PartName> for Part {
    fn from(name: PartName) -> Self {
        match name {
            PartName::Encoder => Part::Encoder,
            PartName::Decoder => Part::Decoder,
            PartName::Reconstruction => Part::Reconstruction,
            PartName::Classifier => Part::Classifier,
        }
    }
}
