//! Figures of what models generate.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use numerics::{Purpose, Stream};
use rand::RngExt as _;
use rbm_core::Chains;
use report::{Meta, Section, TileRow, TileScale};
use stack::Dbn;

use super::{digits_of_each_class, row, tiles};
use crate::train::{Model, Trained};

const NOISE: Purpose = Purpose::new("figure noise");
const CODES: Purpose = Purpose::new("random codes");

/// Where chains start.
pub(crate) enum Start<'a> {
    /// Fair coin flips.
    Noise(usize),
    /// The first test image of each class.
    Digits(&'a mnist_io::Dataset),
}

/// Chains of an RBM: what it believes digits are.
pub(crate) fn gibbs_samples(
    dir: &Path,
    trained: &Trained,
    start: &Start<'_>,
    steps: usize,
    seed: u64,
) -> anyhow::Result<()> {
    let Some(dbn) = trained.model.generative() else {
        anyhow::bail!(
            "{} is an autoencoder: it has no probability distribution to draw from; \
             choose the run of an RBM",
            trained.record.run
        );
    };
    let (chains, first, from) = match start {
        Start::Noise(n) => {
            let chains = dbn.chains_from_noise(*n, Stream::new(seed, NOISE));
            let first = dbn.draw_down(&chains, seed, 0);
            (chains, first, "noise")
        }
        Start::Digits(test) => {
            let digits = digits_of_each_class(test);
            (dbn.chains_from_data(digits.view(), seed), digits, "test digits")
        }
    };
    let meta = Meta {
        title: format!("Gibbs samples: {}", trained.record.run),
        caption: format!(
            "{} chains that start from {from}; the probabilities of the pixels after 1, 10, … \
             steps of Gibbs sampling.",
            chains.n_chains()
        ),
        how_to_read:
            "Rows are moments, columns are chains. A chain that wanders through different \
            digits and keeps looking like one has learned what digits are; one that never changes \
            mixes slowly, one that fades has learned too little."
                .into(),
        alt: format!("Rows of images of the states of Markov chains that start from {from}"),
        section: Section::Generation,
        order: 0,
    };
    let mut rows = vec![row(from, first.view())];
    rows.extend(chain_rows(&dbn, chains, steps, seed));
    tiles(dir, &format!("samples_{}", trained.record.run), trained, rows, TileScale::Grey, meta)
}

fn chain_rows(dbn: &Dbn, mut chains: Chains<f32>, steps: usize, seed: u64) -> Vec<TileRow> {
    let mut rows = Vec::new();
    let mut next = 1;
    for step in 1..=steps {
        dbn.gibbs_step(&mut chains, seed, step);
        if step == next || step == steps {
            let unit = if step == 1 { "step" } else { "steps" };
            let images = dbn.draw_down(&chains, seed, step);
            rows.push(row(&format!("{step} {unit}"), images.view()));
            next *= 10;
        }
    }
    rows
}

/// Samples side by side, at most a hundred.
pub(crate) fn sample_page(
    dir: &Path,
    trained: &Trained,
    samples: ArrayView2<f32>,
) -> anyhow::Result<()> {
    const COLUMNS: usize = 20;
    let run = &trained.record.run;
    let shown = samples.slice_axis(Axis(0), (0..samples.nrows().min(100)).into());
    let rows = shown.axis_chunks_iter(Axis(0), COLUMNS).map(|images| row("", images)).collect();
    let meta = Meta {
        title: format!("Samples: {run}"),
        caption: "The ends of as many chains; the probabilities of the pixels.".into(),
        how_to_read:
            "A good model's samples are as varied as digits are, each clearly one of them. \
            Look for classes that are missing and for blends of two."
                .into(),
        alt: format!("Page of images drawn from {run}"),
        section: Section::Generation,
        order: 1,
    };
    tiles(dir, &format!("page_{run}"), trained, rows, TileScale::Grey, meta)
}

/// What an autoencoder makes of random codes: no samples, and the figure says why.
pub(crate) fn decoded_codes(
    dir: &Path,
    trained: &Trained,
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
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
        caption: "Each code unit has the value that it has for some test image, another image for \
            each unit; the decoder makes pictures of such codes."
            .into(),
        how_to_read:
            "These are not samples of anything. An autoencoder learns to give back what it \
            is shown; it has no distribution over images, and none over codes. Every unit here has \
            a value that it does take, but the units do not go together: which combinations occur \
            is what a joint distribution, as an RBM's, would say."
                .into(),
        alt: format!("Page of images decoded by {run} from codes put together at random"),
        section: Section::Generation,
        order: 3,
    };
    tiles(dir, &format!("decoded_{run}"), trained, rows.collect(), TileScale::Grey, meta)
}

/// What a model draws for the unknown half of images, `draws` times each.
pub(crate) fn inpainted(
    dir: &Path,
    trained: &Trained,
    (truth, known): (ArrayView2<f32>, &[bool]),
    (drawn, draws): (ArrayView2<f32>, usize),
) -> anyhow::Result<()> {
    const COLUMNS: usize = 25;
    /// Between black and white: what the model was not shown.
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
        caption: "Test images, what of them the model is given, and draws of the rest from its \
            conditional distribution."
            .into(),
        how_to_read: "Draws that differ where the known half leaves it open, and agree where it \
            does not, show a joint distribution at work: an autoencoder has one answer."
            .into(),
        alt: format!("Rows of digit images completed by {run}"),
        section: Section::Generation,
        order: 2,
    };
    tiles(dir, &format!("inpainted_{run}"), trained, rows, TileScale::Grey, meta)
}
