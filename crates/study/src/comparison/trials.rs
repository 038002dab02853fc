//! The trials of a cell: each trains a network and evaluates it on the validation set. They do not use the
//! test set.

use mnist_io::Splits;
use nn_core::TensorMap;
use serde::{Deserialize, Serialize};
use stack::{Classifier, FineTuneConfig, FineTuned, FineTuning, Labelled, PretrainedLayer};

use super::Run;
use super::labels;
use super::layers::Stacks;
use crate::layer_cache::event;
use crate::methods::ResolvedMethod;
use crate::search::{Best, best_on_validation};
use crate::stage::{Claim, Found, Key};
use crate::stage_training::train;
use crate::{CachedStack, Choice, Event, LabelBudget, StudyError, Trial};

/// The kind in the keys of trials. Its number is raised when the recorded measurements change.
pub(super) const TRIAL: &str = "trial 2";

/// The fine-tuning of a cell, without its pretrained layers and the searched hyperparameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) method: &'a ResolvedMethod<'a>,
    /// Number of hidden layers.
    pub(super) n_layers: usize,
    pub(super) budget: &'a LabelBudget,
    pub(super) seed: u64,
}

/// A trained network, or only its time if it was trained before an interruption.
#[derive(Debug)]
pub(super) struct Trained {
    pub(super) tuned: Option<FineTuned>,
    pub(super) seconds: f64,
}

/// The best of the trials of a cell.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) choice: Choice,
    pub(super) trained: Trained,
    pub(super) trials: Vec<Trial>,
}

/// The stored record of a trial.
#[derive(Debug, Serialize, Deserialize)]
struct Judged {
    validation_errors: usize,
    seconds: f64,
}

impl<'a> Run<'a> {
    /// The choices tried at the first seed; at other seeds, only the one made there.
    pub(super) fn choices(
        &self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        budget: &LabelBudget,
    ) -> Vec<Choice> {
        let here = (method.name, depth, budget.count);
        let mut cells = self.outcome.cells.iter();
        match cells.find(|cell| (cell.method.as_str(), cell.depth, cell.labels) == here) {
            Some(cell) => vec![cell.chosen],
            None => self.config.choices_of(method),
        }
    }

    /// Whether the layers for all trials of a cell are trained.
    pub(super) fn are_learned(
        &self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        budget: &LabelBudget,
        stacks: &mut Stacks,
    ) -> bool {
        let mut choices = self.choices(method, depth, budget).into_iter();
        choices.all(|choice| stacks.are_complete(choice.corruption, method.n_layers(depth)))
    }

    /// The settings of fine-tuning.
    pub(super) fn settings(&self, work: &Work<'_>, choice: Choice) -> FineTuneConfig {
        let shape = self.data.train.shape;
        let Work { method, n_layers, budget, .. } = *work;
        self.config.fine_tuning_on(shape, method, n_layers, budget, choice)
    }

    /// The identity of a network's training: its pretrained layers, settings, labels and data.
    pub(super) fn identity(
        &self,
        work: &Work<'_>,
        layers: &[Key],
        choice: Choice,
    ) -> (Vec<Key>, FineTuneConfig, LabelBudget, u64, String) {
        let settings = self.settings(work, choice);
        // The settings already include the applicable dropout.
        let budget = LabelBudget { dropout: None, ..work.budget.clone() };
        let data_key = self.fine_tuning_data_key(&settings).into_owned();
        (layers[..work.n_layers].to_vec(), settings, budget, work.seed, data_key)
    }

