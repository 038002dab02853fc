//! Convolutional RBMs on grids so small that all their states can be listed.

mod annealing;
mod equivalence;
mod gradient;
mod learning;
mod probabilities;
mod sampling;

use ndarray::{Array1, Array2};
use rbm_core::Unit;
use rbm_core::convolutional::{ConvRbm, Geometry, ImageShape};

/// A model of fixed weights for images of height × width × channels.
pub(crate) fn model(
    (height, width, channels): (usize, usize, usize),
    (maps, kernel, pool): (usize, usize, usize),
    strength: f64,
) -> ConvRbm<f64> {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    let image = ImageShape { height, width, channels };
    let geometry = Geometry::new(image, maps, kernel, pool).expect("it fits");
    let mut rbm = ConvRbm::with_units(geometry, Unit::Binary);
    rbm.weights = Array2::from_shape_fn(rbm.weights.dim(), |(i, j)| strength * wave(i, j));
    rbm.visible.bias = Array1::from_shape_fn(channels, |i| wave(i, 30));
    rbm.hidden_bias = Array1::from_shape_fn(maps, |j| wave(20, j));
    rbm
}

/// Overlapping kernels, several blocks, several channels, and no pooling, in turn.
pub(crate) fn models() -> Vec<ConvRbm<f64>> {
    vec![
        model((3, 3, 1), (3, 2, 2), 2.0),
        model((3, 5, 1), (2, 2, 2), 1.5),
        model((2, 3, 2), (3, 2, 1), 1.5),
        model((3, 4, 1), (2, 2, 1), 2.0),
    ]
}

/// All states of `n` units that are 0 or 1.
pub(crate) fn bits(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((1 << n, n), |(state, unit)| f64::from(state as u32 >> unit & 1))
}

/// All states of the detection units of a model, found by trying every state of as many bits.
pub(crate) fn detection_states(rbm: &ConvRbm<f64>) -> Array2<f64> {
    let all = bits(rbm.n_detection());
    let allowed: Vec<usize> = (0..all.nrows())
        .filter(|&state| {
            let at = |y: usize, x: usize, map: usize| {
                let detection = rbm.geometry.detection();
                all[[state, (y * detection.width + x) * detection.channels + map]]
            };
            let (pooled, pool) = (rbm.geometry.pooled(), rbm.geometry.pool());
            let on = |y: usize, x: usize, map: usize| -> f64 {
                let cells = (0..pool).flat_map(|dy| (0..pool).map(move |dx| (dy, dx)));
                cells.map(|(dy, dx)| at(y * pool + dy, x * pool + dx, map)).sum()
            };
            (0..pooled.height).all(|y| {
                (0..pooled.width).all(|x| (0..pooled.channels).all(|map| on(y, x, map) <= 1.0))
            })
        })
        .collect();
    all.select(ndarray::Axis(0), &allowed)
}

/// E(v, h) by literal loops over the definition.
pub(crate) fn energy_by_loops(rbm: &ConvRbm<f64>, v: &[f64], h: &[f64]) -> f64 {
    let (image, detection, k) =
        (rbm.geometry.image(), rbm.geometry.detection(), rbm.geometry.kernel());
    let mut energy = 0.0;
    for (i, v) in v.iter().enumerate() {
        energy -= v * rbm.visible.bias[i % image.channels];
    }
    for y in 0..detection.height {
        for x in 0..detection.width {
            for map in 0..detection.channels {
                let h = h[(y * detection.width + x) * detection.channels + map];
                energy -= h * rbm.hidden_bias[map];
                for dy in 0..k {
                    for dx in 0..k {
                        for c in 0..image.channels {
                            let pixel = ((y + dy) * image.width + x + dx) * image.channels + c;
                            let weight = rbm.weights[[(dy * k + dx) * image.channels + c, map]];
                            energy -= v[pixel] * weight * h;
                        }
                    }
                }
            }
        }
    }
    energy
}

/// The probability of every visible state.
pub(crate) fn probabilities(rbm: &ConvRbm<f64>) -> Vec<f64> {
    let log_z = rbm_core::convolutional::log_z(rbm).expect("small");
    let free = rbm.free_energies(bits(rbm.n_visible()).view());
    free.iter().map(|f| (-f - log_z).exp()).collect()
}
