//! The state that an algorithm keeps between steps for its negative phase.

use ndarray::s;
use nn_core::{RestoreError, Samples, TensorMap, UnreadableSamples, restore, store};
use numerics::{Purpose, Real, Stream};

use crate::persistent::FastWeights;
use crate::{Algorithm, PersistentChains, Phases, Rbm, Replicas};

pub(crate) const CHAINS: Purpose = Purpose::new("chains start");

/// The state of an [`Algorithm`]'s negative phase.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one per training")]
pub(crate) enum Negative<F> {
    Data,
    Persistent(PersistentChains<F>),
    Fast { chains: PersistentChains<F>, weights: FastWeights<F>, rate: f64, decay: f64 },
    Tempering(Replicas<F>),
}

impl<F: Real> Negative<F> {
    pub(crate) fn new(
        rbm: &Rbm<F>,
        algorithm: Algorithm,
        data: &impl Samples<F>,
        (seed, layer): (u64, usize),
    ) -> Result<Self, UnreadableSamples> {
        let stream = Stream::new(seed, CHAINS).layer(layer);
        Ok(match algorithm {
            Algorithm::Cd { .. } => Negative::Data,
            Algorithm::Pcd { chains } => {
                Negative::Persistent(PersistentChains::new(rbm, chains, stream))
            }
            Algorithm::FastPcd { chains, fast_rate: rate, fast_decay: decay } => Negative::Fast {
                chains: PersistentChains::new(rbm, chains, stream),
                weights: FastWeights::new(rbm),
                rate,
                decay,
            },
            Algorithm::Tempering { chains, temperatures } => {
                let base = rbm.independent_biases(data)?;
                Negative::Tempering(Replicas::new(rbm, base, (chains, temperatures), stream))
            }
        })
    }

    /// Number of chains; 0 for contrastive divergence, whose negative phase starts from the data.
    pub(crate) fn n_chains(&self) -> usize {
        match self {
            Negative::Data => 0,
            Negative::Persistent(chains) | Negative::Fast { chains, .. } => chains.hidden.nrows(),
            Negative::Tempering(replicas) => replicas.n_chains(),
        }
    }

    /// Runs the chains for `k` Gibbs steps, for the step of learning on this `batch`, and writes the
    /// negative phase below the `n` samples in `phases`. Does nothing for contrastive divergence.
    pub(crate) fn run(
        &mut self,
        rbm: &Rbm<F>,
        phases: &mut Phases<F>,
        n: usize,
        (k, batch): (usize, usize),
        stream: Stream,
    ) {
        match self {
            Negative::Data => (),
            Negative::Persistent(chains) => chains.negative_phase(rbm, phases, n, k, stream),
            Negative::Fast { chains, weights, .. } => {
                chains.negative_phase(weights.added_to(rbm), phases, n, k, stream);
            }
            Negative::Tempering(replicas) => {
                for sweep in 0..k {
                    // Numbered across batches, so that the two halves of the exchanges alternate
                    // even with one sweep a step.
                    replicas.sweep(rbm, batch * k + sweep, stream);
                }
                let m = replicas.n_chains();
                let mut u = phases.u.slice_mut(s![n..n + m, ..]);
                replicas.copy_u_at(0, u.view_mut());
                let hidden = phases.hidden.slice_mut(s![n..n + m, ..]);
                let scale = F::of(-(n as f64) / m as f64);
                rbm.h_given_u_then(u.view(), hidden, (), |_, mut h, ()| {
                    rbm.hidden.unit.means(&mut h);
                    h *= scale;
                });
            }
        }
    }

    /// Whether the negative phase has fast weights, which learn from the gradient.
    pub(crate) fn learns(&self) -> bool {
        matches!(self, Negative::Fast { .. })
    }

    /// Updates the fast weights, if there are any.
    pub(crate) fn learn(&mut self, gradient: &Rbm<F>) {
        if let Negative::Fast { weights, rate, decay, .. } = self {
            weights.learn(gradient, *rate, *decay);
        }
    }
}

impl Negative<f32> {
    pub(crate) fn store(&self, map: &mut TensorMap) {
        match self {
            Negative::Data => (),
            Negative::Persistent(chains) => store(chains, "chains.", map),
            Negative::Fast { chains, weights, .. } => {
                store(chains, "chains.", map);
                store(weights, "fast.", map);
            }
            Negative::Tempering(replicas) => store(replicas, "replicas.", map),
        }
    }

    pub(crate) fn restore(&mut self, map: &TensorMap) -> Result<(), RestoreError> {
        match self {
            Negative::Data => Ok(()),
            Negative::Persistent(chains) => restore(chains, "chains.", map),
            Negative::Fast { chains, weights, .. } => {
                restore(chains, "chains.", map)?;
                restore(weights, "fast.", map)
            }
            Negative::Tempering(replicas) => restore(replicas, "replicas.", map),
        }
    }
}
