//! Annealed importance sampling of convolutional RBMs, by the same estimator as that of dense ones.
//!
//! The family is p*_β(v) = exp(((1 − β) a⁰ + β a)·v) Π_blocks (1 + Σ e^(β x)): independent pixels with biases
//! a⁰ at β = 0, the model at β = 1. Gibbs sampling at β gives detection units the inputs β x, and visible
//! units the inputs (1 − β) a⁰ + β (a + Σ h W). Visible units whose energy is not linear keep their biases,
//! a⁰ = a, and their variance.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, CowArray, Ix1};
use nn_core::InvalidSetting;
use numerics::{Real, Stream};

use super::passes::{Memory, as_row, one};
use super::{ConvChains, ConvRbm, gibbs_step};
use crate::annealing::BURN_IN_SEED;
use crate::family::{Family, anneal_from_base, anneal_to_base, spread_over};
use crate::{AnnealingConfig, Layer, LogZBracket, LogZEstimate, Units};

const CONTIGUOUS: &str = "rows are contiguous";

/// Estimates log Z in both directions. `base` holds the biases of the independent units, one per column of
/// the data, best those of [`ConvRbm::independent_biases`]; the backward chains start at `data` (n × h·w·c).
///
/// # Errors
/// [`InvalidSetting`] for settings out of range.
///
/// # Panics
/// If there are no data, or widths differ from the model's.
pub fn bracket_log_z<F: Real>(
    rbm: &ConvRbm<F>,
    base: ArrayView1<F>,
    data: ArrayView2<F>,
    config: &AnnealingConfig,
    seed: u64,
) -> Result<LogZBracket, InvalidSetting> {
    config.validate()?;
    let betas = config.schedule.betas();
    let family = TemperedConv::new(rbm, base);
    let lower = anneal_from_base(&family, &betas, config.chains, seed);
    let mut chains = ConvChains::from_visible(rbm, spread_over(data, config.chains).view());
    for step in 1..=config.burn_in {
        gibbs_step(rbm, &mut chains, seed ^ BURN_IN_SEED, step);
    }
    let upper = anneal_to_base(&family, &betas, chains.u, seed);
    Ok(LogZBracket { lower, upper })
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

impl<F: Real> Family<F> for TemperedConv<'_, F> {
    /// The memory of one chain, which the chains of a thread use in turn.
    type Memory = Memory<F>;

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

    fn memory(&self, _n_chains: usize) -> Memory<F> {
        Memory::new(self.rbm.geometry)
    }

    fn step(
        &self,
        chains: Range<usize>,
        (from, to): (F, F),
        stream: Stream,
        memory: &mut Memory<F>,
        (u, log_weights): (&mut ArrayViewMut2<F>, &mut [f64]),
    ) {
        let base = self.base.as_slice().expect("a bias is contiguous");
        let bias = self.visible.bias.as_slice().expect("a bias is contiguous");
        for ((chain, mut u), log_weight) in chains.zip(u.rows_mut()).zip(log_weights) {
            let u = u.as_slice_mut().expect(CONTIGUOUS);
            self.rbm.pass_up(u, memory);
            *log_weight += memory.log_sums(to) - memory.log_sums(from);
            *log_weight += (to - from).as_f64() * self.bias_part(u);
            memory.tempered_probabilities(to);
            memory.draw_detection(stream.sublayer(1), chain);
            let Memory { detection, patches, .. } = &mut *memory;
            self.rbm.pass_down(detection.view(), patches, u);
            self.visible.unit.tempered_parameters(to, (base, bias), u);
            self.visible.unit.draw(stream.sublayer(2), one(chain), &mut as_row(u));
        }
    }
}
