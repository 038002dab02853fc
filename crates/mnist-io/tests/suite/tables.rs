//! Tables of mixed columns: types inferred, values encoded, parts divided, and the error for each mistake.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "small tables, made where they are read"
)]

use std::path::Path;

use crate::common::tables::{Folder, contract, notes, options, train_of};
use mnist_io::{
    BlockKind, ColumnKind, Contract, Input, MissingValues, ReadOptions, Reason, Scale, ScaledBy,
    SplitBy, describe, open,
};

/// Fifty rows with a column of each type.
fn mixed() -> String {
    let mut text = "id,city,height,member,joined,visits,note,same,income,class\n".to_owned();
    for i in 0..50 {
        let city = ["Seoul", "Busan", "Daegu"][i % 3];
        let height = if i % 10 == 3 { "NA".to_owned() } else { format!("{}", 150 + i) };
        let member = ["yes", "no"][i % 2];
        let (month, day) = (1 + i % 12, 1 + i % 28);
        let income = if i == 7 { 9_000_000 } else { 1000 + 10 * i };
        let class = if i % 7 == 2 { "" } else { ["a", "b"][i % 2] };
        text += &format!(
            "{i},{city},{height},{member},2024-{month:02}-{day:02},{},n{i},x,{income},{class}\n",
            i % 2
        );
    }
    text
}

fn kind<'a>(contract: &'a Contract, name: &str) -> &'a ColumnKind {
    let Input::Table(table) = &contract.input else { panic!("a table") };
    &table.columns.iter().find(|column| column.name == name).unwrap().kind
}

#[test]
fn every_type_is_found_and_encoded() {
    let dir = Folder::new();
    let opened = open(dir.write("a.csv", mixed()), &options()).unwrap();
    let contract = &opened.contract;
    let ignored = |name, expected| {
        assert_eq!(*kind(contract, name), ColumnKind::Ignored { reason: expected }, "{name}");
    };
    ignored("id", Reason::RowNumber);
    ignored("note", Reason::Identifier);
    ignored("same", Reason::Constant);
    let levels = ["Busan", "Daegu", "Seoul"].map(str::to_owned).to_vec();
    assert_eq!(*kind(contract, "city"), ColumnKind::Category { levels });
    let boolean = |no: &str, yes: &str| ColumnKind::Boolean { no: no.into(), yes: yes.into() };
    assert_eq!(*kind(contract, "member"), boolean("no", "yes"));
    assert_eq!(*kind(contract, "visits"), boolean("0", "1"));
    assert!(
        matches!(kind(contract, "joined"), ColumnKind::Date { format, .. } if format == "%Y-%m-%d")
    );
    assert!(matches!(
        kind(contract, "height"),
        ColumnKind::Number { scaling: ScaledBy::Standard, .. }
    ));

    let layout: Vec<_> = contract.layout().iter().map(|block| (block.kind, block.width)).collect();
    let expected = [
        (BlockKind::Category, 4),
        (BlockKind::Real, 1),
        (BlockKind::Binary, 1),
        (BlockKind::Real, 1),
        (BlockKind::Binary, 1),
        (BlockKind::Real, 1),
    ];
    assert_eq!(layout, expected);
    let train = train_of(&opened);
    assert_eq!((&train.layout, train.n_features()), (&contract.layout(), 9));
    assert_eq!(
        train.feature_names[..5],
        ["city=Busan", "city=Daegu", "city=Seoul", "city=other", "height"]
    );
    assert!(train.has_missing());
    for row in train.images.rows() {
        let group: Vec<f32> = row.iter().take(4).copied().collect();
        assert_eq!(group.iter().sum::<f32>(), 1.0);
        assert_eq!(group[3], 0.0);
        assert!(row[5] == 0.0 || row[5] == 1.0);
    }
    // Seven of fifty rows have no label; a seventh of the others is for testing.
    let unlabelled = opened.unlabelled.as_ref().unwrap();
    assert_eq!((unlabelled.n_samples(), unlabelled.labels.clone()), (7, None));
    assert_eq!((train.n_samples(), opened.data.test.n_samples()), (37, 6));
    let said = notes(&opened);
    for line in [
        "the labels are in column class\n",
        "column id is ignored: it counts the rows\n",
        "column note is ignored: it has a value of its own for almost every row\n",
        "column same is ignored: all its values are equal\n",
        "read as categories: city (3 levels)\n",
        "missing values are marked in height (",
        "7 samples have no label and are used for pretraining\n",
        "2 classes: a, b\n",
    ] {
        assert!(said.contains(line), "{said}\nlacks: {line}");
    }
}

