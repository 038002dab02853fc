//! Gibbs sampling keeps the model's distribution stationary; broken kernels do not. Inpainting draws from
//! the conditional distribution.

use ndarray::{Array1, Array2, ArrayView2, Axis, array};
use numerics::{Purpose, Stream, with_team};
use rand::distr::{Distribution, weighted::WeightedIndex};
use rbm_core::convolutional::{ConvChains, ConvRbm, gibbs_step, inpaint, sample_exactly};

use super::{bits, model, probabilities};

const CHAINS: usize = 20_000;

/// Models with couplings so strong that a wrong kernel moves the distribution within a few steps.
fn coupled() -> [ConvRbm<f64>; 2] {
    [model((3, 3, 1), (3, 2, 2), 2.5), model((2, 4, 1), (3, 2, 1), 2.5)]
}

fn exact_draws(rbm: &ConvRbm<f64>, p: &[f64]) -> Array2<f64> {
    let mut rng = Stream::new(11, Purpose::new("exact")).rng();
    let states = WeightedIndex::new(p).expect("probabilities");
    let rows: Vec<usize> = (0..CHAINS).map(|_| states.sample(&mut rng)).collect();
    bits(rbm.n_visible()).select(Axis(0), &rows)
}

fn total_variation(p: &[f64], visible: ArrayView2<f64>) -> f64 {
    let mut counts = vec![0.0; p.len()];
    for row in visible.rows() {
        let state = row.iter().rev().fold(0, |state, &bit| 2 * state + usize::from(bit == 1.0));
        counts[state] += 1.0 / CHAINS as f64;
    }
    0.5 * p.iter().zip(counts).map(|(p, q)| (p - q).abs()).sum::<f64>()
}

fn monte_carlo_floor(p: &[f64]) -> f64 {
    let deviation = |p: &f64| (p * (1.0 - p) / CHAINS as f64).sqrt();
    0.5 * (2.0 / std::f64::consts::PI).sqrt() * p.iter().map(deviation).sum::<f64>()
}

/// The total variation after these steps of `kernel` from exact draws of `rbm`, over the Monte-Carlo floor.
fn distance(rbm: &ConvRbm<f64>, kernel: &ConvRbm<f64>, steps: usize) -> f64 {
    let p = probabilities(rbm);
    let mut chains = ConvChains::from_visible(rbm, exact_draws(rbm, &p).view());
    (0..steps).for_each(|step| gibbs_step(kernel, &mut chains, 3, step));
    total_variation(&p, chains.visible(rbm).view()) / monte_carlo_floor(&p)
}

#[test]
fn gibbs_sampling_keeps_the_distribution() {
    for rbm in coupled() {
        for steps in [1, 4, 16] {
            let distance = distance(&rbm, &rbm, steps);
            assert!(distance < 1.5, "{steps} steps: {distance} floors");
        }
    }
}

#[test]
fn broken_kernels_do_not() {
    for rbm in coupled() {
        let reversed = ConvRbm { weights: rbm.weights.mapv(|w| -w), ..rbm.clone() };
        // Each column of the weights upside down: a correlation in place of a convolution.
        let mut flipped = rbm.clone();
        flipped.weights.invert_axis(Axis(0));
        flipped.weights = flipped.weights.as_standard_layout().into_owned();
        for broken in [reversed, flipped] {
            for steps in [1, 4, 16] {
                let distance = distance(&rbm, &broken, steps);
                assert!(distance > 4.0, "{steps} steps: {distance} floors");
            }
        }
    }
    // Units of a block that do not compete.
    let [rbm, _] = coupled();
    let independent = model((3, 3, 1), (3, 2, 1), 2.5);
    assert!(distance(&rbm, &independent, 1) > 4.0);
}

#[test]
fn exact_draws_are_exact_and_states_of_a_block_exclude_each_other() {
    for rbm in coupled() {
        let p = probabilities(&rbm);
        let stream = Stream::new(5, Purpose::new("exact"));
        let visible = sample_exactly(&rbm, CHAINS, stream).expect("few detection units");
        let distance = total_variation(&p, visible.view()) / monte_carlo_floor(&p);
        assert!(distance < 1.5, "{distance} floors");
        let h = rbm.sample_h_given_v(visible.view(), stream.sublayer(2));
        assert!(rbm.pool(h.view()).iter().all(|&on| on == 0.0 || on == 1.0));
        // Draws have the means that they were drawn from, within five standard errors.
        let frequencies = h.mean_axis(Axis(0)).expect("rows");
        let means = rbm.hidden_means(visible.view()).mean_axis(Axis(0)).expect("rows");
        for (f, p) in frequencies.iter().zip(&means) {
            assert!((f - p).abs() < 5.0 * (0.25 / CHAINS as f64).sqrt(), "{f} {p}");
        }
    }
}

#[test]
fn inpainting_keeps_known_pixels_and_draws_the_others_from_their_conditional() {
    let rbm = model((3, 3, 1), (3, 2, 2), 1.5);
    let known = [true, true, true, true, false, true, true, false, true];
    let v = array![1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    let joint = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(first, second)| {
        let mut v = v.clone();
        (v[4], v[7]) = (first, second);
        (-rbm.free_energies(v.view().insert_axis(Axis(0)))[0]).exp()
    });
    let total: f64 = joint.iter().sum();
    let (draws, base) = (20_000, Array1::zeros(9));
    let rows = v.view().insert_axis(Axis(0));
    let chains = inpaint(&rbm, rows, (&known, base.view()), (draws, 40), 1);
    let mut counts = [0.0; 4];
    for drawn in chains.visible(&rbm).rows() {
        assert!((0..9).all(|i| !known[i] || drawn[i] == v[i]));
        counts[usize::from(drawn[4] == 1.0) + 2 * usize::from(drawn[7] == 1.0)] += 1.0;
    }
    for (count, p) in counts.iter().zip(joint.map(|p| p / total)) {
        let found = count / draws as f64;
        assert!((found - p).abs() < 5.0 * (p * (1.0 - p) / draws as f64).sqrt(), "{found}, {p}");
    }
}

#[test]
fn chains_are_the_same_on_any_team_and_draws_of_a_seed_are_pinned() {
    let rbm = model((3, 5, 1), (2, 2, 2), 1.5);
    let run = || {
        let mut chains = ConvChains::from_noise(&rbm, 5, Stream::new(1, Purpose::new("pin")));
        (0..3).for_each(|step| gibbs_step(&rbm, &mut chains, 1, step));
        chains
    };
    let alone = run();
    for threads in [2, 3, 8] {
        assert_eq!(with_team(threads, run), alone);
    }
    // The rows were computed by `gibbs_step` itself when the streams were fixed. They guard the draws that
    // users' seeds produce.
    let text = |row: ndarray::ArrayView1<f64>| -> String {
        row.iter().map(|&bit| if bit == 1.0 { '1' } else { '0' }).collect()
    };
    let rows: Vec<String> = alone.visible(&rbm).rows().into_iter().map(text).collect();
    assert_eq!(rows, PINNED);
}
const PINNED: [&str; 5] =
    ["100101000100000", "010101000001100", "101000010010000", "000100000000110", "010000001001000"];
