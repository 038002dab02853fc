//! Samples and inpainting of generative models, in figures and in numbers.

use mnist_io::{Dataset, ImageShape, Splits};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use numerics::{Purpose, Stream};
use rbm_core::{Rbm, Temperatures, diagnose_chains, forward};
use stack::{Classifier, FineTuneConfig, Generative, Labelled, SampleChains, fine_tune};
use study::reference::neighbours::nearest;

use crate::config::LikelihoodSettings;
use crate::figures::Figures;
use crate::figures::generation as figures;
use crate::figures::generation::Start;
use crate::likelihood::{EnergyModel, Subject, states};
use crate::model::Model;
use crate::monitor::{Monitor, observer};
use crate::record::Measure;
use crate::trained::Trained;
use crate::{Error, mean};

const NOISE: Purpose = Purpose::new("sample noise");

/// Chains whose free energies are followed.
const FOLLOWED: usize = 20;

/// R̂ above which chains are said not to have mixed. 1.01 is the usual advice for results; chains of samples to
/// look at may differ a little more.
const MIXED: f64 = 1.1;

/// Options of [`sample`].
#[derive(Debug, Clone, PartialEq)]
pub struct SampleOptions {
    /// Gibbs steps of each chain.
    pub steps: usize,
    /// Whether chains start from samples of the data; otherwise they start from fair coin flips.
    pub from_data: bool,
    /// Chains in the figure that start from coin flips; of those from data there is one per class.
    pub chains: usize,
    /// Samples for the page and the measurements, each the end of a chain of its own.
    pub samples: usize,
    /// Whether the model is fine-tuned into a classifier that judges the samples.
    pub judge: bool,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        SampleOptions {
            steps: 1000,
            from_data: true,
            chains: 10,
            samples: 100,
            judge: false,
            seed: 1,
        }
    }
}

/// Samples of a model, and measurements of the chains that they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The features at the end of each chain, samples × visible: of images the expectations, which are
    /// smoother to look at, of other data draws.
    pub samples: Array2<f32>,
    /// Measurements of the chains and of the samples.
    pub measures: Vec<Measure>,
}

/// Draws samples, measures them and, of images, draws the figures `samples_RUN` and `page_RUN` in `out`.
///
/// # Errors
/// [`Error::Kind`] for an autoencoder, [`Error::Unlabelled`] for a judge without labels, or the reason
/// why a figure could not be written.
pub fn sample(
    trained: &Trained,
    splits: &Splits,
    out: Figures<'_>,
    options: &SampleOptions,
    monitor: &dyn Monitor,
) -> Result<Sampled, Error> {
    let SampleOptions { steps, seed, samples: n, .. } = *options;
    let model = trained.model.generative().ok_or_else(|| Error::Kind {
        run: trained.record.run.clone(),
        expected: "a generative model (an autoencoder has no probability distribution)",
    })?;
    let test = &splits.test;
    let start = if options.from_data { Start::Samples(test) } else { Start::Noise(options.chains) };
    if test.shape.is_image() {
        figures::gibbs_samples(out, trained, &*model, &start, (steps, seed))?;
    }
    let (chains, mut measures) =
        long_chains(&*model, (options.from_data, n), splits, (steps, seed), monitor);
    let samples = if test.shape.is_image() {
        chains.draw_down(seed, steps)
    } else {
        chains.draw_states_down(seed, steps)
    };
    if test.shape.is_image() {
        figures::sample_page(out, trained, samples.view())?;
    }
    let test_samples = test.rows(0..n.min(test.n_samples()));
    for (split, samples) in [("samples", samples.view()), ("test", test_samples)] {
        let nearest = nearest(1, splits.train.images.view(), samples);
        let errors: Vec<f64> = nearest.iter().map(|of| of[0].squared_distance.into()).collect();
        measures.push(Measure::new(split, "nearest_training_sse", mean(&errors), "sse_per_image"));
    }
    if options.judge {
        measures.extend(judge(trained, samples.view(), splits, seed, monitor)?);
    }
    Ok(Sampled { samples, measures })
}