#[test]
fn a_missing_category_is_missing_in_its_whole_group() {
    let dir = Folder::new();
    let mut text = "city,x\n".to_owned();
    for i in 0..20 {
        text += &format!("{},{i}.5\n", ["Seoul", "", "Busan", "?"][i % 4]);
    }
    let opened = open(dir.write("a.csv", text), &options()).unwrap();
    for row in train_of(&opened).images.rows() {
        let missing = row.iter().take(3).filter(|x| x.is_nan()).count();
        assert!(missing == 0 || missing == 3, "{row}");
    }
    let refuse = ReadOptions { missing: MissingValues::Refuse, ..options() };
    let said = open(dir.path().join("a.csv"), &refuse).unwrap_err().to_string();
    assert!(said.contains("a.csv, line 3, column city: no value"), "{said}");
}

#[test]
fn tables_of_unit_values_stay_as_they_are_and_others_are_standardised() {
    let dir = Folder::new();
    let unit: String = (0..20).map(|i| format!("0.{:02},{}\n", i, i % 2)).collect();
    let opened = open(dir.write("unit.csv", format!("a,b\n{unit}")), &options()).unwrap();
    let kinds: Vec<_> = opened.contract.layout().iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::UnitInterval, BlockKind::Binary]);
    assert!(train_of(&opened).images.iter().all(|x| (0.0..=1.0).contains(x)));

    let real: String = (0..21).map(|i| format!("{i},{}\n", 1000 * i)).collect();
    let path = dir.write("real.csv", format!("a,b\n{real}"));
    let opened = open(&path, &options()).unwrap();
    let x = &train_of(&opened).images;
    let n = x.nrows() as f32;
    for column in x.columns() {
        assert!((column.sum() / n).abs() < 1e-5);
        assert!((column.iter().map(|x| x * x).sum::<f32>() / n - 1.0).abs() < 1e-5);
    }
    assert!(notes(&opened).contains("each column scaled to mean 0 and standard deviation 1"));
    let kept = open(&path, &ReadOptions { scale: Scale::None, ..options() }).unwrap();
    assert!(train_of(&kept).images.iter().all(|x| x.fract() == 0.0));
}

#[test]
fn parts_are_divided_by_a_column_by_time_and_by_groups() {
    let dir = Folder::new();
    let mut text = "part,who,day,x\n".to_owned();
    for i in 0..28 {
        let part = if i % 4 == 0 {
            "test"
        } else if i % 4 == 1 {
            "valid"
        } else {
            "train"
        };
        text += &format!("{part},p{},2024-01-{:02},{i}.5\n", i % 7, 28 - i);
    }
    let path = dir.write("a.csv", text);
    let none = || ReadOptions { scale: Scale::None, drop_columns: vec!["day".into()], ..options() };
    // The column x is the last feature.
    #[expect(clippy::cast_sign_loss, reason = "x counts the rows")]
    let rows = |data: &mnist_io::Dataset| -> Vec<usize> {
        data.images.rows().into_iter().map(|row| row[row.len() - 1] as usize).collect()
    };
    let by_column = ReadOptions {
        split_column: Some("part".into()),
        drop_columns: vec!["day".into(), "who".into()],
        ..none()
    };
    let opened = open(&path, &by_column).unwrap();
    assert_eq!(rows(&opened.data.test), [0, 4, 8, 12, 16, 20, 24]);
    let splits = opened.data.clone().split(mnist_io::SplitRule::Study).unwrap();
    assert_eq!(rows(&splits.validation), [1, 5, 9, 13, 17, 21, 25]);
    assert_eq!(splits.train.n_samples(), 14);

    let by_time = ReadOptions { split: SplitBy::Time, drop_columns: vec!["part".into()], ..none() };
    let opened = open(&path, &by_time).unwrap();
    assert_eq!(rows(&opened.data.test), [3, 2, 1, 0], "the last days come first in the file");
    assert!(notes(&opened).contains("by time: the last 4 of 28 are the test part"));

    let by_group = ReadOptions {
        group_column: Some("who".into()),
        drop_columns: vec!["day".into(), "part".into()],
        ..none()
    };
    let opened = open(&path, &by_group).unwrap();
    let splits = opened.data.clone().split(mnist_io::SplitRule::Study).unwrap();
    let groups = |rows: Vec<usize>| -> std::collections::BTreeSet<usize> {
        rows.into_iter().map(|row| row % 7).collect()
    };
    let train = groups(rows(splits.train.in_memory().unwrap()));
    let (validation, test) = (groups(rows(&splits.validation)), groups(rows(&splits.test)));
    assert!(train.is_disjoint(&validation) && train.is_disjoint(&test));
    assert!(validation.is_disjoint(&test));
    assert_eq!(train.len() + validation.len() + test.len(), 7);
}

