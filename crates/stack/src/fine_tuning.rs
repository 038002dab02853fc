//! Fine-tuning step by step, which can be paused between two steps and continued.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use nn_core::{
    MeanCost, Metric, Minibatches, Optimizer, Pause, Progress, RestoreError, TensorMap,
    TrainingError, Unfinished, gather, require, restore, restored_exactly, store, store_exactly,
};
use numerics::{Purpose, Stream, by_rows, paced};

use crate::classification::{ClassifierMemory, NotFinite, classification_step};
use crate::dropout::{DropoutDraw, leave_out};
use crate::fine_tune::check_width;
use crate::shifted::Shifted;
use crate::virtual_adversarial::UnlabelledSamples;
use crate::{
    Classifier, Dropout, Evaluation, FineTuneConfig, FineTuned, Job, Labelled, ResumeError,
    Unlabelled,
};

const ORDER: Purpose = Purpose::new("tune order");
const DROPOUT: Purpose = Purpose::new("dropout");
const SHIFT: Purpose = Purpose::new("tune shift");

/// Name of the evaluations in checkpoints.
const HISTORY: &str = "evaluations";

/// A classifier that is being fine-tuned. Its parts are the steps between two evaluations; a part that is
/// paused and continued, even from a checkpoint, gives the same network as an uninterrupted one.
pub struct FineTuning<'a> {
    config: FineTuneConfig,
    seed: u64,
    train: Labelled<'a>,
    validation: Labelled<'a>,
    unlabelled: Option<UnlabelledSamples<'a, f32>>,
    model: Classifier<f32>,
    optimizer: Optimizer<f32>,
    memory: ClassifierMemory<f32>,
    minibatches: Minibatches,
    /// The epoch, counted from 1, that the minibatches are shuffled for.
    shuffled: usize,
    /// The batch of a step.
    x: Array2<f32>,
    labels: Vec<u8>,
    shifted: Option<Shifted>,
    /// Steps taken.
    updates: usize,
    since_evaluation: MeanCost,
    history: Vec<Evaluation>,
    /// The network with the lowest validation error so far.
    best: Classifier<f32>,
}

impl<'a> FineTuning<'a> {
    /// Begins to fine-tune `model`, as [`fine_tune_with_unlabelled`](crate::fine_tune_with_unlabelled) does.
    ///
    /// # Errors
    /// [`TrainingError`] for settings out of range, no data, no unlabelled samples if the settings require
    /// them, samples whose width differs from the model's, or labels that it has no class for.
    pub fn new(
        model: Classifier<f32>,
        train: Labelled<'a>,
        unlabelled: ArrayView2<'a, f32>,
        validation: Labelled<'a>,
        config: &FineTuneConfig,
        seed: u64,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        train.check_for(&model)?;
        validation.check_for(&model)?;
        let unlabelled = match config.unlabelled {
            Some(Unlabelled::VirtualAdversarial(settings)) if settings.has_effect() => {
                let expected = "no value, as there are no unlabelled samples";
                let field = "fine_tuning.unlabelled";
                require(unlabelled.nrows() > 0, field, &"virtual-adversarial", expected)?;
                check_width(unlabelled, &model)?;
                Some(UnlabelledSamples::new(settings, unlabelled, train.labels, &model, seed))
            }
            _ => None,
        };
        let batch_size = config.batch_size.min(train.labels.len());
        let rows = batch_size + unlabelled.as_ref().map_or(0, UnlabelledSamples::n_rows);
        Ok(FineTuning {
            optimizer: new_optimizer(config, &model, 0),
            memory: ClassifierMemory::new(&model, rows),
            minibatches: Minibatches::new(train.labels.len(), batch_size),
            shuffled: 0,
            x: Array2::zeros((rows, train.x.ncols())),
            labels: Vec::with_capacity(batch_size),
            shifted: Shifted::new(config.shift, &model, batch_size)?,
            updates: 0,
            since_evaluation: MeanCost::default(),
            history: Vec::with_capacity(config.evaluations),
            best: model.clone(),
            config: config.clone(),
            seed,
            train,
            validation,
            unlabelled,
            model,
        })
    }

