//! Small inputs typical of users. Each once revealed a bug.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "small tables, made where they are read"
)]

use crate::common::tables::{Folder, assert_same, contract, notes, options, read, train_of};
use crate::common::{npy, npz};
use mnist_io::{BlockKind, ReadOptions, SplitBy, open};
use ndarray::s;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Draws from an approximately normal distribution.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

fn csv(head: &str, rows: &[Vec<f64>]) -> String {
    let lines = rows
        .iter()
        .map(|row| row.iter().map(|x| format!("{x:.5}")).collect::<Vec<_>>().join(",") + "\n");
    format!("{head}\n{}", lines.collect::<String>())
}

#[test]
fn the_scaling_is_that_of_the_training_file() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let dir = Folder::new();
    let (mean, std) = ([10.0, 200.0, -3.0], [2.0, 30.0, 0.5]);
    let row = |_| (0..3).map(|i| mean[i] + std[i] * normal(rng)).collect();
    let rows: Vec<Vec<f64>> = (0..210).map(row).collect();
    let train = dir.write("sc_train.csv", csv("a,b,c", &rows));
    let contract = contract(&train);
    let (x, _, report) = read(&contract, &train);
    // The 30 test rows may lie slightly outside the range of the others.
    assert!(report.outside_share() < 0.02, "{report}");
    assert_same(&read(&contract, &dir.write("sc_same.csv", csv("a,b,c", &rows))).0, &x);
    let few = read(&contract, &dir.write("sc_one.csv", csv("a,b,c", &rows[..3]))).0;
    assert_same(&few, &x.slice(s![..3, ..]).to_owned());

    let shift = |row: &Vec<f64>| (0..3).map(|i| row[i] + 2.0 * std[i]).collect();
    let shifted: Vec<Vec<f64>> = rows.iter().map(shift).collect();
    let shifted = dir.write("sc_shift.csv", csv("a,b,c", &shifted));
    let (moved, _, report) = read(&contract, &shifted);
    let mean = (&moved - &x).mean().unwrap();
    assert!((1.7..2.3).contains(&mean), "two standard deviations, not {mean}");
    assert!(report.outside_share() > 0.1, "{report}");
    assert!(report.to_string().contains("of the values are outside the range learned"));
}

#[test]
fn whole_numbers_are_scaled_by_the_training_maximum() {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let dir = Folder::new();
    let rows: Vec<Vec<u8>> = (0..210)
        .map(|i| (0..6).map(|_| if i < 20 { 16 } else { rng.random_range(0..17) }).collect())
        .collect();
    let text = |rows: &[Vec<u8>]| -> String {
        let line =
            |row: &Vec<u8>| row.iter().map(u8::to_string).collect::<Vec<_>>().join(",") + "\n";
        rows.iter().map(line).collect()
    };
    let train = dir.write("int_train.csv", text(&rows));
    let contract = contract(&train);
    let (x, _, _) = read(&contract, &train);
    let half: Vec<Vec<u8>> =
        rows.iter().map(|row| row.iter().map(|&x| x.min(8)).collect()).collect();
    let (halved, _, _) = read(&contract, &dir.write("int_new.csv", text(&half)));
    for ((place, new), old) in halved.indexed_iter().zip(&x) {
        assert!(rows[place.0][place.1] > 8 || new == old);
    }
    let (one, _, _) = read(&contract, &dir.write("int_one.csv", text(&rows[..1])));
    assert_same(&one, &x.slice(s![..1, ..]).to_owned());
}

const FLOWERS: [&str; 3] = ["setosa", "versicolor", "virginica"];
const HEAD: &str = "sepal length,sepal width,petal length,petal width,species";

fn flower(i: usize, columns: [usize; 4]) -> String {
    let values: Vec<String> =
        columns.iter().map(|c| format!("0.{:04}", (i * 37 + c * 911) % 10_000)).collect();
    format!("{},{}", values.join(","), FLOWERS[i % 3])
}

