//! Computation of single stages, by the same calls as in a comparison.

use nn_core::TrainingError;

use super::Run;
use super::layers::Stacks;
use super::planning::{CellTask, Study, Task, later_key};
use super::trials::{TRIAL, Work};
use crate::layer_cache::event;
use crate::stage::{Key, Settled};
use crate::{Event, Listener, StudyError};

impl Study<'_> {
    /// Computes stages of the [plan](Self::plan) and keeps them, together with missing stages that they need.
    /// Other processes may do the same in the same folder at the same time. A stage whose training diverges
    /// is settled as a failure, which is not an error: the comparison continues without it.
    ///
    /// # Errors
    /// [`StudyError::UnknownStage`] before anything is computed, or another [`StudyError`].
    pub fn work(&self, keys: &[Key], listen: Listener<'_>) -> Result<(), StudyError> {
        self.with_stages(listen, |run, stages| {
            let mut tasks = Vec::new();
            for key in keys {
                let found = stages.iter().find(|(planned, _)| planned.key == *key);
                tasks.push(found.ok_or_else(|| StudyError::UnknownStage(key.clone()))?);
            }
            for (planned, task) in tasks {
                run.settle(&planned.key, &planned.name, task)?;
                // Stages affect each other only through the store.
                run.outcome = crate::Outcome::default();
            }
            Ok(())
        })
    }
}

impl Run<'_> {
    /// Computes a stage, and notes the key of its result if it differs.
    fn settle(&mut self, planned: &Key, name: &str, task: &Task<'_>) -> Result<(), StudyError> {
        let settled = match self.result(task) {
            Ok(key) if key == *planned => return Ok(()),
            Ok(key) => Settled { result: Some(key), failure: None },
            Err(StudyError::Training(error @ TrainingError::Diverged { .. })) => {
                let reason = error.cause();
                event(self.listen, Event::Abandoned { stage: name, reason: &reason })?;
                Settled { result: None, failure: Some(reason) }
            }
            Err(error) => return Err(error),
        };
        Ok(self.cache.settle(planned, &settled)?)
    }

    /// Computes a stage, or reads it from the cache, and returns the key of its result.
    fn result(&mut self, task: &Task<'_>) -> Result<Key, StudyError> {
        match task {
            Task::Layer { method, n_layers, corruption, seed } => {
                let mut stacks = Stacks::default();
                let stack = self.grow(method, *n_layers, *corruption, *seed, &mut stacks)?;
                Ok(stack.keys[n_layers - 1].clone())
            }
            Task::Trial { cell, choice } => {
                let CellTask { method, depth, budget, seed } = *cell;
                let n_layers = method.n_layers(depth);
                let work = Work { method, n_layers, budget, seed };
                let mut stacks = Stacks::default();
                let stack = self.grow(method, n_layers, choice.corruption, seed, &mut stacks)?;
                let key = Key::new(TRIAL, &self.identity(&work, &stack.keys, *choice));
                let title =
                    format!("{}, {} labels, seed {seed}, a trial", method.name, budget.count);
                self.kept_trial(&work, stack, *choice, &title)?;
                Ok(key)
            }
            Task::Cell { cell, first } => self.cell_after(*cell, first),
            Task::Reference { reference, labels, seed } => {
                self.reference(*reference, *labels, *seed)?;
                Ok(self.reference_key(*reference, *labels, *seed))
            }
        }
    }

    /// Computes a cell after that of the earlier seed whose choice it takes over: the first one that did not
    /// diverge.
    fn cell_after(&mut self, cell: CellTask<'_>, first: &Key) -> Result<Key, StudyError> {
        let CellTask { method, depth, budget, seed } = cell;
        for earlier in self.config.first_seed..seed {
            let key = if earlier == self.config.first_seed {
                first.clone()
            } else {
                later_key(first, earlier)
            };
            if self.cache.settled(&key)?.is_some_and(|settled| settled.failure.is_some()) {
                continue;
            }
            match self.cell(method, depth, budget, earlier, &mut Stacks::default()) {
                Ok(_) => break,
                Err(StudyError::Training(TrainingError::Diverged { .. })) => (),
                Err(error) => return Err(error),
            }
        }
        self.cell(method, depth, budget, seed, &mut Stacks::default())
    }
}
