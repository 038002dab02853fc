//! Hyperparameter search on the validation set.

use study::stage::Store;
use study::{Cell, Choice, ComparisonConfig, Search, SearchSpace};

use crate::support::*;

fn searching(methods: &[&str], trials: usize) -> ComparisonConfig {
    let mut config = config(methods);
    config.depths = vec![1];
    config.equal_seconds = None;
    let space = SearchSpace {
        input_dropout: vec![0.0, 0.3],
        hidden_dropout: vec![0.0, 0.2],
        max_norm: vec![0.0, 2.0],
        corruption: vec![0.1, 0.6],
    };
    config.search = Some(Search { trials, space });
    config
}

#[test]
fn every_method_has_the_same_trials_and_the_best_is_chosen_for_all_seeds() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let config = searching(&["none", "relu-dropout", "denoising"], 6);
    let store = Store::new(folder.path());
    let (outcome, ..) = run(&config, &data, &store);
    for method in ["none", "relu-dropout", "denoising"] {
        for labels in [40, 100] {
            let cells = of(&outcome, method, 1);
            let cells: Vec<&Cell> = cells.into_iter().filter(|c| c.labels == labels).collect();
            let [first, second] = cells[..] else { panic!("two seeds") };
            assert_eq!((first.trials.len(), second.trials.len()), (6, 1), "{method}");
            assert_eq!(first.chosen, second.chosen);
            let least = first.trials.iter().filter_map(|trial| trial.validation_errors).min();
            assert_eq!(least, Some(first.validation_errors.0), "{method}, {labels}");
            let chosen = first.trials.iter().find(|trial| trial.choice == first.chosen);
            let chosen = chosen.expect("one of the trials");
            assert_eq!(chosen.validation_errors, least);
            assert_eq!(Some(chosen.dropout.input), chosen.choice.input_dropout);
            assert_eq!(chosen.max_norm.unwrap_or(0.0), chosen.choice.max_norm.expect("searched"));
            let noisy = first.trials.iter().all(|trial| trial.choice.corruption.is_some());
            assert_eq!(noisy, method == "denoising");
        }
    }
    // Controls go through the same points, whatever their own settings.
    let points = |method: &str| -> Vec<Choice> {
        of(&outcome, method, 1)[0].trials.iter().map(|trial| trial.choice).collect()
    };
    assert_eq!(points("none"), points("relu-dropout"));
}

#[test]
fn trials_are_kept_and_give_the_same_cells_after_an_interruption() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let config = searching(&["denoising"], 5);
    let store = Store::new(folder.path());
    let (whole, ..) = run(&config, &data, &store);
    // The cells are lost, but the trials and layers are kept, as after an interruption at the end of the
    // search.
    for entry in std::fs::read_dir(folder.path()).expect("stages") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a stage");
        if String::from_utf8_lossy(&bytes).contains("predictions") {
            std::fs::remove_file(path).expect("removed");
        }
    }
    let (again, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 * 2, "cells: numbers of labels and seeds");
    let whole = without_times(whole);
    assert!(without_times(again) == whole, "another outcome after the interruption");
    let other = tempfile::tempdir().expect("a temporary folder");
    let (fresh, ..) = run(&config, &data, &Store::new(other.path()));
    assert!(without_times(fresh) == whole, "another outcome in another folder");
}
