use aerbm::codes::{Denoised, denoise, denoise_rows};
use aerbm::denoise::Noise;
use clap::Args;

use super::OnModel;
use crate::ui::Ui;

/// Remove noise from test images with a trained model and with filters, into a figure
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Kind and amount of noise: gaussian:STD (clipped to [0, 1]), masking:FRACTION or
    /// salt-and-pepper:FRACTION
    #[arg(long, value_name = "KIND:AMOUNT")]
    noise: Noise,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let data = (loaded.train()?, &loaded.data.test);
    let found = args.model.draw(|out| denoise(&trained, data, args.noise.0, args.seed, out))?;
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
    args.model.print_figure(&format!("denoising_{run}"), ui)
}
