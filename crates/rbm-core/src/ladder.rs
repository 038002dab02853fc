//! Ladders of replicas: parallel tempering between independent units and a model.
//!
//! A ladder has a replica at each of its levels, which are inverse temperatures from 0 to 1. A sweep proposes
//! to exchange the replicas of neighbouring levels, in even and odd pairs alternately, which carries replicas
//! through the ladder in few sweeps (Okabe, Kawata, Okamoto & Mikami 2001; Syed et al. 2022), and then moves
//! each by a Gibbs step. Both leave the product of the levels' distributions invariant. The ratios that
//! decide an exchange also give [Bennett's ratio](crate::bennett) of the two levels.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Stream, by_thread};

use crate::bennett::Acceptance;
use crate::family::{CONTIGUOUS, Family, anneal};

/// Gibbs steps at each level while replicas are initialised.
const STEPS_AT_A_LEVEL: usize = 5;

/// The end of the ladder that a replica visited last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Neither,
    Base,
    Model,
}

/// The order of one ladder's replicas, and its counts since they were last taken.
#[derive(Debug, Clone)]
struct Order {
    /// The level of each replica.
    level: Vec<usize>,
    /// The replica at each level.
    replica: Vec<usize>,
    last_end: Vec<End>,
    round_trips: usize,
    /// For each pair of neighbouring levels.
    pairs: Vec<Acceptance>,
}

impl Order {
    fn new(n_levels: usize) -> Self {
        Order {
            level: (0..n_levels).collect(),
            replica: (0..n_levels).collect(),
            last_end: vec![End::Neither; n_levels],
            round_trips: 0,
            pairs: vec![Acceptance::default(); n_levels - 1],
        }
    }

    fn exchange(&mut self, pair: usize) {
        let (low, high) = (self.replica[pair], self.replica[pair + 1]);
        self.replica.swap(pair, pair + 1);
        (self.level[low], self.level[high]) = (pair + 1, pair);
    }

    /// Records which replicas are at the ends. A round trip leads from the base to the model and back.
    fn note_ends(&mut self) {
        let base = &mut self.last_end[self.replica[0]];
        if *base == End::Model {
            self.round_trips += 1;
        }
        *base = End::Base;
        let model = &mut self.last_end[self.replica[self.level.len() - 1]];
        if *model == End::Base {
            *model = End::Model;
        }
    }
}

/// Result of the sweeps of a block.
pub(crate) struct Block {
    /// For each ladder, for each pair of neighbouring levels.
    pub(crate) pairs: Vec<Vec<Acceptance>>,
    /// Number of round trips of all ladders.
    pub(crate) round_trips: usize,
}

/// Independent ladders with the same temperatures.
pub(crate) struct Ladders<F> {
    betas: Vec<f64>,
    /// The states of a ladder's replicas one after the other: ladders × (replicas · visible).
    u: Array2<F>,
    orders: Vec<Order>,
}

impl<F: Real> Ladders<F> {
    /// Ladders whose replicas are states of annealed chains: first `n` ladders from independent units to the
    /// model, then one from each row of `starts` (rows × visible, in units of σ) to independent units.
    pub(crate) fn new(
        family: &impl Family<F>,
        betas: Vec<f64>,
        n: usize,
        starts: ArrayView2<F>,
        stream: Stream,
    ) -> Self {
        let (n_levels, n_visible) = (betas.len(), family.n_visible());
        let n_ladders = n + starts.nrows();
        let mut u = Array2::zeros((n_ladders, n_levels * n_visible));
        let mut place = |ladders: Range<usize>, level: usize, state: ArrayView2<F>| {
            u.slice_mut(s![ladders, level * n_visible..(level + 1) * n_visible]).assign(&state);
        };
        let step = |from: usize, to: usize, state: &mut Array2<F>, stream: Stream| {
            let mut path = vec![betas[to]; 1 + STEPS_AT_A_LEVEL];
            path[0] = betas[from];
            anneal(family, &path, state, stream.layer(1 + to));
        };
        let rising = stream.batch(1);
        let mut state = Array2::zeros((n, n_visible));
        family.draw_base(rising, state.view_mut());
        place(0..n, 0, state.view());
        for level in 1..n_levels {
            step(level - 1, level, &mut state, rising);
            place(0..n, level, state.view());
        }
        let falling = stream.batch(2);
        let mut state = starts.to_owned();
        for level in (0..n_levels).rev() {
            step((level + 1).min(n_levels - 1), level, &mut state, falling);
            place(n..n_ladders, level, state.view());
        }
        Ladders { orders: vec![Order::new(n_levels); n_ladders], betas, u }
    }

    /// The inverse temperatures, ascending.
    pub(crate) fn betas(&self) -> &[f64] {
        &self.betas
    }

    /// Changes the temperatures. Each new level takes the state of the nearest previous one.
    pub(crate) fn set_betas(&mut self, betas: Vec<f64>) {
        let n_visible = self.u.ncols() / self.betas.len();
        let mut u = Array2::zeros((self.u.nrows(), betas.len() * n_visible));
        for (level, &beta) in betas.iter().enumerate() {
            let distance = |&k: &usize| (self.betas[k] - beta).abs();
            let nearest = (0..self.betas.len())
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                .expect("a ladder has levels");
            for (ladder, order) in self.orders.iter().enumerate() {
                let replica = order.replica[nearest];
                let state =
                    self.u.slice(s![ladder, replica * n_visible..(replica + 1) * n_visible]);
                u.slice_mut(s![ladder, level * n_visible..(level + 1) * n_visible]).assign(&state);
            }
        }
        self.orders = vec![Order::new(betas.len()); self.orders.len()];
        (self.u, self.betas) = (u, betas);
    }

