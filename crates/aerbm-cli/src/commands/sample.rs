use std::path::PathBuf;

use aerbm::Trained;
use aerbm::apply::{sink_for, write_features};
use aerbm::generation::{SampleOptions, sample};
use clap::{Args, ValueEnum};

use super::OnModel;
use crate::new_rows::{contract_of, finish};
use crate::ui::Ui;

/// Draw samples from a trained RBM or DBN, dense or convolutional, into a table or into figures, and diagnose the chains
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Number of Gibbs steps of the longest chain
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    /// Start of the chains
    #[arg(long, default_value = "digits")]
    start: Start,
    /// Number of chains shown that start from noise; from digits there is one for each class
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    chains: u16,
    /// Number of samples for the page and the measurements, each the end of its own chain
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// File for the samples in the units of the data; its name ends in .csv, .parquet or .npy [default: none
    /// for images, otherwise samples_RUN.csv in the run's folder]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Show the figure in the terminal as well: as kitty, iTerm or sixel graphics if it supports them,
    /// otherwise in half blocks
    #[arg(long)]
    show: bool,
    /// Fine-tune the model into a classifier that reports which classes the samples show
    #[arg(long)]
    judge: bool,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Start {
    /// The first test image of each class
    Digits,
    /// Fair coin flips
    Noise,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    if let Some(out) = &args.out {
        aerbm::refuse_output_of_model(out, &trained.record)?;
    }
    let is_image = loaded.data.test.shape.is_image();
    let default = || {
        let name = format!("samples_{}.csv", trained.record.run);
        (!is_image).then(|| args.model.folder().join(name))
    };
    let table = match args.out.clone().or_else(default) {
        Some(path) => {
            let folder = Trained::locate(&args.model.run)?;
            Some((path, contract_of(&folder, trained.model.n_visible(), None)?))
        }
        None => None,
    };
    let (splits, _) = loaded.split(trained.config()?.split())?;
    let options = SampleOptions {
        steps: args.steps as usize,
        from_data: args.start == Start::Digits,
        chains: args.chains.into(),
        samples: args.samples as usize,
        judge: args.judge,
        seed: args.seed,
    };
    let sampled = args.model.draw(|out| sample(&trained, &splits, out, &options, ui))?;
    let run = &trained.record.run;
    if is_image {
        args.model.print_figure(&format!("samples_{run}"), args.show, ui)?;
        args.model.print_figure(&format!("page_{run}"), false, ui)?;
    }
    if let Some((path, contract)) = table {
        let mut sink = sink_for(&path)?;
        write_features(&contract, sampled.samples.view(), &mut *sink)?;
        finish(sink, ui)?;
        ui.result(&format!("{} samples: {}", args.samples, path.display()))?;
    }
    args.model.write_measures(&trained, "sample", sampled.measures, ui)
}
