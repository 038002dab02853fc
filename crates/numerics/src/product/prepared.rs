use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::Arch;

use super::pack::Packed;
use super::{share, with_csr};
use crate::Real;
use crate::team::team_size;

/// The right operand B of many products, laid out once for all of them.
///
/// ```
/// use ndarray::{Array2, array};
/// let b = array![[1.0, 2.0], [0.0, 1.0]];
/// let mut out = Array2::zeros((1, 2));
/// numerics::Prepared::new(b.view()).multiply(array![[3.0, 4.0]].view(), out.view_mut());
/// assert_eq!(out, array![[3.0, 10.0]]);
/// ```
#[derive(Debug)]
pub struct Prepared<F> {
    /// Not to be moved: what is packed begins where a cache line does.
    memory: Box<[F]>,
    shape: (usize, usize),
}

impl<F: Real> Prepared<F> {
    /// Lays out `b` (k × n), by the team.
    pub fn new(b: ArrayView2<F>) -> Self {
        let mut memory = vec![F::zero(); Packed::<F>::room(b.dim())].into_boxed_slice();
        Packed::pack(team_size(), F::one(), b, &mut memory);
        Prepared { memory, shape: b.dim() }
    }

    /// `out` = `a` · B on this thread alone: for one that has rows of its own to go on with. Shapes:
    /// (m, k) · (k, n) = (m, n). A row of the result is the same to the bit whatever rows are beside
    /// it.
    ///
    /// # Panics
    /// If the shapes do not fit, or the rows of `out` are not contiguous.
    pub fn multiply(&self, a: ArrayView2<F>, mut out: ArrayViewMut2<F>) {
        let (k, n) = self.shape;
        assert_eq!((a.nrows(), n), out.dim(), "the shape of the result");
        assert_eq!(a.ncols(), k, "terms of the product");
        // The kernels write whole registers.
        assert!(n <= 1 || out.strides()[1] == 1, "the rows of the result are contiguous");
        if k == 0 {
            out.fill(F::zero());
            return;
        }
        let (arch, b) = (Arch::new(), Packed::at(&self.memory, self.shape));
        with_csr(arch, a, |a| shard::multiply(arch, a, b, F::zero(), out));
    }
}
