//! Which figures a run has, and what they show.

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use numerics::{Purpose, Stream};
use rbm_core::{Chains, Rbm, gibbs_step};
use report::{AxisScale, Curve, Lines, Meta, MetricRow, Panel, Section, TileRow, TileScale, Tiles};

use crate::train::{Model, Trained};

const NOISE: Purpose = Purpose::new("figure noise");

/// What is being trained, epoch by epoch.
pub(crate) fn learning_curves(dir: &Path, metrics: &[MetricRow]) -> anyhow::Result<()> {
    let epochs = metrics.iter().filter(|row| row.stage == "train" && row.epoch.is_some());
    let mut panels: Vec<Panel> = Vec::new();
    let wanted = [
        (
            "validation",
            "mse_per_pixel",
            "Reconstruction of unseen images",
            "squared error per pixel",
        ),
        ("train", "cost", "What an autoencoder minimises", "cost (nats or squared error)"),
        ("train", "sse_per_image", "One-step reconstruction of the RBM", "squared error per image"),
        ("validation", "free_energy_gap_nats", "Free-energy gap of the RBM", "nats, unseen − seen"),
    ];
    for (split, metric, title, y_title) in wanted {
        let mut curves: Vec<Curve> = Vec::new();
        for row in epochs.clone().filter(|row| row.split == split && row.metric == metric) {
            let point = (row.epoch.unwrap_or_default() as f64, row.value);
            match curves.iter_mut().find(|curve| curve.name == row.run) {
                Some(curve) => curve.points.push(point),
                None => curves.push(Curve { name: row.run.clone(), points: vec![point] }),
            }
        }
        let y_scale =
            if metric == "free_energy_gap_nats" { AxisScale::Linear } else { AxisScale::Log };
        if !curves.is_empty() {
            let [title, x_title, y_title] = [title, "epoch", y_title].map(str::to_owned);
            panels.push(Panel { title, x_title, y_title, y_scale, curves });
        }
    }
    let meta = Meta {
        title: "Learning curves".into(),
        caption: "Each epoch of each model's training.".into(),
        how_to_read: "Lower is better; a curve that has flattened has learned what it can. \
            The free-energy gap tells overfitting: it grows when seen images become more probable \
            than unseen ones."
            .into(),
        alt: "Line charts of costs and errors against epochs, one line a model".into(),
        section: Section::Learning,
        order: 0,
    };
    Ok(Lines { meta, panels }.write(dir, "learning_curves")?)
}

/// What hidden units respond to.
pub(crate) fn filters(dir: &Path, trained: &Trained, order: u32) -> anyhow::Result<()> {
    const ROWS: usize = 3;
    const COLUMNS: usize = 12;
    let filters = trained.model.filters();
    let run = &trained.record.run;
    let shown: Vec<usize> = strongest(filters, ROWS * COLUMNS);
    let rows = shown
        .chunks(COLUMNS)
        .map(|units| TileRow {
            label: String::new(),
            tiles: units.iter().map(|&unit| filters.column(unit).to_vec()).collect(),
        })
        .collect();
    let meta = Meta {
        title: format!("Filters: {run}"),
        caption: format!(
            "The weights from the pixels to {} of {} hidden units, those with the largest norms.",
            shown.len(),
            filters.ncols()
        ),
        how_to_read: "Each square is one unit: what drives it up in one colour, what drives it \
            down in the other. Strokes and local spots are features of digits; grain is a unit \
            that has learned little, or that its random initial weights still cover."
            .into(),
        alt: format!("Grid of weight images of the hidden units of {run}"),
        section: Section::Features,
        order,
    };
    let scale = TileScale::Diverging;
    tiles(dir, &format!("filters_{run}"), trained, rows, scale, meta)
}

/// The columns with the largest norms, in their order.
fn strongest(weights: ArrayView2<f32>, n: usize) -> Vec<usize> {
    let mut units: Vec<usize> = (0..weights.ncols()).collect();
    let norm = |unit: &usize| weights.column(*unit).iter().map(|w| w * w).sum::<f32>();
    units.sort_by(|a, b| norm(b).total_cmp(&norm(a)).then(a.cmp(b)));
    units.truncate(n);
    units.sort_unstable();
    units
}

