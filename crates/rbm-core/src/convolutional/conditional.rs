//! The conditionals of whole batches: p(h | v) block by block, p(v | h) pixel by pixel.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, CowArray, Ix2};
use numerics::{Real, Stream, by_thread};

use super::passes::{Memory, as_detection, as_row, one};
use super::{ConvRbm, pooling};
use crate::CodeHealth;

const CONTIGUOUS: &str = "rows are contiguous";

impl<F: Real> ConvRbm<F> {
    /// The probability that each detection unit is on. Shapes: (n × h·w·c) → (n × detection).
    #[must_use]
    pub fn hidden_means(&self, v: ArrayView2<F>) -> Array2<F> {
        let mut out = Array2::zeros((v.nrows(), self.n_detection()));
        self.up_then(v, out.view_mut(), |_, memory, row| row.copy_from_slice(memory.flat()));
        out
    }

    /// The probability that each pooled unit is on: the features of an image. Seen as an image of
    /// [`Geometry::pooled`](super::Geometry::pooled), they are the data of the next layer of a stack.
    /// Shapes: (n × h·w·c) → (n × pooled).
    #[must_use]
    pub fn encode(&self, v: ArrayView2<F>) -> Array2<F> {
        let mut out = Array2::zeros((v.nrows(), self.n_pooled()));
        self.up_then(v, out.view_mut(), |_, memory, row| {
            pooling::pool(self.geometry, memory.flat(), row);
        });
        out
    }

    /// Draws the detection units. Shapes: (n × h·w·c) → (n × detection).
    #[must_use]
    pub fn sample_h_given_v(&self, v: ArrayView2<F>, stream: Stream) -> Array2<F> {
        let mut out = Array2::zeros((v.nrows(), self.n_detection()));
        self.up_then(v, out.view_mut(), |sample, memory, row| {
            memory.draw_detection(stream, sample);
            row.copy_from_slice(memory.flat());
        });
        out
    }

    /// The pooled units, from detection units: whether any unit of a block is on or, from probabilities, the
    /// probability that one is. Shapes: (n × detection) → (n × pooled).
    #[must_use]
    pub fn pool(&self, h: ArrayView2<F>) -> Array2<F> {
        let h = h.as_standard_layout();
        let mut out = Array2::zeros((h.nrows(), self.n_pooled()));
        for (h, mut out) in h.rows().into_iter().zip(out.rows_mut()) {
            let (h, out) = (h.to_slice().expect(CONTIGUOUS), out.as_slice_mut().expect(CONTIGUOUS));
            pooling::pool(self.geometry, h, out);
        }
        out
    }

    /// E[v | h] given states of detection units, or their probabilities (mean field). Shapes:
    /// (n × detection) → (n × h·w·c).
    #[must_use]
    pub fn visible_means(&self, h: ArrayView2<F>) -> Array2<F> {
        let unit = self.visible.unit.clone();
        self.down_then(h, |_, mut row| unit.means(&mut row))
    }

    /// Draws v from p(v | h). Shapes: (n × detection) → (n × h·w·c).
    #[must_use]
    pub fn sample_v_given_h(&self, h: ArrayView2<F>, stream: Stream) -> Array2<F> {
        let unit = self.visible.unit.clone();
        self.down_then(h, |sample, mut row| unit.draw(stream, one(sample), &mut row))
    }

    /// The mean-field reconstruction E[v | E[h | v]], which uses the probabilities of the detection units.
    /// Shapes: (n × h·w·c) → the same.
    #[must_use]
    pub fn reconstruct(&self, v: ArrayView2<F>) -> Array2<F> {
        self.visible_means(self.hidden_means(v).view())
    }

    /// The mean-field reconstruction from pooled probabilities. These do not say which unit of a block is on,
    /// so each gets an equal share: its probability in the model given only that the block is on. Details
    /// smaller than a block are therefore blurred, unlike in [`ConvRbm::reconstruct`]. Shapes: (n × pooled) →
    /// (n × h·w·c).
    #[must_use]
    pub fn decode(&self, pooled: ArrayView2<F>) -> Array2<F> {
        let pooled = pooled.as_standard_layout();
        let mut h = Array2::zeros((pooled.nrows(), self.n_detection()));
        for (pooled, mut h) in pooled.rows().into_iter().zip(h.rows_mut()) {
            let h = h.as_slice_mut().expect(CONTIGUOUS);
            pooling::spread(self.geometry, pooled.to_slice().expect(CONTIGUOUS), h);
        }
        self.visible_means(h.view())
    }

    /// Statistics of the pooled units over the images `v` (n × h·w·c).
    #[must_use]
    pub fn code_health(&self, v: ArrayView2<F>) -> CodeHealth {
        CodeHealth::of(v, self.n_pooled(), (0.0, 1.0), |v| self.encode(v))
    }

    /// Rows of u = v / σ, contiguous. Missing values (NaN) are 0 and give no input.
    pub(crate) fn scaled<'a>(&self, v: ArrayView2<'a, F>) -> CowArray<'a, F, Ix2> {
        assert_eq!(v.ncols(), self.n_visible(), "visible units");
        let u = self.tiled().scaled(v);
        if u.is_standard_layout() { u } else { u.as_standard_layout().into_owned().into() }
    }

    /// Computes the probabilities of each sample's detection units and calls `then` with the sample, the
    /// memory that holds them, and its row of `out`.
    fn up_then(
        &self,
        v: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        then: impl Fn(usize, &mut Memory<F>, &mut [F]) + Sync,
    ) {
        let u = self.scaled(v);
        by_thread(u.nrows(), out, |rows, mut out| {
            let mut memory = Memory::new(self.geometry);
            for (sample, mut out) in rows.zip(out.rows_mut()) {
                self.pass_up(u.row(sample).to_slice().expect(CONTIGUOUS), &mut memory);
                memory.probabilities();
                then(sample, &mut memory, out.as_slice_mut().expect(CONTIGUOUS));
            }
        });
    }

    /// Computes the parameters of each sample's visible units, lets `then` replace them by means or draws,
    /// and returns those in the units of the data.
    fn down_then(
        &self,
        h: ArrayView2<F>,
        then: impl Fn(usize, ArrayViewMut2<F>) + Sync,
    ) -> Array2<F> {
        let (h, tiled) = (h.as_standard_layout(), self.tiled());
        let mut out = Array2::zeros((h.nrows(), self.n_visible()));
        by_thread(h.nrows(), out.view_mut(), |rows, mut out| {
            let mut patches =
                Array2::zeros((self.geometry.n_positions(), self.geometry.patch_len()));
            for (sample, mut out) in rows.zip(out.rows_mut()) {
                let h = as_detection(self.geometry, h.row(sample).to_slice().expect(CONTIGUOUS));
                let out = out.as_slice_mut().expect(CONTIGUOUS);
                self.visible_parameters(&tiled, h, &mut patches, out);
                then(sample, as_row(out));
                tiled.unscale(&mut as_row(out));
            }
        });
        out
    }
}