#[test]
fn columns_and_classes_are_matched_by_name() {
    let dir = Folder::new();
    let table = |head: &str, rows: Vec<String>| format!("{head}\n{}\n", rows.join("\n"));
    let all: Vec<String> = (0..60).map(|i| flower(i, [0, 1, 2, 3])).collect();
    let path = dir.write("plain.csv", table(HEAD, all.clone()));
    let by_species = ReadOptions { label_column: Some("species".into()), ..options() };
    let contract = open(&path, &by_species).unwrap().contract;
    let (x, labels, _) = read(&contract, &path);
    assert_eq!(labels[..4], [Some(0), Some(1), Some(2), Some(0)]);

    let two: Vec<String> = all.iter().filter(|row| !row.contains("setosa")).cloned().collect();
    let (_, labels, _) = read(&contract, &dir.write("nd_two.csv", table(HEAD, two)));
    assert_eq!(labels[..4], [Some(1), Some(2), Some(1), Some(2)], "not numbered anew");

    let head = "petal width,petal length,sepal width,sepal length,species";
    let turned = (0..60).map(|i| flower(i, [3, 2, 1, 0])).collect();
    assert_same(&read(&contract, &dir.write("nd_perm.csv", table(head, turned))).0, &x);
    let bare = all.iter().map(|row| row.rsplit_once(',').unwrap().0.to_owned()).collect();
    let head = HEAD.rsplit_once(',').unwrap().0;
    let (bare, labels, _) = read(&contract, &dir.write("nd_nolabel.csv", table(head, bare)));
    assert_same(&bare, &x);
    assert!(labels.is_empty());
}

#[test]
fn time_stamps_and_map_coordinates_keep_their_digits() {
    let rng = &mut ChaCha8Rng::seed_from_u64(4);
    let dir = Folder::new();
    let distinct = |x: ndarray::ArrayView1<f32>| {
        x.iter().map(|x| x.to_bits()).collect::<std::collections::BTreeSet<_>>().len()
    };
    let stamps: String =
        (0..210).map(|i| format!("{},{:.4}\n", 1_700_000_000 + 17 * i, normal(rng))).collect();
    let path = dir.write("stamps.csv", format!("time,x\n{stamps}"));
    assert_eq!(distinct(read(&contract(&path), &path).0.column(0)), 210);
    let utm: Vec<u8> = (0..210)
        .flat_map(|_| [5_412_000.0 + 0.5 * normal(rng), normal(rng)])
        .flat_map(f64::to_le_bytes)
        .collect();
    let path = dir.write("utm.npy", npy("<f8", "(210, 2)", &utm));
    let (x, _, _) = read(&contract(&path), &path);
    assert!(distinct(x.column(0)) >= 209, "{} of 210", distinct(x.column(0)));
}

#[test]
fn one_percent_of_a_class_is_in_every_part() {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let dir = Folder::new();
    let mut text = "\"Time\",\"V1\",\"V2\",\"Amount\",\"Class\"\n".to_owned();
    for i in 0..700 {
        let (a, b, c) = (normal(rng), normal(rng), normal(rng));
        text += &format!("{i},{a:.5},{b:.5},{c:.5},\"{}\"\n", u8::from(i % 100 == 0));
    }
    let opened = open(dir.write("fraud.csv", text), &options()).unwrap();
    assert_eq!(opened.contract.feature_names(), ["Time", "V1", "V2", "Amount"]);
    assert_eq!(opened.contract.class_names(), ["0", "1"]);
    assert_eq!(opened.data.test.class_counts(), [99, 1]);
    assert_eq!(train_of(&opened).class_counts(), [594, 6]);
}

