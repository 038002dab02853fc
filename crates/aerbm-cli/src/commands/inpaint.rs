use std::path::PathBuf;

use aerbm::apply::{self, ImputeOptions};
use aerbm::generation::{Half, InpaintOptions, inpaint_half};
use clap::{Args, ValueEnum};

use super::OnModel;
use crate::new_rows::{OnRows, finish, model_and_contract};
use crate::ui::Ui;

/// Fill in half of each image of a file, or draw the missing half of test images given the known half
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// File or folder of images, all of which are written with the unknown half filled, by the mean of an
    /// RBM's draws or by an autoencoder's reconstruction [default: test images of the data that an RBM was
    /// trained on, into a figure]
    file: Option<PathBuf>,
    /// File for the filled images; its name ends in .csv, .parquet or .npy [default: standard output, as CSV]
    #[arg(long, requires = "file")]
    out: Option<PathBuf>,
    /// Show the figure in the terminal as well: as kitty, iTerm or sixel graphics if it supports them,
    /// otherwise in half blocks
    #[arg(long, conflicts_with = "file")]
    show: bool,
    /// The half that is known
    #[arg(long, default_value = "upper")]
    known: Known,
    /// Number of test images, if no file is given
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    images: u32,
    /// Number of draws for each image
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    draws: u32,
    /// Number of Gibbs steps for each draw
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Known {
    Upper,
    Lower,
    Left,
    Right,
}

impl From<Known> for Half {
    fn from(known: Known) -> Self {
        match known {
            Known::Upper => Half::Upper,
            Known::Lower => Half::Lower,
            Known::Left => Half::Left,
            Known::Right => Half::Right,
        }
    }
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    if let Some(file) = &args.file {
        let on = OnRows::new(&args.model, file, args.out.as_deref())?;
        return of_file(args, &on, ui);
    }
    let (trained, loaded) = args.model.load(ui)?;
    let (splits, _) = loaded.split(trained.config()?.split())?;
    let options = InpaintOptions {
        known: args.known.into(),
        images: args.images as usize,
        draws: args.draws as usize,
        steps: args.steps as usize,
        seed: args.seed,
    };
    let measures = args.model.draw(|out| inpaint_half(&trained, &splits, out, &options, ui))?;
    args.model.print_figure(&format!("inpainted_{}", trained.record.run), args.show, ui)?;
    args.model.write_measures(&trained, "inpaint", measures, ui)
}

fn of_file(args: &Arguments, on: &OnRows, ui: &Ui) -> anyhow::Result<()> {
    let (trained, contract) = model_and_contract(&on.model)?;
    let mut rows = on.rows(&contract)?;
    let mut sink = on.sink(ui)?;
    let options = ImputeOptions {
        draws: args.draws as usize,
        steps: args.steps as usize,
        seed: args.seed,
        spread: false,
    };
    let how = (args.known.into(), options);
    let n_rows = apply::inpaint(&trained, &contract, &mut rows, how, &mut *sink, ui)?;
    finish(sink, ui)?;
    on.tell(&rows, n_rows, ui)
}
