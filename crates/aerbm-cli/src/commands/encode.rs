use std::path::PathBuf;

use aerbm::codes::write_codes;
use clap::{Args, ValueEnum};

use super::OnModel;
use crate::ui::Ui;

/// Write the codes that a trained model gives to images
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Part of the data to encode
    #[arg(long, default_value = "test")]
    images: Images,
    /// File of the codes, whose name ends in .npy or .csv [default: codes_RUN_IMAGES.npy in the run's
    /// folder]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Images {
    /// The training images, with those for validation
    Train,
    /// The test images
    Test,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let (set, name) = match args.images {
        Images::Train => (loaded.train()?, "train"),
        Images::Test => (&loaded.data.test, "test"),
    };
    let run = &trained.record.run;
    let default = || args.model.folder().join(format!("codes_{run}_{name}.npy"));
    let out = args.out.clone().unwrap_or_else(default);
    let (n, units) = write_codes(&trained, set, &out)?;
    ui.result(&format!("{n} codes of {units} units: {}", out.display()))
}
