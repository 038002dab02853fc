//! The figures of runs.

use std::collections::BTreeSet;
use std::path::Path;

use mnist_io::ImageShape;
use ndarray::{Array2, ArrayView2, Axis};
use report::{
    AxisScale, Bin, Curve, Histogram, HistogramPanel, Lines, Meta, MetricRow, Panel, Section,
    Styles, TileRow, TileScale, Tiles,
};

use crate::Error;
use crate::model::Model;
use crate::record::Record;
use crate::trained::Trained;

pub(crate) mod autoencoder;
pub(crate) mod comparison;
pub(crate) mod feature_maps;
pub(crate) mod generation;
pub(crate) mod hidden_layers;
mod kernels;
pub(crate) mod mistakes;

/// The location of figures, and the styles of the methods in them.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// The folder of the run; figures are in `figures/` below it.
    pub dir: &'a Path,
    /// Colours of methods.
    pub styles: &'a Styles,
}

/// Costs and errors of every epoch.
pub(crate) fn learning_curves(
    out: Figures<'_>,
    metrics: &[MetricRow],
    shape: ImageShape,
) -> Result<(), Error> {
    let [unseen, per_value, per_sample] = if shape.is_image() {
        ["Reconstruction of unseen images", "squared error per pixel", "squared error per image"]
    } else {
        ["Reconstruction of unseen rows", "squared error per value", "squared error per row"]
    };
    let epochs = metrics.iter().filter(|row| row.stage == "train" && row.epoch.is_some());
    let mut panels: Vec<Panel> = Vec::new();
    let wanted = [
        ("validation", "mse_per_pixel", unseen, per_value),
        ("train", "cost", "Training cost of autoencoders", "cost"),
        ("train", "sse_per_image", "One-step reconstruction of the RBM", per_sample),
        ("validation", "free_energy_gap_nats", "Free-energy gap of the RBM", "nats, unseen − seen"),
        ("validation", "log_likelihood_nats", "Likelihood of the RBM", "mean log p(v), nats"),
        ("train", "weight_change", "Change of the RBM's weights", "rms, relative to the weights"),
    ];
    for (split, metric, title, y_title) in wanted {
        let here = || epochs.clone().filter(|row| row.split == split && row.metric == metric);
        // Costs of several kinds cannot share an axis.
        let units: BTreeSet<&str> = here().map(|row| row.unit.as_str()).collect();
        for unit in &units {
            let curves = first_seeds(here().filter(|row| row.unit == *unit));
            let [mut title, mut y_title] = [title, y_title].map(str::to_owned);
            if metric == "cost" {
                y_title = format!("cost ({})", unit.replace('_', " "));
                if units.len() > 1 {
                    title = format!("{title}: {}", unit.replace('_', " "));
                }
            }
            let y_scale =
                if metric.ends_with("_nats") { AxisScale::Linear } else { AxisScale::Log };
            panels.push(Panel { title, x_title: "epoch".into(), y_title, y_scale, curves });
        }
    }
    let meta = Meta {
        title: "Learning curves".into(),
        caption: "Costs and errors after each epoch of training.".into(),
        how_to_read:
            "Lower is better, except for the likelihood. Training has converged where a curve \
            is flat. A growing free-energy gap is a sign of overfitting: seen samples become more \
            probable than unseen ones."
                .into(),
        alt: "Line charts of costs and errors against epochs, with one line for each model".into(),
        section: Section::Learning,
        order: 0,
    };
    Ok(Lines { meta, panels }.write(out.dir, "learning_curves", out.styles)?)
}

/// One curve over epochs per run; for a repeated run, that of the first seed.
fn first_seeds<'a>(rows: impl Iterator<Item = &'a MetricRow>) -> Vec<Curve> {
    let mut curves: Vec<(u64, Curve)> = Vec::new();
    for row in rows {
        let point = (row.epoch.unwrap_or_default() as f64, row.value);
        match curves.iter_mut().find(|(_, curve)| curve.name == row.run) {
            Some((seed, curve)) if *seed == row.seed => curve.points.push(point),
            Some(_) => (),
            None => {
                let curve = Curve { name: row.run.clone(), points: vec![point] };
                curves.push((row.seed, curve));
            }
        }
    }
    curves.into_iter().map(|(_, curve)| curve).collect()
}

