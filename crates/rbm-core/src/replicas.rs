//! Parallel tempering (Swendsen & Wang 1986; for RBMs Desjardins et al. 2010, Cho et al. 2010):
//! each chain has replicas at inverse temperatures from 1, the model, to 0, independent units.
//! Neighbours exchange their temperatures with probability
//! min(1, p*_β(v′) p*_β′(v) / (p*_β(v) p*_β′(v′))), which keeps the joint distribution of the replicas
//! stationary. Chains mix fast at β near 0, and the exchanges carry their states to the model.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::{Real, Stream, by_rows};

use crate::Rbm;
use crate::tempered::Tempered;

/// Chains with replicas at several temperatures; the replicas of a chain are neighbouring rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicas<F> {
    /// Visible states in units of σ, (chains · temperatures) × visible.
    u: Array2<F>,
    /// β of each row.
    beta: Array1<F>,
    /// a⁰: the biases of the independent units at β = 0.
    base: Array1<F>,
    n_temperatures: usize,
    /// Scratch for inputs and states of hidden units.
    hidden: Array2<F>,
    /// Scratch: ln p* at the partner's temperature minus that at the replica's own.
    log_ratios: Vec<f64>,
}

impl<F: Real> Replicas<F> {
    /// `n_chains` chains of `n_temperatures` replicas, drawn from the distribution at β = 0, where
    /// the visible units are independent with biases `base`.
    ///
    /// # Panics
    /// If there are fewer than two temperatures, or the energy of the hidden units is not linear.
    #[must_use]
    pub fn new(
        rbm: &Rbm<F>,
        base: Array1<F>,
        (n_chains, n_temperatures): (usize, usize),
        stream: Stream,
    ) -> Self {
        let n = n_chains * n_temperatures;
        let mut u = Array2::zeros((n, rbm.n_visible()));
        Tempered::new(rbm, base.view()).draw_base(stream, u.view_mut());
        Replicas::from_u(rbm, base, u, n_temperatures)
    }

    /// Replicas with these visible states: row c · `n_temperatures` + t is chain c at the t-th
    /// temperature, of which the first is the model's.
    ///
    /// # Panics
    /// If there are fewer than two temperatures, or they do not divide the rows.
    #[must_use]
    pub fn from_visible(
        rbm: &Rbm<F>,
        base: Array1<F>,
        visible: ArrayView2<F>,
        n_temperatures: usize,
    ) -> Self {
        let u = rbm.visible.scaled(visible).into_owned();
        Replicas::from_u(rbm, base, u, n_temperatures)
    }

    fn from_u(rbm: &Rbm<F>, base: Array1<F>, u: Array2<F>, n_temperatures: usize) -> Self {
        let n = u.nrows();
        assert!(n_temperatures >= 2, "tempering has at least two temperatures");
        assert_eq!(n % n_temperatures, 0, "each chain has a replica at every temperature");
        Replicas {
            u,
            beta: Array1::from_shape_fn(n, |row| beta(row % n_temperatures, n_temperatures)),
            base,
            n_temperatures,
            hidden: Array2::zeros((n, rbm.n_hidden())),
            log_ratios: vec![0.0; n],
        }
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        self.u.nrows() / self.n_temperatures
    }

    /// The visible states at the t-th temperature, one row per chain; t = 0 is the model's. Shape: chains ×
    /// visible.
    ///
    /// # Panics
    /// If there is no t-th temperature.
    #[must_use]
    pub fn states_at(&self, rbm: &Rbm<F>, t: usize) -> Array2<F> {
        let mut states = Array2::zeros((self.n_chains(), self.u.ncols()));
        self.copy_u_at(t, states.view_mut());
        rbm.visible.unscale(&mut states.view_mut());
        states
    }

    /// Copies the visible states at the t-th temperature, in units of σ, into `out`.
    pub(crate) fn copy_u_at(&self, t: usize, mut out: ArrayViewMut2<F>) {
        for (chain, mut out) in out.rows_mut().into_iter().enumerate() {
            out.assign(&self.u.row(self.row_at(chain, t)));
        }
    }

