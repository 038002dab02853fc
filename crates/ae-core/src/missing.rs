//! Missing values: filling them by iterated reconstruction, and the share of each feature in the loss.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use nn_core::{BlockKind, Layout, Loss};
use numerics::Real;

use crate::Autoencoder;

impl<F: Real> Autoencoder<F> {
    /// Fills missing values (NaN) with their reconstructions: the first from the observed values alone, each
    /// later one from the observed values and the previous reconstruction of the others. Observed values are
    /// kept. With a trained denoising autoencoder, each step moves towards a mode of the data (Alain & Bengio
    /// 2014). Shapes: (n × visible) → the same.
    ///
    /// # Panics
    /// If the width differs from the model's.
    #[must_use]
    pub fn impute<'a>(&self, x: impl Into<ArrayView2<'a, F>>, steps: usize) -> Array2<F> {
        let x = x.into();
        let mut filled = x.to_owned();
        for _ in 0..steps.max(1) {
            let reconstruction = self.reconstruct(filled.view());
            Zip::from(&mut filled).and(&reconstruction).and(x).for_each(|filled, &y, &x| {
                if x.is_nan() {
                    *filled = y;
                }
            });
        }
        filled
    }

    /// Contribution of each feature to the reconstruction loss of each row, whose sum is an anomaly score. A
    /// feature is a column, or a category of the model's layout; a missing one is NaN and is left out of the
    /// input. Shapes: (n × visible) → (n × features).
    ///
    /// # Panics
    /// If the width differs from the model's.
    #[must_use]
    pub fn feature_losses<'a>(&self, x: impl Into<ArrayView2<'a, F>>, loss: Loss) -> Array2<f64> {
        let x = x.into();
        let y = self.reconstruct(x);
        let alike = |kind| Layout::new([(kind, x.ncols())]);
        let (layout, scale) = match (&self.layout, loss) {
            (Some(layout), _) => (layout.clone(), 1.0),
            (None, Loss::CrossEntropy) => (alike(BlockKind::UnitInterval), 1.0),
            (None, Loss::SquaredError) => (alike(BlockKind::Real), 2.0),
            (None, Loss::MeanSquaredError) => (alike(BlockKind::Real), 2.0 / x.ncols() as f64),
        };
        let mut losses = Array2::zeros((x.nrows(), layout.features().len()));
        let rows = losses.axis_iter_mut(Axis(0)).zip(x.rows()).zip(y.rows());
        for ((mut losses, x), y) in rows {
            let (x, y) = (x.to_vec(), y.to_vec());
            for (out, loss) in losses.iter_mut().zip(layout.feature_losses(&y, &x)) {
                *out = scale * loss;
            }
        }
        losses
    }
}