/// Rows and columns of a grid of filters.
const ROWS: usize = 2;
const COLUMNS: usize = 10;

/// The inputs that hidden units respond to, or the kernels of a convolution. The response of a unit to a
/// pixel is its weight times the standard deviation of the pixel over `x`, since a weight of a constant pixel
/// has no effect and keeps its initial value.
pub(crate) fn filters(
    out: Figures<'_>,
    trained: &Trained,
    x: ArrayView2<f32>,
    order: u32,
) -> Result<(), Error> {
    let run = &trained.record.run;
    if let Some((convolution, weights)) = kernels::of(&trained.model) {
        return kernels::write(out, trained, (&convolution, weights), order);
    }
    let deviations = x.std_axis(Axis(0), 0.0).insert_axis(Axis(1));
    let filters = &trained.model.filters() * &deviations;
    let shown: Vec<usize> = strongest(filters.view(), ROWS * COLUMNS);
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
            "The {} of {} hidden units of {run} that respond most, the strongest first.",
            shown.len(),
            filters.ncols()
        ),
        how_to_read:
            "Each square shows how one hidden unit responds to each input: its weight times the \
            standard deviation of that input over the data, positive in red and negative in blue, scaled \
            by the largest of the square. A unit is the stronger, the larger these are together. Strokes \
            and local spots are features of digits. Grain means that the unit has learned little, or that \
            its random initial weights still dominate."
                .into(),
        alt: format!("Grid of images of what the hidden units of {run} respond to."),
        section: Section::Features,
        order,
    };
    let scale = TileScale::Diverging;
    tiles(out, &format!("filters_{run}"), trained, rows, scale, meta)
}

/// Histograms of an RBM's weights and of the activity of its hidden units.
pub(crate) fn histograms(
    out: Figures<'_>,
    trained: &Trained,
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    let Model::Rbm(rbm) = &trained.model else { return Ok(()) };
    let run = &trained.record.run;
    let largest = rbm.weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
    let weights = rbm.weights.iter().map(|&w| f64::from(w));
    let mut panels = vec![HistogramPanel {
        title: "Weights".into(),
        x_title: "weight".into(),
        y_title: "share of all weights, logarithmic".into(),
        y_scale: AxisScale::Log,
        bins: shares(weights, (-f64::from(largest), f64::from(largest))),
    }];
    if rbm.hidden.unit.mean_is_probability() {
        let features = rbm.encode(test.rows(0..test.n_samples().min(2000)));
        let activity = nn_core::column_means(features.view());
        panels.push(HistogramPanel {
            title: "Activity of hidden units".into(),
            x_title: "mean over test images".into(),
            y_title: "share of all units".into(),
            y_scale: AxisScale::Linear,
            bins: shares(activity.into_iter(), (0.0, 1.0)),
        });
    }
    let meta = Meta {
        title: format!("Weights and activities: {run}"),
        caption: format!("Histograms of {run} over 40 equal intervals."),
        how_to_read:
            "Outlying weights or a second mode are signs of too high a learning rate. Units that \
            are always on or always off carry no information."
                .into(),
        alt: format!("Histograms of the weights and of the hidden activities of {run}"),
        section: Section::Learning,
        order: 1,
    };
    let series = run.clone();
    Ok(Histogram { meta, series, panels }.write(
        out.dir,
        &format!("histograms_{run}"),
        out.styles,
    )?)
}

