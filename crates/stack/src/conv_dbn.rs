//! The convolutional deep belief network (Lee et al. 2009): a [`Dbn`] of convolutional RBMs, in which the
//! images of each are the pooled units of the one below.
//!
//! Pooled units do not determine which unit of a block is on. The downward pass draws it by Gibbs sampling of
//! the layer with its pooled units clamped.

use ndarray::{Array2, ArrayView2};
use numerics::Stream;
use rbm_core::convolutional::{ConvChains, ConvRbm, gibbs_step};

use crate::{Dbn, StackedLayer, StackedRbm};

/// A stack of convolutional RBMs; with one layer, a convolutional RBM.
pub type ConvDbn = Dbn<ConvRbm<f32>>;

/// Number of Gibbs steps with clamped pooled units that draw the positions within blocks.
const PLACE_STEPS: usize = 20;

/// Streams of positions have even sublayers from 2 up, those of images odd ones; this one is for the visible
/// units that are drawn at the end.
const LAST: usize = 2 * PLACE_STEPS + 1;

impl StackedLayer for ConvRbm<f32> {
    fn encode(&self, inputs: ArrayView2<f32>) -> Array2<f32> {
        ConvRbm::encode(self, inputs)
    }
}

impl StackedRbm for ConvRbm<f32> {
    type Chains = ConvChains<f32>;

    fn sample_features(&self, visible: ArrayView2<f32>, stream: Stream) -> Array2<f32> {
        self.pool(self.sample_h_given_v(visible, stream).view())
    }

    fn expected_visible(&self, visible: ArrayView2<f32>, features: ArrayView2<f32>) -> Array2<f32> {
        self.reconstruct_from_pooled(visible, features)
    }

    fn visible_mean_given(&self, features: ArrayView2<f32>, stream: Stream) -> Array2<f32> {
        self.visible_means(self.sample_h_given_pooled(features, PLACE_STEPS, stream).view())
    }

    fn sample_visible(&self, features: ArrayView2<f32>, stream: Stream) -> Array2<f32> {
        let h = self.sample_h_given_pooled(features, PLACE_STEPS, stream);
        self.sample_v_given_h(h.view(), stream.sublayer(LAST))
    }

    fn chains_from_visible(&self, visible: ArrayView2<f32>) -> ConvChains<f32> {
        ConvChains::from_visible(self, visible)
    }

    fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> ConvChains<f32> {
        ConvChains::from_noise(self, n_chains, stream)
    }

    fn gibbs_step(&self, chains: &mut ConvChains<f32>, seed: u64, step: usize) {
        gibbs_step(self, chains, seed, step);
    }

    fn visible(&self, chains: &ConvChains<f32>) -> Array2<f32> {
        chains.visible(self).into_owned()
    }

    fn visible_mean(&self, chains: &ConvChains<f32>) -> Array2<f32> {
        chains.visible_mean(self).into_owned()
    }

