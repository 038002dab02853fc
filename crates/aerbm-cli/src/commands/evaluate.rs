use clap::Args;

use super::{OnModel, print_measures};
use crate::ui::Ui;

/// Measure a trained model on the test set
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let measures = trained.model.measures(&trained.config()?, "test", &loaded.data.test);
    let rows = trained.record.measured(measures).metric_rows();
    ui.rows(&rows)?;
    print_measures(&rows, ui)
}
