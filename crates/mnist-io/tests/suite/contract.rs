//! New data read by the contract of the training data: a row becomes the same numbers alone, among others, in
//! another file and with its columns in another order.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(clippy::format_collect, reason = "small tables, made where they are read")]

use crate::common::npy;
use crate::common::tables::{Folder, assert_same, contract, options, read, refusal, train_of};
use mnist_io::{
    Contract, Encoding, ImageShape, MissingValues, NewData, Original, ReadOptions, UnknownLevels,
    open,
};
use ndarray::{Axis, s};

const NAMES: [&str; 5] = ["city", "size", "built", "garden", "y"];

/// The fields of row `i`, in the order of [`NAMES`].
fn fields(i: usize) -> [String; 5] {
    [
        ["Seoul", "Busan", "Daegu", ""][i % 4].to_owned(),
        if i % 9 == 5 { "?".to_owned() } else { format!("{}.25", 5_412_000 + 3 * i % 50) },
        format!("20{:02}-0{}-11 1{}:05:07", i % 30, 1 + i % 9, i % 10),
        ["no", "yes"][i % 2].to_owned(),
        ["a", "b", "c"][i % 3].to_owned(),
    ]
}

/// These rows with these columns, which are indices into [`NAMES`].
fn table(rows: impl Iterator<Item = usize>, columns: &[usize]) -> String {
    let line = |fields: &dyn Fn(usize) -> String| -> String {
        columns.iter().map(|&column| fields(column)).collect::<Vec<_>>().join(",") + "\n"
    };
    let mut text = line(&|column| NAMES[column].to_owned());
    for i in rows {
        let row = fields(i);
        text += &line(&|column| row[column].clone());
    }
    text
}

const ALL: [usize; 5] = [0, 1, 2, 3, 4];

#[test]
fn a_row_is_the_same_numbers_whatever_is_beside_it() {
    let dir = Folder::new();
    let train = dir.write("train.csv", table(0..70, &ALL));
    let contract = contract(&train);
    let (whole, labels, report) = read(&contract, &train);
    assert_eq!((whole.dim(), report.n_rows), ((70, 7), 70));
    assert_eq!(labels[..4], [Some(0), Some(1), Some(2), Some(0)]);
    assert!(report.outside_share() < 0.05, "{report}");

    for i in [0, 5, 33, 69] {
        let alone = dir.write("alone.csv", table([i].into_iter(), &ALL));
        let (x, label, _) = read(&contract, &alone);
        assert_same(&x, &whole.slice(s![i..=i, ..]).to_owned());
        assert_eq!(label, [Some((i % 3) as u8)]);
    }
    let shuffled = dir.write("shuffled.csv", table((0..70).rev(), &[4, 2, 0, 3, 1]));
    assert_same(&read(&contract, &shuffled).0, &whole.slice(s![..;-1, ..]).to_owned());
    let unlabelled = dir.write("unlabelled.csv", table(0..70, &ALL[..4]));
    let (x, labels, _) = read(&contract, &unlabelled);
    assert_same(&x, &whole);
    assert!(labels.is_empty());
    let body = table(0..70, &ALL).split_once('\n').unwrap().1.to_owned();
    assert_same(&read(&contract, &dir.write("bare.csv", body)).0, &whole);
    let wide = table(0..70, &ALL).replace('\n', ",9\n").replacen(",9\n", ",more\n", 1);
    let wide = dir.write("wide.csv", wide);
    let rows = contract.rows(&wide, &NewData::default()).unwrap();
    assert_eq!(rows.notes()[0].to_string(), "the model does not use more");
    drop(rows);
    assert_same(&read(&contract, &wide).0, &whole);

    // The training samples are among those rows too.
    let opened = open(&train, &options()).unwrap();
    for row in train_of(&opened).images.rows() {
        let bits: Vec<u32> = row.iter().map(|x| x.to_bits()).collect();
        assert!(
            whole
                .rows()
                .into_iter()
                .any(|other| other.iter().map(|x| x.to_bits()).eq(bits.iter().copied()))
        );
    }
}

