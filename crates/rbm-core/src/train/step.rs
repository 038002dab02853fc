//! One step of learning.

use nn_core::{Samples, TrainingError, assign};
use numerics::{Real, Stream};

use super::{ACTIVITY_RATE, HIDDEN, MEASURED_EVERY, Training};
use crate::persistent::{positive_phase, reconstruction_error};
use crate::{Algorithm, Rbm, contrastive_divergence};

/// Position of a step of learning: its epoch, from 1, its batch, from 0, and the number of batches per epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) n_batches: usize,
}

impl Place {
    /// Number of steps before this one.
    pub(super) fn step(self) -> usize {
        (self.epoch - 1) * self.n_batches + self.batch
    }
}

impl<F: Real> Training<F> {
    /// One step of learning on the rows `samples` of `data`. Returns the reconstruction error, if it was
    /// measured. Allocates nothing.
    pub(crate) fn learn(
        &mut self,
        rbm: &mut Rbm<F>,
        data: &impl Samples<F>,
        samples: &[usize],
        place: Place,
    ) -> Result<Option<f64>, TrainingError> {
        let Place { epoch, batch, n_batches } = place;
        let step = place.step();
        let steps = self.config.epochs * n_batches;
        let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
        let stream = Stream::new(self.seed, HIDDEN).layer(self.layer).epoch(epoch).batch(batch);
        let n = samples.len();
        let has_missing = self.phases.observed.is_some();
        if has_missing {
            data.gather(samples, self.phases.positive_u(n))?;
            self.phases.note_missing(n);
        }
        let mut u = self.phases.positive_u(n);
        let binarisation = self.config.binarisation;
        let of = (self.seed, self.layer, epoch);
        binarisation.gather(data, samples, of, u.view_mut())?;
        rbm.visible.scale(&mut u);
        if has_missing {
            self.phases.leave_out_missing(n);
        }
        let (m, cost) = match (self.config.algorithm, &mut self.negative) {
            (Algorithm::Cd { negative_visible }, _) => {
                let how = (self.config.gibbs_steps, negative_visible);
                let phases = &mut self.phases;
                (n, Some(contrastive_divergence(rbm, phases, n, how, stream)))
            }
            (_, negative) => {
                positive_phase(rbm, &mut self.phases, n);
                let measured = batch % MEASURED_EVERY == 0 || batch + 1 == n_batches;
                let cost = measured.then(|| reconstruction_error(rbm, &mut self.phases, n));
                let k = self.config.gibbs_steps;
                negative.run(rbm, &mut self.phases, n, (k, batch), stream);
                (negative.n_chains(), cost)
            }
        };
        let finite = cost.is_none_or(f64::is_finite);
        // In all other cases the optimizer computes the weights' gradient as it goes.
        let stored = !finite || self.offsets.is_some() || self.negative.learns();
        if stored {
            self.phases.set_weights_gradient(n, m, &mut self.gradient);
        }
        self.phases.set_bias_gradients(n, m, &mut self.gradient);
        if let Some(cost) = cost.filter(|_| !finite) {
            let tensors = (&*rbm, &self.gradient);
            let error = TrainingError::diverged(cost, tensors, (step, n_batches), rate);
            assign(rbm, &self.last_good);
            return Err(error);
        }
        if let Some(variance) = &mut self.variance {
            let rate = self.config.variance_rate;
            variance.write(rbm, &self.phases, n, rate, &mut self.gradient);
        }
        let (positive_u, positive_hidden) = self.phases.positive(n);
        if let Some(offsets) = &mut self.offsets {
            let rate = self.config.offset_rate;
            match self.phases.observed_shares(n) {
                Some(shares) => {
                    offsets.update_observed(positive_u, positive_hidden, (&shares, rate));
                }
                None => offsets.update(positive_u, positive_hidden, rate),
            }
            offsets.centre(&mut self.gradient);
        }
        if let Some(activity) = &mut self.activity {
            activity.update(positive_u, positive_hidden, ACTIVITY_RATE);
            let target = F::of(self.config.sparsity_target);
            let cost = F::of(self.config.sparsity_cost);
            let bias = &mut self.gradient.hidden.bias;
            bias.zip_mut_with(&activity.hidden, |g, &q| *g += cost * (target - q));
        }
        if stored {
            self.optimizer.ascend(rbm, &self.gradient, rate);
        } else {
            let gradients = self.phases.gradients(n, m, &self.gradient);
            self.optimizer.ascend_by(rbm, gradients, rate);
        }
        self.negative.learn(&self.gradient);
        if let Some(variance) = &self.variance {
            variance.keep_above_floor(rbm);
        }
        Ok(cost)
    }
}