    fn free_energies(&self, visible: ArrayView2<f32>) -> Vec<f64> {
        ConvRbm::free_energies(self, visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Axis};
    use nn_core::Parameters as _;
    use numerics::{Purpose, with_team};
    use rbm_core::Unit;
    use rbm_core::convolutional::{Geometry, ImageShape, log_z};

    const TEST: Purpose = Purpose::new("test");

    /// A layer with binary visible units and parameters of about this size.
    fn rbm(sides: [usize; 3], maps: usize, kernel: usize, pool: usize, size: f32) -> ConvRbm<f32> {
        let [height, width, channels] = sides;
        let image = ImageShape { height, width, channels };
        let geometry = Geometry::new(image, maps, kernel, pool).expect("it fits");
        let mut rbm = ConvRbm::with_units(geometry, Unit::Binary);
        let mut number = 0.0_f32;
        for tensor in rbm.tensors_mut() {
            for value in tensor.values {
                number += 1.0;
                *value = size * (1.7 * number).sin();
            }
        }
        rbm
    }

    fn states(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((1 << n, n), |(s, i)| f32::from(u8::from(s >> i & 1 == 1)))
    }

    /// E[v] of the first layer for every state of its pooled units, one per row, by enumerating all positions
    /// of the units within blocks.
    fn means_given_pooled(rbm: &ConvRbm<f32>, pooled: &Array2<f32>) -> Array2<f64> {
        let mut means = Array2::zeros((pooled.nrows(), rbm.n_visible()));
        let places = 1_usize << (2 * rbm.n_pooled());
        for (pooled, mut mean) in pooled.rows().into_iter().zip(means.rows_mut()) {
            let mut total = 0.0;
            // One block per map: unit q of map k is number q · maps + k.
            for place in 0..places {
                let mut h = Array2::zeros((1, rbm.n_detection()));
                for (map, &on) in pooled.iter().enumerate() {
                    h[(0, (place >> (2 * map) & 3) * rbm.n_pooled() + map)] = on;
                }
                let given = rbm.visible_means(h.view()).mapv(f64::from);
                // Σ over v of e^(−E(v, h)) = e^(b·h) Π (1 + e^input), and 1 + e^input = 1 / (1 − mean).
                let bias = rbm.hidden_bias.iter().zip(pooled).map(|(b, on)| f64::from(b * on));
                let visible = given.iter().map(|mean| -(1.0 - mean).ln());
                let weight = bias.chain(visible).sum::<f64>().exp();
                total += weight;
                mean.scaled_add(weight, &given.row(0));
            }
            mean /= total;
        }
        means
    }

    /// Compares the means of draws with those of p(v), enumerated for images of 3 × 3 pixels, two maps with
    /// one block of 2 × 2 units each, and a top layer of two units.
    #[test]
    fn draws_have_the_distribution_of_the_network() {
        let (below, top) = (rbm([3, 3, 1], 2, 2, 2, 1.2), rbm([1, 1, 2], 2, 1, 1, 1.5));
        let log_z = log_z(&top).expect("small");
        let p: Vec<f64> =
            top.free_energies(states(2).view()).iter().map(|f| (-f - log_z).exp()).collect();
        let expected: Array1<f64> =
            means_given_pooled(&below, &states(2)).t().dot(&Array1::from(p));

        let dbn = ConvDbn { layers: vec![below, top] };
        let n = 40_000;
        let drawn = || {
            let mut chains = dbn.chains_from_noise(n, Stream::new(1, TEST));
            for step in 1..=50 {
                dbn.gibbs_step(&mut chains, 1, step);
            }
            (dbn.draw_down(&chains, 1, 50), dbn.draw_states_down(&chains, 1, 50))
        };
        let (means, drawn_states) = drawn();
        for found in [&means, &drawn_states] {
            let found = found.mean_axis(Axis(0)).expect("chains");
            for (found, expected) in found.iter().zip(&expected) {
                // Five standard errors of the mean of numbers in [0, 1].
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 2.5 / (n as f64).sqrt(), "{found}, expected {expected}");
            }
        }
        // Uniform positions give a different distribution, which this many draws distinguish.
        let uniform = dbn.layers[0].decode(top_states(&dbn, n).view());
        let uniform = uniform.mean_axis(Axis(0)).expect("chains").mapv(f64::from);
        let furthest = (&uniform - &expected).mapv(f64::abs).fold(0.0_f64, |a, &b| a.max(b));
        assert!(furthest > 5.0 / (n as f64).sqrt(), "{furthest}");
        for threads in [1, 2, 3] {
            assert!(
                with_team(threads, drawn) == (means.clone(), drawn_states.clone()),
                "{threads}"
            );
        }
    }

    fn top_states(dbn: &ConvDbn, n: usize) -> Array2<f32> {
        let mut chains = dbn.chains_from_noise(n, Stream::new(2, TEST));
        for step in 1..=50 {
            dbn.gibbs_step(&mut chains, 2, step);
        }
        dbn.top().visible(&chains)
    }

    #[test]
    fn reconstruction_and_features_are_the_layers_own() {
        let (below, top) = (rbm([6, 6, 1], 3, 3, 2, 0.8), rbm([2, 2, 3], 2, 1, 1, 0.8));
        let x = Array2::from_shape_fn((4, 36), |(i, j)| ((i * 7 + j * 3) % 5) as f32 / 4.0);
        let close =
            |a: &Array2<f32>, b: &Array2<f32>| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        let one = ConvDbn { layers: vec![below.clone()] };
        assert!(close(&one.reconstruct(x.view()), &below.reconstruct(x.view())));
        let pooled = below.encode(x.view());
        let two = ConvDbn { layers: vec![below.clone(), top.clone()] };
        assert_eq!(two.encode(x.view()), top.encode(pooled.view()));
        let expected =
            below.reconstruct_from_pooled(x.view(), top.reconstruct(pooled.view()).view());
        assert!(close(&two.reconstruct(x.view()), &expected));
    }

    /// The states that chains start from are pooled states of the data, so that no block has two units.
    #[test]
    fn chains_from_data_start_from_pooled_states() {
        let dbn =
            ConvDbn { layers: vec![rbm([6, 6, 1], 3, 3, 2, 0.8), rbm([2, 2, 3], 2, 1, 1, 0.8)] };
        let x = Array2::from_shape_fn((40, 36), |(i, j)| f32::from((i + j) % 3 == 0));
        let chains = dbn.chains_from_data(x.view(), 1);
        let start = dbn.top().visible(&chains);
        assert!(start.dim() == (40, 12) && start.iter().all(|&on| on == 0.0 || on == 1.0));
    }
}
