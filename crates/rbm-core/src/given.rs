//! The conditional distribution of some visible units given the others, and draws from it. A joint
//! distribution has one; a function from inputs to outputs, such as an autoencoder, does not.
//!
//! With v = (v_K, v_U), known and unknown, p(v_U | v_K) is the distribution of another RBM: its weights are
//! W_U, its hidden biases b + v_K W_K. Everything that works for RBMs works for it.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use numerics::{Purpose, Real, Stream};

use crate::{Chains, Layer, Rbm, gibbs_step};

pub(crate) const UNKNOWN: Purpose = Purpose::new("unknown");

impl<F: Real> Rbm<F> {
    /// The conditional distribution of the units that are not `known`, in their order, given the
    /// state `v` of those that are.
    ///
    /// # Panics
    /// If lengths differ from the number of visible units.
    #[must_use]
    pub fn given(&self, v: ArrayView1<F>, known: &[bool]) -> Self {
        assert_eq!((v.len(), known.len()), (self.n_visible(), self.n_visible()), "visible units");
        let unknown: Vec<usize> = (0..known.len()).filter(|&i| !known[i]).collect();
        let u = self.visible.scaled(v.insert_axis(Axis(0)));
        let u = Array1::from_shape_fn(v.len(), |i| if known[i] { u[[0, i]] } else { F::zero() });
        Rbm {
            weights: self.weights.select(Axis(0), &unknown),
            visible: self.visible.select(&unknown),
            hidden: Layer {
                bias: &self.hidden.bias + &u.dot(&self.weights),
                ..self.hidden.clone()
            },
        }
    }
}

/// Draws the units that are not `known` given those that are, `draws` times for each row of `v`, by Gibbs
/// chains of `steps` steps that restore the known units after each step. Row r · `draws` + d of the result
/// is the d-th draw for row r. Unknown units start as independent units with biases `base`.
///
/// # Panics
/// If widths differ.
#[must_use]
pub fn inpaint<F: Real>(
    rbm: &Rbm<F>,
    v: ArrayView2<F>,
    (known, base): (&[bool], ArrayView1<F>),
    (draws, steps): (usize, usize),
    seed: u64,
) -> Chains<F> {
    assert_eq!((v.ncols(), known.len()), (rbm.n_visible(), rbm.n_visible()), "visible units");
    let rows: Vec<usize> = (0..v.nrows() * draws).map(|row| row / draws).collect();
    let given = rbm.visible.scaled(v).select(Axis(0), &rows);
    let put_back = |state: &mut Array2<F>| {
        ndarray::Zip::from(state.rows_mut()).and(given.rows()).for_each(|mut row, given| {
            for ((x, &value), &known) in row.iter_mut().zip(given).zip(known) {
                if known {
                    *x = value;
                }
            }
        });
    };
    let mut start = Array2::zeros(given.dim());
    let stream = Stream::new(seed, UNKNOWN);
    rbm.visible.unit.draw_independent(base, stream, &mut start.view_mut());
    put_back(&mut start);
    let mut chains = Chains::from_u(rbm, start);
    for step in 1..=steps {
        gibbs_step(rbm, &mut chains, seed, step);
        put_back(&mut chains.u);
    }
    put_back(&mut chains.u_mean);
    chains
}