    /// Total number of evaluations.
    pub fn n_evaluations(&self) -> usize {
        self.config.evaluations.min(self.config.updates)
    }

    /// The network with the lowest validation error, the latest among equals, and its training history.
    #[must_use]
    pub fn finish(self) -> FineTuned {
        let validation_errors = self.fewest_errors();
        FineTuned { model: self.best, validation_errors, history: self.history }
    }

    fn step(&mut self) -> Result<(), TrainingError> {
        let (config, updates) = (&self.config, self.updates);
        let (epoch, batch) = position(updates, self.minibatches.n_batches());
        if self.shuffled != epoch {
            self.minibatches.shuffle(Stream::new(self.seed, ORDER).epoch(epoch));
            self.shuffled = epoch;
        }
        if updates == config.output_layer_first {
            self.optimizer = new_optimizer(config, &self.model, updates);
        }
        let samples = self.minibatches.batch(batch);
        let n = samples.len();
        gather(self.train.x, samples, self.x.slice_mut(s![..n, ..]));
        let stream = |purpose| Stream::new(self.seed, purpose).epoch(epoch).batch(batch);
        if let Some(shifted) = &mut self.shifted {
            shifted.apply(stream(SHIFT), self.x.slice_mut(s![..n, ..]));
        }
        if config.dropout.input > 0.0 {
            let x = self.x.slice_mut(s![..n, ..]);
            leave_out_inputs(config.dropout.input, stream(DROPOUT), x);
        }
        self.labels.clear();
        self.labels.extend(samples.iter().map(|&sample| self.train.labels[sample]));
        let rate = config.learning_rate * config.schedule.factor(updates, config.updates);
        let dropout = dropout_of(config);
        let draw = dropout.map(|dropout| DropoutDraw { dropout, stream: stream(DROPOUT) });
        let (model, memory, optimizer) = (&mut self.model, &mut self.memory, &mut self.optimizer);
        let step = if let Some(unlabelled) = &mut self.unlabelled {
            let batch = (self.x.view_mut(), &self.labels[..]);
            unlabelled.step(model, batch, memory, (optimizer, rate), draw)
        } else {
            let x = self.x.slice(s![..n, ..]);
            classification_step(model, x, &self.labels, memory, optimizer, rate, draw)
        };
        let cost = step.map_err(|NotFinite { cost }| {
            let place = (updates, self.minibatches.n_batches());
            TrainingError::diverged(cost, (&self.model, &self.memory.gradient), place, rate)
        })?;
        self.since_evaluation.add(cost, n);
        self.updates += 1;
        Ok(())
    }

    fn evaluate(&mut self) -> Progress {
        let average = dropout_of(&self.config).map(|dropout| self.model.on_average(dropout));
        let found = average.as_ref().unwrap_or(&self.model);
        let Labelled { x, labels } = self.validation;
        let validation_errors = found.count_errors(x, labels);
        if validation_errors <= self.fewest_errors() {
            self.best.clone_from(found);
        }
        let cost = std::mem::take(&mut self.since_evaluation);
        let (updates, training_cost) = (self.updates, cost.mean());
        self.history.push(Evaluation { updates, training_cost, validation_errors });
        Progress {
            epoch: self.history.len(),
            of: self.n_evaluations(),
            value: validation_errors as f64 * 100.0 / labels.len() as f64,
            metric: Metric::ERROR_PCT,
            samples: cost.n_samples(),
        }
    }

    fn fewest_errors(&self) -> usize {
        let errors = self.history.iter().map(|evaluation| evaluation.validation_errors);
        errors.min().unwrap_or(usize::MAX)
    }
}

