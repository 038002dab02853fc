//! The exact partition function of tiny models, and exact draws from them, by enumerating the visible states
//! or those of the detection layer (1 + pool² per block).

use ndarray::Array2;
use numerics::{Real, Stream, log_add_exp, log_sum_exp};
use rand::distr::{Distribution, weighted::WeightedIndex};

use super::ConvRbm;
use super::passes::as_detection;
use crate::exact::{MAX_DRAWN, for_blocks_of_states, n_states};
use crate::{IntractableError, MAX_ENUMERATED};

/// ln Z in nats, over the layer with fewer states.
///
/// # Errors
/// [`IntractableError`] if neither layer has at most 2^[`MAX_ENUMERATED`] states.
pub fn log_z<F: Real>(rbm: &ConvRbm<F>) -> Result<f64, IntractableError> {
    let visible = n_states(&rbm.tiled(), MAX_ENUMERATED);
    match (visible, detection_states(rbm, MAX_ENUMERATED)) {
        (Some(visible), Some(detection)) if visible > detection => log_z_over_detection(rbm),
        (Some(_), _) => log_z_over_visible(rbm),
        (None, _) => log_z_over_detection(rbm),
    }
}

/// ln Z in nats as a sum over the states of the visible units: ln Σ e^(−F(v)).
///
/// # Errors
/// [`IntractableError`] if the visible units are continuous or have more than 2^[`MAX_ENUMERATED`] states.
pub fn log_z_over_visible<F: Real>(rbm: &ConvRbm<F>) -> Result<f64, IntractableError> {
    let tiled = rbm.tiled();
    n_states(&tiled, MAX_ENUMERATED).ok_or_else(|| intractable(rbm))?;
    let mut total = f64::NEG_INFINITY;
    for_blocks_of_states(&tiled, |states| {
        let negative: Vec<f64> = rbm.free_energies(states.view()).iter().map(|f| -f).collect();
        total = log_add_exp(total, log_sum_exp(&negative));
    });
    Ok(total)
}

/// ln Z in nats as a sum over the states of the detection units, with the visible units summed (or
/// integrated) in closed form.
///
/// # Errors
/// [`IntractableError`] if the detection units have more than 2^[`MAX_ENUMERATED`] states.
pub fn log_z_over_detection<F: Real>(rbm: &ConvRbm<F>) -> Result<f64, IntractableError> {
    let mut total = f64::NEG_INFINITY;
    for_detection_states(rbm, MAX_ENUMERATED, |log_weight| total = log_add_exp(total, log_weight))?;
    Ok(total)
}

/// Independent draws of images from the model, one per row: h from p(h), which is known for every state, then
/// v from p(v | h).
///
/// # Errors
/// [`IntractableError`] if the detection units have more than 2²⁰ states.
pub fn sample_exactly<F: Real>(
    rbm: &ConvRbm<F>,
    n: usize,
    stream: Stream,
) -> Result<Array2<F>, IntractableError> {
    let mut log_p = Vec::new();
    for_detection_states(rbm, MAX_DRAWN, |log_weight| log_p.push(log_weight))?;
    let log_z = log_sum_exp(&log_p);
    let p = log_p.iter().map(|log_p| (log_p - log_z).exp());
    let distribution = WeightedIndex::new(p).expect("probabilities add up to one");
    let mut rng = stream.rng();
    let mut h = Array2::zeros((n, rbm.n_detection()));
    for mut row in h.rows_mut() {
        let row = row.as_slice_mut().expect("rows are contiguous");
        write_state(rbm, distribution.sample(&mut rng), row);
    }
    Ok(rbm.sample_v_given_h(h.view(), stream.sublayer(1)))
}

/// Calls `each` with the unnormalised log-probability of every state of the detection units.
fn for_detection_states<F: Real>(
    rbm: &ConvRbm<F>,
    most: usize,
    mut each: impl FnMut(f64),
) -> Result<(), IntractableError> {
    let n = detection_states(rbm, most).ok_or_else(|| intractable(rbm))?;
    let (geometry, tiled) = (rbm.geometry, rbm.tiled());
    let bias = tiled.bias.as_slice().expect("a bias is contiguous");
    let mut h = vec![F::zero(); rbm.n_detection()];
    let mut inputs = vec![F::zero(); rbm.n_visible()];
    let mut patches = Array2::zeros((geometry.n_positions(), geometry.patch_len()));
    for state in 0..n {
        write_state(rbm, state, &mut h);
        let h = as_detection(geometry, &h);
        rbm.pass_down(h, &mut patches, &mut inputs);
        let visible = tiled.unit.log_sums(bias, &mut inputs);
        let hidden: F = h.rows().into_iter().map(|h| h.dot(&rbm.hidden_bias)).sum();
        each((visible + hidden).as_f64());
    }
    Ok(())
}

/// The number of states of the detection units; `None` if it exceeds 2^`most`.
fn detection_states<F: Real>(rbm: &ConvRbm<F>, most: usize) -> Option<usize> {
    let of_block = 1 + rbm.geometry.block_len();
    let n = of_block.checked_pow(u32::try_from(rbm.n_pooled()).ok()?)?;
    (n <= 1 << most).then_some(n)
}

/// Writes the state with this number: one digit for each block of each map, 0 if all its units are off.
fn write_state<F: Real>(rbm: &ConvRbm<F>, mut state: usize, h: &mut [F]) {
    let of_block = 1 + rbm.geometry.block_len();
    h.fill(F::zero());
    rbm.geometry.for_each_block(|_, block| {
        for map in 0..rbm.geometry.maps() {
            let digit = state % of_block;
            state /= of_block;
            if digit > 0 {
                h[block.at(digit - 1) + map] = F::one();
            }
        }
    });
}

fn intractable<F: Real>(rbm: &ConvRbm<F>) -> IntractableError {
    IntractableError {
        n_visible: rbm.n_visible(),
        visible: rbm.visible.unit.name(),
        n_hidden: rbm.n_detection(),
        hidden: "competing",
    }
}