    /// Runs all trials of a claimed cell and returns the one with the fewest validation errors.
    pub(super) fn searched(
        &mut self,
        work: &Work<'_>,
        stacks: &mut Stacks,
        choices: &[Choice],
        (title, claim): (&str, &Claim),
    ) -> Result<Searched, StudyError> {
        let mut trials: Vec<Trial> = Vec::new();
        let found = best_on_validation(choices, |choice| {
            let stack = &*stacks.with(choice.corruption);
            let outcome = match choices.len() {
                1 => self.made_trial(work, stack, choice, (title, claim)),
                n => {
                    let title = format!("{title}, trial {} of {n}", trials.len() + 1);
                    self.kept_trial(work, stack, choice, &title)
                }
            };
            let FineTuneConfig { dropout, max_norm, .. } = self.settings(work, choice);
            let found = outcome.as_ref().ok();
            let validation_errors = found.map(|(errors, _)| *errors);
            let seconds = found.map(|(_, trained)| trained.seconds);
            trials.push(Trial { choice, dropout, max_norm, validation_errors, seconds });
            outcome
        });
        let Best { candidate: choice, found: trained, left_out } = found?;
        for (choice, error) in &left_out {
            event(self.listen, Event::Diverged { choice: *choice, error })?;
        }
        Ok(Searched { choice, trained, trials })
    }

    /// Fine-tunes a network in a claimed stage; also returns its number of validation errors.
    fn made_trial(
        &mut self,
        work: &Work<'_>,
        stack: &CachedStack,
        choice: Choice,
        (title, claim): (&str, &Claim),
    ) -> Result<(usize, Trained), StudyError> {
        event(self.listen, Event::Begun { title })?;
        let (tuned, seconds) = self.fine_tuned(work, stack, choice, claim)?;
        Ok((tuned.validation_errors, Trained { tuned: Some(tuned), seconds }))
    }

    /// As `made_trial`, but keeps the evaluation of the network (not the network itself), so that an
    /// interrupted search continues after its finished trials.
    pub(super) fn kept_trial(
        &mut self,
        work: &Work<'_>,
        stack: &CachedStack,
        choice: Choice,
        title: &str,
    ) -> Result<(usize, Trained), StudyError> {
        let key = Key::new(TRIAL, &self.identity(work, &stack.keys, choice));
        // A trial is part of its cell's stage, so the listener is not notified when it finishes.
        let claim = match self.cache.get_or_claim::<Judged>(&key, self.listen)? {
            Found::Claimed(claim) => claim,
            Found::Kept(_, Judged { validation_errors, seconds }) => {
                return Ok((validation_errors, Trained { tuned: None, seconds }));
            }
        };
        let (validation_errors, trained) = self.made_trial(work, stack, choice, (title, &claim))?;
        let judged = Judged { validation_errors, seconds: trained.seconds };
        claim.keep(&TensorMap::new(), &judged)?;
        Ok((validation_errors, trained))
    }

    /// Fine-tunes a network in a claimed stage, and returns it with the time taken in seconds.
    pub(super) fn fine_tuned(
        &mut self,
        work: &Work<'_>,
        stack: &CachedStack,
        choice: Choice,
        claim: &Claim,
    ) -> Result<(FineTuned, f64), StudyError> {
        let (x, y) = self.labelled_subset(work.budget.count, work.seed)?;
        let labelled = Labelled { x: x.view(), labels: &y };
        let settings = self.settings(work, choice);
        let start = self.start(&stack.layers[..work.n_layers], work.seed);
        let (unlabelled, validation) = (self.unlabelled.reborrow(), self.validation()?.reborrow());
        let begin = || {
            let start = start.clone();
            FineTuning::new(start, labelled, unlabelled, validation, &settings, work.seed)
        };
        // A stage may train several networks in succession.
        let training = Key::new(TRIAL, &self.identity(work, &stack.keys, choice));
        let checkpoint = claim.checkpoint(&training);
        let trained = train(begin, FineTuning::n_evaluations, &checkpoint, self.listen)?;
        Ok((trained.job.finish(), trained.seconds))
    }

    /// The network before fine-tuning.
    pub(super) fn start(&self, layers: &[PretrainedLayer], seed: u64) -> Classifier<f32> {
        let train = &self.data.train;
        match layers {
            [] => Classifier::linear(train.images.ncols(), train.n_classes, seed),
            layers => Classifier::new(layers, train.n_classes, seed),
        }
    }

    /// The validation samples.
    pub(super) fn validation(&self) -> Result<Labelled<'a>, StudyError> {
        let data: &'a Splits = self.data;
        let validation = &data.validation;
        let labels = labels("validation", validation.labels.as_deref())?;
        Ok(Labelled { x: validation.images.view(), labels })
    }
}
