//! Convolutional RBMs and convolutional deep belief networks through the library.

use std::cell::Cell;
use std::path::Path;

use aerbm::config::LikelihoodSettings;
use aerbm::export::{Export, Format, Part};
use aerbm::generation::{Half, InpaintOptions, SampleOptions, inpaint_half, sample};
use aerbm::likelihood::{LogZ, Subject};
use aerbm::ndarray::{Array2, s};
use aerbm::nn_core::Progress;
use aerbm::page::PageOptions;
use aerbm::pipeline::{self, Run};
use aerbm::rbm_core::{LogZConfig, Temperatures};
use aerbm::stack::FineTuneConfig;
use aerbm::{Error, Model, Monitor, RunConfig, Trained, data, figures, with_threads};

const ONE: &str = "
kind = 'conv-rbm'
split = { train = 200 }
layers = [{ model = { maps = 4, kernel = 3, pool = 2 }, training = { epochs = 3, batch_size = 20 } }]";

const TWO: &str = "
kind = 'conv-rbm'
split = { train = 200 }
layers = [
    { model = { maps = 4, kernel = 3, pool = 2 }, training = { epochs = 3, batch_size = 20 } },
    { model = { maps = 5, kernel = 2, pool = 1 }, training = { epochs = 3, batch_size = 20,
      algorithm = { kind = 'pcd', chains = 10 } } },
]";

fn settings(text: &str) -> RunConfig {
    RunConfig::from_table(text.parse().expect("TOML"), "conv").expect("valid")
}

/// A horizontal or a vertical line in images of 8 × 10 pixels.
fn images(n: usize) -> Array2<f32> {
    Array2::from_shape_fn((n, 80), |(i, pixel)| {
        let (y, x) = (pixel / 10, pixel % 10);
        f32::from(u8::from(if i % 2 == 0 { y == i / 2 % 8 } else { x == i / 2 % 10 }))
    })
}

/// The images as a NumPy file of n × 8 × 10 values, with the last ones as the test part.
fn loaded(folder: &Path) -> (data::Source, data::Loaded) {
    let path = folder.join("lines.npy");
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (300, 8, 10), }";
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(padded.len()).expect("short").to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(images(300).iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(&path, bytes).expect("written");
    let source = data::Source { data: path.display().to_string(), ..data::Source::default() };
    let loaded = data::load(&source).expect("readable");
    assert_eq!((loaded.data.test.shape.height, loaded.data.test.shape.width), (8, 10));
    (source, loaded)
}

fn train(
    text: &str,
    (source, loaded): &(data::Source, data::Loaded),
    out: &Path,
    monitor: &dyn Monitor,
) -> Result<Trained, Error> {
    let run = Run {
        given: &[],
        name: "lines",
        config: &settings(text),
        seed: 3,
        source,
        command: "test",
        page: PageOptions { without_models: true, ..PageOptions::default() },
        force: false,
    };
    with_threads(|| pipeline::train_run(run, loaded, out, monitor, &mut |_| ()))
        .map(|done| done.trained)
}

/// A monitor that stops after some epochs.
struct StopsAfter(Cell<usize>);

impl Monitor for StopsAfter {
    fn advance(&self, _: &Progress, _: f64) {
        self.0.set(self.0.get().saturating_sub(1));
    }

    fn interrupted(&self) -> bool {
        self.0.get() == 0
    }
}

fn model_file(out: &Path) -> Vec<u8> {
    std::fs::read(out.join("models/lines/model.safetensors")).expect("written")
}

/// The model's bytes without the record, which has the times of epochs.
fn tensors(out: &Path) -> Vec<u8> {
    let bytes = model_file(out);
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    bytes[8 + length..].to_vec()
}