#[test]
fn large_values_that_differ_little_stay_apart() {
    let dir = Folder::new();
    let rows: String =
        (0..100).map(|i| format!("{},{}\n", 5_412_000.0 + f64::from(i) / 100.0, i % 7)).collect();
    let path = dir.write("utm.csv", format!("east,x\n{rows}"));
    let (x, _, _) = read(&contract(&path), &path);
    let distinct: std::collections::BTreeSet<u32> =
        x.column(0).iter().map(|x| x.to_bits()).collect();
    assert_eq!(distinct.len(), 100);
}

#[test]
fn a_contract_survives_json() {
    let dir = Folder::new();
    let path = dir.write("train.csv", table(0..70, &ALL));
    let array = dir.write("x.npy", npy("<f4", "(5, 2)", &[0; 40]));
    for contract in [contract(&path), contract(&array)] {
        let json = serde_json::to_string_pretty(&contract).unwrap();
        let back: Contract = serde_json::from_str(&json).unwrap();
        assert_eq!(back, contract);
        assert!(json.contains("\"version\": 1"));
    }
    let json = serde_json::to_string(&contract(&path)).unwrap();
    for part in [
        r#"{"name":"city","index":0,"type":"category","levels":["Busan","Daegu","Seoul"],"missing_share":"#,
        r#""type":"date","format":"%Y-%m-%d %H:%M:%S%.f","centre":"#,
        r#"{"column":"y","index":4,"names":["a","b","c"]}"#,
        r#""missing":"mark""#,
    ] {
        assert!(json.contains(part), "{json}\nlacks: {part}");
    }
}

#[test]
fn features_lead_back_to_values_in_their_units() {
    let dir = Folder::new();
    let path = dir.write("train.csv", table(0..70, &ALL));
    let contract = contract(&path);
    let (x, _, _) = read(&contract, &path);
    let columns = contract.original(x.view());
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, NAMES[..4]);
    for i in 0..70 {
        let expected = fields(i);
        assert_eq!(columns[0].1.text(i), expected[0]);
        assert_eq!(columns[3].1.text(i), expected[3]);
        let Original::Numbers(sizes) = &columns[1].1 else { panic!("numbers") };
        match sizes[i] {
            None => assert_eq!(expected[1], "?"),
            Some(size) => {
                let exact: f64 = expected[1].parse().unwrap();
                assert!((size - exact).abs() < 1e-5, "{size} of {exact}");
            }
        }
        // Thirty years in f32 are exact to within about a minute.
        assert_eq!(columns[2].1.text(i)[..10], expected[2][..10]);
    }
}

#[test]
fn the_encoding_can_be_carried_elsewhere() {
    let dir = Folder::new();
    let path = dir.write("train.csv", table(0..70, &ALL));
    let contract = contract(&path);
    let (x, _, _) = read(&contract, &path);
    for i in (0..70).filter(|i| i % 4 != 3 && i % 9 != 5) {
        let row = fields(i);
        let mut features = Vec::new();
        for encoding in contract.affine() {
            match encoding {
                Encoding::Number { shift, date_format: None, .. } => {
                    let value: f64 = row[1].parse().unwrap();
                    features.push(((value - shift.centre) / shift.spread) as f32);
                }
                Encoding::Number { .. } => features.push(x[(i, features.len())]),
                Encoding::Boolean { yes, .. } => features.push(f32::from(u8::from(row[3] == yes))),
                Encoding::Category { levels, .. } => {
                    features
                        .extend(levels.iter().map(|level| f32::from(u8::from(*level == row[0]))));
                    features.push(0.0);
                }
            }
        }
        assert_eq!(x.row(i).to_vec(), features);
    }
}

