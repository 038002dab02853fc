use ndarray::{Array2, s};

use super::*;
use crate::with_team;

fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        F::of(((i * 31 + j * 17 + salt) % 23) as f64 / 23.0 - 0.5)
    })
}

fn slow<F: Real>(a: &Array2<F>, b: &Array2<F>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
        (0..a.ncols()).map(|l| a[[i, l]].as_f64() * b[[l, j]].as_f64()).sum()
    })
}

fn agrees<F: Real>(tolerance: f64) {
    for (m, k, n) in [
        (1, 1, 1),
        (3, 5, 2),
        (10, 784, 30),
        (100, 70, 50),
        (130, 3, 10),
        (25, 129, 65),
        (61, 300, 17),
    ] {
        let (a, b) = (matrix::<F>(m, k, 1), matrix::<F>(k, n, 2));
        let expected = slow(&a, &b);
        let mut out = Array2::from_elem((m, n), F::nan());
        matmul(a.view(), b.view(), out.view_mut());
        let a_transposed = a.t().as_standard_layout().into_owned();
        let mut again = Array2::from_elem((m, n), F::one());
        matmul_scaled(F::of(2.0), a_transposed.t(), b.view(), F::of(3.0), again.view_mut());
        for ((&ours, &twice), exact) in out.iter().zip(&again).zip(&expected) {
            assert!((ours.as_f64() - exact).abs() < tolerance, "{m}×{k}×{n}");
            assert!((twice.as_f64() - 2.0 * exact - 3.0).abs() < 3.0 * tolerance);
        }
    }
}

#[test]
fn prepared_products_are_the_products_to_the_bit() {
    for (m, k, n) in [(100, 784, 500), (25, 129, 65), (61, 300, 17), (30, 1, 5)] {
        for b in [matrix::<f32>(k, n, 2).view(), matrix::<f32>(n, k, 5).t()] {
            let prepared = with_team(2, || Prepared::new(b));
            // Dense, and with four zeros in five.
            for few in [1, 5] {
                let mut a = matrix::<f32>(m, k, 1);
                a.indexed_iter_mut()
                    .filter(|((i, j), _)| (i + j) % few != 0)
                    .for_each(|(_, a)| *a = 0.0);
                let mut whole = Array2::zeros((m, n));
                matmul(a.view(), b, whole.view_mut());
                let mut out = Array2::from_elem((m, n), f32::NAN);
                for rows in [0..1, 1..m / 2, m / 2..m] {
                    let rows = s![rows, ..];
                    prepared.multiply(a.slice(rows), out.slice_mut(rows));
                }
                assert_eq!(out, whole, "{m}×{k}×{n}");
            }
        }
    }
    // A thread without its own rows multiplies none.
    let some = Prepared::new(matrix::<f64>(4, 3, 0).view());
    some.multiply(Array2::zeros((0, 4)).view(), Array2::zeros((0, 3)).view_mut());
    let none = Prepared::new(Array2::<f64>::zeros((0, 3)).view());
    let mut out = Array2::ones((2, 3));
    none.multiply(Array2::zeros((2, 0)).view(), out.view_mut());
    assert_eq!(out, Array2::<f64>::zeros((2, 3)));
}

#[test]
fn product_equals_the_triple_loop() {
    agrees::<f32>(1e-4);
    agrees::<f64>(1e-12);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (m, k, n) in [(5, 300, 700), (100, 784, 256), (100, 784, 10), (50, 2, 9), (784, 100, 64)] {
        let b = matrix::<f32>(k, n, 4);
        for a in [matrix::<f32>(m, k, 3), sparse(m, k, 0.2)] {
            let product = |threads| {
                let mut out = Array2::zeros((m, n));
                with_team(threads, || matmul(a.view(), b.view(), out.view_mut()));
                out
            };
            let one = product(1);
            for threads in [2, 3, 8] {
                assert_eq!(product(threads), one, "{m}×{k}×{n} on {threads} threads");
            }
        }
    }
}

#[test]
fn the_bits_of_a_row_do_not_depend_on_the_batch() {
    for (k, n) in [(784, 256), (300, 500), (256, 784), (784, 10), (130, 33), (1, 40), (9, 2)] {
        let wide = matrix::<f32>(k, n + 7, 4);
        let tall = matrix::<f32>(n, k, 5);
        for b in [wide.slice(s![.., 3..n + 3]), tall.t()] {
            for all in [matrix::<f32>(100, k, 3), sparse(100, k, 0.2)] {
                let mut whole = Array2::zeros((100, n));
                matmul(all.view(), b, whole.view_mut());
                for m in [1, 2, 9, 10, 16, 17, 23, 31, 48] {
                    for threads in [1, 2] {
                        let mut out = Array2::from_elem((m, n), f32::NAN);
                        let some = s![100 - m.., ..];
                        with_team(threads, || {
                            matmul(all.slice(some), b, out.view_mut());
                        });
                        assert_eq!(out, whole.slice(some), "{m}×{k}×{n} on {threads} threads");
                    }
                }
            }
        }
    }
}

