//! Recomputation of a cell's network: cells keep predictions, not networks.

use mnist_io::Splits;
use stack::Classifier;

use super::Samples;
use super::layers::Stacks;
use super::trials::Work;
use crate::stage::{Key, Store};
use crate::{Cell, ComparisonConfig, Listener, Methods, StudyError};

/// The kind in the keys of claims and checkpoints.
const REFIT: &str = "refit";

/// The network of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Refitted {
    /// The cell as found in the comparison.
    pub cell: Cell,
    /// The network with the lowest validation error.
    pub model: Classifier<f32>,
}

/// Fine-tunes the network of a cell again, with its chosen hyperparameters. Its pretrained layers are read
/// from the cache, so the network is bit-identical to that of the comparison.
///
/// # Errors
/// Those of [`run_comparison`](crate::run_comparison).
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
    let mut stacks = Stacks::default();
    let n_layers = method.n_layers(cell.depth);
    let stack = run.grow(&method, n_layers, cell.chosen.corruption, cell.seed, &mut stacks)?;
    let budget = config.labels_of(&method).iter().find(|budget| budget.count == cell.labels);
    let budget = budget.ok_or_else(|| mnist_io::Error::SubsetSize {
        requested: cell.labels,
        available: data.train.n_samples(),
    })?;
    let work = Work { method: &method, n_layers, budget, seed: cell.seed };
    let key = Key::new(REFIT, &run.identity(&work, &stack.keys, cell.chosen));
    let claim = cache.claim(&key, run.listen)?;
    let (found, model) = run.tuned(&work, stack, cell.chosen, &claim)?;
    claim.finish();
    let trials = cell.trials.clone();
    Ok(Refitted { cell: Cell { depth: cell.depth, trials, ..found }, model })
}
