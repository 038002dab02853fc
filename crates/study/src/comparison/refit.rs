//! A cell's network, computed again: cells keep predictions, not networks.

use mnist_io::Splits;
use stack::Classifier;

use super::Samples;
use crate::stage::Store;
use crate::{CachedStack, Cell, ComparisonConfig, Listener, Methods, StudyError};

/// The network of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Refitted {
    /// The cell, as it was found in the comparison.
    pub cell: Cell,
    /// The network with the lowest validation error.
    pub model: Classifier<f32>,
}

/// Fine-tunes the network of a cell again, with the rates that were chosen for it. Its pretrained layers
/// are read from the cache, so the network is that of the comparison, to the bit.
///
/// # Errors
/// As [`run_comparison`](crate::run_comparison).
pub fn refit(
    config: &ComparisonConfig,
    methods: &Methods,
    data: &Splits,
    data_key: &str,
    cache: &Store,
    listen: Listener<'_>,
    cell: &Cell,
) -> Result<Refitted, StudyError> {
    let samples = Samples::of(config, data);
    let mut run = samples.run(config, data_key, cache, listen);
    let method = methods.resolve(&cell.method, "method")?;
    let mut stack = CachedStack::default();
    let n_layers = method.n_layers(cell.depth);
    run.grow(&method, n_layers, cell.seed, &mut stack)?;
    let budget = config.labels_of(&method).iter().find(|budget| budget.count == cell.labels);
    let budget = budget.ok_or_else(|| mnist_io::Error::SubsetSize {
        requested: cell.labels,
        available: data.train.n_samples(),
    })?;
    let layers = &stack.layers[..n_layers];
    let (found, model) = run.tuned(&method, layers, budget, &[cell.rates], cell.seed)?;
    Ok(Refitted { cell: Cell { depth: cell.depth, ..found }, model })
}
