//! The layers of models on their cards.

use nn_core::{Chain, LayerView};
use rbm_core::convolutional::ConvRbm;

use super::{CardLayer, text};
use crate::Model;

/// The layers of a model, from the data up; for an autoencoder, up to the reconstruction.
pub(super) fn layers_of(model: &Model) -> Vec<CardLayer> {
    let rbm = |name: String, rbm: &rbm_core::Rbm<f32>| CardLayer {
        name,
        n_inputs: rbm.n_visible(),
        n_outputs: rbm.n_hidden(),
        units: format!("{} visible, {} hidden", rbm.visible.unit.name(), rbm.hidden.unit.name()),
        convolution: None,
    };
    match model {
        Model::Autoencoder(model) => (0..model.n_layers())
            .map(|index| {
                let (layer, depth) = (model.layer(index), model.encoder.len());
                let (part, number) =
                    if index < depth { ("encoder", index) } else { ("decoder", index - depth) };
                card_layer(part, number, &layer, text::name(layer.activation))
            })
            .collect(),
        Model::Rbm(model) => vec![rbm("rbm".to_owned(), model)],
        Model::Dbn(dbn) => {
            let layers = dbn.layers.iter().enumerate();
            layers.map(|(index, layer)| rbm(format!("rbm.{index}"), layer)).collect()
        }
        Model::ConvDbn(dbn) => {
            let layers = dbn.layers.iter().enumerate();
            layers.map(|(index, rbm)| conv_rbm(format!("rbm.{index}"), rbm)).collect()
        }
    }
}

fn conv_rbm(name: String, rbm: &ConvRbm<f32>) -> CardLayer {
    CardLayer {
        name,
        n_inputs: rbm.n_visible(),
        n_outputs: rbm.n_pooled(),
        units: format!("{} visible, pooled binary hidden", rbm.visible.unit.name()),
        convolution: Some(text::conv_rbm(&rbm.geometry)),
    }
}

/// A layer of a network, named after its part and its position in it.
pub(super) fn card_layer(
    part: &str,
    index: usize,
    layer: &LayerView<'_, f32>,
    units: String,
) -> CardLayer {
    CardLayer {
        name: format!("{part}.{index}"),
        n_inputs: layer.n_inputs(),
        n_outputs: layer.n_outputs(),
        units,
        convolution: text::convolution(layer.connection),
    }
}
