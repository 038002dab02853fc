//! The state of the negative phase between steps: none, or chains of some kind.

use ndarray::s;
use nn_core::{RestoreError, Samples, TensorMap, UnreadableSamples, restore, store};
use numerics::{Purpose, Real, Stream};

use crate::persistent::FastWeights;
use crate::{Algorithm, PersistentChains, Phases, Rbm, Replicas};

const CHAINS: Purpose = Purpose::new("chains start");

/// What an [`Algorithm`] keeps.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a training has one")]
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

    /// Samples of the model in a negative phase; 0 where it starts from the data.
    pub(crate) fn n_chains(&self) -> usize {
        match self {
            Negative::Data => 0,
            Negative::Persistent(chains) | Negative::Fast { chains, .. } => chains.hidden.nrows(),
            Negative::Tempering(replicas) => replicas.n_chains(),
        }
    }

    /// Runs the chains for `k` steps before the step of learning of this `batch`, and leaves the
    /// negative phase below the `n` samples in `phases`.
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
                    // With a single sweep a step, the halves take turns all the same.
                    replicas.sweep(rbm, batch * k + sweep, stream);
                }
                let m = replicas.n_chains();
                let mut visible = phases.visible.slice_mut(s![n..n + m, ..]);
                replicas.copy_states_at(0, visible.view_mut());
                let hidden = phases.hidden.slice_mut(s![n..n + m, ..]);
                let scale = F::of(-(n as f64) / m as f64);
                rbm.h_given_v_then(visible.view(), hidden, (), |_, mut h, ()| {
                    rbm.hidden.means(&mut h);
                    h *= scale;
                });
            }
        }
    }

    /// Whether it learns from the gradient.
    pub(crate) fn learns(&self) -> bool {
        matches!(self, Negative::Fast { .. })
    }

    /// What fast weights learn from a step.
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