    /// Runs these sweeps and returns their results. `constants` are those of Bennett's ratio, for each pair
    /// of neighbouring levels. Draws depend on the stream and on the sweep's number.
    pub(crate) fn run(
        &mut self,
        family: &impl Family<F>,
        sweeps: Range<usize>,
        constants: &[f64],
        stream: Stream,
    ) -> Block {
        let betas: Vec<F> = self.betas.iter().map(|&beta| F::of(beta)).collect();
        let n_ladders = self.orders.len();
        let outputs = (self.u.view_mut(), self.orders.as_mut_slice());
        by_thread(n_ladders, outputs, |ladders, (u, orders)| {
            let n_rows = orders.len() * betas.len();
            let u = u
                .into_shape_with_order((n_rows, family.n_visible()))
                .expect("ladders are contiguous");
            let rows = ladders.start * betas.len()..ladders.end * betas.len();
            let mut part = Part {
                family,
                betas: &betas,
                constants,
                orders,
                rows,
                memory: family.memory(n_rows),
                u,
                at: vec![F::zero(); n_rows],
                log_ratios: vec![0.0; n_rows],
                uniforms: vec![0.0; betas.len()],
            };
            for sweep in sweeps.clone() {
                part.sweep(sweep, stream.epoch(sweep));
            }
        });
        let mut block = Block { pairs: Vec::with_capacity(n_ladders), round_trips: 0 };
        for order in &mut self.orders {
            let none = vec![Acceptance::default(); order.pairs.len()];
            block.pairs.push(std::mem::replace(&mut order.pairs, none));
            block.round_trips += std::mem::take(&mut order.round_trips);
        }
        block
    }
}

/// The ladders of a thread, whose replicas pass through the weights together.
struct Part<'a, F: Real, M: Family<F>> {
    family: &'a M,
    betas: &'a [F],
    constants: &'a [f64],
    orders: &'a mut [Order],
    /// Indices of these replicas among those of all ladders.
    rows: Range<usize>,
    memory: M::Memory,
    u: ArrayViewMut2<'a, F>,
    /// β of each replica.
    at: Vec<F>,
    /// ln p* at the partner's level minus that at the replica's own.
    log_ratios: Vec<f64>,
    /// Scratch: a random number for each level.
    uniforms: Vec<f64>,
}

impl<F: Real, M: Family<F>> Part<'_, F, M> {
    fn sweep(&mut self, sweep: usize, stream: Stream) {
        let n_levels = self.betas.len();
        self.family.pass_up(self.u.view(), &mut self.memory);
        for (row, u) in self.u.rows().into_iter().enumerate() {
            let level = self.orders[row / n_levels].level[row % n_levels];
            let betas = (self.betas[level], self.betas[partner(level, sweep % 2, n_levels)]);
            let u = u.to_slice().expect(CONTIGUOUS);
            self.log_ratios[row] = self.family.log_ratio(row, u, betas, &mut self.memory);
        }
        self.exchange(sweep % 2, stream.sublayer(0));
        for (order, at) in self.orders.iter().zip(self.at.chunks_exact_mut(n_levels)) {
            for (at, &level) in at.iter_mut().zip(&order.level) {
                *at = self.betas[level];
            }
        }
        let Part { family, rows, at, memory, u, .. } = self;
        family.pass_down(rows.clone(), at, stream, memory, u);
    }

    /// Proposes to exchange the replicas of the levels k and k + 1, for k = parity, parity + 2, …
    fn exchange(&mut self, parity: usize, stream: Stream) {
        let n_levels = self.betas.len();
        let first = self.rows.start / n_levels;
        for (i, order) in self.orders.iter_mut().enumerate() {
            stream.fill_uniform((first + i) * n_levels, &mut self.uniforms);
            let ratio_of = |replica: usize| self.log_ratios[i * n_levels + replica];
            for pair in (parity..n_levels - 1).step_by(2) {
                let (up, down) = (ratio_of(order.replica[pair]), ratio_of(order.replica[pair + 1]));
                order.pairs[pair].add(up, down, self.constants[pair]);
                if self.uniforms[pair] < (up + down).exp() {
                    order.exchange(pair);
                }
            }
            order.note_ends();
        }
    }
}

/// The level that this one may be exchanged with in a sweep of this parity, or itself.
fn partner(level: usize, parity: usize, n_levels: usize) -> usize {
    match (level % 2 == parity, level) {
        (true, level) if level + 1 < n_levels => level + 1,
        (false, level) if level > 0 => level - 1,
        _ => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_are_mutual() {
        for (n_levels, parity) in [(2, 0), (2, 1), (5, 0), (5, 1), (6, 1)] {
            for level in 0..n_levels {
                let other = partner(level, parity, n_levels);
                assert_eq!(partner(other, parity, n_levels), level);
                assert!(other.abs_diff(level) <= 1);
            }
        }
    }

    #[test]
    fn round_trips_lead_from_the_base_to_the_model_and_back() {
        let mut order = Order::new(3);
        order.note_ends();
        for pair in [0, 1] {
            order.exchange(pair);
            order.note_ends();
        }
        assert_eq!(
            (order.round_trips, order.replica[2]),
            (0, 0),
            "the first replica is at the model"
        );
        // The replica that began at the model was never at the base before.
        for pair in [1, 0] {
            order.exchange(pair);
            order.note_ends();
        }
        assert_eq!((order.round_trips, order.replica[0]), (1, 0));
    }
}