#[test]
fn a_second_file_is_tested_by_the_contract_of_the_first() {
    let dir = Folder::new();
    let table = |rows: std::ops::Range<u32>| -> String {
        let rows = rows.map(|i| format!("{i}.5,{}\n", ["a", "b"][i as usize % 2]));
        format!("x,y\n{}", rows.collect::<String>())
    };
    let train = dir.write("train.csv", table(0..20));
    let test = dir.write("test.csv", table(10..30).replace("29.5,b", "29.5,"));
    let with_test = ReadOptions { test: Some(test), ..options() };
    let opened = open(&train, &with_test).unwrap();
    assert_eq!((opened.data.train.n_samples(), opened.data.test.n_samples()), (20, 19));
    assert_eq!(opened.data.test.labels.as_ref().unwrap()[..3], [0, 1, 0]);
    assert!(notes(&opened).contains("50.0 % of their values are outside the training range"));
    let strange = dir.write("strange.csv", "x,y\n1,c\n");
    let said = open(&train, &ReadOptions { test: Some(strange), ..options() }).unwrap_err();
    assert!(
        said.to_string().contains("strange.csv, line 2: the label \"c\" is not a class"),
        "{said}"
    );
}

#[test]
fn a_schema_overrides_what_would_be_found() {
    let dir = Folder::new();
    let path = dir.write("a.csv", mixed());
    let schema = dir.write(
        "schema.toml",
        "[columns.visits]\ntype = \"category\"\n[columns.note]\ntype = \"category\"\nlevels = [\"n1\"]\n\
         [columns.city]\ntype = \"ignore\"\n[columns.height]\ntype = \"number\"\nscaling = \"unit\"\n",
    );
    let with = |columns: &Path| ReadOptions { columns: Some(columns.into()), ..options() };
    let opened = open(&path, &with(&schema)).unwrap();
    let contract = &opened.contract;
    let levels = |levels: &[&str]| ColumnKind::Category {
        levels: levels.iter().map(|&level| level.to_owned()).collect(),
    };
    assert_eq!(*kind(contract, "visits"), levels(&["0", "1"]));
    assert_eq!(*kind(contract, "note"), levels(&["n1"]));
    assert_eq!(*kind(contract, "city"), ColumnKind::Ignored { reason: Reason::Dropped });
    assert!(matches!(kind(contract, "height"), ColumnKind::Number { scaling: ScaledBy::Unit, .. }));
    let refused = |text: &str, says: &str| {
        let said = open(&path, &with(&dir.write("bad.toml", text))).unwrap_err().to_string();
        assert!(said.contains(says), "{said}\nlacks: {says}");
        assert!(!said.contains('\n'), "more than one line: {said}");
    };
    refused(
        "[columns.height_cm]\ntype = \"number\"\n",
        "no column \"height_cm\", which the declaration of columns names; expected one of ",
    );
    refused("[columns.city]\ntyp = \"number\"\n", "bad.toml, line ");
    refused("[columns.city]\ntype = \"numeral\"\n", "unknown variant");
    refused(
        "[columns.city]\ntype = \"number\"\n",
        "line 2, column city: \"Seoul\"; expected a number, as the column is declared",
    );
}

