use aerbm::config::{ProbeSettings, from_table, set};
use anyhow::ensure;
use clap::Args;

use super::OnModel;
use crate::ui::Ui;

/// Train a classifier on a trained model's features: fine-tuned, or fixed with --frozen
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Change a setting of the classifier's training, such as updates=20000; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Learning rates to try on the validation set
    #[arg(long, value_delimiter = ',', default_value = "0.001,0.0003")]
    rates: Vec<f64>,
    /// Keep the features fixed, with logistic regression on top
    #[arg(long)]
    frozen: bool,
    /// Seed of the output layer and of the order of batches
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    ensure!(
        !loaded.is_new,
        "{}: these are not the rows that {} was trained on, and have no test part; `aerbm fit` trains a \
         classifier on other data",
        loaded.name,
        trained.record.run
    );
    let mut table = toml::Table::new();
    for assignment in &args.set {
        set(&mut table, assignment)?;
    }
    let settings = ProbeSettings {
        learning_rates: args.rates.clone(),
        frozen: args.frozen,
        training: from_table(table, "--set")?,
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
