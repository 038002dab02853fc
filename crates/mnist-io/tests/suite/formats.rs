//! The formats: samples read from each, and the error for each mistake.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use std::fs;
use std::path::Path;

use crate::common::tables::{
    folder, labelled_by, notes, options, refused, refusing, sorted, train_of, write,
};
use crate::common::{idx, npy, npz};
use mnist_io::{ReadOptions, Scale, SplitRule, TrainingData, open};
use ndarray::{Array2, Axis, array};

const FLOWERS: &str = "length,width,species\n1.5,2,rose\n2.5,3,lily\n3.5,4,rose\n4.5,5,lily\n";

#[test]
fn a_table_with_a_header_and_a_column_of_words() {
    let dir = folder();
    let path = write(dir.path(), "flowers.csv", FLOWERS);
    for column in ["species", "2", "-1"] {
        let kept = ReadOptions { scale: Scale::None, ..labelled_by(column) };
        let opened = open(&path, &kept).unwrap();
        let classes = [1, 0, 1, 0].map(Some);
        let values = array![[1.5, 2.0], [2.5, 3.0], [3.5, 4.0], [4.5, 5.0_f32]];
        let expected = values.rows().into_iter().map(|row| row.to_vec()).zip(classes);
        assert_eq!(sorted(&opened), expected.collect::<Vec<_>>());
        let train = train_of(&opened);
        assert_eq!((train.n_samples(), train.n_classes, train.name.as_str()), (3, 2, "flowers"));
        assert_eq!(train.class_names, ["lily", "rose"]);
        assert_eq!((train.shape.height, train.shape.width), (1, 2));
        assert!(notes(&opened).contains("2 classes: lily, rose\n"));
    }
}

#[test]
fn a_table_without_a_header_in_other_separators() {
    let dir = folder();
    let kept = ReadOptions { scale: Scale::None, ..labelled_by("2") };
    for (name, text) in [
        ("a.csv", "0.5; 4.5;7\n2.5;5.5; 8\r\n1.5;0.5;7\n"),
        ("a.tsv", "0.5\t4.5\t7\n2.5\t5.5\t8\n1.5\t0.5\t7"),
    ] {
        let opened = open(write(dir.path(), name, text), &kept).unwrap();
        let rows =
            [(vec![0.5, 4.5], Some(0)), (vec![1.5, 0.5], Some(0)), (vec![2.5, 5.5], Some(1))];
        assert_eq!(sorted(&opened), rows);
        assert_eq!(opened.data.train.class_names(), ["7", "8"]);
    }
}

#[test]
fn a_column_called_label_is_taken_and_that_is_said() {
    let dir = folder();
    let path =
        write(dir.path(), "a.csv", "label,x\n1,0.5\n0,0.25\n1,0.125\n0,0.75\n1,0.625\n0,0.875\n");
    let opened = open(&path, &options()).unwrap();
    assert_eq!(sorted(&opened)[0], (vec![0.125], Some(1)));
    assert!(notes(&opened).contains("the labels are in column label\n"));
    let opened = open(&path, &labelled_by("none")).unwrap();
    assert_eq!((opened.data.train.n_features(), opened.data.train.labels()), (2, None));
}

#[test]
fn rows_are_images_only_if_their_numbers_are_grey_values() {
    let dir = folder();
    let row = |value: &str| vec![value; 64].join(",") + "\n";
    let table = |other: &str| row("0") + &row("1") + &row(other).repeat(6);
    for (other, is_image) in [("0.5", true), ("16", true), ("16.5", false), ("-1", false)] {
        let path = write(dir.path(), "a.csv", table(other));
        let opened = open(&path, &options()).unwrap();
        assert_eq!(opened.data.train.shape().is_image(), is_image, "{other}");
    }
}

