//! Gibbs sampling: the detection units of all blocks given the image, then the image given them, repeated;
//! and inpainting, which puts known pixels back after each step.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, CowArray, Ix2};
use numerics::{Real, Stream, by_thread};

use super::ConvRbm;
use super::passes::{Memory, as_row, one};
use crate::gibbs::{HIDDEN, VISIBLE};
use crate::given::UNKNOWN;

const CONTIGUOUS: &str = "rows are contiguous";

/// Parallel Markov chains of images, one per row.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvChains<F> {
    /// The visible states in units of σ, chains × h·w·c.
    pub(crate) u: Array2<F>,
    /// E[v | h] / σ for the detection units below.
    u_mean: Array2<F>,
    /// The detection units that the images were drawn from, chains × detection.
    hidden: Array2<F>,
}

impl<F: Real> ConvChains<F> {
    /// Chains that start from these images, one per row.
    #[must_use]
    pub fn from_visible(rbm: &ConvRbm<F>, visible: ArrayView2<F>) -> Self {
        ConvChains::from_u(rbm, rbm.scaled(visible).into_owned())
    }

    /// Chains that start from independent pixels without bias: fair coin flips for discrete units, normal
    /// or uniform draws for continuous ones.
    #[must_use]
    pub fn from_noise(rbm: &ConvRbm<F>, n_chains: usize, stream: Stream) -> Self {
        let bias = Array1::zeros(rbm.n_visible());
        let mut u = Array2::zeros((n_chains, rbm.n_visible()));
        rbm.visible.unit.draw_independent(bias.view(), stream, &mut u.view_mut());
        ConvChains::from_u(rbm, u)
    }

    fn from_u(rbm: &ConvRbm<F>, u: Array2<F>) -> Self {
        let hidden = Array2::zeros((u.nrows(), rbm.n_detection()));
        ConvChains { u_mean: u.clone(), u, hidden }
    }

    /// Number of chains.
    #[must_use]
    pub fn n_chains(&self) -> usize {
        self.u.nrows()
    }

    /// The images. Shape: chains × h·w·c.
    #[must_use]
    pub fn visible(&self, rbm: &ConvRbm<F>) -> CowArray<'_, F, Ix2> {
        unscaled(rbm, self.u.view())
    }

    /// E[v | h] for the last detection units: smoother images than the states. Shape: chains × h·w·c.
    #[must_use]
    pub fn visible_mean(&self, rbm: &ConvRbm<F>) -> CowArray<'_, F, Ix2> {
        unscaled(rbm, self.u_mean.view())
    }

    /// The detection units that the images were drawn from; zeros before the first step. Shape: chains ×
    /// detection.
    #[must_use]
    pub fn hidden(&self) -> ArrayView2<'_, F> {
        self.hidden.view()
    }
}

fn unscaled<'a, F: Real>(rbm: &ConvRbm<F>, u: ArrayView2<'a, F>) -> CowArray<'a, F, Ix2> {
    if rbm.visible.std.is_empty() { u.into() } else { rbm.tiled().unscaled(u).into_owned().into() }
}

/// Runs every chain for one step; `step` numbers it within the streams of `seed`.
///
/// # Panics
/// If the chains differ in shape from the model.
pub fn gibbs_step<F: Real>(rbm: &ConvRbm<F>, chains: &mut ConvChains<F>, seed: u64, step: usize) {
    let for_hidden = Stream::new(seed, HIDDEN).epoch(step);
    let for_visible = Stream::new(seed, VISIBLE).epoch(step);
    let tiled = rbm.tiled();
    let ConvChains { u, u_mean, hidden } = chains;
    let n = u.nrows();
    let outputs = (u.view_mut(), u_mean.view_mut(), hidden.view_mut());
    by_thread(n, outputs, |rows, (mut u, mut mean, mut hidden)| {
        let mut memory = Memory::new(rbm.geometry);
        let parts = u.rows_mut().into_iter().zip(mean.rows_mut()).zip(hidden.rows_mut());
        for (chain, ((mut u, mut mean), mut hidden)) in rows.zip(parts) {
            let u = u.as_slice_mut().expect(CONTIGUOUS);
            let mean = mean.as_slice_mut().expect(CONTIGUOUS);
            rbm.pass_up(u, &mut memory);
            memory.probabilities();
            memory.draw_detection(for_hidden, chain);
            hidden.as_slice_mut().expect(CONTIGUOUS).copy_from_slice(memory.flat());
            let Memory { detection, patches, .. } = &mut memory;
            rbm.visible_parameters(&tiled, detection.view(), patches, mean);
            u.copy_from_slice(mean);
            rbm.visible.unit.draw(for_visible, one(chain), &mut as_row(u));
            rbm.visible.unit.means(&mut as_row(mean));
        }
    });
}

/// Draws the pixels that are not `known` given those that are, `draws` times for each image of `v`, by Gibbs
/// chains of `steps` steps that restore the known pixels after each step. Row r · `draws` + d of the result
/// is the d-th draw for image r. Unknown pixels start as independent units with biases `base`, ideally those
/// of [`ConvRbm::independent_biases`]; `known` and `base` have a value per column of `v`.
///
/// # Panics
/// If widths differ.
#[must_use]
pub fn inpaint<F: Real>(
    rbm: &ConvRbm<F>,
    v: ArrayView2<F>,
    (known, base): (&[bool], ArrayView1<F>),
    (draws, steps): (usize, usize),
    seed: u64,
) -> ConvChains<F> {
    assert_eq!((known.len(), base.len()), (rbm.n_visible(), rbm.n_visible()), "visible units");
    let given = rbm.scaled(v);
    let put_back = |state: &mut Array2<F>| {
        for (row, mut state) in state.rows_mut().into_iter().enumerate() {
            for (i, x) in state.iter_mut().enumerate().filter(|&(i, _)| known[i]) {
                *x = given[[row / draws, i]];
            }
        }
    };
    let mut start = Array2::zeros((v.nrows() * draws, v.ncols()));
    let stream = Stream::new(seed, UNKNOWN);
    rbm.visible.unit.draw_independent(base, stream, &mut start.view_mut());
    put_back(&mut start);
    let mut chains = ConvChains::from_u(rbm, start);
    for step in 1..=steps {
        gibbs_step(rbm, &mut chains, seed, step);
        put_back(&mut chains.u);
    }
    put_back(&mut chains.u_mean);
    chains
}

/// Detection units of models without input, one state per row: all states of a block are equally likely.
pub(crate) fn independent_states<F: Real>(rbm: &ConvRbm<F>, n: usize, stream: Stream) -> Array2<F> {
    let mut memory = Memory::new(rbm.geometry);
    let p = F::one() / F::of(1.0 + rbm.geometry.block_len() as f64);
    let mut states = Array2::from_elem((n, rbm.n_detection()), p);
    for (chain, mut row) in states.rows_mut().into_iter().enumerate() {
        memory.draw(stream, chain, row.as_slice_mut().expect(CONTIGUOUS));
    }
    states
}
