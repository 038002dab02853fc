//! Anomaly scores of the rows of a file, and the contribution of each column.
//!
//! For an autoencoder, the score is the reconstruction loss of the row, and the contribution of a column is
//! its term of the loss. For an RBM, the score is the free energy F(v) = −ln p(v) − ln Z in nats, and the
//! contribution of a column is its surprisal −ln p(v_f | v_rest); a convolutional RBM has no contributions.
//! Higher scores are more unusual. Missing values are left out.

use std::sync::Arc;

use mnist_io::{Block, BlockKind, Contract, Rows};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::blocks::{for_each_block, in_whole_blocks};
use super::table::{Column, TableSink, Values};
use crate::config::{ConfigError, RunConfig};
use crate::monitor::Monitor;
use crate::trained::Trained;
use crate::{Error, Model};

/// Writes the score of each row in column `score`, and the contribution of each column of the data in columns
/// `score_NAME`, except for a convolutional RBM. Returns the number of rows.
///
/// # Errors
/// [`Error::Kind`] for a deep belief network, [`Error::Data`] for a row that cannot be read,
/// [`Error::Io`] if the table cannot be written, [`Error::Interrupted`].
pub fn score(
    trained: &Trained,
    contract: &Contract,
    rows: &mut Rows<'_>,
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<usize, Error> {
    let settings = trained.config()?;
    let names: Vec<Arc<str>> =
        column_names(contract).into_iter().map(|name| format!("score_{name}").into()).collect();
    for_each_block(rows, monitor, |block| {
        let (scores, parts) = scores(trained, &settings, block.x.view())?;
        let mut batch = vec![Column::new("score", Values::Doubles(scores.to_vec()))];
        let columns = parts.iter().flat_map(|parts| names.iter().zip(parts.columns()));
        batch.extend(
            columns
                .map(|(name, part)| Column::new(Arc::clone(name), Values::Doubles(part.to_vec()))),
        );
        sink.write(&batch)
    })
}

/// The score of each row of an array (n × features) → n, as [`score`] writes it.
///
/// # Errors
/// [`Error::Kind`] for a deep belief network.
pub fn scores_of_array(trained: &Trained, x: ArrayView2<f32>) -> Result<Array1<f64>, Error> {
    let settings = trained.config()?;
    match &trained.model {
        // Free energies without the surprisals of columns, which cost a pass for each column.
        Model::Rbm(rbm) => Ok(rbm.free_energies(x).into()),
        _ => scores(trained, &settings, x).map(|(scores, _)| scores),
    }
}

/// Returns the score of each row (n) and, for models that have them, the contribution of each feature (n ×
/// features).
fn scores(
    trained: &Trained,
    settings: &RunConfig,
    x: ArrayView2<f32>,
) -> Result<(Array1<f64>, Option<Array2<f64>>), Error> {
    match (&trained.model, settings) {
        (Model::Autoencoder(model), RunConfig::Autoencoder(settings)) => {
            let loss = settings.model.loss();
            // Contributions are numbers of type f64, which a block of f32 cannot hold.
            let mut parts = Array2::zeros((0, 0));
            in_whole_blocks(x, |x| {
                parts = model.feature_losses(x, loss);
                Array2::zeros((x.nrows(), 0))
            });
            let parts = parts.slice_move(ndarray::s![..x.nrows(), ..]);
            let observed = parts.mapv(|part| if part.is_nan() { 0.0 } else { part });
            Ok((observed.sum_axis(Axis(1)), Some(parts)))
        }
        (Model::Rbm(rbm), _) => {
            let mut energies = Vec::new();
            in_whole_blocks(x, |x| {
                energies = rbm.free_energies(x);
                Array2::zeros((x.nrows(), 0))
            });
            energies.truncate(x.nrows());
            let parts = rbm.feature_surprisals(x);
            let parts = parts.map_err(|error| ConfigError(error.to_string()))?;
            Ok((energies.into(), Some(parts)))
        }
        (Model::ConvDbn(dbn), _) if dbn.layers.len() == 1 => {
            // Images pass one at a time, so that the result of each does not depend on the others.
            Ok((dbn.top().free_energies(x).into(), None))
        }
        _ => Err(Error::Kind {
            run: trained.record.run.clone(),
            expected: "an autoencoder or an RBM of one layer, whose losses and energies are scores",
        }),
    }
}

/// Returns the names of the columns that features come from; all features of a category come from one column.
fn column_names(contract: &Contract) -> Vec<String> {
    let names = contract.feature_names();
    let mut columns = Vec::new();
    let mut first = 0;
    for Block { kind, width } in contract.layout() {
        let name = |feature: usize| names.get(feature).cloned().unwrap_or(feature.to_string());
        if kind == BlockKind::Category {
            let level = name(first);
            columns
                .push(level.split_once('=').map_or(level.clone(), |(column, _)| column.to_owned()));
        } else {
            columns.extend((first..first + width).map(name));
        }
        first += width;
    }
    columns
}
