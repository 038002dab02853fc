//! One cell of the comparison: choice of hyperparameters, and test of the best network.

use ndarray::{Array2, Axis};
use numerics::{Purpose, Stream};
use stack::{Classifier, FineTuned};

use super::layers::Stacks;
use super::retry::retrying;
use super::trials::{Searched, Work};
use super::{Run, labels, predictions};
use crate::layer_cache::{event, keep, kept_or_claimed};
use crate::methods::ResolvedMethod;
use crate::stage::{Claim, Found, Key};
use crate::{CachedStack, Cell, Choice, Event, LabelBudget, StudyError};

/// The kind in the keys of cells. Its number is raised when the recorded measurements change.
pub(super) const FINE_TUNE: &str = "fine-tune 5";

const SUBSET: Purpose = Purpose::new("subset");

/// Number of validation samples on which layers are compared before and after fine-tuning.
const COMPARED: usize = 2000;

/// Title of a cell.
pub(super) fn title(method: &str, depth: usize, labels: usize, seed: u64) -> String {
    let layers = if depth == 1 { "layer" } else { "layers" };
    format!("{method}, {depth} {layers}, {labels} labels, seed {seed}")
}

impl Run<'_> {
    /// Computes a cell, or reads it from the cache, and adds it to the outcome. Returns its key.
    pub(super) fn cell(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        budget: &LabelBudget,
        seed: u64,
        stacks: &mut Stacks,
    ) -> Result<Key, StudyError> {
        let n_layers = method.n_layers(depth);
        let work = Work { method, n_layers, budget, seed };
        let choices = self.choices(method, depth, budget);
        let mut identities = Vec::new();
        for &choice in &choices {
            let stack = self.grow(method, n_layers, choice.corruption, seed, stacks)?;
            identities.push(self.identity(&work, &stack.keys, choice));
        }
        let key = Key::new(FINE_TUNE, &identities);
        let name = method.name;
        let claim = match kept_or_claimed::<Cell>(self.cache, &key, self.listen)? {
            Found::Claimed(claim) => claim,
            Found::Kept(tensors, cell) => {
                let predictions = predictions::read(&tensors);
                let mistakes = self.mistakes(&predictions)?;
                let cell = Cell { method: name.into(), depth, predictions, mistakes, ..cell };
                self.outcome.cells.push(cell);
                return Ok(key);
            }
        };
        let title = title(name, depth, budget.count, seed);
        let Searched { choice, trained, trials } = retrying(|factor, last| {
            if let Some(error) = last {
                event(self.listen, Event::Retried { factor, error })?;
            }
            let lower = |choice: &Choice| Choice {
                learning_rate: choice.learning_rate * factor,
                ..*choice
            };
            let choices: Vec<Choice> = choices.iter().map(lower).collect();
            self.searched(&work, stacks, &choices, (&title, &claim))
        })?;
        let stack = &*stacks.with(choice.corruption);
        let trained = if let Some(tuned) = trained.tuned {
            (tuned, trained.seconds)
        } else {
            // The best trial was run by another process, or before an interruption.
            event(self.listen, Event::Begun { title: &title })?;
            self.fine_tuned(&work, stack, choice, &claim)?
        };
        let (cell, _) = self.tested(&work, stack, choice, trained)?;
        let seconds = trials.iter().filter_map(|trial| trial.seconds).sum();
        let finetune_samples = trials.len() * cell.finetune_samples;
        let cell = Cell { trials, finetune_samples, seconds, ..cell };
        let tensors = predictions::stored(&cell.predictions);
        keep(claim, &title, (&tensors, &cell), self.listen)?;
        self.outcome.cells.push(Cell { depth, ..cell });
        Ok(key)
    }

    /// For each test sample, whether its predicted class is wrong.
    pub(super) fn mistakes(&self, predictions: &[u8]) -> Result<Vec<bool>, StudyError> {
        let labels = labels("test", self.data.test.labels.as_deref())?;
        Ok(predictions.iter().zip(labels).map(|(found, label)| found != label).collect())
    }

    /// The training samples whose labels are used, with these labels.
    pub(super) fn labelled_subset(
        &self,
        count: usize,
        seed: u64,
    ) -> Result<(Array2<f32>, Vec<u8>), StudyError> {
        let labels = labels("training", self.data.train.labels.as_deref())?;
        let mut rng = Stream::new(seed, SUBSET).rng();
        let order = mnist_io::stratified_order(labels, &mut rng);
        let chosen = mnist_io::label_subset(&order, count)?;
        let x = self.data.train.images.select(Axis(0), chosen);
        Ok((x, chosen.iter().map(|&sample| labels[sample]).collect()))
    }

    /// Fine-tunes a network in a claimed stage and tests it. Returns the cell and the network.
    pub(super) fn tuned(
        &mut self,
        work: &Work<'_>,
        stack: &CachedStack,
        choice: Choice,
        claim: &Claim,
    ) -> Result<(Cell, Classifier<f32>), StudyError> {
        let trained = self.fine_tuned(work, stack, choice, claim)?;
        self.tested(work, stack, choice, trained)
    }

    /// Tests a fine-tuned network. Returns the cell, without its preceding trials, and the network.
    fn tested(
        &self,
        work: &Work<'_>,
        stack: &CachedStack,
        choice: Choice,
        (tuned, seconds): (FineTuned, f64),
    ) -> Result<(Cell, Classifier<f32>), StudyError> {
        let Work { method, n_layers, budget, seed } = *work;
        let layers = &stack.layers[..n_layers];
        let validation = self.validation()?;
        let predictions = tuned.model.predict(self.data.test.images.view());
        let mistakes = self.mistakes(&predictions)?;
        let errors = mistakes.iter().filter(|mistake| **mistake).count();
        let samples = self.unlabelled.nrows();
        let updates = |index| method.layer(index).map_or(0, |layer| layer.updates(samples));
        let compared = 0..COMPARED.min(validation.labels.len());
        let changes = stack::layer_changes(
            // The tuned network is scaled for use without dropout, so the initial one must be too.
            &self.start(layers, seed).on_average(self.settings(work, choice).dropout),
            &tuned.model,
            self.data.validation.rows(compared.clone()),
            &validation.labels[compared],
        );
        let unlabelled_per_step =
            self.config.fine_tuning.unlabelled.map_or(0, |cost| cost.batch_size());
        let n_labelled = labels("training", self.data.train.labels.as_deref())?.len();
        let labelled_per_step = budget.batch_size.min(budget.count.min(n_labelled));
        let cell = Cell {
            method: method.name.into(),
            depth: layers.len(),
            labels: budget.count,
            seed,
            chosen: choice,
            trials: vec![],
            validation_errors: (tuned.validation_errors, validation.labels.len()),
            test_errors: (errors, mistakes.len()),
            pretrain_updates: (0..layers.len()).map(updates).sum(),
            finetune_updates: budget.updates,
            finetune_samples: budget.updates * (labelled_per_step + unlabelled_per_step),
            history: tuned.history,
            changes,
            predictions,
            mistakes,
            seconds,
            tuning_seconds: seconds,
        };
        Ok((cell, tuned.model))
    }
}