/// A histogram between two bounds: each interval with its share of the values.
#[allow(clippy::cast_sign_loss, reason = "values are between the bounds")]
fn shares(values: impl Iterator<Item = f64>, (low, high): (f64, f64)) -> Vec<Bin> {
    const INTERVALS: usize = 40;
    let mut counts = [0_usize; INTERVALS];
    let width = (high - low).max(f64::MIN_POSITIVE) / INTERVALS as f64;
    for value in values {
        counts[(((value - low) / width) as usize).min(INTERVALS - 1)] += 1;
    }
    let total = counts.iter().sum::<usize>() as f64;
    let at = |i: usize| low + i as f64 * width;
    let bin = |(i, count)| Bin { low: at(i), high: at(i + 1), share: count as f64 / total };
    counts.into_iter().enumerate().map(bin).collect()
}

/// The `n` columns with the largest norms, the largest first.
fn strongest(weights: ArrayView2<f32>, n: usize) -> Vec<usize> {
    let mut units: Vec<usize> = (0..weights.ncols()).collect();
    let norm = |unit: &usize| weights.column(*unit).iter().map(|w| w * w).sum::<f32>();
    units.sort_by(|a, b| norm(b).total_cmp(&norm(a)).then(a.cmp(b)));
    units.truncate(n);
    units
}

/// Draws test samples above their reconstructions by each model, in a figure of this name.
///
/// # Errors
/// [`Error::NotImages`], or the reason why the figure could not be written.
pub fn reconstructions(
    out: Figures<'_>,
    name: &str,
    models: &[&Trained],
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    let Some(first) = models.first() else { return Ok(()) };
    let digits = digits_of_each_class(test);
    let mut rows = vec![row("test digit", digits.view())];
    for trained in models {
        rows.push(row(&trained.record.run, trained.model.reconstruct(digits.view()).view()));
    }
    let meta = Meta {
        title: "Test digits above their reconstructions".into(),
        caption: "The first test image of each class, and its reconstruction by each model.".into(),
        how_to_read:
            "The closer a row is to the first one, the less the code loses. Blur and missing \
            strokes show the information that the code could not hold."
                .into(),
        alt: "Rows of digit images: originals, then each model's reconstructions".into(),
        section: Section::Reconstruction,
        order: 0,
    };
    tiles(out, name, first, rows, TileScale::Grey, meta)
}

/// The first sample of each class, of at most twenty classes; the first ten samples if there are no labels.
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
    out: Figures<'_>,
    name: &str,
    of: &Trained,
    rows: Vec<TileRow>,
    scale: TileScale,
    meta: Meta,
) -> Result<(), Error> {
    let image = of.record.image;
    if !image.is_image() {
        let Record { run, n_visible, .. } = &of.record;
        return Err(Error::NotImages { run: run.clone(), n_visible: *n_visible });
    }
    let mut tiles = Tiles { meta, rows, height: image.height, width: image.width, scale };
    match (image.channels, scale) {
        (1, _) => (),
        (_, TileScale::Diverging) => side_by_side(&mut tiles, image.channels),
        _ => tiles.scale = TileScale::Colour,
    }
    Ok(tiles.write(out.dir, name, out.styles)?)
}

/// Places the channels of every tile side by side, since a signed number has no colour.
fn side_by_side(tiles: &mut Tiles, channels: usize) {
    let width = tiles.width;
    for tile in tiles.rows.iter_mut().flat_map(|row| &mut row.tiles) {
        let rows = tile.chunks(width * channels);
        let of_row = |row: &[f32]| -> Vec<f32> {
            let channel = |first: usize| row[first..].iter().step_by(channels).copied();
            (0..channels).flat_map(channel).collect()
        };
        *tile = rows.flat_map(of_row).collect();
    }
    tiles.width = width * channels;
    tiles.meta.caption += " The channels of the image are side by side.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_side_by_side() {
        // Two rows of two pixels with three channels.
        let tile = (0..12_u8).map(f32::from).collect();
        let rows = vec![TileRow { label: String::new(), tiles: vec![tile] }];
        let mut tiles = Tiles { rows, height: 2, width: 2, ..Tiles::default() };
        side_by_side(&mut tiles, 3);
        let expected = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11_u8].map(f32::from);
        assert_eq!((tiles.rows[0].tiles[0].as_slice(), tiles.width), (&expected[..], 6));
    }
}
