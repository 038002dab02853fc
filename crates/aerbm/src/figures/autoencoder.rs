//! Figures of autoencoders: denoising, and statistics of codes.

use ae_core::Autoencoder;
use ndarray::Array2;
use report::{
    AxisScale, Bin, Histogram, HistogramPanel, Meta, Scatter, ScatterPanel, Section, TileScale,
};

use super::{Figures, one_of_each_class, row, tiles};
use crate::Error;
use crate::denoise::Filter;
use crate::trained::Trained;

/// Rows of images: clean, noisy, filtered, denoised. `noisy` holds the samples of `test` with noise.
pub(crate) fn denoising(
    out: Figures<'_>,
    trained: &Trained,
    test: &mnist_io::Dataset,
    noisy: &Array2<f32>,
    filters: &[Filter],
) -> Result<(), Error> {
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
        title: format!("Denoising: {run}"),
        caption: "The first test image of each class, with noise, and with the noise removed by filters and \
            by the model."
            .into(),
        how_to_read: "The last row should look like the first. A filter assumes only that \
            neighbouring pixels are alike. The model has learned digits, so it completes strokes that \
            the noise has broken, and sometimes wrong ones."
            .into(),
        alt: format!("Rows of digits: clean, with noise, filtered, and denoised by {run}"),
        section: Section::Reconstruction,
        order: 1,
    };
    tiles(out, &format!("denoising_{run}"), trained, rows, TileScale::Grey, meta)
}

/// Histogram of the activities of the code units on the test samples.
pub(crate) fn activities(
    out: Figures<'_>,
    trained: &Trained,
    model: &Autoencoder<f32>,
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    let histogram = model.code_histogram(test.images.view());
    let width = (histogram.high - histogram.low) / histogram.shares.len() as f64;
    let at = |i: u32| histogram.low + f64::from(i) * width;
    let bin = |(share, i): (&f64, u32)| Bin { low: at(i), high: at(i + 1), share: 100.0 * share };
    let run = &trained.record.run;
    let panel = HistogramPanel {
        title: String::new(),
        x_title: "activity".into(),
        y_title: "% of units and samples".into(),
        y_scale: AxisScale::Linear,
        bins: histogram.shares.iter().zip(0..).map(bin).collect(),
    };
    let meta = Meta {
        title: format!("Activity of code units: {run}"),
        caption: format!(
            "The share of all activities of {run} on the test samples in each of 25 equal bins."
        ),
        how_to_read: "Mass at the left end means a sparse code. Mass at both ends of a bounded \
            unit means saturation: such units are nearly binary, and small changes of the input do \
            not change them."
            .into(),
        alt: format!("Histogram of the activities of the code units of {run}"),
        section: Section::Features,
        order: 100,
    };
    Ok(Histogram { meta, series: run.clone(), panels: vec![panel] }.write(
        out.dir,
        &format!("activities_{run}"),
        out.styles,
    )?)
}

/// Two-dimensional codes of the first test samples, coloured by class, beside those of PCA. The
/// titles give the accuracy of five nearest neighbours.
pub(crate) fn codes(
    out: Figures<'_>,
    trained: &Trained,
    test: &mnist_io::Dataset,
    panels: &[(String, Array2<f32>)],
) -> Result<(), Error> {
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
        title: format!("Two-dimensional codes: {run}"),
        caption: format!("The codes of the first {SHOWN} test samples, coloured by class."),
        how_to_read:
            "No labels were used. Two numbers per sample suffice for classes that lie apart. \
            The title gives the accuracy of a vote of the five nearest training codes."
                .into(),
        alt: format!("Scatter plots of two-dimensional codes: {run} and PCA"),
        section: Section::Features,
        order: 101,
    };
    Ok(Scatter { meta, panels }.write(out.dir, &format!("codes_{run}"), out.styles)?)
}
