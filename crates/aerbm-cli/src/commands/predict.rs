use aerbm::apply::{PredictOptions, predict};
use aerbm::{Monitor as _, TrainedClassifier, best};
use clap::Args;

use crate::new_rows::{OnRows, contract_of, finish};
use crate::ui::Ui;

/// Predict the classes of rows, with their probabilities
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rows: OnRows,
    /// Leave out the probabilities
    #[arg(long)]
    no_probabilities: bool,
    /// Add the outputs of the last hidden layer
    #[arg(long)]
    codes: bool,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let folder = best::resolve(&args.rows.model);
    let model = TrainedClassifier::load(&folder)?;
    let contract = contract_of(&folder, model.n_inputs(), Some(model.n_classes()))?;
    let mut rows = args.rows.rows(&contract)?;
    let options = PredictOptions { probabilities: !args.no_probabilities, codes: args.codes };
    let mut sink = args.rows.sink(ui)?;
    let names = contract.class_names();
    let found = predict(&model, names, &mut rows, options, &mut *sink, ui)?;
    finish(sink, ui)?;
    args.rows.tell(&rows, found.n_rows, ui)?;
    if let Some((known, wrong)) = found.errors {
        let percent = 100.0 * wrong as f64 / known as f64;
        ui.note(&format!(
            "{wrong} of {known} rows with a label are misclassified ({percent:.2} %)"
        ));
    }
    Ok(())
}
