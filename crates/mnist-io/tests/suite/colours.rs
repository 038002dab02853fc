//! Colour images: folders read as RGB, arrays with three channels, and contracts of either kind that read the
//! other.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use crate::common::tables::{
    Folder, assert_same, contract, notes, options, read, refusal, sorted, train_of,
};
use crate::common::{npy, npz, png};
use image::ExtendedColorType::{L8, Rgb8, Rgba8};
use mnist_io::{Contract, Derived, Error, ImageShape, NewData, TrainTest, describe, open};
use ndarray::{Array2, s};

const RGB: ImageShape = ImageShape { channels: 3, ..ImageShape::grey(2, 2) };

/// The bytes of image `i`: 2 × 2 pixels of 3 channels.
fn bytes(i: usize) -> Vec<u8> {
    (0..12).map(|value| ((i * 37 + value * 19) % 256) as u8).collect()
}

fn coloured(i: usize) -> Vec<u8> {
    png(2, 2, Rgb8, &bytes(i))
}

/// The features of bytes.
fn features(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

/// Twelve images of two classes, in the order of their names.
fn two_classes() -> Folder {
    let dir = Folder::new();
    for i in 0..12 {
        dir.write(&format!("{}/{i:02}.png", ["warm", "cold"][i % 2]), coloured(i));
    }
    dir
}

#[test]
fn a_coloured_image_is_the_same_numbers_whatever_is_beside_it() {
    let dir = two_classes();
    let opened = open(dir.path(), &options()).unwrap();
    assert_eq!((opened.contract.shape(), train_of(&opened).shape), (RGB, RGB));
    assert_eq!((opened.contract.n_features(), opened.contract.layout()[0].width), (12, 12));
    let said = notes(&opened);
    assert!(said.contains("in colour: 12 of 12 training images are coloured"), "{said}");
    assert!(!said.contains("grey"), "{said}");
    let described = describe(dir.path(), &options()).unwrap().to_string();
    assert!(described.contains("an array of 2x2 pixels with 3 channels, divided"), "{described}");
    // Channels come last, and classes are sorted by name.
    let rows = sorted(&opened);
    for i in 0..12 {
        let expected = (features(&bytes(i)), Some(u8::from(i % 2 == 0)));
        assert!(rows.contains(&expected), "image {i}");
    }

    let (whole, labels, report) = read(&opened.contract, dir.path());
    assert_eq!((whole.dim(), report.outside_share()), ((12, 12), 0.0));
    assert_eq!(labels[..7], [[Some(0); 6].as_slice(), &[Some(1)]].concat());
    let row = |i: usize| {
        let place = i / 2 + if i % 2 == 1 { 0 } else { 6 };
        whole.slice(s![place..=place, ..]).to_owned()
    };
    for i in [0, 5, 11] {
        let alone = Folder::new();
        alone.write("new.png", coloured(i));
        assert_same(&read(&opened.contract, alone.path()).0, &row(i));
    }
    let shuffled = Folder::new();
    for i in 0..12 {
        shuffled.write(&format!("{:02}.png", (i * 5 + 3) % 12), coloured(i));
    }
    let x = read(&opened.contract, shuffled.path()).0;
    for i in 0..12 {
        let place = (i * 5 + 3) % 12;
        assert_same(&x.slice(s![place..=place, ..]).to_owned(), &row(i));
    }
}

#[test]
fn grey_images_among_coloured_ones_have_equal_channels() {
    let dir = two_classes();
    dir.write("warm/grey.png", png(2, 2, L8, &[0, 51, 102, 255]));
    // Transparent black becomes white; half-transparent red becomes pink.
    let clear = [[0, 0, 0, 0], [255, 0, 0, 128], [9, 9, 9, 255], [0, 0, 255, 255]].concat();
    dir.write("cold/clear.png", png(2, 2, Rgba8, &clear));
    let opened = open(dir.path(), &options()).unwrap();
    let said = notes(&opened);
    assert!(said.contains("13 of 14 training images are coloured"), "{said}");
    assert!(said.contains("1 images with transparency were put on a white ground"), "{said}");
    let rows = sorted(&opened);
    let has = |bytes: &[u8]| rows.iter().any(|(row, _)| *row == features(bytes));
    assert!(has(&[0, 0, 0, 51, 51, 51, 102, 102, 102, 255, 255, 255]));
    assert!(has(&[255, 255, 255, 255, 127, 127, 9, 9, 9, 0, 0, 255]));

    // The training part determines the colours.
    let parts = Folder::new();
    for i in 0..3 {
        parts.write(&format!("train/{i}.png"), coloured(i));
    }
    parts.write("test/0.png", png(2, 2, L8, &[0, 51, 102, 255]));
    let opened = open(parts.path(), &options()).unwrap();
    assert_eq!((opened.data.test.shape, opened.data.test.n_features()), (RGB, 12));
    assert_eq!(opened.data.test.images[(0, 3)], 0.2);
}

#[test]
fn a_contract_of_grey_images_reads_coloured_ones_as_grey_and_says_so() {
    let dir = Folder::new();
    for i in 0..4 {
        dir.write(&format!("{i}.png"), png(1, 2, L8, &[i, 9 * i]));
    }
    let grey = contract(dir.path());
    assert_eq!(grey.shape(), ImageShape::grey(2, 1));
    let new = Folder::new();
    new.write("new.png", png(1, 2, Rgb8, &[255, 0, 0, 0, 255, 0]));
    let rows = grey.rows(new.path(), &NewData::default()).unwrap();
    let said: Vec<String> = rows.notes().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["1 images in colour or with transparency were made opaque grey"]);
    let x = read(&grey, new.path()).0;
    assert_eq!(x, ndarray::array![[54.0_f32 / 255.0, 182.0 / 255.0]]);
}

