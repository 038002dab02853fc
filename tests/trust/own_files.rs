//! Commands that would replace files of a run or of their input, and options that a trained model cannot heed.

use std::path::Path;

use serde_json::{Value, json};

use crate::row::{Row, output, try_all};
use crate::support::{aerbm, files, place};

/// A model in `run`, a classifier in `fit`, and the classifier without its description in `forged`.
fn prepare(folder: &Path) {
    let run = |args: &[&str]| {
        let data = ["--data", "table.csv", "--quiet"];
        output(aerbm(folder).args(args).args(data));
    };
    let settings = ["--set", "training.epochs=1", "--set", "model.n_hidden=4", "--out", "run"];
    run(&[&["train", "rbm"], &settings[..]].concat());
    run(&["fit", "--method", "none", "--set", "layers=[4]", "--out", "fit"]);
    std::fs::create_dir(folder.join("forged")).expect("created");
    let model = "classifier.safetensors";
    std::fs::copy(folder.join("fit").join(model), folder.join("forged").join(model))
        .expect("copied");
}

/// Outputs that are files of a run, or the input.
fn outputs() -> Vec<Row> {
    let of_run = "this is a file of the run";
    let rows: [(&[&str], &str); 10] = [
        (&["predict", "fit", "table.csv", "--out", "fit/comparison.csv"], of_run),
        (&["score", "run", "table.csv", "--out", "run/metrics.csv"], of_run),
        (&["encode", "run", "--out", "run/metrics.csv"], of_run),
        (&["encode", "run", "--out", "table.csv"], "this is the input"),
        (&["sample", "run", "--out", "run/timings.csv"], of_run),
        (&["sample", "run", "--out", "table.csv"], "this is the input"),
        (&["export", "run", "--format", "onnx", "--out", "run/metrics.csv"], of_run),
        (&["export", "run", "--format", "onnx", "--out", "table.csv"], "this is the input"),
        (&["export", "fit", "--format", "onnx", "--out", "fit/data.json"], of_run),
        (&["diff", "run", "fit", "--page", "run/report.html"], of_run),
    ];
    let mut rows: Vec<Row> = rows.iter().map(|(args, says)| Row::new(args, 1, &[says])).collect();
    for (out, says) in [
        ("run/models/rbm", "it belongs to the run in"),
        ("fit/figures", "it belongs to the run in"),
        ("nowhere/../other", "nowhere does not exist"),
    ] {
        let args = ["train", "rbm", "--data", "table.csv", "--out", out];
        rows.push(Row::new(&args, 1, &["cannot write to", says]));
    }
    let args = ["fit", "--data", "table.csv", "--method", "rbm", "--out", "fit"];
    rows.push(Row::new(&args, 1, &["fit holds a run with other settings", "--force"]));
    rows
}

/// Options of training on a trained model, and rows without parts for a command that needs them.
fn options() -> Vec<Row> {
    let mut rows = Vec::new();
    for option in [
        &["--scale", "none"][..],
        &["--drop-columns", "p"],
        &["--test", "table.csv"],
        &["--split-column", "p"],
        &["--split", "time"],
        &["--group", "p"],
    ] {
        for command in ["evaluate", "encode", "reconstruct", "probe", "sample"] {
            let args = [&[command, "run"], option].concat();
            rows.push(Row::new(&args, 1, &[option[0], "applies to training"]));
        }
    }
    for command in ["encode", "reconstruct"] {
        let args = [command, "run", "table.csv", "--data", "table.csv"];
        rows.push(Row::new(&args, 1, &["both name rows"]));
    }
    let other = "p,q,r,s,label\n0.1,0.2,0.3,0.4,a\n0.5,0.6,0.7,0.8,b\n";
    let probe = Row::new(&["probe", "run", "--data", "other.csv"], 1, &["have no test part"]);
    rows.push(probe.with_file("other.csv", other.as_bytes()));
    rows
}

