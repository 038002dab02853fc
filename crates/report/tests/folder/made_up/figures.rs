//! Figures with made-up numbers.

use std::path::Path;

use report::{AxisScale, Curve, Error, Lines, Meta, Panel, Section, TileRow, TileScale, Tiles};

use super::{cost_of, styles};

pub(super) fn learning_curves(dir: &Path) -> Result<(), Error> {
    let panel = |title: &str, unit: &str, y_scale, factor: f64, methods: &[&str]| Panel {
        title: title.into(),
        x_title: "epoch".into(),
        y_title: unit.into(),
        y_scale,
        curves: methods
            .iter()
            .map(|name| Curve {
                name: (*name).into(),
                points: (1..=15)
                    .map(|epoch| (f64::from(epoch), cost_of(name, f64::from(epoch)) * factor))
                    .collect(),
            })
            .collect(),
    };
    let autoencoders = ["autoencoder", "sparse", "denoising", "contractive"];
    let all = ["autoencoder", "sparse", "denoising", "contractive", "rbm"];
    Lines {
        meta: Meta {
            title: "What training reaches, epoch by epoch".into(),
            caption: "First layers on the validation images, one curve for each method.".into(),
            how_to_read: "Lower is better in the first two panels. Curves that still fall at the \
                          right end would gain from more epochs."
                .into(),
            alt: "Three panels of falling curves.".into(),
            section: Section::Learning,
            order: 0,
        },
        panels: vec![
            panel("Cross-entropy", "nats per image", AxisScale::Linear, 1.0, &autoencoders),
            panel(
                "Reconstruction error",
                "mean squared error per pixel",
                AxisScale::Log,
                2e-4,
                &all,
            ),
            panel("Log-likelihood", "nats per image", AxisScale::Linear, -1.0, &["rbm"]),
        ],
    }
    .write(dir, "learning_curves", &styles())
}

pub(super) fn filters(dir: &Path) -> Result<(), Error> {
    let filter = |k: usize| {
        let (angle, wave) = (k as f64 * 0.7, 0.5 + (k % 5) as f64 * 0.15);
        let (cx, cy) = (8.0 + (k * 7 % 13) as f64, 8.0 + (k * 5 % 11) as f64);
        (0..784)
            .map(|i| {
                let (x, y) = (f64::from(i % 28) - cx, f64::from(i / 28) - cy);
                let along = x * angle.cos() + y * angle.sin();
                ((-(x * x + y * y) / 30.0).exp() * (along * wave).cos()) as f32 * 0.3
            })
            .collect()
    };
    let rows = (0..4)
        .map(|row| TileRow {
            label: String::new(),
            tiles: (0..12).map(|column| filter(row * 12 + column)).collect(),
        })
        .collect();
    let meta = Meta {
        title: "What 48 hidden units of the RBM look for".into(),
        caption: "Weights from the pixels to one hidden unit each.".into(),
        how_to_read: "Red pixels switch the unit on, blue ones off; white ones do not matter. \
                      Every tile has its own scale."
            .into(),
        alt: "Small images of localised strokes.".into(),
        section: Section::Features,
        order: 0,
    };
    Tiles { meta, rows, height: 28, width: 28, scale: TileScale::Diverging }.write(
        dir,
        "filters_rbm",
        &styles(),
    )
}

pub(super) fn reconstructions(dir: &Path, images: &[Vec<f32>]) -> Result<(), Error> {
    let blurred = |share: f32| {
        move |image: &Vec<f32>| -> Vec<f32> {
            (0..image.len())
                .map(|i| {
                    let side = |j: usize| image.get(j).copied().unwrap_or(0.0);
                    let around = (side(i.saturating_sub(1)) + side(i + 1) + side(i + 28)) / 3.0;
                    image[i] * (1.0 - share) + around * share
                })
                .collect()
        }
    };
    let row = |label: &str, share: f32| TileRow {
        label: label.into(),
        tiles: images.iter().take(10).map(blurred(share)).collect(),
    };
    let meta = Meta {
        title: "Ten test digits and their reconstructions".into(),
        caption: "Images that no model was trained on.".into(),
        how_to_read: "The closer a row is to the first one, the more of the image its code keeps."
            .into(),
        alt: "Rows of handwritten digits, the lower ones a little blurred.".into(),
        section: Section::Reconstruction,
        order: 0,
    };
    let rows = vec![
        row("test digit", 0.0),
        row("autoencoder, 256 hidden units", 0.5),
        row("RBM, one Gibbs step", 0.8),
    ];
    Tiles { meta, rows, height: 28, width: 28, scale: TileScale::Grey }.write(
        dir,
        "reconstructions",
        &styles(),
    )
}

pub(super) fn samples(dir: &Path, images: &[Vec<f32>]) -> Result<(), Error> {
    let rows = images
        .chunks(20)
        .take(4)
        .zip(["start", "after 1 step", "after 100 steps", "after 1,000 steps"])
        .map(|(tiles, label)| TileRow { label: label.into(), tiles: tiles.to_vec() })
        .collect();
    let meta = Meta {
        title: "Samples".into(),
        caption: "Twenty chains of the RBM.".into(),
        how_to_read: "Chains that mix show other digits from row to row.".into(),
        alt: "Rows of handwritten digits.".into(),
        section: Section::Generation,
        order: 0,
    };
    Tiles { meta, rows, height: 28, width: 28, scale: TileScale::Grey }.write(
        dir,
        "samples_rbm",
        &styles(),
    )
}
