//! Models whose files were damaged or forged: each is refused in one line that names the file, before
//! anything is allocated by sizes that the file claims.

use std::path::Path;

use aerbm::ndarray::Array2;
use aerbm::stack::FineTuneConfig;
use aerbm::{RunConfig, Saved, Trained, TrainedClassifier};

fn data() -> Array2<f32> {
    Array2::from_shape_fn((120, 12), |(row, column)| f32::from((row / 5 + column) % 3 == 0))
}

fn fitted(preset: &str) -> Trained {
    let config = RunConfig::preset(preset).expect("a preset");
    let config = if preset == "dbn" {
        config.with("layers=[10, 8]").and_then(|config| config.with("top.epochs=1"))
    } else {
        config.with("model.n_hidden=8")
    };
    let config = config.and_then(|config| config.with("training.epochs=1")).expect("settings");
    aerbm::fit(&config, &data(), 1).expect("a fit")
}

fn classifier() -> TrainedClassifier {
    let labels: Vec<u8> = (0..120_u8).map(|row| row / 5 % 3).collect();
    let few = FineTuneConfig { updates: 20, batch_size: 20, ..Default::default() };
    fitted("rbm").fine_tune(&data(), &labels, &few, 1).expect("a classifier")
}

/// Replaces text in the header of a safetensors file.
fn forge(file: &Path, from: &str, to: &str) {
    let bytes = std::fs::read(file).expect("there");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let header = std::str::from_utf8(&rest[..length]).expect("text").trim_end();
    assert!(header.contains(from), "{from} is not in {header}");
    let header = header.replace(from, to);
    let padded = format!("{header}{}", " ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut forged = (padded.len() as u64).to_le_bytes().to_vec();
    forged.extend(padded.as_bytes());
    forged.extend(&rest[length..]);
    std::fs::write(file, forged).expect("written");
}

fn message(folder: &Path) -> String {
    let error = Trained::load(folder).expect_err("forged").to_string();
    assert!(error.contains("model.safetensors: "), "{error}");
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn sizes_are_checked_before_anything_is_allocated() {
    for preset in ["autoencoder", "rbm", "dbn"] {
        for huge in ["4611686018427387904", "1000000000000", "0", "13"] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            fitted(preset).save(&folder).expect("written");
            let file = folder.path().join("model.safetensors");
            forge(&file, r#"\"n_visible\":12"#, &format!(r#"\"n_visible\":{huge}"#));
            let error = message(folder.path());
            assert!(error.contains(&format!("{huge} inputs and images of 1x12")), "{error}");
            forge(&file, r#"\"width\":12"#, &format!(r#"\"width\":{huge}"#));
            let error = message(folder.path());
            let expected = if huge == "0" { "0 inputs" } else { "has shape [12, " };
            assert!(error.contains(expected), "{preset}: {error}");
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    fitted("rbm").save(&folder).expect("written");
    let file = folder.path().join("model.safetensors");
    forge(&file, r"n_hidden = 8\\n", r"n_hidden = 999999999999\\n");
    let error = message(folder.path());
    assert!(error.contains("`0.weights` has shape [12, 8]"), "{error}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    classifier().save(&folder).expect("written");
    let file = folder.path().join("classifier.safetensors");
    forge(&file, r#"\"sizes\":[12,8,3]"#, r#"\"sizes\":[12,4611686018427387904,3]"#);
    let error = TrainedClassifier::load(&folder).expect_err("forged").to_string();
    assert!(error.contains("classifier.safetensors: tensor `0.weights`"), "{error}");
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_name() {
    for preset in ["autoencoder", "rbm", "dbn"] {
        for value in [f32::NAN, f32::INFINITY] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            fitted(preset).save(&folder).expect("written");
            let file = folder.path().join("model.safetensors");
            let mut bytes = std::fs::read(&file).expect("there");
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(&value.to_le_bytes());
            std::fs::write(&file, bytes).expect("written");
            let error = message(folder.path());
            let named = error.contains("weights` holds ") || error.contains("bias` holds ");
            assert!(named && error.contains("expected finite numbers"), "{error}");
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut broken = classifier();
    broken.classifier.layers[1].bias[2] = f32::NAN;
    broken.save(&folder).expect("written");
    let error = TrainedClassifier::load(&folder).expect_err("NaN").to_string();
    assert!(error.contains("tensor `1.bias` holds NaN"), "{error}");
}

#[test]
fn a_recorded_name_is_never_a_path() {
    for name in ["x/../../../y", "..", "/tmp/x", r"a\\\\b", ""] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fitted("rbm").save(&folder).expect("written");
        let file = folder.path().join("model.safetensors");
        forge(&file, r#"\"run\":\"rbm\""#, &format!(r#"\"run\":\"{name}\""#));
        let error = message(folder.path());
        assert!(error.contains("cannot be the name of a file"), "{error}");
    }
}

#[test]
fn a_folder_has_the_card_of_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let readme = folder.path().join("README.md");
    fitted("rbm").save(&folder).expect("written");
    let text = std::fs::read_to_string(&readme).expect("a card");
    for part in ["# rbm: a restricted Boltzmann machine", "120 rows", "binary visible", "## Limits"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    classifier().save(&folder).expect("written");
    let text = std::fs::read_to_string(&readme).expect("a card");
    assert!(text.contains("a restricted Boltzmann machine") && text.contains(": a classifier"));
    assert!(text.contains("| validation | error_pct |"), "{text}");
    let cards = Saved::load(&folder).expect("both").cards();
    let again: Vec<String> = cards.iter().map(ToString::to_string).collect();
    assert!(text.ends_with(&again.join("\n")), "the file has the text of the cards");
    // A file that the user wrote stays.
    std::fs::write(&readme, "mine").expect("written");
    fitted("rbm").save(&folder).expect("written");
    assert_eq!(std::fs::read_to_string(&readme).expect("there"), "mine");
    // A classifier alone is a model as well.
    let alone = tempfile::tempdir().expect("a temporary folder");
    classifier().save(&alone).expect("written");
    let saved = Saved::load(&alone).expect("a classifier");
    assert!(saved.model.is_none() && saved.cards()[0].kind == "classifier");
}
