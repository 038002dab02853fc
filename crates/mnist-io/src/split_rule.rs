//! The rule that divides published training samples into a training and a validation part.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The number of samples outside the test part that are used for training. They come first; the samples after
/// them are for validation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitRule {
    /// The study's split: a sixth, at most 10,000 samples, is for validation. It gives 50,000 and
    /// 10,000 samples of MNIST.
    #[default]
    Study,
    /// The split of the tutorial recipe: a twelfth, at most 5,000 samples, is for validation. It
    /// gives 55,000 and 5,000 samples of MNIST.
    Tutorial,
    /// This many samples are for training, and all others for validation.
    Train(usize),
}

impl SplitRule {
    /// Number of training samples when `available` samples are divided.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if either part would be empty.
    pub fn n_train(self, available: usize) -> Result<usize, Error> {
        let rest_after = |validation: usize| available.saturating_sub(validation.max(1));
        let requested = match self {
            SplitRule::Study => rest_after((available / 6).min(10_000)),
            SplitRule::Tutorial => rest_after((available / 12).min(5_000)),
            SplitRule::Train(n_train) => n_train,
        };
        if requested == 0 || requested >= available {
            return Err(Error::TrainCount { requested, available });
        }
        Ok(requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sets_are_divided_in_the_proportions_of_mnist() {
        let n_train =
            |n| [SplitRule::Study, SplitRule::Tutorial].map(|rule| rule.n_train(n).unwrap());
        assert_eq!(n_train(60_000), [50_000, 55_000]);
        assert_eq!(n_train(12_000), [10_000, 11_000]);
        assert_eq!(n_train(1_000_000), [990_000, 995_000]);
        assert_eq!(n_train(2), [1, 1]);
        assert!(SplitRule::Study.n_train(1).is_err());
    }

    #[test]
    fn neither_part_may_be_empty() {
        for n_train in [0, 6, 50_000] {
            let message = SplitRule::Train(n_train).n_train(6).unwrap_err().to_string();
            let expected =
                format!("{n_train} training samples of 6; expected at least 1 and fewer than 6");
            assert!(message.contains(&expected), "{message}");
        }
    }
}
