use aerbm::config::{ProbeSettings, from_table, set};
use clap::Args;

use super::OnModel;
use crate::ui::Ui;

/// Classify by a trained model's features: fine-tuned, or frozen with --frozen
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Change a setting of the classifier's training, such as updates=20000; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Learning rates that the validation set chooses from
    #[arg(long, value_delimiter = ',', default_value = "0.001,0.0003")]
    rates: Vec<f64>,
    /// Keep the features fixed: logistic regression on top
    #[arg(long)]
    frozen: bool,
    /// Seed of the output layer and of the order of batches
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let mut table = toml::Table::new();
    for assignment in &args.set {
        set(&mut table, assignment).map_err(aerbm::Error::from)?;
    }
    let settings = ProbeSettings {
        learning_rates: args.rates.clone(),
        frozen: args.frozen,
        training: from_table(table, "--set").map_err(aerbm::Error::from)?,
    };
    let (splits, _) = loaded.split(trained.config()?.split())?;
    let probed = aerbm::probe::probe(&trained, &splits, &settings, args.seed, ui)?;
    ui.rows(&probed.rows(&trained))?;
    let rate = probed.learning_rate;
    for measure in &probed.errors {
        ui.result(&format!("{:<10} error {:.2} % (rate {rate})", measure.split, measure.value))?;
    }
    Ok(())
}
