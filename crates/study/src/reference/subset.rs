//! A part of a large training set.

use std::borrow::Cow;

use ndarray::{Array2, Axis, CowArray, Ix2};
use stack::Labelled;

/// Samples and labels, borrowed if complete.
pub(super) type Part<'a> = (CowArray<'a, f32, Ix2>, Cow<'a, [u8]>);

/// About `n` samples at most, evenly spaced within each class, so that classes keep their shares. Every class
/// keeps at least one sample.
pub(super) fn stratified(data: Labelled<'_>, n: usize) -> Part<'_> {
    let n_all = data.labels.len();
    if n_all <= n {
        return (data.x.into(), data.labels.into());
    }
    let mut seen = [0_usize; 256];
    let rows: Vec<usize> = (0..n_all)
        .filter(|&row| {
            let rank = &mut seen[usize::from(data.labels[row])];
            *rank += 1;
            // The first sample of a class, and each one at which the share reaches another whole number.
            *rank == 1 || *rank * n / n_all > (*rank - 1) * n / n_all && *rank * n / n_all > 1
        })
        .collect();
    let x: Array2<f32> = data.x.select(Axis(0), &rows);
    let labels: Vec<u8> = rows.iter().map(|&row| data.labels[row]).collect();
    (x.into(), labels.into())
}
