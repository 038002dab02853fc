//! The statistics of a part of a batch, and memory for one sample.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::elementary::vectorised;
use numerics::{Real, Split, Stream, matmul_scaled};

use super::ConvRbm;
use super::passes::{Memory, as_detection, as_row, as_row_view, one};
use crate::Layer;

/// Number of lanes: at most this many threads can share a step.
pub(crate) const LANES: usize = 16;

/// Streams of hidden draws have even sublayers, those of visible draws odd ones.
pub(crate) const VISIBLE_OFFSET: usize = 1;

const CONTIGUOUS: &str = "rows are contiguous";

/// The contribution of one lane's samples to the statistics, and memory for one sample.
#[derive(Debug, Clone)]
pub(crate) struct Lane<F> {
    pub(crate) memory: Memory<F>,
    /// Drawn detection units, positions × maps.
    states: Array2<F>,
    /// The visible units of the negative phase.
    pub(crate) u: Vec<F>,
    /// Σ patchᵀ h, positive minus negative.
    pub(crate) weights: Array2<F>,
    /// Σ u, positive minus negative.
    pub(crate) visible: Vec<F>,
    /// Σ over positions of h⁺, per map.
    pub(crate) positive: Vec<F>,
    /// −Σ over positions of h⁻, per map, weighted.
    pub(crate) negative: Vec<F>,
    /// Σ of squared reconstruction errors, in units of σ².
    pub(crate) error: f64,
}

impl<F: Real> Lane<F> {
    pub(crate) fn new(rbm: &ConvRbm<F>) -> Self {
        let memory = Memory::new(rbm.geometry);
        let of_maps = vec![F::zero(); rbm.geometry.maps()];
        Lane {
            states: memory.detection.clone(),
            memory,
            u: vec![F::zero(); rbm.n_visible()],
            weights: Array2::zeros(rbm.weights.dim()),
            visible: vec![F::zero(); rbm.n_visible()],
            positive: of_maps.clone(),
            negative: of_maps,
            error: 0.0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.weights.fill(F::zero());
        self.visible.fill(F::zero());
        self.positive.fill(F::zero());
        self.negative.fill(F::zero());
        self.error = 0.0;
    }

    /// The positive phase of a sample: adds its statistics; the detection units' probabilities stay in
    /// memory.
    pub(crate) fn add_positive(&mut self, rbm: &ConvRbm<F>, u: &[F]) {
        rbm.pass_up(u, &mut self.memory);
        self.memory.probabilities();
        self.add_product(F::one());
        add(F::one(), u, &mut self.visible);
        add_rows(F::one(), self.memory.detection.view(), &mut self.positive);
    }

    /// The negative phase for the visible units `self.u`, whose detection units' probabilities are in memory;
    /// a sample counts as `weight` samples of the batch.
    pub(crate) fn add_negative(&mut self, weight: F) {
        self.add_product(-weight);
        add(-weight, &self.u, &mut self.visible);
        add_rows(-weight, self.memory.detection.view(), &mut self.negative);
    }

    fn add_product(&mut self, scale: F) {
        let Memory { patches, detection, .. } = &self.memory;
        let sum = self.weights.view_mut();
        matmul_scaled(scale, patches.t(), detection.view(), F::one(), sum);
    }

    /// Draws the states of detection units whose probabilities are in memory.
    pub(crate) fn draw_states(&mut self, stream: Stream, row: usize) {
        self.states.assign(&self.memory.detection);
        self.memory.draw(stream, row, self.states.as_slice_mut().expect(CONTIGUOUS));
    }

    /// Computes the parameters of the visible units given the states.
    pub(crate) fn pass_down(&mut self, rbm: &ConvRbm<F>, visible: &Layer<F>) {
        let patches = &mut self.memory.patches;
        rbm.visible_parameters(visible, self.states.view(), patches, &mut self.u);
    }

    /// Adds the squared error of the means of the visible units, whose parameters are in `self.u`.
    pub(crate) fn add_error(&mut self, visible: &Layer<F>, original: &[F]) {
        let mut error = [F::zero()];
        visible.unit.squared_errors(as_row_view(original), &mut as_row(&mut self.u), &mut error);
        self.error += error[0].as_f64();
    }

    /// Runs the chain with this number, which reads and updates its detection units `states`.
    pub(crate) fn run_chain(
        &mut self,
        rbm: &ConvRbm<F>,
        visible: &Layer<F>,
        states: &mut [F],
        (gibbs_steps, weight): (usize, F),
        chain: usize,
        stream: Stream,
    ) {
        self.states.assign(&as_detection(rbm.geometry, states));
        for step in 1..=gibbs_steps {
            self.pass_down(rbm, visible);
            let for_visible = stream.sublayer(2 * step + VISIBLE_OFFSET);
            visible.unit.draw(for_visible, one(chain), &mut as_row(&mut self.u));
            rbm.pass_up(&self.u, &mut self.memory);
            self.memory.probabilities();
            self.draw_states(stream.sublayer(2 * step), chain);
        }
        self.add_negative(weight);
        states.copy_from_slice(self.states.as_slice().expect(CONTIGUOUS));
    }
}

/// The samples of a lane, out of `n` in total.
pub(crate) fn samples_of(lane: usize, n: usize) -> Range<usize> {
    lane * n / LANES..(lane + 1) * n / LANES
}

/// Rows dealt to lanes: those of `lanes`, out of `n` rows in total.
pub(crate) struct Dealt<'a, F> {
    pub(crate) rows: ArrayViewMut2<'a, F>,
    pub(crate) n: usize,
    pub(crate) lanes: Range<usize>,
}

impl<F: Send> Split for Dealt<'_, F> {
    fn n_rows(&self) -> Option<usize> {
        Some(self.lanes.len())
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        let Dealt { rows, n, lanes } = self;
        let middle = lanes.start + index;
        let at = middle * n / LANES - lanes.start * n / LANES;
        let (before, after) = rows.split_at(Axis(0), at);
        let part = |rows, lanes| Dealt { rows, n, lanes };
        (part(before, lanes.start..middle), part(after, middle..lanes.end))
    }
}

/// `sum` ← `sum` + `scale` · `values`.
pub(crate) fn add<F: Real>(scale: F, values: &[F], sum: &mut [F]) {
    vectorised(
        #[inline(always)]
        || {
            for (sum, &value) in sum.iter_mut().zip(values) {
                *sum += scale * value;
            }
        },
    );
}

/// Adds `scale` times each row of `rows` to `sum`.
fn add_rows<F: Real>(scale: F, rows: ArrayView2<F>, sum: &mut [F]) {
    let rows = rows.to_slice().expect(CONTIGUOUS);
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sum.len()) {
                for (sum, &value) in sum.iter_mut().zip(row) {
                    *sum += scale * value;
                }
            }
        },
    );
}
