use ndarray::{Array1, Array2, Axis};

use super::*;
use crate::with_team;

fn geometries() -> Vec<Patches> {
    let image = |height, width, channels| {
        move |kernel, stride, padding| Patches { height, width, channels, kernel, stride, padding }
    };
    vec![
        image(7, 9, 1)(3, 1, 0),
        image(7, 9, 3)(3, 2, 1),
        image(6, 5, 2)(5, 1, 2),
        image(4, 4, 40)(4, 1, 0),
        image(12, 12, 8)(5, 3, 2),
        image(1, 1, 2)(1, 1, 0),
    ]
}

/// Values of which about one in `few` is not zero.
fn matrix(rows: usize, columns: usize, salt: usize, few: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        let hash = (i * 7919 + j * 104_729 + salt * 31) % 1009;
        if hash.is_multiple_of(few) { hash as f64 / 1009.0 - 0.4 } else { 0.0 }
    })
}

/// The value of a patch, by definition; (dy, dx, c) are its coordinates.
fn index(p: &Patches, position: usize, (dy, dx, c): (usize, usize, usize)) -> Option<usize> {
    let (y, x) = (position / p.columns(), position % p.columns());
    let row = (y * p.stride + dy).checked_sub(p.padding).filter(|&row| row < p.height)?;
    let column = (x * p.stride + dx).checked_sub(p.padding).filter(|&column| column < p.width)?;
    Some((row * p.width + column) * p.channels + c)
}

/// The matrix of patches of one image as a linear map: (positions · patch) × image.
fn selection(p: &Patches) -> Array2<f64> {
    let mut matrix = Array2::zeros((p.positions() * p.len(), p.image_len()));
    for position in 0..p.positions() {
        for part in 0..p.len() {
            let (place, c) = (part / p.channels, part % p.channels);
            if let Some(index) = index(p, position, (place / p.kernel, place % p.kernel, c)) {
                matrix[[position * p.len() + part, index]] = 1.0;
            }
        }
    }
    matrix
}

fn patches_of(p: &Patches, image: ndarray::ArrayView1<f64>) -> Array2<f64> {
    let values = selection(p).dot(&image).to_vec();
    Array2::from_shape_vec((p.positions(), p.len()), values).expect("its size")
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}

const MAPS: usize = 5;

fn maps_of(maps: &Array2<f64>) -> impl Fn(usize, &mut [f64]) + Sync + '_ {
    |sample, out| {
        out.copy_from_slice(maps.row(sample).to_slice().expect("contiguous"));
    }
}

#[test]
fn products_of_patches_follow_the_definition() {
    for p in geometries() {
        for few in [1, 4] {
            let (x, w) = (matrix(19, p.image_len(), 1, few), matrix(p.len(), MAPS, 2, 1));
            let mut out = Array2::from_elem((19, p.positions() * MAPS), f64::NAN);
            convolve(&p, x.view(), w.view(), out.view_mut(), |_, maps, mut row| {
                row.row_mut(0).assign(&Array1::from(maps.to_vec()));
            });
            for (x, out) in x.rows().into_iter().zip(out.rows()) {
                let expected = patches_of(&p, x).dot(&w);
                out.iter().zip(&expected).for_each(|(&out, &expected)| close(out, expected));
            }
        }
    }
}

