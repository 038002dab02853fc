//! Comparisons interrupted between any two steps and resumed: nothing is lost, and nothing differs.

use std::ops::ControlFlow;
use std::path::Path;

use mnist_io::Splits;
use nn_core::{TensorMap, TrainingError};
use numerics::with_team;
use study::stage::{Key, Store};
use study::{ComparisonConfig, Event, Methods, Outcome, StudyError, run_comparison};

use crate::support::*;

/// Stacks whose lower layer is a convolution.
const CONVOLUTIONS: &str = r##"
    [conv-rbm]
    role = "pretrained"
    color = "#d55e00"
    words = "convolutional RBMs"
    [[conv-rbm.layers]]
    kind = "conv-rbm"
    model = { maps = 6, kernel = 3, pool = 2 }
    training = { epochs = 2 }
    [[conv-rbm.layers]]
    kind = "rbm"
    training = { epochs = 2, algorithm = { kind = "pcd", chains = 20 } }

    [conv-autoencoder]
    role = "pretrained"
    color = "#0072b2"
    words = "convolutional autoencoders"
    [[conv-autoencoder.layers]]
    kind = "autoencoder"
    model = { convolution = { maps = 6, kernel = 3, pool = 2 } }
    training = { epochs = 2, optimizer = { kind = "momentum", momentum = 0.9 }, learning_rate = 0.01 }
    [[conv-autoencoder.layers]]
    kind = "autoencoder"
    training = { epochs = 2 }
"##;

fn all_methods() -> Methods {
    toml::from_str(&format!("{METHODS}{CONVOLUTIONS}")).expect("methods")
}

/// A comparison and its listener's counts.
struct Heard {
    outcome: Outcome,
    /// Number of reports of epochs and evaluations.
    reports: usize,
    /// Number of times that training resumed from its checkpoint.
    resumed: usize,
    sessions: usize,
}

/// Runs a comparison that the listener interrupts after every `most` steps of training, until it is complete.
fn heard(config: &ComparisonConfig, data: &Splits, store: &Store, most: usize) -> Heard {
    let (mut reports, mut resumed) = (0, 0);
    for sessions in 1.. {
        let mut steps = 0;
        let mut listen = |event: Event<'_>| {
            match event {
                Event::Step => steps += 1,
                Event::Progress { .. } => (steps, reports) = (steps + 1, reports + 1),
                Event::Noted { text } if text.starts_with("continuing from") => resumed += 1,
                Event::Noted { text } => panic!("{text}"),
                _ => (),
            }
            if steps >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let methods = &all_methods();
        match run_comparison(config, methods, data, "bars", store, &mut listen, &mut |_| ()) {
            Ok(outcome) => return Heard { outcome, reports, resumed, sessions },
            Err(StudyError::Training(TrainingError::Interrupted)) => (),
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("the loop has no end")
}

/// Tensors by name, with their bits.
type TensorBits = Vec<(String, Vec<u32>)>;

/// The tensors of all results in a store, which must contain nothing else.
fn results(folder: &Path) -> Vec<(String, TensorBits)> {
    let bits = |tensors: TensorMap| -> TensorBits {
        let bits = tensors
            .into_iter()
            .map(|(name, tensor)| (name, tensor.iter().map(|value| value.to_bits()).collect()));
        bits.collect()
    };
    let store = Store::new(folder);
    let mut keys: Vec<String> = store.keys().expect("a folder").into_iter().collect();
    keys.sort();
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), keys.len(), "leftovers");
    let read = |key: String| {
        let parsed = Key::parse(&key).expect("a key");
        let found = store.get::<serde_json::Value>(&parsed).expect("readable").expect("there");
        (key, bits(found.0))
    };
    keys.into_iter().map(read).collect()
}

/// A single choice of hyperparameters, so that no network is trained twice.
fn one_choice(methods: &[&str]) -> ComparisonConfig {
    let mut config = config(methods);
    (config.equal_seconds, config.seeds) = (None, 1);
    (config.learning_rates, config.hidden_learning_rate_multipliers) = (vec![0.03], vec![1.0]);
    config.labels.iter_mut().for_each(|budget| budget.updates = 24);
    config
}

