//! RBMs as layers of deep belief networks.

use ndarray::{Array2, ArrayView2};
use numerics::Stream;

use crate::StackedLayer;

/// An RBM as a layer of a [`Dbn`](crate::Dbn). Its features are the visible units of the RBM above.
pub trait StackedRbm: StackedLayer {
    /// Parallel Gibbs chains.
    type Chains;

    /// Draws features given visible units. Shapes: (n × visible) → (n × features).
    fn sample_features(&self, visible: ArrayView2<f32>, stream: Stream) -> Array2<f32>;

    /// E[v | features] for expected features. Anything that the features leave open is inferred from
    /// `visible`, the values that they were computed from. Shapes: (n × visible), (n × features) → (n ×
    /// visible).
    fn expected_visible(&self, visible: ArrayView2<f32>, features: ArrayView2<f32>) -> Array2<f32>;

    /// E[v | features] for drawn features. Anything that the features leave open is drawn. Shapes: (n ×
    /// features) → (n × visible).
    fn visible_mean_given(&self, features: ArrayView2<f32>, stream: Stream) -> Array2<f32>;

    /// Draws visible units given drawn features. Shapes: (n × features) → (n × visible).
    fn sample_visible(&self, features: ArrayView2<f32>, stream: Stream) -> Array2<f32>;

    /// Chains that start from these visible units (n × visible).
    fn chains_from_visible(&self, visible: ArrayView2<f32>) -> Self::Chains;

    /// Chains that start from independent units without bias, such as fair coin flips.
    fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> Self::Chains;

    /// Runs every chain for one step; `step` numbers it within the streams of `seed`.
    fn gibbs_step(&self, chains: &mut Self::Chains, seed: u64, step: usize);

    /// The visible units of the chains, chains × visible.
    fn visible(&self, chains: &Self::Chains) -> Array2<f32>;

    /// E[v | h] for the last hidden units of the chains, chains × visible.
    fn visible_mean(&self, chains: &Self::Chains) -> Array2<f32>;

    /// F(v) in nats of each row of `visible` (n × visible).
    fn free_energies(&self, visible: ArrayView2<f32>) -> Vec<f64>;
}
