//! Settings of the estimate of log Z, and the interval that it gives.

use ndarray::{Array2, ArrayView2};
use nn_core::{InvalidSetting, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::family::spread_over;

/// Settings of the estimate of log Z.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogZConfig {
    /// Target half-width of the 95 % interval, in nats.
    pub precision: f64,
    /// Number of sweeps after which the estimate ends even if the interval is wider.
    pub max_sweeps: usize,
    /// Number of independent ladders.
    pub ladders: usize,
}

impl Default for LogZConfig {
    fn default() -> Self {
        LogZConfig { precision: 0.1, max_sweeps: 30_000, ladders: 16 }
    }
}

impl LogZConfig {
    /// The samples that ladders start from, spread evenly over the data.
    pub(crate) fn starts<F: Real>(&self, data: ArrayView2<F>) -> Array2<F> {
        spread_over(data, self.ladders / 2)
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let is_positive = self.precision > 0.0 && self.precision.is_finite();
        require(is_positive, "likelihood.precision", &self.precision, "above 0")?;
        require(self.max_sweeps >= 100, "likelihood.max_sweeps", &self.max_sweeps, "at least 100")?;
        require(self.ladders >= 4, "likelihood.ladders", &self.ladders, "at least 4")
    }
}

/// A reason to doubt an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Replicas went from the base to the model and back fewer than twice per ladder.
    FewRoundTrips,
    /// Ladders that started from the data and from independent units differ by more than chance explains.
    StartsDiffer,
    /// The interval is wider than requested.
    Wide,
}

/// An estimate of log Z with a 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogZInterval {
    /// The estimate, in nats.
    pub log_z: f64,
    /// Its standard error, between ladders.
    pub standard_error: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// The estimate from ladders that started from the data minus that from the others.
    pub start_difference: f64,
    /// The standard error of that difference.
    pub start_difference_error: f64,
    /// Number of ladders.
    pub ladders: usize,
    /// Number of temperatures.
    pub temperatures: usize,
    /// Number of sweeps.
    pub sweeps: usize,
    /// Number of times that a replica went from the base to the model and back, over all ladders.
    pub round_trips: usize,
    /// The most serious reason to doubt the interval, if any.
    pub doubt: Option<Doubt>,
}
