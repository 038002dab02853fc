//! The workloads that are timed, each as a closure that trains one epoch and returns its mean cost.

use ae_core::{Autoencoder, AutoencoderConfig, Corruption, DataKind};
use mnist_io::Dataset;
use ndarray::{Array2, ArrayView2, s};
use nn_core::{
    Activation, ConvolutionConfig, Initialiser, Loss, MeanCost, Minibatches, Optimizer, Parameters,
    Pooling, Rule, Samples as _, Schedule,
};
use numerics::{Purpose, Stream, paced};
use rbm_core::{Algorithm, NegativeVisible, Rbm, RbmConfig};
use stack::{
    Classifier, ClassifierMemory, LayerPretraining, RandomInitialisation, classification_step,
    fit_to_images,
};

/// An epoch of training.
pub(crate) type Epoch<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// The initial tensors of training, in the order in which the peers read them.
pub(crate) type Initial = Vec<(Vec<usize>, Vec<f32>)>;

/// Returns the workload of this name on `train` in batches of `batch`, and its initial tensors.
pub(crate) fn work<'a>(
    name: &str,
    batch: usize,
    train: &'a Dataset,
) -> Option<(Epoch<'a>, Initial)> {
    let images = train.images.view();
    Some(match name {
        "tutorial" => tutorial(images.slice_move(s![..55_000, ..]), batch, 256),
        "masked" => masked(images, batch),
        "cd1" => contrastive_divergence(images, (batch, 500), 1),
        "cd10" => contrastive_divergence(images, (batch, 500), 10),
        "finetune" => fine_tuning(images, train.labels.as_deref()?, batch),
        "cnn" => convolutional(images, train.labels.as_deref()?, batch),
        _ => return None,
    })
}

pub(crate) fn tutorial(
    images: ArrayView2<'_, f32>,
    batch: usize,
    n_hidden: usize,
) -> (Epoch<'_>, Initial) {
    let architecture = AutoencoderConfig {
        n_hidden,
        data: DataKind::Binary,
        output: Some(Activation::Logistic),
        loss: Some(Loss::MeanSquaredError),
        initialiser: Some(Initialiser::StandardNormal {}),
        ..Default::default()
    };
    let config = ae_core::TrainingConfig {
        batch_size: batch,
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        optimizer: Rule::RmsPropTf1 { decay: 0.9, epsilon: 1e-10 },
        ..Default::default()
    };
    autoencoder(images, &architecture, config)
}

/// 784-1000, with a quarter of the pixels masked.
fn masked(images: ArrayView2<'_, f32>, batch: usize) -> (Epoch<'_>, Initial) {
    let architecture = AutoencoderConfig { n_hidden: 1000, ..Default::default() };
    let config = ae_core::TrainingConfig {
        batch_size: batch,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        corruption: Some(Corruption::Masking { fraction: 0.25 }),
        ..Default::default()
    };
    autoencoder(images, &architecture, config)
}

fn autoencoder<'a>(
    images: ArrayView2<'a, f32>,
    architecture: &AutoencoderConfig,
    config: ae_core::TrainingConfig,
) -> (Epoch<'a>, Initial) {
    let mut model = Autoencoder::new(architecture, images.ncols(), 1, 0).expect("valid");
    let initial = initial(&model);
    let mut training = ae_core::Training::new(&model, architecture, &config, images, 1, 0)
        .expect("images are in [0, 1]");
    (Box::new(move || training.epoch(&mut model, images).expect("it converges")), initial)
}

/// With drawn visible and hidden states; momentum and weight decay as in the peers' scripts.
pub(crate) fn contrastive_divergence(
    images: ArrayView2<'_, f32>,
    (batch, n_hidden): (usize, usize),
    gibbs_steps: usize,
) -> (Epoch<'_>, Initial) {
    let config = rbm_core::TrainingConfig {
        batch_size: batch,
        gibbs_steps,
        algorithm: Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        momentum: 0.5,
        ..Default::default()
    };
    let architecture = RbmConfig { n_hidden, ..Default::default() };
    let mut rbm = Rbm::new(&architecture, images, 1, 0).expect("valid");
    let initial = initial(&rbm);
    let mut training =
        rbm_core::Training::new(&rbm, &config, images, 1, 0).expect("images are in [0, 1]");
    let epoch =
        move || training.epoch(&mut rbm, images).expect("the defaults converge").reconstruction_sse;
    (Box::new(epoch), initial)
}

/// Number of temperatures after the first, a tenth of those of the published schedule.
pub(crate) const ANNEALING_STEPS: usize = 1_450;

