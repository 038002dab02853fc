//! The training step allocates nothing.

use ae_core::{
    Autoencoder, AutoencoderConfig, Contractive, Corruption, Emphasis, Kl, Penalty, Shift,
};
use allocation_counter::measure;
use ndarray::Array2;
use rbm_core::{Rbm, RbmConfig};

/// The data, and batch sizes that divide them into 4, 10 and 40 steps.
fn data() -> (Array2<f32>, [usize; 3]) {
    let x = Array2::from_shape_fn((400, 100), |(i, j)| f32::from(u8::from((i * j + i) % 7 < 2)));
    (x, [100, 40, 10])
}

/// Number of allocations of the second epoch, after memory that grows with use has grown.
fn of_second_epoch(mut epoch: impl FnMut()) -> u64 {
    epoch();
    measure(epoch).count_total
}

#[test]
fn an_autoencoders_step_allocates_nothing() {
    let (x, batch_sizes) = data();
    let penalties = [
        None,
        Some(Penalty::Kl(Kl { target: 0.1, weight: 0.1 })),
        Some(Penalty::Contractive(Contractive { weight: 0.1 })),
    ];
    let noises = [
        (None, None),
        (Some(Corruption::Gaussian { std: 0.3, clip: true }), None),
        (
            Some(Corruption::Masking { fraction: 0.3 }),
            Some(Emphasis { corrupted: 1.0, uncorrupted: 0.5 }),
        ),
    ];
    for ((penalty, (corruption, emphasis)), top_k) in
        penalties.into_iter().zip(noises).zip([None, Some(9), None])
    {
        let counts = batch_sizes.map(|batch_size| {
            let architecture = AutoencoderConfig { n_hidden: 60, top_k, ..Default::default() };
            let config = ae_core::TrainingConfig {
                batch_size,
                penalty,
                shift: corruption.map(|_| Shift { pixels: 1, width: None, channels: 1 }),
                corruption,
                emphasis,
                max_norm: Some(5.0),
                ..Default::default()
            };
            let mut model = Autoencoder::new(&architecture, 100, 1, 0).expect("valid");
            let training = ae_core::Training::new(&model, &architecture, &config, x.view(), 1, 0);
            let mut training = training.expect("valid");
            of_second_epoch(|| {
                training.epoch(&mut model, x.view()).expect("converges");
            })
        });
        assert_eq!(counts, [0; 3], "4 steps, 10 and 40, {penalty:?}, {corruption:?}");
    }
}

#[test]
fn an_rbms_step_allocates_nothing() {
    let (x, batch_sizes) = data();
    let counts = batch_sizes.map(|batch_size| {
        let architecture = RbmConfig { n_hidden: 60, ..Default::default() };
        let config = rbm_core::TrainingConfig { batch_size, gibbs_steps: 2, ..Default::default() };
        let mut rbm = Rbm::new(&architecture, x.view(), 1, 0).expect("valid");
        let training = rbm_core::Training::new(&rbm, &config, x.view(), 1, 0);
        let mut training = training.expect("valid");
        of_second_epoch(|| {
            training.epoch(&mut rbm, x.view()).expect("converges");
        })
    });
    assert_eq!(counts, [0; 3], "4 steps, 10 and 40");
}
