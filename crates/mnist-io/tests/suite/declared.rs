//! Column declarations that are invalid or contradicted by the data.

use std::path::{Path, PathBuf};

use crate::common::tables::{Folder, options};
use mnist_io::{ReadOptions, open};

/// Thirty rows with numbers, words, dates and few labels.
fn table() -> String {
    let row = |i: usize| {
        let (colour, day) = (["red", "green", "blue"][i % 3], 1 + i % 28);
        let label = if i < 2 { "a" } else { "" };
        format!("{}.5,{colour},{day:02}.11.2023,{},{label}\n", i % 7, i % 2)
    };
    (0..30).fold("x,colour,day,flag,y\n".to_owned(), |text, i| text + &row(i))
}

/// Asserts that reading fails with a one-line message that contains all of these words.
fn refused(path: &Path, options: &ReadOptions, says: &[&str]) {
    let said = open(path, options).expect_err("it is wrong").to_string();
    assert!(!said.contains('\n'), "more than one line: {said}");
    assert!(says.iter().all(|says| said.contains(says)), "{said}\nlacks one of: {says:?}");
}

fn with(columns: PathBuf) -> ReadOptions {
    ReadOptions { columns: Some(columns), label_column: Some("none".into()), ..options() }
}

#[test]
fn declarations_that_make_no_sense_are_refused() {
    let dir = Folder::new();
    let path = dir.write("t.csv", table());
    for (declared, says) in [
        ("[columns.colour]\ntype='category'\nlevels=[]", "bad.toml, column colour: levels = []; "),
        (
            "[columns.colour]\ntype='category'\nlevels=['red', 'blue', 'red']",
            "bad.toml, column colour: `levels` has \"red\" twice; expected each level once",
        ),
        (
            "[columns.day]\ntype='date'\nformat='%Q'",
            "bad.toml, column day: format = \"%Q\"; expected a year, a month and a day",
        ),
        (
            "[columns]\nx='number'",
            "line 2: invalid type: string \"number\", expected a table, such",
        ),
        ("columns=3", "line 1: invalid type: integer `3`, expected a table"),
        ("[columns.x]\ntype='number'\nscaling=3", "integer `3`, expected a word"),
        ("[columns.colour]\ntype='category'\nlevels=3", "expected an array"),
    ] {
        refused(&path, &with(dir.write("bad.toml", declared)), &["bad.toml", says]);
    }
}

#[test]
fn data_that_contradict_a_declaration_are_refused() {
    let dir = Folder::new();
    let path = dir.write("t.csv", table());
    for (declared, says) in [
        (
            "[columns.x]\ntype='boolean'",
            "t.csv, line 4, column x: \"2.5\"; expected 0.5 or 1.5, since",
        ),
        (
            "[columns.colour]\ntype='boolean'",
            "line 4, column colour: \"blue\"; expected red or green",
        ),
        ("[columns.x]\ntype='date'", "line 2, column x: \"0.5\"; expected dates in one of"),
        (
            "[columns.day]\ntype='date'\nformat='%Y-%m-%d'",
            "line 2, column day: \"01.11.2023\"; expected a date in the format %Y-%m-%d, as the column",
        ),
    ] {
        refused(&path, &with(dir.write("bad.toml", declared)), &[says]);
    }
    let fine = "[columns.flag]\ntype='boolean'\n[columns.day]\ntype='date'\nformat='%d.%m.%Y'\n\
                [columns.colour]\ntype='category'\nlevels=['red', 'green']\n";
    assert!(open(&path, &with(dir.write("fine.toml", fine))).is_ok());
}

#[test]
fn too_few_labels_are_told_from_too_few_rows() {
    let dir = Folder::new();
    let path = dir.write("t.csv", table());
    let says = "t.csv, column y: 2 of 30 rows have a label; expected at least 3";
    refused(&path, &options(), &[says]);
    let none = dir.write("none.csv", table().replace(",a\n", ",\n"));
    refused(&none, &options(), &["column y: 0 of 30 rows have a label"]);
}

#[test]
fn columns_that_are_not_there_are_named_by_their_purpose() {
    let dir = Folder::new();
    let path = dir.write("t.csv", table());
    let name = || Some("kolour".to_owned());
    for (asked, says) in [
        (
            ReadOptions { drop_columns: vec!["kolour".into()], ..options() },
            "\"kolour\" to leave out;",
        ),
        (ReadOptions { split_column: name(), ..options() }, "\"kolour\" for the parts; expected"),
        (ReadOptions { group_column: name(), ..options() }, "\"kolour\" for the groups; expected"),
    ] {
        refused(&path, &asked, &["t.csv: no column ", says, "did you mean \"colour\"?"]);
    }
    let array = dir.write("a.npy", crate::common::npy("|u1", "(4, 1)", &[1, 2, 3, 4]));
    let asked = ReadOptions { group_column: name(), ..options() };
    refused(
        &array,
        &asked,
        &["a.npy: a column of groups is for tables with columns; leave it out"],
    );
}
