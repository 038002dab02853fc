use std::path::PathBuf;

use aerbm::codes::{Denoised, denoise, denoise_rows};
use aerbm::denoise::Noise;
use clap::{ArgGroup, Args};

use super::OnModel;
use crate::new_rows::OnRows;
use crate::ui::Ui;

/// Remove noise from the rows of a file, or from test images with added noise, in comparison with filters
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("input").required(true).args(["file", "noise"]))]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// File or folder of noisy rows; the model's reconstructions of all of them are written, in the units of
    /// the data
    file: Option<PathBuf>,
    /// File for the table; its name ends in .csv, .parquet or .npy [default: standard output, as CSV]
    #[arg(long, requires = "file")]
    out: Option<PathBuf>,
    /// Kind and amount of noise that is added to test images; a figure shows them beside the results of the
    /// model and the filters: gaussian:STD (clipped to [0, 1]), masking:FRACTION or salt-and-pepper:FRACTION
    #[arg(long, value_name = "KIND:AMOUNT")]
    noise: Option<Noise>,
    /// Show the figure in the terminal as well: as kitty, iTerm or sixel graphics if it supports them,
    /// otherwise in half blocks
    #[arg(long, conflicts_with = "file")]
    show: bool,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let Some(Noise(noise)) = args.noise else {
        let file = args.file.as_deref().expect("clap asks for one of the two");
        return OnRows::new(&args.model, file, args.out.as_deref())?.reconstruct(ui);
    };
    let (trained, loaded) = args.model.load(ui)?;
    let data = (loaded.train()?, &loaded.data.test);
    let found = args.model.draw(|out| denoise(&trained, data, noise, args.seed, out))?;
    for Denoised { method, constants, quality } in &found {
        let ssim = quality.ssim.map_or_else(|| "-".to_owned(), |ssim| format!("{ssim:.4}"));
        let label = match constants.as_str() {
            "" => method.clone(),
            constants => format!("{method} ({constants})"),
        };
        ui.result(&format!("{label:<32} PSNR {:>6.2} dB   SSIM {ssim}", quality.psnr_db))?;
    }
    let (rows, run) = (denoise_rows(&trained, &found), &trained.record.run);
    ui.rows(&rows)?;
    report::write_csv(&args.model.folder().join(format!("denoise_{run}.csv")), &rows)?;
    args.model.print_figure(&format!("denoising_{run}"), args.show, ui)
}
