//! Samples and inpainting of generative models, in figures and in numbers.

mod inpainting;

use mnist_io::{Dataset, Splits};
use ndarray::{Array2, ArrayView2};
use nn_core::{any_missing, observed};
use numerics::{Purpose, Stream};
use rbm_core::diagnose_chains;
use stack::{Classifier, FineTuneConfig, Generative, Labelled, SampleChains, fine_tune};
use study::reference::neighbours::nearest;

use crate::config::{ConfigError, at_least_one};
use crate::figures::Figures;
use crate::figures::generation as figures;
use crate::figures::generation::Start;
use crate::likelihood::spread;
use crate::monitor::{Monitor, observer};
use crate::record::Measure;
use crate::trained::Trained;
use crate::{Error, mean};

pub use inpainting::{Half, InpaintOptions, inpaint_half};

const NOISE: Purpose = Purpose::new("sample noise");

/// Number of chains whose free energies are followed.
const FOLLOWED: usize = 20;

/// R̂ above which chains are reported as not mixed. 1.01 is the usual advice for results; chains for samples
/// that are only looked at may differ a little more.
const MIXED: f64 = 1.1;

/// Options of [`sample`].
#[derive(Debug, Clone, PartialEq)]
pub struct SampleOptions {
    /// Gibbs steps of each chain.
    pub steps: usize,
    /// Whether chains start from samples of the data; otherwise they start from fair coin flips.
    pub from_data: bool,
    /// Number of chains in the figure that start from coin flips; of those from data, there is one per class.
    pub chains: usize,
    /// Number of samples for the page and the measurements, each the end of its own chain.
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

impl SampleOptions {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first option out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let SampleOptions { steps, chains, samples, .. } = *self;
        at_least_one(&[("steps", steps), ("chains", chains), ("samples", samples)])
    }
}

/// Samples of a model, and measurements of the chains that they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The features at the end of each chain, samples × visible: expectations for images, which are smoother
    /// to look at, and draws for other data.
    pub samples: Array2<f32>,
    /// Measurements of the chains and of the samples.
    pub measures: Vec<Measure>,
}

/// Draws samples and measures them; for images, also draws the figures `samples_RUN` and `page_RUN` in `out`.
///
/// # Errors
/// [`Error::Config`] for options out of range, [`Error::Kind`] for an autoencoder, [`Error::Unlabelled`] for a
/// judge without labels, or the reason why a figure could not be written.
pub fn sample(
    trained: &Trained,
    splits: &Splits,
    out: Figures<'_>,
    options: &SampleOptions,
    monitor: &dyn Monitor,
) -> Result<Sampled, Error> {
    options.validate()?;
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
    let sets = [("samples", samples.view()), ("test", test_samples)];
    // The distance to a row with missing values is undefined.
    let is_whole = |x: &ArrayView2<f32>| x.nrows() > 0 && !any_missing(*x);
    let measurable = is_whole(&splits.train.images.view());
    for (split, samples) in sets.into_iter().filter(|(_, x)| measurable && is_whole(x)) {
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
        let start = spread(splits.train.images.view(), n);
        model.chains_from_data(observed(start.view()).view(), seed)
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
    let [train_x, validation_x, test] =
        [&splits.train, &splits.validation, &splits.test].map(|set| observed(set.images.view()));
    let train = Labelled { x: train_x.view(), labels: &of_train };
    let validation = Labelled { x: validation_x.view(), labels: &of_validation };
    let tuned = fine_tune(classifier, train, validation, &config, seed, &mut observer(monitor))
        .map_err(|source| Error::training(&trained.record.run, source))?;
    monitor.finish();
    let test = test.view();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        assert_eq!(SampleOptions::default().validate(), Ok(()));
        assert_eq!(InpaintOptions::default().validate(), Ok(()));
        let default = SampleOptions::default;
        for (options, expected) in [
            (SampleOptions { steps: 0, ..default() }, "steps = 0: expected at least 1"),
            (SampleOptions { chains: 0, ..default() }, "chains = 0: expected at least 1"),
            (SampleOptions { samples: 0, ..default() }, "samples = 0: expected at least 1"),
        ] {
            assert_eq!(options.validate(), Err(ConfigError(expected.to_owned())));
        }
        let default = InpaintOptions::default;
        for (options, expected) in [
            (InpaintOptions { images: 0, ..default() }, "images = 0: expected at least 1"),
            (InpaintOptions { draws: 0, ..default() }, "draws = 0: expected at least 1"),
            (InpaintOptions { steps: 0, ..default() }, "steps = 0: expected at least 1"),
        ] {
            assert_eq!(options.validate(), Err(ConfigError(expected.to_owned())));
        }
    }
}
