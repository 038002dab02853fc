//! The models of a run that the reader of its page can try.

use std::path::Path;

use ae_core::Pca;
use mnist_io::Dataset;
use ndarray::{Array2, ArrayView2, Axis};
use nn_core::Connection;
use rbm_core::Unit;
use report::{Packed, PlayLayer, PlayModel, PlayPca, PlayPlane, Playground, packed_image};

use crate::export::{self, Layer};
use crate::figures::one_of_each_class;
use crate::folder::remove;
use crate::model::Model;
use crate::{Error, Trained};

/// Largest number of characters of all weights, so that the page stays below three megabytes.
const MOST_CHARACTERS: usize = 1_700_000;
/// Characters for each number: two bytes in base 64.
const CHARACTERS: usize = 3;
/// Number of samples whose codes give the class means and the plane.
const SAMPLES: usize = 2000;
/// Number of samples that are shown in the plane.
const SHOWN: usize = 400;
/// Number of principal components to choose from.
const COMPONENTS: usize = 50;

/// Writes `playground.json` into the run's folder. Nothing is written for data that are not grey images, or
/// if no model has only dense layers and is small enough. Small models come first, so that many fit. A file
/// of an earlier run is removed, and with `without_models` none is written.
pub(crate) fn write(
    dir: &Path,
    trained: &[Trained],
    test: &Dataset,
    without_models: bool,
) -> Result<(), Error> {
    remove(&dir.join("playground.json"))?;
    if without_models {
        return Ok(());
    }
    if !test.shape.is_image() || test.shape.channels != 1 {
        return Ok(());
    }
    let samples = test.slice(0..test.n_samples().min(SAMPLES));
    let mut of_size: Vec<(usize, &Trained)> =
        trained.iter().filter(|it| is_dense(&it.model)).map(|it| (size(&it.model), it)).collect();
    of_size.sort_by_key(|(size, _)| *size); // stable
    let (mut models, mut left_out, mut total) = (Vec::new(), Vec::new(), 0);
    for (size, trained) in of_size {
        if total + size <= MOST_CHARACTERS {
            total += size;
            models.push(of_model(trained, &samples)?);
        } else {
            left_out.push(trained.record.run.clone());
        }
    }
    if models.is_empty() {
        return Ok(());
    }
    let examples = test.images.select(Axis(0), &one_of_each_class(test));
    let n = COMPONENTS.min(test.n_features());
    let pca = Pca::fit(samples.images.view(), n)?;
    let components = pca.components.t().mapv(|value| value as f32);
    let playground = Playground {
        height: test.shape.height,
        width: test.shape.width,
        classes: test.class_names.clone(),
        models,
        examples: examples.rows().into_iter().map(packed_image).collect(),
        pca: Some(PlayPca {
            mean: Packed::new(&pca.mean.mapv(|value| value as f32)),
            components: Packed::new(&components),
            n,
        }),
        left_out,
    };
    Ok(playground.write(dir)?)
}

/// Whether all layers are dense and the model is a chain of them.
fn is_dense(model: &Model) -> bool {
    let is_full = |layer: &Layer| layer.connection == Connection::Full;
    !export::is_mixed(model)
        && !export::has_places(model)
        && export::encoder(model, true).iter().all(is_full)
        && export::decoder(model).iter().all(is_full)
}

/// Number of characters of the weights of a model.
fn size(model: &Model) -> usize {
    let (encoder, decoder) = layers(model);
    let numbers = |layer: &PlayLayer| layer.weights.as_ref().map_or(0, |it| it.values.len());
    let characters: usize = encoder.iter().chain(&decoder).map(numbers).sum();
    characters.max(CHARACTERS)
}

/// The layers up and down. A decoder with tied weights refers to those of the encoder.
fn layers(model: &Model) -> (Vec<PlayLayer>, Vec<PlayLayer>) {
    let encoder = export::encoder(model, true);
    let packed = |layer: &Layer| PlayLayer {
        weights: Some(Packed::new(&layer.weights)),
        transposes: None,
        bias: Packed::new(&layer.bias),
        function: layer.function.name().to_owned(),
        keep: layer.keep,
    };
    let down = |layer: &Layer| {
        let twin = encoder.iter().position(|up| up.weights.t() == layer.weights);
        match twin {
            Some(index) => PlayLayer { weights: None, transposes: Some(index), ..packed(layer) },
            None => packed(layer),
        }
    };
    (encoder.iter().map(packed).collect(), export::decoder(model).iter().map(down).collect())
}

fn of_model(trained: &Trained, samples: &Dataset) -> Result<PlayModel, Error> {
    let model = &trained.model;
    let codes = model.encode(samples.images.view());
    let labels = samples.labels.as_deref();
    let (encoder, decoder) = layers(model);
    let gibbs = matches!(model, Model::Rbm(rbm)
        if rbm.visible.unit == Unit::Binary && rbm.hidden.unit == Unit::Binary);
    Ok(PlayModel {
        name: trained.record.run.clone(),
        encoder,
        decoder,
        gibbs,
        class_means: labels.map(|labels| class_means(codes.view(), labels, samples.n_classes)),
        plane: Some(plane(codes.view(), labels)?),
    })
}

/// The mean code of each class. Shapes: (n × units) → (classes × units).
fn class_means(codes: ArrayView2<f32>, labels: &[u8], n_classes: usize) -> Packed {
    let mut means = Array2::<f32>::zeros((n_classes, codes.ncols()));
    let mut counts = vec![0.0_f32; n_classes];
    for (code, &label) in codes.rows().into_iter().zip(labels) {
        let mut mean = means.row_mut(label.into());
        mean += &code;
        counts[usize::from(label)] += 1.0;
    }
    for (mut mean, count) in means.rows_mut().into_iter().zip(counts) {
        mean /= count.max(1.0);
    }
    Packed::new(&means)
}

/// The plane of a two-unit code, or of the first two principal components of the codes.
fn plane(codes: ArrayView2<f32>, labels: Option<&[u8]>) -> Result<PlayPlane, Error> {
    let (mean, directions, words) = if codes.ncols() == 2 {
        let zero = Array2::zeros((1, 2));
        (zero.row(0).to_owned(), Array2::eye(2), "The point is the code itself.")
    } else {
        let pca = Pca::fit(codes, 2.min(codes.ncols()))?;
        let mut directions = Array2::zeros((2, codes.ncols()));
        for (mut to, from) in directions.rows_mut().into_iter().zip(pca.components.columns()) {
            to.assign(&from.mapv(|value| value as f32));
        }
        let words = "The plane is that of the first two principal components of the codes.";
        (pca.mean.mapv(|value| value as f32), directions, words)
    };
    let places = (&codes - &mean).dot(&directions.t());
    let rounded = |value: f32| (value * 1000.0).round() / 1000.0;
    let points = places.rows().into_iter().take(SHOWN).enumerate().map(|(i, place)| {
        let label = labels.map_or(0, |labels| labels[i]);
        (rounded(place[0]), rounded(place[1]), label)
    });
    let bound = |axis: usize, start: f32, of: fn(f32, f32) -> f32| {
        places.column(axis).iter().fold(start, |bound, &value| of(bound, value))
    };
    let low = [0, 1].map(|axis| rounded(bound(axis, 0.0, f32::min) - 0.01));
    let high = [0, 1].map(|axis| rounded(bound(axis, 0.0, f32::max) + 0.01));
    Ok(PlayPlane {
        mean: Packed::new(&mean),
        directions: Packed::new(&directions),
        low,
        high,
        points: points.collect(),
        words: words.to_owned(),
    })
}