#[test]
fn what_differs_from_training_is_counted() {
    let dir = Folder::new();
    let train = dir.write(
        "train.csv",
        "city,size,y\n".to_owned()
            + &(0..40)
                .map(|i| format!("{},{}.5,{}\n", ["Seoul", "Busan"][i % 2], i, ["a", "b"][i / 20]))
                .collect::<String>(),
    );
    let contract = contract(&train);
    let new = dir.write("new.csv", "size,city,y\n100,Seoul,a\n-7,Jeju,c\n3,Jeju,\n,Busan,b\n");
    let (x, labels, report) = read(&contract, &new);
    assert_eq!(labels, [Some(0), None, None, Some(1)]);
    assert_eq!(x.row(1).to_vec()[..3], [0.0, 0.0, 1.0], "an unknown city is another one");
    assert!(x[(3, 3)].is_nan());
    let (city, size) = (&report.features[0], &report.features[1]);
    assert_eq!(city.unknown_levels, [("Jeju".to_owned(), 2)]);
    assert_eq!((size.outside_share, size.missing_share), (2.0 / 3.0, 0.25));
    assert_eq!((report.n_labelled, report.unknown_classes.clone()), (2, vec![("c".to_owned(), 1)]));
    let said = report.to_string();
    assert!(
        said.contains("33.3 % of the values are outside the range learned: size (66.7 %)\n"),
        "{said}"
    );
    assert!(said.contains("2 rows have unknown levels of city: Jeju (2)\n"), "{said}");
    assert!(said.contains("1 row has unknown classes: c (1)\n"), "{said}");

    let refuse = NewData { unknown_levels: UnknownLevels::Refuse, ..NewData::default() };
    let said = refusal(&contract, &new, &refuse);
    assert!(
        said.contains("new.csv, line 3, column city: \"Jeju\"; expected one of Busan, Seoul"),
        "{said}"
    );
    let refuse = NewData { refuse_unknown_classes: true, ..NewData::default() };
    let said = refusal(&contract, &new, &refuse);
    assert!(said.contains("line 3: the label \"c\" is not a class"), "{said}");
}

#[test]
fn every_mistake_in_new_data_is_named() {
    let dir = Folder::new();
    let train = dir.write("train.csv", table(0..70, &ALL));
    let contract = contract(&train);
    let refused = |text: &str, says: &str| {
        let path = dir.write("new.csv", text);
        let said = refusal(&contract, &path, &NewData::default());
        assert!(said.starts_with(&path.display().to_string()), "{said}");
        assert!(said.contains(says) && !said.contains('\n'), "{said}\nlacks: {says}");
    };
    refused(
        "city,size,garden\nSeoul,3,no\n",
        "no column \"built\", which the model needs; found city, size, garden",
    );
    let with =
        |size: &str, built: &str| format!("city,size,built,garden\nSeoul,{size},{built},no\n");
    let moment = "2001-01-11 10:05:07";
    refused(&with("large", moment), "line 2, column size: \"large\"; expected a finite number");
    refused(&with("1e400", moment), "line 2, column size: \"1e400\"");
    refused(
        &with("3", "11.01.2001"),
        "column built: \"11.01.2001\"; expected a date in the format %Y-%m-%d %H:%M:%S%.f",
    );
    refused("1,2,3\n4,5,6\n", "has 3 values per sample; expected 4");
    refused(&with("3", moment).replace("no\n", "no,1\n"), "line 2: 5 fields; expected 4");

    let strict = ReadOptions {
        missing: MissingValues::Refuse,
        drop_columns: vec!["city".into(), "size".into()],
        ..options()
    };
    let strict = open(&train, &strict).unwrap().contract;
    let path = dir.write("new.csv", "built,garden\n,no\n");
    let said = refusal(&strict, &path, &NewData::default());
    assert!(said.contains("line 2, column built: \"\"; expected a value"), "{said}");

    let images = dir.write("a.npy", npy("|u1", "(5, 2, 3)", &[7; 30]));
    let images = crate::common::tables::contract(&images);
    let size = dir.write("b.npy", npy("|u1", "(5, 3, 3)", &[7; 45]));
    let said = refusal(&images, &size, &NewData::default());
    assert!(said.contains("has images of 3x3 pixels; expected 2x3 pixels"), "{said}");
    let width = dir.write("c.csv", "1,2,3\n4,5,6\n");
    let said = refusal(&images, &width, &NewData::default());
    assert!(said.contains("has 3 values per sample; expected 6"), "{said}");
}

