//! Comparison of hidden layers before and after fine-tuning.

use ae_core::saturated_pct;
use ndarray::{Array2, ArrayView2};
use nn_core::{Connection, Workspace, column_means};
use serde::{Deserialize, Serialize};

use crate::{Classifier, ClassifierMemory, classification_cost_and_gradient};

/// The change of a hidden layer by fine-tuning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LayerChange {
    /// The percentage of saturated activities before fine-tuning; `None` for units that are not bounded on
    /// both sides.
    pub saturated_pct: Option<f64>,
    /// The distance that the weights moved, ‖W − W₀‖ / ‖W₀‖.
    pub distance: f64,
    /// Linear CKA of the layer's features before and after (Kornblith et al. 2019): 1 if they are the
    /// same up to rotation and scale, 0 if they have nothing in common.
    pub cka: f64,
    /// The root mean square of the cost's gradient with respect to the weights, before fine-tuning. A
    /// layer where it is close to zero cannot learn.
    pub gradient_rms: f64,
}

/// The change of each hidden layer, from the data upwards. Features and gradients are those of the
/// samples `x` (n × inputs) with n labels.
///
/// # Panics
/// If the models differ in shape, or the samples do not fit them.
#[must_use]
pub fn layer_changes(
    before: &Classifier<f32>,
    after: &Classifier<f32>,
    x: ArrayView2<f32>,
    labels: &[u8],
) -> Vec<LayerChange> {
    let mut memory = ClassifierMemory::new(before, x.nrows());
    classification_cost_and_gradient(before, x, labels, &mut memory);
    let ClassifierMemory { workspace, gradient } = memory;
    let mut new_workspace = Workspace::new(after, x.nrows());
    new_workspace.forward(after, x);
    (0..before.units.len())
        .map(|i| {
            let (w0, w, g) =
                (&before.layers[i].weights, &after.layers[i].weights, &gradient.layers[i].weights);
            LayerChange {
                saturated_pct: saturated_pct(before.units[i], workspace.layer_output(i)),
                distance: norm(&(w - w0)) / norm(w0),
                cka: match before.layers[i].connection {
                    Connection::Full => {
                        cka(workspace.layer_output(i), new_workspace.layer_output(i))
                    }
                    _ => wide_cka(workspace.layer_output(i), new_workspace.layer_output(i)),
                },
                gradient_rms: norm(g) / (g.len() as f64).sqrt(),
            }
        })
        .collect()
}

fn norm(a: &Array2<f32>) -> f64 {
    a.iter().map(|&a| f64::from(a).powi(2)).sum::<f64>().sqrt()
}

/// Linear CKA, ‖Yᵀ X‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖), of features (n × p and n × q) after centring; 0 if one of
/// them does not vary.
fn cka(x: ArrayView2<f32>, y: ArrayView2<f32>) -> f64 {
    let (x, y) = (centred(x), centred(y));
    let product = |a: &Array2<f32>, b: &Array2<f32>| {
        let mut out = Array2::zeros((a.ncols(), b.ncols()));
        numerics::matmul(a.t(), b.view(), out.view_mut());
        norm(&out)
    };
    let scale = product(&x, &x) * product(&y, &y);
    if scale > 0.0 { product(&y, &x).powi(2) / scale } else { 0.0 }
}

/// [`cka`] of many features, such as those of maps: since ‖Yᵀ X‖² = Σ (X Xᵀ) ⊙ (Y Yᵀ), products of n × n
/// elements suffice.
fn wide_cka(x: ArrayView2<f32>, y: ArrayView2<f32>) -> f64 {
    let gram = |features: ArrayView2<f32>| {
        let features = centred(features);
        let mut out = Array2::zeros((features.nrows(), features.nrows()));
        numerics::matmul(features.view(), features.t(), out.view_mut());
        out
    };
    let (x, y) = (gram(x), gram(y));
    let product: f64 = x.iter().zip(&y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
    let scale = norm(&x) * norm(&y);
    if scale > 0.0 { product / scale } else { 0.0 }
}

/// Features with mean 0.
fn centred(features: ArrayView2<f32>) -> Array2<f32> {
    &features - &column_means(features).mapv(|mean| mean as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::{Activation, Layer};

    fn wave(rows: usize, columns: usize, salt: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((i * (j + salt) + j) as f32 * 0.7).sin())
    }

    #[test]
    fn cka_ignores_rotation_and_scale_and_is_low_for_unrelated_features() {
        let x = wave(200, 2, 1);
        let (sin, cos) = 0.6_f32.sin_cos();
        let rotated = x.dot(&ndarray::array![[cos, sin], [-sin, cos]]) * 3.0 + 1.0;
        assert!((cka(x.view(), rotated.view()) - 1.0).abs() < 1e-5);
        assert!(cka(x.view(), wave(200, 3, 50).view()) < 0.1);
        assert_eq!(cka(x.view(), Array2::ones((200, 2)).view()), 0.0);
        for other in [&rotated, &wave(200, 3, 50), &x] {
            let (by_features, by_samples) =
                (cka(x.view(), other.view()), wide_cka(x.view(), other.view()));
            assert!((by_features - by_samples).abs() < 1e-4, "{by_features} {by_samples}");
        }
        assert_eq!(wide_cka(x.view(), Array2::ones((200, 2)).view()), 0.0);
    }

    #[test]
    fn an_unchanged_layer_has_moved_no_distance() {
        let layer = |n, m, salt| Layer::full(wave(n, m, salt), ndarray::Array1::zeros(m));
        let before = Classifier {
            layers: vec![layer(4, 3, 1), layer(3, 2, 2)],
            units: vec![Activation::Logistic],
        };
        let mut after = before.clone();
        let x = wave(30, 4, 5);
        let labels: Vec<u8> = (0..30).map(|i| i % 2).collect();
        let same = layer_changes(&before, &after, x.view(), &labels);
        assert_eq!(same.len(), 1);
        assert_eq!(same[0].distance, 0.0);
        assert!((same[0].cka - 1.0).abs() < 1e-6 && same[0].gradient_rms > 0.0);
        after.layers[0].weights *= 2.0;
        let doubled = layer_changes(&before, &after, x.view(), &labels);
        assert!((doubled[0].distance - 1.0).abs() < 1e-6);
    }
}
