//! The choice of hyperparameters on the validation set.

use nn_core::TrainingError;

use crate::StudyError;

/// The best of several candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Best<C, T> {
    /// The hyperparameters.
    pub candidate: C,
    /// The result of training with them.
    pub found: T,
    /// The candidates with which training diverged, with the errors.
    pub left_out: Vec<(C, TrainingError)>,
}

/// Trains with each candidate and returns the one with the fewest validation errors; of several, the first.
/// `train` returns the number of validation errors and its result. Candidates with which training diverges
/// are skipped.
///
/// # Errors
/// Any other error of `train`. If training diverges with every candidate, the first of these errors.
///
/// # Panics
/// If there are no candidates.
pub fn best_on_validation<C: Copy, T>(
    candidates: &[C],
    mut train: impl FnMut(C) -> Result<(usize, T), StudyError>,
) -> Result<Best<C, T>, StudyError> {
    let mut best: Option<(C, usize, T)> = None;
    let mut left_out = Vec::new();
    for &candidate in candidates {
        let (errors, found) = match train(candidate) {
            Err(StudyError::Training(error @ TrainingError::Diverged { .. })) => {
                left_out.push((candidate, error));
                continue;
            }
            other => other?,
        };
        if best.as_ref().is_none_or(|(_, least, _)| errors < *least) {
            best = Some((candidate, errors, found));
        }
    }
    match best {
        Some((candidate, _, found)) => Ok(Best { candidate, found, left_out }),
        None => Err(left_out.into_iter().next().expect("there is a candidate").1.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack::Classifier;

    fn diverged(step: usize) -> TrainingError {
        let model = Classifier::<f32>::linear(1, 2, 1);
        TrainingError::diverged(f64::INFINITY, (&model, &model), (step, 1), 0.1)
    }

    #[test]
    fn the_first_of_the_best_is_taken_and_what_diverges_is_left_out() {
        let errors = [None, Some(3), Some(2), Some(2)];
        let train = |i: usize| match errors[i] {
            Some(errors) => Ok((errors, 10 * i)),
            None => Err(diverged(i).into()),
        };
        let found = best_on_validation(&[0, 1, 2, 3], train).expect("some converge");
        assert_eq!((found.candidate, found.found), (2, 20));
        assert_eq!(found.left_out, [(0, diverged(0))]);
    }

    #[test]
    fn without_a_model_the_first_divergence_is_the_error() {
        let error_of = |outcome: Result<Best<usize, ()>, StudyError>| match outcome {
            Err(StudyError::Training(error)) => error,
            other => panic!("{other:?}"),
        };
        let found = best_on_validation(&[5, 6], |i| Err(diverged(i).into()));
        assert_eq!(error_of(found), diverged(5));
        let found = best_on_validation(&[0, 1], |_| Err(TrainingError::Interrupted.into()));
        assert_eq!(error_of(found), TrainingError::Interrupted);
    }
}
