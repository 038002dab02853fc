//! The commands, one file each. A new command needs its file and a line in each list below.

mod compare;
mod completions;
mod data;
mod denoise;
mod diff;
mod encode;
mod evaluate;
mod export;
mod fit;
mod impute;
mod inpaint;
mod likelihood;
mod man;
mod pipeline;
mod plan;
mod predict;
mod probe;
mod reconstruct;
mod report;
mod runs;
mod sample;
mod score;
mod selfcheck;
mod show;
mod status;
mod submit;
mod train;
mod verify;
mod work;

use std::path::{Path, PathBuf};

use ::report::MetricRow;
use aerbm::data::Loaded;
use aerbm::figures::Figures;
use aerbm::{Measure, Trained, page};
use clap::{Args, Subcommand};

use crate::data_args::{DataArgs, tell};
use crate::ui::Ui;

/// The commands with their modules, and the dispatch to each of them.
macro_rules! commands {
    ($($command:ident: $module:ident,)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($command($module::Arguments),)*
        }

        impl Command {
            /// Runs the command.
            pub(crate) fn run(&self, ui: &Ui) -> anyhow::Result<()> {
                match self {
                    $(Command::$command(arguments) => $module::run(arguments, ui),)*
                }
            }
        }
    };
}

commands! {
    Pipeline: pipeline,
    Train: train,
    Compare: compare,
    Fit: fit,
    Predict: predict,
    Score: score,
    Impute: impute,
    Evaluate: evaluate,
    Reconstruct: reconstruct,
    Denoise: denoise,
    Encode: encode,
    Probe: probe,
    Likelihood: likelihood,
    Sample: sample,
    Inpaint: inpaint,
    Show: show,
    Export: export,
    Report: report,
    Verify: verify,
    Data: data,
    Selfcheck: selfcheck,
    Plan: plan,
    Work: work,
    Submit: submit,
    Status: status,
    Runs: runs,
    Diff: diff,
    Completions: completions,
    Man: man,
}

/// A trained model, and the data that it is used on.
#[derive(Debug, Args)]
pub(crate) struct OnModel {
    /// Folder of a run of `aerbm train`, or of one model in it
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

impl OnModel {
    /// Loads the model and its data: those that are named, or those that it was trained on.
    pub(crate) fn load(&self, ui: &Ui) -> anyhow::Result<(Trained, Loaded)> {
        let trained = Trained::load(&self.run)?;
        // Models without a contract read data by the options.
        if aerbm::contract::load(&Trained::locate(&self.run)?)?.is_some() {
            self.data.refuse_training_options()?;
        }
        let source = self.data.source_for(&trained, ui);
        let loaded = aerbm::data::load_for(&trained, &self.run, &source)?;
        tell(&loaded, ui);
        Ok((trained, loaded))
    }

    /// The folder of figures and tables: that of the run, if `run` is the folder of a model in it.
    pub(crate) fn folder(&self) -> PathBuf {
        let above = self.run.parent().filter(|parent| parent.ends_with("models"));
        above.and_then(Path::parent).unwrap_or(&self.run).to_owned()
    }

    /// Calls `draw` with the location of figures, in which methods have their usual colours, and adds them to
    /// the page.
    pub(crate) fn draw<R>(
        &self,
        draw: impl FnOnce(Figures<'_>) -> Result<R, aerbm::Error>,
    ) -> Result<R, aerbm::Error> {
        let dir = &self.folder();
        page::add_figures(dir, || draw(Figures { dir, styles: &page::default_styles() }))
    }

    /// Prints the path of a figure, and the figure itself if it is to be shown.
    pub(crate) fn print_figure(&self, name: &str, show: bool, ui: &Ui) -> anyhow::Result<()> {
        let path = self.folder().join(format!("figures/{name}.png"));
        if show {
            ui.picture(&path)?;
        }
        ui.file("figure", &path)
    }

    /// Writes measurements to `COMMAND_RUN.csv` in the run's folder, and prints them.
    pub(crate) fn write_measures(
        &self,
        trained: &Trained,
        command: &str,
        measures: Vec<Measure>,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        let rows = trained.record.measured(measures).metric_rows();
        let file = self.folder().join(format!("{command}_{}.csv", trained.record.run));
        ::report::write_csv(&file, &rows)?;
        ui.rows(&rows)?;
        print_measures(&rows, ui)?;
        ui.file("table", &file)
    }
}

/// Prints the measurements of a finished model, one per line.
pub(crate) fn print_measures(rows: &[MetricRow], ui: &Ui) -> anyhow::Result<()> {
    for row in rows.iter().filter(|row| row.epoch.is_none()) {
        ui.result(&format!("{} {:<22} {:.6}", row.split, row.metric, row.value))?;
    }
    Ok(())
}
