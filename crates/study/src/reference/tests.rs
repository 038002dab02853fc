use ndarray::{Array2, Axis, array, concatenate};
use numerics::{Purpose, Stream, with_team};

use super::*;

/// Classes around corners of a cube, with normal noise.
fn clusters(n: usize, noise: f32, seed: u64) -> (Array2<f32>, Vec<u8>) {
    let mut x = Array2::<f32>::zeros((n, 6));
    Stream::new(seed, Purpose::new("clusters")).add_normal(0, x.as_slice_mut().unwrap());
    x *= noise;
    let labels: Vec<u8> = (0..n).map(|i| (i % 3) as u8).collect();
    for (mut row, label) in x.rows_mut().into_iter().zip(&labels) {
        row[usize::from(*label)] += 2.0;
    }
    (x, labels)
}

fn error_pct(reference: Reference, train: (&Array2<f32>, &[u8]), n_classes: usize) -> f64 {
    let (x_validation, validation) = clusters(150, 1.0, 2);
    let (x_test, test) = clusters(600, 1.0, 3);
    let train = Labelled::new(train.0, train.1);
    let fitted =
        reference.fit(train, Labelled::new(&x_validation, &validation), n_classes, 1).unwrap();
    let predicted = fitted.predict(x_test.view()).unwrap();
    let wrong = predicted.iter().zip(&test).filter(|(a, b)| a != b).count();
    100.0 * wrong as f64 / test.len() as f64
}

#[test]
fn classes_are_learned_and_shuffled_labels_are_not() {
    let (x, labels) = clusters(600, 1.0, 1);
    for reference in Reference::ALL {
        // The best classifier, which picks the largest of the first three features, has an error of 13.4 %
        // (P(2 + z₁ < max(z₂, z₃)), from 2,000,000 draws).
        let error = error_pct(reference, (&x, &labels), 3);
        assert!((9.0..24.0).contains(&error), "{reference:?}: {error} %");
        let shuffled: Vec<u8> = (0..600_usize).map(|i| ((i / 3 * 7 + i / 5) % 3) as u8).collect();
        let error = error_pct(reference, (&x, &shuffled), 3);
        assert!(error > 45.0, "{reference:?} from shuffled labels: {error} %");
    }
}

#[test]
fn results_do_not_depend_on_threads_or_on_the_rows_beside() {
    let (x, labels) = clusters(300, 1.0, 1);
    let (queries, _) = clusters(40, 1.0, 4);
    let train = Labelled::new(&x, &labels);
    for reference in Reference::ALL {
        let fit = || reference.fit(train, train, 3, 7).unwrap();
        let one = fit();
        let probabilities = one.probabilities(queries.view()).unwrap();
        with_team(3, || {
            let three = fit();
            assert_eq!(one.setting, three.setting);
            assert_eq!(probabilities, three.probabilities(queries.view()).unwrap());
        });
        for (row, expected) in queries.rows().into_iter().zip(probabilities.rows()) {
            let alone = one.probabilities(row.insert_axis(Axis(0))).unwrap();
            let difference = (&alone.row(0) - &expected).mapv(f32::abs).sum();
            assert!(difference < 1e-5, "{reference:?}: {difference}");
        }
        for row in probabilities.rows() {
            assert!((row.sum() - 1.0).abs() < 1e-5 && row.iter().all(|p| *p >= 0.0));
        }
    }
}

#[test]
fn absent_classes_constant_columns_and_empty_validation_are_no_obstacle() {
    let (x, labels) = clusters(90, 0.3, 1);
    let x = concatenate![Axis(1), x, Array2::ones((90, 1))];
    let none = Array2::<f32>::zeros((0, 7));
    let validation = Labelled::new(&none, &[]);
    for reference in Reference::ALL {
        // Classes 1, 2 and 3 of 5, then two, then one.
        for n_present in [3, 2, 1] {
            let truth: Vec<u8> =
                labels.iter().map(|label| 1 + label.min(&(n_present - 1))).collect();
            let fitted = reference.fit(Labelled::new(&x, &truth), validation, 5, 1).unwrap();
            assert_eq!(fitted.predict(x.view()).unwrap(), truth, "{reference:?} {n_present}");
            assert_eq!(fitted.remark(), None);
        }
        let constant = Array2::ones((90, 7));
        let fitted = reference.fit(Labelled::new(&constant, &labels), validation, 3, 1).unwrap();
        assert_eq!(fitted.probabilities(none.view()).unwrap().dim(), (0, 3));
    }
}

