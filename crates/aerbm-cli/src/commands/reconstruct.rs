use aerbm::figures;
use clap::Args;

use super::OnModel;
use crate::ui::Ui;

/// Reconstruct test images with a trained model, into a figure
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let name = format!("reconstructions_{}", trained.record.run);
    args.model.draw(|out| figures::reconstructions(out, &name, &[&trained], &loaded.data.test))?;
    args.model.print_figure(&name, ui)
}
