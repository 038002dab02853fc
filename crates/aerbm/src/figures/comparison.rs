//! Figures of a comparison besides the error by labels, which every report has.

use std::collections::BTreeSet;

use report::{AxisScale, Curve, Lines, Meta, Panel, Section};
use stack::LayerChange;
use study::{Cell, Outcome};

use super::Figures;
use super::hidden_layers::RECOMMENDED;
use super::mistakes::{CONFUSIONS, MISTAKEN, RELIABILITY};
use crate::Error;
use crate::folder::remove;

const CHANGES: &str = "fine_tuning";
const DEPTHS: &str = "error_by_depth";

/// Draws the effect of fine-tuning on the layers, and the error by depth if there are several depths.
pub(crate) fn draw(out: Figures<'_>, outcome: &Outcome) -> Result<(), Error> {
    // An earlier comparison in this folder may have left figures that this one does not have.
    for name in [CHANGES, DEPTHS, CONFUSIONS, MISTAKEN, RELIABILITY, RECOMMENDED] {
        for ending in ["csv", "json", "png", "svg"] {
            remove(&out.dir.join("figures").join(format!("{name}.{ending}")))?;
        }
    }
    changes(out, outcome)?;
    Ok(depths(out, outcome)?)
}

/// Draws the effect of fine-tuning by layer, at the largest depth and number of labels, as means over
/// seeds. For a single layer the page has a table instead.
fn changes(out: Figures<'_>, outcome: &Outcome) -> Result<(), report::Error> {
    let cells = || outcome.cells.iter().filter(|cell| !cell.changes.is_empty());
    let (Some(depth), Some(labels)) =
        (cells().map(|cell| cell.depth).max(), cells().map(|cell| cell.labels).max())
    else {
        return Ok(());
    };
    if depth == 1 {
        return Ok(());
    }
    let here: Vec<&Cell> = cells().filter(|c| (c.depth, c.labels) == (depth, labels)).collect();
    let methods = methods_of(here.iter().copied());
    let panel = |title: &str, y_title: &str, y_scale, of: &dyn Fn(&LayerChange) -> f64| {
        let curve = |method: &&str| {
            let of_method: Vec<&&Cell> = here.iter().filter(|c| c.method == **method).collect();
            let mean = |layer: usize| {
                let total: f64 = of_method.iter().map(|cell| of(&cell.changes[layer])).sum();
                total / of_method.len() as f64
            };
            let points = (0..depth).map(|layer| ((layer + 1) as f64, mean(layer))).collect();
            Curve { name: (*method).to_owned(), points }
        };
        Panel {
            title: title.into(),
            x_title: "layer, from the data".into(),
            y_title: y_title.into(),
            y_scale,
            curves: methods.iter().map(curve).collect(),
        }
    };
    let panels = vec![
        panel("Gradient before", "rms", AxisScale::Log, &|change| change.gradient_rms),
        panel("Saturated before", "% of activities", AxisScale::Linear, &|change| {
            change.saturated_pct.unwrap_or(f64::NAN)
        }),
        panel("Distance moved", "relative norm", AxisScale::Linear, &|change| change.distance),
        panel("Features kept", "linear CKA", AxisScale::Linear, &|change| change.cka),
    ];
    let meta = Meta {
        title: format!("Effect of fine-tuning with {} labels on each layer", number_text::count(labels)),
        caption: "Before fine-tuning, the size of the cost's gradient at each layer's weights, and \
                  the share of activities near their bounds; after it, how far the weights moved, \
                  relative to their norm, and how alike the layer's features are before and after. Means over seeds."
            .into(),
        how_to_read: "Where the gradient of a layer is much smaller than that of those above it, the \
                      layer hardly learns. Layers that move little and keep their features (CKA near \
                      1) were useful as they were."
            .into(),
        alt: "Four line charts over layers: gradient size, saturation, distance moved and CKA, a line for \
              each method; the numbers are in metrics.csv."
            .into(),
        section: Section::Comparison,
        order: 2,
    };
    Lines { meta, panels }.write(out.dir, CHANGES, out.styles)
}

/// Draws mean and standard deviation of the test error by depth, at the largest number of labels.
fn depths(out: Figures<'_>, outcome: &Outcome) -> Result<(), report::Error> {
    let cells = &outcome.cells;
    let depths: BTreeSet<usize> = cells.iter().map(|cell| cell.depth).collect();
    let Some(labels) = cells.iter().map(|cell| cell.labels).max().filter(|_| depths.len() > 1)
    else {
        return Ok(());
    };
    let methods = methods_of(cells);
    let errors = |method: &str, depth: usize| -> Vec<f64> {
        let here = |c: &&Cell| (c.method.as_str(), c.depth, c.labels) == (method, depth, labels);
        cells.iter().filter(here).map(Cell::test_error_pct).collect()
    };
    let panel = |title: &str, y_title: &str, of: &dyn Fn(&[f64]) -> f64| Panel {
        title: title.into(),
        x_title: "hidden layers".into(),
        y_title: y_title.into(),
        y_scale: AxisScale::Linear,
        curves: (methods.iter())
            .map(|&method| Curve {
                name: method.into(),
                points: depths.iter().map(|&d| (d as f64, of(&errors(method, d)))).collect(),
            })
            .collect(),
    };
    let n_seeds = cells.iter().map(|cell| cell.seed).collect::<BTreeSet<_>>().len();
    let mut panels = vec![panel("Mean", "test error, %", &mean)];
    if n_seeds > 1 {
        panels.push(panel("Spread", "standard deviation, points", &standard_deviation));
    }
    let meta = Meta {
        title: format!("Test error by depth, {} labels", number_text::count(labels)),
        caption: format!("Mean and standard deviation of the test error over {n_seeds} seeds."),
        how_to_read:
            "Lower is better. If the lines without pretraining rise where those with it do \
                      not, pretraining is what makes depth of use."
                .into(),
        alt: "Line charts of the mean and the standard deviation of the test error against the \
              number of hidden layers, a line for each method."
            .into(),
        section: Section::Comparison,
        order: 1,
    };
    Lines { meta, panels }.write(out.dir, DEPTHS, out.styles)
}

/// The methods of these cells, in their order.
fn methods_of<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> Vec<&'c str> {
    let mut methods = Vec::new();
    for cell in cells {
        if !methods.contains(&cell.method.as_str()) {
            methods.push(&cell.method);
        }
    }
    methods
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn standard_deviation(values: &[f64]) -> f64 {
    let squares: f64 = values.iter().map(|value| (value - mean(values)).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}
