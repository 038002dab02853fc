//! Exported models in the programs that they are exported for. `tests/python/check_export.py` compares them;
//! it is skipped if Python or its packages are missing, unless `AERBM_PYTHON` names the Python to use, as
//! `just python-checks` does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use aerbm::export::{
    CategoryEncoding, ColumnEncoding, Export, Format, InputEncoding, NumberEncoding, Part,
    ValueEncoding,
};
use aerbm::{Model, RunConfig, Trained, TrainedClassifier};
use ndarray::{Array2, ArrayView2};
use nn_core::{Kind, Parameters};
use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{aerbm, root};

const N_INPUTS: usize = 12;
const PACKAGES: &str = "import numpy, onnxruntime, sklearn";

/// A Python that has the packages: that of `AERBM_PYTHON`, which must have them, or another.
fn python() -> Option<PathBuf> {
    let has_packages = |python: &Path| {
        let output = Command::new(python).args(["-c", PACKAGES]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if let Some(given) = std::env::var_os("AERBM_PYTHON") {
        let given = PathBuf::from(given);
        assert!(has_packages(&given), "AERBM_PYTHON={}: {PACKAGES} fails", given.display());
        return Some(given);
    }
    let ours = root().join(".venv-checks/bin/python");
    [ours, "python3".into()].into_iter().find(|python| has_packages(python))
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn other_programs_compute_what_the_library_computes() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy, onnxruntime and sklearn; `just python-checks`");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_models(folder.path());
    write_classifiers(folder.path());
    write_graphs(&folder.path().join("graphs"));
    let output = Command::new(python)
        .arg(root().join("tests/python/check_export.py"))
        .arg(assert_cmd::cargo::cargo_bin("aerbm"))
        .arg(folder.path())
        .output()
        .expect("Python runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    eprintln!("{stdout}");
}

/// Rows of numbers in [0, 1].
fn rows() -> Array2<f32> {
    Array2::from_shape_fn((60, N_INPUTS), |(i, j)| {
        let pattern = f32::from((i / 5 + j) % 3 == 0);
        0.8 * pattern + 0.2 * ((i * N_INPUTS + j) as f32 * 0.7).sin().abs()
    })
}

/// A model of a preset whose parameters are large and differ, so that every function is used over its
/// whole range.
fn model(preset: &str, settings: &[&str]) -> Trained {
    let preset = RunConfig::preset(preset).expect("a preset");
    let settings = ["training.epochs=1", "training.batch_size=20"].iter().chain(settings);
    let config = settings.fold(preset, |config, it| config.with(it).expect("a setting"));
    let mut trained = aerbm::fit(&config, &rows(), 1).expect("a fit");
    match &mut trained.model {
        Model::Autoencoder(model) => spread(model),
        Model::Rbm(rbm) => spread(rbm),
        Model::Dbn(dbn) => dbn.layers.iter_mut().for_each(spread),
        Model::ConvDbn(dbn) => dbn.layers.iter_mut().for_each(spread),
    }
    trained
}

fn spread(model: &mut impl Parameters<f32>) {
    for (number, tensor) in model.tensors_mut().enumerate() {
        let is_std = tensor.part == "visible_std";
        for (i, value) in tensor.values.iter_mut().enumerate() {
            let new = 1.5 * ((i + 31 * number) as f32 * 37.7).sin();
            *value = if is_std { 0.3 + new.abs() } else { new };
        }
        assert!(tensor.kind == Kind::Weights || tensor.shape[0] == 1);
    }
}

fn write_array(folder: &Path, name: &str, values: ArrayView2<'_, f32>) {
    let file = File::create(folder.join(format!("{name}.npy"))).expect("a file");
    mnist_io::write_npy(file, values).expect("written");
}

/// Codes decoded, layer by layer.
fn decoded(model: &Model, codes: &Array2<f32>) -> Array2<f32> {
    let down = |h: Array2<f32>, rbm: &rbm_core::Rbm<f32>| {
        let mut v = Array2::zeros((h.nrows(), rbm.n_visible()));
        rbm.mean_v_given_h(h.view(), v.view_mut());
        v
    };
    match model {
        Model::Autoencoder(model) => model.decode(codes),
        Model::Rbm(rbm) => down(codes.clone(), rbm),
        Model::Dbn(dbn) => dbn.layers.iter().rev().fold(codes.clone(), down),
        Model::ConvDbn(dbn) => {
            dbn.layers.iter().rev().fold(codes.clone(), |h, rbm| rbm.decode(h.view()))
        }
    }
}

fn write_models(folder: &Path) {
    let small = "model.n_hidden=8";
    let mut cases: Vec<(String, Trained)> = Vec::new();
    for unit in ["identity", "logistic", "tanh", "relu", "leaky-relu", "softplus", "elu"] {
        let hidden = format!("model.hidden={unit}");
        cases.push((unit.to_owned(), model("autoencoder", &[small, &hidden])));
    }
    let deep = [small, "model.encoder_layers=[10]", "model.tied=true"];
    let sparse = [small, "model.top_k=2", "model.encode_top_k=5"];
    let both = ["model.visible=spin", "model.hidden=spin", small];
    for (name, preset, settings) in [
        ("tied", "autoencoder", &deep[..]),
        ("top-k", "autoencoder", &sparse),
        ("real", "autoencoder", &[small, "model.data=real", "model.code=tanh"]),
        ("rbm", "rbm", &[small]),
        ("spin-rbm", "rbm", &both),
        ("gaussian-rbm", "gaussian-rbm", &[small, "model.variance=data"]),
        ("grey-rbm", "rbm", &[small, "model.visible=truncated-exponential"]),
        ("dbn", "dbn", &["layers=[10, 8]", "top.epochs=1"]),
    ] {
        cases.push((name.to_owned(), model(preset, settings)));
    }
    let x = rows();
    for (name, trained) in cases {
        let folder = folder.join(name);
        trained.save(&folder).expect("written");
        let codes = trained.model.encode(x.view());
        write_array(&folder, "x", x.view());
        write_array(&folder, "codes", codes.view());
        write_array(&folder, "decoded", decoded(&trained.model, &codes).view());
        write_array(&folder, "reconstruction", trained.model.reconstruct(x.view()).view());
    }
}

fn classifier(n_classes: usize, hidden: &str) -> TrainedClassifier {
    let trained = model("autoencoder", &["model.n_hidden=8", &format!("model.hidden={hidden}")]);
    let mut classifier = stack::Classifier::on_top_of(trained.model.encoder_layers(), n_classes, 1);
    spread(&mut classifier);
    TrainedClassifier {
        classifier,
        validation_error_pct: Some(10.0),
        validation_rows: 10,
        origin: None,
    }
}

fn write_classifiers(folder: &Path) {
    let x = rows();
    for (name, n_classes, hidden) in
        [("three", 3, "relu"), ("two", 2, "logistic"), ("elus", 4, "elu")]
    {
        let (folder, trained) = (folder.join(name), classifier(n_classes, hidden));
        trained.save(&folder).expect("written");
        write_array(&folder, "x", x.view());
        write_array(&folder, "probabilities", trained.probabilities(&x).view());
    }
}

/// Graphs that take raw columns, with these and the outputs of the library.
fn write_graphs(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let mut trained = model("autoencoder", &["model.n_hidden=8", "model.data=real"]);
    "raw".clone_into(&mut trained.record.run);
    let lists = |values: &Array2<f32>| -> Value {
        values.rows().into_iter().map(|row| json!(row.to_vec())).collect()
    };
    let mut cases = Vec::new();
    let mut add = |file: &str, export: Export<'_>, part, inputs: Value, outputs: Value| {
        let bytes = export.write(Format::Onnx, Some(part)).expect("a graph");
        fs::write(folder.join(file), bytes).expect("written");
        cases.push(json!({ "file": file, "inputs": inputs, "outputs": outputs }));
    };
    let x = rows();
    let reconstruct = |x: &Array2<f32>| trained.model.reconstruct(x.view());

    // Bytes of images.
    let bytes = x.mapv(|value| (255.0 * value).round());
    let mut scaled = bytes.mapv(|value| value / 255.0);
    // A missing value; it is null in JSON.
    scaled[[3, 4]] = 0.0;
    let mut inputs = lists(&bytes);
    inputs[3][4] = Value::Null;
    let divided = reconstruct(&scaled);
    let outputs = json!({
        "reconstruction": lists(&divided),
        "restored": lists(&divided.mapv(|value| 255.0 * value)),
    });
    let export = Export::of_model(&trained).with_inputs(InputEncoding::Divide(255.0));
    add("divide.onnx", export, Part::Reconstruction, json!({ "x": inputs }), outputs);

    // Large numbers that differ little, with a missing one and one out of bounds.
    let number = |column: usize| NumberEncoding {
        centre: 5_412_000.0 + column as f64 / 3.0,
        spread: 0.5 + column as f64,
        bounds: Some((-2.0, 2.0)),
    };
    let mut raw = Array2::from_shape_fn(x.dim(), |(row, column)| {
        let NumberEncoding { centre, spread, .. } = number(column);
        centre + spread * f64::from(x[[row, column]])
    });
    (raw[[0, 1]], raw[[1, 2]], raw[[2, 3]]) = (f64::NAN, 1e9, -1e9);
    let scaled = Array2::from_shape_fn(x.dim(), |(row, column)| {
        let NumberEncoding { centre, spread, .. } = number(column);
        let z = ((raw[[row, column]] - centre) / spread).clamp(-2.0, 2.0);
        if z.is_nan() { 0.0 } else { z as f32 }
    });
    assert_eq!((scaled[[0, 1]], scaled[[1, 2]], scaled[[2, 3]]), (0.0, 2.0, -2.0));
    let found = reconstruct(&scaled);
    let restored: Value = (found.rows().into_iter())
        .map(|row| {
            let numbers = row.iter().enumerate().map(|(column, &y)| {
                let NumberEncoding { centre, spread, .. } = number(column);
                centre + spread * f64::from(y)
            });
            json!(numbers.collect::<Vec<f64>>())
        })
        .collect();
    let inputs: Value = raw
        .rows()
        .into_iter()
        .map(|row| json!(row.iter().map(|z| z.is_finite().then_some(*z)).collect::<Vec<_>>()))
        .collect();
    let encoding = InputEncoding::Numbers((0..N_INPUTS).map(number).collect());
    let export = Export::of_model(&trained).with_inputs(encoding);
    let outputs = json!({ "reconstruction": lists(&found), "restored": restored });
    add("numbers.onnx", export, Part::Reconstruction, json!({ "x": inputs }), outputs);

    // A table: a number, a category with a position for unknown words, one without, and seven numbers.
    let (export, inputs, encoded) = table(&trained);
    let codes = trained.model.encode(encoded.view());
    let outputs = json!({ "code": lists(&codes) });
    add("table.onnx", export, Part::Encoder, inputs, outputs);

    // Classes with names.
    let trained = classifier(3, "tanh");
    let names = ["setosa", "한글", "a b"].map(str::to_owned).to_vec();
    let classes: Vec<&String> =
        trained.predict(&x).into_iter().map(|class| &names[usize::from(class)]).collect();
    let outputs = json!({ "probabilities": lists(&trained.probabilities(&x)), "class": classes });
    let export = Export::of_classifier("named", &trained).with_classes(names.clone());
    add("named.onnx", export, Part::Classifier, json!({ "x": lists(&x) }), outputs);
    fs::write(folder.join("graphs.json"), json!(cases).to_string()).expect("written");
}

/// A table of mixed columns: the model that takes it, its raw columns, and the encoded rows.
fn table(trained: &Trained) -> (Export<'_>, Value, Array2<f32>) {
    let number = NumberEncoding { centre: 10.0, spread: 4.0, bounds: None };
    let category = |levels: &[&str], width, unknown, missing| {
        let levels = levels.iter().map(|&level| level.to_owned()).collect();
        ValueEncoding::Category(CategoryEncoding { levels, width, unknown, missing })
    };
    let column = |name: &str, values| ColumnEncoding { name: name.to_owned(), values };
    let mut columns = vec![
        column("size", ValueEncoding::Number(number)),
        column("colour", category(&["red", "green"], 3, Some(2), Some(2))),
        column("shape of it", category(&["round"], 1, None, None)),
    ];
    columns.extend((0..7).map(|i| column(&format!("n{i}"), ValueEncoding::Number(number))));
    let (sizes, colours) = ([Some(12.0), None, Some(2.0)], ["green", "mauve", ""]);
    let shapes = ["round", "", "square"];
    let mut inputs = json!({
        "size": sizes.map(|size| [size]),
        "colour": colours.map(|word| [word]),
        "shape of it": shapes.map(|word| [word]),
    });
    let mut encoded = Array2::zeros((3, N_INPUTS));
    for i in 0..7 {
        inputs[format!("n{i}")] = json!([[10.0], [14.0], [6.0]]);
        (encoded[[1, 5 + i]], encoded[[2, 5 + i]]) = (1.0, -1.0);
    }
    (encoded[[0, 0]], encoded[[2, 0]]) = (0.5, -2.0);
    (encoded[[0, 2]], encoded[[1, 3]], encoded[[2, 3]]) = (1.0, 1.0, 1.0);
    encoded[[0, 4]] = 1.0;
    (Export::of_model(trained).with_inputs(InputEncoding::Table(columns)), inputs, encoded)
}

#[test]
fn parts_that_a_model_lacks_and_files_of_its_own_are_refused_in_a_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    model("rbm", &["model.n_hidden=8"]).save(&folder).expect("written");
    let export = |more: &[&str]| {
        aerbm().arg("export").arg(folder.path()).args(["--format", "onnx"]).args(more).assert()
    };
    let message =
        "rbm is an RBM and has no classifier; expected encoder, decoder or reconstruction";
    export(&["--part", "classifier"]).code(1).stderr(contains(message));
    let own = folder.path().join("model.safetensors");
    let before = fs::read(&own).expect("there");
    export(&["--out", &own.to_string_lossy()]).code(1).stderr(contains("--out names another one"));
    assert_eq!(fs::read(&own).expect("there"), before);
    export(&[]).success().stdout(contains("encoder of rbm: "));
    assert!(folder.path().join("rbm-encoder.onnx").is_file());

    let show = aerbm().arg("show").arg(folder.path()).assert().success();
    show.stdout(contains("# rbm: a restricted Boltzmann machine")).stdout(contains("60 rows"));
    let json = aerbm().args(["show", "--json"]).arg(folder.path()).assert().success();
    let card: Value = serde_json::from_slice(&json.get_output().stdout).expect("one object");
    assert_eq!((&card["kind"], &card["training"]["rows"]), (&json!("rbm"), &json!(60)));
    aerbm().args(["show", "nowhere"]).assert().code(1).stderr(contains("no model.safetensors"));
}

#[test]
fn measurements_of_a_run_are_written_for_trackers() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let reference = root().join("reports/reference");
    for (format, folder) in [("mlflow", "mlruns"), ("tensorboard", "tensorboard")] {
        let export = |more: &[&str]| {
            let mut command = aerbm();
            command.arg("export").arg(&reference).args(["--format", format]);
            command.args(more).arg("--out").arg(out.path().join(folder)).assert()
        };
        export(&["--part", "encoder"]).code(1).stderr(contains("--part applies to models only"));
        export(&[]).success().stdout(contains(" runs: "));
        export(&[]).success();
    }
    let run = "tensorboard/rbm-depth-3-labels-1000-seed-11/events.out.tfevents.";
    let folder = out.path().join(run).parent().expect("a folder").to_owned();
    assert_eq!(fs::read_dir(folder).expect("the run is there").count(), 1);
    let experiments = fs::read_dir(out.path().join("mlruns")).expect("there").count();
    assert_eq!(experiments, 1, "written again, it is the same experiment");
    let nothing = aerbm().args(["export", "nowhere", "--format", "mlflow"]).assert();
    nothing.code(1).stderr(contains("nowhere"));
}
