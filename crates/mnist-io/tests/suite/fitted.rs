//! The rows to which types and constants are fitted: neither test rows nor fixed validation rows are among
//! them.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(clippy::format_push_string, reason = "small tables, made where they are read")]

use std::path::Path;

use crate::common::npz;
use crate::common::tables::{Folder, notes, options, refused, refusing, train_of};
use mnist_io::{
    ColumnKind, Contract, Input, ReadOptions, Scale, ScaledBy, Scaling, SplitBy, SplitRule,
    describe, open,
};

fn kind<'a>(contract: &'a Contract, name: &str) -> &'a ColumnKind {
    let Input::Table(table) = &contract.input else { panic!("a table") };
    &table.columns.iter().find(|column| column.name == name).unwrap().kind
}

/// The mean by which a column is centred, and its range.
fn centre(contract: &Contract, name: &str) -> (f64, [f64; 2]) {
    let ColumnKind::Number { scaling: ScaledBy::Standard, shift, range, .. } = kind(contract, name)
    else {
        panic!("{:?}", kind(contract, name))
    };
    (shift.centre, *range)
}

fn split_by(column: &str) -> ReadOptions {
    ReadOptions { split_column: Some(column.into()), ..options() }
}

/// Forty rows, every fourth of which is in another part, named by this word, where x is 1000 higher.
fn parts(word: &str) -> String {
    let mut text = "part,who,x,member\n".to_owned();
    for i in 0..40 {
        let (part, high) = if i % 4 == 3 { (word, 1000) } else { ("train", 0) };
        let part = if i % 8 == 6 { "test" } else { part };
        let member = if high > 0 { 2 } else { i % 2 };
        text += &format!("{part},{},{}.5,{member}\n", i % 4, high + i);
    }
    text
}

fn mean_of_training_rows() -> f64 {
    let rows: Vec<i32> = (0..40).filter(|i| i % 4 != 3 && i % 8 != 6).collect();
    rows.iter().map(|&i| f64::from(i) + 0.5).sum::<f64>() / rows.len() as f64
}

#[test]
fn validation_rows_of_a_column_have_no_part_in_the_constants() {
    let dir = Folder::new();
    let path = dir.write("a.csv", parts("validation"));
    let opened = open(&path, &split_by("part")).unwrap();
    let (mean, range) = centre(&opened.contract, "x");
    assert!((mean - mean_of_training_rows()).abs() < 1e-9, "{mean}");
    assert_eq!((range, opened.contract.n_training_rows), ([0.5, 37.5], 25));
    let splits = opened.data.split(SplitRule::Study).unwrap();
    assert_eq!((splits.train.n_samples(), splits.validation.n_samples()), (25, 10));
}

/// In these parts, the rows of one group are all 1000 higher, as are the last rows of a series.
#[test]
fn validation_rows_of_groups_and_of_time_have_no_part_in_the_constants() {
    let dir = Folder::new();
    for group in 0..6 {
        let mut text = "who,x\n".to_owned();
        for i in 0..48 {
            text += &format!("{},{}.5\n", i % 6, i + if i % 6 == group { 1000 } else { 0 });
        }
        let by_group = ReadOptions { group_column: Some("who".into()), ..options() };
        let opened = open(dir.write("groups.csv", text), &by_group).unwrap();
        let (mean, _) = centre(&opened.contract, "x");
        let n_fitted = opened.contract.n_training_rows;
        let splits = opened.data.split(SplitRule::Study).unwrap();
        let train = splits.train.in_memory().unwrap();
        assert_eq!(train.n_samples(), n_fitted);
        assert!(train.images.mean().unwrap().abs() < 1e-5, "group {group}: {mean}");
    }
    // Of 42 rows in time order, the last six are for testing, and the six before them for validation.
    let series = |i: i32| f64::from(i) + if i >= 30 { 1000.5 } else { 0.5 };
    let rows: String = (0..42).fold("x\n".to_owned(), |text, i| text + &format!("{}\n", series(i)));
    let by_time = ReadOptions { split: SplitBy::Time, ..options() };
    let opened = open(dir.write("time.csv", rows), &by_time).unwrap();
    assert_eq!(centre(&opened.contract, "x"), (15.0, [0.5, 29.5]));
    for rule in [SplitRule::Study, SplitRule::Tutorial] {
        let splits = opened.data.clone().split(rule).unwrap();
        assert!(splits.train.n_samples() >= opened.contract.n_training_rows);
        assert!(splits.validation.images.iter().all(|x| *x > 100.0));
    }
}

