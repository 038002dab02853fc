//! Equal time for every method: the time that one method spends on pretraining, another may spend on longer
//! fine-tuning. Results depend on the clock, so they differ between machines.

use nn_core::TensorMap;
use serde::Serialize;
use stack::FineTuneConfig;

use super::Run;
use crate::config::UNIT;
use crate::layer_cache::{event, keep, kept_or_claimed};
use crate::methods::ResolvedMethod;
use crate::stage::{Found, Key};
use crate::{CachedStack, Cell, EqualTime, Event, LabelBudget, StudyError};

use super::layers::Stacks;
use super::trials;

/// Fine-tuning is repeated only if the time grows by at least this factor.
const WORTH_IT: f64 = 1.05;

/// The work that determines a method's time.
#[derive(Serialize)]
struct Work<'a> {
    method: &'a str,
    layers: &'a [Key],
    fine_tuning: FineTuneConfig,
}

impl Run<'_> {
    /// Gives each method of a seed the time taken by the slowest, at the configured numbers of labels and the
    /// largest depth.
    pub(super) fn equal_seconds(
        &mut self,
        stacks: &mut [(&ResolvedMethod<'_>, Stacks)],
        seed: u64,
    ) -> Result<(), StudyError> {
        let Some(settings) = self.config.equal_seconds.clone() else { return Ok(()) };
        let Some(&depth) = self.config.depths.iter().max() else { return Ok(()) };
        if seed - self.config.first_seed >= settings.seeds {
            return Ok(());
        }
        let (config, shape) = (self.config, self.data.train.shape);
        for &count in &settings.labels {
            let cells: Vec<Cell> = (self.outcome.cells.iter())
                .filter(|c| (c.depth, c.labels, c.seed) == (depth, count, seed))
                .cloned()
                .collect();
            let most = cells.iter().map(|cell| self.seconds_of(cell)).fold(0.0, f64::max);
            // A method's budget, if it is fine-tuned with this number of labels.
            let entries: Vec<_> = (stacks.iter_mut())
                .filter_map(|(method, stacks)| {
                    let mut budgets = config.labels_of(method).iter();
                    let budget = budgets.find(|budget| budget.count == count)?;
                    let cell = cells.iter().find(|cell| cell.method == method.name);
                    let corruption = cell.and_then(|cell| cell.chosen.corruption);
                    Some((*method, &*stacks.with(corruption), budget))
                })
                .collect();
            let work = entries.iter().map(|(method, stack, budget)| {
                let n_layers = stack.layers.len();
                let fine_tuning = config.fine_tuning_on(shape, method, n_layers, budget, UNIT);
                Work { method: method.name, layers: &stack.keys, fine_tuning }
            });
            let work: Vec<Work<'_>> = work.collect();
            for (method, stack, budget) in entries {
                if let Some(cell) = cells.iter().find(|cell| cell.method == method.name) {
                    let row = self.in_equal_time(method, cell, stack, budget, (most, &work))?;
                    self.outcome.equal_seconds.push(row);
                }
            }
        }
        Ok(())
    }

    /// Seconds of pretraining plus one fine-tuning run.
    fn seconds_of(&self, cell: &Cell) -> f64 {
        self.pretraining_seconds(cell) + cell.tuning_seconds
    }

    fn pretraining_seconds(&self, cell: &Cell) -> f64 {
        let layers = self.outcome.layers.iter();
        layers
            .filter(|layer| layer.method == cell.method && layer.seed == cell.seed)
            .filter(|layer| layer.layer <= cell.depth && layer.corruption == cell.chosen.corruption)
            // An empty `sum` is −0.
            .fold(0.0, |all, layer| all + layer.seconds)
    }

    fn in_equal_time(
        &mut self,
        method: &ResolvedMethod<'_>,
        cell: &Cell,
        stack: &CachedStack,
        budget: &LabelBudget,
        (seconds, work): (f64, &[Work<'_>]),
    ) -> Result<EqualTime, StudyError> {
        let pretraining_seconds = self.pretraining_seconds(cell);
        let for_tuning = seconds - pretraining_seconds;
        let as_it_was = EqualTime {
            method: cell.method.clone(),
            depth: cell.depth,
            labels: cell.labels,
            seed: cell.seed,
            seconds: self.seconds_of(cell),
            pretraining_seconds,
            finetune_updates: cell.finetune_updates,
            validation_error_pct: cell.validation_error_pct(),
            test_error_pct: cell.test_error_pct(),
        };
        if for_tuning < WORTH_IT * cell.tuning_seconds {
            return Ok(as_it_was);
        }
        let n_layers = stack.layers.len();
        let shape = self.data.train.shape;
        let settings = self.config.fine_tuning_on(shape, method, n_layers, budget, cell.chosen);
        // The time is not part of the key: a finished run remains valid while the work that determined the
        // time is the same.
        let data_key = self.fine_tuning_data_key(&settings);
        let own = (&stack.keys, &settings, budget, cell.seed, data_key);
        let key = Key::new("equal-seconds 6", &(own, work));
        let claim = match kept_or_claimed::<EqualTime>(self.cache, &key, self.listen)? {
            Found::Claimed(claim) => claim,
            Found::Kept(_, row) => {
                return Ok(EqualTime { method: method.name.into(), depth: cell.depth, ..row });
            }
        };
        let title = format!("{}, {} labels, {seconds:.0} s in all", method.name, budget.count);
        event(self.listen, Event::Begun { title: &title })?;
        let factor = for_tuning / cell.tuning_seconds;
        let updates = (factor * cell.finetune_updates as f64).round();
        #[allow(clippy::cast_sign_loss, reason = "seconds and updates are positive")]
        let longer = LabelBudget { updates: updates as usize, ..budget.clone() };
        let work = trials::Work { method, n_layers, budget: &longer, seed: cell.seed };
        let (found, _) = self.tuned(&work, stack, cell.chosen, &claim)?;
        let row = EqualTime {
            seconds: pretraining_seconds + found.tuning_seconds,
            finetune_updates: found.finetune_updates,
            validation_error_pct: found.validation_error_pct(),
            test_error_pct: found.test_error_pct(),
            ..as_it_was
        };
        keep(claim, &title, (&TensorMap::new(), &row), self.listen)?;
        Ok(row)
    }
}
