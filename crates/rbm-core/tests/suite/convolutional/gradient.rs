//! The gradient of contrastive divergence against that of the exact likelihood.

use ndarray::{Array1, Axis};
use nn_core::Parameters as _;
use numerics::{Purpose, Stream};
use rbm_core::NegativeVisible;
use rbm_core::convolutional::{ConvPhases, ConvRbm, contrastive_divergence, log_z};

use super::{bits, model, probabilities};

/// The exact gradient of Σ p(v) ln p_model(v), by central differences of each parameter.
fn exact_gradient(rbm: &ConvRbm<f64>, data: &Array1<f64>) -> Vec<f64> {
    let likelihood = |rbm: &ConvRbm<f64>| {
        let free: Array1<f64> = rbm.free_energies(bits(rbm.n_visible()).view()).into();
        -free.dot(data) - log_z(rbm).expect("small")
    };
    let mut gradient = Vec::new();
    let sizes: Vec<usize> = rbm.tensors().map(|tensor| tensor.values.len()).collect();
    for (tensor, n) in sizes.into_iter().enumerate() {
        for i in 0..n {
            let at = |step: f64| {
                let mut moved = rbm.clone();
                moved.tensors_mut().nth(tensor).expect("a tensor").values[i] += step;
                likelihood(&moved)
            };
            gradient.push((at(1e-5) - at(-1e-5)) / 2e-5);
        }
    }
    gradient
}

fn values(rbm: &ConvRbm<f64>) -> Vec<f64> {
    rbm.tensors().flat_map(|tensor| tensor.values.to_vec()).collect()
}

/// With many steps the negative phase forgets the data, and CD's gradient is that of the likelihood.
#[test]
fn the_gradient_of_many_steps_is_that_of_the_likelihood() {
    for rbm in [model((3, 3, 1), (3, 2, 2), 2.5), model((2, 4, 1), (3, 2, 1), 2.5)] {
        // Data from another model.
        let p: Array1<f64> = {
            let mut other = rbm.clone();
            other.weights.mapv_inplace(|w| 0.5 - w);
            probabilities(&other).into()
        };
        let expected = exact_gradient(&rbm, &p);
        let n = 10_000;
        let mut rows = Vec::with_capacity(n);
        let mut passed = 0.0;
        for (state, p) in p.iter().enumerate() {
            passed += p;
            while (rows.len() as f64 + 0.5) < passed * n as f64 {
                rows.push(state);
            }
        }
        rows.resize(n, p.len() - 1);
        let data = bits(rbm.n_visible()).select(Axis(0), &rows);
        let mut phases = ConvPhases::new(&rbm, n);
        phases.set_batch(data.view());
        let how = (100, NegativeVisible::Samples);
        contrastive_divergence(&rbm, &mut phases, n, how, Stream::new(1, Purpose::new("cd")));
        let mut gradient = rbm.zeros_like();
        phases.gradient(n, &mut gradient);
        // Five standard errors of the mean over the images: a sum over three positions has a standard
        // deviation of about 1, and that of nine pixels is about as large.
        let bound = 5.0 / (n as f64).sqrt();
        for (found, expected) in values(&gradient).iter().zip(&expected) {
            assert!((found - expected).abs() < bound, "{found} {expected}");
        }
        // One step must exceed this bound, or the test would prove nothing.
        let how = (1, NegativeVisible::Samples);
        contrastive_divergence(&rbm, &mut phases, n, how, Stream::new(1, Purpose::new("cd")));
        phases.gradient(n, &mut gradient);
        let far = |(found, expected): (&f64, &f64)| (found - expected).abs() > bound;
        assert!(values(&gradient).iter().zip(&expected).any(far), "{gradient:?} {expected:?}");
    }
}
