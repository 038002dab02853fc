//! The comparison: cells of (method, depth, labels, seed), matched and paired.
//!
//! For one seed every method has the same label subset, order of batches, read-out, number of
//! fine-tuning updates and candidates; what differs is the initial weights of the hidden layers. The test
//! set is read once a cell, by the model that was best on the validation set.

use std::ops::ControlFlow;
use std::time::Instant;

use mnist_io::Splits;
use ndarray::{Array2, ArrayView2};
use nn_core::{TensorMap, TrainingError, restore, store};
use numerics::{Purpose, Stream};
use stack::{
    Classifier, Growing, Labelled, PretrainedLayer, Pretraining as _, Progress, fine_tune,
};

use crate::config::{Settings, UNIT};
use crate::stage::{Key, Store};
use crate::tensor_file::TensorFileError;
use crate::{
    Cell, ComparisonConfig, Event, LabelBudget, LayerRecord, Listener, Method, Outcome, Rates,
    StudyError,
};

mod equal_seconds;

/// What the key of a cell is made with. It counts the changes of what is measured of cells.
const FINE_TUNE: &str = "fine-tune 2";

const SUBSET: Purpose = Purpose::new("subset");

/// Validation samples on which layers are compared before and after fine-tuning.
const LOOKED_AT: usize = 2000;

/// The name of the test predictions among a cell's tensors.
const PREDICTIONS: &str = "test_predictions";

/// Runs the comparison on `data`, whose identity is `data_key`, keeping stages in `cache`.
///
/// `partial` is shown what is there after each cell, so that results can be written as they arrive.
///
/// # Errors
/// [`StudyError`]. What is finished is kept; running again goes on from there.
pub fn run_comparison(
    config: &ComparisonConfig,
    data: &Splits,
    data_key: &str,
    cache: &Store,
    listen: Listener<'_>,
    partial: &mut dyn FnMut(&Outcome),
) -> Result<Outcome, StudyError> {
    config.validate().map_err(TrainingError::from)?;
    let mut run = Run { config, data, data_key, cache, listen, outcome: Outcome::default() };
    let n_labels = labels("training", data.train.labels.as_deref())?.len();
    for budget in &config.labels {
        if budget.count > n_labels {
            mnist_io::label_subset(&vec![0; n_labels], budget.count)?;
        }
    }
    // Seeds outermost: an unfinished comparison is one with fewer seeds, not with fewer methods.
    for seed in 1..=config.seeds {
        let mut stacks = Vec::new();
        for &method in &config.methods {
            let mut stack = Stack::default();
            for &depth in &config.depths {
                for budget in &config.labels {
                    run.cell(method, depth, budget, seed, &mut stack)?;
                    partial(&run.outcome);
                }
            }
            stacks.push((method, stack));
        }
        run.equal_seconds(&stacks, seed)?;
    }
    run.outcome.cells.sort_by_key(|cell| (cell.method, cell.depth, cell.labels, cell.seed));
    run.outcome.layers.sort_by_key(|layer| (layer.method, layer.seed, layer.layer));
    Ok(run.outcome)
}

/// The layers of one method and seed as far as they are needed, with their keys.
#[derive(Default)]
struct Stack {
    layers: Vec<PretrainedLayer>,
    keys: Vec<Key>,
}

