//! Fine-tuning settings that result from a method, a number of labels and a choice of rates.

use mnist_io::ImageShape;
use stack::{Dropout, FineTuneConfig};

use crate::methods::ResolvedMethod;
use crate::{ArchitectureSettings, Choice, ComparisonConfig, LabelBudget, Search};

/// A choice that leaves the fine-tuning settings unchanged, for keys that must not depend on the choice.
pub(crate) const UNIT: Choice = Choice::of_rates(1.0, 1.0);

impl ComparisonConfig {
    /// The settings of the method's architecture, if it has its own.
    fn architecture_of(&self, method: &ResolvedMethod<'_>) -> Option<&ArchitectureSettings> {
        self.architectures.get(method.config.architecture.as_deref()?)
    }

    /// The numbers of labels with which the method is fine-tuned.
    pub(crate) fn labels_of(&self, method: &ResolvedMethod<'_>) -> &[LabelBudget] {
        let own = self.architecture_of(method).map(|own| own.labels.as_slice());
        own.filter(|labels| !labels.is_empty()).unwrap_or(&self.labels)
    }

    /// The search in which the method takes part, if any.
    pub(crate) fn search_of(&self, method: &ResolvedMethod<'_>) -> Option<&Search> {
        let own = self.architecture_of(method).and_then(|own| own.search.as_ref());
        own.or(self.search.as_ref())
    }

    /// The choices tried with the method.
    pub(crate) fn choices_of(&self, method: &ResolvedMethod<'_>) -> Vec<Choice> {
        let rates = self.rates_of(method);
        match self.search_of(method) {
            Some(search) => search.choices(&rates, method, self.first_seed),
            None => rates,
        }
    }

    /// All combinations of learning rates and hidden-layer multipliers; multipliers are omitted if hidden
    /// layers do not learn.
    pub(crate) fn rates_of(&self, method: &ResolvedMethod<'_>) -> Vec<Choice> {
        let own = self.architecture_of(method);
        let or_common = |own: Option<&[f64]>, common: &[f64]| {
            own.filter(|own| !own.is_empty()).unwrap_or(common).to_vec()
        };
        let multipliers = if method.tunes_hidden_layers() {
            or_common(
                own.map(|own| own.hidden_learning_rate_multipliers.as_slice()),
                &self.hidden_learning_rate_multipliers,
            )
        } else {
            vec![1.0]
        };
        let with = |learning_rate: f64| {
            let rates = multipliers.iter();
            rates.map(move |&multiplier| Choice::of_rates(learning_rate, multiplier))
        };
        let learning_rates =
            or_common(own.map(|own| own.learning_rates.as_slice()), &self.learning_rates);
        learning_rates.into_iter().flat_map(with).collect()
    }

    /// The settings for fine-tuning a network of `n_layers` hidden layers on grey or colour images of this
    /// shape: the channels of a pixel are shifted together.
    pub(crate) fn fine_tuning_on(
        &self,
        shape: ImageShape,
        method: &ResolvedMethod<'_>,
        n_layers: usize,
        budget: &LabelBudget,
        choice: Choice,
    ) -> FineTuneConfig {
        let mut settings = self.fine_tuning_for(method, n_layers, budget, choice);
        if let ImageShape { height, width, channels: channels @ 2.. } = shape {
            settings.shift = settings.shift.map(|it| it.of_images([height, width, channels]));
        }
        settings
    }

    /// The settings for fine-tuning a network of `n_layers` hidden layers.
    pub(crate) fn fine_tuning_for(
        &self,
        method: &ResolvedMethod<'_>,
        n_layers: usize,
        budget: &LabelBudget,
        choice: Choice,
    ) -> FineTuneConfig {
        let common = &self.fine_tuning;
        let given = method.config.dropout.or(budget.dropout).unwrap_or(common.dropout);
        let dropout = Dropout {
            input: choice.input_dropout.unwrap_or(given.input),
            hidden: choice.hidden_dropout.unwrap_or(given.hidden),
        };
        let max_norm = match choice.max_norm {
            Some(norm) => (norm > 0.0).then_some(norm),
            None => method.config.max_norm.or(common.max_norm),
        };
        // The output layer always has multiplier 1.
        let given =
            |layer: usize| common.learning_rate_multipliers.get(layer).copied().unwrap_or(1.0);
        let multiplier = |layer| {
            if method.config.frozen { 0.0 } else { choice.hidden_multiplier * given(layer) }
        };
        let multipliers: Vec<f64> = (0..n_layers).map(multiplier).collect();
        let is_plain = multipliers.iter().all(|multiplier| *multiplier == 1.0);
        FineTuneConfig {
            updates: budget.updates,
            batch_size: budget.batch_size,
            learning_rate: choice.learning_rate,
            dropout,
            max_norm,
            shift: method.config.shift.or(common.shift),
            learning_rate_multipliers: if is_plain { vec![] } else { multipliers },
            ..common.clone()
        }
    }
}
