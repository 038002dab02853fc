use ndarray::{Array1, ArrayView1};
use nn_core::{Activation, InvalidSetting};
use numerics::{Real, Stream};

use super::Unit;

/// The mathematics of one kind of unit, element by element; the loops are in `rows.rs`.
///
/// A unit's *input* is x = c + Σ s w: its bias and the weighted states of the other layer. Its
/// *parameter* is the number that draws are made from: the mean of most units, the input of those
/// whose distribution has no convenient mean.
pub(crate) trait Kind {
    /// The name in messages.
    const NAME: &'static str;
    /// A description of the values, in the plural.
    const VALUES: &'static str;
    /// The bounds of the values.
    const BOUNDS: (f64, f64);
    /// The states, ascending, if they are finitely many.
    const STATES: Option<&'static [f64]> = None;
    /// The activation of the mean-field layer, with the range of the values.
    const ACTIVATION: Activation;
    /// The largest variance that a value may have if nothing is known about it.
    const LARGEST_VARIANCE: f64;
    /// Whether the energy is −c s.
    const LINEAR_ENERGY: bool = true;
    /// Whether the mean is the probability of the state 1.
    const MEAN_IS_PROBABILITY: bool = false;
    /// Whether only visible layers can have this unit.
    const VISIBLE_ONLY: bool = false;
    /// Whether each visible unit has a standard deviation.
    const HAS_STD: bool = false;
    /// Number of random numbers that a draw takes, at most two.
    const NUMBERS_PER_DRAW: usize = 1;
    /// The unit that replaces this one in upper layers of a stack, if it differs.
    const ABOVE_DATA: Option<Unit> = None;

    /// The part of the energy that a layer in this state has without the other one.
    fn energy<F: Real>(state: ArrayView1<F>, bias: ArrayView1<F>) -> F {
        -state.dot(&bias)
    }

    /// The parameter, given the input.
    fn parameter<F: Real>(input: F) -> F;

    /// The mean, given the parameter.
    #[inline(always)]
    fn mean<F: Real>(parameter: F) -> F {
        parameter
    }

    /// Replaces parameters by draws; element i takes the random numbers of draw `first` + i of the stream.
    fn draw<F: Real>(stream: Stream, first: usize, parameters: &mut [F]);

    /// ln Σ_s or ln ∫ ds of e^(−energy + s (x − c)): what a unit with bias c and input x adds to −F.
    fn log_sum<F: Real>(input: F, bias: F) -> F;

    /// The bias of an independent unit with this mean over `n_samples` data. For bounded units, half a
    /// sample at each bound is added, so that a pixel that is never on does not get −∞.
    fn bias_of_mean(mean: f64, n_samples: f64) -> f64;

    /// Checks the columns' means and variances, given the units' standard deviations.
    fn check_moments<F: Real>(
        _std: ArrayView1<F>,
        _means: &Array1<f64>,
        _variances: &Array1<f64>,
    ) -> Result<(), InvalidSetting> {
        Ok(())
    }

    /// ∂(−energy) / ∂ ln σ of a unit in this state and with this mean, both in units of σ.
    #[inline(always)]
    fn std_gradient<F: Real>(_state: F, _mean: F) -> F {
        F::zero()
    }
}