#[test]
fn missing_values_are_means_or_a_branch() {
    let (x, labels) = clusters(300, 0.3, 1);
    let mut missing = x.clone();
    missing.column_mut(4).fill(f32::NAN);
    for reference in Reference::ALL {
        let fitted = |x: &Array2<f32>| {
            let data = Labelled::new(x, &labels);
            let fitted = reference.fit(data, data, 3, 1).unwrap();
            (fitted.probabilities(x.view()).unwrap(), fitted.validation_errors)
        };
        let (probabilities, errors) = fitted(&missing);
        assert!(errors <= 2 && probabilities.iter().all(|p| p.is_finite()), "{reference:?}");
    }
    // Only the absence of the value distinguishes the classes.
    let only = Array2::from_shape_fn((200, 2), |(i, j)| match (i % 2, j) {
        (1, 0) => f32::NAN,
        _ => ((i * 7 + j * 3) % 11) as f32 / 11.0,
    });
    let truth: Vec<u8> = (0..200).map(|i| u8::from(i % 2 == 1)).collect();
    let data = Labelled::new(&only, &truth);
    assert_eq!(Reference::BoostedTrees.fit(data, data, 2, 1).unwrap().validation_errors, 0);
}

#[test]
fn a_part_keeps_the_shares_of_classes() {
    let labels: Vec<u8> =
        (0..1000).map(|i| if i == 999 { 2 } else { u8::from(i % 10 == 0) }).collect();
    let x = Array2::from_shape_fn((1000, 1), |(i, _)| f32::from(labels[i]));
    let (part, of_part) = subset::stratified(Labelled::new(&x, &labels), 100);
    let mut counts = [0; 3];
    of_part.iter().for_each(|label| counts[usize::from(*label)] += 1);
    assert!((88..=91).contains(&counts[0]) && (9..=11).contains(&counts[1]), "{counts:?}");
    assert_eq!(counts[2], 1);
    for (row, label) in part.rows().into_iter().zip(of_part.iter()) {
        assert_eq!(row[0], f32::from(*label));
    }
    let (all, _) = subset::stratified(Labelled::new(&x, &labels), 1000);
    assert_eq!(all.nrows(), 1000);
}

#[test]
fn bad_input_is_named() {
    let x = array![[1.0_f32, 2.0], [f32::INFINITY, 0.0]];
    let good = array![[1.0_f32, 2.0], [0.0, 0.0]];
    let none = Array2::<f32>::zeros((0, 2));
    let wide = Array2::<f32>::zeros((1, 3));
    let fit = |train: Labelled, validation: Labelled| {
        Reference::LogisticRegression.fit(train, validation, 2, 1).unwrap_err().to_string()
    };
    let good = Labelled::new(&good, &[0, 1]);
    assert_eq!(fit(Labelled::new(&none, &[]), good), "train: no samples; expected at least 1");
    assert!(fit(Labelled::new(&x, &[0, 1]), good).contains("sample 1 has an infinite value"));
    assert_eq!(
        fit(good, Labelled { labels: &[0], ..good }),
        "validation: 2 samples with 1 labels; expected one label per sample"
    );
    assert_eq!(
        fit(Labelled { labels: &[0, 2], ..good }, good),
        "train.labels[1] = 2; expected less than n_classes = 2"
    );
    assert_eq!(
        fit(good, Labelled::new(&wide, &[0])),
        "samples with 3 features; expected 2, as in training"
    );
}
