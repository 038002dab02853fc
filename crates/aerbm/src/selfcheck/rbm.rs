//! Energies, probabilities, sampling and log Z of small RBMs, against enumeration.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use numerics::{Purpose, Stream, log_sum_exp};
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rbm_core::{
    Chains, Rbm, Replicas, Temperatures, Unit, backward, forward, gibbs_step, log_z, sample_exactly,
};

use super::{larger, largest};

const N_VISIBLE: usize = 5;
const N_HIDDEN: usize = 4;

fn model() -> Rbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    Rbm::binary(
        Array2::from_shape_fn((N_VISIBLE, N_HIDDEN), |(i, j)| 3.0 * wave(i, j)),
        Array1::from_shape_fn(N_VISIBLE, |i| wave(i, 30)),
        Array1::from_shape_fn(N_HIDDEN, |j| wave(20, j)),
    )
}

fn states(n_units: usize) -> Array2<f64> {
    Array2::from_shape_fn(
        (1 << n_units, n_units),
        |(state, unit)| {
            if (state >> unit) & 1 == 1 { 1.0 } else { 0.0 }
        },
    )
}

fn negative_energies(rbm: &Rbm<f64>) -> Array2<f64> {
    let (vs, hs) = (states(N_VISIBLE), states(N_HIDDEN));
    Array2::from_shape_fn((vs.nrows(), hs.nrows()), |(v, h)| -rbm.energy(vs.row(v), hs.row(h)))
}

pub(super) fn log_z_error() -> f64 {
    let rbm = model();
    let all: Vec<f64> = negative_energies(&rbm).iter().copied().collect();
    let exact = log_sum_exp(&all);
    let found = |rbm: &Rbm<f64>| log_z(rbm).unwrap_or(f64::NAN);
    largest([found(&rbm) - exact, found(&rbm.exchanged()) - exact])
}

pub(super) fn free_energy_error() -> f64 {
    let rbm = model();
    let free = rbm.free_energies(states(N_VISIBLE).view());
    let energies = negative_energies(&rbm);
    largest(energies.rows().into_iter().zip(free).map(|(row, f)| log_sum_exp(&row.to_vec()) + f))
}

pub(super) fn conditional_error() -> f64 {
    let rbm = model();
    let (vs, hs, energies) = (states(N_VISIBLE), states(N_HIDDEN), negative_energies(&rbm));
    let mut means = Array2::zeros((vs.nrows(), N_HIDDEN));
    rbm.mean_h_given_v(vs.view(), means.view_mut());
    let log_p = |h: ArrayView1<f64>, mean: ArrayView1<f64>| -> f64 {
        h.iter().zip(mean).map(|(&h, &p)| if h == 1.0 { p.ln() } else { (1.0 - p).ln() }).sum()
    };
    largest((0..vs.nrows()).flat_map(|v| {
        let (means, hs, energies) = (&means, &hs, &energies);
        (1..hs.nrows()).map(move |h| {
            let ratio = log_p(hs.row(h), means.row(v)) - log_p(hs.row(0), means.row(v));
            ratio - (energies[[v, h]] - energies[[v, 0]])
        })
    }))
}

const CHAINS: usize = 20_000;

fn probabilities(rbm: &Rbm<f64>) -> Vec<f64> {
    let log_z = log_z(rbm).unwrap_or(f64::NAN);
    let free = rbm.free_energies(states(N_VISIBLE).view());
    free.iter().map(|f| (-f - log_z).exp()).collect()
}

/// Visible states drawn from `p` exactly.
fn exact_draws(p: &[f64], stream: Stream) -> Option<Array2<f64>> {
    let exact = WeightedIndex::new(p).ok()?;
    let (states, mut rng) = (states(N_VISIBLE), stream.rng());
    let mut visible = Array2::zeros((CHAINS, N_VISIBLE));
    for mut row in visible.rows_mut() {
        row.assign(&states.row(exact.sample(&mut rng)));
    }
    Some(visible)
}

/// The total variation of states from `p`, in units of that of exact draws.
fn floors(p: &[f64], visible: ArrayView2<f64>) -> f64 {
    let deviation = |p: &f64| (p * (1.0 - p) / CHAINS as f64).sqrt();
    let floor = 0.5 * (2.0 / std::f64::consts::PI).sqrt() * p.iter().map(deviation).sum::<f64>();
    let mut frequencies = vec![0.0; p.len()];
    for row in visible.rows() {
        let state = row.iter().rev().fold(0, |state, &bit| 2 * state + usize::from(bit == 1.0));
        frequencies[state] += 1.0 / CHAINS as f64;
    }
    0.5 * p.iter().zip(frequencies).map(|(p, q)| (p - q).abs()).sum::<f64>() / floor
}

/// Total variation after 1, 4 and 16 steps from exact draws, in floors.
pub(super) fn stationarity_error() -> f64 {
    let rbm = model();
    let p = probabilities(&rbm);
    largest([1, 4, 16].map(|steps| {
        let stream = Stream::new(11, Purpose::new("selfcheck"));
        let Some(visible) = exact_draws(&p, stream) else { return f64::NAN };
        let mut chains = Chains::from_visible(&rbm, visible.view());
        for step in 0..steps {
            gibbs_step(&rbm, &mut chains, 3, step);
        }
        floors(&p, chains.visible(&rbm).view())
    }))
}

