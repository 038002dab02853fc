//! The comparison: cells of (method, depth, labels, seed), matched and paired.
//!
//! For one seed, every method has the same label subset, batch order, initial output layer, number of
//! fine-tuning updates and candidate rates; only the initial hidden layers differ. The test set is read once
//! per cell, by the model that was best on the validation set.

mod cells;
mod equal_seconds;
mod layers;
mod planning;
mod predictions;
mod references;
mod refit;
mod retry;
mod samples;
mod trials;
mod work;

use mnist_io::Splits;
use ndarray::ArrayView2;
use nn_core::TrainingError;

use crate::layer_cache::event;
use crate::methods::ResolvedMethod;
use crate::stage::Store;
use crate::{
    ComparisonConfig, Event, Failure, LabelBudget, Listener, Methods, Outcome, StudyError,
};

use layers::Stacks;
use samples::Samples;

pub use planning::Study;
pub use references::ReferenceCell;
pub use refit::{Refitted, refit};

/// Runs the comparison of `methods` on `data`, identified by `data_key`. Stages are kept in `cache`. Diverged
/// training is repeated at lower learning rates; a cell that still fails is among the failures of the
/// outcome, and the others are computed.
///
/// After each cell, `partial` receives the outcome so far, so that results can be written as they arrive.
///
/// # Errors
/// [`StudyError`]. Finished stages are kept; a second run continues from them.
pub fn run_comparison(
    config: &ComparisonConfig,
    methods: &Methods,
    data: &Splits,
    data_key: &str,
    cache: &Store,
    listen: Listener<'_>,
    partial: &mut dyn FnMut(&Outcome),
) -> Result<Outcome, StudyError> {
    config.validate(methods)?;
    let compared = config.resolve(methods)?;
    let samples = Samples::of(config, data);
    let mut run = samples.run(config, data_key, cache, listen);
    run.check(&compared)?;
    // Seeds outermost, so that an unfinished comparison has fewer seeds rather than fewer methods.
    for seed in (config.first_seed..).take(config.seeds as usize) {
        let mut stacks = Vec::new();
        for method in &compared {
            let mut stacks_of_method = Stacks::default();
            for &depth in &config.depths {
                for budget in config.labels_of(method) {
                    run.cell_or_failure(method, depth, budget, seed, &mut stacks_of_method)?;
                    partial(&run.outcome);
                }
            }
            stacks.push((method, stacks_of_method));
        }
        run.references(seed)?;
        partial(&run.outcome);
        run.equal_seconds(&mut stacks, seed)?;
    }
    let place = |method: &str| methods.position(method);
    let Outcome { cells, layers, .. } = &mut run.outcome;
    cells.sort_by_key(|cell| (place(&cell.method), cell.depth, cell.labels, cell.seed));
    layers.sort_by_key(|layer| (place(&layer.method), layer.seed, layer.layer));
    Ok(run.outcome)
}

/// A running comparison.
struct Run<'a> {
    config: &'a ComparisonConfig,
    /// The data without missing values, as used in fine-tuning.
    data: &'a Splits,
    /// The samples used in pretraining; missing values are NaN. Shape: n × inputs.
    pretraining: ArrayView2<'a, f32>,
    /// The same without missing values.
    unlabelled: ArrayView2<'a, f32>,
    data_key: &'a str,
    cache: &'a Store,
    listen: Listener<'a>,
    outcome: Outcome,
}

impl Run<'_> {
    /// Refuses methods and numbers of labels that do not match the data, before anything is computed.
    fn check(&self, compared: &[ResolvedMethod<'_>]) -> Result<(), StudyError> {
        let n_labels = labels("training", self.data.train.labels.as_deref())?.len();
        for method in compared {
            for budget in self.config.labels_of(method) {
                if budget.count > n_labels {
                    mnist_io::label_subset(&vec![0; n_labels], budget.count)?;
                }
            }
            self.plan(method, self.config.depths.iter().max().copied().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Computes a cell and adds it to the outcome, or its failure if training diverges.
    fn cell_or_failure(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        budget: &LabelBudget,
        seed: u64,
        stacks: &mut Stacks,
    ) -> Result<(), StudyError> {
        match self.cell(method, depth, budget, seed, stacks) {
            Ok(_) => Ok(()),
            Err(StudyError::Training(error @ TrainingError::Diverged { .. })) => {
                // If all layers exist, they were trained, so it is fine-tuning that diverged.
                let learned = self.are_learned(method, depth, budget, stacks);
                let setting = if learned {
                    "comparison.learning_rates".to_owned()
                } else {
                    format!("methods.{}.layers.training.learning_rate", method.name)
                };
                let reason = format!("{}; lower {setting}", error.cause());
                let method = method.name.to_owned();
                let failure = Failure { method, depth, labels: budget.count, seed, reason };
                event(self.listen, Event::Failed { failure: &failure })?;
                self.outcome.failures.push(failure);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn labels<'a>(set: &'static str, labels: Option<&'a [u8]>) -> Result<&'a [u8], StudyError> {
    labels.ok_or(StudyError::Unlabelled(set))
}
