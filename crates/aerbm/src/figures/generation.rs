//! Figures of samples.

use ndarray::{Array2, ArrayView2, Axis};
use numerics::{Purpose, Stream};
use rand::RngExt as _;
use report::{Meta, Section, TileRow, TileScale};
use stack::{Generative, SampleChains};

use super::{Figures, digits_of_each_class, row, tiles};
use crate::Error;
use crate::model::Model;
use crate::trained::Trained;

const NOISE: Purpose = Purpose::new("figure noise");
const CODES: Purpose = Purpose::new("random codes");

/// The initial states of chains.
pub(crate) enum Start<'a> {
    /// Fair coin flips.
    Noise(usize),
    /// The first test image of each class.
    Samples(&'a mnist_io::Dataset),
}

/// States of Markov chains of a generative model.
pub(crate) fn gibbs_samples(
    out: Figures<'_>,
    trained: &Trained,
    model: &dyn Generative,
    start: &Start<'_>,
    (steps, seed): (usize, u64),
) -> Result<(), Error> {
    let (chains, first, from) = match start {
        Start::Noise(n) => {
            let chains = model.chains_from_noise(*n, Stream::new(seed, NOISE));
            let first = chains.draw_down(seed, 0);
            (chains, first, "noise")
        }
        Start::Samples(test) => {
            let digits = digits_of_each_class(test);
            (model.chains_from_data(digits.view(), seed), digits, "test digits")
        }
    };
    let meta = Meta {
        title: format!("Gibbs samples: {}", trained.record.run),
        caption: format!(
            "{} chains that start from {from}: the probabilities of the pixels after 1, 10, … \
             steps of Gibbs sampling.",
            chains.n_chains()
        ),
        how_to_read:
            "Each row is a moment, each column a chain. Chains that pass through different \
            digits and keep looking like digits show a good model. A chain that never changes mixes \
            slowly; one that fades is usual after contrastive divergence, whose chains never run this long."
                .into(),
        alt: format!("Rows of images of the states of Markov chains that start from {from}"),
        section: Section::Generation,
        order: 0,
    };
    let mut rows = vec![row(from, first.view())];
    rows.extend(chain_rows(chains, steps, seed));
    tiles(out, &format!("samples_{}", trained.record.run), trained, rows, TileScale::Grey, meta)
}

fn chain_rows(mut chains: Box<dyn SampleChains + '_>, steps: usize, seed: u64) -> Vec<TileRow> {
    let mut rows = Vec::new();
    let mut next = 1;
    for step in 1..=steps {
        chains.gibbs_step(seed, step);
        if step == next || step == steps {
            let unit = if step == 1 { "step" } else { "steps" };
            let images = chains.draw_down(seed, step);
            rows.push(row(&format!("{step} {unit}"), images.view()));
            next *= 10;
        }
    }
    rows
}

/// Samples side by side, at most a hundred.
pub(crate) fn sample_page(
    out: Figures<'_>,
    trained: &Trained,
    samples: ArrayView2<f32>,
) -> Result<(), Error> {
    const COLUMNS: usize = 20;
    let run = &trained.record.run;
    let shown = samples.slice_axis(Axis(0), (0..samples.nrows().min(100)).into());
    let rows = shown.axis_chunks_iter(Axis(0), COLUMNS).map(|images| row("", images)).collect();
    let meta = Meta {
        title: format!("Samples: {run}"),
        caption: "The final states of as many chains, as probabilities of the pixels.".into(),
        how_to_read:
            "The samples of a good model are as varied as the data, and each is clearly one digit. \
            Look for missing classes and for blends of two."
                .into(),
        alt: format!("Page of images drawn from {run}"),
        section: Section::Generation,
        order: 1,
    };
    tiles(out, &format!("page_{run}"), trained, rows, TileScale::Grey, meta)
}

/// Images decoded from random codes, which are not samples; the figure explains why.
pub(crate) fn decoded_codes(
    out: Figures<'_>,
    trained: &Trained,
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    const COLUMNS: usize = 10;
    const ROWS: usize = 3;
    let Model::Autoencoder(model) = &trained.model else { return Ok(()) };
    let codes = model.encode(test.rows(0..test.n_samples().min(1000)));
    let mut rng = Stream::new(trained.record.seed, CODES).rng();
    let random = Array2::from_shape_fn((ROWS * COLUMNS, codes.ncols()), |(_, unit)| {
        codes[[rng.random_range(0..codes.nrows()), unit]]
    });
    let images = model.decode(random.view());
    let run = &trained.record.run;
    let rows = images.axis_chunks_iter(Axis(0), COLUMNS).map(|images| row("", images));
    let meta = Meta {
        title: format!("Decoded random codes: {run}"),
        caption:
            "Images decoded from codes in which the value of each unit is taken from a different, \
            randomly chosen test image."
                .into(),
        how_to_read:
            "These images are not samples. An autoencoder learns to reconstruct its input; it has \
            no distribution over images or codes. Each unit here has a plausible value, but the \
            combinations are implausible: only a joint distribution, such as that of an RBM, says \
            which combinations occur."
                .into(),
        alt: format!("Page of images decoded by {run} from codes put together at random"),
        section: Section::Generation,
        order: 3,
    };
    tiles(out, &format!("decoded_{run}"), trained, rows.collect(), TileScale::Grey, meta)
}

/// Images completed `draws` times each.
pub(crate) fn inpainted(
    out: Figures<'_>,
    trained: &Trained,
    (truth, known): (ArrayView2<f32>, &[bool]),
    (drawn, draws): (ArrayView2<f32>, usize),
) -> Result<(), Error> {
    const COLUMNS: usize = 25;
    /// Grey level of unknown pixels.
    const UNKNOWN: f32 = 0.4;
    let run = &trained.record.run;
    let mut rows = Vec::new();
    let images: Vec<usize> = (0..truth.nrows()).collect();
    for group in images.chunks(COLUMNS) {
        let truth = truth.select(Axis(0), group);
        rows.push(row("test image", truth.view()));
        let mut seen = truth;
        for mut image in seen.rows_mut() {
            for (pixel, &known) in image.iter_mut().zip(known) {
                if !known {
                    *pixel = UNKNOWN;
                }
            }
        }
        rows.push(row("known", seen.view()));
        for draw in 0..draws {
            let of_group: Vec<usize> = group.iter().map(|image| image * draws + draw).collect();
            let images = drawn.select(Axis(0), &of_group);
            rows.push(row(&format!("draw {}", draw + 1), images.view()));
        }
    }
    let meta = Meta {
        title: format!("Inpainting: {run}"),
        caption:
            "Test images, their known part, and draws of the unknown part from the conditional \
            distribution."
                .into(),
        how_to_read:
            "Draws should differ where the known half leaves several possibilities and agree \
            where it does not. An autoencoder would give one answer."
                .into(),
        alt: format!("Rows of digit images completed by {run}"),
        section: Section::Generation,
        order: 2,
    };
    tiles(out, &format!("inpainted_{run}"), trained, rows, TileScale::Grey, meta)
}
