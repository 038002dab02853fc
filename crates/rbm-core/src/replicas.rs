//! Parallel tempering (Swendsen & Wang 1986; for RBMs Desjardins et al. 2010, Cho et al. 2010):
//! each chain has replicas at inverse temperatures from 1, the model, to 0, independent units.
//! Neighbours exchange their temperatures with probability
//! min(1, p*_β(v′) p*_β′(v) / (p*_β(v) p*_β′(v′))), which leaves the joint distribution of the replicas
//! as it is; what mixes at β near 0 reaches the model.

use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut2, Axis};
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::{Real, Stream, by_rows};

use crate::Rbm;
use crate::tempered::Tempered;

/// Chains with replicas at several temperatures; the replicas of a chain are neighbouring rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicas<F> {
    /// Visible states, (chains · temperatures) × visible.
    visible: Array2<F>,
    /// β of each row.
    beta: Array1<F>,
    /// a⁰: the biases of the independent units at β = 0.
    base: Array1<F>,
    n_temperatures: usize,
    /// Memory for inputs and states of hidden units.
    hidden: Array2<F>,
    /// Memory: ln p* at the partner's temperature − at the own.
    log_ratios: Vec<f64>,
}

impl<F: Real> Replicas<F> {
    /// `n_chains` chains of `n_temperatures` replicas, drawn at β = 0, where the units' biases are
    /// `base`.
    ///
    /// # Panics
    /// If there are fewer than two temperatures, or the hidden units are not binary.
    #[must_use]
    pub fn new(
        rbm: &Rbm<F>,
        base: Array1<F>,
        (n_chains, n_temperatures): (usize, usize),
        stream: Stream,
    ) -> Self {
        let n = n_chains * n_temperatures;
        let mut visible = Array2::zeros((n, rbm.n_visible()));
        Tempered::new(rbm, base.view()).draw_base(stream, visible.view_mut());
        Replicas::from_visible(rbm, base, visible, n_temperatures)
    }

    /// Replicas with these visible states: row c · `n_temperatures` + t is chain c at the t-th
    /// temperature, from the model's on.
    ///
    /// # Panics
    /// If there are fewer than two temperatures, or they do not divide the rows.
    #[must_use]
    pub fn from_visible(
        rbm: &Rbm<F>,
        base: Array1<F>,
        visible: Array2<F>,
        n_temperatures: usize,
    ) -> Self {
        let n = visible.nrows();
        assert!(n_temperatures >= 2, "tempering has at least two temperatures");
        assert_eq!(n % n_temperatures, 0, "as many replicas of each chain");
        Replicas {
            visible,
            beta: Array1::from_shape_fn(n, |row| beta(row % n_temperatures, n_temperatures)),
            base,
            n_temperatures,
            hidden: Array2::zeros((n, rbm.n_hidden())),
            log_ratios: vec![0.0; n],
        }
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        self.visible.nrows() / self.n_temperatures
    }

    /// The visible states at the t-th temperature, one row a chain, into `out`; t = 0 is the model's.
    ///
    /// # Panics
    /// If `out` has another shape.
    pub fn copy_states_at(&self, t: usize, mut out: ArrayViewMut2<F>) {
        for (chain, mut out) in out.rows_mut().into_iter().enumerate() {
            out.assign(&self.visible.row(self.row_at(chain, t)));
        }
    }

    /// One sweep: exchanges between half of the neighbours (the other half at the next `sweep`),
    /// then a Gibbs step of every replica. Draws from three sublayers of `stream`, numbered by
    /// `sweep`. Returns the share of exchanges that were accepted.
    ///
    /// # Panics
    /// If the model has another shape or hidden units that are not binary.
    pub fn sweep(&mut self, rbm: &Rbm<F>, sweep: usize, stream: Stream) -> f64 {
        let base = std::mem::take(&mut self.base);
        let family = Tempered::new(rbm, base.view());
        let (n_temperatures, n_hidden) = (self.n_temperatures, rbm.n_hidden());
        let partner = |beta: F| partner(level(beta, n_temperatures), sweep % 2, n_temperatures);
        let betas = &self.beta;
        family.inputs_then(
            self.visible.view(),
            self.hidden.view_mut(),
            &mut self.log_ratios,
            |row, v, x, log_ratio| {
                let own = betas[row];
                let other = partner(own).map_or(own, |t| self::beta(t, n_temperatures));
                *log_ratio = family.log_ratio(v, x, own, other);
            },
        );
        let accepted = self.exchange(sweep % 2, stream.sublayer(3 * sweep));
        let betas = &self.beta;
        by_rows(self.hidden.nrows(), self.hidden.view_mut(), |rows, mut x| {
            for (row, mut x) in rows.zip(x.rows_mut()) {
                let x = x.as_slice_mut().expect("rows are contiguous");
                Tempered::draw_hidden(
                    stream.sublayer(3 * sweep + 1),
                    row * n_hidden,
                    x,
                    betas[row],
                );
            }
        });
        let visible = self.visible.view_mut();
        family.draw_visible(
            self.hidden.view(),
            |row| betas[row],
            stream.sublayer(3 * sweep + 2),
            visible,
        );
        self.base = base;
        accepted
    }

    /// Exchanges the temperatures t and t + 1 of each chain, for t = parity, parity + 2, …
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

/// The inverse of the t-th temperature.
fn beta<F: Real>(t: usize, n: usize) -> F {
    F::of(1.0 - t as f64 / (n - 1) as f64)
}

/// The number of the temperature with this inverse.
fn level<F: Real>(beta: F, n: usize) -> usize {
    let t = (1.0 - beta.as_f64()) * (n - 1) as f64;
    (0..n).min_by(|&a, &b| (a as f64 - t).abs().total_cmp(&(b as f64 - t).abs())).unwrap_or(0)
}

/// The temperature with which the t-th may be exchanged in a sweep of this parity.
fn partner(t: usize, parity: usize, n: usize) -> Option<usize> {
    let other = if t % 2 == parity { Some(t + 1) } else { t.checked_sub(1) };
    other.filter(|&other| other < n)
}

impl<F: Real> Parameters<F> for Replicas<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [
            Tensor::matrix("visible", 0, self.visible.view()),
            Tensor::vector("beta", 0, self.beta.view()),
        ]
        .into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::matrix("visible", 0, self.visible.view_mut()),
            TensorMut::vector("beta", 0, self.beta.view_mut()),
        ]
        .into_iter()
    }
}
