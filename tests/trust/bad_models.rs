//! Files of models that are damaged or forged, in every command that reads one.

use std::path::Path;

use aerbm::ndarray::Array2;
use aerbm::{RunConfig, Trained};

use crate::row::{Row, output, try_all};
use crate::support::{aerbm, place};

/// The file of the model, in the folder of its run.
const FILE: &str = "run/models/rbm/model.safetensors";

/// Commands on the run.
const COMMANDS: [&[&str]; 10] = [
    &["show", "forged"],
    &["evaluate", "forged"],
    &["encode", "forged"],
    &["reconstruct", "forged"],
    &["reconstruct", "forged", "table.csv"],
    &["likelihood", "forged"],
    &["sample", "forged"],
    &["probe", "forged"],
    &["score", "forged", "table.csv"],
    &["export", "forged", "--format", "onnx", "--out", "model.onnx"],
];

fn train(folder: &Path) {
    let settings = ["--set", "training.epochs=1", "--set", "model.n_hidden=4"];
    let data = ["--data", "table.csv", "--out", "run", "--quiet"];
    output(aerbm(folder).args(["train", "rbm"]).args(settings).args(data));
}

/// The header of a file of tensors, and the bytes after it.
fn parts(bytes: &[u8]) -> (String, &[u8]) {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    (String::from_utf8(rest[..length].to_vec()).expect("text"), &rest[length..])
}

fn joined(header: &str, tensors: &[u8]) -> Vec<u8> {
    let padded = format!("{header}{}", " ".repeat(header.len().next_multiple_of(8) - header.len()));
    [&(padded.len() as u64).to_le_bytes(), padded.as_bytes(), tensors].concat()
}

/// Forgeries of a model's file.
fn forgeries(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (header, tensors) = parts(bytes);
    let replaced = |from: &str, to: &str| {
        assert!(header.contains(from), "{from} is not in {header}");
        joined(&header.replacen(from, to, 1), tensors)
    };
    let name = r#"\"run\":\"rbm\""#;
    let named = |to: &str| replaced(name, &format!(r#"\"run\":\"{to}\""#));
    let nan = |value: f32| {
        let mut tensors = tensors.to_vec();
        tensors[..4].copy_from_slice(&value.to_le_bytes());
        joined(&header, &tensors)
    };
    vec![
        vec![],
        bytes[..7].to_vec(),
        bytes[..100].to_vec(),
        bytes[..bytes.len() - 4].to_vec(),
        [bytes, &[0; 4]].concat(),
        [&u64::MAX.to_le_bytes()[..], &bytes[8..]].concat(),
        joined("{}", &[]),
        joined(&"[".repeat(5_000), &[]),
        joined(&header, &[0; 4]),
        b"PK\x03\x04 no model".to_vec(),
        named("x/../../../y"),
        named("/tmp/y"),
        named(".."),
        named(""),
        named(r"a\\\\b"),
        named(r"a\\u0000b"),
        named(r"\\u001b[31m"),
        named(&"n".repeat(300)),
        replaced(r#"\"n_visible\":4"#, r#"\"n_visible\":4611686018427387904"#),
        replaced(r#"\"n_visible\":4"#, r#"\"n_visible\":0"#),
        replaced(r#"\"n_visible\":4"#, r#"\"n_visible\":-1"#),
        replaced("n_hidden = 4", "n_hidden = 4611686018427387904"),
        replaced("n_hidden = 4", "n_hidden = 5"),
        replaced("kind = ", "kind = 7 # "),
        replaced(r#""dtype":"F32""#, r#""dtype":"I64""#),
        nan(f32::NAN),
        nan(f32::INFINITY),
    ]
}

#[test]
fn models_that_are_forged_are_refused_by_every_command() {
    let made = place();
    train(made.path());
    let bytes = std::fs::read(made.path().join(FILE)).expect("there");
    let mut rows = Vec::new();
    for forged in forgeries(&bytes) {
        for args in COMMANDS {
            let row = Row::new(args, 1, &["model.safetensors"]);
            rows.push(row.with_file("forged/model.safetensors", &forged));
        }
    }
    // A third of the pairs of a command and a forgery is enough, because the checks are the same.
    let rows: Vec<Row> = rows.into_iter().step_by(3).collect();
    try_all("models", &rows, |_| ());
}

/// Nothing is written outside of the folder that a command is given, whatever the name in a file.
#[test]
fn a_sound_model_is_read_by_the_commands_that_refuse_forged_ones() {
    let x = Array2::from_shape_fn((60, 4), |(i, j)| f32::from((i + j) % 3 == 0));
    let config = RunConfig::preset("rbm").and_then(|it| it.with("model.n_hidden=3"));
    let config = config.and_then(|it| it.with("training.epochs=1")).expect("settings");
    let fitted: Trained = aerbm::fit(&config, &x, 1).expect("a fit");
    let place = place();
    fitted.save(place.path().join("model")).expect("saved");
    output(aerbm(place.path()).args(["show", "model"]));
}
