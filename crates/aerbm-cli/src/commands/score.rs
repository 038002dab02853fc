use aerbm::apply::score;
use clap::Args;

use crate::new_rows::{OnRows, finish, model_and_contract};
use crate::ui::Ui;

/// Write an anomaly score for each row, with the contribution of each column
#[derive(Debug, Args)]
#[command(
    after_help = "Of an autoencoder the score is the reconstruction loss, of an RBM the free energy in \
                        nats; higher scores are more unusual."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rows: OnRows,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, contract) = model_and_contract(&args.rows.model)?;
    let mut rows = args.rows.rows(&contract)?;
    let mut sink = args.rows.sink(ui)?;
    let n_rows = score(&trained, &contract, &mut rows, &mut *sink, ui)?;
    finish(sink, ui)?;
    args.rows.tell(&rows, n_rows, ui)
}