#[test]
fn broken_off_after_every_few_steps_is_never_broken_off() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let config = one_choice(&["none", "denoising", "rbm", "conv-rbm", "conv-autoencoder"]);
    let whole_folder = folder.path().join("whole");
    let whole = heard(&config, &data, &Store::new(&whole_folder), usize::MAX);
    assert_eq!((whole.sessions, whole.resumed), (1, 0));
    let (expected, outcome) = (results(&whole_folder), without_times(whole.outcome));
    for (most, threads) in [(4, 1), (7, 2), (31, 1)] {
        let folder = folder.path().join(format!("{most}"));
        let broken = with_team(threads, || heard(&config, &data, &Store::new(&folder), most));
        let what = format!("{most} steps, {threads} threads");
        assert!(broken.resumed > 10 && broken.sessions > broken.resumed, "{what}");
        assert_eq!(broken.reports, whole.reports, "{what}: each epoch is trained once");
        assert!(results(&folder) == expected, "{what}");
        assert_eq!(without_times(broken.outcome), outcome, "{what}");
    }
}

#[test]
fn a_search_goes_on_within_a_trial() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let mut config = config(&["none", "denoising", "rbm"]);
    (config.equal_seconds, config.depths) = (None, vec![1]);
    let whole_folder = folder.path().join("whole");
    let whole = heard(&config, &data, &Store::new(&whole_folder), usize::MAX);
    let broken_folder = folder.path().join("broken");
    let broken = heard(&config, &data, &Store::new(&broken_folder), 40);
    assert!(broken.resumed > 10, "{}", broken.resumed);
    assert!(results(&broken_folder) == results(&whole_folder));
    assert_eq!(without_times(broken.outcome), without_times(whole.outcome));
}

/// Damages a file.
type Spoil = fn(&Path);

/// Checkpoints of other settings, and damaged ones, are reported and ignored.
#[test]
fn a_checkpoint_that_does_not_fit_is_not_used() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let config = one_choice(&["none"]);
    let whole = heard(&config, &data, &Store::new(folder.path().join("whole")), usize::MAX);
    let outcome = without_times(whole.outcome);
    let left = |name: &str| {
        let store = Store::new(folder.path().join(name));
        let mut steps = 0;
        let mut listen = |event: Event<'_>| {
            steps += usize::from(matches!(event, Event::Step));
            if steps >= 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let methods = &all_methods();
        run_comparison(&config, methods, &data, "bars", &store, &mut listen, &mut |_| ())
            .expect_err("broken off");
        let mut files = std::fs::read_dir(store.folder()).expect("a folder");
        let is_checkpoint =
            |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "checkpoint");
        let path =
            files.find_map(|file| Some(file.expect("an entry").path()).filter(is_checkpoint));
        (store, path.expect("a checkpoint"))
    };
    let spoilt: [(&str, Spoil, &str); 4] = [
        ("short", shorten, "its tensors take"),
        ("empty", |path| std::fs::write(path, "").expect("written"), "its header has 0 bytes"),
        (
            "other",
            |path| replace(path, b"\\\"key\\\":\\\"", b"0"),
            "belongs to other settings or data",
        ),
        ("lacking", |path| replace(path, b"\"model.0.w", b"E"), "`model.0.weights` is missing"),
    ];
    for (name, spoil, reason) in spoilt {
        let (store, path) = left(name);
        spoil(&path);
        let mut notes = Vec::new();
        let mut listen = |event: Event<'_>| {
            if let Event::Noted { text } = event {
                notes.push(text.to_owned());
            }
            ControlFlow::Continue(())
        };
        let methods = &all_methods();
        let again =
            run_comparison(&config, methods, &data, "bars", &store, &mut listen, &mut |_| ());
        assert_eq!(without_times(again.expect("it begins anew")), outcome, "{name}");
        assert!(notes.len() == 1 && notes[0].contains("training starts over"), "{name}: {notes:?}");
        assert!(notes[0].contains(reason) && !notes[0].contains('\n'), "{name}: {notes:?}");
    }
}

fn shorten(path: &Path) {
    let bytes = std::fs::read(path).expect("there");
    std::fs::write(path, &bytes[..bytes.len() - 4]).expect("written");
}

/// Overwrites the bytes after each occurrence of `after` with those of `with`.
fn replace(path: &Path, after: &[u8], with: &[u8]) {
    let mut bytes = std::fs::read(path).expect("there");
    let n = after.len();
    let places: Vec<usize> =
        (0..bytes.len() - n).filter(|&at| bytes[at..].starts_with(after)).collect();
    assert!(!places.is_empty(), "the file has {after:?}");
    for at in places {
        bytes[at + n..at + n + with.len()].copy_from_slice(with);
    }
    std::fs::write(path, bytes).expect("written");
}