#[test]
fn an_epilogue_knows_its_rows() {
    let b = matrix::<f32>(784, 256, 4);
    for a in [matrix::<f32>(100, 784, 3), sparse(100, 784, 0.2)] {
        let mut expected = Array2::zeros((100, 256));
        matmul(a.view(), b.view(), expected.view_mut());
        for (row, mut out) in expected.rows_mut().into_iter().enumerate() {
            out += row as f32;
        }
        for threads in [1, 2, 3] {
            let mut out = Array2::zeros((100, 256));
            with_team(threads, || {
                matmul_then(a.view(), b.view(), out.view_mut(), (), |rows, mut out, ()| {
                    for (row, mut out) in rows.zip(out.rows_mut()) {
                        out += row as f32;
                    }
                });
            });
            assert_eq!(out, expected, "{threads} threads");
        }
    }
}

#[test]
fn a_result_with_gaps_is_refused() {
    let prepared = Prepared::new(matrix::<f32>(8, 64, 0).view());
    let outcome = std::panic::catch_unwind(|| {
        let mut wide = Array2::zeros((3, 128));
        prepared.multiply(matrix(3, 8, 0).view(), wide.slice_mut(s![.., ..;2]));
    });
    assert!(outcome.is_err());
}

#[test]
#[allow(clippy::should_panic_without_expect, reason = "the outcome is caught here")]
fn shapes_that_do_not_fit_are_refused() {
    let outcome = std::panic::catch_unwind(|| {
        matmul(
            matrix::<f32>(2, 3, 0).view(),
            matrix(2, 3, 0).view(),
            Array2::zeros((2, 3)).view_mut(),
        );
    });
    assert!(outcome.is_err());
}

/// A matrix whose share of non-zeros is about `density`.
fn sparse<F: Real>(rows: usize, columns: usize, density: f64) -> Array2<F> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        let hash = (i * 7919 + j * 104_729 + (i * j) % 13 * 31) % 1000;
        if (hash as f64) < 1000.0 * density { F::of(hash as f64 / 500.0 + 0.1) } else { F::zero() }
    })
}

/// The rows of a sparse A, and the same rows above dense ones, so that the dense kernel takes them.
fn sparse_kernel_equals_dense<F: Real>() {
    for (m, k, n) in
        [(24, 1, 2), (30, 130, 65), (100, 784, 256), (53, 784, 10), (784, 100, 52), (30, 1100, 40)]
    {
        for density in [0.0, 0.1, 0.3] {
            let (few, b) = (sparse::<F>(m, k, density), matrix::<F>(k, n, 5));
            let mut many = matrix::<F>(3 * m, k, 6).mapv_into(|x| x + F::one());
            many.slice_mut(s![..m, ..]).assign(&few);
            let by_columns = few.t().as_standard_layout().into_owned();
            let (mut fast, mut also) = (Array2::zeros((m, n)), Array2::zeros((m, n)));
            let mut dense = Array2::zeros((3 * m, n));
            matmul(few.view(), b.view(), fast.view_mut());
            matmul(by_columns.t(), b.view(), also.view_mut());
            matmul(many.view(), b.view(), dense.view_mut());
            assert_eq!(fast, dense.slice(s![..m, ..]), "{m}×{k}×{n}, {density}");
            assert_eq!(fast, also, "{m}×{k}×{n}, {density}, by columns");
        }
    }
}

#[test]
fn sparse_and_dense_kernels_give_the_same_bits() {
    sparse_kernel_equals_dense::<f32>();
    sparse_kernel_equals_dense::<f64>();
}

