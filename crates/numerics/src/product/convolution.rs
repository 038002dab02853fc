//! Convolutions as products of patches with weights, one sample after the other.
//!
//! The patches of an image are the rows of a matrix P (positions × patch), which is made for one sample
//! at a time, in a buffer of the thread that fits in its second-level cache. With weights W
//! (patch × maps), maps Z (positions × maps) and their derivatives D:
//!
//! ```text
//!   convolve               Z = P · W
//!   convolve_transposed    image = fold(D · Wᵀ)    each row is added at the place of its patch
//!   convolution_gradient   ∂Wᵀ = Σ Dᵀ · P          over the samples
//! ```
//!
//! Samples are divided among the threads. The sum over samples is divided into shards that depend on
//! the number of samples alone, and the shards are added in order, so the bits of all results are the
//! same for any number of threads. Zeros are skipped as in other products: those of the image (in
//! Z), and those of D, of which max-pooling leaves at most one in each window (in both others).

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use pulp::Arch;

pub use self::patches::Patches;
use super::csr::{Csr, is_sparse};
use super::pack::Packed;
use super::transpose::transpose;
use super::with_csr;
use crate::Real;
use crate::elementary::vectorised;
use crate::rows::{MAX_SHARDS, Split, by_shards_in, workers_on};

mod patches;
#[cfg(test)]
mod tests;

/// The name of the phase of convolutions in the times.
const PHASE: &str = "convolution";

/// Calls `finish` with the index of each sample, its maps (positions × maps, row by row) and its row of
/// `outputs`. Shapes: images (n × image) and weights (patch × maps).
///
/// The effect of `finish` must not depend on other samples.
///
/// # Panics
/// If the shapes do not fit.
pub fn convolve<F: Real, S: Split>(
    patches: &Patches,
    images: ArrayView2<F>,
    weights: ArrayView2<F>,
    outputs: S,
    finish: impl Fn(usize, &mut [F], S) + Sync,
) {
    patches.check(images, weights.nrows());
    let (arch, n_maps) = (Arch::new(), weights.ncols());
    Packed::packed(workers_on(weights.len()), F::one(), weights, |weights| {
        by_shards_in(PHASE, MAX_SHARDS, images.nrows(), outputs, |samples, outputs| {
            with_buffers(patches, n_maps, |[image, rows, maps]| {
                each_sample(samples, outputs, |sample, output| {
                    let source = images.row(sample);
                    let sparse = is_sparse(source.insert_axis(Axis(0)));
                    patches.gather(source, image, rows);
                    let shape = (patches.positions(), patches.len());
                    let maps = &mut maps[..shape.0 * n_maps];
                    let out = matrix_mut((shape.0, n_maps), maps);
                    with_csr_if(sparse, arch, matrix(shape, rows), |a| {
                        F::multiply_shard(arch, a, weights, F::zero(), out);
                    });
                    finish(sample, maps, output);
                });
            });
        });
    });
}

/// Writes into each row of `out` the sum of the sample's maps times the weights, each product at the position
/// of its patch, and calls `finish` with the sample, this row, and its row of `outputs`. Shapes: weights
/// (maps × patch) and `out` (n × image).
///
/// `fill` writes the maps of a sample (positions × maps, row by row) into a buffer with any contents.
/// The effects of `fill` and `finish` must not depend on other samples.
///
/// # Panics
/// If the shapes do not fit, or the rows of `out` are not contiguous.
pub fn convolve_transposed<F: Real, S: Split>(
    patches: &Patches,
    fill: impl Fn(usize, &mut [F]) + Sync,
    weights: ArrayView2<F>,
    out: ArrayViewMut2<F>,
    outputs: S,
    finish: impl Fn(usize, &mut [F], S) + Sync,
) {
    patches.check(out.view(), weights.ncols());
    let (arch, n_maps) = (Arch::new(), weights.nrows());
    let n_samples = out.nrows();
    Packed::packed(workers_on(weights.len()), F::one(), weights, |weights| {
        by_shards_in(PHASE, MAX_SHARDS, n_samples, (out, outputs), |samples, outputs| {
            with_buffers(patches, n_maps, |[image, rows, maps]| {
                each_sample(samples, outputs, |sample, (out, output)| {
                    let shape = (patches.positions(), patches.len());
                    let maps = &mut maps[..shape.0 * n_maps];
                    fill(sample, maps);
                    let products = matrix_mut(shape, rows);
                    with_csr(arch, matrix((shape.0, n_maps), maps), |a| {
                        F::multiply_shard(arch, a, weights, F::zero(), products);
                    });
                    let out = out.into_slice().expect("rows are contiguous");
                    patches.fold(rows, image, out);
                    finish(sample, out, output);
                });
            });
        });
    });
}

