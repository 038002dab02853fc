use ndarray::Array2;
use numerics::{Real, Stream};
use rand_distr::{Distribution, Uniform};
use serde::{Deserialize, Serialize};

use crate::{Activation, Connection, InvalidSetting, Layer, normal, require};

/// Weight initialisation. Biases start at zero, except with [`Initialiser::StandardNormal`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Initialiser {
    /// N(0, `std`²).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// N(0, 1) for weights and biases, as in the `tutorial` preset. It saturates logistic units.
    StandardNormal {},
    /// U(−a, a), a = 1/√inputs: the common choice before Glorot & Bengio 2010 (their equation 1). It is
    /// too small for deep networks of logistic units.
    FanIn {},
    /// U(−a, a), a = √(6 / (inputs + outputs)), for tanh and identity units (Glorot & Bengio 2010).
    Glorot {},
    /// U(−4a, 4a) with the same a, for logistic units (Glorot & Bengio 2010).
    GlorotLogistic {},
    /// N(0, 2 / inputs), for rectified units and their variants (He et al. 2015).
    He {},
}

impl Initialiser {
    /// The initialisation that suits hidden units of this kind.
    #[must_use]
    pub fn suited_to(activation: Activation) -> Self {
        activation.suited_initialiser()
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a negative or infinite standard deviation.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match self {
            Initialiser::Normal { std } => require(
                std.is_finite() && *std >= 0.0,
                "initialiser.std",
                std,
                "a finite number, 0 or above",
            ),
            _ => Ok(()),
        }
    }

    /// A new fully connected layer with parameters drawn from `stream`: weights row by row, then biases.
    #[must_use]
    pub fn dense<F: Real>(&self, n_inputs: usize, n_outputs: usize, stream: Stream) -> Layer<F> {
        self.layer(Connection::Full, n_inputs, n_outputs, stream)
    }

    /// A new layer with parameters drawn from `stream`: weights row by row, then biases. In the formulas,
    /// the inputs are the values that one output depends on, and the outputs those that depend on
    /// one input, both before pooling and away from the edges.
    #[must_use]
    pub fn layer<F: Real>(
        &self,
        connection: Connection,
        n_inputs: usize,
        n_outputs: usize,
        stream: Stream,
    ) -> Layer<F> {
        let mut layer = Layer::connected(connection, n_inputs, n_outputs);
        let (fan_in, fan_out) = fans(&layer);
        let (mut rng, shape) = (stream.rng(), layer.weights.dim());
        let glorot = (6.0 / (fan_in + fan_out)).sqrt();
        let mut uniform = |bound: f64| {
            let distribution = Uniform::new(-bound, bound).expect("the bound is positive");
            Array2::from_shape_simple_fn(shape, || F::of(distribution.sample(&mut rng)))
        };
        layer.weights = match self {
            Initialiser::FanIn {} => uniform(fan_in.sqrt().recip()),
            Initialiser::Glorot {} => uniform(glorot),
            Initialiser::GlorotLogistic {} => uniform(4.0 * glorot),
            Initialiser::Normal { std } => normal(shape, *std, &mut rng),
            Initialiser::He {} => normal(shape, (2.0 / fan_in).sqrt(), &mut rng),
            Initialiser::StandardNormal {} => normal(shape, 1.0, &mut rng),
        };
        if matches!(self, Initialiser::StandardNormal {}) {
            let bias = normal((1, layer.bias.len()), 1.0, &mut rng);
            layer.bias.assign(&bias.row(0));
        }
        layer
    }
}

/// Numbers of inputs that one output depends on, and of outputs that depend on one input.
fn fans<F: Real>(layer: &Layer<F>) -> (f64, f64) {
    // Of the kernel² places around a pixel, one in stride² is a position of the kernel.
    let around = |maps: usize, kernel: usize, stride: usize| {
        maps as f64 * (kernel as f64 / stride as f64).powi(2)
    };
    let (rows, columns) = layer.weights.dim();
    match layer.connection {
        Connection::Full => (rows as f64, columns as f64),
        Connection::Convolution(c) => (rows as f64, around(c.maps, c.kernel, c.stride)),
        Connection::Transposed(c) => (around(c.maps, c.kernel, c.stride), columns as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::Purpose;

    #[test]
    fn spreads_are_as_documented() {
        let (n_in, n_out) = (300, 200);
        let glorot = (6.0 / 500.0_f64).sqrt();
        let cases = [
            (Initialiser::Normal { std: 0.01 }, 0.01),
            (Initialiser::StandardNormal {}, 1.0),
            (Initialiser::FanIn {}, (1.0 / 900.0_f64).sqrt()),
            (Initialiser::Glorot {}, glorot / 3_f64.sqrt()),
            (Initialiser::GlorotLogistic {}, 4.0 * glorot / 3_f64.sqrt()),
            (Initialiser::He {}, (2.0 / 300.0_f64).sqrt()),
        ];
        for (initialiser, std) in cases {
            let stream = Stream::new(1, Purpose::new("init"));
            let layer: Layer<f64> = initialiser.dense(n_in, n_out, stream);
            let n = layer.weights.len() as f64;
            let mean = layer.weights.sum() / n;
            let found = (layer.weights.mapv(|w| w * w).sum() / n - mean * mean).sqrt();
            // For 60,000 draws the standard error of the standard deviation is 0.3 % of it.
            assert!((found / std - 1.0).abs() < 0.015, "{initialiser:?}: {found} for {std}");
            assert!(mean.abs() < 5.0 * std / n.sqrt());
            let biased = initialiser == Initialiser::StandardNormal {};
            assert_eq!(layer.bias.iter().any(|&b| b != 0.0), biased);
        }
    }

    #[test]
    fn a_kernel_is_drawn_for_the_values_that_it_reads() {
        let pool = crate::Pooling::Max(2);
        let c = crate::Convolution {
            input: [28, 28, 20],
            maps: 60,
            kernel: 6,
            stride: 2,
            padding: 0,
            pool,
        };
        let back = crate::Convolution { pool: crate::Pooling::default(), ..c };
        for (connection, fan_in, fan_out) in [
            (Connection::Convolution(c), 6.0 * 6.0 * 20.0, 3.0 * 3.0 * 60.0),
            (Connection::Transposed(back), 3.0 * 3.0 * 60.0, 6.0 * 6.0 * 20.0),
        ] {
            for (initialiser, std) in [
                (Initialiser::He {}, (2.0_f64 / fan_in).sqrt()),
                (Initialiser::Glorot {}, (2.0_f64 / (fan_in + fan_out)).sqrt()),
            ] {
                let stream = Stream::new(1, Purpose::new("init"));
                let layer: Layer<f64> = initialiser.layer(connection, 0, 0, stream);
                let n = layer.weights.len() as f64;
                let found = (layer.weights.mapv(|w| w * w).sum() / n).sqrt();
                assert!((found / std - 1.0).abs() < 0.02, "{initialiser:?}: {found} for {std}");
            }
        }
    }
}
