//! RBMs that are small enough for an exact log Z and hard enough to sample from.

use ndarray::{Array1, Array2};
use numerics::{Purpose, Stream};
use rbm_core::{Algorithm, Rbm, RbmConfig, Training, TrainingConfig};

/// A model whose weights and biases are drawn from N(0, std²), and states that are not drawn from it.
pub(crate) fn made_up(
    (n_visible, n_hidden): (usize, usize),
    std: f32,
    seed: u64,
) -> (Rbm<f32>, Array2<f32>) {
    let stream = Stream::new(seed, Purpose::new("model"));
    let normal = |layer: usize, n: usize| {
        let mut values = vec![0.0_f32; n];
        stream.layer(layer).add_normal(0, &mut values);
        values.into_iter().map(|value| std * value).collect::<Vec<f32>>()
    };
    let weights = Array2::from_shape_vec((n_visible, n_hidden), normal(0, n_visible * n_hidden));
    let rbm = Rbm::binary(
        weights.expect("as many values as weights"),
        Array1::from(normal(1, n_visible)),
        Array1::from(normal(2, n_hidden)),
    );
    let mut data = Array2::from_elem((100, n_visible), 0.5);
    stream.bernoulli_in_place(0, data.as_slice_mut().expect("contiguous"));
    (rbm, data)
}

/// A model of 16 hidden units that was trained on bars or stripes of `side` by `side` pixels, and its data.
pub(crate) fn bars_and_stripes(side: usize, epochs: usize) -> (Rbm<f32>, Array2<f32>) {
    let n = 1 << side;
    let data = Array2::from_shape_fn((2 * n, side * side), |(sample, pixel)| {
        let line = if sample < n { pixel / side } else { pixel % side };
        f32::from(u8::from((sample % n) >> line & 1 == 1))
    });
    let architecture = RbmConfig { n_hidden: 16, ..RbmConfig::default() };
    let config = TrainingConfig {
        epochs,
        batch_size: 8,
        algorithm: Algorithm::Pcd { chains: 32 },
        ..TrainingConfig::default()
    };
    let mut rbm = Rbm::new(&architecture, data.view(), 1, 0).expect("valid settings");
    let mut training = Training::new(&rbm, &config, data.view(), 1, 0).expect("valid settings");
    for _ in 0..epochs {
        training.epoch(&mut rbm, data.view()).expect("training converges");
    }
    (rbm, data)
}

/// Number of `runs`, each with its own seed, for which `covers` is true, spread over the machine's
/// processors.
pub(crate) fn count(runs: u64, covers: impl Fn(u64) -> bool + Sync) -> u64 {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    std::thread::scope(|scope| {
        let covers = &covers;
        let of_thread = |thread: u64| {
            let seeds = (1..=runs).filter(move |seed| seed % threads == thread);
            move || numerics::with_team(1, || seeds.filter(|&seed| covers(seed)).count() as u64)
        };
        let found: Vec<_> = (0..threads).map(|thread| scope.spawn(of_thread(thread))).collect();
        found.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    })
}