#[test]
fn an_interrupted_run_continues_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = loaded(folder.path());
    for (text, epochs) in [(ONE, 3), (TWO, 6)] {
        let whole = folder.path().join(format!("whole-{epochs}"));
        let trained = train(text, &data, &whole, &()).expect("trained");
        assert_eq!(trained.record.epochs.len(), epochs);
        let metrics = std::fs::read(whole.join("metrics.csv")).expect("written");
        // Within a layer, and between two of them.
        for stop in [2, 3, 4].into_iter().filter(|&stop| stop < epochs) {
            let broken = folder.path().join(format!("broken-{epochs}-{stop}"));
            let stops = StopsAfter(Cell::new(stop));
            let error = train(text, &data, &broken, &stops).expect_err("stopped");
            assert!(matches!(error, Error::Interrupted), "{error}");
            let found = train(text, &data, &broken, &()).expect("trained");
            assert_eq!(found.model, trained.model, "after {stop} of {epochs}");
            assert!(tensors(&broken) == tensors(&whole));
            assert!(std::fs::read(broken.join("metrics.csv")).expect("written") == metrics);
        }
        for figure in ["filters_lines", "feature_maps_lines", "samples_lines", "reconstructions"] {
            assert!(whole.join(format!("figures/{figure}.png")).is_file(), "{figure}");
        }
        let restored = Trained::load(&whole).expect("readable");
        assert_eq!(restored.model, trained.model);
        let again = folder.path().join(format!("again-{epochs}"));
        restored.save(again.join("models/lines")).expect("written");
        assert!(model_file(&again) == model_file(&whole));
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let trained = || {
        let config = settings(TWO).for_shape(data_shape()).expect("fits").0;
        let x = images(240);
        let trained = aerbm::fit(&config, &x, 5).expect("a fit");
        let samples = trained.model.sample(7, 5, 2).expect("a distribution");
        let (code, back) = (trained.model.encode(x.view()), trained.model.reconstruct(x.view()));
        (trained.model, samples, code, back)
    };
    let one = numerics::with_team(1, trained);
    assert_eq!((one.1.dim(), one.2.dim(), one.3.dim()), ((7, 80), (240, 30), (240, 80)));
    for threads in [2, 3] {
        assert!(numerics::with_team(threads, trained) == one, "{threads} threads");
    }
}

fn data_shape() -> aerbm::mnist_io::ImageShape {
    aerbm::mnist_io::ImageShape::grey(8, 10)
}

#[test]
fn one_layer_has_a_likelihood_and_fills_in_what_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = loaded(folder.path());
    let out = folder.path().join("run");
    let trained = train(ONE, &data, &out, &()).expect("trained");
    let metrics: Vec<&str> =
        trained.record.epochs[0].measures.iter().map(|it| it.metric.as_str()).collect();
    assert_eq!(metrics, ["mse_per_pixel", "free_energy_gap_nats", "weight_change"]);
    let config = trained.config().expect("settings");
    let Subject { rbm, .. } = Subject::of(&trained.model, &config).expect("one layer");
    let few = LogZConfig { precision: 1.0, max_sweeps: 300, ladders: 6 };
    let x = images(200);
    let LogZ::Estimate(found) = LogZ::of(rbm, x.view(), &few, 1, &()).expect("an estimate") else {
        panic!("48 blocks of four units are too many to enumerate");
    };
    assert!(found.doubt.is_none(), "{found:?}");
    let few = LikelihoodSettings {
        chains: 20,
        schedule: Temperatures::Even { count: 200 },
        burn_in: 50,
        ..LikelihoodSettings::default()
    };
    let base = rbm.independent_biases(x.view()).expect("in memory");
    for annealed in rbm.anneal((base.view(), x.view()), &few, 1) {
        assert!((annealed.log_z - found.log_z).abs() < 1.0, "{annealed:?}, {found:?}");
    }

    let (splits, _) = data.1.split(config.split()).expect("parts");
    let styles = aerbm::page::default_styles();
    let to = figures::Figures { dir: &out, styles: &styles };
    let how = InpaintOptions { known: Half::Upper, images: 4, draws: 2, steps: 5, seed: 1 };
    inpaint_half(&trained, &splits, to, &how, &()).expect("drawn");
    assert!(out.join("figures/inpainted_lines.png").is_file());

    // Missing pixels are filled, the others kept, and a row does not depend on the others.
    let mut holes = images(3);
    holes.slice_mut(s![.., 40..]).fill(f32::NAN);
    let found = rbm.impute(holes.view(), (4, 10), 1);
    assert!(found.mean.iter().all(|value| (0.0..=1.0).contains(value)));
    assert_eq!(found.mean.slice(s![.., ..40]), images(3).mapv(f64::from).slice(s![.., ..40]));
    let alone = rbm.impute(holes.slice(s![2.., ..]), (4, 10), 1);
    assert_eq!(alone.mean.row(0), found.mean.row(2));
}

