//! The plan of a comparison: the keys of its stages before computation.
//!
//! The keys of layers, trials and cells of first seeds follow from the settings and the data. A cell of a
//! later seed takes over the choice of the first one, on which its key depends; in the plan it has a key
//! derived from that of the first cell, so that its name is the same before and after the choice.

use std::collections::{HashMap, HashSet};

use mnist_io::Splits;

use super::cells::{self, FINE_TUNE};
use super::references;
use super::trials::{TRIAL, Work};
use super::{Run, Samples};
use crate::layer_cache::{layer_key, layer_title};
use crate::methods::ResolvedMethod;
use crate::plan::{Plan, Planned};
use crate::reference::Reference;
use crate::stage::{Key, Store};
use crate::{
    Cell, Choice, ComparisonConfig, LabelBudget, LayerRecord, Listener, Methods, StudyError,
};

/// Number of finished stages from whose times the speed is estimated.
const TIMED: usize = 40;

/// A comparison with its data and the location of its stages.
#[derive(Debug, Clone, Copy)]
pub struct Study<'a> {
    /// The settings.
    pub config: &'a ComparisonConfig,
    /// The methods available to the settings.
    pub methods: &'a Methods,
    /// The data.
    pub data: &'a Splits,
    /// The identity of the data.
    pub data_key: &'a str,
    /// The finished stages.
    pub cache: &'a Store,
}

/// The work of a stage.
#[derive(Debug, Clone)]
pub(super) enum Task<'p> {
    /// The last of this many layers of a method, with this amount of noise or that of the settings.
    Layer { method: &'p ResolvedMethod<'p>, n_layers: usize, corruption: Option<f64>, seed: u64 },
    /// One choice of hyperparameters for a cell.
    Trial { cell: CellTask<'p>, choice: Choice },
    /// A cell.
    Cell { cell: CellTask<'p>, first: Key },
    /// A standard classifier.
    Reference { reference: Reference, labels: usize, seed: u64 },
}

/// A cell to be computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellTask<'p> {
    pub(super) method: &'p ResolvedMethod<'p>,
    pub(super) depth: usize,
    pub(super) budget: &'p LabelBudget,
    pub(super) seed: u64,
}

/// A planned stage and its work.
pub(super) type Stage<'p> = (Planned, Task<'p>);

impl Study<'_> {
    /// The stages of the comparison: layers, trials, cells and standard classifiers. Equal-time comparisons
    /// are not among them, as their work depends on the time taken by the others.
    ///
    /// # Errors
    /// [`StudyError`] if settings are invalid or do not fit the data, or the folder cannot be read.
    pub fn plan(&self) -> Result<Plan, StudyError> {
        let mut listen = |_: crate::Event<'_>| std::ops::ControlFlow::Continue(());
        self.with_stages(&mut listen, |run, stages| {
            let multiply_adds_per_second = speed(run.cache, &stages)?;
            let stages = stages.into_iter().map(|(planned, _)| planned).collect();
            Ok(Plan { stages, multiply_adds_per_second })
        })
    }

    /// Calls `then` with the comparison, before it starts, and its stages.
    pub(super) fn with_stages<R>(
        &self,
        listen: Listener<'_>,
        then: impl FnOnce(&mut Run<'_>, Vec<Stage<'_>>) -> Result<R, StudyError>,
    ) -> Result<R, StudyError> {
        let Study { config, methods, data, data_key, cache } = *self;
        config.validate(methods)?;
        let compared = config.resolve(methods)?;
        let samples = Samples::of(config, data);
        let mut run = samples.run(config, data_key, cache, listen);
        run.check(&compared)?;
        let stages = Planner::new(&run)?.stages(&compared)?;
        then(&mut run, stages)
    }
}

/// The key of the cell of a later seed, given that of the first one.
pub(super) fn later_key(first: &Key, seed: u64) -> Key {
    Key::new("cell of a later seed", &(first, seed))
}

/// Multiply-adds per second, from the times of some finished stages.
fn speed(cache: &Store, stages: &[Stage<'_>]) -> Result<Option<f64>, StudyError> {
    let done: Vec<&Stage<'_>> = stages.iter().filter(|(planned, _)| planned.done).collect();
    let (mut work, mut time) = (0.0, 0.0);
    for (planned, task) in done.iter().step_by(done.len().div_ceil(TIMED).max(1)) {
        let seconds = match task {
            Task::Layer { .. } => {
                cache.record::<LayerRecord>(&planned.key)?.map(|layer| layer.seconds)
            }
            Task::Cell { .. } => {
                cache.record::<Cell>(&planned.key)?.map(|cell| cell.tuning_seconds)
            }
            _ => None,
        };
        if let Some(seconds) = seconds {
            (work, time) = (work + planned.multiply_adds, time + seconds);
        }
    }
    Ok((work > 0.0 && time > 0.0).then(|| work / time))
}

/// The layers of a method at one seed, as known before training.
#[derive(Debug, Default)]
struct Chain {
    keys: Vec<Key>,
    /// For each layer, the highest layer up to it that is a stage.
    stages: Vec<Option<Key>>,
    /// For each number of layers, the multiply-adds for training them.
    learning: Vec<f64>,
    /// For each number of layers, the multiply-adds for passing a sample through them, and its number of
    /// features.
    passing: Vec<(f64, usize)>,
}

/// Builder of a plan.
struct Planner<'r, 'a, 'p> {
    run: &'r Run<'a>,
    stages: Vec<Stage<'p>>,
    planned: HashSet<Key>,
    /// The keys of existing results.
    kept: HashSet<String>,
}

