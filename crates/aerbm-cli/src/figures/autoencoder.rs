//! Figures that autoencoders have: what they make of noise, and what their codes are like.

use std::path::Path;

use ae_core::Autoencoder;
use ndarray::Array2;
use report::{AxisScale, Curve, Lines, Meta, Panel, Scatter, ScatterPanel, Section, TileScale};

use super::{one_of_each_class, row, tiles};
use crate::denoise::Filter;
use crate::train::Trained;

/// Rows of digits: clean, noisy, filtered, denoised. `noisy` are the images of `test` with noise.
pub(crate) fn denoising(
    dir: &Path,
    trained: &Trained,
    test: &mnist_io::Dataset,
    noisy: &Array2<f32>,
    filters: &[Filter],
) -> anyhow::Result<()> {
    let samples = one_of_each_class(test);
    let clean = test.images.select(ndarray::Axis(0), &samples);
    let noisy = noisy.select(ndarray::Axis(0), &samples);
    let mut rows = vec![row("clean", clean.view()), row("noisy", noisy.view())];
    for filter in filters {
        rows.push(row(filter.name(), filter.apply(noisy.view(), test.shape).view()));
    }
    rows.push(row("denoised", trained.model.reconstruct(noisy.view()).view()));
    let run = &trained.record.run;
    let meta = Meta {
        title: format!("Noise removed: {run}"),
        caption: "The first test image of each class, with noise, and what is made of it.".into(),
        how_to_read: "The last row should look like the first. A filter knows only that \
            neighbouring pixels are alike; the model knows digits, so it finishes strokes that the \
            noise has broken, and sometimes the wrong ones."
            .into(),
        alt: format!("Rows of digits: clean, with noise, filtered, and denoised by {run}"),
        section: Section::Reconstruction,
        order: 1,
    };
    tiles(dir, &format!("denoising_{run}"), trained, rows, TileScale::Grey, meta)
}

/// How often code units are how active, over the test images.
pub(crate) fn activities(
    dir: &Path,
    trained: &Trained,
    model: &Autoencoder<f32>,
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    let histogram = model.code_statistics(test.images.view()).histogram;
    let width = (histogram.high - histogram.low) / histogram.shares.len() as f64;
    let middle = |i: u32| histogram.low + (f64::from(i) + 0.5) * width;
    let points = histogram.shares.iter().zip(0..).map(|(share, i)| (middle(i), 100.0 * share));
    let run = &trained.record.run;
    let panel = Panel {
        title: String::new(),
        x_title: "activity".into(),
        y_title: "% of units and images".into(),
        y_scale: AxisScale::Linear,
        curves: vec![Curve { name: run.clone(), points: points.collect() }],
    };
    let meta = Meta {
        title: format!("How active code units are: {run}"),
        caption: "The share of all activities on the test images in each of 25 equal bins.".into(),
        how_to_read: "Weight at the left end is a sparse code. Weight at both ends of a bounded \
            unit is saturation: such units say yes or no, and small changes of the image leave \
            them alone."
            .into(),
        alt: format!("Histogram of the activities of the code units of {run}"),
        section: Section::Features,
        order: 100,
    };
    Ok(Lines { meta, panels: vec![panel] }.write(dir, &format!("activities_{run}"))?)
}

/// Two-dimensional codes of the first test images, coloured by class, beside PCA's. The titles say
/// the error of five nearest neighbours.
pub(crate) fn codes(
    dir: &Path,
    trained: &Trained,
    test: &mnist_io::Dataset,
    panels: &[(String, Array2<f32>)],
) -> anyhow::Result<()> {
    const SHOWN: usize = 2000;
    let Some(labels) = &test.labels else { return Ok(()) };
    let points = |codes: &Array2<f32>| {
        let pairs = codes.rows().into_iter().zip(labels).take(SHOWN);
        pairs.map(|(c, label)| (label.to_string(), [f64::from(c[0]), f64::from(c[1])])).collect()
    };
    let panels = panels
        .iter()
        .map(|(title, codes)| ScatterPanel { title: title.clone(), points: points(codes) })
        .collect();
    let run = &trained.record.run;
    let meta = Meta {
        title: format!("Codes of two numbers: {run}"),
        caption: format!("The codes of the first {SHOWN} test images, coloured by their digit."),
        how_to_read:
            "No label was used. Classes that lie apart can be told apart from two numbers \
            an image; the error in the title is that of a vote of the five nearest training codes."
                .into(),
        alt: format!("Scatter plots of two-dimensional codes: {run} and PCA"),
        section: Section::Features,
        order: 101,
    };
    Ok(Scatter { meta, panels }.write(dir, &format!("codes_{run}"))?)
}
