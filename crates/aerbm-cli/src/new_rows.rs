//! Options of commands that apply a model to rows of a file.

use std::io::{BufWriter, ErrorKind, IsTerminal as _, Stdout, Write};
use std::path::{Path, PathBuf};

use aerbm::apply::{TableSink, csv_stream, json_stream, reconstruct, sink_for};
use aerbm::mnist_io::{Contract, NewData, Rows, UnknownLevels};
use aerbm::{Monitor as _, Trained};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::commands::OnModel;
use crate::data_args::YesNo;
use crate::harmless::HarmlessLines;
use crate::ui::Ui;

/// A model and the rows that it is applied to.
#[derive(Debug, Args)]
pub(crate) struct OnRows {
    /// Folder of a model: of `aerbm fit`, of a comparison, or of a run
    pub(crate) model: PathBuf,
    /// File or folder of rows, in any format that training reads
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) options: RowOptions,
}

/// Options of reading rows, and the destination of the resulting table.
#[derive(Debug, Args)]
pub(crate) struct RowOptions {
    /// Column of the labels, if its name differs from that in training
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    label_column: Option<String>,
    /// Whether the first line of a text table names the columns [default: detected]
    #[arg(long, value_name = "YES|NO")]
    header: Option<YesNo>,
    /// Treatment of category levels that training did not see
    #[arg(long, default_value = "other")]
    unknown_levels: Unknown,
    /// File for the resulting table; its name ends in .csv, .parquet or .npy [default: standard output, as
    /// CSV]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// They count as the level `other`, and are reported
    Other,
    /// They are an error
    Refuse,
}

impl OnRows {
    /// New rows for the model of a command that also works without them.
    pub(crate) fn new(model: &OnModel, file: &Path, out: Option<&Path>) -> anyhow::Result<Self> {
        model.data.refuse_training_options()?;
        if let Some(data) = &model.data.data {
            bail!("--data {data} and the file {} both name rows; give one", file.display());
        }
        let options = RowOptions {
            label_column: model.data.label_column.clone(),
            header: model.data.header,
            unknown_levels: Unknown::Other,
            out: out.map(Path::to_owned),
        };
        Ok(OnRows { model: model.run.clone(), file: file.to_owned(), options })
    }

    /// The rows of the file, as the contract reads them.
    pub(crate) fn rows<'c>(&self, contract: &'c Contract) -> anyhow::Result<Rows<'c>> {
        let RowOptions { label_column, header, unknown_levels, .. } = &self.options;
        let options = NewData {
            label_column: label_column.clone(),
            header: header.map(YesNo::is_yes),
            unknown_levels: match unknown_levels {
                Unknown::Other => UnknownLevels::Other,
                Unknown::Refuse => UnknownLevels::Refuse,
            },
            ..NewData::default()
        };
        Ok(contract.rows(&self.file, &options).map_err(aerbm::Error::from)?)
    }

    /// The destination of the table: a file other than that of the rows, or standard output, as JSON if
    /// requested.
    pub(crate) fn sink(&self, ui: &Ui) -> anyhow::Result<Box<dyn TableSink>> {
        if let Some(path) = &self.options.out {
            aerbm::refuse_output(path, &[&self.file])?;
            return Ok(sink_for(path)?);
        }
        let (name, out) = ("standard output", std::io::stdout());
        let is_terminal = out.is_terminal();
        let out = BufWriter::new(UntilClosed(out));
        Ok(match (ui.is_json(), is_terminal) {
            (true, _) => json_stream(name, out),
            (false, true) => csv_stream(name, HarmlessLines(out)),
            (false, false) => csv_stream(name, out),
        })
    }

    /// Writes the reconstructions of all rows.
    pub(crate) fn reconstruct(&self, ui: &Ui) -> anyhow::Result<()> {
        let (trained, contract) = model_and_contract(&self.model)?;
        let mut rows = self.rows(&contract)?;
        let mut sink = self.sink(ui)?;
        let n_rows = reconstruct(&trained.model, &contract, &mut rows, &mut *sink, ui)?;
        finish(sink, ui)?;
        self.tell(&rows, n_rows, ui)
    }

    /// Reports where the table is, and anything unusual in the rows.
    pub(crate) fn tell(&self, rows: &Rows<'_>, n_rows: usize, ui: &Ui) -> anyhow::Result<()> {
        for note in rows.notes() {
            ui.note(&format!("{}: {note}", self.file.display()));
        }
        let report = rows.report().to_string();
        for line in report.lines() {
            ui.note(&format!("{}: {line}", self.file.display()));
        }
        match &self.options.out {
            Some(path) => {
                ui.rows(&[
                    serde_json::json!({ "file": path.display().to_string(), "rows": n_rows }),
                ])?;
                let rows = if n_rows == 1 { "row" } else { "rows" };
                ui.result(&format!("{n_rows} {rows}: {}", path.display()))
            }
            None => Ok(()),
        }
    }
}

/// Completes a table, and reports the columns that its format cannot hold.
pub(crate) fn finish(sink: Box<dyn TableSink>, ui: &Ui) -> anyhow::Result<()> {
    let left_out = sink.left_out().join(", ");
    sink.finish()?;
    if !left_out.is_empty() {
        ui.note(&format!("an array holds numbers: {left_out} is left out"));
    }
    Ok(())
}

/// Standard output until its reader closes it, as `head` does. The command then ends successfully, because
/// the reader wants no more.
struct UntilClosed(Stdout);

impl UntilClosed {
    fn or_end<T>(outcome: std::io::Result<T>) -> std::io::Result<T> {
        match outcome {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
            outcome => outcome,
        }
    }
}

impl Write for UntilClosed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Self::or_end(self.0.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Self::or_end(self.0.flush())
    }
}

/// The contract in the folder of a model with so many inputs and, if it is a classifier, so many classes.
pub(crate) fn contract_of(
    folder: &Path,
    n_inputs: usize,
    n_classes: Option<usize>,
) -> anyhow::Result<Contract> {
    aerbm::contract::load_for(folder, n_inputs, n_classes)?.with_context(|| {
        format!(
            "{}: there is no data.json, which says how data are read; models of earlier versions are to be \
             trained again",
            folder.display()
        )
    })
}

/// The autoencoder, RBM or DBN in a folder, and its contract.
pub(crate) fn model_and_contract(folder: &Path) -> anyhow::Result<(Trained, Contract)> {
    let trained = Trained::load(folder)?;
    let contract = contract_of(&Trained::locate(folder)?, trained.model.n_visible(), None)?;
    Ok((trained, contract))
}