#[test]
fn sparse_words_spins_and_windows() {
    let dir = Folder::new();
    let (n, width) = (40, 500);
    let words: Vec<u8> = (0..n * width).map(|i| u8::from(i * 7919 % 1009 == 3)).collect();
    let x = npy("|u1", &format!("({n}, {width})"), &words);
    let y: Vec<u8> = (0..n).map(|i| (i % 4) as u8).collect();
    let y = npy("|u1", &format!("({n},)"), &y);
    let opened = open(dir.write("sparse.npz", npz(&[("x", x), ("y", y)])), &options()).unwrap();
    assert_eq!(opened.data.train.layout()[0].kind, BlockKind::UnitInterval);
    assert!(train_of(&opened).images.iter().all(|&x| x == 0.0 || x == 1.0));

    let spins: Vec<u8> = (0..160).map(|i| if i * 31 % 7 < 3 { 255 } else { 1 }).collect();
    let opened = open(dir.write("spins.npy", npy("|i1", "(10, 16)", &spins)), &options()).unwrap();
    assert!(train_of(&opened).images.iter().all(|&x| x == -1.0 || x == 1.0));
    assert_eq!(opened.data.train.layout()[0].kind, BlockKind::Real);

    // Overlapping windows of a series: the last ones are for testing.
    let series: Vec<f64> = (0..131).map(|t| (f64::from(t) / 7.0).sin() * 50.0 + 100.0).collect();
    let windows: Vec<u8> =
        (0..100).flat_map(|i| &series[i..i + 32]).flat_map(|x| x.to_le_bytes()).collect();
    let path = dir.write("windows.npy", npy("<f8", "(100, 32)", &windows));
    let by_time = ReadOptions { split: SplitBy::Time, ..options() };
    let opened = open(&path, &by_time).unwrap();
    assert!(notes(&opened).contains("by time: the last 14 of 100 are the test part"));
    let (x, _, _) = read(&opened.contract, &path);
    assert_same(&opened.data.test.images.to_owned(), &x.slice(s![86.., ..]).to_owned());
    assert_same(&train_of(&opened).images.to_owned(), &x.slice(s![..86, ..]).to_owned());
}

/// Rows of 64 whole numbers up to 16, written with a decimal point, as pandas does.
fn digits(n: usize, index: bool, label: bool) -> String {
    let mut text = String::new();
    for i in 0..n {
        let pixels: Vec<String> = (0..64).map(|j| format!("{}.0", (i * 31 + j * j) % 17)).collect();
        if index {
            text += &format!("{i},");
        }
        text += &pixels.join(",");
        if label {
            text += &format!(",{}", i % 10);
        }
        text.push('\n');
    }
    text
}

#[test]
fn pandas_headers_and_indices_are_neither_samples_nor_features() {
    let dir = Folder::new();
    let numbers = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    let plain = format!("{}\n{}", numbers(64), digits(70, false, false));
    let with_y = format!("{}\n{}", numbers(65), digits(70, false, true));
    let with_index = format!(",{},target\n{}", numbers(64), digits(70, true, true));
    let pixels: Vec<String> = (0..64).map(|i| format!("pixel_{}_{}", i / 8, i % 8)).collect();
    let good = format!("{},target\n{}", pixels.join(","), digits(70, false, true));
    let labelled = ReadOptions { label_column: Some("64".into()), ..options() };
    for (name, text, options) in [
        ("digits_intcols.csv", plain, options()),
        ("digits_intcols_y.csv", with_y, labelled),
        ("digits_index_y.csv", with_index, options()),
        ("digits_good.csv", good, options()),
    ] {
        let opened = open(dir.write(name, text), &options).unwrap();
        let train = train_of(&opened);
        assert_eq!(train.n_samples() + opened.data.test.n_samples(), 70, "{name}");
        assert_eq!((train.shape.height, train.shape.width), (8, 8), "{name}");
        let n_classes = if name == "digits_intcols.csv" { 0 } else { 10 };
        assert_eq!(train.n_classes, n_classes, "{name}");
        let whole = |x: &f32| (x * 16.0).fract() == 0.0 && (0.0..=1.0).contains(x);
        assert!(train.images.iter().all(whole), "{name}: divided by 16");
        assert_eq!(train.layout[0].kind, BlockKind::UnitInterval);
    }
}

#[test]
fn real_tables_are_standardised_with_no_option() {
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    let dir = Folder::new();
    let rows: Vec<Vec<f64>> = (0..150)
        .map(|_| {
            vec![5.8 + 0.8 * normal(rng), 745.0 + 315.0 * normal(rng), 0.1 + 0.01 * normal(rng)]
        })
        .collect();
    let opened =
        open(dir.write("wine.csv", csv("alcohol,proline,hue", &rows)), &options()).unwrap();
    let x = &train_of(&opened).images;
    for column in x.columns() {
        assert!(column.mean().unwrap().abs() < 1e-5);
        assert!((column.std(0.0) - 1.0).abs() < 1e-5);
    }
    assert_eq!(opened.contract.layout()[0].kind, BlockKind::Real);
}
