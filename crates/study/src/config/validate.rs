//! Validation of the settings of a comparison.

use std::fmt::Display;

use nn_core::{InvalidSetting, require};
use stack::FineTuneConfig;

use super::UNIT;
use crate::methods::ResolvedMethod;
use crate::{ComparisonConfig, ConfigError, LabelBudget, Methods};

impl ComparisonConfig {
    /// Checks every bound, and that the methods exist and differ.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first invalid setting.
    pub fn validate(&self, methods: &Methods) -> Result<(), ConfigError> {
        let some = |field, n: usize| require(n >= 1, field, &"[]", "at least one entry");
        some("comparison.methods", self.methods.len())?;
        some("comparison.layers", self.layers.len())?;
        some("comparison.depths", self.depths.len())?;
        some("comparison.labels", self.labels.len())?;
        some("comparison.learning_rates", self.learning_rates.len())?;
        let multipliers = &self.hidden_learning_rate_multipliers;
        some("comparison.hidden_learning_rate_multipliers", multipliers.len())?;
        require(self.seeds >= 1, "comparison.seeds", &self.seeds, "at least 1")?;
        let last = 1_u64 << 32;
        let holds = self.first_seed.checked_add(self.seeds).is_some_and(|end| end <= last);
        let expected = "so that the last seed is below 2^32";
        require(holds, "comparison.first_seed", &self.first_seed, expected)?;
        once("comparison.methods", &self.methods, "every method once")?;
        once("comparison.depths", &self.depths, "every depth once")?;
        for units in &self.layers {
            require(*units >= 1, "comparison.layers", units, "at least 1 unit per layer")?;
        }
        for depth in &self.depths {
            let holds = (1..=self.layers.len()).contains(depth);
            require(holds, "comparison.depths", depth, "1 to the number of layers")?;
        }
        validate_rates(&self.learning_rates, multipliers)
            .map_err(|error| error.within("comparison"))?;
        for count in self.equal_seconds.iter().flat_map(|equal| &equal.labels) {
            let known = self.labels.iter().any(|budget| budget.count == *count);
            let expected = "some of the counts in comparison.labels";
            require(known, "comparison.equal_seconds.labels", count, expected)?;
        }
        methods.validate()?;
        let compared = self.resolve(methods)?;
        self.validate_architectures(methods)?;
        self.validate_labels(&compared)?;
        self.validate_search(&compared)?;
        self.validate_differences(&compared)?;
        Ok(self.validate_fine_tuning()?)
    }

    /// Resolves the compared methods.
    pub(crate) fn resolve<'m>(
        &self,
        methods: &'m Methods,
    ) -> Result<Vec<ResolvedMethod<'m>>, ConfigError> {
        self.methods.iter().map(|name| methods.resolve(name, "comparison.methods")).collect()
    }

    /// Refuses settings of an architecture that no method has, and rates out of range.
    fn validate_architectures(&self, methods: &Methods) -> Result<(), InvalidSetting> {
        let known: Vec<&str> =
            methods.0.values().filter_map(|method| method.architecture.as_deref()).collect();
        for (name, own) in &self.architectures {
            let expected = "an architecture of the methods";
            require(known.contains(&name.as_str()), "comparison.architectures", name, expected)?;
            validate_rates(&own.learning_rates, &own.hidden_learning_rate_multipliers)
                .map_err(|error| error.within("comparison.architectures"))?;
            validate_budgets(&own.labels)
                .map_err(|error| error.within("comparison.architectures"))?;
        }
        Ok(())
    }

    fn validate_labels(&self, compared: &[ResolvedMethod<'_>]) -> Result<(), InvalidSetting> {
        validate_budgets(&self.labels).map_err(|error| error.within("comparison"))?;
        for method in compared {
            for budget in self.labels_of(method) {
                self.fine_tuning_for(method, self.layers.len(), budget, UNIT).validate()?;
            }
        }
        Ok(())
    }

    /// Refuses values out of range, including those invalid for a method's kind of noise.
    fn validate_search(&self, compared: &[ResolvedMethod<'_>]) -> Result<(), InvalidSetting> {
        for method in compared {
            let Some(search) = self.search_of(method) else { continue };
            let rates = self.rates_of(method).len();
            search.validate(rates).map_err(|error| error.within("comparison"))?;
            for &amount in &search.space.corruption {
                let within =
                    format!("comparison.search.space.corruption: methods.{}.layers", method.name);
                let varied = method.clone().varied(Some(amount));
                varied.validate_layers().map_err(|error| error.within(&within))?;
            }
        }
        Ok(())
    }

    /// Refuses two methods that produce the same networks.
    fn validate_differences(&self, compared: &[ResolvedMethod<'_>]) -> Result<(), InvalidSetting> {
        let depth = self.depths.iter().max().copied().unwrap_or_default();
        for (i, method) in compared.iter().enumerate() {
            let differs = !compared[..i].iter().any(|other| method.is_same_network(other, depth));
            let expected = "methods that differ in layers, frozen, max_norm, dropout or shift";
            require(differs, "comparison.methods", &method.name, expected)?;
        }
        Ok(())
    }

    /// Refuses fine-tuning settings that are set elsewhere in the comparison.
    fn validate_fine_tuning(&self) -> Result<(), InvalidSetting> {
        let (found, default) = (&self.fine_tuning, FineTuneConfig::default());
        let expected = "no value: comparison.labels and comparison.learning_rates have it";
        let (n, holds) = (found.updates, found.updates == default.updates);
        require(holds, "fine_tuning.updates", &n, expected)?;
        let (n, holds) = (found.batch_size, found.batch_size == default.batch_size);
        require(holds, "fine_tuning.batch_size", &n, expected)?;
        let (rate, holds) = (found.learning_rate, found.learning_rate == default.learning_rate);
        require(holds, "fine_tuning.learning_rate", &rate, expected)
    }
}

fn validate_rates(learning_rates: &[f64], multipliers: &[f64]) -> Result<(), InvalidSetting> {
    for rate in learning_rates {
        let holds = rate.is_finite() && *rate > 0.0;
        require(holds, "learning_rates", rate, "finite numbers above 0")?;
    }
    for multiplier in multipliers {
        let holds = multiplier.is_finite() && *multiplier >= 0.0;
        let field = "hidden_learning_rate_multipliers";
        require(holds, field, multiplier, "finite numbers, 0 or above")?;
    }
    Ok(())
}

fn validate_budgets(budgets: &[LabelBudget]) -> Result<(), InvalidSetting> {
    for (i, budget) in budgets.iter().enumerate() {
        let LabelBudget { count, updates, batch_size, dropout } = budget;
        require(*count >= 1, "labels.count", count, "at least 1")?;
        let rises = budgets[..i].iter().all(|earlier| earlier.count < *count);
        require(rises, "labels.count", count, "rising counts")?;
        require(*updates >= 1, "labels.updates", updates, "at least 1")?;
        require(*batch_size >= 1, "labels.batch_size", batch_size, "at least 1")?;
        dropout.unwrap_or_default().validate().map_err(|error| error.within("labels"))?;
    }
    Ok(())
}

fn once<T: PartialEq + Display>(
    field: &'static str,
    values: &[T],
    expected: &'static str,
) -> Result<(), InvalidSetting> {
    let twice = values.iter().enumerate().find(|(i, value)| values[..*i].contains(value));
    twice.map_or(Ok(()), |(_, value)| require(false, field, value, expected))
}