/// Its parts are the steps up to the next evaluation.
impl Job for FineTuning<'_> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        let first = self.updates;
        while self.updates < self.config.updates {
            if self.updates > first && pause() {
                return Ok(None);
            }
            paced(|| self.step())?;
            // Evaluate at the ends of `evaluations` equal parts of the updates.
            let [taken, evaluations, all] =
                [self.updates, self.n_evaluations(), self.config.updates].map(|n| n as u128);
            if taken * evaluations / all > self.history.len() as u128 {
                return Ok(Some(self.evaluate()));
            }
        }
        Ok(None)
    }

    fn store(&self, map: &mut TensorMap) {
        store(&self.model, "model.", map);
        store(&self.best, "best.", map);
        store(&self.optimizer, "optimizer.", map);
        Unfinished { batches: self.updates, mean: self.since_evaluation }.store(map);
        let numbers = |it: &Evaluation| {
            [it.updates as u64, it.training_cost.to_bits(), it.validation_errors as u64]
        };
        let history: Vec<u64> = self.history.iter().flat_map(numbers).collect();
        store_exactly(HISTORY, &history, map);
    }

    fn restore(&mut self, map: &TensorMap, parts: usize) -> Result<(), ResumeError> {
        restore(&mut self.model, "model.", map)?;
        restore(&mut self.best, "best.", map)?;
        let missing = |name: &str| RestoreError::Missing(name.to_owned());
        let place = Unfinished::restored(map)?.ok_or_else(|| missing(Unfinished::NAME))?;
        let history = restored_exactly(HISTORY, map).ok_or_else(|| missing(HISTORY))?;
        (self.updates, self.since_evaluation) = (place.batches, place.mean);
        let (numbers, _) = history.as_chunks::<3>();
        let evaluation = |&[updates, cost, errors]: &[u64; 3]| Evaluation {
            updates: updates as usize,
            training_cost: f64::from_bits(cost),
            validation_errors: errors as usize,
        };
        self.history = numbers.iter().map(evaluation).collect();
        if self.history.len() != parts {
            let (found, expected) = (vec![self.history.len()], vec![parts]);
            return Err(RestoreError::Shape { name: HISTORY.to_owned(), found, expected }.into());
        }
        self.optimizer = new_optimizer(&self.config, &self.model, self.updates);
        restore(&mut self.optimizer, "optimizer.", map)?;
        let steps = self.updates.checked_sub(self.config.output_layer_first);
        self.optimizer.steps = steps.unwrap_or(self.updates) as u64;
        if let Some(unlabelled) = &mut self.unlabelled {
            unlabelled.skip(self.updates);
        }
        Ok(())
    }
}

/// The epoch, counted from 1, and the batch in it, of the step after `updates` steps.
pub(crate) fn position(updates: usize, n_batches: usize) -> (usize, usize) {
    (1 + updates / n_batches, updates % n_batches)
}

/// A new optimizer for the steps after the first `updates`: those of the output layer alone, or of all
/// layers.
fn new_optimizer(
    config: &FineTuneConfig,
    model: &Classifier<f32>,
    updates: usize,
) -> Optimizer<f32> {
    let mut optimizer = Optimizer::new(config.optimizer, config.regularisation(), model);
    optimizer.rate_factors = if updates < config.output_layer_first {
        vec![0.0; model.units.len()]
    } else {
        config.learning_rate_multipliers.clone()
    };
    optimizer
}

fn dropout_of(config: &FineTuneConfig) -> Option<Dropout> {
    Some(config.dropout).filter(|dropout| !dropout.is_none())
}

fn leave_out_inputs(p: f64, stream: Stream, x: ArrayViewMut2<f32>) {
    by_rows(x.nrows(), x, |rows, mut x| {
        for (sample, mut row) in rows.zip(x.rows_mut()) {
            leave_out(p, stream, sample, row.as_slice_mut().expect("rows are contiguous"));
        }
    });
}