/// Test digits above their reconstructions by each model.
pub(crate) fn reconstructions(
    dir: &Path,
    models: &[&Trained],
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    let Some(first) = models.first() else { return Ok(()) };
    let digits = digits_of_each_class(test);
    let mut rows = vec![row("test digit", digits.view())];
    for trained in models {
        rows.push(row(&trained.record.run, trained.model.reconstruct(digits.view()).view()));
    }
    let meta = Meta {
        title: "Test digits above their reconstructions".into(),
        caption: "The first test image of each class, and what each model gives back.".into(),
        how_to_read: "The closer to the first row, the less is lost in the code. Blur and missing \
            strokes are what the code could not hold."
            .into(),
        alt: "Rows of digit images: originals, then each model's reconstructions".into(),
        section: Section::Reconstruction,
        order: 0,
    };
    tiles(dir, "reconstructions", first, rows, TileScale::Grey, meta)
}

/// The first sample of each class, or the first ten where there are no labels.
pub(crate) fn one_of_each_class(test: &mnist_io::Dataset) -> Vec<usize> {
    let labels = test.labels.as_deref().unwrap_or_default();
    let mut samples: Vec<usize> = (0..test.n_classes)
        .filter_map(|class| labels.iter().position(|&label| usize::from(label) == class))
        .collect();
    if samples.is_empty() {
        samples = (0..test.n_samples().min(10)).collect();
    }
    samples
}

fn digits_of_each_class(test: &mnist_io::Dataset) -> Array2<f32> {
    test.images.select(ndarray::Axis(0), &one_of_each_class(test))
}

/// A row of tiles.
pub(crate) fn row(label: &str, images: ArrayView2<f32>) -> TileRow {
    TileRow {
        label: label.to_owned(),
        tiles: images.rows().into_iter().map(|image| image.to_vec()).collect(),
    }
}

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
    let Model::Rbm(rbm) = &trained.model else {
        anyhow::bail!(
            "{} is an autoencoder: it has no probability distribution to draw from; \
             choose the run of an RBM",
            trained.record.run
        );
    };
    let (chains, from) = match start {
        Start::Noise(n) => (Chains::from_noise(rbm, *n, Stream::new(seed, NOISE)), "noise"),
        Start::Digits(test) => {
            (Chains::from_visible(rbm, digits_of_each_class(test)), "test digits")
        }
    };
    let meta = Meta {
        title: format!("Gibbs samples: {}", trained.record.run),
        caption: format!(
            "{} chains that start from {from}; the probabilities of the pixels after 1, 10, … \
             steps of Gibbs sampling.",
            chains.visible.nrows()
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
    let rows = chain_rows(rbm, chains, from, steps, seed);
    tiles(dir, &format!("samples_{}", trained.record.run), trained, rows, TileScale::Grey, meta)
}

fn chain_rows(
    rbm: &Rbm<f32>,
    mut chains: Chains<f32>,
    from: &str,
    steps: usize,
    seed: u64,
) -> Vec<TileRow> {
    let mut rows = vec![row(from, chains.visible.view())];
    let mut next = 1;
    for step in 1..=steps {
        gibbs_step(rbm, &mut chains, seed, step);
        if step == next || step == steps {
            let unit = if step == 1 { "step" } else { "steps" };
            rows.push(row(&format!("{step} {unit}"), chains.visible_mean.view()));
            next *= 10;
        }
    }
    rows
}

pub(crate) fn tiles(
    dir: &Path,
    name: &str,
    of: &Trained,
    rows: Vec<TileRow>,
    scale: TileScale,
    meta: Meta,
) -> anyhow::Result<()> {
    let image = of.record.image;
    let tiles = Tiles { meta, rows, height: image.height, width: image.width, scale };
    Ok(tiles.write(dir, name)?)
}