struct Run<'a> {
    config: &'a ComparisonConfig,
    data: &'a Splits,
    data_key: &'a str,
    cache: &'a Store,
    listen: Listener<'a>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn pretraining_data(&self) -> ArrayView2<'a, f32> {
        let train = &self.data.train;
        match self.config.pretraining_images {
            0 => train.images.view(),
            n => train.rows(0..n.min(train.n_samples())),
        }
    }

    /// Brings `stack` up to `depth` layers.
    fn grow(
        &mut self,
        method: Method,
        depth: usize,
        seed: u64,
        stack: &mut Stack,
    ) -> Result<(), StudyError> {
        let mut growing = Growing::new(self.pretraining_data(), &mut stack.layers);
        while growing.depth() < depth {
            let index = growing.depth();
            // Layers that were learned in the same way from the same are the same, whatever the stack.
            let way = self.config.way(method, index);
            let settings = self.config.settings(method, index);
            let n_hidden = self.config.layers[index];
            let below = stack.keys.last();
            let key = Key::new(
                "pretrain",
                &(
                    (way, settings, n_hidden, seed, index),
                    below,
                    (self.data_key, self.config.pretraining_images),
                ),
            );
            let n_inputs = match index {
                0 => self.data.train.n_features(),
                _ => self.config.layers[index - 1],
            };
            let layer = if let Settings::Random(initial) = settings {
                let no_data = Array2::zeros((0, n_inputs));
                let mut go_on = |_| ControlFlow::Continue(());
                initial.learn(no_data.view(), n_hidden, seed, index, &mut go_on)?
            } else if let Some((tensors, record)) = self.cache.get::<LayerRecord>(&key)? {
                let mut layer = PretrainedLayer::zeros(n_inputs, n_hidden, record.units);
                restore(&mut layer, "", &tensors).map_err(|e| self.unreadable(&key, &e))?;
                event(self.listen, Event::Finished { reused: true })?;
                self.outcome.layers.push(LayerRecord { method, ..record });
                layer
            } else {
                let title = format!("{} layer {}, seed {seed}", method.name(), index + 1);
                event(self.listen, Event::Begun { title: &title })?;
                let x = growing.inputs();
                let (layer, record) = pretrain(self.config, method, x, seed, index, self.listen)?;
                let mut tensors = TensorMap::new();
                store(&layer, "", &mut tensors);
                self.cache.put(&key, &tensors, &record)?;
                event(self.listen, Event::Finished { reused: false })?;
                self.outcome.layers.push(record);
                layer
            };
            growing.push(layer);
            stack.keys.push(key);
        }
        Ok(())
    }

    fn unreadable(&self, key: &Key, error: &nn_core::RestoreError) -> TensorFileError {
        let path = self.cache.folder().join(format!("{}.safetensors", key.as_str()));
        TensorFileError::Damaged { path, reason: error.to_string() }
    }

    fn cell(
        &mut self,
        method: Method,
        depth: usize,
        budget: &LabelBudget,
        seed: u64,
        stack: &mut Stack,
    ) -> Result<(), StudyError> {
        let n_layers = if method == Method::RawLogistic { 0 } else { depth };
        self.grow(method, n_layers, seed, stack)?;
        let rates = self.rates(method, depth, budget.count);
        let settings = self.config.fine_tuning_for(method, n_layers, budget, UNIT);
        // Its dropout is among the settings, unless the method has one of its own.
        let work = LabelBudget { dropout: None, ..budget.clone() };
        let key = Key::new(
            FINE_TUNE,
            &(&stack.keys[..n_layers], &settings, &rates, work, seed, self.data_key),
        );
        if let Some((tensors, cell)) = self.cache.get::<Cell>(&key)? {
            event(self.listen, Event::Finished { reused: true })?;
            let mistakes = self.mistakes(tensors.get(PREDICTIONS).into_iter().flatten())?;
            self.outcome.cells.push(Cell { method, depth, mistakes, ..cell });
            return Ok(());
        }
        let layers = &stack.layers[..n_layers];
        let title =
            format!("{}, {depth} layers, {} labels, seed {seed}", method.name(), budget.count);
        event(self.listen, Event::Begun { title: &title })?;
        let (cell, predictions) = self.tuned(method, layers, budget, &rates, seed)?;
        let mut tensors = TensorMap::new();
        let predictions = predictions.into_iter().map(f32::from).collect::<Vec<_>>();
        let mistakes = self.mistakes(predictions.iter())?;
        tensors.insert(PREDICTIONS.to_owned(), ndarray::Array1::from(predictions).into_dyn());
        self.cache.put(&key, &tensors, &cell)?;
        event(self.listen, Event::Finished { reused: false })?;
        self.outcome.cells.push(Cell { depth, mistakes, ..cell });
        Ok(())
    }

    /// Which test samples were assigned another class than their label.
    fn mistakes<'p>(
        &self,
        predictions: impl Iterator<Item = &'p f32>,
    ) -> Result<Vec<bool>, StudyError> {
        let labels = labels("test", self.data.test.labels.as_deref())?;
        Ok(predictions.zip(labels).map(|(&found, &label)| found != f32::from(label)).collect())
    }

    /// All rates for the first seed, then the one that was chosen there.
    fn rates(&self, method: Method, depth: usize, labels: usize) -> Vec<Rates> {
        let same = |cell: &&Cell| (cell.method, cell.depth, cell.labels) == (method, depth, labels);
        match self.outcome.cells.iter().find(same) {
            Some(cell) => vec![cell.rates],
            None => self.config.rates_of(method),
        }
    }

    /// Fine-tunes at each rate, and tests the model that is best on the validation set.
    fn tuned(
        &mut self,
        method: Method,
        layers: &[PretrainedLayer],
        budget: &LabelBudget,
        candidates: &[Rates],
        seed: u64,
    ) -> Result<(Cell, Vec<u8>), StudyError> {
        let begun = Instant::now();
        let all_labels = labels("training", self.data.train.labels.as_deref())?;
        let mut rng = Stream::new(seed, SUBSET).rng();
        let order = mnist_io::stratified_order(all_labels, &mut rng);
        let chosen = mnist_io::label_subset(&order, budget.count)?;
        let x = self.data.train.images.select(ndarray::Axis(0), chosen);
        let y: Vec<u8> = chosen.iter().map(|&sample| all_labels[sample]).collect();
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

        let mut best: Option<(Rates, stack::FineTuned, f64)> = None;
        let mut failure = None;
        for &rates in candidates {
            let classifier = start.clone();
            let config = self.config.fine_tuning_for(method, layers.len(), budget, rates);
            let train = Labelled { x: x.view(), labels: &y };
            let listen = &mut *self.listen;
            let mut last = Instant::now();
            let started = last;
            let mut watch = |progress: Progress| {
                let seconds = last.elapsed().as_secs_f64();
                last = Instant::now();
                listen(Event::Progress { progress, seconds })
            };
            let tuned = fine_tune(classifier, train, validation, &config, seed, &mut watch);
            let tuned = match tuned {
                Err(error @ TrainingError::Diverged { .. }) if candidates.len() > 1 => {
                    event(self.listen, Event::Diverged { rates, error: &error })?;
                    failure.get_or_insert(error);
                    continue;
                }
                other => other?,
            };
            let errors = best.as_ref().map(|(_, best, _)| best.validation_errors);
            if errors.is_none_or(|least| tuned.validation_errors < least) {
                best = Some((rates, tuned, started.elapsed().as_secs_f64()));
            }
        }
        let Some((rates, tuned, tuning_seconds)) = best else {
            return Err(failure.expect("there is a learning rate").into());
        };
        // As the model that comes out is: for use without dropout.
        let config = self.config.fine_tuning_for(method, layers.len(), budget, rates);
        let start = start.on_average(config.dropout);
        let predictions = tuned.model.predict(self.data.test.images.view());
        let errors = predictions.iter().zip(test_labels).filter(|(a, b)| a != b).count();
        let samples = self.pretraining_data().nrows();
        let updates = |layer| self.config.settings(method, layer).updates(samples);
        let cell = Cell {
            method,
            depth: layers.len(),
            labels: budget.count,
            seed,
            rates,
            validation_errors: (tuned.validation_errors, validation.labels.len()),
            test_errors: (errors, test_labels.len()),
            pretrain_updates: (0..layers.len()).map(updates).sum(),
            finetune_updates: budget.updates,
            finetune_samples: candidates.len() * budget.updates * budget.batch_size.min(y.len()),
            history: tuned.history,
            changes: {
                let looked_at = 0..LOOKED_AT.min(validation.labels.len());
                let images = self.data.validation.rows(looked_at.clone());
                stack::layer_changes(&start, &tuned.model, images, &validation.labels[looked_at])
            },
            mistakes: Vec::new(),
            seconds: begun.elapsed().as_secs_f64(),
            tuning_seconds,
        };
        Ok((cell, predictions))
    }
}