    /// Runs one sweep: exchanges between half of the pairs of neighbours (the other half follows in
    /// the next `sweep`), then a Gibbs step of every replica. Takes three sublayers of `stream`,
    /// numbered by `sweep`. Returns the share of proposed exchanges that were accepted.
    ///
    /// # Panics
    /// If the model has a different shape or hidden units whose energy is not linear.
    pub fn sweep(&mut self, rbm: &Rbm<F>, sweep: usize, stream: Stream) -> f64 {
        let base = std::mem::take(&mut self.base);
        let family = Tempered::new(rbm, base.view());
        let (n_temperatures, n_hidden) = (self.n_temperatures, rbm.n_hidden());
        let partner = |beta: F| partner(level(beta, n_temperatures), sweep % 2, n_temperatures);
        let betas = &self.beta;
        family.inputs_then(
            self.u.view(),
            self.hidden.view_mut(),
            &mut self.log_ratios,
            |row, u, x, log_ratio| {
                let own = betas[row];
                let other = partner(own).map_or(own, |t| self::beta(t, n_temperatures));
                *log_ratio = family.log_ratio(u, x, own, other);
            },
        );
        let accepted = self.exchange(sweep % 2, stream.sublayer(3 * sweep));
        let (betas, hidden) = (&self.beta, family.hidden);
        by_rows(self.hidden.nrows(), self.hidden.view_mut(), |rows, mut x| {
            for (row, mut x) in rows.zip(x.rows_mut()) {
                let x = x.as_slice_mut().expect("rows are contiguous");
                let stream = stream.sublayer(3 * sweep + 1);
                hidden.draw_tempered(betas[row], stream, row * n_hidden, x);
            }
        });
        let stream = stream.sublayer(3 * sweep + 2);
        family.draw_visible(self.hidden.view(), |row| betas[row], stream, self.u.view_mut());
        self.base = base;
        accepted
    }

    /// Proposes to exchange the temperatures t and t + 1 of each chain, for t = parity, parity + 2, …,
    /// and returns the share that was accepted.
    fn exchange(&mut self, parity: usize, stream: Stream) -> f64 {
        let (mut accepted, mut proposed) = (0, 0);
        let n_pairs = self.n_temperatures / 2;
        for chain in 0..self.n_chains() {
            for (pair, t) in (parity..self.n_temperatures - 1).step_by(2).enumerate() {
                let (a, b) = (self.row_at(chain, t), self.row_at(chain, t + 1));
                let mut uniform = [F::zero()];
                stream.fill_uniform(chain * n_pairs + pair, &mut uniform);
                let log_ratio = self.log_ratios[a] + self.log_ratios[b];
                proposed += 1;
                if uniform[0].as_f64() < log_ratio.exp() {
                    self.beta.swap(a, b);
                    accepted += 1;
                }
            }
        }
        f64::from(accepted) / f64::from(proposed.max(1))
    }

    /// The row of a chain's replica that is at the t-th temperature.
    fn row_at(&self, chain: usize, t: usize) -> usize {
        let n = self.n_temperatures;
        let rows: ArrayView1<F> =
            self.beta.slice_axis(Axis(0), (chain * n..(chain + 1) * n).into());
        let row = rows.iter().position(|&beta| level(beta, n) == t);
        chain * n + row.expect("each temperature has a replica")
    }
}

/// The t-th inverse temperature of `n`, evenly spaced from 1 to 0.
fn beta<F: Real>(t: usize, n: usize) -> F {
    F::of(1.0 - t as f64 / (n - 1) as f64)
}

/// The index of the inverse temperature closest to `beta`.
fn level<F: Real>(beta: F, n: usize) -> usize {
    let t = (1.0 - beta.as_f64()) * (n - 1) as f64;
    (0..n).min_by(|&a, &b| (a as f64 - t).abs().total_cmp(&(b as f64 - t).abs())).unwrap_or(0)
}

/// The temperature that the t-th may be exchanged with in a sweep of this parity.
fn partner(t: usize, parity: usize, n: usize) -> Option<usize> {
    let other = if t % 2 == parity { Some(t + 1) } else { t.checked_sub(1) };
    other.filter(|&other| other < n)
}

impl<F: Real> Parameters<F> for Replicas<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [Tensor::matrix("visible", 0, self.u.view()), Tensor::vector("beta", 0, self.beta.view())]
            .into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::matrix("visible", 0, self.u.view_mut()),
            TensorMut::vector("beta", 0, self.beta.view_mut()),
        ]
        .into_iter()
    }
}
