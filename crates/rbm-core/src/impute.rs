//! Missing values drawn from their distribution given the observed ones, by Gibbs sampling with the
//! observed units clamped.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use numerics::{Purpose, Real, Stream};

use crate::{Chains, Rbm, gibbs_step};

const MISSING: Purpose = Purpose::new("impute");

/// Rows with their missing values filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Imputed {
    /// The mean of each value over the draws (for a category's columns, its probabilities); observed values
    /// are unchanged. Shape: n × visible.
    pub mean: Array2<f64>,
    /// The standard deviation of each value over the draws; 0 where it was observed. Shape: n × visible.
    pub std: Array2<f64>,
}

/// Fills the missing values (NaN) of each row of `v` (n × visible) using `draws` chains of `steps` Gibbs
/// steps that restore the observed values after each step. Missing units start as independent units with
/// biases `base`, ideally those of [`Rbm::independent_biases`]. A category is missing as a whole.
///
/// All rows use the same random numbers, so the result for a row does not depend on others.
///
/// # Panics
/// If widths differ, or `draws` is 0.
#[must_use]
pub fn impute<F: Real>(
    rbm: &Rbm<F>,
    v: ArrayView2<F>,
    base: ArrayView1<F>,
    (draws, steps): (usize, usize),
    seed: u64,
) -> Imputed {
    filled(v, draws, |row| {
        let chains = conditional_chains(rbm, row, base, (draws, steps), seed);
        (chains.visible(rbm).into_owned(), chains.visible_mean(rbm).into_owned())
    })
}

/// Fills the missing values of each row from the states and the means (draws × visible) that `conditional`
/// returns for it.
pub(crate) fn filled<F: Real>(
    v: ArrayView2<F>,
    draws: usize,
    conditional: impl Fn(ArrayView1<F>) -> (Array2<F>, Array2<F>),
) -> Imputed {
    assert!(draws >= 1, "a mean of no draws");
    let mut imputed =
        Imputed { mean: v.mapv(F::as_f64), std: Array2::zeros((v.nrows(), v.ncols())) };
    let rows = imputed.mean.rows_mut().into_iter().zip(imputed.std.rows_mut());
    for (v, (mut mean, mut std)) in v.rows().into_iter().zip(rows) {
        if !v.iter().any(|v| v.is_nan()) {
            continue;
        }
        let (states, means) = conditional(v);
        for i in (0..v.len()).filter(|&i| v[i].is_nan()) {
            // Means given the hidden units vary less than states; both have the same expectation.
            mean[i] = means.column(i).iter().map(|x| x.as_f64()).sum::<f64>() / draws as f64;
            std[i] = states.column(i).mapv(F::as_f64).std(0.0);
        }
    }
    imputed
}

/// `draws` chains after `steps` Gibbs steps with the observed values of `v` clamped.
fn conditional_chains<F: Real>(
    rbm: &Rbm<F>,
    v: ArrayView1<F>,
    base: ArrayView1<F>,
    (draws, steps): (usize, usize),
    seed: u64,
) -> Chains<F> {
    let given: Array1<F> = rbm.visible.scaled(v.insert_axis(Axis(0))).row(0).to_owned();
    let put_back = |state: &mut Array2<F>| {
        for i in (0..v.len()).filter(|&i| !v[i].is_nan()) {
            state.column_mut(i).fill(given[i]);
        }
    };
    let mut start = Array2::zeros((draws, v.len()));
    rbm.visible.unit.draw_independent(base, Stream::new(seed, MISSING), &mut start.view_mut());
    put_back(&mut start);
    let mut chains = Chains::from_u(rbm, start);
    for step in 1..=steps {
        gibbs_step(rbm, &mut chains, seed, step);
        put_back(&mut chains.u);
    }
    chains
}
