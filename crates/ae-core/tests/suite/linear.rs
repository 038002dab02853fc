//! The linear autoencoder finds the subspace of the principal components (Baldi & Hornik 1989).

use ae_core::{Autoencoder, AutoencoderConfig, DataKind, Pca, Training, TrainingConfig};
use ndarray::Array2;
use nn_core::{Activation, Schedule};
use numerics::{Purpose, Stream};

/// Centred data with eight columns, which vary strongly along three rotated axes and weakly along the
/// other five.
fn data() -> Array2<f64> {
    let uniform = |rows, layer| {
        let mut x = Array2::<f64>::zeros((rows, 8));
        let values = x.as_slice_mut().expect("contiguous");
        Stream::new(2, Purpose::new("data")).layer(layer).fill_uniform(0, values);
        x
    };
    let spreads = ndarray::array![3.0, 2.0, 1.5, 0.7, 0.5, 0.3, 0.2, 0.1];
    let x = (uniform(400, 0) * spreads).dot(&orthonormal(&uniform(8, 1)));
    let mean = x.mean_axis(ndarray::Axis(0)).expect("samples");
    x - &mean
}

#[test]
fn tied_linear_autoencoders_converge_to_the_principal_subspace() {
    let x = data();
    let pca = Pca::fit(x.mapv(|x| x as f32).view(), 3).expect("eight columns");
    let least = x.mapv(|x| x * x).sum() / 400.0 - pca.variances.sum();
    for tied in [true, false] {
        let config = AutoencoderConfig {
            n_hidden: 3,
            hidden: Activation::Identity,
            data: DataKind::Real,
            tied,
            ..Default::default()
        };
        let how = TrainingConfig {
            epochs: 4000,
            batch_size: 400,
            learning_rate: 0.02,
            schedule: Schedule::Cosine,
            ..Default::default()
        };
        let mut model = Autoencoder::<f64>::new(&config, 8, 1, 0).expect("valid");
        let training = Training::new(&model, &config, &how, x.view(), 1, 0);
        let mut training = training.expect("valid");
        let mut cost = f64::NAN;
        while training.epochs_done() < how.epochs {
            cost = training.epoch(&mut model, x.view()).expect("converges");
        }
        // The PCA error is the minimum for linear autoencoders; this one reaches it.
        assert!(cost > least * (1.0 - 1e-6) && cost < least * (1.0 + 1e-4), "{cost} {least}");
        // The cosines of the angles between the subspaces are the singular values of Vᵀ Q. They are all
        // 1 if and only if the squares of its elements add up to the dimension.
        let q = orthonormal(&model.encoder[0].weights);
        let cosines = pca.components.t().dot(&q).mapv(|c| c * c).sum();
        assert!((cosines - 3.0).abs() < 1e-3, "tied {tied}: {cosines}");
    }
}

/// An orthonormal basis of the column space, by the Gram–Schmidt process.
fn orthonormal(columns: &Array2<f64>) -> Array2<f64> {
    let mut q = columns.clone();
    for j in 0..q.ncols() {
        for earlier in 0..j {
            let overlap = q.column(earlier).dot(&q.column(j));
            let earlier = q.column(earlier).to_owned();
            q.column_mut(j).scaled_add(-overlap, &earlier);
        }
        let norm = q.column(j).dot(&q.column(j)).sqrt();
        q.column_mut(j).mapv_inplace(|value| value / norm);
    }
    q
}
