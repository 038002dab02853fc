//! log Z of convolutional RBMs, by the same estimators as for dense ones.
//!
//! The family is p*_β(v) = exp(((1 − β) a⁰ + β a)·v) Π_blocks (1 + Σ e^(β x)): independent pixels with biases
//! a⁰ at β = 0, the model at β = 1. Gibbs sampling at β gives detection units the inputs β x, and visible
//! units the inputs (1 − β) a⁰ + β (a + Σ h W). Visible units whose energy is not linear keep their biases,
//! a⁰ = a, and their variance.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, CowArray, Ix1};
use nn_core::{Observer, TrainingError};
use numerics::{Real, Stream};

use super::ConvRbm;
use super::passes::{Memory, as_row, one};
use crate::annealing::{anneal_from_base, anneal_to_base};
use crate::estimate::estimate;
use crate::family::{CONTIGUOUS, Family};
use crate::{Layer, LogZConfig, LogZEstimate, LogZInterval, Units};

/// Estimates log Z with a 95 % confidence interval, as [`estimate_log_z`](crate::estimate_log_z) does for
/// dense RBMs. `base` holds the biases of the independent units, one per column of the data, ideally those of
/// [`ConvRbm::independent_biases`]; half of the ladders start from `data` (n × h·w·c).
///
/// # Errors
/// [`TrainingError::Setting`] for settings out of range; [`TrainingError::Interrupted`] if the observer stops
/// the computation.
///
/// # Panics
/// If there are no data, or widths differ from the model's.
pub fn estimate_log_z<F: Real>(
    rbm: &ConvRbm<F>,
    base: ArrayView1<F>,
    data: ArrayView2<F>,
    config: &LogZConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<LogZInterval, TrainingError> {
    let starts = rbm.scaled(config.starts(data).view()).into_owned();
    estimate(&TemperedConv::new(rbm, base), starts.view(), config, seed, observer)
}

/// Annealed importance sampling: an estimate of log Z that is too low on average.
#[must_use]
pub fn forward<F: Real>(
    rbm: &ConvRbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    n_chains: usize,
    seed: u64,
) -> LogZEstimate {
    anneal_from_base(&TemperedConv::new(rbm, base), betas, n_chains, seed)
}

/// Reverse annealed importance sampling: an estimate of log Z that is too high on average if `starts`
/// (chains × h·w·c) are draws from the model.
#[must_use]
pub fn backward<F: Real>(
    rbm: &ConvRbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    starts: ArrayView2<F>,
    seed: u64,
) -> LogZEstimate {
    anneal_to_base(&TemperedConv::new(rbm, base), betas, rbm.scaled(starts).into_owned(), seed)
}

/// The family of distributions between independent pixels and a model.
struct TemperedConv<'a, F> {
    rbm: &'a ConvRbm<F>,
    /// The visible layer with its parameters at each pixel.
    visible: Layer<F>,
    base: CowArray<'a, F, Ix1>,
}

impl<'a, F: Real> TemperedConv<'a, F> {
    fn new(rbm: &'a ConvRbm<F>, base: ArrayView1<'a, F>) -> Self {
        assert_eq!(base.len(), rbm.n_visible(), "base biases");
        let visible = rbm.tiled();
        let is_linear = matches!(visible.unit, Units::Same(unit) if unit.has_linear_energy());
        let base = if is_linear { base.into() } else { visible.bias.clone().into() };
        TemperedConv { rbm, visible, base }
    }

    /// (a − a⁰)·u, which is zero for units whose energy is not linear.
    fn bias_part(&self, u: &[F]) -> f64 {
        let biases = self.visible.bias.iter().zip(&self.base);
        u.iter().zip(biases).map(|(&u, (&a, &a0))| (u * (a - a0)).as_f64()).sum()
    }
}

/// Memory for the steps of chains.
struct Steps<F> {
    /// The inputs of the detection units of each chain, chains × (positions · maps).
    inputs: Array2<F>,
    /// Memory for the passes of one chain, which the chains use in turn.
    passes: Memory<F>,
}

impl<F: Real> Family<F> for TemperedConv<'_, F> {
    type Memory = Steps<F>;

    fn n_visible(&self) -> usize {
        self.rbm.n_visible()
    }

    fn log_z_of_base(&self) -> f64 {
        let of_block = (1.0 + self.rbm.geometry.block_len() as f64).ln();
        let visible = self.visible.unit.log_z_of_independent(self.base.view());
        self.rbm.n_pooled() as f64 * of_block + visible
    }

    fn draw_base(&self, stream: Stream, mut out: ArrayViewMut2<F>) {
        self.visible.unit.draw_independent(self.base.view(), stream, &mut out);
    }

    fn memory(&self, n_chains: usize) -> Steps<F> {
        let passes = Memory::new(self.rbm.geometry);
        Steps { inputs: Array2::zeros((n_chains, passes.flat().len())), passes }
    }

    fn pass_up(&self, u: ArrayView2<F>, Steps { inputs, passes }: &mut Steps<F>) {
        for (u, mut inputs) in u.rows().into_iter().zip(inputs.rows_mut()) {
            self.rbm.pass_up(u.to_slice().expect(CONTIGUOUS), passes);
            inputs.as_slice_mut().expect(CONTIGUOUS).copy_from_slice(passes.flat());
        }
    }

    fn log_ratio(
        &self,
        row: usize,
        u: &[F],
        (from, to): (F, F),
        Steps { inputs, passes }: &mut Steps<F>,
    ) -> f64 {
        let inputs = inputs.row(row);
        let inputs = inputs.to_slice().expect(CONTIGUOUS);
        let detection =
            passes.tempered_log_sums(to, inputs) - passes.tempered_log_sums(from, inputs);
        detection + (to - from).as_f64() * self.bias_part(u)
    }

    fn pass_down(
        &self,
        chains: Range<usize>,
        betas: &[F],
        stream: Stream,
        Steps { inputs, passes }: &mut Steps<F>,
        u: &mut ArrayViewMut2<F>,
    ) {
        let base = self.base.as_slice().expect("a bias is contiguous");
        let bias = self.visible.bias.as_slice().expect("a bias is contiguous");
        let rows = u.rows_mut().into_iter().zip(inputs.rows()).zip(betas);
        for (chain, ((mut u, inputs), &beta)) in chains.zip(rows) {
            let u = u.as_slice_mut().expect(CONTIGUOUS);
            passes.flat_mut().copy_from_slice(inputs.to_slice().expect(CONTIGUOUS));
            passes.tempered_probabilities(beta);
            passes.draw_detection(stream.sublayer(1), chain);
            let Memory { detection, patches, .. } = &mut *passes;
            self.rbm.pass_down(detection.view(), patches, u);
            self.visible.unit.tempered_parameters(beta, (base, bias), u);
            self.visible.unit.draw(stream.sublayer(2), one(chain), &mut as_row(u));
        }
    }
}