#[test]
fn every_layout_gives_the_same_product() {
    let (m, k, n) = (50, 133, 70);
    let (a, b) = (matrix::<f64>(m, k, 7), matrix::<f64>(k, n, 8));
    let mut expected = Array2::zeros((m, n));
    matmul(a.view(), b.view(), expected.view_mut());
    // Every other row and column of larger matrices; both orders of axes.
    let apart = |x: &Array2<f64>| {
        let mut wide = Array2::from_elem((2 * x.nrows(), 2 * x.ncols()), f64::NAN);
        wide.slice_mut(s![..;2, ..;2]).assign(x);
        wide
    };
    let transposed = |x: &Array2<f64>| x.t().as_standard_layout().into_owned();
    let (a_apart, b_apart, a_transposed, b_transposed) =
        (apart(&a), apart(&b), transposed(&a), transposed(&b));
    for a in [a.view(), a_apart.slice(s![..;2, ..;2]), a_transposed.t()] {
        for b in [b.view(), b_apart.slice(s![..;2, ..;2]), b_transposed.t()] {
            let mut wide = Array2::from_elem((m, n + 3), 9.0);
            matmul(a, b, wide.slice_mut(s![.., 1..=n]));
            assert_eq!(wide.slice(s![.., 1..=n]), expected);
            assert!(wide.column(0).iter().chain(wide.slice(s![.., n + 1..])).all(|&x| x == 9.0));
            let mut transposed = Array2::zeros((n, m));
            matmul(a, b, transposed.view_mut().reversed_axes());
            assert!((&transposed.t() - &expected).iter().all(|x| x.abs() < 1e-12));
        }
    }
}

#[test]
fn pieces_make_up_the_product() {
    for (m, k, n) in [(784, 100, 52), (50, 200, 130), (10, 7, 3), (65, 1, 20)] {
        for a in [matrix::<f32>(m, k, 3), sparse(m, k, 0.2)] {
            let (a, b) = (a.t().as_standard_layout().into_owned(), matrix::<f32>(k, n, 4));
            let mut expected = Array2::from_elem((m, n), 1.0);
            matmul_scaled(2.0, a.t(), b.view(), 1.0, expected.view_mut());
            for threads in [1, 2, 3] {
                let mut out = Array2::from_elem((m, n), 1.0);
                with_team(threads, || {
                    let outputs = (out.view_mut(), ());
                    matmul_consume(2.0, a.t(), b.view(), outputs, |piece, (mut out, ())| {
                        out += &piece;
                    });
                });
                assert!((&out - &expected).iter().all(|x| x.abs() < 1e-4), "{m}×{k}×{n}");
            }
        }
    }
}

#[test]
fn no_terms_make_zeros() {
    let mut out = Array2::from_elem((30, 4), f32::NAN);
    matmul(Array2::zeros((30, 0)).view(), Array2::zeros((0, 4)).view(), out.view_mut());
    assert_eq!(out, Array2::<f32>::zeros((30, 4)));
}

#[test]
fn diverged_operands_show() {
    let mut x = sparse::<f32>(30, 40, 0.2);
    let mut w = matrix::<f32>(40, 20, 1);
    let mut out = Array2::zeros((30, 20));
    x[[3, 5]] = f32::NAN;
    matmul(x.view(), w.view(), out.view_mut());
    assert!(out.row(3).iter().all(|y| y.is_nan()) && out.row(4).iter().all(|y| y.is_finite()));
    x[[3, 5]] = 1.0;
    w[[5, 7]] = f32::INFINITY;
    matmul(x.view(), w.view(), out.view_mut());
    assert!(!out[[3, 7]].is_finite());
}

#[test]
fn every_instruction_set_computes_the_same_function() {
    let (m, k, n) = (29, 150, 75);
    let b = matrix::<f32>(k, n, 9);
    let archs = [
        Some(Arch::Scalar),
        #[cfg(target_arch = "x86_64")]
        pulp::x86::V3::try_new().map(Arch::V3),
        Some(Arch::new()),
    ];
    for a in [matrix::<f32>(m, k, 8), sparse(m, k, 0.2)] {
        let expected = slow(&a, &b);
        for arch in archs.into_iter().flatten() {
            let product = |b: Packed<f32>| {
                let mut out = Array2::from_elem((m, n), 1.0);
                let mut buffer = CsrBuffer::default();
                buffer.compress(arch, a.view(), b.block);
                shard::multiply(arch, (a.view(), buffer.csr()), b, 3.0, out.view_mut());
                out
            };
            let packed = Packed::packed(1, 2.0, b.view(), product);
            let in_place = Packed::in_place(b.view(), product);
            for ((twice, once), exact) in packed.iter().zip(&in_place).zip(&expected) {
                assert!((f64::from(*twice) - 2.0 * exact - 3.0).abs() < 1e-4, "{arch:?}");
                assert!((f64::from(*once) - exact - 3.0).abs() < 1e-4, "{arch:?}");
            }
        }
    }
}
