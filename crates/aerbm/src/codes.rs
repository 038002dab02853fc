//! Applications of trained models: denoising, encoding, and PCA for comparison.

use ae_core::{Corruption, Pca};
use mnist_io::{Dataset, SplitRule, Splits, TrainingData};
use ndarray::Array2;
use nn_core::reconstruction_error;
use report::MetricRow;
use study::reference::neighbours;

use crate::config::RunConfig;
use crate::denoise::{Filter, Quality, noisy, quality, tuned};
use crate::figures::Figures;
use crate::model::Model;
use crate::record::Measure;
use crate::trained::Trained;
use crate::{Error, figures};

/// Number of images that filters are tuned on: the last training images, which the study's split uses
/// for validation.
const TUNED_ON: usize = 2000;

/// Number of nearest training codes that vote on the class of a test code, or all of them if there are fewer.
const NEIGHBOURS: usize = 5;

/// A method of removing noise, and its quality on the test set.
#[derive(Debug, Clone, PartialEq)]
pub struct Denoised {
    /// `noisy` for no removal, otherwise the name of a filter or of the model.
    pub method: String,
    /// The constants of a filter, in words.
    pub constants: String,
    /// PSNR and SSIM.
    pub quality: Quality,
}

/// Removes noise from test samples with the model and with tuned filters, draws the figure `denoising_RUN`,
/// and returns the quality of each. `train` holds the training samples, the last of which tune the filters.
///
/// # Errors
/// [`Error::NotImages`], or the reason why the figure could not be written.
pub fn denoise(
    trained: &Trained,
    (train, test): (&Dataset, &Dataset),
    noise: Corruption,
    seed: u64,
    out: Figures<'_>,
) -> Result<Vec<Denoised>, Error> {
    let n = train.n_samples();
    let validation = train.slice(n.saturating_sub(TUNED_ON)..n);
    let filters = tuned_filters(&validation, noise, seed.wrapping_add(1));
    let noisy = noisy(noise, test, seed);
    let quality = |found: &Array2<f32>| quality(test.images.view(), found.view(), test.shape);
    let entry = |method: &str, constants: String, found: &Array2<f32>| Denoised {
        method: method.to_owned(),
        constants,
        quality: quality(found),
    };
    let mut found = vec![entry("noisy", String::new(), &noisy)];
    for filter in &filters {
        let filtered = filter.apply(noisy.view(), test.shape);
        found.push(entry(filter.name(), filter.constants(), &filtered));
    }
    let denoised = trained.model.reconstruct(noisy.view());
    found.push(entry(&trained.record.run, String::new(), &denoised));
    figures::autoencoder::denoising(out, trained, test, &noisy, &filters)?;
    Ok(found)
}

/// Rows of `denoise_RUN.csv`.
pub fn denoise_rows(trained: &Trained, found: &[Denoised]) -> Vec<MetricRow> {
    let rows = found.iter().flat_map(|Denoised { method, quality, .. }| {
        let psnr = Measure::new("test", "psnr_db", quality.psnr_db, "db");
        let ssim = quality.ssim.map(|value| Measure::new("test", "ssim", value, "ssim"));
        [Some(psnr), ssim].into_iter().flatten().map(|measure| MetricRow {
            method: method.clone(),
            ..trained.record.row("denoise", None, &measure)
        })
    });
    rows.collect()
}

fn tuned_filters(validation: &Dataset, noise: Corruption, seed: u64) -> Vec<Filter> {
    let noisy = noisy(noise, validation, seed);
    tuned(validation.images.view(), noisy.view(), validation.shape).into()
}

/// Rows of `metrics.csv` with the reconstruction error of PCA on the test set. PCA is the optimum of linear
/// autoencoders with this many code units, and is fitted to the samples that the model was trained on. The
/// run is named `pca-COMPONENTS`, or `pca-COMPONENTS-of-SAMPLES` if these samples are not those of the
/// study's split.
pub(crate) fn pca_rows(
    n_components: usize,
    split: SplitRule,
    splits: &Splits,
) -> Result<Vec<MetricRow>, Error> {
    let run = match split {
        SplitRule::Study => format!("pca-{n_components}"),
        _ => format!("pca-{n_components}-of-{}", splits.train.n_samples()),
    };
    let pca = Pca::fit(splits.train.images.view(), n_components)?;
    let test = splits.test.images.view();
    let error = reconstruction_error(test, pca.reconstruct(test).view());
    let row = |metric: &str, value| MetricRow {
        run: run.clone(),
        method: "pca".into(),
        seed: 0,
        stage: "evaluate".into(),
        layer: None,
        epoch: None,
        split: "test".into(),
        metric: metric.into(),
        value,
        unit: metric.into(),
    };
    let measured = [("mse_per_pixel", error.mse_per_pixel), ("sse_per_image", error.sse_per_image)];
    Ok(measured.map(|(metric, value)| row(metric, value)).into())
}