#[test]
fn the_transposed_product_and_the_gradient_follow_the_definition() {
    for p in geometries() {
        for few in [1, 5] {
            let (x, w) = (matrix(19, p.image_len(), 1, 1), matrix(MAPS, p.len(), 2, 1));
            let maps = matrix(19, p.positions() * MAPS, 3, few);
            let mut images = Array2::from_elem(x.dim(), f64::NAN);
            let out = images.view_mut();
            convolve_transposed(&p, maps_of(&maps), w.view(), out, (), |_, _, ()| ());
            let mut expected_gradient = Array2::<f64>::zeros((MAPS, p.len()));
            for (sample, image) in images.rows().into_iter().enumerate() {
                let maps = maps.row(sample).to_owned().into_shape_with_order((p.positions(), MAPS));
                let maps = maps.expect("its size");
                let products = maps.dot(&w).flatten().to_owned();
                let expected = selection(&p).t().dot(&products);
                image.iter().zip(&expected).for_each(|(&out, &expected)| close(out, expected));
                expected_gradient += &maps.t().dot(&patches_of(&p, x.row(sample)));
            }
            let mut gradient = Array2::from_elem((MAPS, p.len()), f64::NAN);
            convolution_gradient(&p, 0.5, x.view(), maps_of(&maps), gradient.view_mut());
            let mut transposed = Array2::from_elem((p.len(), MAPS), f64::NAN);
            convolution_gradient(
                &p,
                0.5,
                x.view(),
                maps_of(&maps),
                transposed.view_mut().reversed_axes(),
            );
            assert_eq!(gradient, transposed.t());
            for (&found, &expected) in gradient.iter().zip(&expected_gradient) {
                close(found, 0.5 * expected);
            }
        }
    }
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads_or_on_the_samples_beside() {
    let p = Patches { height: 12, width: 10, channels: 3, kernel: 5, stride: 1, padding: 1 };
    for n in [1, 7, 50] {
        let f32s = |a: Array2<f64>| a.mapv(|a| a as f32);
        let mut x = f32s(matrix(n, p.image_len(), 1, 1));
        x.indexed_iter_mut()
            .filter(|((i, j), _)| i % 2 > 0 && j % 5 > 0)
            .for_each(|(_, x)| *x = 0.0);
        let w = f32s(matrix(p.len(), MAPS, 2, 1));
        let d = f32s(matrix(n, p.positions() * MAPS, 3, 4));
        let fill = |sample: usize, out: &mut [f32]| {
            out.copy_from_slice(d.row(sample).to_slice().expect("contiguous"));
        };
        let forward = |x: ArrayView2<f32>| {
            let mut out = Array2::zeros((x.nrows(), d.ncols()));
            convolve(&p, x, w.view(), out.view_mut(), |_, maps, mut row| {
                row.as_slice_mut().expect("one row").copy_from_slice(maps);
            });
            out
        };
        let run = |threads| {
            with_team(threads, || {
                let (mut back, mut gradient) = (Array2::zeros(x.dim()), Array2::zeros(w.dim()));
                convolve_transposed(&p, fill, w.t(), back.view_mut(), (), |_, _, ()| ());
                convolution_gradient(&p, 0.1, x.view(), fill, gradient.view_mut().reversed_axes());
                (forward(x.view()), back, gradient)
            })
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one, "{n} samples, {threads} threads");
        }
        for (i, row) in x.axis_chunks_iter(Axis(0), 1).enumerate() {
            assert_eq!(forward(row).row(0), one.0.row(i));
        }
    }
}

#[test]
fn zeros_that_are_skipped_change_no_bit() {
    let p = Patches { height: 12, width: 10, channels: 3, kernel: 5, stride: 1, padding: 1 };
    let (x, w) = (matrix(1, p.image_len(), 1, 4), matrix(p.len(), MAPS, 2, 1));
    let w = w.mapv(|w| w as f32);
    let mut found = Array2::zeros((p.positions(), MAPS));
    let out = found.as_slice_mut().expect("just made");
    convolve(&p, x.mapv(|x| x as f32).view(), w.view(), &mut [out][..], |_, maps, out| {
        out[0].copy_from_slice(maps);
    });
    // Rows of ones beside the patches make the operand dense.
    let patches = patches_of(&p, x.row(0)).mapv(|x| x as f32);
    let ones = Array2::ones((2 * p.positions(), p.len()));
    let dense = ndarray::concatenate![Axis(0), patches, ones];
    let mut expected = Array2::zeros((dense.nrows(), MAPS));
    crate::matmul(dense.view(), w.view(), expected.view_mut());
    assert_eq!(found, expected.slice(ndarray::s![..p.positions(), ..]));
}

#[test]
fn sums_over_parts_by_hand() {
    let rows = ndarray::array![[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]];
    let mut sums = [9.0; 2];
    part_sums(0.5, rows.view(), &mut sums);
    assert_eq!(sums, [8.0, 10.0]);
    part_sums(1.0, rows.view(), &mut sums[..1]);
    assert_eq!(sums[0], 36.0);
}