#[test]
fn every_mistake_in_a_table_is_named_with_its_line() {
    let dir = folder();
    let case = |text: &str, options: &ReadOptions, says: &[&str]| {
        refused(&write(dir.path(), "bad.csv", text), options, says);
    };
    case(
        FLOWERS,
        &labelled_by("specie"),
        &["no column \"specie\"", "length, width, species; did you mean \"species\"?"],
    );
    case("1,2\n3,4\n5,6\n", &labelled_by("2"), &["no column \"2\"", "one of 0 to 1"]);
    case("1,2\n3,4\n5\n", &options(), &["line 3: 1 fields; expected 2"]);
    case("1,2\n3,\n5,6\n7,8\n9,1\n", &refusing(), &["line 2, column 1: no value"]);
    case("1,\n3,4\n5,6\n7,8\n9,1\n", &refusing(), &["line 1, column 1: no value"]);
    case("1,NA\n3,4\n5,6\n7,8\n9,1\n", &refusing(), &["line 1, column 1: no value"]);
    case(
        "a,b\n1,2\n3,inf\n5,6\n",
        &options(),
        &["line 3, column b: \"inf\"; expected a finite number"],
    );
    case("y\n1\n0\n1\n", &options(), &["no column that can be learned from"]);
    case("a,b\n1,2\n", &options(), &["has 1 rows; expected at least 3"]);
    case("", &options(), &["has 0 rows"]);
    let small = ReadOptions { memory_limit: 20, ..options() };
    case(
        "1,2\n3,4\n5,6\n",
        &small,
        &["would take at least 1 MiB", "the memory limit is 0 MiB", ".npy"],
    );
    let many: String = (0..300).map(|i| format!("{i},{i}\n")).collect::<Vec<_>>().concat();
    case(&many, &labelled_by("0"), &["300 different numbers in 300 rows", "a quantity"]);
    refused(
        &write(dir.path(), "bad.csv", b"1,2\n\xff,4\n"),
        &options(),
        &["invalid UTF-8", "(line 2,"],
    );
}

#[test]
fn arrays_of_every_type() {
    let dir = folder();
    let values = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0_f32]];
    let whole: Vec<u8> = (1..=6).collect();
    let big: Vec<u8> = whole.iter().flat_map(|&x| i32::from(x).to_be_bytes()).collect();
    let double: Vec<u8> = whole.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
    let single: Vec<u8> = whole.iter().flat_map(|&x| f32::from(x).to_le_bytes()).collect();
    let none = ReadOptions { scale: Scale::None, ..options() };
    for (dtype, data) in [("|u1", whole), (">i4", big), ("<f8", double), ("<f4", single)] {
        for shape in ["(3, 2)", "(3, 1, 2)", "(3, 2, 1, 1)"] {
            let path = write(dir.path(), "x.npy", npy(dtype, shape, &data));
            let Ok(opened) = open(&path, &none) else { panic!("{dtype} {shape}") };
            let expected = values.rows().into_iter().map(|row| (row.to_vec(), None));
            assert_eq!(sorted(&opened), expected.collect::<Vec<_>>(), "{dtype} {shape}");
        }
    }
}

#[test]
fn every_mistake_in_an_array_is_named() {
    let dir = folder();
    let case = |bytes: Vec<u8>, says: &[&str]| {
        refused(&write(dir.path(), "bad.npy", bytes), &options(), says);
    };
    case(b"P5 no array".to_vec(), &["expected a NumPy header"]);
    case(npy("|u1", "(3, 2)", &[0; 5]), &["holds 5 bytes of data; its header declares 6"]);
    case(npy("|u1", "(3, 2)", &[0; 7]), &["holds 7 bytes of data; its header declares 6"]);
    case(npy("|u1", "(6,)", &[0; 6]), &["has shape [6]; expected (samples, features)"]);
    case(npy("|u1", "(0, 6)", &[]), &["has shape [0, 6]"]);
    case(npy("|u1", "(1, 2, 2, 2)", &[0; 8]), &["has shape [1, 2, 2, 2]"]);
    case(npy("|u1", "(2, 2)", &[0; 4]), &["has 2 rows; expected at least 3"]);
    case(npy("<c8", "(3, 1)", &[0; 24]), &["elements of type '<c8'", "astype(\"float32\")"]);
    case(npy("<f4", "(9999999999, 9999999999, 99)", &[0; 4]), &["holds 4 bytes of data"]);
    let nan: Vec<u8> = [0.0, 1.0, f32::NAN].iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
    let path = write(dir.path(), "nan.npy", npy("<f4", "(3, 1)", &nan));
    refused(&path, &refusing(), &["row 2, column 0 is NaN"]);
    let opened = open(&path, &options()).unwrap();
    assert!(train_of(&opened).has_missing());
    assert!(notes(&opened).contains("1 value is NaN and counts as missing\n"));
    let nested = format!("{}3{}, 1)", "(".repeat(99), ")".repeat(98));
    case(npy("|u1", &nested, &[0; 3]), &["too many nested brackets"]);
    let mut fortran = npy("|u1", "(3, 2)", &[0; 6]);
    let place = fortran.windows(5).position(|word| word == b"False").unwrap();
    fortran[place..place + 5].copy_from_slice(b"True ");
    case(fortran, &["Fortran order", "ascontiguousarray"]);
    refused(
        &write(dir.path(), "a.npy", npy("|u1", "(3, 1)", &[0; 3])),
        &labelled_by("0"),
        &["a label column is for tables"],
    );
}

