use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::Arch;

use super::pack::Packed;
use super::with_csr;
use crate::Real;
use crate::team::team_size;

/// The right operand B of many products, packed once for all of them.
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
    /// Boxed so that it never moves: the packed elements are aligned to cache lines.
    memory: Box<[F]>,
    shape: (usize, usize),
}

impl<F: Real> Prepared<F> {
    /// Packs `b` (k × n) with the team.
    pub fn new(b: ArrayView2<F>) -> Self {
        let mut memory = vec![F::zero(); Packed::<F>::room(b.dim())].into_boxed_slice();
        Packed::pack(team_size(), F::one(), b, &mut memory);
        Prepared { memory, shape: b.dim() }
    }

    /// `out` = `a` · B on the calling thread alone, for a thread that goes on to work with its own rows.
    /// Shapes: (m, k) · (k, n) = (m, n). The bits of a row do not depend on the rows beside it.
    ///
    /// # Panics
    /// If the shapes do not fit, or the rows of `out` are not contiguous.
    pub fn multiply(&self, a: ArrayView2<F>, mut out: ArrayViewMut2<F>) {
        let (k, n) = self.shape;
        assert_eq!((a.nrows(), n), out.dim(), "the shape of the result");
        assert_eq!(a.ncols(), k, "the inner dimensions of the product");
        if out.is_empty() {
            return;
        }
        // The kernels write whole registers.
        assert!(n <= 1 || out.strides()[1] == 1, "the rows of the result are contiguous");
        if k == 0 {
            out.fill(F::zero());
            return;
        }
        let (arch, b) = (Arch::new(), Packed::at(&self.memory, self.shape));
        with_csr(arch, a, |a| F::multiply_shard(arch, a, b, F::zero(), out));
    }
}
