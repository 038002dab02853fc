//! The settings of fine-tuning that follow for a method, a number of labels and a choice of rates.

use mnist_io::ImageShape;
use stack::FineTuneConfig;

use crate::methods::ResolvedMethod;
use crate::{ArchitectureSettings, ComparisonConfig, LabelBudget, Rates};

/// Rates that leave the settings of fine-tuning as they are given, for keys that must not depend on
/// the chosen ones.
pub(crate) const UNIT: Rates = Rates { learning_rate: 1.0, hidden_multiplier: 1.0 };

impl ComparisonConfig {
    /// The settings of the method's architecture, if it has its own.
    fn architecture_of(&self, method: &ResolvedMethod<'_>) -> Option<&ArchitectureSettings> {
        self.architectures.get(method.config.architecture.as_deref()?)
    }

    /// The numbers of labels that the method is fine-tuned with.
    pub(crate) fn labels_of(&self, method: &ResolvedMethod<'_>) -> &[LabelBudget] {
        let own = self.architecture_of(method).map(|own| own.labels.as_slice());
        own.filter(|labels| !labels.is_empty()).unwrap_or(&self.labels)
    }

    /// All rates that the method may choose from. Multipliers of the hidden layers are left out where
    /// these do not learn.
    pub(crate) fn rates_of(&self, method: &ResolvedMethod<'_>) -> Vec<Rates> {
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
            rates.map(move |&hidden_multiplier| Rates { learning_rate, hidden_multiplier })
        };
        let learning_rates =
            or_common(own.map(|own| own.learning_rates.as_slice()), &self.learning_rates);
        learning_rates.into_iter().flat_map(with).collect()
    }

    /// The settings of fine-tuning a network of `n_layers` hidden layers on images of this shape, in
    /// colour or not: the channels of a pixel are shifted together.
    pub(crate) fn fine_tuning_on(
        &self,
        shape: ImageShape,
        method: &ResolvedMethod<'_>,
        n_layers: usize,
        budget: &LabelBudget,
        rates: Rates,
    ) -> FineTuneConfig {
        let mut settings = self.fine_tuning_for(method, n_layers, budget, rates);
        if let ImageShape { height, width, channels: channels @ 2.. } = shape {
            settings.shift = settings.shift.map(|it| it.of_images([height, width, channels]));
        }
        settings
    }

    /// The settings of fine-tuning a network of `n_layers` hidden layers.
    pub(crate) fn fine_tuning_for(
        &self,
        method: &ResolvedMethod<'_>,
        n_layers: usize,
        budget: &LabelBudget,
        rates: Rates,
    ) -> FineTuneConfig {
        let common = &self.fine_tuning;
        let dropout = method.config.dropout.or(budget.dropout).unwrap_or(common.dropout);
        // The output layer always has multiplier 1.
        let given =
            |layer: usize| common.learning_rate_multipliers.get(layer).copied().unwrap_or(1.0);
        let multiplier = |layer| {
            if method.config.frozen { 0.0 } else { rates.hidden_multiplier * given(layer) }
        };
        let multipliers: Vec<f64> = (0..n_layers).map(multiplier).collect();
        let is_plain = multipliers.iter().all(|multiplier| *multiplier == 1.0);
        FineTuneConfig {
            updates: budget.updates,
            batch_size: budget.batch_size,
            learning_rate: rates.learning_rate,
            dropout,
            max_norm: method.config.max_norm.or(common.max_norm),
            shift: method.config.shift.or(common.shift),
            learning_rate_multipliers: if is_plain { vec![] } else { multipliers },
            ..common.clone()
        }
    }
}