#[test]
fn archives_with_four_arrays_and_with_two() {
    let dir = folder();
    let (train, test) = (npy("|u1", "(4, 1)", &[0, 51, 102, 153]), npy("|u1", "(1, 1)", &[255]));
    let words: Vec<u8> = "abab".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    let labels = [npy("<U1", "(4,)", &words), npy("<U1", "(1,)", &words[..4])];
    let entries = [
        ("x_train", train),
        ("Y_train", labels[0].clone()),
        ("x_test", test),
        ("y_test", labels[1].clone()),
    ];
    let opened = open(write(dir.path(), "four.npz", npz(&entries)), &options()).unwrap();
    assert_eq!(opened.data.test.images, array![[1.0]]);
    assert_eq!(opened.data.test.labels, Some(vec![0]));
    let expected = [0.0, 0.2, 0.4, 0.6, 1.0].into_iter().zip([0, 1, 0, 1, 0]);
    assert_eq!(sorted(&opened), expected.map(|(x, y)| (vec![x], Some(y))).collect::<Vec<_>>());

    let target: Vec<u8> = [7_i64, 3, 3].iter().flat_map(|label| label.to_le_bytes()).collect();
    let entries =
        [("data", npy("|u1", "(3, 1)", &[0, 1, 1])), ("target", npy("<i8", "(3,)", &target))];
    let opened = open(write(dir.path(), "two.npz", npz(&entries)), &options()).unwrap();
    assert_eq!((opened.data.train.n_samples(), opened.data.test.n_samples()), (2, 1));
    assert_eq!(opened.data.train.class_names(), ["3", "7"]);
    assert_eq!(sorted(&opened)[0], (vec![0.0], Some(1)));
    let opened = open(dir.path().join("two.npz"), &labelled_by("none")).unwrap();
    assert_eq!(sorted(&opened)[0], (vec![0.0], None));
}

#[test]
fn every_mistake_in_an_archive_is_named_with_its_entry() {
    let dir = folder();
    let x = npy("|u1", "(3, 1)", &[0; 3]);
    let case = |entries: &[(&str, Vec<u8>)], says: &[&str]| {
        refused(&write(dir.path(), "bad.npz", npz(entries)), &options(), says);
    };
    case(&[("weights", x.clone())], &["entries weights.npy; expected x_train"]);
    case(
        &[("x", x.clone()), ("y", npy("|u1", "(2,)", &[0; 2]))],
        &["holds 3 images", "holds 2 labels"],
    );
    case(
        &[("x", x.clone()), ("y", npy("|u1", "(3, 2)", &[0; 6]))],
        &["entry y.npy has shape [3, 2]"],
    );
    case(
        &[("x", x.clone()), ("y", npy("<c8", "(3,)", &[0; 24]))],
        &["entry y.npy holds labels of type '<c8'"],
    );
    case(&[("x", npy("|u1", "(3, 1)", &[0; 2]))], &["entry x.npy holds 2 bytes"]);
    let test = npy("|u1", "(1, 2)", &[0; 2]);
    case(&[("x_train", x.clone()), ("x_test", test)], &["holds images of 1x2 pixels"]);
    let whole = npz(&[("x", x)]);
    refused(&write(dir.path(), "cut.npz", &whole[..whole.len() - 9]), &options(), &["numpy.savez"]);
}