fn pretrain(
    config: &ComparisonConfig,
    method: Method,
    x: ArrayView2<'_, f32>,
    seed: u64,
    index: usize,
    listen: Listener<'_>,
) -> Result<(PretrainedLayer, LayerRecord), TrainingError> {
    let (mut costs, mut seconds, mut metric) = (Vec::new(), Vec::new(), String::new());
    let begun = Instant::now();
    let mut last = begun;
    let mut watch = |progress: Progress| {
        let passed = last.elapsed().as_secs_f64();
        costs.push(progress.cost);
        seconds.push(passed);
        progress.metric.clone_into(&mut metric);
        last = Instant::now();
        listen(Event::Progress { progress, seconds: passed })
    };
    let n_hidden = config.layers[index];
    let learned = config.pretraining(method, index).learn(x, n_hidden, seed, index, &mut watch)?;
    if seconds.is_empty() {
        seconds.push(begun.elapsed().as_secs_f64()); // what has no epochs is still not free
    }
    let units = (learned.unit, learned.output);
    let (layer, samples) = (index + 1, x.nrows());
    Ok((learned, LayerRecord { method, seed, layer, costs, metric, seconds, samples, units }))
}

fn labels<'a>(set: &'static str, labels: Option<&'a [u8]>) -> Result<&'a [u8], StudyError> {
    labels.ok_or(StudyError::Unlabelled(set))
}

fn event(listen: Listener<'_>, event: Event<'_>) -> Result<(), TrainingError> {
    match listen(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TrainingError::Interrupted),
    }
}
