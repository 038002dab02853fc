//! Measurements of finished models.

use ae_core::{Autoencoder, Corruption};
use mnist_io::Dataset;
use ndarray::{Array2, ArrayView2};
use nn_core::reconstruction_error;
use numerics::{Purpose, Stream};
use rbm_core::Rbm;

use crate::config::RunConfig;
use crate::denoise::{is_in_unit_interval, noisy, quality};
use crate::model::Model;
use crate::record::Measure;

const MEASURE: Purpose = Purpose::new("measure");

impl Model {
    /// All measurements of a finished model on a set.
    pub fn measures(&self, config: &RunConfig, split: &str, set: &Dataset) -> Vec<Measure> {
        let x = set.images.view();
        let mut measures = self.reconstruction_measures(split, x);
        match (self, config) {
            (Model::Autoencoder(model), RunConfig::Autoencoder(settings)) => {
                measures.extend(code_measures(model, split, x));
                if let Some(corruption) = settings.training.corruption
                    && is_in_unit_interval(set)
                {
                    measures.extend(denoising_measures(self, corruption, split, set));
                }
            }
            (Model::Rbm(rbm), _) => measures.extend(rbm_measures(rbm, split, x)),
            (Model::ConvDbn(dbn), _) => {
                let activity = nn_core::mean_f64(&dbn.encode(x));
                let metric = "pooled_activity";
                measures.push(Measure::new(split, metric, activity, "probability"));
            }
            _ => (),
        }
        measures
    }

    /// Reconstruction errors.
    pub fn reconstruction_measures(&self, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
        let error = reconstruction_error(x, self.reconstruct(x).view());
        let mut measures = vec![
            Measure::new(split, "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel"),
            Measure::new(split, "sse_per_image", error.sse_per_image, "sse_per_image"),
        ];
        if error.bce_nats_per_image.is_finite() {
            let value = error.bce_nats_per_image;
            measures.push(Measure::new(split, "bce_nats_per_image", value, "nats"));
        }
        measures
    }
}

/// Activity, saturation and sensitivity of the code.
fn code_measures(model: &Autoencoder<f32>, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
    let code = model.code_statistics(x);
    let mut measures = vec![
        Measure::new(split, "code_mean_activity", code.mean_activity, "activity"),
        Measure::new(split, "code_dead_units", code.dead_units as f64, "units"),
        Measure::new(split, "code_jacobian_norm", code.mean_jacobian_norm, "norm"),
    ];
    if let Some(saturated) = code.saturated_pct {
        measures.push(Measure::new(split, "code_saturated_pct", saturated, "pct"));
    }
    measures
}

/// Quality of samples with values in [0, 1] from which noise of the kind in training was removed, and that of
/// the noisy samples.
fn denoising_measures(
    model: &Model,
    corruption: Corruption,
    split: &str,
    set: &Dataset,
) -> Vec<Measure> {
    let noisy = noisy(corruption, set, 0);
    let mut measures = Vec::new();
    let mut add = |psnr: &str, ssim: &str, found: &Array2<f32>| {
        let quality = quality(set.images.view(), found.view(), set.shape);
        measures.push(Measure::new(split, psnr, quality.psnr_db, "db"));
        measures.extend(quality.ssim.map(|value| Measure::new(split, ssim, value, "ssim")));
    };
    add("noisy_psnr_db", "noisy_ssim", &noisy);
    add("psnr_db", "ssim", &model.reconstruct(noisy.view()));
    measures
}

/// Measurements that only RBMs have: the reconstruction from sampled hidden states, and their activity.
fn rbm_measures(rbm: &Rbm<f32>, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
    let sampled = rbm.reconstruct_sampled(x, Stream::new(0, MEASURE));
    let error = reconstruction_error(x, sampled.view());
    let mut measures =
        vec![Measure::new(split, "sse_sampled_per_image", error.sse_per_image, "sse_per_image")];
    if rbm.visible.unit.mean_is_probability() {
        let value = error.bce_nats_per_image;
        measures.push(Measure::new(split, "bce_sampled_nats_per_image", value, "nats"));
    }
    if rbm.hidden.unit.mean_is_probability() {
        let activity = nn_core::mean_f64(&rbm.encode(x));
        measures.push(Measure::new(split, "hidden_activity", activity, "probability"));
    }
    measures
}

#[cfg(test)]
mod tests {
    use mnist_io::{ImageShape, SplitRule, TrainTest, TrainingData};
    use nn_core::{BlockKind, Layout};

    use super::*;
    use crate::record::Spec;
    use crate::train::train_in_memory;

    /// The names of all measurements of a denoising autoencoder on these rows, in training and at its end.
    fn measured(x: Array2<f32>) -> Vec<String> {
        let config = ["model.n_hidden=4", "training.epochs=1", "training.batch_size=10"]
            .iter()
            .try_fold(RunConfig::preset("denoising").expect("a preset"), |config, assignment| {
                config.with(assignment)
            });
        let real = x.iter().any(|value| *value < 0.0);
        let kind = if real { BlockKind::Real } else { BlockKind::UnitInterval };
        let config = config.and_then(|config| config.for_layout(&Layout::new([(kind, x.ncols())])));
        let shape = ImageShape::grey(1, x.ncols());
        let (config, _) = config.expect("settings").0.for_shape(shape).expect("none need images");
        let data = Dataset::from_arrays("rows", x, None, shape).expect("finite");
        let (train, test) = data.split_at(40);
        let splits = TrainTest { train: TrainingData::from(train), test: test.clone() };
        let splits = splits.split(SplitRule::Train(30)).expect("enough rows");
        let spec = Spec { run: "denoising", config: &config, seed: 1, source: None };
        let trained = train_in_memory(&spec, &splits, &()).expect("it converges");
        let finals = trained.model.measures(&config, "test", &test);
        let epochs = trained.record.epochs.into_iter().flat_map(|epoch| epoch.measures);
        epochs.chain(finals).map(|measure| measure.metric).collect()
    }

    #[test]
    fn psnr_is_measured_of_values_in_the_unit_interval_alone() {
        let x = Array2::from_shape_fn((50, 12), |(i, j)| f32::from((i + j) % 3 == 0));
        let is_psnr = |metric: &&String| metric.contains("psnr_db");
        assert_eq!(measured(x.clone()).iter().filter(is_psnr).count(), 3);
        let found = measured(x.mapv(|value| 3.0 * value - 1.0));
        assert_eq!(found.iter().filter(is_psnr).count(), 0, "{found:?}");
        assert!(found.iter().any(|metric| metric == "denoised_mse_per_pixel"), "{found:?}");
    }
}
