//! The deep belief network (Hinton, Osindero & Teh 2006): a stack of RBMs as one generative model.
//!
//! The top RBM defines the joint distribution of the two top layers. Each layer below is drawn given
//! the layer above it: p(v) = Σ p(v | h₁) p(h₁ | h₂) … p(h_{n−1}, h_n).

use ndarray::{Array2, ArrayView2};
use numerics::{Purpose, Stream};
use rbm_core::Rbm;

use crate::StackedRbm;

const DOWN: Purpose = Purpose::new("dbn down");
const UP: Purpose = Purpose::new("dbn up");

/// A stack of RBMs of one kind, each learned on the features of the RBM below.
#[derive(Debug, Clone, PartialEq)]
pub struct Dbn<R = Rbm<f32>> {
    /// The RBMs from the data upwards; the last one is the top.
    pub layers: Vec<R>,
}

impl<R: StackedRbm> Dbn<R> {
    /// The top RBM.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn top(&self) -> &R {
        self.layers.last().expect("a stack has a layer")
    }

    /// The features of the top layer, with expectations at every layer.
    /// Shapes: (n × visible) → (n × top hidden).
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn encode(&self, data: ArrayView2<f32>) -> Array2<f32> {
        let (first, rest) = self.layers.split_first().expect("a stack has a layer");
        rest.iter().fold(first.encode(data), |features, rbm| rbm.encode(features.view()))
    }

    /// Encodes and decodes, with expectations at every layer. Shapes: (n × visible) → the same.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn reconstruct(&self, data: ArrayView2<f32>) -> Array2<f32> {
        let mut features: Vec<Array2<f32>> = Vec::with_capacity(self.layers.len());
        for rbm in &self.layers {
            let below = features.last().map_or(data, |below| below.view());
            features.push(rbm.encode(below));
        }
        let mut down = features.pop().expect("a stack has a layer");
        for rbm in self.layers.iter().rev() {
            let below = features.pop();
            let below = below.as_ref().map_or(data, |below| below.view());
            down = rbm.expected_visible(below, down.view());
        }
        down
    }

    /// Chains of the top RBM that start from states drawn upwards from the data (n × visible).
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn chains_from_data(&self, data: ArrayView2<f32>, seed: u64) -> R::Chains {
        let (top, below) = self.layers.split_last().expect("a stack has a layer");
        let mut state = data.to_owned();
        for (layer, rbm) in below.iter().enumerate() {
            state = rbm.sample_features(state.view(), Stream::new(seed, UP).layer(layer));
        }
        top.chains_from_visible(state.view())
    }

    /// Chains of the top RBM that start from fair coin flips.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> R::Chains {
        self.top().chains_from_noise(n_chains, stream)
    }

    /// One Gibbs step of the top RBM's chains. `step` selects the random stream within the seed's.
    ///
    /// # Panics
    /// If there is no layer.
    pub fn gibbs_step(&self, chains: &mut R::Chains, seed: u64, step: usize) {
        self.top().gibbs_step(chains, seed, step);
    }

    /// Draws the chains' states down to the data, layer by layer; the visible layer as expectations.
    /// Shape: chains × visible.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn draw_down(&self, chains: &R::Chains, seed: u64, step: usize) -> Array2<f32> {
        match self.above_the_first(chains, seed, step) {
            None => self.top().visible_mean(chains),
            Some((first, above)) => {
                first.visible_mean_given(above.view(), Stream::new(seed, DOWN).epoch(step))
            }
        }
    }

    /// Like [`Dbn::draw_down`], with draws of the visible layer instead of expectations.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn draw_states_down(&self, chains: &R::Chains, seed: u64, step: usize) -> Array2<f32> {
        match self.above_the_first(chains, seed, step) {
            None => self.top().visible(chains),
            Some((first, above)) => {
                first.sample_visible(above.view(), Stream::new(seed, DOWN).epoch(step))
            }
        }
    }

    /// The first layer with states of its features, drawn down from the chains; `None` if it is the layer of
    /// the chains.
    fn above_the_first(
        &self,
        chains: &R::Chains,
        seed: u64,
        step: usize,
    ) -> Option<(&R, Array2<f32>)> {
        let (top, below) = self.layers.split_last().expect("a stack has a layer");
        let (first, between) = below.split_first()?;
        let mut state = top.visible(chains);
        for (layer, rbm) in between.iter().enumerate().rev() {
            let stream = Stream::new(seed, DOWN).layer(layer + 1).epoch(step);
            state = rbm.sample_visible(state.view(), stream);
        }
        Some((first, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    /// Compares the means of draws with those of p(v), enumerated for a DBN of 3-2-2 units.
    #[test]
    fn draws_have_the_distribution_of_the_network() {
        let below = Rbm::binary(
            array![[2.0, -1.0], [-1.5, 2.5], [0.5, 1.0]],
            array![-0.5, 0.2, -0.3],
            Array1::zeros(2),
        );
        let top =
            Rbm::binary(array![[1.5, -2.0], [-1.0, 2.0]], array![0.3, -0.4], array![0.1, 0.2]);
        let states = |n: usize| {
            Array2::from_shape_fn((1 << n, n), |(s, i)| f32::from(u8::from(s >> i & 1 == 1)))
        };
        let log_z = rbm_core::log_z(&top).expect("small");
        let p_h: Vec<f64> =
            top.free_energies(states(2).view()).iter().map(|f| (-f - log_z).exp()).collect();
        let mut means = Array2::zeros((4, 3));
        below.mean_v_given_h(states(2).view(), means.view_mut());
        let expected: Array1<f64> = (0..3)
            .map(|i| (0..4).map(|h| p_h[h] * f64::from(means[[h, i]])).sum::<f64>())
            .collect();

        let dbn = Dbn { layers: vec![below, top] };
        let n = 40_000;
        let mut chains = dbn.chains_from_noise(n, Stream::new(1, Purpose::new("test")));
        for step in 1..=50 {
            dbn.gibbs_step(&mut chains, 1, step);
        }
        let found = dbn.draw_down(&chains, 1, 50).mean_axis(ndarray::Axis(0)).expect("chains");
        for (found, expected) in found.iter().zip(&expected) {
            // Five standard errors of the mean of numbers in [0, 1].
            assert!((f64::from(*found) - expected).abs() < 2.5 / (n as f64).sqrt());
        }
    }

    #[test]
    fn reconstruction_and_features_are_the_layers_own() {
        let rbm =
            Rbm::binary(array![[2.0, -1.0], [-1.5, 2.5]], array![-0.5, 0.2], array![0.1, 0.0]);
        let x = array![[1.0, 0.0], [0.25, 1.0]];
        let one = Dbn { layers: vec![rbm.clone()] };
        assert_eq!(one.reconstruct(x.view()), rbm.reconstruct(x.view()));
        let two = Dbn { layers: vec![rbm.clone(), rbm.clone()] };
        assert_eq!(two.encode(x.view()), rbm.encode(rbm.encode(x.view()).view()));
    }
}