#[test]
fn arrays_are_scaled_by_the_training_array_in_every_format() {
    let dir = Folder::new();
    let values: Vec<f64> = (0..60).map(|i| 5e6 + f64::from(i * i % 17) / 4.0).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let train = dir.write("x.npy", npy("<f8", "(20, 3)", &bytes));
    let contract = contract(&train);
    let (whole, _, report) = read(&contract, &train);
    assert_eq!(report.n_rows, 20);
    let one = dir.write("one.npy", npy("<f8", "(1, 3)", &bytes[24..48]));
    assert_same(&read(&contract, &one).0, &whole.select(Axis(0), &[1]));
    let lines: String =
        values.chunks(3).map(|row| format!("{},{},{}\n", row[0], row[1], row[2])).collect();
    assert_same(&read(&contract, &dir.write("x.csv", lines)).0, &whole);
    let shifted: Vec<u8> = values.iter().flat_map(|x| (x + 100.0).to_le_bytes()).collect();
    let shifted = dir.write("shifted.npy", npy("<f8", "(20, 3)", &shifted));
    assert_eq!(read(&contract, &shifted).2.outside_share(), 1.0);
    // A model of a table accepts an array by column position.
    let lines: String =
        values.chunks(3).map(|row| format!("{},{},{}\n", row[0], row[1], row[2])).collect();
    let table = crate::common::tables::contract(&dir.write("table.csv", format!("a,b,c\n{lines}")));
    let from_table = read(&table, &dir.path().join("table.csv")).0;
    assert_same(&read(&table, &train).0, &from_table);
}

#[test]
fn values_of_an_array_in_memory_are_taken_as_they_are() {
    let names = vec!["odd".to_owned(), "even".to_owned()];
    let contract =
        Contract::of_values("array", ImageShape::grey(1, 3), 2, (-1.0, 7.5), Some(names.clone()));
    let dir = Folder::new();
    let (x, _, report) = read(&contract, &dir.write("x.csv", "a,b,c\n-1,0.25,7.5\n8,0,0\n"));
    assert_eq!(x, ndarray::array![[-1.0, 0.25, 7.5], [8.0, 0.0, 0.0]]);
    assert!(report.outside_share() > 0.0, "8 is above the training values");
    let text = serde_json::to_string(&contract).unwrap();
    let again: Contract = serde_json::from_str(&text).unwrap();
    assert_eq!(again, contract);
    assert_eq!(again.classes.unwrap().names, names);
}

#[test]
fn idx_files_and_images_follow_the_contract() {
    let dir = Folder::new();
    crate::common::small_set(dir.path());
    let opened = open(dir.path(), &options()).unwrap();
    let (x, labels, _) = read(&opened.contract, dir.path());
    assert_eq!((x.nrows(), labels.len()), (8, 8), "the training images, then the test images");
    assert_eq!(x.slice(s![..6, ..]), train_of(&opened).images);
    assert_eq!(labels[..4], [Some(0), Some(1), Some(2), Some(0)]);
    let pngs = Folder::new();
    pngs.write("2/a.png", crate::common::png(1, 2, image::ExtendedColorType::L8, &[0, 1]));
    let (png, label, _) = read(&opened.contract, pngs.path());
    assert_same(&png, &x.slice(s![..1, ..]).to_owned());
    assert_eq!(label, [Some(2)]);
}
