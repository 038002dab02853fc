//! Hyperparameter search: every method has the same number of trials, drawn from the same space.

use nn_core::{InvalidSetting, require};
use numerics::{Purpose, Stream};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::methods::ResolvedMethod;

const SEARCH: Purpose = Purpose::new("search");

/// The largest number of points in a space, since they are listed and shuffled.
const MOST_POINTS: usize = 100_000;

/// The trials of a method at the first seed, for each number of labels and depth. Each trains on the labelled
/// samples and is evaluated on the validation samples; the test samples are not used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Number of trials. If the space has fewer points for a method, it tries all of them.
    pub trials: usize,
    /// The values to choose from, in addition to the learning rates and multipliers of the comparison.
    pub space: SearchSpace,
}

impl Default for Search {
    /// A third of the points that `compare` has for a method without noise, with an empty space.
    fn default() -> Self {
        Search { trials: 12, space: SearchSpace::default() }
    }
}

/// Candidate values of the searched hyperparameters; one without values keeps its setting. Listed values
/// replace the settings of methods and of numbers of labels, so that no method starts from values found with
/// more effort.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchSpace {
    /// Dropout probabilities of inputs in fine-tuning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input_dropout: Vec<f64>,
    /// Dropout probabilities of hidden units in fine-tuning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_dropout: Vec<f64>,
    /// Bounds on the norm of the weights into a unit; 0 for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub max_norm: Vec<f64>,
    /// Amounts of noise for methods that pretrain with noise: the fraction or the standard deviation of their
    /// `corruption`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corruption: Vec<f64>,
}

/// Hyperparameters chosen on the validation set; those that are `None` keep their settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Learning rate of the output layer.
    pub learning_rate: f64,
    /// Learning-rate multiplier of the hidden layers.
    pub hidden_multiplier: f64,
    /// Dropout probability of inputs in fine-tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_dropout: Option<f64>,
    /// Dropout probability of hidden units in fine-tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_dropout: Option<f64>,
    /// Bound on the norm of the weights into a unit; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// Amount of noise in pretraining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corruption: Option<f64>,
}

impl Choice {
    /// A choice of rates alone.
    pub const fn of_rates(learning_rate: f64, hidden_multiplier: f64) -> Self {
        Choice {
            learning_rate,
            hidden_multiplier,
            input_dropout: None,
            hidden_dropout: None,
            max_norm: None,
            corruption: None,
        }
    }

    /// The choice without hyperparameters that the method lacks, so that two choices for the same network are
    /// equal.
    fn for_method(mut self, method: &ResolvedMethod<'_>) -> Self {
        if !method.tunes_hidden_layers() {
            self.hidden_multiplier = 1.0;
        }
        if !method.has_hidden_layers() {
            self.hidden_dropout = None;
        }
        if !method.has_corruption() {
            self.corruption = None;
        }
        self
    }
}

impl Search {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub(super) fn validate(&self, n_rates: usize) -> Result<(), InvalidSetting> {
        require(self.trials >= 1, "search.trials", &self.trials, "at least 1")?;
        let SearchSpace { input_dropout, hidden_dropout, max_norm, corruption } = &self.space;
        for (field, values) in [
            ("search.space.input_dropout", input_dropout),
            ("search.space.hidden_dropout", hidden_dropout),
        ] {
            for p in values {
                require((0.0..1.0).contains(p), field, p, "numbers in [0, 1)")?;
            }
        }
        for (field, values) in
            [("search.space.max_norm", max_norm), ("search.space.corruption", corruption)]
        {
            for value in values {
                let holds = value.is_finite() && *value >= 0.0;
                require(holds, field, value, "finite numbers, 0 or above")?;
            }
        }
        let lengths = [input_dropout, hidden_dropout, max_norm, corruption];
        let points = lengths
            .iter()
            .map(|values| values.len().max(1))
            .try_fold(n_rates, usize::checked_mul)
            .unwrap_or(usize::MAX);
        require(points <= MOST_POINTS, "search.space", &points, "at most 100000 combinations")
    }

    /// The trials of a method. All methods go through the points of the space in one random order and skip
    /// those that differ from an earlier one only in hyperparameters that the method lacks.
    pub(super) fn choices(
        &self,
        rates: &[Choice],
        method: &ResolvedMethod<'_>,
        seed: u64,
    ) -> Vec<Choice> {
        let mut points = self.space.points(rates);
        points.shuffle(&mut Stream::new(seed, SEARCH).rng());
        let mut chosen = Vec::new();
        for point in points {
            let point = point.for_method(method);
            if !chosen.contains(&point) {
                chosen.push(point);
            }
            if chosen.len() == self.trials {
                break;
            }
        }
        chosen
    }
}

