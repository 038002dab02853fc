//! Restarts of diverged training with lower learning rates.

use nn_core::TrainingError;

use crate::StudyError;

/// The factor between the learning rates of successive attempts.
pub(super) const LOWER: f64 = 1.0 / 3.0;

/// Number of attempts after the first one.
const RETRIES: i32 = 3;

/// Calls `attempt` with the learning-rate factor and the error of the previous attempt, until it does not
/// diverge.
///
/// # Errors
/// Every error except divergence, and that of the last attempt.
pub(super) fn retrying<T>(
    mut attempt: impl FnMut(f64, Option<&TrainingError>) -> Result<T, StudyError>,
) -> Result<T, StudyError> {
    let mut last: Option<TrainingError> = None;
    for retry in 0.. {
        match attempt(LOWER.powi(retry), last.as_ref()) {
            Err(StudyError::Training(error @ TrainingError::Diverged { .. }))
                if retry < RETRIES =>
            {
                last = Some(error);
            }
            other => return other,
        }
    }
    unreachable!("the last attempt returns")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diverged() -> StudyError {
        let model = stack::Classifier::<f32>::linear(1, 2, 1);
        TrainingError::diverged(f64::INFINITY, (&model, &model), (1, 1), 0.1).into()
    }

    #[test]
    fn rates_fall_until_training_converges() {
        let mut factors = Vec::new();
        let found = retrying(|factor, last| {
            assert_eq!(factors.is_empty(), last.is_none());
            factors.push(factor);
            if factors.len() < 3 { Err(diverged()) } else { Ok(factors.len()) }
        });
        assert_eq!(found.expect("the third attempt converges"), 3);
        assert!(factors.windows(2).all(|pair| (pair[1] / pair[0] - LOWER).abs() < 1e-12));
    }

    #[test]
    fn attempts_are_bounded_and_other_errors_end_them() {
        let mut attempts = 0;
        let found: Result<(), _> = retrying(|_, _| {
            attempts += 1;
            Err(diverged())
        });
        assert!(matches!(found, Err(StudyError::Training(TrainingError::Diverged { .. }))));
        assert_eq!(attempts, 4);
        let found: Result<(), _> = retrying(|_, _| Err(TrainingError::Interrupted.into()));
        assert!(matches!(found, Err(StudyError::Training(TrainingError::Interrupted))));
    }
}