#[test]
fn headers_encodings_and_notations_are_read_or_named() {
    let dir = Folder::new();
    let names = |name: &str, bytes: &[u8], options: &ReadOptions| {
        let opened = open(dir.write(name, bytes), options).unwrap();
        opened.contract.feature_names().join("|")
    };
    let rows = "1.5,2\n2.5,4\n3.5,5\n";
    let plain = format!("a,b\n{rows}");
    assert_eq!(names("plain.csv", plain.as_bytes(), &options()), "a|b");
    assert_eq!(names("crlf.txt", plain.replace('\n', "\r\n").as_bytes(), &options()), "a|b");
    assert_eq!(names("packed.csv.gz", &crate::common::gzip(plain.as_bytes()), &options()), "a|b");
    let bom = [b"\xef\xbb\xbf", plain.as_bytes()].concat();
    assert_eq!(names("bom.csv", &bom, &options()), "a|b");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(names("utf16.csv", &utf16, &options()), "a|b");
    let quoted = format!("\"a, or \"\"b\"\"\",c\n{rows}");
    assert_eq!(names("quoted.csv", quoted.as_bytes(), &options()), "a, or \"b\"|c");
    assert_eq!(
        names("korean.csv", format!("키,몸무게\n{rows}").as_bytes(), &options()),
        "키|몸무게"
    );
    let comma = "a;b\n1,5;2\n2,5;4\n3,5;5\n";
    let opened =
        open(dir.write("comma.csv", comma), &ReadOptions { scale: Scale::None, ..options() });
    let total: f32 = {
        let opened = opened.unwrap();
        train_of(&opened).images.column(0).sum() + opened.data.test.images.column(0).sum()
    };
    assert_eq!(total, 7.5);
    let no_header = ReadOptions { header: Some(false), ..options() };
    assert_eq!(names("numbers.csv", b"0,1,2\n5,7,1\n6,8,3\n7,9,4\n", &no_header), "0|1|2");
    let yes = ReadOptions { header: Some(true), scale: Scale::None, ..options() };
    assert_eq!(names("numbers.csv", b"5,1\n5.5,7\n6,8\n7,9\n", &yes), "5|1");

    let refused = |name: &str, bytes: &[u8], says: &[&str]| {
        let said = open(dir.write(name, bytes), &options()).unwrap_err().to_string();
        assert!(says.iter().all(|says| said.contains(says)), "{said}");
    };
    refused(
        "twice.csv",
        b"a,b,a\n1,2,3\n4,5,6\n7,8,9\n",
        &["columns 0 and 2 are both called \"a\""],
    );
    refused("cp949.csv", b"\xb0\xa1,b\n1,2\n3,4\n5,6\n", &["invalid UTF-8", "iconv -f CP949"]);
}

#[test]
fn a_text_among_numbers_and_a_quantity_as_label_are_named() {
    let dir = Folder::new();
    let refused = |text: &str, says: &[&str]| {
        let said = open(dir.write("a.csv", text), &options()).unwrap_err().to_string();
        assert!(says.iter().all(|says| said.contains(says)), "{said}");
    };
    let mut rows: String = (0..40).map(|i| format!("{i}.25,{}\n", i % 2)).collect();
    rows += "12..5,1\n";
    refused(
        &format!("a,b\n{rows}"),
        &["a.csv, line 42, column a: \"12..5\"; expected a number, as 97.56"],
    );
    let prices: String = (0..60).map(|i| format!("{},{}.5\n", i % 9, 100 + i)).collect();
    refused(
        &format!("a,target\n{prices}"),
        &["column target", "60 different numbers in 60 rows", "`none`"],
    );
    let option = ReadOptions { drop_columns: vec!["aa".into()], ..options() };
    let said = open(dir.write("b.csv", "a,b\n1,2\n3,4\n5,6\n"), &option).unwrap_err().to_string();
    assert!(said.contains("no column \"aa\" to leave out; expected one of "), "{said}");
}

#[test]
fn a_description_tells_each_column() {
    let dir = Folder::new();
    let path = dir.write("a.csv", mixed());
    let described = describe(&path, &options()).unwrap();
    assert_eq!(described.contract, contract(&path));
    assert_eq!((described.n_train, described.n_test, described.n_unlabelled), (37, 6, 7));
    assert_eq!(described.class_counts.iter().sum::<usize>(), 37);
    let said = described.to_string();
    for line in [
        "a .csv, .tsv or .txt table, plain or .gz\n",
        "9 features\n",
        "  city    category of 3 levels: Busan, Daegu, Seoul\n",
        "  member  boolean, no or yes\n",
        "  id      ignored: it counts the rows\n",
        "  joined  date from 2024-01-",
    ] {
        assert!(said.contains(line), "{said}\nlacks: {line}");
    }
    let json = serde_json::to_string(&described).unwrap();
    assert_eq!(serde_json::from_str::<mnist_io::Description>(&json).unwrap(), described);
}
