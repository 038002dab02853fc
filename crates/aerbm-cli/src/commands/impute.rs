use aerbm::Monitor as _;
use aerbm::apply::{ImputeOptions, impute};
use clap::Args;

use crate::new_rows::{OnRows, finish, model_and_contract};
use crate::ui::Ui;

/// Fill missing values with those that a model expects
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rows: OnRows,
    /// Number of draws of each missing value (RBM only)
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    draws: u32,
    /// Gibbs steps before each draw (RBM), or successive reconstructions (autoencoder)
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Add columns with the standard deviation of the draws
    #[arg(long)]
    spread: bool,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, contract) = model_and_contract(&args.rows.model)?;
    let mut rows = args.rows.rows(&contract)?;
    let mut sink = args.rows.sink(ui)?;
    let options = ImputeOptions {
        draws: args.draws as usize,
        steps: args.steps as usize,
        seed: args.seed,
        spread: args.spread,
    };
    let filled = impute(&trained, &contract, &mut rows, options, &mut *sink, ui)?;
    finish(sink, ui)?;
    args.rows.tell(&rows, filled.n_rows, ui)?;
    ui.note(&format!("values were missing in {} of {} rows", filled.n_incomplete, filled.n_rows));
    Ok(())
}
