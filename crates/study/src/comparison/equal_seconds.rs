//! The same time for every method: what a method spends on pretraining, another may spend on longer
//! fine-tuning. The clock decides, so results differ from machine to machine.

use nn_core::TensorMap;
use stack::FineTuneConfig;

use super::{Run, Stack, event};
use crate::config::UNIT;
use crate::stage::Key;
use crate::{Cell, EqualTime, Event, LabelBudget, Method, StudyError};

/// Less time than this part more is no reason to fine-tune again.
const WORTH_IT: f64 = 1.05;

/// What a method spends its time on: the keys of its layers, and its fine-tuning.
type Work<'a> = (Method, &'a Vec<Key>, FineTuneConfig);

impl Run<'_> {
    /// Gives each method of a seed the time that the slowest took, at the numbers of labels that the
    /// configuration names and the largest depth.
    pub(super) fn equal_seconds(
        &mut self,
        stacks: &[(Method, Stack)],
        seed: u64,
    ) -> Result<(), StudyError> {
        let Some(settings) = self.config.equal_seconds.clone() else { return Ok(()) };
        let Some(&depth) = self.config.depths.iter().max() else { return Ok(()) };
        if seed > settings.seeds {
            return Ok(());
        }
        let budgets = self.config.labels.iter().filter(|b| settings.labels.contains(&b.count));
        for budget in budgets {
            let cells: Vec<Cell> = (self.outcome.cells.iter())
                .filter(|c| (c.depth, c.labels, c.seed) == (depth, budget.count, seed))
                .cloned()
                .collect();
            let most = cells.iter().map(|cell| self.seconds_of(cell)).fold(0.0, f64::max);
            let work = stacks.iter().map(|(method, stack)| {
                let n_layers = stack.layers.len();
                let settings = self.config.fine_tuning_for(*method, n_layers, budget, UNIT);
                (*method, &stack.keys, settings)
            });
            let work: Vec<Work<'_>> = work.collect();
            for (method, stack) in stacks {
                if let Some(cell) = cells.iter().find(|cell| cell.method == *method) {
                    let row = self.in_equal_time(cell, stack, budget, (most, &work))?;
                    self.outcome.equal_seconds.push(row);
                }
            }
        }
        Ok(())
    }

    /// Pretraining and one fine-tuning.
    fn seconds_of(&self, cell: &Cell) -> f64 {
        self.pretraining_seconds(cell) + cell.tuning_seconds
    }

    fn pretraining_seconds(&self, cell: &Cell) -> f64 {
        let layers = self.outcome.layers.iter();
        layers
            .filter(|layer| (layer.method, layer.seed) == (cell.method, cell.seed))
            .filter(|layer| layer.layer <= cell.depth)
            .flat_map(|layer| &layer.seconds)
            // `sum` of nothing is −0.
            .fold(0.0, |all, seconds| all + seconds)
    }

    fn in_equal_time(
        &mut self,
        cell: &Cell,
        stack: &Stack,
        budget: &LabelBudget,
        (seconds, work): (f64, &[Work<'_>]),
    ) -> Result<EqualTime, StudyError> {
        let pretraining_seconds = self.pretraining_seconds(cell);
        let for_tuning = seconds - pretraining_seconds;
        let as_it_was = EqualTime {
            method: cell.method,
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
        let settings = self.config.fine_tuning_for(cell.method, n_layers, budget, cell.rates);
        // The time is no part of the key: a finished run stays as it was, as long as all that took time is
        // the same.
        let own = (&stack.keys, &settings, budget, cell.seed, self.data_key);
        let key = Key::new("equal-seconds 3", &(own, work));
        if let Some((_, row)) = self.cache.get::<EqualTime>(&key)? {
            event(self.listen, Event::Finished { reused: true })?;
            return Ok(EqualTime { method: cell.method, depth: cell.depth, ..row });
        }
        let name = cell.method.name();
        let title = format!("{name}, {} labels, {seconds:.0} s in all", budget.count);
        event(self.listen, Event::Begun { title: &title })?;
        let factor = for_tuning / cell.tuning_seconds;
        let updates = (factor * cell.finetune_updates as f64).round();
        #[allow(clippy::cast_sign_loss, reason = "seconds and updates are positive")]
        let longer = LabelBudget { updates: updates as usize, ..budget.clone() };
        let rates = [cell.rates];
        let (found, _) = self.tuned(cell.method, &stack.layers, &longer, &rates, cell.seed)?;
        let row = EqualTime {
            seconds: pretraining_seconds + found.tuning_seconds,
            finetune_updates: found.finetune_updates,
            validation_error_pct: found.validation_error_pct(),
            test_error_pct: found.test_error_pct(),
            ..as_it_was
        };
        self.cache.put(&key, &TensorMap::new(), &row)?;
        event(self.listen, Event::Finished { reused: false })?;
        Ok(row)
    }
}