/// `n` chains after their last step, and the mixing diagnostics of their second half.
fn long_chains<'a>(
    model: &'a dyn Generative,
    (from_data, n): (bool, usize),
    splits: &Splits,
    (steps, seed): (usize, u64),
    monitor: &dyn Monitor,
) -> (Box<dyn SampleChains + 'a>, Vec<Measure>) {
    let mut chains = if from_data {
        let train = &splits.train.images;
        let rows: Vec<usize> = (0..n).map(|chain| chain * train.nrows() / n).collect();
        model.chains_from_data(train.select(Axis(0), &rows).view(), seed)
    } else {
        model.chains_from_noise(n, Stream::new(seed, NOISE))
    };
    let followed = FOLLOWED.min(n);
    let mut traces = vec![Vec::with_capacity(steps); followed];
    for step in 1..=steps {
        chains.gibbs_step(seed, step);
        if step > steps / 2 {
            let free_energies = chains.free_energies(followed);
            traces.iter_mut().zip(free_energies).for_each(|(trace, free)| trace.push(free));
        }
    }
    let mut measures = Vec::new();
    if traces[0].len() >= 4 {
        let found = diagnose_chains(&traces);
        if found.r_hat > MIXED {
            monitor.note(&format!(
                "the chains have not mixed: R̂ is {:.2}, and below {MIXED} for chains that forgot their starts; the \
                 samples are not yet those of the model; take more steps",
                found.r_hat
            ));
        }
        let row = |metric, value, unit| Measure::new("samples", metric, value, unit);
        measures.push(row("autocorrelation_time", found.autocorrelation_time, "steps"));
        measures.push(row("effective_samples", found.effective_samples, "samples"));
        measures.push(row("r_hat", found.r_hat, ""));
    }
    (chains, measures)
}

/// Fine-tunes the model's layers into a classifier, and measures with it how many classes the samples
/// cover and how clearly: the entropy of the mean class probabilities, and the mean of the largest
/// probability.
fn judge(
    trained: &Trained,
    samples: ArrayView2<f32>,
    splits: &Splits,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Vec<Measure>, Error> {
    let labels = |set: &Dataset| {
        set.labels.clone().ok_or_else(|| Error::Unlabelled { data: set.name.clone() })
    };
    let (of_train, of_validation, of_test) =
        (labels(&splits.train)?, labels(&splits.validation)?, labels(&splits.test)?);
    let layers = trained.model.encoder_layers();
    let classifier = Classifier::on_top_of(layers, splits.train.n_classes, seed);
    let config = FineTuneConfig { updates: 8_000, ..Default::default() };
    monitor.begin("judge: fine-tuning a classifier", config.evaluations);
    let train = Labelled { x: splits.train.images.view(), labels: &of_train };
    let validation = Labelled { x: splits.validation.images.view(), labels: &of_validation };
    let tuned = fine_tune(classifier, train, validation, &config, seed, &mut observer(monitor))
        .map_err(|source| Error::training(&trained.record.run, source))?;
    monitor.finish();
    let test = splits.test.images.view();
    let errors = tuned.model.count_errors(test, &of_test) as f64;
    let error = 100.0 * errors / test.nrows() as f64;
    let mut measures = vec![Measure::new("test", "error_pct", error, "pct")];
    for (split, images) in [("samples", samples), ("test", test)] {
        let p = tuned.model.probabilities(images);
        let classes = nn_core::column_means(p.view());
        let entropy: f64 = classes.iter().map(|p| if *p > 0.0 { -p * p.ln() } else { 0.0 }).sum();
        let top: Vec<f64> = p
            .rows()
            .into_iter()
            .map(|row| f64::from(row.iter().copied().fold(0.0, f32::max)))
            .collect();
        measures.push(Measure::new(split, "class_entropy_nats", entropy, "nats"));
        measures.push(Measure::new(split, "top_class_probability", mean(&top), "probability"));
    }
    Ok(measures)
}

/// The half of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The upper half.
    Upper,
    /// The lower half.
    Lower,
    /// The left half.
    Left,
    /// The right half.
    Right,
}

impl Half {
    /// Whether each value of an image of this shape is in this half, row by row. The channels of a pixel
    /// are in the same half.
    pub fn mask(self, shape: ImageShape) -> Vec<bool> {
        let ImageShape { height, width, channels } = shape;
        let inside = |row: usize, column: usize| match self {
            Half::Upper => row < height / 2,
            Half::Lower => row >= height / 2,
            Half::Left => column < width / 2,
            Half::Right => column >= width / 2,
        };
        let pixels = (0..height * width).map(|pixel| inside(pixel / width, pixel % width));
        pixels.flat_map(|inside| std::iter::repeat_n(inside, channels)).collect()
    }
}

