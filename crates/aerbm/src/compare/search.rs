//! The search of hyperparameters on a user's data.

use study::{ComparisonConfig, Methods, SearchSpace};

use super::{CompareOptions, is_given};

/// Adds a search to a comparison without one if the set is small, and a space to a search without one.
/// Settings that are given with the command are kept. `most` is the largest dropout of inputs.
pub(super) fn suit(
    comparison: &mut ComparisonConfig,
    methods: &Methods,
    options: &CompareOptions,
    (is_small, most): (bool, f64),
) {
    let given = |setting: &str| is_given(&options.set, setting);
    if comparison.search.is_none() && !is_small {
        return;
    }
    let search = comparison.search.get_or_insert_default();
    if given("comparison.search.space") || search.space != SearchSpace::default() {
        return;
    }
    let of_methods =
        |setting: &str| methods.0.keys().any(|name| given(&format!("methods.{name}.{setting}")));
    let has_dropout = given("comparison.fine_tuning.dropout") || of_methods("dropout");
    if !has_dropout {
        search.space.hidden_dropout = vec![0.0, 0.1, 0.3];
        if most > 0.0 {
            search.space.input_dropout = vec![0.0, most];
        }
    }
    if !given("comparison.fine_tuning.max_norm") && !of_methods("max_norm") {
        search.space.max_norm = vec![0.0, 3.0];
    }
    if !of_methods("layers.training.corruption") {
        search.space.corruption = vec![0.2, 0.5];
    }
}
