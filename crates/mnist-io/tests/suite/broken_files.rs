//! The error for each kind of damage to an IDX file, plain and compressed.

use std::path::Path;

use crate::common::{gzip, idx};
use mnist_io::Error;
use mnist_io::idx::{read_images, read_images_from, read_labels_from};

/// The error for these bytes, which must not depend on whether they are compressed.
fn images_error(bytes: &[u8]) -> Error {
    let read = |bytes: &[u8]| {
        read_images_from(bytes, Path::new("folder/images")).expect_err("the file is broken")
    };
    let (plain, packed) = (read(bytes), read(&gzip(bytes)));
    assert_eq!(plain.to_string(), packed.to_string());
    plain
}

#[track_caller]
fn assert_says(error: &Error, message: &str) {
    let said = error.to_string();
    assert!(said.starts_with("folder/images"), "the file is not named first: {said}");
    assert!(said.contains(message), "{said}");
}

#[test]
fn wrong_magic() {
    let error = images_error(b"P5 28 28 255");
    assert!(matches!(error, Error::Magic { found: [b'P', b'5'], .. }));
    assert_says(&error, "starts with bytes [50, 35]; expected [00, 00]");
}

#[test]
fn wrong_type() {
    let error = images_error(&[0, 0, 0x0d, 3, 0, 0, 0, 1]);
    assert!(matches!(error, Error::TypeCode { found: 0x0d, .. }));
    assert_says(&error, "type 0x0d; expected 0x08");
}

#[test]
fn wrong_number_of_dimensions() {
    let error = images_error(&idx(&[2], &[1, 2]));
    assert!(matches!(error, Error::Dimensions { found: 1, expected: 3, .. }));
    assert_says(&error, "has 1 dimensions; expected 3");

    let images = idx(&[1, 1, 1], &[1]);
    let error = read_labels_from(&images[..], Path::new("labels"), 10).unwrap_err();
    assert!(matches!(error, Error::Dimensions { found: 3, expected: 1, .. }));
}

#[test]
fn no_images() {
    let error = images_error(&idx(&[0, 28, 28], &[]));
    assert!(matches!(error, Error::ZeroDimension { .. }));
    assert_says(&error, "declares dimensions [0, 28, 28]; expected each to be at least 1");
}

#[test]
fn a_product_that_overflows() {
    let error = images_error(&idx(&[u32::MAX; 3], &[]));
    assert!(matches!(error, Error::Overflow { .. }));
    assert_says(&error, "overflows 64 bits; expected at most 4294967296");
}

#[test]
fn four_billion_images_in_sixteen_bytes() {
    let error = images_error(&idx(&[u32::MAX, 28, 28], &[]));
    assert!(matches!(error, Error::TooLarge { declared: 3_367_254_359_280, .. }));
    assert_says(&error, "declares 3367254359280 bytes of data; expected at most 4294967296");
}

#[test]
fn too_few_bytes() {
    let whole = idx(&[2, 2, 2], &[7; 8]);
    for (end, expected) in [(0, 4), (1, 4), (3, 4), (4, 16), (15, 16), (16, 24), (23, 24)] {
        let error = images_error(&whole[..end]);
        assert!(matches!(error, Error::Short { .. }));
        assert_says(&error, &format!("ends after {end} unpacked bytes; expected {expected}"));
    }
}

#[test]
fn too_many_bytes() {
    let error = images_error(&idx(&[2, 2, 2], &[7; 9]));
    assert!(matches!(error, Error::Trailing { expected: 24, .. }));
    assert_says(&error, "continues after 24 unpacked bytes");
}

#[test]
fn a_label_that_is_no_class() {
    let labels = idx(&[3], &[0, 9, 10]);
    let read = |n_classes| read_labels_from(&labels[..], Path::new("folder/labels"), n_classes);
    let error = read(10).unwrap_err();
    assert!(matches!(error, Error::LabelRange { index: 2, found: 10, n_classes: 10, .. }));
    assert!(error.to_string().contains("folder/labels: label 2 is 10; expected a class below 10"));
    assert_eq!(read(11).unwrap().labels, [0, 9, 10]);
}

#[test]
fn gzip_cut_off_and_gzip_damaged() {
    let noise: Vec<u8> =
        (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let packed = gzip(&idx(&[1, 64, 64], &noise));
    let read = |bytes: &[u8]| read_images_from(bytes, Path::new("folder/images")).unwrap_err();

    for end in [2, 9, 100, packed.len() - 8, packed.len() - 1] {
        let error = read(&packed[..end]);
        assert!(matches!(error, Error::GzipTruncated { .. }), "cut at {end}: {error}");
        assert_says(&error, "is cut off");
    }
    for place in [2, packed.len() - 5] {
        let mut damaged = packed.clone();
        damaged[place] ^= 0xff;
        let error = read(&damaged);
        assert!(matches!(error, Error::GzipCorrupt { .. }), "byte {place}: {error}");
        assert_says(&error, "is a damaged gzip file");
    }
}

#[test]
fn a_path_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path(), &dir.path().join("missing")] {
        let error = read_images(path).unwrap_err();
        assert!(matches!(error, Error::Io { .. }));
        let message = format!("cannot read {}", path.display());
        assert!(error.to_string().starts_with(&message), "{error}");
    }
}
