//! Some visible units known, the others drawn from their conditional distribution: what a joint
//! distribution can do and a function from inputs to outputs cannot.
//!
//! With v = (v_U, v_L), p(v_L | v_U) is an RBM's too: that of the weights W_L, with hidden biases
//! b + v_U W_U. So everything that is known of RBMs is known of it.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use numerics::{Purpose, Real, Stream};

use crate::{Chains, Rbm, Unit, gibbs_step};

const UNKNOWN: Purpose = Purpose::new("unknown");

impl<F: Real> Rbm<F> {
    /// The conditional distribution of the units that are not `known`, in their order, given the
    /// state `v` (in units of σ) of those that are.
    ///
    /// # Panics
    /// If lengths differ from the number of visible units.
    #[must_use]
    pub fn given(&self, v: ArrayView1<F>, known: &[bool]) -> Self {
        assert_eq!((v.len(), known.len()), (self.n_visible(), self.n_visible()), "visible units");
        let free: Vec<usize> = (0..known.len()).filter(|&i| !known[i]).collect();
        let v = Array1::from_shape_fn(v.len(), |i| if known[i] { v[i] } else { F::zero() });
        let std = if self.visible == Unit::Gaussian { free.as_slice() } else { &[] };
        Rbm {
            weights: self.weights.select(Axis(0), &free),
            visible_bias: self.visible_bias.select(Axis(0), &free),
            hidden_bias: &self.hidden_bias + &v.dot(&self.weights),
            visible_std: self.visible_std.select(Axis(0), std),
            visible: self.visible,
            hidden: self.hidden,
        }
    }
}

/// Draws the units that are not `known` given those that are, for each row of `v` (in units of σ),
/// `draws` times each: Gibbs chains of `steps` in which the known units are put back after each.
/// Row r · `draws` + d of the result is the d-th draw for row r; unknown units begin where
/// independent units with biases `base` would be.
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
    let given = v.select(Axis(0), &rows);
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
    rbm.visible.parameters(base, &mut start.view_mut());
    rbm.visible.draw(Stream::new(seed, UNKNOWN), 0..rows.len(), &mut start.view_mut());
    put_back(&mut start);
    let mut chains = Chains::from_visible(rbm, start);
    for step in 1..=steps {
        gibbs_step(rbm, &mut chains, seed, step);
        put_back(&mut chains.visible);
    }
    put_back(&mut chains.visible_mean);
    chains
}
