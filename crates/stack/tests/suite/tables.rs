//! Stacks on mixed tables with missing values: the first layer follows the layout of the data, the
//! others do not change.

use std::ops::ControlFlow;

use ae_core::{AutoencoderConfig, Corruption};
use ndarray::{Array2, s};
use nn_core::{Activation, BlockKind, Layout, Parameters};
use numerics::{Purpose, Stream};
use stack::{
    AutoencoderPretraining, DeepPretraining, LayerPretraining, PcaInitialisation, PlannedLayer,
    RandomInitialisation, RbmPretraining, greedy, unroll_into,
};

fn layout() -> Layout {
    Layout::new([(BlockKind::Real, 3), (BlockKind::Category, 3), (BlockKind::Binary, 1)])
}

/// Standardised numbers with heavy tails, a category and a bit that follow the sample's group; a fifth
/// of the features is missing.
fn table(n: usize) -> Array2<f32> {
    let mut u = vec![0.0_f32; 12 * n];
    Stream::new(2, Purpose::new("table")).fill_uniform(0, &mut u);
    let mut x = Array2::zeros((n, 7));
    for (i, u) in u.chunks(12).enumerate() {
        for j in 0..3 {
            let tail = (u[j] - 0.5) / (1.02 - (2.0 * u[j] - 1.0).abs());
            x[[i, j]] = 0.7 * ((i % 3) as f32 - 1.0) + 0.5 * tail;
        }
        x[[i, 3 + i % 3]] = 1.0;
        x[[i, 6]] = f32::from(u8::from(i % 3 == 0));
        for (feature, _) in layout().features().iter().zip(&u[5..]).filter(|(_, u)| **u < 0.2) {
            x.slice_mut(s![i, feature.clone()]).fill(f32::NAN);
        }
    }
    x
}

fn methods() -> Vec<LayerPretraining> {
    let mut denoising = AutoencoderPretraining::default();
    denoising.training.corruption = Some(Corruption::Gaussian { std: 0.3, clip: true });
    vec![
        RandomInitialisation::default().into(),
        PcaInitialisation {}.into(),
        AutoencoderPretraining::default().into(),
        denoising.into(),
        RbmPretraining::default().into(),
    ]
}

#[test]
fn every_kind_learns_from_a_mixed_table_with_missing_values() {
    let x = table(400);
    for mut method in methods() {
        method.fit_to(&layout());
        method.set_epochs(8);
        method.validate().expect("valid");
        let plan = [10, 6].map(|n_hidden| PlannedLayer::new(method.clone(), n_hidden));
        let layers = greedy(&plan, x.view(), 1, &mut |_, _| ControlFlow::Continue(()));
        let layers = layers.expect("converges");
        let code = layers[1].encode(layers[0].encode(x.view()).view());
        assert!(layers.iter().all(Parameters::all_finite) && code.iter().all(|h| h.is_finite()));
        // The units above the data are those of any other stack.
        assert_eq!(layers[1].output, Activation::Logistic, "{method:?}");
    }
}

#[test]
fn data_in_the_unit_interval_change_nothing() {
    let bits = Layout::new([(BlockKind::Binary, 4), (BlockKind::UnitInterval, 2)]);
    for method in methods() {
        let mut fitted = method.clone();
        fitted.fit_to(&bits);
        assert_eq!(fitted, method);
    }
}

#[test]
fn a_deep_autoencoder_reconstructs_block_by_block() {
    let x = table(300);
    let config = AutoencoderConfig {
        n_hidden: 3,
        encoder_layers: vec![8],
        layout: Some(layout()),
        ..Default::default()
    };
    let mut settings = AutoencoderPretraining::default();
    settings.training.epochs = 3;
    let pretraining = DeepPretraining { layers: settings.into(), code: None };
    pretraining.validate(&config).expect("can be unrolled");
    let plan = pretraining.plan(&config);
    let layers = greedy(&plan, x.view(), 1, &mut |_, _| ControlFlow::Continue(()));
    let mut deep = unroll_into(&config, &layers.expect("converges"));
    let how = ae_core::TrainingConfig { epochs: 5, ..Default::default() };
    let mut training =
        ae_core::Training::new(&deep, &config, &how, x.view(), 1, 0).expect("its configuration");
    let costs: Vec<f64> =
        (0..5).map(|_| training.epoch(&mut deep, x.view()).expect("converges")).collect();
    assert!(costs[4] < costs[0], "{costs:?}");
    let sums = deep.reconstruct(&x).slice(s![.., 3..6]).sum_axis(ndarray::Axis(1));
    assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
}