/// Writes `scale` · Σ mapsᵀ · patches, summed over samples, into `out`. Shapes: images (n × image) and
/// `out` (maps × patch). `fill` is that of [`convolve_transposed`].
///
/// # Panics
/// If the shapes do not fit.
pub fn convolution_gradient<F: Real>(
    patches: &Patches,
    scale: F,
    images: ArrayView2<F>,
    fill: impl Fn(usize, &mut [F]) + Sync,
    out: ArrayViewMut2<F>,
) {
    patches.check(images, out.ncols());
    let (arch, n_maps) = (Arch::new(), out.nrows());
    let (shape, len) = ((patches.positions(), patches.len()), out.len());
    let shards = (images.nrows() / SHARD_SAMPLES).clamp(1, SHARDS);
    let bounds = |shard: usize| shard * images.nrows() / shards;
    let mut sums = F::take_strip();
    sums.resize(sums.len().max(shards * len), F::zero());
    let parts = matrix_mut((shards, len), &mut sums);
    by_shards_in(PHASE, shards, shards, parts, |range, mut parts| {
        with_buffers(patches, n_maps, |[image, rows, maps]| {
            for (shard, mut sum) in range.zip(parts.rows_mut()) {
                let sum = sum.as_slice_mut().expect("parts are contiguous");
                let maps = &mut maps[..shape.0 * n_maps];
                if bounds(shard) == bounds(shard + 1) {
                    sum.fill(F::zero());
                }
                for sample in bounds(shard)..bounds(shard + 1) {
                    patches.gather(images.row(sample), image, rows);
                    fill(sample, maps);
                    let beta = if sample == bounds(shard) { F::zero() } else { F::one() };
                    Packed::packed(1, F::one(), matrix(shape, rows), |rows| {
                        let maps = matrix((shape.0, n_maps), maps);
                        with_csr(arch, maps.reversed_axes(), |maps| {
                            let sum = matrix_mut((n_maps, shape.1), sum);
                            F::multiply_shard(arch, maps, rows, beta, sum);
                        });
                    });
                }
            }
        });
    });
    let (total, others) = sums.split_at_mut(len);
    by_shards_in(PHASE, MAX_SHARDS, len, &mut *total, |range, total| {
        for other in others[..(shards - 1) * len].chunks_exact(len) {
            add(&other[range.clone()], total);
        }
    });
    write_scaled(arch, scale, matrix((n_maps, shape.1), total), out);
    F::put_strip(sums);
}

/// Maximum number of shards of a sum over samples, and the number of samples that each has at least (unless
/// there are fewer in total). Every shard has its own sum, so many shards take much memory.
const SHARDS: usize = 8;
const SHARD_SAMPLES: usize = 8;

/// Calls `body` with each sample and its row of `outputs`.
fn each_sample<S: Split>(samples: Range<usize>, outputs: S, mut body: impl FnMut(usize, S)) {
    let mut rest = outputs;
    for sample in samples {
        let (output, after) = rest.split_rows(1);
        rest = after;
        body(sample, output);
    }
}

/// Calls `body` with this thread's buffers for a padded image, its patches (or products of their
/// size) and its maps.
fn with_buffers<F: Real>(patches: &Patches, n_maps: usize, body: impl FnOnce(&mut [Vec<F>; 3])) {
    let mut buffers = F::take_images();
    let sizes = [patches.padded_room(), patches.room(), patches.positions() * n_maps];
    for (buffer, size) in buffers.iter_mut().zip(sizes) {
        buffer.resize(buffer.len().max(size), F::zero());
    }
    body(&mut buffers);
    F::put_images(buffers);
}

/// Calls `body` with `a` and, if it is known to be sparse, its CSR form.
fn with_csr_if<F: Real>(
    sparse: bool,
    arch: Arch,
    a: ArrayView2<F>,
    body: impl FnOnce((ArrayView2<F>, Option<Csr<F>>)),
) {
    if sparse { with_csr(arch, a, body) } else { body((a, None)) }
}

/// The beginning of `values` as a matrix of this shape.
fn matrix<F>(shape: (usize, usize), values: &[F]) -> ArrayView2<'_, F> {
    ArrayView2::from_shape(shape, &values[..shape.0 * shape.1]).expect("cut to this shape")
}

/// The beginning of `values` as a mutable matrix of this shape.
fn matrix_mut<F>(shape: (usize, usize), values: &mut [F]) -> ArrayViewMut2<'_, F> {
    ArrayViewMut2::from_shape(shape, &mut values[..shape.0 * shape.1]).expect("cut to this shape")
}

/// `total` ← `total` + `values`.
fn add<F: Real>(values: &[F], total: &mut [F]) {
    vectorised(
        #[inline(always)]
        || {
            for (total, &value) in total.iter_mut().zip(values) {
                *total += value;
            }
        },
    );
}

/// `out` = `scale` · `values`. The order of elements in `out` is that of rows or of columns.
fn write_scaled<F: Real>(arch: Arch, scale: F, values: ArrayView2<F>, mut out: ArrayViewMut2<F>) {
    if let Some(by_columns) = out.view_mut().reversed_axes().as_slice_mut() {
        transpose(arch, scale, values.reversed_axes(), by_columns, values.nrows());
    } else {
        out.zip_mut_with(&values, |out, &value| *out = scale * value);
    }
}

/// `out`ⱼ = `scale` · the sum of all elements in column j of the rows, where each row is cut into parts of
/// the length of `out`: the gradient of a bias that all positions of a map share.
///
/// # Panics
/// If the rows are not whole parts.
pub fn part_sums<F: Real>(scale: F, rows: ArrayView2<F>, out: &mut [F]) {
    assert!(rows.ncols().is_multiple_of(out.len()), "{} in parts of {}", rows.ncols(), out.len());
    let mut sums = F::take_strip();
    sums.resize(sums.len().max(rows.ncols()), F::zero());
    crate::column_sums(F::one(), rows, (&mut sums[..rows.ncols()]).into());
    out.fill(F::zero());
    for part in sums[..rows.ncols()].chunks_exact(out.len()) {
        add(part, out);
    }
    for sum in out.iter_mut() {
        *sum *= scale;
    }
    F::put_strip(sums);
}
