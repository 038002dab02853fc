//! What can be done with a trained model's code and reconstructions.

use std::path::Path;

use ae_core::Pca;
use anyhow::Context as _;
use mnist_io::{Dataset, Splits, TrainingData};
use ndarray::Array2;
use nn_core::reconstruction_error;
use report::MetricRow;
use study::Method;

use crate::cli;
use crate::commands::run_folder;
use crate::config::{RunConfig, UsageError};
use crate::denoise::{Filter, Quality, noisy, quality, tuned};
use crate::train::{self, Measure, Model, Trained};
use crate::ui::Ui;
use crate::{data, figures, neighbours};

/// Images that filters are tuned on: the last of the training images, which in the split of the
/// study are for validation.
const TUNED_ON: usize = 2000;

pub(crate) fn denoise(args: &cli::Denoise, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let (train, test) = (loaded.train()?, &loaded.data.test);
    let n = train.n_samples();
    let validation = train.slice(n.saturating_sub(TUNED_ON)..n);
    let noise = args.noise.0;
    let noisy_validation = noisy(noise, &validation, args.seed.wrapping_add(1));
    let filters = tuned(validation.images.view(), noisy_validation.view(), test.shape);

    let noisy = noisy(noise, test, args.seed);
    let quality = |found: &Array2<f32>| quality(test.images.view(), found.view(), test.shape);
    let mut found = vec![("noisy", String::new(), quality(&noisy))];
    for filter in filters {
        found.push((
            filter.name(),
            filter.constants(),
            quality(&filter.apply(noisy.view(), test.shape)),
        ));
    }
    let run = trained.record.run.clone();
    let denoised = trained.model.reconstruct(noisy.view());
    found.push((&run, String::new(), quality(&denoised)));

    let mut rows = Vec::new();
    for (method, constants, quality) in &found {
        let Quality { psnr_db, ssim } = *quality;
        let ssim_text = ssim.map_or_else(|| "-".to_owned(), |ssim| format!("{ssim:.4}"));
        let label = if constants.is_empty() {
            (*method).to_owned()
        } else {
            format!("{method} ({constants})")
        };
        ui.result(&format!("{label:<32} PSNR {psnr_db:>6.2} dB   SSIM {ssim_text}"));
        let mut measures = vec![Measure::new("test", "psnr_db", psnr_db, "db")];
        measures.extend(ssim.map(|value| Measure::new("test", "ssim", value, "ssim")));
        rows.extend(measures.iter().map(|measure| MetricRow {
            method: (*method).to_owned(),
            ..trained.record.row("denoise", None, measure)
        }));
    }
    ui.rows(&rows);
    let dir = run_folder(&args.run);
    report::write_csv(&dir.join(format!("denoise_{run}.csv")), &rows)?;
    figures::autoencoder::denoising(&dir, &trained, test, &noisy, &filters)?;
    ui.result(&format!("figure: {}", dir.join(format!("figures/denoising_{run}.png")).display()));
    Ok(())
}

/// What PCA with so many components, the optimum of linear autoencoders, reconstructs of the test set.
pub(crate) fn pca_rows(n_components: usize, splits: &Splits) -> anyhow::Result<Vec<MetricRow>> {
    let pca = Pca::fit(splits.train.images.view(), n_components)?;
    let test = splits.test.images.view();
    let error = reconstruction_error(test, pca.reconstruct(test).view());
    let row = |metric: &str, value| MetricRow {
        run: format!("pca-{n_components}"),
        method: Method::Pca.name().into(),
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

/// The figures that an autoencoder has beside those of every model.
pub(crate) fn draw(
    dir: &Path,
    trained: &Trained,
    splits: &Splits<TrainingData>,
) -> anyhow::Result<()> {
    let Model::Autoencoder(model) = &trained.model else { return Ok(()) };
    let config = RunConfig::from_table(trained.record.config.parse()?, &trained.record.run)?;
    let shape = splits.test.shape;
    if let RunConfig::Autoencoder(settings) = &config
        && let Some(corruption) = settings.training.corruption
        && shape.is_image()
    {
        let n = splits.validation.n_samples();
        let validation = splits.validation.slice(n.saturating_sub(TUNED_ON)..n);
        let noisy_validation = noisy(corruption, &validation, 1);
        let filters: Vec<Filter> =
            tuned(validation.images.view(), noisy_validation.view(), shape).into();
        let noisy = noisy(corruption, &splits.test, 0);
        figures::autoencoder::denoising(dir, trained, &splits.test, &noisy, &filters)?;
    }
    figures::autoencoder::activities(dir, trained, model, &splits.test)?;
    if model.n_code() == 2
        && let TrainingData::InMemory(train) = &splits.train
        && let Some((train_labels, test_labels)) =
            train.labels.as_deref().zip(splits.test.labels.as_deref())
    {
        let pca = Pca::fit(train.images.view(), 2)?;
        let mut panels = Vec::new();
        let both = |of: &dyn Fn(&Dataset) -> Array2<f32>| (of(train), of(&splits.test));
        for (name, (known, unknown)) in [
            (trained.record.run.as_str(), both(&|set| model.encode(set.images.view()))),
            ("PCA", both(&|set| pca.encode(set.images.view()))),
        ] {
            let error = neighbours::error_pct(5, (&known, train_labels), (&unknown, test_labels));
            panels.push((format!("{name}: 5 neighbours {:.1} % right", 100.0 - error), unknown));
        }
        figures::autoencoder::codes(dir, trained, &splits.test, &panels)?;
    }
    Ok(())
}

pub(crate) fn encode(args: &cli::Encode, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let (set, name) = match args.images {
        cli::Images::Train => (loaded.train()?, "train"),
        cli::Images::Test => (&loaded.data.test, "test"),
    };
    let codes = trained.model.encode(set.images.view());
    let run = &trained.record.run;
    let default = || run_folder(&args.run).join(format!("codes_{run}_{name}.npy"));
    let out = args.out.clone().unwrap_or_else(default);
    let bytes = match out.extension().and_then(|e| e.to_str()) {
        Some("npy") => {
            let mut bytes = Vec::new();
            mnist_io::write_npy(&mut bytes, codes.view())
                .with_context(|| format!("{}", out.display()))?;
            bytes
        }
        Some("csv") => csv_of(&codes, set.labels.as_deref()).into_bytes(),
        _ => {
            let message = format!("--out {}: expected a name in .npy or .csv", out.display());
            return Err(UsageError(message).into());
        }
    };
    report::write_bytes(&out, &bytes)?;
    let (n, units) = codes.dim();
    ui.result(&format!("{n} codes of {units} units: {}", out.display()));
    Ok(())
}

/// One code a line, after its label where there is one.
fn csv_of(codes: &Array2<f32>, labels: Option<&[u8]>) -> String {
    let label = labels.map(|_| "label".to_owned());
    let head = label.into_iter().chain((0..codes.ncols()).map(|unit| format!("unit_{unit}")));
    let mut lines = vec![head.collect::<Vec<_>>().join(",")];
    for (i, code) in codes.rows().into_iter().enumerate() {
        let label = labels.map(|labels| labels[i].to_string());
        let values = label.into_iter().chain(code.iter().map(ToString::to_string));
        lines.push(values.collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}
