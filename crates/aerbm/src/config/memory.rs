//! Estimates of the memory that training takes, from the settings.

use study::ComparisonConfig;

/// Copies of each parameter: the value, its gradient, two moments of the optimizer, and the best so far.
const COPIES: f64 = 5.0;

/// Values of each unit and sample of a batch: inputs, states, their errors, and scratch.
const VALUES_OF_A_UNIT: f64 = 6.0;

/// Bytes of a value.
const BYTES: f64 = 4.0;

/// The memory that training takes, attributed to settings.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Memory {
    parts: Vec<(String, f64)>,
    /// Number of weights.
    weights: f64,
    /// The setting of the number of units that was added last.
    of_units: String,
}

impl Memory {
    /// The memory of a comparison on samples of `n_visible` values, not counting the samples: that of its
    /// deepest network.
    pub fn of_comparison(comparison: &ComparisonConfig, n_visible: usize) -> Self {
        let mut memory = Memory::default();
        let batch_sizes = comparison.labels.iter().map(|budget| budget.batch_size);
        let batch_size = batch_sizes.max().unwrap_or_default();
        let mut below = n_visible;
        for &units in &comparison.layers {
            memory.add_weights("layers", below, units);
            memory.add_states("labels.batch_size", batch_size, units);
            below = units;
        }
        memory
    }

    /// Adds a layer of weights from `inputs` to `outputs` units; `setting` sets the number of outputs.
    pub(super) fn add_weights(&mut self, setting: &str, inputs: usize, outputs: usize) {
        self.add_kernels(setting, inputs as f64 * outputs as f64);
    }

    /// Adds the weights of the kernels of a convolution; `setting` sets their number.
    pub(super) fn add_kernels(&mut self, setting: &str, weights: f64) {
        setting.clone_into(&mut self.of_units);
        self.weights += weights;
        self.add(setting, COPIES * weights);
    }

    /// Adds the states of `units` units, whose weights were added before, for each of `samples` samples or
    /// chains; `setting` sets the number of samples. The states are attributed to the larger number.
    pub(super) fn add_states(&mut self, setting: &str, samples: usize, units: usize) {
        let of_units = self.of_units.clone();
        let setting = if units > samples { &of_units } else { setting };
        self.add(setting, VALUES_OF_A_UNIT * samples as f64 * units as f64);
    }

    fn add(&mut self, setting: &str, values: f64) {
        self.parts.push((setting.to_owned(), BYTES * values));
    }

    /// Number of weights added so far.
    pub(crate) fn weights(&self) -> f64 {
        self.weights
    }

    /// The total, in bytes.
    pub fn bytes(&self) -> f64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The setting that takes the most.
    pub fn largest(&self) -> Option<&str> {
        let largest = self.parts.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        largest.map(|(setting, _)| setting.as_str())
    }
}
