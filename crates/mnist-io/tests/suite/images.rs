//! Folders of images, and the spellings of their parts.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use crate::common::tables::{folder, notes, options, refused, sorted, write};
use crate::common::{npy, npz, png};
use mnist_io::{ImageShape, SplitRule, open};
use ndarray::array;

#[test]
fn folders_of_images() {
    let dir = folder();
    let grey = |value: u8| png(2, 1, image::ExtendedColorType::L8, &[value, 255]);
    let colours = png(2, 1, image::ExtendedColorType::Rgb8, &[51, 51, 51, 255, 255, 255]);
    for (name, bytes) in [
        ("cat/1.png", grey(0)),
        ("cat/2.png", colours),
        ("dog/1.PNG", grey(102)),
        ("dog/notes.txt", vec![]),
    ] {
        write(dir.path(), name, bytes);
    }
    let opened = open(dir.path(), &options()).unwrap();
    let rows = [(0.0, 0), (0.2, 0), (0.4, 1)].map(|(x, class)| (vec![x, 1.0], Some(class)));
    assert_eq!(sorted(&opened), rows);
    assert_eq!(opened.data.train.class_names(), ["cat", "dog"]);
    assert!(notes(&opened).contains("1 file in "), "{}", notes(&opened));

    let flat = open(dir.path().join("cat"), &options());
    assert!(flat.unwrap_err().to_string().contains("has 2 rows; expected at least 3"));

    let parts = folder();
    for name in ["train/a/1.png", "train/b/1.png", "train/b/2.png", "test/b/1.png"] {
        write(parts.path(), name, grey(255));
    }
    let opened = open(parts.path(), &options()).unwrap();
    assert_eq!((opened.data.train.n_samples(), opened.data.test.labels), (3, Some(vec![1])));
}

#[test]
fn by_a_grey_training_part_colours_and_transparency_become_grey_bytes_and_that_is_said() {
    use image::ExtendedColorType::{L16, La8, Rgb8};
    let dir = folder();
    let deep: Vec<u8> = [0_u16, 65_535].iter().flat_map(|x| x.to_ne_bytes()).collect();
    write(dir.path(), "train/1.png", png(2, 1, L16, &deep));
    write(dir.path(), "train/2.png", png(2, 1, Rgb8, &[7, 7, 7, 9, 9, 9]));
    write(dir.path(), "test/2.png", png(2, 1, Rgb8, &[255, 0, 0, 0, 255, 0]));
    write(dir.path(), "test/3.png", png(2, 1, La8, &[0, 0, 0, 255]));
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
    image::ImageEncoder::write_image(encoder, &[102, 102], 2, 1, image::ExtendedColorType::L8)
        .unwrap();
    write(dir.path(), "train/4.jpeg", jpeg);
    let opened = open(dir.path(), &options()).unwrap();
    let rows: Vec<Vec<f32>> = sorted(&opened).into_iter().map(|(row, _)| row).collect();
    let bytes: Vec<Vec<f32>> =
        rows.iter().map(|row| row.iter().map(|x| (x * 255.0).round()).collect()).collect();
    // Luma of red and green: 0.2126 and 0.7152. A transparent pixel becomes white.
    assert_eq!(bytes, [[0.0, 255.0], [7.0, 9.0], [54.0, 182.0], [102.0, 102.0], [255.0, 0.0]]);
    assert_eq!(opened.contract.shape(), ImageShape::grey(1, 2));
    assert!(notes(&opened).contains("2 images in colour or with transparency"));
}

#[test]
fn parts_have_folders_and_entries_in_several_spellings() {
    let grey = |value| png(1, 1, image::ExtendedColorType::L8, &[value]);
    let dir = folder();
    for (name, value) in
        [("Training/1", 1), ("Training/2", 2), ("Training/3", 3), ("valid/1", 4), ("Testing/1", 5)]
    {
        write(dir.path(), &format!("{name}.png"), grey(value));
    }
    let opened = open(dir.path(), &options()).unwrap();
    let splits = opened.data.split(SplitRule::Train(1)).unwrap();
    assert_eq!((splits.train.n_samples(), splits.validation.n_samples()), (3, 1));
    assert_eq!(splits.validation.images[(0, 0)], 4.0 / 255.0);

    let entry = |values: &[u8]| npy("|u1", &format!("({}, 1)", values.len()), values);
    let label = |n: usize| npy("|u1", &format!("({n},)"), &vec![1; n]);
    let mut entries = vec![
        ("x_train", entry(&[0, 200, 3])),
        ("y_train", label(3)),
        ("x_valid", entry(&[7, 9])),
        ("y_valid", label(2)),
        ("x_test", entry(&[5])),
        ("y_test", label(1)),
        ("weights", entry(&[1])),
    ];
    let opened = open(write(dir.path(), "three.npz", npz(&entries)), &options()).unwrap();
    assert!(notes(&opened).contains("that are ignored: weights.npy\n"), "{}", notes(&opened));
    let splits = opened.data.split(SplitRule::Study).unwrap();
    assert_eq!(splits.validation.images, array![[7.0 / 255.0], [9.0 / 255.0]]);
    entries.remove(3);
    refused(&write(dir.path(), "two.npz", npz(&entries)), &options(), &["has no labels, unlike"]);
}

#[test]
fn every_mistake_in_a_folder_of_images_is_named() {
    let grey = png(2, 1, image::ExtendedColorType::L8, &[0, 255]);
    let case = |name: &str, bytes: &[u8], says: &[&str]| {
        let dir = folder();
        for other in ["a/1.png", "a/2.png", "b/1.png"] {
            write(dir.path(), other, &grey);
        }
        let path = write(dir.path(), name, bytes);
        let said = open(dir.path(), &options()).expect_err("it is wrong").to_string();
        assert!(said.contains(&path.display().to_string()) || name == "0.png", "{said}");
        assert!(says.iter().all(|what| said.contains(what)), "{said}");
    };
    case("b/2.png", b"no image", &["expected a PNG or JPEG image"]);
    case("b/2.png", &grey[..grey.len() - 20], &["expected a PNG or JPEG image"]);
    case(
        "b/2.png",
        &png(1, 1, image::ExtendedColorType::L8, &[0]),
        &["1x1 pixels, the first image 1x2"],
    );
    case("0.png", &grey, &["images beside folders of images"]);
    let empty = folder();
    refused(empty.path(), &options(), &["nothing to read", "train-images-idx3-ubyte", "PNG"]);
    let text = write(empty.path(), "a.bin", "hello");
    refused(&text, &options(), &["unknown kind of data", ".npy"]);
}
