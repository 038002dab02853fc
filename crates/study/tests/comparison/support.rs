//! Methods, data and runs shared by the tests.

use std::ops::ControlFlow;

use mnist_io::{Dataset, ImageShape, SplitRule, Splits, TrainTest};
use ndarray::Array2;
use numerics::{Purpose, Stream};
use stack::{
    AutoencoderPretraining, Dropout, LayerPretraining, RandomInitialisation, RbmPretraining,
};
use study::stage::Store;
use study::{Cell, ComparisonConfig, Event, LabelBudget, Methods, Outcome, run_comparison};

/// Methods with every kind of layer.
pub(crate) const METHODS: &str = r##"
    none = { role = "control", color = "#282828", words = "none", layers = { kind = "random" } }
    raw-logistic = { role = "reference", color = "#969696", words = "logistic", layers = [] }
    pca = { role = "reference", color = "#e69f00", words = "PCA", layers = { kind = "pca" } }

    [random-features]
    role = "reference"
    color = "#bea06e"
    words = "random features"
    frozen = true
    layers = { kind = "random" }

    [relu-dropout]
    role = "control"
    color = "#784614"
    words = "rectified units with dropout"
    dropout = { input = 0.2, hidden = 0.5 }
    max_norm = 2.0
    layers = { kind = "random", hidden = "relu" }

    [autoencoder]
    role = "pretrained"
    family = "autoencoder"
    color = "#0072b2"
    words = "autoencoders"
    layers = { kind = "autoencoder", training = { epochs = 2 } }

    [sparse]
    role = "pretrained"
    family = "autoencoder"
    color = "#009e73"
    words = "sparse autoencoders"
    [sparse.layers]
    kind = "autoencoder"
    training = { epochs = 2, penalty = { kind = "kl", target = 0.1, weight = 0.1 } }

    [denoising]
    role = "pretrained"
    family = "autoencoder"
    color = "#56b4e9"
    words = "denoising autoencoders"
    [denoising.layers]
    kind = "autoencoder"
    training = { epochs = 2, corruption = { kind = "masking", fraction = 0.25 } }

    [contractive]
    role = "pretrained"
    family = "autoencoder"
    color = "#cc79a7"
    words = "contractive autoencoders"
    [contractive.layers]
    kind = "autoencoder"
    training = { epochs = 2, penalty = { kind = "contractive", weight = 0.1 } }

    [rbm]
    role = "pretrained"
    family = "rbm"
    color = "#d55e00"
    words = "RBMs"
    layers = { kind = "rbm", training = { epochs = 2 } }

    [mixed]
    role = "pretrained"
    color = "#005a64"
    words = "both"
    layers = ["rbm", "denoising"]
"##;

pub(crate) fn methods() -> Methods {
    toml::from_str(METHODS).expect("methods")
}

pub(crate) fn first_layer<'m>(methods: &'m mut Methods, name: &str) -> &'m mut LayerPretraining {
    methods.0[name].layers.own_mut().next().expect("a layer")
}

pub(crate) fn random<'m>(methods: &'m mut Methods, name: &str) -> &'m mut RandomInitialisation {
    let LayerPretraining::Random(settings) = first_layer(methods, name) else { panic!("random") };
    settings
}

pub(crate) fn autoencoder<'m>(
    methods: &'m mut Methods,
    name: &str,
) -> &'m mut AutoencoderPretraining {
    let LayerPretraining::Autoencoder(settings) = first_layer(methods, name) else {
        panic!("another")
    };
    settings
}

pub(crate) fn rbm<'m>(methods: &'m mut Methods, name: &str) -> &'m mut RbmPretraining {
    let LayerPretraining::Rbm(settings) = first_layer(methods, name) else { panic!("another") };
    settings
}

/// Noisy bars at one of four positions in a row of 16. The class is the position, or random if `shuffled`.
pub(crate) fn bars(n: usize, salt: usize, shuffled: bool) -> Dataset {
    let uniform = |layer: usize, n: usize| {
        let mut values = vec![0.0_f32; n];
        Stream::new(3, Purpose::new("bars")).layer(layer).fill_uniform(0, &mut values);
        values
    };
    let noise = uniform(salt, n * 16);
    let images = Array2::from_shape_fn((n, 16), |(i, j)| {
        f32::from(u8::from((j / 4 == i % 4) != (noise[i * 16 + j] < 0.2)))
    });
    let chance = uniform(100 + salt, n);
    let by_chance = |i: usize| [0.25, 0.5, 0.75].iter().filter(|&&at| chance[i] >= at).count();
    let class = |i: usize| if shuffled { by_chance(i) } else { i % 4 };
    let labels = (0..n).map(|i| class(i) as u8).collect();
    let shape = ImageShape::grey(4, 4);
    Dataset::from_arrays("bars", images, Some((labels, 4)), shape).expect("as many labels")
}

pub(crate) fn splits(shuffled: bool) -> Splits {
    let data = TrainTest { train: bars(500, 0, shuffled), test: bars(400, 1, shuffled) };
    data.split(SplitRule::Train(300)).expect("some are left")
}

pub(crate) fn config(methods: &[&str]) -> ComparisonConfig {
    let mut config: ComparisonConfig = serde_json::from_str(
        r#"{"methods": [], "layers": [10, 6], "depths": [1, 2], "seeds": 2, "labels": [],
            "learning_rates": [0.01, 0.03], "hidden_learning_rate_multipliers": [1.0, 0.1],
            "equal_seconds": {"labels": [100], "seeds": 1}}"#,
    )
    .expect("a configuration");
    config.methods = methods.iter().map(ToString::to_string).collect();
    config.labels = [(40, 60), (100, 100)]
        .map(|(count, updates)| LabelBudget { count, updates, batch_size: 20, dropout: None })
        .to_vec();
    config.fine_tuning.dropout = Dropout { input: 0.1, hidden: 0.1 };
    config.fine_tuning.evaluations = 5;
    config
}

/// Runs a comparison; returns its outcome and the numbers of computed and reused stages.
pub(crate) fn run(
    config: &ComparisonConfig,
    data: &Splits,
    store: &Store,
) -> (Outcome, usize, usize) {
    run_with(config, &methods(), data, store)
}

pub(crate) fn run_with(
    config: &ComparisonConfig,
    methods: &Methods,
    data: &Splits,
    store: &Store,
) -> (Outcome, usize, usize) {
    let (mut computed, mut reused) = (0, 0);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Reused => reused += 1,
            Event::Finished { .. } => computed += 1,
            _ => (),
        }
        ControlFlow::Continue(())
    };
    let outcome = run_comparison(config, methods, data, "bars", store, &mut listen, &mut |_| ());
    (outcome.expect("it converges"), computed, reused)
}

pub(crate) fn of<'o>(outcome: &'o Outcome, method: &str, depth: usize) -> Vec<&'o Cell> {
    outcome.cells.iter().filter(|c| (c.method.as_str(), c.depth) == (method, depth)).collect()
}

/// An outcome without clock-dependent parts.
pub(crate) fn without_times(mut outcome: Outcome) -> Outcome {
    for cell in &mut outcome.cells {
        (cell.seconds, cell.tuning_seconds) = (0.0, 0.0);
        cell.trials.iter_mut().for_each(|trial| trial.seconds = None);
    }
    for layer in &mut outcome.layers {
        layer.seconds = 0.0;
        layer.epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    }
    outcome
}
