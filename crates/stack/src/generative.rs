//! Deep belief networks of any kind of RBM behind one interface: chains of the top RBM, and the downward pass
//! from their states to data.

use ndarray::{Array2, ArrayView2};
use numerics::Stream;

use crate::{Dbn, StackedRbm};

/// A model with a probability distribution that samples can be drawn from.
pub trait Generative {
    /// Chains of the top RBM that start from states drawn upwards from the data (n × visible).
    fn chains_from_data(&self, data: ArrayView2<f32>, seed: u64) -> Box<dyn SampleChains + '_>;

    /// Chains of the top RBM that start from independent units, such as fair coin flips.
    fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> Box<dyn SampleChains + '_>;
}

/// Chains of the top RBM of a model.
pub trait SampleChains {
    /// Number of chains.
    fn n_chains(&self) -> usize;

    /// Runs every chain for one step; `step` numbers it within the streams of `seed`.
    fn gibbs_step(&mut self, seed: u64, step: usize);

    /// The chains' states drawn down to the data, the visible layer as expectations. Shape:
    /// chains × visible.
    fn draw_down(&self, seed: u64, step: usize) -> Array2<f32>;

    /// Like [`draw_down`](Self::draw_down), with draws of the visible layer instead of expectations.
    fn draw_states_down(&self, seed: u64, step: usize) -> Array2<f32>;

    /// The free energies in nats of the top RBM's visible units in the first `n` chains.
    fn free_energies(&self, n: usize) -> Vec<f64>;
}

impl<R: StackedRbm> Generative for Dbn<R> {
    fn chains_from_data(&self, data: ArrayView2<f32>, seed: u64) -> Box<dyn SampleChains + '_> {
        let (dbn, n_chains) = (self, data.nrows());
        Box::new(DbnChains { dbn, chains: Dbn::chains_from_data(self, data, seed), n_chains })
    }

    fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> Box<dyn SampleChains + '_> {
        let chains = Dbn::chains_from_noise(self, n_chains, stream);
        Box::new(DbnChains { dbn: self, chains, n_chains })
    }
}

struct DbnChains<'a, R: StackedRbm> {
    dbn: &'a Dbn<R>,
    chains: R::Chains,
    n_chains: usize,
}

impl<R: StackedRbm> SampleChains for DbnChains<'_, R> {
    fn n_chains(&self) -> usize {
        self.n_chains
    }

    fn gibbs_step(&mut self, seed: u64, step: usize) {
        self.dbn.gibbs_step(&mut self.chains, seed, step);
    }

    fn draw_down(&self, seed: u64, step: usize) -> Array2<f32> {
        self.dbn.draw_down(&self.chains, seed, step)
    }

    fn draw_states_down(&self, seed: u64, step: usize) -> Array2<f32> {
        self.dbn.draw_states_down(&self.chains, seed, step)
    }

    fn free_energies(&self, n: usize) -> Vec<f64> {
        let top = self.dbn.top();
        let visible = top.visible(&self.chains);
        top.free_energies(visible.slice(ndarray::s![..n, ..]))
    }
}
