use aerbm::generation::{Half, InpaintOptions, inpaint_half};
use clap::{Args, ValueEnum};

use super::OnModel;
use crate::ui::Ui;

/// Draw the hidden half of test images from an RBM's conditional distribution
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// The half that is known
    #[arg(long, default_value = "upper")]
    known: Known,
    /// Number of test images
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    images: u32,
    /// Draws for each image
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    draws: u32,
    /// Gibbs steps of each draw
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
    args.model.print_figure(&format!("inpainted_{}", trained.record.run), ui)?;
    args.model.write_measures(&trained, "inpaint", measures, ui)
}
