//! The derived data sets.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use mnist_io::{Dataset, Derived, Error, ImageShape, SplitRule, TrainTest, load};
use ndarray::{Array2, s};

fn make(set: Derived, mnist: &TrainTest) -> TrainTest {
    set.make(|| Ok(mnist.clone())).unwrap()
}

#[test]
fn rectangles_are_pinned_and_need_no_digits() {
    let rect = Derived::Rect.make(|| unreachable!("no digits")).unwrap();
    assert_eq!((rect.train.n_samples(), rect.test.n_samples()), (1_200, 50_000));
    assert_eq!(rect.train.labels.as_ref().unwrap()[..8], [1, 0, 0, 1, 0, 1, 0, 0]);
    let rect_sha256 = "a30f36eb2ebc56e86752f7cf3dca876eb1148786c13d557d859a88101fc286d3";
    assert_eq!(rect.train.sha256, rect_sha256);
    let splits = rect.split(SplitRule::Study).unwrap();
    assert_eq!((splits.train.n_samples(), splits.validation.n_samples()), (1_000, 200));
}

#[test]
fn the_sets_of_digits_differ_in_the_variation_alone() {
    let mnist = load(crate::common::mnist_dir()).unwrap();
    let sets = [Derived::Basic, Derived::Rot, Derived::BgRand];
    let [basic, rot, noisy] = sets.map(|set| make(set, &mnist));
    let basic_sha256 = "c67db3b75ccca5d68637a4dd34e606cbba19ec60caa78ae2776f7bf2b25254b3";
    assert_eq!(basic.train.sha256, basic_sha256);
    assert_eq!((basic.train.n_samples(), basic.test.n_samples()), (12_000, 50_000));
    for other in [&rot, &noisy] {
        assert_eq!(other.train.labels, basic.train.labels);
        assert_eq!(other.test.labels, basic.test.labels);
    }
    for (digit, pixel) in basic.test.images.iter().zip(&noisy.test.images) {
        let lightened = (*digit..1.0).contains(pixel);
        assert!(if *digit == 0.0 { lightened } else { lightened || pixel == digit });
    }
    // Rotation preserves the sum of the pixels, except for what leaves the image and what interpolation
    // smooths.
    let ink = |set: &TrainTest| set.train.images.slice(s![..1_000, ..]).sum();
    assert!((ink(&rot) / ink(&basic) - 1.0).abs() < 0.02, "{} {}", ink(&rot), ink(&basic));
    assert!(rot.train.images.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    let again = make(Derived::Rot, &mnist);
    assert!(again == rot, "made again, it differs");
    let splits = rot.split(SplitRule::Study).unwrap();
    assert_eq!((splits.train.n_samples(), splits.validation.n_samples()), (10_000, 2_000));
}

#[test]
fn a_set_that_is_too_small_is_refused() {
    let part = |n: usize| {
        let labels = Some((vec![0; n], 1));
        Dataset::from_arrays("few", Array2::zeros((n, 784)), labels, ImageShape::grey(28, 28))
            .unwrap()
    };
    let few = TrainTest { train: part(5), test: part(3) };
    let error = Derived::Basic.make(|| Ok(few)).unwrap_err();
    assert!(matches!(error, Error::SubsetSize { requested: 62_000, available: 8 }), "{error}");
}

#[test]
fn images_of_another_shape_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    crate::common::small_set(dir.path());
    let error = Derived::Basic.make(|| load(dir.path())).unwrap_err();
    assert!(matches!(error, Error::NotDigits { .. }), "{error}");
}
