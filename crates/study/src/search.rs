//! The search of hyperparameters on the validation set.

use std::time::Instant;

use nn_core::TrainingError;
use stack::FineTuned;

/// The best of several fine-tuned models.
#[derive(Debug, Clone, PartialEq)]
pub struct Best<C> {
    /// The hyperparameters that it was trained with.
    pub candidate: C,
    /// The model.
    pub tuned: FineTuned,
    /// Wall time of its training, in seconds.
    pub seconds: f64,
    /// The candidates with which training diverged, and the errors.
    pub left_out: Vec<(C, TrainingError)>,
}

/// Trains a model with each candidate and returns the one with the fewest validation errors, the
/// first of several. Candidates with which training diverges are left out.
///
/// # Errors
/// Any other error of `train`. If training diverges with every candidate, the first of these errors.
///
/// # Panics
/// If there are no candidates.
pub fn best_on_validation<C: Copy>(
    candidates: &[C],
    mut train: impl FnMut(C) -> Result<FineTuned, TrainingError>,
) -> Result<Best<C>, TrainingError> {
    let mut best: Option<(C, FineTuned, f64)> = None;
    let mut left_out = Vec::new();
    for &candidate in candidates {
        let started = Instant::now();
        let tuned = match train(candidate) {
            Err(error @ TrainingError::Diverged { .. }) => {
                left_out.push((candidate, error));
                continue;
            }
            other => other?,
        };
        let least = best.as_ref().map(|(_, best, _)| best.validation_errors);
        if least.is_none_or(|least| tuned.validation_errors < least) {
            best = Some((candidate, tuned, started.elapsed().as_secs_f64()));
        }
    }
    match best {
        Some((candidate, tuned, seconds)) => Ok(Best { candidate, tuned, seconds, left_out }),
        None => Err(left_out.into_iter().next().expect("there is a candidate").1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack::Classifier;

    fn tuned(validation_errors: usize) -> FineTuned {
        FineTuned { model: Classifier::linear(1, 2, 1), validation_errors, history: vec![] }
    }

    fn diverged(step: usize) -> TrainingError {
        let model = Classifier::<f32>::linear(1, 2, 1);
        TrainingError::diverged(f64::INFINITY, (&model, &model), (step, 1), 0.1)
    }

    #[test]
    fn the_first_of_the_best_is_taken_and_what_diverges_is_left_out() {
        let errors = [None, Some(3), Some(2), Some(2)];
        let train = |i: usize| errors[i].map(tuned).ok_or_else(|| diverged(i));
        let found = best_on_validation(&[0, 1, 2, 3], train).expect("some converge");
        assert_eq!((found.candidate, found.tuned.validation_errors), (2, 2));
        assert_eq!(found.left_out, [(0, diverged(0))]);
    }

    #[test]
    fn without_a_model_the_first_divergence_is_the_error() {
        let found = best_on_validation(&[5, 6], |i| Err(diverged(i)));
        assert_eq!(found.expect_err("none"), diverged(5));
        let found = best_on_validation(&[0, 1], |_| Err(TrainingError::Interrupted));
        assert_eq!(found.expect_err("interrupted"), TrainingError::Interrupted);
    }
}
