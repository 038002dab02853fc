//! A family of distributions from independent units to a model of any kind.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::{Real, Stream, by_thread};

pub(crate) const CONTIGUOUS: &str = "rows are contiguous";

/// A family of distributions p*_β over visible states u (in units of σ), from independent units at β = 0 to
/// a model at β = 1.
pub(crate) trait Family<F: Real>: Sync {
    /// Memory for the steps of some chains.
    type Memory;

    /// Number of visible units.
    fn n_visible(&self) -> usize;

    /// ln Z at β = 0.
    fn log_z_of_base(&self) -> f64;

    /// Fills the rows of `out` with independent draws from the distribution at β = 0.
    fn draw_base(&self, stream: Stream, out: ArrayViewMut2<F>);

    /// Memory for the steps of this many chains.
    fn memory(&self, n_chains: usize) -> Self::Memory;

    /// Computes the inputs of the hidden units from the states u, a row for each chain.
    fn pass_up(&self, u: ArrayView2<F>, memory: &mut Self::Memory);

    /// ln p*_to(u) − ln p*_from(u) for the chain in this row. Must be called once per row after
    /// [`pass_up`](Self::pass_up), since it also completes the row's inputs.
    fn log_ratio(&self, row: usize, u: &[F], betas: (F, F), memory: &mut Self::Memory) -> f64;

    /// Draws hidden units from their inputs and then u from the hidden units, each row at its β: the rest of
    /// a Gibbs step. Draws depend on the stream and on the chain's number alone.
    fn pass_down(
        &self,
        chains: Range<usize>,
        betas: &[F],
        stream: Stream,
        memory: &mut Self::Memory,
        u: &mut ArrayViewMut2<F>,
    );
}

/// Takes every chain through the inverse temperatures with a Gibbs step at each but the first. Returns
/// Σ_k ln p*_{βₖ}(uₖ₋₁) − ln p*_{βₖ₋₁}(uₖ₋₁) for each chain.
///
/// Chains are independent and the model is constant, so each thread moves its own chains from end to end.
pub(crate) fn anneal<F: Real>(
    family: &impl Family<F>,
    betas: &[f64],
    u: &mut Array2<F>,
    stream: Stream,
) -> Vec<f64> {
    let n = u.nrows();
    let mut log_weights = vec![0.0; n];
    let outputs = (u.view_mut(), log_weights.as_mut_slice());
    by_thread(n, outputs, |chains, (mut u, log_weights)| {
        let mut memory = family.memory(chains.len());
        let mut at = vec![F::zero(); chains.len()];
        for (step, pair) in (1..).zip(betas.windows(2)) {
            let (from, to) = (F::of(pair[0]), F::of(pair[1]));
            family.pass_up(u.view(), &mut memory);
            for (row, (u, log_weight)) in u.rows().into_iter().zip(&mut *log_weights).enumerate() {
                let u = u.to_slice().expect(CONTIGUOUS);
                *log_weight += family.log_ratio(row, u, (from, to), &mut memory);
            }
            at.fill(to);
            family.pass_down(chains.clone(), &at, stream.epoch(step), &mut memory, &mut u);
        }
    });
    log_weights
}

/// `n` rows of `data`, spread evenly over it.
pub(crate) fn spread_over<F: Real>(data: ArrayView2<F>, n: usize) -> Array2<F> {
    let rows: Vec<usize> = (0..n).map(|chain| chain * data.nrows() / n).collect();
    data.select(Axis(0), &rows)
}
