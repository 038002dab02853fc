//! Missing pixels drawn from their distribution given the observed ones.

use ndarray::{ArrayView2, Axis};
use numerics::Real;

use super::{ConvRbm, inpaint};
use crate::Imputed;
use crate::impute::filled;

/// Fills the missing pixels (NaN) of each image of `v` (n × h·w·c) using `draws` chains of `steps` Gibbs
/// steps that restore the observed pixels after each step. Missing pixels start as independent units with the
/// model's own biases.
///
/// All images use the same random numbers, so the result for an image does not depend on others.
///
/// # Panics
/// If the width is not the model's, or `draws` is 0.
#[must_use]
pub fn impute<F: Real>(
    rbm: &ConvRbm<F>,
    v: ArrayView2<F>,
    (draws, steps): (usize, usize),
    seed: u64,
) -> Imputed {
    let base = rbm.tiled().bias;
    filled(v, draws, |image| {
        let known: Vec<bool> = image.iter().map(|pixel| !pixel.is_nan()).collect();
        let (image, how) = (image.insert_axis(Axis(0)), (known.as_slice(), base.view()));
        let chains = inpaint(rbm, image, how, (draws, steps), seed);
        (chains.visible(rbm).into_owned(), chains.visible_mean(rbm).into_owned())
    })
}
