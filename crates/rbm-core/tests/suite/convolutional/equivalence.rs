//! A kernel that covers the image makes a dense RBM.

use ndarray::{Array1, Array2};
use nn_core::Schedule;
use numerics::{Purpose, Stream};
use rbm_core::convolutional::{
    ConvRbm, ConvRbmConfig, ConvTraining, ConvTrainingConfig, Geometry, ImageShape, log_z,
};
use rbm_core::{
    Algorithm, Binarisation, Layer, MomentumRule, NegativeVisible, Rbm, RbmConfig, Training,
    TrainingConfig, Unit, Variance,
};

const STREAM: Stream = Stream::new(4, Purpose::new("test"));

/// A convolutional and a dense RBM with the same weights: 3 × 3 pixels of 2 channels, 5 hidden units.
fn pair(unit: Unit) -> (ConvRbm<f64>, Rbm<f64>) {
    let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
    let image = ImageShape { height: 3, width: 3, channels: 2 };
    let geometry = Geometry::new(image, 5, 3, 1).expect("it fits");
    let mut conv = ConvRbm::with_units(geometry, unit);
    let mut dense = Rbm::with_units(18, 5, unit, Unit::Binary);
    conv.weights = Array2::from_shape_fn((18, 5), |(i, j)| 0.7 * wave(i, j));
    conv.hidden_bias = Array1::from_shape_fn(5, |j| wave(20, j));
    conv.visible.bias = ndarray::array![0.3, -0.4];
    conv.visible.std = if unit.has_std() { ndarray::array![0.5, 2.0] } else { Array1::zeros(0) };
    dense.weights.assign(&conv.weights);
    dense.hidden.bias.assign(&conv.hidden_bias);
    let tile = |of: &Array1<f64>| of.iter().copied().cycle().take(9 * of.len()).collect();
    dense.visible = Layer { std: tile(&conv.visible.std), ..dense.visible };
    dense.visible.bias = tile(&conv.visible.bias);
    (conv, dense)
}

fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
}

#[test]
fn a_kernel_as_large_as_the_image_makes_a_dense_rbm() {
    for unit in [Unit::Binary, Unit::Gaussian] {
        let (conv, dense) = pair(unit);
        let v = Array2::from_shape_fn((6, 18), |(i, j)| f64::from(u8::from((i * j + j) % 3 == 0)));
        assert!(close(&conv.hidden_means(v.view()), &dense.encode(v.view())));
        assert!(close(&conv.encode(v.view()), &dense.encode(v.view())));
        assert!(close(&conv.reconstruct(v.view()), &dense.reconstruct(v.view())));
        let (mut h, mut w) = (Array2::zeros((6, 5)), Array2::zeros((6, 18)));
        dense.sample_h_given_v(v.view(), STREAM, h.view_mut());
        assert_eq!(conv.sample_h_given_v(v.view(), STREAM), h);
        dense.sample_v_given_h(h.view(), STREAM, w.view_mut());
        assert!(close(&conv.sample_v_given_h(h.view(), STREAM), &w));
        let energies = conv.free_energies(v.view()).into_iter().zip(dense.free_energies(v.view()));
        for (a, b) in energies {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        let (a, b) = (conv.energy(v.row(1), h.row(1)), dense.energy(v.row(1), h.row(1)));
        assert!((a - b).abs() < 1e-12);
        let (a, b) = (log_z(&conv).expect("32 states"), rbm_core::log_z(&dense).expect("small"));
        assert!((a - b).abs() < 1e-10, "{a} {b}");
        // A missing pixel is left out of the model.
        let mut missing = v.clone();
        missing[[2, 7]] = f64::NAN;
        let energies = conv.free_energies(missing.view());
        assert!((energies[2] - dense.free_energies(missing.view())[2]).abs() < 1e-12);
    }
}

/// One pixel with as many channels as there are visible units: training is that of the dense RBM, draw by
/// draw.
#[test]
fn training_on_one_pixel_is_training_a_dense_rbm() {
    let grey = Array2::from_shape_fn((90, 8), |(i, j)| {
        0.1 + 0.8 * f64::from(u8::from((i + j) % 8 < 3 + i % 2))
    });
    let real = grey.mapv(|x| 10.0 + 5.0 * x);
    let image = ImageShape { height: 1, width: 1, channels: 8 };
    let algorithms = [
        Algorithm::Cd { negative_visible: NegativeVisible::Probabilities },
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 50 },
    ];
    for (data, unit) in [(&grey, Unit::Binary), (&real, Unit::Gaussian)] {
        for (algorithm, gibbs_steps) in algorithms.into_iter().zip([1, 3, 2]) {
            let variance = if unit.has_std() { Variance::Data } else { Variance::Unit };
            let binarisation =
                if unit.has_std() { Binarisation::Probabilities } else { Binarisation::Sample };
            let settings = ConvTrainingConfig {
                epochs: 4,
                batch_size: 40,
                binarisation,
                algorithm,
                gibbs_steps,
                learning_rate: 0.01,
                schedule: Schedule::Linear,
                weight_decay: 1e-3,
                l1: 1e-4,
                sparsity_target: 0.1,
                sparsity_cost: 0.2,
                momentum_rule: MomentumRule::Nesterov,
                initial_momentum_epochs: 2,
                ..Default::default()
            };
            let shared = TrainingConfig {
                epochs: 4,
                batch_size: 40,
                binarisation,
                algorithm,
                gibbs_steps,
                learning_rate: 0.01,
                schedule: Schedule::Linear,
                weight_decay: 1e-3,
                l1: 1e-4,
                sparsity_target: 0.1,
                sparsity_cost: 0.2,
                momentum_rule: MomentumRule::Nesterov,
                initial_momentum_epochs: 2,
                ..Default::default()
            };
            let bias = true;
            let architecture = ConvRbmConfig {
                maps: 6,
                kernel: 1,
                pool: 1,
                visible: unit,
                variance,
                visible_bias_from_data: bias,
                ..Default::default()
            };
            let of_dense = RbmConfig {
                n_hidden: 6,
                visible: unit,
                variance,
                visible_bias_from_data: bias,
                ..Default::default()
            };
            let mut conv = ConvRbm::new(&architecture, image, data, 3, 1).expect("valid");
            let mut dense = Rbm::new(&of_dense, data, 3, 1).expect("valid");
            let mut of_conv = ConvTraining::new(&conv, &settings, data, 3, 1).expect("valid");
            let mut of_dense = Training::new(&dense, &shared, data, 3, 1).expect("valid");
            for _ in 0..4 {
                let a = of_conv.epoch(&mut conv, data).expect("converges").reconstruction_sse;
                let b = of_dense.epoch(&mut dense, data).expect("converges").reconstruction_sse;
                assert!((a - b).abs() < 1e-9, "{algorithm:?}: {a} {b}");
            }
            let far = |a: &Array1<f64>, b: &Array1<f64>| {
                a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-9)
            };
            assert!(conv.weights.iter().zip(&dense.weights).all(|(a, b)| (a - b).abs() < 1e-9));
            assert!(!far(&conv.visible.bias, &dense.visible.bias), "{algorithm:?}");
            assert!(!far(&conv.hidden_bias, &dense.hidden.bias), "{algorithm:?}");
            assert!(!far(&conv.visible.std, &dense.visible.std));
        }
    }
}
