use std::path::PathBuf;

use aerbm::apply::{encode, encode_set, sink_for};
use clap::{Args, ValueEnum};

use super::OnModel;
use crate::new_rows::{OnRows, finish, model_and_contract};
use crate::ui::Ui;

/// Write the codes of rows: the outputs of a model's hidden units
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// File or folder of new rows, all of which are encoded [default: a part of the data that the model was
    /// trained on]
    file: Option<PathBuf>,
    /// Part of the data to encode, if no file is given
    #[arg(long, default_value = "test", conflicts_with = "file")]
    images: Images,
    /// File for the codes; its name ends in .npy, .csv or .parquet [default: for new rows, standard output as
    /// CSV; otherwise codes_RUN_IMAGES.npy in the run's folder]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Images {
    /// The training samples, including those for validation
    Train,
    /// The test samples
    Test,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if let Some(file) = &args.file {
        let rows = OnRows::new(&args.model, file, args.out.as_deref())?;
        let (trained, contract) = model_and_contract(&rows.model)?;
        let mut blocks = rows.rows(&contract)?;
        let mut sink = rows.sink(ui)?;
        let n_rows = encode(&trained.model, &contract, &mut blocks, &mut *sink, ui)?;
        finish(sink, ui)?;
        return rows.tell(&blocks, n_rows, ui);
    }
    let (trained, loaded) = args.model.load(ui)?;
    let (set, name) = match args.images {
        Images::Train => (loaded.train()?, "train"),
        Images::Test => (&loaded.data.test, "test"),
    };
    let run = &trained.record.run;
    let default = || args.model.folder().join(format!("codes_{run}_{name}.npy"));
    if let Some(out) = &args.out {
        aerbm::refuse_output_of_model(out, &trained.record)?;
    }
    let out = args.out.clone().unwrap_or_else(default);
    let mut sink = sink_for(&out)?;
    let n = encode_set(&trained.model, set, &mut *sink)?;
    finish(sink, ui)?;
    ui.rows(&[serde_json::json!({ "file": out.display().to_string(), "rows": n })])?;
    ui.result(&format!("{n} codes: {}", out.display()))
}