/// Descriptions of data that are of another version, of another model, or impossible.
fn contracts(text: &str) -> Vec<Row> {
    let changed = |change: &dyn Fn(&mut Value), says: &str| {
        let mut contract: Value = serde_json::from_str(text).expect("JSON");
        change(&mut contract);
        let args = ["predict", "forged", "table.csv"];
        let row = Row::new(&args, 1, &["data.json: ", says]);
        row.with_file("forged/data.json", contract.to_string().as_bytes())
    };
    let columns =
        |contract: &mut Value| contract["input"]["columns"].as_array_mut().expect("some").pop();
    vec![
        changed(&|it| it["version"] = json!(2), "version 2; expected 1"),
        changed(&|it| drop(columns(it)), "3 features; expected 4"),
        changed(&|it| it["classes"]["names"] = json!(["a", "b"]), "2 classes; expected 3"),
        changed(
            &|it| it["classes"]["names"] = json!(["a", "b", "b"]),
            "the class b is named twice",
        ),
        changed(&|it| it["classes"] = Value::Null, "0 classes; expected 3"),
        changed(&|it| it["input"]["columns"][0]["spread"] = json!(-1.0), "column p: "),
        changed(&|it| it["input"]["columns"][0]["centre"] = json!("x"), "train the model again"),
    ]
}

#[test]
fn files_of_runs_and_inputs_are_never_replaced() {
    let made = place();
    prepare(made.path());
    let contract = std::fs::read_to_string(made.path().join("fit/data.json")).expect("there");
    let rows = [outputs(), options(), contracts(&contract)].concat();
    try_all("outputs and options on finished runs", &rows, prepare);
}

/// A run that is replaced by force leaves nothing that a later command would take for its own.
#[test]
fn a_classifier_of_a_replaced_run_does_not_answer_any_more() {
    let place = place();
    prepare(place.path());
    let train = ["train", "rbm", "--data", "table.csv", "--out", "fit", "--force", "--quiet"];
    let settings = ["--set", "training.epochs=1", "--set", "model.n_hidden=3"];
    output(aerbm(place.path()).args(train).args(settings));
    let left = files(&place.path().join("fit"));
    assert!(!left.contains_key(Path::new("classifier.safetensors")), "{:?}", left.keys());
    assert!(!left.contains_key(Path::new("comparison.csv")), "{:?}", left.keys());
    let predict = aerbm(place.path()).args(["predict", "fit", "table.csv"]).output();
    assert_eq!(predict.expect("it starts").status.code(), Some(1));
}

/// A copy of a run under another name is verified, and a model that was changed does not become its result.
#[test]
fn copies_are_verified_and_changed_models_are_not_continued() {
    let place = place();
    prepare(place.path());
    std::fs::rename(place.path().join("run"), place.path().join("moved")).expect("renamed");
    output(aerbm(place.path()).args(["verify", "moved"]));
    let model = place.path().join("moved/models/rbm/model.safetensors");
    let mut bytes = std::fs::read(&model).expect("there");
    *bytes.last_mut().expect("some") ^= 1;
    std::fs::write(&model, bytes).expect("written");
    let settings = ["--set", "training.epochs=1", "--set", "model.n_hidden=4", "--out", "moved"];
    let mut again = aerbm(place.path());
    let again = again.args(["train", "rbm", "--data", "table.csv"]).args(settings).output();
    let again = again.expect("it starts");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(
        !again.status.success() && said.contains("has changed since the run wrote it"),
        "{said}"
    );
}

/// New rows may be none: the output has the columns all the same.
#[test]
fn a_table_without_rows_gives_a_table_with_the_same_columns() {
    let place = place();
    prepare(place.path());
    std::fs::write(place.path().join("none.csv"), "p,q,r,s,label\n").expect("written");
    let of = |args: &[&str]| output(aerbm(place.path()).args(args));
    assert_eq!(of(&["predict", "fit", "none.csv"]), "class,p_a,p_b,p_c\n");
    assert_eq!(of(&["score", "run", "none.csv"]), "score,score_p,score_q,score_r,score_s\n");
    assert_eq!(of(&["impute", "run", "none.csv"]), "p,q,r,s,label\n");
    of(&["encode", "run", "none.csv", "--out", "codes.parquet"]);
    assert!(
        mnist_io::describe(place.path().join("codes.parquet"), &mnist_io::ReadOptions::default())
            .is_err()
    );
}
