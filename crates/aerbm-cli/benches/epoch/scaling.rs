//! Growth of training time, as a figure.

use std::path::Path;

use mnist_io::Dataset;
use ndarray::s;
use report::figures::{Curve, Lines, Meta, Panel};

use crate::works::{Epoch, contrastive_divergence, tutorial};
use crate::{median, print_line, seconds};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/scaling");
const ROUNDS: usize = 3;
const SAMPLES: [usize; 5] = [4_000, 8_000, 16_000, 32_000, 60_000];
const UNITS: [usize; 5] = [128, 256, 512, 1024, 2048];
const EPOCHS: [usize; 5] = [1, 2, 4, 8, 16];

/// Times the workloads over samples, units and epochs, draws the results, and prints the exponents of fitted
/// power laws.
pub(crate) fn figure(train: &Dataset) {
    let images = train.images.view();
    let (part, few) = (images.slice(s![..16_000, ..]), images.slice(s![..4_000, ..]));
    let works: [(&str, Work); 2] = [
        ("autoencoder", |images, units| tutorial(images, 100, units).0),
        ("CD-1", |images, units| contrastive_divergence(images, (100, units), 1).0),
    ];
    let mut panels = [
        panel("Samples", "images, thousands"),
        panel("Units", "hidden units"),
        panel("Epochs", "epochs"),
    ];
    numerics::with_team(rayon::current_num_threads(), || {
        for (name, work) in works {
            let samples = SAMPLES.map(|n| {
                let epoch = work(images.slice(s![..n, ..]), 256);
                (n as f64 / 1e3, median_seconds(epoch, 1))
            });
            let units = UNITS.map(|n| (n as f64, median_seconds(work(part, n), 1)));
            let epochs = EPOCHS.map(|n| (n as f64, median_seconds(work(few, 256), n)));
            for (panel, points) in panels.iter_mut().zip([samples, units, epochs]) {
                let exponent = exponent(&points);
                print_line(&format!("{name} over {}: exponent {exponent:.2}\n", panel.x_title));
                let gap = if panel.curves.is_empty() { ": " } else { ", " };
                panel.title.extend([gap, &format!("{exponent:.2}")]);
                panel.curves.push(Curve { name: name.into(), points: points.to_vec() });
            }
        }
    });
    let meta = Meta {
        title: "Seconds of training".into(),
        caption: "An epoch over 4,000 to 60,000 images with 256 hidden units; an epoch over \
                  16,000 images with 128 to 2,048; 1 to 16 epochs over 4,000 images. Medians."
            .into(),
        how_to_read: "Straight lines through the origin are what linear cost looks like; the \
                      numbers above the panels are the exponents of power laws fitted to the two \
                      curves, 1 for linear."
            .into(),
        alt: "Three line charts of seconds against samples, units and epochs.".into(),
        ..Default::default()
    };
    let figure = Lines { meta, panels: panels.into() };
    figure
        .write(Path::new(FOLDER), "scaling", &report::Styles::default())
        .expect("the folder can be written");
    print_line("drawn in reports/scaling/figures/scaling.svg\n");
}

type Work = for<'a> fn(ndarray::ArrayView2<'a, f32>, usize) -> Epoch<'a>;

fn panel(title: &str, x_title: &str) -> Panel {
    let (title, x_title) = (title.into(), x_title.into());
    Panel { title, x_title, y_title: "seconds".into(), ..Default::default() }
}

fn median_seconds(mut epoch: Epoch<'_>, n: usize) -> f64 {
    epoch();
    let mut times: Vec<f64> =
        (0..ROUNDS).map(|_| seconds(|| (0..n).for_each(|_| _ = epoch()))).collect();
    median(&mut times)
}

/// The slope of the least-squares line through the points' logarithms.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs = points.iter().map(|&(x, y)| (x.ln(), y.ln()));
    let (x_sum, y_sum) = logs.clone().fold((0.0, 0.0), |sum, log| (sum.0 + log.0, sum.1 + log.1));
    let (x_mean, y_mean) = (x_sum / n, y_sum / n);
    let (products, squares) = logs.fold((0.0, 0.0), |sum, (x, y)| {
        (sum.0 + (x - x_mean) * (y - y_mean), sum.1 + (x - x_mean).powi(2))
    });
    products / squares
}