/// Options of [`inpaint_half`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InpaintOptions {
    /// The half that is known.
    pub known: Half,
    /// Number of test images.
    pub images: usize,
    /// Draws for each image.
    pub draws: usize,
    /// Gibbs steps of each draw.
    pub steps: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

/// Draws the unknown half of test images from an RBM's conditional distribution: figure
/// `inpainted_RUN` in `out`, and, for a dense RBM of binary hidden units, the likelihood of the true halves.
///
/// # Errors
/// [`Error::Kind`] for a model that is not an RBM of one layer, or the reason why the figure could not be written.
pub fn inpaint_half(
    trained: &Trained,
    splits: &Splits,
    out: Figures<'_>,
    options: &InpaintOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Measure>, Error> {
    let config = trained.config()?;
    let Some(Subject { rbm, binarisation, .. }) = Subject::of(&trained.model, &config) else {
        let expected =
            "an RBM of one layer, which alone has a conditional distribution of missing values";
        return Err(Error::Kind { run: trained.record.run.clone(), expected });
    };
    let InpaintOptions { draws, steps, seed, .. } = *options;
    let test = &splits.test;
    let train = states(rbm, binarisation, splits.train.images.view());
    let base = rbm.independent_biases(train.view())?;
    let n = options.images.min(test.n_samples());
    let truth = states(rbm, binarisation, test.rows(0..n));
    let known = options.known.mask(trained.record.image);

    let how = (known.as_slice(), base.view());
    let shown = rbm.inpaint(truth.view(), how, (draws, steps), seed);
    figures::inpainted(out, trained, (truth.view(), &known), (shown.view(), draws))?;

    let mut measures = Vec::new();
    if let Model::Rbm(rbm) = &trained.model
        && rbm.hidden.unit.has_linear_energy()
    {
        monitor.begin("likelihood of the missing half", n);
        measures = conditional_likelihood(rbm, truth.view(), &known, base.view(), seed);
        monitor.finish();
    }
    Ok(measures)
}

/// The mean −ln p(missing | known) of the true images under the model, by annealed importance sampling forward
/// and, from the true half, in reverse, which is too low and too high on average; and under independent pixels
/// with the means of the training set.
fn conditional_likelihood(
    rbm: &Rbm<f32>,
    truth: ArrayView2<f32>,
    known: &[bool],
    base: ArrayView1<f32>,
    seed: u64,
) -> Vec<Measure> {
    let settings = LikelihoodSettings {
        chains: 24,
        schedule: Temperatures::Even { count: 500 },
        burn_in: 100,
        ..LikelihoodSettings::default()
    };
    let missing: Vec<usize> = (0..known.len()).filter(|&i| !known[i]).collect();
    let base = base.select(Axis(0), &missing);
    let mut independent = rbm.given(truth.row(0), known);
    independent.weights.fill(0.0);
    independent.visible.bias.assign(&base);
    independent.hidden.bias.fill(0.0);
    // Without weights annealed importance sampling is exact.
    let log_z_of_independent = forward(&independent, base.view(), &[0.0, 1.0], 2, 0).log_z;
    let (mut lower, mut upper, mut of_independent) = (Vec::new(), Vec::new(), Vec::new());
    for image in truth.rows() {
        let conditional = rbm.given(image, known);
        let true_half = image.select(Axis(0), &missing).insert_axis(Axis(0));
        let [low, high] = conditional.anneal((base.view(), true_half.view()), &settings, seed);
        let free = conditional.free_energies(true_half.view())[0];
        lower.push(free + low.log_z);
        upper.push(free + high.log_z);
        of_independent.push(independent.free_energies(true_half.view())[0] + log_z_of_independent);
    }
    let row = |metric, values: &[f64]| Measure::new("test", metric, mean(values), "nats");
    let middle = [lower.clone(), upper.clone()].concat();
    vec![
        row("conditional_nll_nats", &middle),
        row("conditional_nll_nats_lower", &lower),
        row("conditional_nll_nats_upper", &upper),
        row("independent_nll_nats", &of_independent),
    ]
}
