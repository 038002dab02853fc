//! The deep autoencoder (Hinton & Salakhutdinov 2006): its layers are pretrained one by one and
//! unrolled, and the whole is then trained together.

use ae_core::{Autoencoder, AutoencoderConfig};
use nn_core::{InvalidSetting, TrainingError, require};
use serde::{Deserialize, Serialize};

use crate::{LayerPretraining, LayerUnits, PlannedLayer, PretrainedLayer, unroll};

/// The pretraining of a deep autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeepPretraining {
    /// The pretraining of every layer.
    pub layers: LayerPretraining,
    /// The pretraining of the code layer, if it differs: linear code units need a lower learning rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<LayerPretraining>,
}

impl DeepPretraining {
    /// Checks every bound, and that the pretrained layers can be unrolled into `model`.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] naming the first setting that is wrong.
    pub fn validate(&self, model: &AutoencoderConfig) -> Result<(), TrainingError> {
        model.validate()?;
        let expected = "false with pretraining: an unrolled decoder has weights of its own";
        require(!model.tied, "model.tied", &model.tied, expected)?;
        let full = model.convolution.is_none();
        let expected = "none with pretraining, which is that of fully connected layers";
        require(full, "model.convolution", &"set", expected)?;
        let mirrored = model.decoder_layers.is_none();
        let expected = "none with pretraining: an unrolled decoder mirrors the encoder";
        require(mirrored, "model.decoder_layers", &"set", expected)?;
        for (layer, planned) in self.plan(model).iter().enumerate() {
            let is_code = self.code.is_some() && layer + 1 == model.encoder_layers.len() + 1;
            let table = if is_code { "pretraining.code" } else { "pretraining.layers" };
            planned.pretraining.validate().map_err(|error| error.within(table))?;
            require_units(planned.pretraining.units(), units_of(model, layer))?;
        }
        Ok(())
    }

    /// The layers of `model` from the data to the code. Autoencoders are given the activations that
    /// the model has at their layer; the other kinds have their own.
    pub fn plan(&self, model: &AutoencoderConfig) -> Vec<PlannedLayer> {
        let depth = model.encoder_layers.len() + 1;
        let sizes = model.encoder_layers.iter().chain([&model.n_hidden]);
        let planned = |(layer, &n_hidden): (usize, &usize)| {
            let code = self.code.as_ref().filter(|_| layer + 1 == depth);
            let mut pretraining = code.unwrap_or(&self.layers).clone();
            if let LayerPretraining::Autoencoder(settings) = &mut pretraining {
                let LayerUnits { unit, output } = units_of(model, layer);
                (settings.model.hidden, settings.model.code) = (unit, None);
                settings.model.output = Some(output);
                settings.layout = model.layout.clone().filter(|_| layer == 0);
            }
            PlannedLayer { pretraining, n_hidden }
        };
        sizes.enumerate().map(planned).collect()
    }
}

/// The activations of a layer of `model`, counted from the data, and of its mirror image.
fn units_of(model: &AutoencoderConfig, layer: usize) -> LayerUnits {
    let units = model.units();
    LayerUnits { unit: units[layer], output: units[units.len() - 1 - layer] }
}

fn require_units(found: LayerUnits, wanted: LayerUnits) -> Result<(), InvalidSetting> {
    let expected = "the unit that the layer is pretrained with (logistic; identity for Gaussian units \
        of an RBM)";
    for (field, found, wanted) in
        [("model.hidden", found.unit, wanted.unit), ("model.output", found.output, wanted.output)]
    {
        require(found == wanted, field, &format!("{wanted:?}"), expected)?;
    }
    Ok(())
}

/// Unrolls pretrained layers into the deep autoencoder of the architecture `model`.
///
/// # Panics
/// If there is no layer.
#[must_use]
pub fn unroll_into(model: &AutoencoderConfig, layers: &[PretrainedLayer]) -> Autoencoder<f32> {
    let mut deep = unroll(layers);
    (deep.top_k, deep.encode_top_k) = (model.top_k, model.encode_top_k);
    deep.layout.clone_from(&model.layout);
    deep
}