#[test]
fn several_layers_have_samples_but_no_likelihood() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = loaded(folder.path());
    let out = folder.path().join("run");
    let trained = train(TWO, &data, &out, &()).expect("trained");
    let config = trained.config().expect("settings");
    assert!(Subject::of(&trained.model, &config).is_none());
    let (splits, _) = data.1.split(config.split()).expect("parts");
    let styles = aerbm::page::default_styles();
    let to = figures::Figures { dir: &out, styles: &styles };
    let how = InpaintOptions { known: Half::Upper, images: 4, draws: 2, steps: 5, seed: 1 };
    let error = inpaint_half(&trained, &splits, to, &how, &()).expect_err("two layers").to_string();
    assert!(error.contains("an RBM of one layer"), "{error}");
    let none = SampleOptions { samples: 0, ..SampleOptions::default() };
    let error = sample(&trained, &splits, to, &none, &()).expect_err("no samples");
    assert!(matches!(error, Error::Config(_)), "{error}");
    assert_eq!(error.to_string(), "samples = 0: expected at least 1");
    let none = InpaintOptions { images: 0, ..InpaintOptions::default() };
    let error = inpaint_half(&trained, &splits, to, &none, &()).expect_err("no images");
    assert!(matches!(error, Error::Config(_)), "{error}");
    assert_eq!(error.to_string(), "images = 0: expected at least 1");
    let options = SampleOptions { steps: 20, samples: 6, ..SampleOptions::default() };
    let sampled = with_threads(|| sample(&trained, &splits, to, &options, &())).expect("drawn");
    assert_eq!(sampled.samples.dim(), (6, 80));
    let metric = |name: &str| sampled.measures.iter().any(|measure| measure.metric == name);
    assert!(metric("r_hat") && metric("nearest_training_sse"));

    let labels: Vec<u8> = (0..240_u8).map(|row| row % 2).collect();
    let few = FineTuneConfig {
        updates: 600,
        batch_size: 20,
        learning_rate: 1e-2,
        ..FineTuneConfig::default()
    };
    let classifier = trained.fine_tune(&images(240), &labels, &few, 1).expect("a classifier");
    assert!(classifier.validation_error_pct.is_some_and(|error| error < 20.0));
}

/// Replaces the settings of a saved model.
fn forge(folder: &Path, change: impl Fn(&mut Trained)) -> String {
    let mut trained = Trained::load(folder).expect("readable");
    change(&mut trained);
    trained.save(folder).expect("written");
    let error = Trained::load(folder).expect_err("forged").to_string();
    assert!(error.contains("model.safetensors: ") && !error.contains('\n'), "{error}");
    error
}

#[test]
fn damaged_files_are_refused_in_one_line() {
    let config = settings(TWO).for_shape(data_shape()).expect("fits").0;
    let trained = aerbm::fit(&config, &images(240), 5).expect("a fit");
    let refused = |change: &dyn Fn(&mut Trained)| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        trained.save(folder.path()).expect("written");
        forge(folder.path(), change)
    };
    let of_settings = |from: &'static str, to: &'static str| {
        refused(&move |trained| {
            assert!(trained.record.config.contains(from), "{}", trained.record.config);
            trained.record.config = trained.record.config.replace(from, to);
        })
    };
    let error = of_settings("maps = 4", "maps = 6");
    assert!(error.contains("layers.1.input = [3, 4, 4]"), "{error}");
    let error = of_settings("maps = 5", "maps = 6");
    assert!(
        error.contains("tensor `layer1.0.weights` has shape [16, 5], expected [16, 6]"),
        "{error}"
    );
    let error = of_settings("maps = 5", "maps = 999999999999");
    assert!(error.contains("65536"), "{error}");
    let error = of_settings("input = [8, 10, 1]", "input = [12, 14, 1]");
    assert!(error.contains("expected"), "{error}");
    let error = refused(&|trained| {
        trained.record.n_visible = 40;
        trained.record.image = aerbm::mnist_io::ImageShape::grey(4, 10);
    });
    assert!(error.contains("its first layer has 80 inputs, expected 40"), "{error}");
    let error = refused(&|trained| {
        let Model::ConvDbn(dbn) = &mut trained.model else { panic!("convolutional RBMs") };
        dbn.layers[1].hidden_bias[2] = f32::NAN;
    });
    assert!(error.contains("tensor `layer1.0.hidden_bias` holds NaN"), "{error}");
    let error = refused(&|trained| {
        let Model::ConvDbn(dbn) = &mut trained.model else { panic!("convolutional RBMs") };
        dbn.layers.pop();
    });
    assert!(error.contains("tensor `layer1.0.weights` is missing"), "{error}");
    let flat = aerbm::fit(&settings(ONE), &Array2::<f32>::zeros((40, 12)), 1);
    let error = flat.expect_err("no images").to_string();
    assert!(
        error.contains("layers.0.input = none: expected height, width and channels"),
        "{error}"
    );
}

#[test]
fn exports_name_what_they_cannot_hold() {
    let config = settings(TWO).for_shape(data_shape()).expect("fits").0;
    let trained = aerbm::fit(&config, &images(240), 5).expect("a fit");
    let export = Export::of_model(&trained);
    for format in [Format::Onnx, Format::Safetensors] {
        for part in [Some(Part::Encoder), Some(Part::Decoder), None] {
            assert!(!export.write(format, part).expect("written").is_empty());
        }
        let error = export.write(format, Some(Part::Reconstruction)).expect_err("no places");
        assert!(error.to_string().contains("places of units within pooling blocks"), "{error}");
    }
    let error = export.write(Format::Npz, None).expect_err("no convolutions").to_string();
    assert!(error.contains("no place for the convolution of encoder.0"), "{error}");
}