impl<'r, 'a, 'p> Planner<'r, 'a, 'p> {
    fn new(run: &'r Run<'a>) -> Result<Self, StudyError> {
        let kept = run.cache.keys()?;
        Ok(Planner { run, stages: Vec::new(), planned: HashSet::new(), kept })
    }

    /// The stages, with seeds outermost, in the order of a comparison.
    fn stages(mut self, compared: &'p [ResolvedMethod<'p>]) -> Result<Vec<Stage<'p>>, StudyError>
    where
        'a: 'p,
    {
        let config: &'p ComparisonConfig = self.run.config;
        let mut firsts = HashMap::new();
        for seed in (config.first_seed..).take(config.seeds as usize) {
            for (place, method) in compared.iter().enumerate() {
                let mut chains = Vec::new();
                for &depth in &config.depths {
                    for (number, budget) in config.labels_of(method).iter().enumerate() {
                        let cell = CellTask { method, depth, budget, seed };
                        let place = (place, depth, number);
                        if seed == config.first_seed {
                            let first = self.first_cell(cell, &mut chains)?;
                            firsts.insert(place, (first, None));
                        } else if let Some(first) = firsts.get_mut(&place) {
                            self.later_cell(cell, first, &mut chains)?;
                        }
                    }
                }
            }
            if config.references {
                for budget in &config.labels {
                    for reference in Reference::ALL {
                        self.reference(reference, budget.count, seed);
                    }
                }
            }
        }
        Ok(self.stages)
    }

    fn is_kept(&self, key: &Key) -> bool {
        self.kept.contains(key.as_str())
    }

    /// Adds a stage, unless an equal one exists: logistic regression, for example, has no depth.
    fn add(
        &mut self,
        (key, name): (Key, String),
        needs: Vec<Key>,
        multiply_adds: f64,
        task: Task<'p>,
    ) {
        if self.planned.insert(key.clone()) {
            let done = self.is_kept(&key) || self.is_kept(&key.settled());
            self.stages.push((Planned { key, name, needs, multiply_adds, done }, task));
        }
    }

    /// The layers of a method with this amount of noise, added as stages if `is_planned`.
    fn chain(
        &mut self,
        method: &'p ResolvedMethod<'p>,
        corruption: Option<f64>,
        seed: u64,
        is_planned: bool,
    ) -> Result<Chain, StudyError> {
        let run = self.run;
        let depth = run.config.depths.iter().max().copied().unwrap_or_default();
        let layers = run.plan(&method.clone().varied(corruption), method.n_layers(depth))?;
        let data_key = run.pretraining_data_key();
        let n_samples = run.pretraining.nrows();
        let mut n_inputs = run.pretraining.ncols();
        let mut chain =
            Chain { learning: vec![0.0], passing: vec![(0.0, n_inputs)], ..Chain::default() };
        for (index, layer) in layers.iter().enumerate() {
            let key = layer_key(layer, seed, index, chain.keys.last(), data_key.as_str());
            let below = chain.stages.last().cloned().flatten();
            let work = layer.multiply_adds_of_learning(n_inputs, n_samples);
            let is_stage = layer.pretraining.needs_data();
            if is_stage && is_planned {
                let name = layer_title(method.name, index, corruption, seed);
                let task = Task::Layer { method, n_layers: index + 1, corruption, seed };
                self.add((key.clone(), name), below.iter().cloned().collect(), work, task);
            }
            chain.stages.push(if is_stage && is_planned { Some(key.clone()) } else { below });
            chain.keys.push(key);
            chain.learning.push(chain.learning[index] + work);
            let passing = chain.passing[index].0 + layer.multiply_adds(n_inputs);
            n_inputs = layer.n_features();
            chain.passing.push((passing, n_inputs));
        }
        Ok(chain)
    }

    /// The index in `chains` of the layers with this amount of noise.
    fn chained(
        &mut self,
        cell: CellTask<'p>,
        corruption: Option<f64>,
        chains: &mut Vec<(Option<f64>, bool, Chain)>,
        is_planned: bool,
    ) -> Result<usize, StudyError> {
        let known =
            |entry: &(Option<f64>, bool, Chain)| (entry.0, entry.1) == (corruption, is_planned);
        if let Some(place) = chains.iter().position(known) {
            return Ok(place);
        }
        let chain = self.chain(cell.method, corruption, cell.seed, is_planned)?;
        chains.push((corruption, is_planned, chain));
        Ok(chains.len() - 1)
    }

    /// Adds a cell that chooses, its trials and their layers. Returns its key.
    fn first_cell(
        &mut self,
        cell: CellTask<'p>,
        chains: &mut Vec<(Option<f64>, bool, Chain)>,
    ) -> Result<Key, StudyError> {
        let CellTask { method, depth, budget, seed } = cell;
        let n_layers = method.n_layers(depth);
        let work = Work { method, n_layers, budget, seed };
        let choices = self.run.config.choices_of(method);
        let mut identities = Vec::new();
        let mut needs = Vec::new();
        let mut tuning = 0.0;
        for &choice in &choices {
            let place = self.chained(cell, choice.corruption, chains, true)?;
            let chain = &chains[place].2;
            let identity = self.run.identity(&work, &chain.keys, choice);
            let layer = n_layers.checked_sub(1).and_then(|top| chain.stages[top].clone());
            tuning = self.tuning(cell, chain);
            if choices.len() > 1 {
                let key = Key::new(TRIAL, &identity);
                let number = identities.len() + 1;
                let name = format!("{}, trial {number} of {}", title(cell), choices.len());
                let task = Task::Trial { cell, choice };
                self.add((key.clone(), name), layer.into_iter().collect(), tuning, task);
                needs.push(key);
            } else {
                needs.extend(layer);
            }
            identities.push(identity);
        }
        let key = Key::new(FINE_TUNE, &identities);
        let task = Task::Cell { cell, first: key.clone() };
        self.add((key.clone(), title(cell)), needs, tuning, task);
        Ok(key)
    }

    /// Adds a cell that takes over the choice of the first seed, and its layers if they are known: if the
    /// amount of noise is still to be chosen, the cell trains its layers itself.
    fn later_cell(
        &mut self,
        cell: CellTask<'p>,
        (first, chosen): &mut (Key, Option<Choice>),
        chains: &mut Vec<(Option<f64>, bool, Chain)>,
    ) -> Result<(), StudyError> {
        let CellTask { method, depth, budget, seed } = cell;
        if chosen.is_none() && self.is_kept(first) {
            *chosen = self.run.cache.record::<Cell>(first)?.map(|cell| cell.chosen);
        }
        let choices = self.run.config.choices_of(method);
        let noise = chosen.unwrap_or(choices[0]).corruption;
        let is_known = chosen.is_some() || choices.iter().all(|choice| choice.corruption == noise);
        let place = self.chained(cell, noise, chains, is_known)?;
        let chain = &chains[place].2;
        let n_layers = method.n_layers(depth);
        let mut needs = vec![first.clone()];
        needs.extend(n_layers.checked_sub(1).and_then(|top| chain.stages[top].clone()));
        let of_layers = if is_known { 0.0 } else { chain.learning[n_layers] };
        let multiply_adds = self.tuning(cell, chain) + of_layers;
        let work = Work { method, n_layers, budget, seed };
        let real = chosen
            .map(|choice| Key::new(FINE_TUNE, &[self.run.identity(&work, &chain.keys, choice)]));
        let key = later_key(first, seed);
        let task = Task::Cell { cell, first: first.clone() };
        let n_stages = self.stages.len();
        self.add((key, title(cell)), needs, multiply_adds, task);
        if self.stages.len() > n_stages && real.is_some_and(|real| self.is_kept(&real)) {
            self.stages[n_stages].0.done = true;
        }
        Ok(())
    }

    /// Multiply-adds of one fine-tuning run with its evaluations: a step is a forward pass through the
    /// network, and backward passes for the gradients of weights and inputs.
    fn tuning(&self, cell: CellTask<'p>, chain: &Chain) -> f64 {
        let CellTask { method, depth, budget, .. } = cell;
        let (hidden, n_features) = chain.passing[method.n_layers(depth)];
        let data = self.run.data;
        let network = hidden + (n_features * data.train.n_classes) as f64;
        let fine_tuning = &self.run.config.fine_tuning;
        let unlabelled = fine_tuning.unlabelled.map_or(0, |cost| cost.batch_size());
        // In floating point: settings may be as large as their types allow.
        let of_step = (budget.batch_size.min(budget.count) + unlabelled) as f64;
        let samples = budget.updates as f64 * of_step;
        let evaluated = fine_tuning.evaluations as f64 * data.validation.n_samples() as f64;
        network * (3.0 * samples + evaluated + data.test.n_samples() as f64)
    }

    /// Adds a standard classifier.
    fn reference(&mut self, reference: Reference, labels: usize, seed: u64) {
        let key = self.run.reference_key(reference, labels, seed);
        let name = references::title(reference, labels, seed);
        let data = self.run.data;
        let judged = data.validation.n_samples() + data.test.n_samples();
        let (d, classes) = (data.train.images.ncols(), data.train.n_classes);
        let multiply_adds = reference.multiply_adds(labels, judged, d, classes);
        let task = Task::Reference { reference, labels, seed };
        self.add((key, name), vec![], multiply_adds, task);
    }
}

fn title(cell: CellTask<'_>) -> String {
    let CellTask { method, depth, budget, seed } = cell;
    cells::title(method.name, depth, budget.count, seed)
}