#[test]
fn arrays_with_three_channels_are_images_in_colour() {
    let dir = two_classes();
    let of_folder = contract(dir.path());
    let all: Vec<u8> = (0..12).flat_map(bytes).collect();
    let array = dir.write("arrays/rgb.npy", npy("|u1", "(12, 2, 2, 3)", &all));
    let opened = open(&array, &options()).unwrap();
    assert_eq!(opened.contract.shape(), RGB);
    let features = Array2::from_shape_vec((12, 12), features(&all)).unwrap();
    for contract in [&opened.contract, &of_folder] {
        assert_same(&read(contract, &array).0, &features);
    }
    let archive = npz(&[("x", npy("|u1", "(12, 2, 2, 3)", &all))]);
    let archive = dir.write("arrays/rgb.npz", archive);
    assert_same(&read(&opened.contract, &archive).0, &features);
    // Rows of the same numbers without a shape are accepted as they are.
    let flat = dir.write("arrays/flat.npy", npy("|u1", "(12, 12)", &all));
    assert_same(&read(&opened.contract, &flat).0, &features);
    // As before, a single leading channel is grey, here with a different height.
    let grey = dir.write("arrays/grey.npy", npy("|u1", "(12, 1, 4, 3)", &all));
    assert_eq!(contract(&grey).shape(), ImageShape::grey(4, 3));
}

#[test]
fn shapes_that_do_not_match_give_one_line() {
    let dir = two_classes();
    let rgb = contract(dir.path());
    let new = Folder::new();
    let says = |contract: &Contract, path: &std::path::Path, expected: &str| {
        let said = refusal(contract, path, &NewData::default());
        assert!(said.contains(expected) && !said.contains('\n'), "{said}");
    };
    let zeros = |n: usize| vec![0; n];
    let case = |name: &str, shape: &str, n: usize| {
        new.write(&format!("{name}.npy"), npy("|u1", shape, &zeros(n)))
    };
    let wide = case("wide", "(1, 2, 6, 3)", 36);
    says(&rgb, &wide, "2x6 pixels with 3 channels; expected 2x2 pixels with 3 channels");
    says(&rgb, &case("grey", "(1, 3, 4)", 12), "3x4 pixels; expected 2x2 pixels with 3 channels");
    // Twelve values in both cases, but different images.
    let grey = contract(&case("four", "(4, 1, 12)", 48));
    let rgb_file = case("one", "(1, 2, 2, 3)", 12);
    says(&grey, &rgb_file, "2x2 pixels with 3 channels; expected 1x12 pixels");
    let table = (0..4).map(|i| vec![i.to_string(); 12].join(",") + "\n").collect::<Vec<_>>();
    let table = contract(&new.write("table.csv", table.concat()));
    says(&table, &rgb_file, "2x2 pixels with 3 channels; expected 1x12 pixels");
    let said = open(case("first", "(4, 3, 2, 2)", 48), &options()).unwrap_err().to_string();
    assert!(said.contains("or, in colour, (samples, height, width, 3)"), "{said}");

    dir.write("warm/large.png", png(3, 2, L8, &[0; 6]));
    let said = open(dir.path(), &options()).unwrap_err().to_string();
    assert!(said.contains("has 2x3 pixels, the first image 2x2 pixels"), "{said}");

    let part = train_of(&open(new.path().join("four.npy"), &options()).unwrap()).clone();
    let other = Derived::Rot.make(|| Ok(TrainTest { train: part.clone(), test: part }));
    let other = other.unwrap_err();
    assert!(matches!(other, Error::NotDigits { .. }) && other.to_string().contains("mnist-rot"));
}

#[test]
fn a_contract_says_channels_only_in_its_place_and_grey_ones_keep_their_bytes() {
    let dir = two_classes();
    let rgb = contract(dir.path());
    let text = serde_json::to_string(&rgb).unwrap();
    assert!(
        text.contains(r#""shape":{"height":2,"width":2},"channels":3,"pixels":true"#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Contract>(&text).unwrap(), rgb);
    let two = text.replace("\"channels\":3", "\"channels\":2");
    let said = serde_json::from_str::<Contract>(&two).unwrap_err().to_string();
    assert!(said.contains("channels = 2: expected 1 or 3"), "{said}");
    let grey = dir.write("grey.npy", npy("|u1", "(4, 2, 2)", &[0; 16]));
    let text = serde_json::to_string(&contract(&grey)).unwrap();
    assert!(
        text.contains(r#""shape":{"height":2,"width":2},"channels":1,"pixels":false"#),
        "{text}"
    );

    let plain = serde_json::to_string(&ImageShape::grey(3, 4)).unwrap();
    assert_eq!(plain, r#"{"height":3,"width":4}"#);
    assert_eq!(serde_json::from_str::<ImageShape>(&plain).unwrap(), ImageShape::grey(3, 4));
    let text = serde_json::to_string(&RGB).unwrap();
    assert_eq!(serde_json::from_str::<ImageShape>(&text).unwrap(), RGB);
}
