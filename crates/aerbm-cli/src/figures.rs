//! Which figures a run has, and what they show.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use report::{AxisScale, Curve, Lines, Meta, MetricRow, Panel, Section, TileRow, TileScale, Tiles};

use crate::train::{Model, Trained};

pub(crate) mod autoencoder;
pub(crate) mod comparison;
pub(crate) mod generation;

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
        ("validation", "log_likelihood_nats", "Likelihood of the RBM", "mean log p(v), nats"),
        ("train", "weight_change", "Change of the RBM's weights", "rms, relative to the weights"),
    ];
    for (split, metric, title, y_title) in wanted {
        let mut curves: Vec<Curve> = Vec::new();
        // Of a run that was repeated, the first seed.
        let mut seeds: Vec<u64> = Vec::new();
        for row in epochs.clone().filter(|row| row.split == split && row.metric == metric) {
            let point = (row.epoch.unwrap_or_default() as f64, row.value);
            match curves.iter().position(|curve| curve.name == row.run) {
                Some(i) if seeds[i] == row.seed => curves[i].points.push(point),
                Some(_) => (),
                None => {
                    curves.push(Curve { name: row.run.clone(), points: vec![point] });
                    seeds.push(row.seed);
                }
            }
        }
        let y_scale = if metric.ends_with("_nats") { AxisScale::Linear } else { AxisScale::Log };
        if !curves.is_empty() {
            let [title, x_title, y_title] = [title, "epoch", y_title].map(str::to_owned);
            panels.push(Panel { title, x_title, y_title, y_scale, curves });
        }
    }
    let meta = Meta {
        title: "Learning curves".into(),
        caption: "Each epoch of each model's training.".into(),
        how_to_read: "Lower is better, but for the likelihood; a curve that has flattened has \
            learned what it can. The free-energy gap tells overfitting: it grows when seen images become more probable \
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
    const ROWS: usize = 2;
    const COLUMNS: usize = 10;
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

/// How large an RBM's weights are, and how active its hidden units.
pub(crate) fn histograms(
    dir: &Path,
    trained: &Trained,
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    let Model::Rbm(rbm) = &trained.model else { return Ok(()) };
    let run = &trained.record.run;
    let largest = rbm.weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
    let weights = rbm.weights.iter().map(|&w| f64::from(w));
    let mut weights = shares(weights, (-f64::from(largest), f64::from(largest)));
    // An empty interval has no place on a logarithmic axis.
    weights.retain(|(_, share)| *share > 0.0);
    let mut panels = vec![Panel {
        title: "Weights".into(),
        x_title: "weight".into(),
        y_title: "share of all weights".into(),
        y_scale: AxisScale::Log,
        curves: vec![Curve { name: run.clone(), points: weights }],
    }];
    if rbm.hidden.unit.mean_is_probability() {
        let features = rbm.encode(test.rows(0..test.n_samples().min(2000)));
        let activity = features.mean_axis(Axis(0)).unwrap_or_default();
        let points = shares(activity.iter().map(|&a| f64::from(a)), (0.0, 1.0));
        panels.push(Panel {
            title: "Activity of hidden units".into(),
            x_title: "mean over test images".into(),
            y_title: "share of all units".into(),
            y_scale: AxisScale::Linear,
            curves: vec![Curve { name: run.clone(), points }],
        });
    }
    let meta = Meta {
        title: format!("Weights and activities: {run}"),
        caption: "Histograms over 40 equal intervals.".into(),
        how_to_read:
            "Weights far out, or a second hump, tell of a rate that was too high. Units that \
            are never or always on carry nothing."
                .into(),
        alt: format!("Histograms of the weights and of the hidden activities of {run}"),
        section: Section::Learning,
        order: 1,
    };
    Ok(Lines { meta, panels }.write(dir, &format!("histograms_{run}"))?)
}

/// The middle of each interval between the bounds, and the share that it holds.
#[allow(clippy::cast_sign_loss, reason = "values are between the bounds")]
fn shares(values: impl Iterator<Item = f64>, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    const INTERVALS: usize = 40;
    let mut counts = [0_usize; INTERVALS];
    let width = (high - low).max(f64::MIN_POSITIVE) / INTERVALS as f64;
    for value in values {
        counts[(((value - low) / width) as usize).min(INTERVALS - 1)] += 1;
    }
    let total = counts.iter().sum::<usize>() as f64;
    let middles = (0..INTERVALS).map(|i| low + (i as f64 + 0.5) * width);
    middles.zip(counts).map(|(middle, count)| (middle, count as f64 / total)).collect()
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

/// Test digits above their reconstructions by each model, in a figure of this name.
pub(crate) fn reconstructions(
    dir: &Path,
    name: &str,
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
    tiles(dir, name, first, rows, TileScale::Grey, meta)
}

/// The first sample of each class, of the first classes if there are many, or the first ten where
/// there are no labels.
pub(crate) fn one_of_each_class(test: &mnist_io::Dataset) -> Vec<usize> {
    const MOST: usize = 20;
    let labels = test.labels.as_deref().unwrap_or_default();
    let mut samples: Vec<usize> = (0..test.n_classes)
        .filter_map(|class| labels.iter().position(|&label| usize::from(label) == class))
        .take(MOST)
        .collect();
    if samples.is_empty() {
        samples = (0..test.n_samples().min(10)).collect();
    }
    samples
}

fn digits_of_each_class(test: &mnist_io::Dataset) -> Array2<f32> {
    test.images.select(Axis(0), &one_of_each_class(test))
}

/// A row of tiles.
pub(crate) fn row(label: &str, images: ArrayView2<f32>) -> TileRow {
    TileRow {
        label: label.to_owned(),
        tiles: images.rows().into_iter().map(|image| image.to_vec()).collect(),
    }
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
    anyhow::ensure!(
        image.is_image(),
        "{} was trained on samples of {} numbers, which are no images to draw",
        of.record.run,
        of.record.n_visible
    );
    let tiles = Tiles { meta, rows, height: image.height, width: image.width, scale };
    Ok(tiles.write(dir, name)?)
}
