//! A cause is reported once: a message does not contain the message of its source.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use mnist_io::fetch::FetchError;
use mnist_io::{Error, FormatError, ImageShape, Place, TableError};

const CAUSE: &str = "no space left on device";

fn cause() -> io::Error {
    io::Error::other(CAUSE)
}

fn errors() -> Vec<Error> {
    let file = || PathBuf::from("some/file");
    let shape = ImageShape::grey(1, 2);
    vec![
        Error::FolderNotFound { dir: file() },
        Error::FileNotFound { file: file(), other: "train-images.idx3-ubyte" },
        Error::Io { file: file(), source: cause() },
        Error::GzipTruncated { file: file(), source: cause() },
        Error::GzipCorrupt { file: file(), source: cause() },
        Error::Magic { file: file(), found: [1, 2] },
        Error::TypeCode { file: file(), found: 9 },
        Error::Dimensions { file: file(), found: 1, expected: 3 },
        Error::ZeroDimension { file: file(), dimensions: vec![0] },
        Error::Overflow { file: file(), dimensions: vec![u32::MAX], most: 9 },
        Error::TooLarge { file: file(), declared: 10, most: 9 },
        Error::Short { file: file(), found: 1, expected: 2 },
        Error::Trailing { file: file(), expected: 2 },
        Error::LabelRange { file: file(), index: 0, found: 2, n_classes: 2 },
        Error::CountMismatch { images_file: file(), n_images: 1, labels_file: file(), n_labels: 2 },
        Error::ShapesDiffer { file: file(), found: shape, expected: shape },
        Error::FeatureCount { name: "some".into(), found: 1, shape, expected: 2 },
        Error::NotFinite { file: file(), row: 0, column: 0, found: f32::NAN },
        Error::TrainCount { requested: 0, available: 1 },
        Error::SubsetSize { requested: 0, available: 1 },
        Error::OnDisk { name: "some".into(), bytes: 1 << 20 },
    ]
}

fn format_errors() -> Vec<FormatError> {
    let (file, place) = (|| PathBuf::from("some/file"), || "some/file, entry x".to_owned());
    let shape = ImageShape::grey(1, 2);
    let text = String::new;
    vec![
        FormatError::Unknown { path: file(), expected: text() },
        FormatError::EmptyFolder { dir: file(), expected: text() },
        FormatError::NotRegular { path: file(), found: "a pipe" },
        FormatError::Link { path: file(), cause: cause() },
        FormatError::TooFewLabels { place: place(), found: 1, n_rows: 9, expected: 3 },
        FormatError::Malformed { place: place(), cause: cause().into(), expected: "an image" },
        FormatError::TooFewRows { place: place(), found: 1, expected: 3 },
        FormatError::Memory { place: place(), bytes: 2 << 20, limit: 1 << 20, remedy: "unpack it" },
        FormatError::NoColumns { place: place(), instead: "use an archive" },
        FormatError::NpyElement { place: place(), found: text(), remedy: "convert them" },
        FormatError::NpyOrder { place: place() },
        FormatError::NpyShape { place: place(), found: vec![1], expected: "(n)" },
        FormatError::NpyLength { place: place(), found: 1, expected: 2 },
        FormatError::NpzEntries { file: file(), found: vec![] },
        FormatError::Width { place: place(), found: 1, expected: 2 },
        FormatError::NewSize { place: place(), found: shape, expected: shape },
        FormatError::Quantity { place: place(), distinct: 9, n_rows: 9, example: text() },
        FormatError::TableOption { place: place(), option: "columns" },
        FormatError::LabelType { place: place(), found: text() },
        FormatError::Classes { place: place(), found: 300 },
        FormatError::ImageSize { file: file(), found: shape, expected: shape },
        FormatError::ImagesMixed { dir: file() },
        FormatError::PartsDiffer { place: place(), what: "labels" },
    ]
}

fn table_errors() -> Vec<TableError> {
    let (file, place) = (|| PathBuf::from("some/file"), || "some/file, column x".to_owned());
    let (text, line) = (String::new, 3);
    vec![
        TableError::Fields { file: file(), line, found: 1, expected: 2 },
        TableError::Cell {
            file: file(),
            place: Place::Line(line),
            column: text(),
            found: text(),
            expected: text(),
        },
        TableError::Missing { file: file(), place: Place::Row(1), column: text() },
        TableError::ColumnType { file: file(), column: text(), found: text() },
        TableError::DuplicateColumn { file: file(), column: text(), first: 0, second: 1 },
        TableError::UnknownColumn {
            file: file(),
            option: "drop_columns",
            column: text(),
            expected: text(),
        },
        TableError::AbsentColumn { file: file(), column: text(), found: vec![] },
        TableError::Schema { file: file(), line: 1, found: text() },
        TableError::Declaration { file: file(), column: text(), found: text(), expected: "levels" },
        TableError::SplitWord {
            file: file(),
            place: Place::Line(line),
            column: text(),
            found: text(),
        },
        TableError::TooFewGroups { place: place(), found: 1, expected: 3 },
        TableError::EmptyPart { file: file(), part: "test", remedy: "add some" },
        TableError::UnknownClass {
            file: file(),
            place: Place::Line(line),
            found: text(),
            expected: vec![],
        },
        TableError::LabelColumn { file: file(), column: text(), expected: text() },
        TableError::NoFeatures { file: file() },
    ]
}

fn fetch_errors() -> Vec<FetchError> {
    let folder = PathBuf::from("some");
    vec![
        FetchError::NoMirror { name: "a.gz", attempts: vec![], folder, bytes: 1, sha256: "00" },
        FetchError::Write { file: "some/a.gz".into(), source: cause() },
        FetchError::Interrupted,
    ]
}

#[test]
fn a_cause_is_told_once_and_no_message_names_a_flag() {
    let mut errors: Vec<Box<dyn std::error::Error>> = Vec::new();
    errors.extend(self::errors().into_iter().map(Into::into));
    errors.extend(format_errors().into_iter().map(|error| Error::from(error).into()));
    errors.extend(table_errors().into_iter().map(|error| Error::from(error).into()));
    errors.extend(fetch_errors().into_iter().map(Into::into));
    for error in errors {
        let mut told = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            told = format!("{told}: {cause}");
            source = cause.source();
        }
        assert!(told.matches(CAUSE).count() <= 1, "told twice: {told}");
        assert!(!told.contains("--"), "a flag: {told}");
    }
}

#[test]
fn the_operating_systems_error_is_the_source() {
    let error = Error::Io { file: "a".into(), source: cause() };
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some(CAUSE));
}

/// Decoders whose errors have their own sources.
#[test]
fn decoders_are_quoted_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes, said) in [
        ("a.csv", &b"1,2\n3,4\n\xff,4\n"[..], "invalid UTF-8"),
        ("a.npy", b"P5 no array", "magic not found"),
        ("a.npz", b"PK no archive", "invalid Zip archive"),
        ("images/a.png", b"no image", "Format error"),
    ] {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(&path, bytes).expect("written");
        let opened = if name.ends_with("png") { dir.path().join("images") } else { path };
        let error = mnist_io::open(opened, &mnist_io::ReadOptions::default()).expect_err("broken");
        assert!(error.source().is_none(), "{error}");
        assert_eq!(error.to_string().matches(said).count(), 1, "{error}");
    }
}
