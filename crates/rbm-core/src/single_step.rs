//! Learning from data that arrive a batch at a time.

use nn_core::{Parameters as _, Samples, Schedule, TrainingError, has_missing, require};
use numerics::Real;

use crate::train::Place;
use crate::variance::VarianceGradient;
use crate::{Algorithm, Phases, Rbm, Training};

impl<F: Real> Training<F> {
    /// Takes one step of learning on all rows of `batch` (n × visible), and returns their reconstruction
    /// error: squared, in units of σ², summed over visible units and averaged over rows.
    ///
    /// Unlike [`epoch`](Self::epoch), it takes any data, in batches of any size; the chains and velocities
    /// are carried over. Each call counts as an epoch for random streams and momentum.
    ///
    /// # Errors
    /// [`TrainingError`] if the batch is empty, differs in width from the model, or has values that the
    /// visible units cannot take; if the learning rate has a schedule, since the number of steps is unknown;
    /// or if training [diverges](TrainingError::Diverged), which leaves the model as it was before the step.
    pub fn step(&mut self, rbm: &mut Rbm<F>, batch: impl Samples<F>) -> Result<f64, TrainingError> {
        let (n, found) = (batch.n_samples(), batch.n_features());
        if n == 0 {
            return Err(TrainingError::NoData);
        }
        if found != rbm.n_visible() {
            return Err(TrainingError::Width { found, expected: rbm.n_visible() });
        }
        let schedule = self.config.schedule;
        let expected = "constant, because data that arrive a batch at a time have no last step";
        let field = "training.schedule";
        require(schedule == Schedule::Constant, field, &format!("{schedule:?}"), expected)?;
        rbm.visible.check_values(&batch)?;
        self.make_room(rbm, n)?;
        if has_missing(&batch)? && self.phases.observed.is_none() {
            self.require_cd_for_missing()?;
            self.phases.expect_missing(self.phases.errors.len());
        }
        let epoch = self.epochs_done + 1;
        nn_core::assign(&mut self.last_good, rbm);
        self.optimizer.rule = self.config.rule_in(epoch);
        let rows: Vec<usize> = (0..n).collect();
        let place = Place { epoch, batch: 0, n_batches: 1 };
        let cost = self.learn(rbm, &batch, &rows, place)?;
        let cost = cost.expect("the first batch of an epoch is measured");
        if !rbm.all_finite() {
            let tensors = (&*rbm, &self.gradient);
            let rate = self.config.learning_rate;
            let error = TrainingError::diverged(cost, tensors, (epoch - 1, 1), rate);
            nn_core::assign(rbm, &self.last_good);
            return Err(error);
        }
        self.epochs_done = epoch;
        Ok(cost)
    }

    /// Enlarges the memory of a step to batches of `n` samples, if it is smaller.
    ///
    /// # Errors
    /// As [`Training::new`].
    pub(crate) fn make_room(&mut self, rbm: &Rbm<F>, n: usize) -> Result<(), TrainingError> {
        if n <= self.phases.errors.len() {
            return Ok(());
        }
        let expects_missing = self.phases.observed.is_some();
        self.phases = Phases::with_chains(rbm, n, self.negative.n_chains().max(n));
        if expects_missing {
            self.phases.expect_missing(n);
        }
        if self.variance.is_some() {
            let variance = VarianceGradient::new(rbm, self.config.variance_rate, n)?;
            self.variance = Some(variance);
        }
        Ok(())
    }

    /// Rejects missing values if chains are persistent.
    pub(crate) fn require_cd_for_missing(&self) -> Result<(), TrainingError> {
        let holds = matches!(self.config.algorithm, Algorithm::Cd { .. });
        let expected = "cd, because values are missing: persistent chains have all visible units, but such \
                        a sample does not";
        Ok(require(holds, "training.algorithm.kind", &"one with persistent chains", expected)?)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};
    use nn_core::TensorMap;

    use crate::{Algorithm, Rbm, RbmConfig, Training, TrainingConfig};

    fn stripes(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 12), |(row, column)| f32::from((row + column) % 3 == 0))
    }

    fn begun(x: &Array2<f32>, config: &TrainingConfig) -> (Rbm<f32>, Training<f32>) {
        let model = RbmConfig { n_hidden: 6, ..Default::default() };
        let rbm = Rbm::new(&model, x, 1, 0).expect("valid");
        let training = Training::new(&rbm, config, x, 1, 0).expect("valid");
        (rbm, training)
    }

    #[test]
    fn a_model_learns_from_batches_of_any_size() {
        let x = stripes(300);
        for algorithm in [
            Algorithm::Pcd { chains: 20 },
            Algorithm::Cd { negative_visible: crate::NegativeVisible::Samples },
        ] {
            let config = TrainingConfig { algorithm, ..Default::default() };
            let (mut rbm, mut training) = begun(&x.slice(s![..7, ..]).to_owned(), &config);
            let before = rbm.pseudo_log_likelihoods(x.view()).expect("binary");
            for round in 0..150 {
                let first = (round * 7) % 250;
                let batch = x.slice(s![first..first + 10 + round % 40, ..]);
                training.step(&mut rbm, batch).expect("in [0, 1]");
            }
            let after = rbm.pseudo_log_likelihoods(x.view()).expect("binary");
            let gain = (after.iter().sum::<f64>() - before.iter().sum::<f64>()) / 300.0;
            assert!(gain > 1.0, "{gain} nats");
            // Epochs over other data follow.
            training.epoch(&mut rbm, &x).expect("in [0, 1]");
        }
    }

    #[test]
    fn learning_goes_on_from_a_stored_state() {
        let x = stripes(50);
        let config =
            TrainingConfig { algorithm: Algorithm::Pcd { chains: 9 }, ..Default::default() };
        let (mut rbm, mut training) = begun(&x, &config);
        for _ in 0..3 {
            training.step(&mut rbm, &x).expect("in [0, 1]");
        }
        let mut state = TensorMap::new();
        training.store(&mut state);
        let mut again = rbm.clone();
        let mut other = Training::new(&again, &config, &x, 1, 0).expect("valid");
        other.restore(&state, training.epochs_done()).expect("the state of the same model");
        training.step(&mut rbm, &x).expect("in [0, 1]");
        other.step(&mut again, &x).expect("in [0, 1]");
        assert_eq!(rbm, again);
    }

    #[test]
    fn unsuitable_batches_are_refused() {
        let x = stripes(20);
        let (mut rbm, mut training) = begun(&x, &TrainingConfig::default());
        let message =
            |error: Result<f64, nn_core::TrainingError>| error.expect_err("unsuitable").to_string();
        let wide = Array2::<f32>::zeros((3, 13));
        assert!(message(training.step(&mut rbm, &wide)).contains("13"));
        let large = Array2::<f32>::from_elem((3, 12), 2.0);
        assert!(message(training.step(&mut rbm, &large)).contains("binary"));
        let config = TrainingConfig { schedule: nn_core::Schedule::Linear, ..Default::default() };
        let (mut rbm, mut training) = begun(&x, &config);
        assert!(message(training.step(&mut rbm, &x)).contains("training.schedule"));
    }
}