#[test]
fn validation_rows_of_an_archive_have_no_part_in_the_scaling() {
    let dir = Folder::new();
    let column = |values: &[f64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        crate::common::npy("<f8", &format!("({}, 1)", values.len()), &bytes)
    };
    let entries = [
        ("x_train", column(&[1.5, 2.5, 3.5, 4.5])),
        ("x_val", column(&[1001.5, 1002.5])),
        ("x_test", column(&[-5.5])),
    ];
    let options = ReadOptions { scale: Scale::Standard, ..options() };
    let opened = open(dir.write("a.npz", npz(&entries)), &options).unwrap();
    let Input::Array(array) = &opened.contract.input else { panic!("an array") };
    let Scaling::Columns { centre, .. } = &array.scaling else { panic!("{:?}", array.scaling) };
    assert_eq!((centre[0], &array.ranges[..]), (3.0, &[[1.5, 4.5]][..]));
    assert_eq!(opened.contract.n_training_rows, 4);
    let infinite = [
        ("x_train", column(&[1.5, 2.5, 3.5])),
        ("x_val", column(&[f64::INFINITY, 2.5])),
        ("x_test", column(&[-5.5])),
    ];
    refused(&dir.write("b.npz", npz(&infinite)), &options, &["row 3, column 0 is inf"]);
}

/// A boolean is recognised in the rows to which it is fitted. A third value elsewhere is unknown.
#[test]
fn a_third_value_outside_the_training_rows_leaves_a_boolean_and_is_missing() {
    let dir = Folder::new();
    let boolean = |no: &str, yes: &str| ColumnKind::Boolean { no: no.into(), yes: yes.into() };
    let check = |path: &Path, expected: ColumnKind| {
        let opened = open(path, &split_by("part")).unwrap();
        assert_eq!(*kind(&opened.contract, "member"), expected);
        assert!(notes(&opened).contains("in no training row count as missing: member (10)\n"));
        let data = opened.data.split(SplitRule::Study).unwrap();
        let (train, validation) = (data.train.in_memory().unwrap(), &data.validation);
        let last = train.n_features() - 1;
        assert!(train.images.column(last).iter().all(|x| *x == 0.0 || *x == 1.0));
        assert!(validation.images.column(last).iter().all(|x| x.is_nan()));
        assert!(train.has_missing() && validation.has_missing());
        let refuse = ReadOptions { split_column: Some("part".into()), ..refusing() };
        refused(path, &refuse, &["column member", "as in the training rows"]);
    };
    check(&dir.write("integers.csv", parts("validation")), boolean("0", "1"));
    // In the test part as well as in validation.
    let words = |text: String| {
        let lines = text.lines().map(|line| {
            let (rest, member) = line.rsplit_once(',').unwrap();
            let word = match member {
                "0" => "no",
                "1" => "yes",
                "2" => "perhaps",
                name => name,
            };
            format!("{rest},{word}\n")
        });
        lines.collect::<String>()
    };
    check(&dir.write("words.csv", words(parts("validation"))), boolean("no", "yes"));
    // Without the third value, nothing is missing.
    let all = open(dir.write("all.csv", "a,b\n0,1.5\n1,2.5\n1,3.5\n0,4.5\n"), &options()).unwrap();
    assert!(!train_of(&all).has_missing() && !notes(&all).contains("missing"));
}

#[test]
fn scalings_are_described_in_words() {
    let dir = Folder::new();
    let rows: String =
        (0..20).fold("x\n".to_owned(), |text, i| text + &format!("{}.5\n", 5 * i + 2));
    let path = dir.write("a.csv", rows);
    let said = |scale| describe(&path, &ReadOptions { scale, ..options() }).unwrap().to_string();
    for (scale, words) in [
        (Scale::None, ", kept\n"),
        (Scale::Unit, ", mapped to [0, 1]\n"),
        (Scale::Standard, ", standardised (mean "),
    ] {
        assert!(said(scale).contains(words), "{}", said(scale));
    }
}