/// The same for sweeps of tempering, at the model's temperature and at β = 0.
pub(super) fn tempering_error() -> f64 {
    let rbm = model();
    let stream = Stream::new(12, Purpose::new("selfcheck"));
    let base = Array1::from_elem(N_VISIBLE, 0.5);
    let independent =
        Rbm::binary(Array2::zeros(rbm.weights.dim()), base.clone(), Array1::zeros(N_HIDDEN));
    let levels = [probabilities(&rbm), probabilities(&independent)];
    let draws = [0, 1].map(|t: usize| exact_draws(&levels[t], stream.layer(t)));
    let [Some(of_model), Some(of_base)] = draws else { return f64::NAN };
    let visible = Array2::from_shape_fn((2 * CHAINS, N_VISIBLE), |(row, unit)| {
        let draws = if row % 2 == 0 { &of_model } else { &of_base };
        draws[[row / 2, unit]]
    });
    let mut worst = 0.0;
    let mut replicas = Replicas::from_visible(&rbm, base, visible.view(), 2);
    for sweep in 0..16 {
        replicas.sweep(&rbm, sweep, stream);
        for (t, p) in levels.iter().enumerate() {
            worst = largest([worst, floors(p, replicas.states_at(&rbm, t).view())]);
        }
    }
    worst
}

pub(super) fn pseudo_likelihood_error() -> f64 {
    let rbm = model();
    let states = states(N_VISIBLE);
    let free = rbm.free_energies(states.view());
    let Ok(found) = rbm.pseudo_log_likelihoods(states.view()) else { return f64::NAN };
    largest(found.iter().enumerate().map(|(state, found)| {
        let flipped = (0..N_VISIBLE).map(|unit| state ^ (1 << unit));
        let expected =
            flipped.map(|other| -free[state] - log_sum_exp(&[-free[state], -free[other]]));
        found - expected.sum::<f64>()
    }))
}

/// Z of one real-valued visible and three binary hidden units.
pub(super) fn quadrature_error(visible: Unit) -> f64 {
    let mut rbm = Rbm::<f64>::with_units(1, 3, visible, Unit::Binary);
    rbm.weights.assign(&ndarray::array![[0.8, -1.1, 0.4]]);
    rbm.hidden.bias.assign(&ndarray::array![0.3, -0.2, 0.1]);
    let hs = states(3);
    // The midpoints of four thousand steps over the range that matters.
    let (low, high) = visible.bounds();
    let (from, to) = (low.max(-20.0), high.min(20.0));
    let step = (to - from) / 4_000.0;
    let points = (0..4_000).map(|point| from + (f64::from(point) + 0.5) * step);
    let z: f64 = points
        .map(|u| {
            let u = ndarray::array![u];
            hs.rows().into_iter().map(|h| (-rbm.energy(u.view(), h)).exp()).sum::<f64>() * step
        })
        .sum();
    log_z(&rbm).map_or(f64::NAN, |log_z| largest([log_z - z.ln()]))
}

pub(super) fn annealing_error() -> f64 {
    let mut rbm = model();
    rbm.weights.fill(0.0);
    rbm.hidden.bias.fill(0.0);
    let found = forward(&rbm, rbm.visible.bias.view(), &[0.0, 0.5, 1.0], 4, 1).log_z;
    log_z(&rbm).map_or(f64::NAN, |exact| largest([found - exact]))
}

/// The estimates of log Z over `runs` runs of 10 chains, forward and backward, minus the truth.
fn annealed(count: usize, runs: u64) -> Option<Vec<[f64; 2]>> {
    let rbm = model();
    let exact = log_z(&rbm).ok()?;
    let base = Array1::zeros(N_VISIBLE);
    let betas = Temperatures::Even { count }.betas();
    let run = |seed| {
        let stream = Stream::new(seed, Purpose::new("selfcheck"));
        let starts = sample_exactly(&rbm, 10, stream).ok()?;
        let lower = forward(&rbm, base.view(), &betas, 10, seed).log_z;
        let upper = backward(&rbm, base.view(), &betas, starts.view(), seed).log_z;
        Some([lower - exact, upper - exact])
    };
    (0..runs).map(run).collect()
}

/// The root mean square error at 1,000 temperatures, as a fraction of that at 10.
pub(super) fn annealing_ratio() -> f64 {
    let size = |count| {
        let errors = annealed(count, 20)?;
        Some(errors.iter().map(|[lower, _]| lower * lower).sum::<f64>().sqrt())
    };
    size(1_000).zip(size(10)).map_or(f64::NAN, |(many, few)| many / few)
}

/// The distance of log Z from the mean estimates in standard errors: 0 if it lies between them.
pub(super) fn bracket_error() -> f64 {
    let Some(errors) = annealed(20, 100) else { return f64::NAN };
    let n = errors.len() as f64;
    let outside = |side: usize, sign: f64| {
        let mean = errors.iter().map(|e| e[side]).sum::<f64>() / n;
        let variance = errors.iter().map(|e| (e[side] - mean).powi(2)).sum::<f64>() / (n - 1.0);
        sign * mean / (variance / n).sqrt()
    };
    [outside(0, 1.0), outside(1, -1.0)].into_iter().fold(0.0, larger)
}