/// Forward annealed importance sampling of an untrained RBM, half of whose hidden units are on.
pub(crate) fn annealing(train: &Dataset) -> Epoch<'_> {
    let images = train.images.view();
    let architecture =
        RbmConfig { n_hidden: 500, visible_bias_from_data: true, ..Default::default() };
    let rbm = Rbm::new(&architecture, images, 1, 0).expect("valid");
    let betas = rbm_core::Temperatures::Short {}.betas();
    assert_eq!(betas.len(), ANNEALING_STEPS + 1);
    Box::new(move || rbm_core::forward(&rbm, rbm.visible.bias.view(), &betas, 100, 1).log_z)
}

const NAME: Purpose = Purpose::new("bench");

/// 784-500-500-2000-10 by Adam.
fn fine_tuning<'a>(
    images: ArrayView2<'a, f32>,
    labels: &'a [u8],
    batch: usize,
) -> (Epoch<'a>, Initial) {
    let sizes = [784, 500, 500, 2000];
    let hidden = (0..).zip(sizes.windows(2)).map(|(layer, pair)| {
        let stream = Stream::new(1, NAME).layer(layer);
        (Initialiser::Glorot {}.dense(pair[0], pair[1], stream), Activation::Logistic)
    });
    classifier(Classifier::on_top_of(hidden.collect(), 10, 1), images, labels, batch)
}

/// Two convolutions of rectified units, 5 × 5 with 32 and 64 maps, each with max-pooling over 2 × 2, and an
/// output layer, by Adam.
fn convolutional<'a>(
    images: ArrayView2<'a, f32>,
    labels: &'a [u8],
    batch: usize,
) -> (Epoch<'a>, Initial) {
    let layer = |maps| RandomInitialisation {
        convolution: Some(ConvolutionConfig {
            input: None,
            maps,
            kernel: 5,
            stride: 1,
            padding: 0,
            pool: Pooling::Max(2),
        }),
        ..RandomInitialisation::suited_to(Activation::Relu)
    };
    let mut plan = [32, 64].map(|maps| LayerPretraining::from(layer(maps)));
    fit_to_images(&mut plan, Some([28, 28, 1])).expect("they fit");
    let mut n_inputs = images.ncols();
    let hidden = plan.iter().enumerate().map(|(index, planned)| {
        let layer = planned.without_data(n_inputs, 0, 1, index).expect("random");
        n_inputs = layer.encoder.n_outputs();
        (layer.encoder, layer.unit)
    });
    let hidden = hidden.collect();
    classifier(Classifier::on_top_of(hidden, 10, 1), images, labels, batch)
}

/// Number of operations in the products of an epoch of [`convolutional`]. The derivatives with respect to the
/// inputs of the first layer are not needed.
pub(crate) fn convolutional_products(n_samples: usize) -> f64 {
    let first = 24 * 24 * 25 * 32;
    let second = 8 * 8 * (25 * 32) * 64;
    let output = 4 * 4 * 64 * 10;
    2.0 * n_samples as f64 * f64::from(2 * first + 3 * second + 3 * output)
}

fn classifier<'a>(
    mut model: Classifier<f32>,
    images: ArrayView2<'a, f32>,
    labels: &'a [u8],
    batch: usize,
) -> (Epoch<'a>, Initial) {
    let initial = initial(&model);
    let mut optimizer = Optimizer::new(Rule::adam(), 0.0, &model);
    let mut memory = ClassifierMemory::new(&model, batch);
    let mut minibatches = Minibatches::new(images.nrows(), batch);
    let mut x = Array2::zeros((batch, images.ncols()));
    let mut epoch = 0;
    let train = move || {
        epoch += 1;
        minibatches.shuffle(Stream::new(1, NAME).epoch(epoch));
        let mut mean = MeanCost::default();
        for samples in minibatches.iter() {
            let mut x = x.slice_mut(s![..samples.len(), ..]);
            images.gather(samples, x.view_mut()).expect("images are in memory");
            let y: Vec<u8> = samples.iter().map(|&sample| labels[sample]).collect();
            let step = paced(|| {
                let x = x.view();
                classification_step(&mut model, x, &y, &mut memory, &mut optimizer, 1e-3, None)
            });
            mean.add(step.expect("the cost stays finite"), samples.len());
        }
        mean.mean()
    };
    (Box::new(train), initial)
}

/// The tensors of a model; vectors have one dimension.
fn initial(model: &impl Parameters<f32>) -> Initial {
    let tensors = model.tensors();
    tensors
        .map(|tensor| {
            let shape = if tensor.shape[0] == 1 { &tensor.shape[1..] } else { &tensor.shape[..] };
            (shape.to_vec(), tensor.values.to_vec())
        })
        .collect()
}
