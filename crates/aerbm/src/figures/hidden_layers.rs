//! The outputs of each hidden layer of a deep model, drawn in the plane.

use ae_core::principal_coordinates;
use mnist_io::{Dataset, Splits, TrainingData};
use ndarray::{Array2, ArrayView2, s};
use nn_core::observed;
use number_text::count;
use report::{Meta, Scatter, ScatterPanel, Section};
use study::reference::centroids;

use super::Figures;
use crate::Error;
use crate::classifier::TrainedClassifier;
use crate::trained::Trained;

/// The figure of the network that a comparison recommends.
pub(crate) const RECOMMENDED: &str = "hidden_layers";

/// Number of test samples that are drawn.
const SHOWN: usize = 180;
/// Number of test samples that the rule of the nearest class mean is tested on.
const TESTED: usize = 5000;
/// Number of training samples that the class means are taken over.
const AVERAGED: usize = 5000;
/// With more classes, points can be neither distinguished nor named.
const MOST_CLASSES: usize = 20;

/// The layers of a model, from the data up.
struct Layers<'a> {
    n: usize,
    /// The outputs of the layer with this index.
    outputs: &'a dyn Fn(ArrayView2<f32>, usize) -> Array2<f32>,
}

/// Draws the layers of a model that has several; does nothing for other models.
pub(crate) fn of_model(
    out: Figures<'_>,
    trained: &Trained,
    splits: &Splits<TrainingData>,
) -> Result<(), Error> {
    let model = &trained.model;
    let layers =
        Layers { n: model.encoder_layers().len(), outputs: &|x, layer| model.features(x, layer) };
    let TrainingData::InMemory(train) = &splits.train else { return Ok(()) };
    if layers.n < 2 {
        return Ok(());
    }
    let run = &trained.record.run;
    let meta = Meta {
        title: format!("Hidden layers in two dimensions: {run}"),
        section: Section::Features,
        order: 102,
        ..Meta::default()
    };
    draw(out, &format!("{RECOMMENDED}_{run}"), meta, &layers, (train, &splits.test))
}

/// Draws the layers of the network that a comparison recommends.
pub(crate) fn of_recommended(
    out: Figures<'_>,
    network: &TrainedClassifier,
    splits: &Splits,
) -> Result<(), Error> {
    let classifier = &network.classifier;
    let layers = Layers {
        n: classifier.units.len(),
        outputs: &|x, layer| classifier.features(observed(x).view(), layer),
    };
    if layers.n == 0 {
        return Ok(());
    }
    let meta = Meta {
        title: "Hidden layers of the recommended network in two dimensions".into(),
        section: Section::Comparison,
        order: 6,
        ..Meta::default()
    };
    draw(out, RECOMMENDED, meta, &layers, (&splits.train, &splits.test))
}

/// Draws the inputs and the outputs of each layer; does nothing without classes.
fn draw(
    out: Figures<'_>,
    name: &str,
    meta: Meta,
    layers: &Layers<'_>,
    (train, test): (&Dataset, &Dataset),
) -> Result<(), Error> {
    let (Some(known), Some(truth)) = (&train.labels, &test.labels) else { return Ok(()) };
    if test.n_classes > MOST_CLASSES || truth.is_empty() || known.is_empty() {
        return Ok(());
    }
    let train_rows = train.rows(0..known.len().min(AVERAGED));
    let test_rows = test.rows(0..truth.len().min(TESTED));
    let (known, truth) = (&known[..train_rows.nrows()], &truth[..test_rows.nrows()]);
    let mut panels = Vec::new();
    let (mut shares, mut rates) = (Vec::new(), Vec::new());
    for depth in 0..=layers.n {
        let outputs = |x: ArrayView2<f32>| match depth {
            0 => observed(x).into_owned(),
            _ => (layers.outputs)(x, depth - 1),
        };
        let (points, queries) = (outputs(train_rows), outputs(test_rows));
        let error = centroids::error_pct((points.view(), known), (queries.view(), truth));
        let (place, width) = (place(depth), queries.ncols());
        let right = format!("{:.1}", 100.0 - error);
        let shown = queries.slice(s![..queries.nrows().min(SHOWN), ..]);
        let (coordinates, share) = in_plane(shown)?;
        shares.push(format!("{:.0}", 100.0 * share));
        let named = |row: usize| test.class_names[usize::from(truth[row])].clone();
        let at = |(row, c): (usize, ndarray::ArrayView1<f32>)| {
            (named(row), [f64::from(c[0]), f64::from(c[1])])
        };
        panels.push(ScatterPanel {
            title: format!("{place}, {} values: {right} % right", count(width)),
            points: coordinates.rows().into_iter().enumerate().map(at).collect(),
        });
        rates.push(right);
    }
    let n_shown = panels[0].points.len();
    let meta = Meta {
        caption: format!(
            "{n_shown} test samples, coloured by class, as they enter the network and as each hidden layer sees \
             them, on the first two principal components of each. Their shares of the variance, from the inputs \
             up: {} %.",
            shares.join(", ")
        ),
        how_to_read: "The title of each panel says how many test samples lie nearest to the mean of their own \
                      class, over all values of the layer and not only over the two that are drawn. Classes move \
                      apart from layer to layer if the network tells them apart; where they overlap in the plane, \
                      they may still lie apart in other directions."
            .into(),
        alt: format!(
            "Scatter plots of {n_shown} test samples, one for the inputs and one for each hidden layer. Test \
             samples nearest to the mean of their own class, from the inputs up: {} %.",
            rates.join(", ")
        ),
        ..meta
    };
    Ok(Scatter { meta, panels }.write(out.dir, name, out.styles)?)
}

fn place(depth: usize) -> String {
    if depth == 0 { "inputs".to_owned() } else { format!("layer {depth}") }
}

/// The samples projected onto the plane, and the share of their variance that is visible there. Samples of
/// two values are unchanged; those of one value lie on a line.
fn in_plane(x: ArrayView2<f32>) -> Result<(Array2<f32>, f64), Error> {
    match x.ncols() {
        1 => Ok((ndarray::concatenate![ndarray::Axis(1), x, Array2::zeros(x.dim())], 1.0)),
        2 => Ok((x.to_owned(), 1.0)),
        _ => Ok(principal_coordinates(x, 2)?),
    }
}
