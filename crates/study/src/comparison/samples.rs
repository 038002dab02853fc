//! The samples of a comparison as used in pretraining and in fine-tuning.
//!
//! Missing values are NaN in the data. Pretraining ignores them; the inputs of a classifier have 0 instead,
//! which is the mean of a standardised column.

use std::borrow::Cow;

use mnist_io::{Dataset, Splits};
use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, concatenate, s};

use super::Run;
use crate::stage::Store;
use crate::{ComparisonConfig, Listener, Outcome};

/// The samples of a comparison. They are copied only if values are missing or there are unlabelled samples.
pub(super) struct Samples<'d> {
    data: Cow<'d, Splits>,
    pretraining: CowArray<'d, f32, Ix2>,
    /// The pretraining samples with missing values filled, if any are missing.
    filled: Option<Array2<f32>>,
}

impl<'d> Samples<'d> {
    pub(super) fn of(config: &ComparisonConfig, data: &'d Splits) -> Self {
        let pretraining = pretraining_samples(config, data);
        if ![&data.train, &data.validation, &data.test].into_iter().any(Dataset::has_missing) {
            return Samples { data: Cow::Borrowed(data), pretraining, filled: None };
        }
        let fill = |set: &Dataset| {
            let mut filled = set.clone();
            filled.images = without_missing(set.images.view()).into_shared();
            filled
        };
        let filled = Some(without_missing(pretraining.view()));
        let data = Splits {
            train: fill(&data.train),
            validation: fill(&data.validation),
            test: fill(&data.test),
            unlabelled: None,
        };
        Samples { data: Cow::Owned(data), pretraining, filled }
    }

    /// A comparison of these samples that has not started.
    pub(super) fn run<'a>(
        &'a self,
        config: &'a ComparisonConfig,
        data_key: &'a str,
        cache: &'a Store,
        listen: Listener<'a>,
    ) -> Run<'a> {
        let pretraining = self.pretraining.view();
        let unlabelled = self.filled.as_ref().map_or(pretraining, |filled| filled.view());
        let outcome = Outcome::default();
        Run { config, data: &self.data, pretraining, unlabelled, data_key, cache, listen, outcome }
    }
}

/// The values with 0 for missing ones.
fn without_missing(x: ArrayView2<f32>) -> Array2<f32> {
    x.mapv(|x| if x.is_nan() { 0.0 } else { x })
}

/// The samples used by pretraining: all training samples and unlabelled samples, or the first of them. Shape:
/// n × inputs.
fn pretraining_samples<'d>(config: &ComparisonConfig, data: &'d Splits) -> CowArray<'d, f32, Ix2> {
    let train = &data.train;
    let Some(unlabelled) = &data.unlabelled else {
        return match config.pretraining_samples {
            0 => train.images.view().into(),
            n => train.rows(0..n.min(train.n_samples())).into(),
        };
    };
    let parts = [train.images.view(), unlabelled.images.view()];
    let all = concatenate(Axis(0), &parts).expect("samples of one width");
    match config.pretraining_samples {
        n if n > 0 && n < all.nrows() => all.slice(s![..n, ..]).to_owned().into(),
        _ => all.into(),
    }
}

#[cfg(test)]
mod tests {
    use mnist_io::{Block, BlockKind};
    use ndarray::array;

    use super::*;

    fn config(samples: usize) -> ComparisonConfig {
        serde_json::from_str(&format!(
            r#"{{"methods": [], "layers": [2], "depths": [1], "seeds": 1, "labels": [],
                "learning_rates": [0.1], "pretraining_samples": {samples}}}"#
        ))
        .expect("a configuration")
    }

    #[test]
    fn samples_without_a_label_and_missing_values_are_for_pretraining() {
        let set = |x: Array2<f32>, labels: Option<(Vec<u8>, usize)>| {
            let layout = vec![Block { kind: BlockKind::Real, width: 2 }];
            Dataset::from_incomplete_arrays("made", x, labels, layout).expect("rows")
        };
        let one = set(array![[1.0, 2.0]], Some((vec![0], 1)));
        let data = Splits {
            train: set(array![[f32::NAN, 1.0]], Some((vec![0], 1))),
            validation: one.clone(),
            test: one,
            unlabelled: Some(set(array![[3.0, 4.0]], None)),
        };
        let all = config(0);
        let samples = Samples::of(&all, &data);
        assert_eq!(samples.data.train.images, array![[0.0, 1.0]]);
        assert_eq!(samples.pretraining.nrows(), 2);
        assert!(samples.pretraining[[0, 0]].is_nan());
        assert_eq!(samples.filled, Some(array![[0.0, 1.0], [3.0, 4.0]]));
        assert_eq!(Samples::of(&config(1), &data).pretraining.nrows(), 1);
    }
}
