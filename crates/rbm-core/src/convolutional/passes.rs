//! The passes of one sample between its layers, in memory that the caller keeps.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use numerics::elementary::vectorised;
use numerics::{Real, Stream, matmul};

use super::patches::{add_patches, copy_patches};
use super::pooling::{self, BlockMemory};
use super::{ConvRbm, Geometry};
use crate::Layer;

const CONTIGUOUS: &str = "rows are contiguous";

/// Memory for the passes of one sample.
#[derive(Debug, Clone)]
pub(crate) struct Memory<F> {
    geometry: Geometry,
    /// The patches of the last image passed up, until the next pass down: positions × patch.
    pub(crate) patches: Array2<F>,
    /// The inputs of detection units, or what replaced them: positions × maps.
    pub(crate) detection: Array2<F>,
    blocks: BlockMemory<F>,
}

impl<F: Real> Memory<F> {
    pub(crate) fn new(geometry: Geometry) -> Self {
        let positions = geometry.n_positions();
        Memory {
            geometry,
            patches: Array2::zeros((positions, geometry.patch_len())),
            detection: Array2::zeros((positions, geometry.maps())),
            blocks: BlockMemory::new(geometry),
        }
    }

    /// The detection layer, flattened.
    pub(crate) fn flat(&self) -> &[F] {
        self.detection.as_slice().expect(CONTIGUOUS)
    }

    pub(crate) fn flat_mut(&mut self) -> &mut [F] {
        self.detection.as_slice_mut().expect(CONTIGUOUS)
    }

    /// Replaces the inputs of the detection units, times `beta`, by their probabilities.
    pub(crate) fn tempered_probabilities(&mut self, beta: F) {
        self.flat_mut().iter_mut().for_each(|x| *x *= beta);
        self.probabilities();
    }

    /// Replaces the inputs of the detection units by their probabilities.
    pub(crate) fn probabilities(&mut self) {
        let x = self.detection.as_slice_mut().expect(CONTIGUOUS);
        pooling::probabilities(self.geometry, x, &mut self.blocks);
    }

    /// Replaces the probabilities in `p` by draws with the random numbers of this row of a batch.
    pub(crate) fn draw(&mut self, stream: Stream, row: usize, p: &mut [F]) {
        let first = row * self.geometry.pooled().n_values();
        pooling::draw(self.geometry, stream, first, p, &mut self.blocks);
    }

    /// Replaces the detection units' probabilities by draws.
    pub(crate) fn draw_detection(&mut self, stream: Stream, row: usize) {
        let first = row * self.geometry.pooled().n_values();
        let p = self.detection.as_slice_mut().expect(CONTIGUOUS);
        pooling::draw(self.geometry, stream, first, p, &mut self.blocks);
    }

    /// Σ over blocks of ln(1 + Σ eˣ) for the detection units' inputs x.
    pub(crate) fn log_sums(&mut self) -> f64 {
        let x = self.detection.as_slice().expect(CONTIGUOUS);
        pooling::log_sums(self.geometry, F::one(), x, &mut self.blocks)
    }

    /// Σ over blocks of ln(1 + Σ e^(β x)) for these inputs x of the detection units.
    pub(crate) fn tempered_log_sums(&mut self, beta: F, x: &[F]) -> f64 {
        pooling::log_sums(self.geometry, beta, x, &mut self.blocks)
    }
}

impl<F: Real> ConvRbm<F> {
    /// Computes the inputs of the detection units for an image u = v / σ.
    pub(crate) fn pass_up(&self, u: &[F], memory: &mut Memory<F>) {
        copy_patches(self.geometry, u, memory.patches.view_mut());
        matmul(memory.patches.view(), self.weights.view(), memory.detection.view_mut());
        let bias = self.hidden_bias.as_slice().expect("a bias is contiguous");
        let inputs = memory.detection.as_slice_mut().expect(CONTIGUOUS);
        vectorised(
            #[inline(always)]
            || {
                for inputs in inputs.chunks_exact_mut(bias.len()) {
                    for (x, &bias) in inputs.iter_mut().zip(bias) {
                        *x += bias;
                    }
                }
            },
        );
    }

    /// Computes Σ h W for each visible unit, given detection units `h` (positions × maps). Overwrites
    /// `patches`.
    pub(crate) fn pass_down(&self, h: ArrayView2<F>, patches: &mut Array2<F>, out: &mut [F]) {
        matmul(h, self.weights.t(), patches.view_mut());
        out.fill(F::zero());
        add_patches(self.geometry, patches.view(), out);
    }

    /// Computes the parameters of p(v / σ | h) for `visible`, a [tiled](ConvRbm::tiled) layer.
    pub(crate) fn visible_parameters(
        &self,
        visible: &Layer<F>,
        h: ArrayView2<F>,
        patches: &mut Array2<F>,
        out: &mut [F],
    ) {
        self.pass_down(h, patches, out);
        visible.unit.parameters(visible.bias.view(), &mut as_row(out));
    }
}

/// A row of a flattened detection layer as a matrix, positions × maps.
pub(crate) fn as_detection<F>(geometry: Geometry, row: &[F]) -> ArrayView2<'_, F> {
    ArrayView2::from_shape((geometry.n_positions(), geometry.maps()), row)
        .expect("a detection layer has a unit for each position and map")
}

/// Values as a matrix of one row.
pub(crate) fn as_row<F>(values: &mut [F]) -> ArrayViewMut2<'_, F> {
    ArrayViewMut2::from_shape((1, values.len()), values).expect("one row of all values")
}

/// Values as a read-only matrix of one row.
pub(crate) fn as_row_view<F>(values: &[F]) -> ArrayView2<'_, F> {
    ArrayView2::from_shape((1, values.len()), values).expect("one row of all values")
}

/// The range of rows that holds only this one.
pub(crate) fn one(row: usize) -> Range<usize> {
    row..row + 1
}