impl SearchSpace {
    /// Every combination of these values with the given rates.
    fn points(&self, rates: &[Choice]) -> Vec<Choice> {
        type Set = fn(&mut Choice, f64);
        let axes: [(&[f64], Set); 4] = [
            (&self.input_dropout, |point, value| point.input_dropout = Some(value)),
            (&self.hidden_dropout, |point, value| point.hidden_dropout = Some(value)),
            (&self.max_norm, |point, value| point.max_norm = Some(value)),
            (&self.corruption, |point, value| point.corruption = Some(value)),
        ];
        let mut points = rates.to_vec();
        for (values, set) in axes.into_iter().filter(|(values, _)| !values.is_empty()) {
            let with = |point: Choice| {
                values.iter().map(move |&value| {
                    let mut point = point;
                    set(&mut point, value);
                    point
                })
            };
            points = points.into_iter().flat_map(with).collect();
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Methods;

    const METHODS: &str = r##"
        none = { role = "control", color = "#282828", words = "none", layers = { kind = "random" } }
        raw = { role = "reference", color = "#969696", words = "raw", layers = [] }
        [denoising]
        role = "pretrained"
        color = "#56b4e9"
        words = "denoising"
        layers = { kind = "autoencoder", training = { corruption = { kind = "masking", fraction = 0.5 } } }
    "##;

    fn search(trials: usize) -> Search {
        let space = SearchSpace {
            input_dropout: vec![0.0, 0.2],
            hidden_dropout: vec![0.0, 0.25, 0.5],
            max_norm: vec![0.0, 3.0],
            corruption: vec![0.25, 0.5],
        };
        Search { trials, space }
    }

    fn choices(search: &Search, method: &str, seed: u64) -> Vec<Choice> {
        let methods: Methods = toml::from_str(METHODS).expect("methods");
        let rates = [Choice::of_rates(0.01, 1.0), Choice::of_rates(0.01, 0.1)];
        search.choices(&rates, &methods.resolve(method, "methods").expect("a method"), seed)
    }

    #[test]
    fn every_method_has_the_same_number_of_different_trials() {
        let search = search(8);
        for method in ["none", "raw", "denoising"] {
            let found = choices(&search, method, 1);
            let expected = if method == "raw" { 4 } else { 8 };
            assert_eq!(found.len(), expected, "{method}");
            for (i, choice) in found.iter().enumerate() {
                assert!(!found[..i].contains(choice), "{method}: {choice:?} twice");
                assert_eq!(choice.corruption.is_some(), method == "denoising");
                assert_eq!(choice.hidden_dropout.is_some(), method != "raw");
            }
        }
    }

    #[test]
    fn methods_go_through_the_points_in_one_order_that_the_seed_decides() {
        let search = search(8);
        let (none, denoising) = (choices(&search, "none", 1), choices(&search, "denoising", 1));
        let shared: Vec<Choice> =
            denoising.iter().map(|choice| Choice { corruption: None, ..*choice }).collect();
        let mut order = none.iter();
        let mut known = shared.clone();
        known.dedup();
        assert!(known[..4].iter().all(|choice| order.any(|other| other == choice)));
        assert_eq!(none, choices(&search, "none", 1));
        assert_ne!(none, choices(&search, "none", 2));
        let all = choices(&self::search(1000), "none", 1);
        assert_eq!(all.len(), 2 * 2 * 3 * 2, "a small space is tried as a whole");
    }

    #[test]
    fn values_out_of_range_are_named() {
        let error = |change: fn(&mut Search)| {
            let mut search = search(4);
            change(&mut search);
            search.validate(2).expect_err("out of range").to_string()
        };
        assert_eq!(error(|s| s.trials = 0), "search.trials = 0: expected at least 1");
        let dropout = error(|s| s.space.hidden_dropout[0] = 1.0);
        assert_eq!(dropout, "search.space.hidden_dropout = 1: expected numbers in [0, 1)");
        let norm = error(|s| s.space.max_norm[0] = -1.0);
        assert!(norm.starts_with("search.space.max_norm = -1: expected finite"), "{norm}");
        let large = error(|s| {
            s.space.input_dropout = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
            s.space.hidden_dropout = s.space.input_dropout.clone();
        });
        assert!(large.ends_with("expected at most 100000 combinations"), "{large}");
    }
}
