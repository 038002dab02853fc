//! One cell of the comparison: rates are chosen, and the best model is tested.

use std::time::Instant;

use ndarray::{Array2, Axis};
use nn_core::Progress;
use numerics::{Purpose, Stream};
use stack::{Classifier, Labelled, PretrainedLayer, fine_tune_with_unlabelled};

use super::retry::retrying;
use super::{Run, labels, predictions};
use crate::config::UNIT;
use crate::layer_cache::event;
use crate::methods::ResolvedMethod;
use crate::search::{Best, best_on_validation};
use crate::stage::Key;
use crate::{CachedStack, Cell, Event, LabelBudget, Rates, StudyError};

/// The kind in the keys of cells. It counts the changes of what is measured of them.
const FINE_TUNE: &str = "fine-tune 3";

const SUBSET: Purpose = Purpose::new("subset");

/// Number of validation samples on which layers are compared before and after fine-tuning.
const COMPARED: usize = 2000;

impl Run<'_> {
    /// Computes a cell, or reads it from the cache, and adds it to the outcome.
    pub(super) fn cell(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        budget: &LabelBudget,
        seed: u64,
        stack: &mut CachedStack,
    ) -> Result<(), StudyError> {
        let n_layers = method.n_layers(depth);
        self.grow(method, n_layers, seed, stack)?;
        let rates = self.rates(method, depth, budget.count);
        let settings =
            self.config.fine_tuning_on(self.data.train.shape, method, n_layers, budget, UNIT);
        // The dropout that holds for the method is already among the settings.
        let work = LabelBudget { dropout: None, ..budget.clone() };
        let data_key = self.fine_tuning_data_key(&settings);
        let key = Key::new(
            FINE_TUNE,
            &(&stack.keys[..n_layers], &settings, &rates, work, seed, data_key),
        );
        let name = method.name;
        if let Some((tensors, cell)) = self.cache.get::<Cell>(&key)? {
            event(self.listen, Event::Finished { reused: true })?;
            let predictions = predictions::read(&tensors);
            let mistakes = self.mistakes(&predictions)?;
            let cell = Cell { method: name.into(), depth, predictions, mistakes, ..cell };
            self.outcome.cells.push(cell);
            return Ok(());
        }
        let title = format!("{name}, {depth} layers, {} labels, seed {seed}", budget.count);
        event(self.listen, Event::Begun { title: &title })?;
        let layers = &stack.layers[..n_layers];
        let (cell, _) = retrying(|factor, last| {
            if let Some(error) = last {
                event(self.listen, Event::Retried { factor, error })?;
            }
            let lower =
                |rates: &Rates| Rates { learning_rate: rates.learning_rate * factor, ..*rates };
            let rates: Vec<Rates> = rates.iter().map(lower).collect();
            self.tuned(method, layers, budget, &rates, seed)
        })?;
        let tensors = predictions::stored(&cell.predictions);
        self.cache.put(&key, &tensors, &cell)?;
        event(self.listen, Event::Finished { reused: false })?;
        self.outcome.cells.push(Cell { depth, ..cell });
        Ok(())
    }

    /// For each test sample, whether its predicted class is wrong.
    pub(super) fn mistakes(&self, predictions: &[u8]) -> Result<Vec<bool>, StudyError> {
        let labels = labels("test", self.data.test.labels.as_deref())?;
        Ok(predictions.iter().zip(labels).map(|(found, label)| found != label).collect())
    }

    /// The training samples whose labels are used, and these labels.
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

    /// All candidate rates for the first seed, and for others those that were chosen there.
    fn rates(&self, method: &ResolvedMethod<'_>, depth: usize, labels: usize) -> Vec<Rates> {
        let here = (method.name, depth, labels);
        let same = |cell: &&Cell| (cell.method.as_str(), cell.depth, cell.labels) == here;
        match self.outcome.cells.iter().find(same) {
            Some(cell) => vec![cell.rates],
            None => self.config.rates_of(method),
        }
    }

    /// Fine-tunes at each of the candidate rates and tests the model that is best on the validation
    /// set. Returns the cell and the model.
    pub(super) fn tuned(
        &mut self,
        method: &ResolvedMethod<'_>,
        layers: &[PretrainedLayer],
        budget: &LabelBudget,
        candidates: &[Rates],
        seed: u64,
    ) -> Result<(Cell, Classifier<f32>), StudyError> {
        let begun = Instant::now();
        let (x, y) = self.labelled_subset(budget.count, seed)?;
        let train = Labelled { x: x.view(), labels: &y };
        let validation = Labelled {
            x: self.data.validation.images.view(),
            labels: labels("validation", self.data.validation.labels.as_deref())?,
        };
        let test_labels = labels("test", self.data.test.labels.as_deref())?;
        let n_classes = self.data.train.n_classes;
        let start = match layers {
            [] => Classifier::linear(x.ncols(), n_classes, seed),
            layers => Classifier::new(layers, n_classes, seed),
        };

        let unlabelled = self.unlabelled;
        let (config, listen) = (self.config, &mut *self.listen);
        let shape = self.data.train.shape;
        let settings = |rates| config.fine_tuning_on(shape, method, layers.len(), budget, rates);
        let found = best_on_validation(candidates, |rates| {
            let mut last = Instant::now();
            let mut watch = |progress: &Progress| {
                let seconds = last.elapsed().as_secs_f64();
                last = Instant::now();
                listen(Event::Progress { progress, seconds })
            };
            let (start, settings) = (start.clone(), settings(rates));
            let watch = &mut watch;
            fine_tune_with_unlabelled(start, train, unlabelled, validation, &settings, seed, watch)
        });
        let Best { candidate: rates, tuned, seconds: tuning_seconds, left_out } = found?;
        for (rates, error) in &left_out {
            event(self.listen, Event::Diverged { rates: *rates, error })?;
        }

        let predictions = tuned.model.predict(self.data.test.images.view());
        let mistakes = self.mistakes(&predictions)?;
        let errors = mistakes.iter().filter(|mistake| **mistake).count();
        let samples = unlabelled.nrows();
        let updates = |index| method.layer(index).map_or(0, |layer| layer.updates(samples));
        let compared = 0..COMPARED.min(validation.labels.len());
        let changes = stack::layer_changes(
            // The tuned model is scaled for use without dropout, so the initial one must be too.
            &start.on_average(settings(rates).dropout),
            &tuned.model,
            self.data.validation.rows(compared.clone()),
            &validation.labels[compared],
        );
        let unlabelled_per_step = config.fine_tuning.unlabelled.map_or(0, |cost| cost.batch_size());
        let samples_per_step = budget.batch_size.min(y.len()) + unlabelled_per_step;
        let cell = Cell {
            method: method.name.into(),
            depth: layers.len(),
            labels: budget.count,
            seed,
            rates,
            validation_errors: (tuned.validation_errors, validation.labels.len()),
            test_errors: (errors, test_labels.len()),
            pretrain_updates: (0..layers.len()).map(updates).sum(),
            finetune_updates: budget.updates,
            finetune_samples: candidates.len() * budget.updates * samples_per_step,
            history: tuned.history,
            changes,
            predictions,
            mistakes,
            seconds: begun.elapsed().as_secs_f64(),
            tuning_seconds,
        };
        Ok((cell, tuned.model))
    }
}