/// Samples from plain IDX files and from arrays, in memory and on disk.
#[test]
fn samples_on_disk_are_those_in_memory_to_the_bit() {
    let dir = folder();
    let n = 2_100_usize;
    let pixels: Vec<u8> = (0..n * 6).map(|i| (i * 37 % 251) as u8).collect();
    let reals: Vec<u8> =
        pixels.iter().flat_map(|&x| (f32::from(x).sin() * 3.0).to_le_bytes()).collect();
    let cases = [
        ("a-idx3-ubyte", idx(&[n as u32, 2, 3], &pixels), Scale::Auto),
        ("a.npy", npy("|u1", &format!("({n}, 6)"), &pixels), Scale::Auto),
        ("b.npy", npy("<f4", &format!("({n}, 2, 3)"), &reals), Scale::None),
        ("c.npy", npy("<f4", &format!("({n}, 6)"), &reals), Scale::Standard),
        ("d.npy", npy("<f4", &format!("({n}, 2, 3)"), &reals), Scale::Unit),
    ];
    for (name, bytes, scale) in cases {
        let path = write(dir.path(), name, bytes);
        let memory = open(&path, &ReadOptions { scale, ..options() }).unwrap();
        let disk = open(&path, &ReadOptions { scale, memory_limit: 100, ..options() }).unwrap();
        assert_eq!(disk.data.test, memory.data.test, "{name}");
        assert_eq!(disk.data.train.shape(), memory.data.train.shape(), "{name}");
        let error = disk.data.in_memory().unwrap_err().to_string();
        assert!(error.contains("raise `memory_limit` of `ReadOptions`"), "{error}");
        let TrainingData::OnDisk(on_disk) = &disk.data.train else { panic!("100 bytes suffice") };
        let memory = memory.data.in_memory().unwrap();
        let samples: Vec<usize> = (0..on_disk.n_samples()).rev().collect();
        let mut read = Array2::zeros((samples.len(), 6));
        on_disk.read(&samples, read.view_mut()).unwrap();
        assert_eq!(read, memory.train.images.select(Axis(0), &samples), "{name}");

        let rule = SplitRule::Train(1_000);
        let from_disk = disk.data.split(rule).unwrap();
        let splits = memory.split(rule).unwrap();
        assert_eq!(from_disk.train.n_samples(), 1_000);
        assert_eq!(from_disk.validation, splits.validation);
    }
}

#[test]
fn a_folder_of_idx_files_may_stay_on_disk() {
    let dir = folder();
    crate::common::small_set(dir.path());
    let memory = open(dir.path(), &options()).unwrap();
    let memory = memory.data.in_memory().unwrap();
    assert_eq!(memory, mnist_io::load_with_classes(dir.path(), 3).unwrap());
    let disk = open(dir.path(), &ReadOptions { memory_limit: 40, ..options() }).unwrap();
    let train = &disk.data.train;
    let TrainingData::OnDisk(on_disk) = train else { panic!("six samples take 48 bytes") };
    let mut read = Array2::zeros((6, 2));
    on_disk.read(&[0, 1, 2, 3, 4, 5], read.view_mut()).unwrap();
    assert_eq!(read, memory.train.images);
    assert_eq!((train.sha256(), train.name()), (&*memory.train.sha256, &*memory.train.name));
    assert_eq!(train.labels(), memory.train.labels.as_deref());
    let split = disk.data.clone().split(SplitRule::Train(4)).unwrap();
    assert_eq!(split.train.labels(), Some(&[0, 1, 2, 0][..]));
    assert_eq!(split.validation.labels, Some(vec![1, 2]));

    let packed = dir.path().join("train-images-idx3-ubyte.gz");
    let plain = dir.path().join("train-images-idx3-ubyte");
    fs::write(&packed, crate::common::gzip(&fs::read(&plain).unwrap())).unwrap();
    fs::remove_file(plain).unwrap();
    refused_below(dir.path(), &packed);
}

#[track_caller]
fn refused_below(dir: &Path, file: &Path) {
    let small = ReadOptions { memory_limit: 40, ..ReadOptions::default() };
    let said = open(dir, &small).unwrap_err().to_string();
    assert!(said.starts_with(&file.display().to_string()) && said.contains("gunzip"), "{said}");
}