/// Draws the figures of a model's codes: those of a deep model's layers, and those of an autoencoder.
pub(crate) fn draw(
    out: Figures<'_>,
    trained: &Trained,
    splits: &Splits<TrainingData>,
) -> Result<(), Error> {
    figures::hidden_layers::of_model(out, trained, splits)?;
    let Model::Autoencoder(model) = &trained.model else { return Ok(()) };
    if let RunConfig::Autoencoder(settings) = trained.config()?
        && let Some(corruption) = settings.training.corruption
        && splits.test.shape.is_image()
    {
        let n = splits.validation.n_samples();
        let validation = splits.validation.slice(n.saturating_sub(TUNED_ON)..n);
        let filters = tuned_filters(&validation, corruption, 1);
        let noisy = noisy(corruption, &splits.test, 0);
        figures::autoencoder::denoising(out, trained, &splits.test, &noisy, &filters)?;
    }
    figures::autoencoder::activities(out, trained, model, &splits.test)?;
    if model.n_code() == 2
        && let TrainingData::InMemory(train) = &splits.train
        && let Some(train_labels) = &train.labels
        && let Some(test_labels) = &splits.test.labels
        && !train_labels.is_empty()
        && !test_labels.is_empty()
    {
        let pca = Pca::fit(train.images.view(), 2)?;
        let k = NEIGHBOURS.min(train_labels.len());
        let mut panels = Vec::new();
        let both = |of: &dyn Fn(&Dataset) -> Array2<f32>| (of(train), of(&splits.test));
        for (name, (known, unknown)) in [
            (trained.record.run.as_str(), both(&|set| model.encode(set.images.view()))),
            ("PCA", both(&|set| pca.encode(set.images.view()))),
        ] {
            let error = neighbours::error_pct(k, (&known, train_labels), (&unknown, test_labels));
            panels.push((format!("{name}: {k} neighbours {:.1} % right", 100.0 - error), unknown));
        }
        figures::autoencoder::codes(out, trained, &splits.test, &panels)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mnist_io::ImageShape;

    use super::*;
    use crate::page;

    #[test]
    fn codes_of_few_rows_are_drawn_and_of_no_test_rows_not() {
        let x = Array2::from_shape_fn((8, 6), |(i, j)| f32::from((i * 3 + j * j) % 5 < 2));
        let shape = ImageShape::grey(1, 6);
        let labels = Some((vec![0, 1, 0, 1, 0, 1, 0, 1], 2));
        let data = Dataset::from_arrays("few", x, labels, shape).expect("finite");
        let config = RunConfig::preset("autoencoder").expect("a preset");
        let config = ["model.n_hidden=2", "training.epochs=1", "training.batch_size=2"]
            .iter()
            .try_fold(config, |config, assignment| config.with(assignment));
        let train = data.slice(0..4);
        let trained = crate::fit(&config.expect("settings"), train.images.view(), 1);
        let trained = trained.expect("it converges");
        let styles = page::styles(&study::Methods::default());
        for (test, is_drawn) in [(4..8, true), (4..4, false)] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let splits = Splits {
                train: TrainingData::from(train.clone()),
                validation: data.slice(4..6),
                test: data.slice(test),
                unlabelled: None,
            };
            draw(Figures { dir: folder.path(), styles: &styles }, &trained, &splits)
                .expect("few rows are enough");
            let figures = std::fs::read_dir(folder.path().join("figures")).expect("figures");
            let names = figures.map(|entry| entry.expect("readable").file_name());
            let names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
            assert_eq!(names.iter().any(|name| name.starts_with("codes_")), is_drawn, "{names:?}");
        }
    }
}
