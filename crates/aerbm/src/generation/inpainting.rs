//! Inpainting of halves of images, in figures and in numbers.

use mnist_io::{ImageShape, Splits};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rbm_core::{Rbm, Temperatures, forward};

use crate::config::{ConfigError, LikelihoodSettings, at_least_one};
use crate::figures::{Figures, generation as figures};
use crate::likelihood::{EnergyModel, Subject, states};
use crate::model::Model;
use crate::monitor::Monitor;
use crate::record::Measure;
use crate::trained::Trained;
use crate::{Error, mean};

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
    /// Number of draws for each image.
    pub draws: usize,
    /// Number of Gibbs steps of each draw.
    pub steps: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for InpaintOptions {
    fn default() -> Self {
        InpaintOptions { known: Half::Upper, images: 100, draws: 5, steps: 1000, seed: 1 }
    }
}

impl InpaintOptions {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first option out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let InpaintOptions { images, draws, steps, .. } = *self;
        at_least_one(&[("images", images), ("draws", draws), ("steps", steps)])
    }
}

/// Draws the unknown half of test images from an RBM's conditional distribution. Writes figure
/// `inpainted_RUN` into `out` and, for a dense RBM of binary hidden units, measures the likelihood of the
/// true halves.
///
/// # Errors
/// [`Error::Config`] for options out of range or without test images, [`Error::Kind`] for a model that is not an
/// RBM of one layer, or the reason why the figure could not be written.
pub fn inpaint_half(
    trained: &Trained,
    splits: &Splits,
    out: Figures<'_>,
    options: &InpaintOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Measure>, Error> {
    options.validate()?;
    let config = trained.config()?;
    let Some(Subject { rbm, binarisation, .. }) = Subject::of(&trained.model, &config) else {
        let expected =
            "an RBM of one layer, which alone has a conditional distribution of missing values";
        return Err(Error::Kind { run: trained.record.run.clone(), expected });
    };
    let InpaintOptions { draws, steps, seed, .. } = *options;
    let test = &splits.test;
    if test.n_samples() == 0 {
        let message = format!("{} has no test images: expected at least one", test.name);
        return Err(ConfigError(message).into());
    }
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

/// The mean −ln p(missing | known) of the true images: under the model, by annealed importance sampling
/// forward, which is too low on average, and in reverse from the true half, which is too high; and under
/// independent pixels with the means of the training set.
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
    // Without weights, annealed importance sampling is exact.
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
