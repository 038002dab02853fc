use std::path::PathBuf;

use aerbm::codes::{Denoised, denoise, denoise_rows};
use aerbm::denoise::Noise;
use clap::Args;

use super::OnModel;
use crate::new_rows::OnRows;
use crate::ui::Ui;

/// Remove noise from rows of a file, or from test images with added noise, compared with filters
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// File or folder of noisy rows, all of which are written as the model reconstructs them, in the units
    /// of the data
    #[arg(conflicts_with = "noise", required_unless_present = "noise")]
    file: Option<PathBuf>,
    /// File of the table, whose name ends in .csv, .parquet or .npy [default: standard output, as CSV]
    #[arg(long, requires = "file")]
    out: Option<PathBuf>,
    /// Kind and amount of noise that is added to test images, which are then shown in a figure beside what
    /// the model and filters make of them: gaussian:STD (clipped to [0, 1]), masking:FRACTION or
    /// salt-and-pepper:FRACTION
    #[arg(long, value_name = "KIND:AMOUNT")]
    noise: Option<Noise>,
    /// Show the figure in the terminal as well: by kitty's, iTerm's or sixel graphics where it has them, else in half
    /// blocks
    #[arg(long, conflicts_with = "file")]
    show: bool,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let Some(Noise(noise)) = args.noise else {
        let file = args.file.as_deref().expect("clap asks for one of the two");
        return OnRows::new(&args.model, file, args.out.as_deref()).reconstruct(ui);
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
