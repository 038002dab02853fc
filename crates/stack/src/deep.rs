//! The deep autoencoder (Hinton & Salakhutdinov 2006): layers pretrained one by one, by either family,
//! and unrolled; all of it is then trained together.

use ae_core::{Autoencoder, AutoencoderConfig};
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, InvalidSetting, TrainingError, require};
use rbm_core::Rbm;
use serde::{Deserialize, Serialize};

use crate::{AutoencoderPretraining, PretrainedLayer, Pretraining, RbmPretraining, Watch, unroll};

/// How the layers of a deep autoencoder begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeepPretraining {
    /// How every layer is pretrained.
    pub layers: LayerPretraining,
    /// How the code layer is, where not as the others: linear code units learn at a lower rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<LayerPretraining>,
}

/// The family that a layer is pretrained by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LayerPretraining {
    /// An autoencoder of one hidden layer. Its units are those of the deep one.
    Autoencoder(AutoencoderPretraining),
    /// An RBM. Its units have to be those of the deep autoencoder.
    Rbm(RbmPretraining),
}

impl DeepPretraining {
    /// Checks every bound, and that what is pretrained can be unrolled into `model`.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] naming the first setting that is wrong.
    pub fn validate(&self, model: &AutoencoderConfig) -> Result<(), TrainingError> {
        model.validate()?;
        let expected = "false with pretraining: what is unrolled has weights of its own both ways";
        require(!model.tied, "model.tied", &model.tied, expected)?;
        let mirrored = model.decoder_layers.is_none();
        let expected = "none with pretraining: what is unrolled mirrors the encoder";
        require(mirrored, "model.decoder_layers", &"set", expected)?;
        for (i, (layer, _)) in self.ways(model).iter().enumerate() {
            layer.validate(units_of(model, i))?;
        }
        Ok(())
    }

    /// For each layer of `model`, from the data on, the way it is pretrained, with the units that the
    /// model has there, and how many hidden ones.
    pub fn ways(&self, model: &AutoencoderConfig) -> Vec<(LayerPretraining, usize)> {
        let depth = model.encoder_layers.len() + 1;
        let sizes = model.encoder_layers.iter().chain([&model.n_hidden]);
        let way = |(i, &n_hidden): (usize, &usize)| {
            let code = self.code.as_ref().filter(|_| i + 1 == depth);
            (code.unwrap_or(&self.layers).with_units(units_of(model, i)), n_hidden)
        };
        sizes.enumerate().map(way).collect()
    }
}

/// The units of layer `i` from the data on, and of the way back.
fn units_of(model: &AutoencoderConfig, i: usize) -> (Activation, Activation) {
    let units = model.units();
    (units[i], units[units.len() - 1 - i])
}

impl LayerPretraining {
    /// Passes through the data.
    pub fn epochs(&self) -> usize {
        match self {
            LayerPretraining::Autoencoder(way) => way.training.epochs,
            LayerPretraining::Rbm(way) => way.training.epochs,
        }
    }

    fn with_units(&self, (unit, output): (Activation, Activation)) -> Self {
        match self {
            LayerPretraining::Rbm(rbm) => LayerPretraining::Rbm(rbm.clone()),
            LayerPretraining::Autoencoder(way) => {
                let mut way = way.clone();
                (way.model.hidden, way.model.code) = (unit, None);
                way.model.output = Some(output);
                LayerPretraining::Autoencoder(way)
            }
        }
    }

    fn validate(&self, units: (Activation, Activation)) -> Result<(), TrainingError> {
        match self {
            LayerPretraining::Autoencoder(way) => way.validate()?,
            LayerPretraining::Rbm(way) => {
                way.validate()?;
                // A small one tells which units it has.
                let config = rbm_core::RbmConfig { n_hidden: 1, ..way.model.clone() };
                let small = Rbm::new(&config, Array2::zeros((1, 1)).view(), 0, 0)?;
                let small = PretrainedLayer::from(small);
                same_units("model.hidden", small.unit, units.0)?;
                same_units("model.output", small.output, units.1)?;
            }
        }
        Ok(())
    }
}

fn same_units(
    field: &'static str,
    rbm: Activation,
    wanted: Activation,
) -> Result<(), InvalidSetting> {
    let expected = "the unit of the RBM that the layer is pretrained by (logistic; identity for \
        Gaussian ones)";
    require(rbm == wanted, field, &format!("{wanted:?}"), expected)
}

impl Pretraining for LayerPretraining {
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        watch: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        match self {
            LayerPretraining::Autoencoder(way) => way.learn(data, n_hidden, seed, layer, watch),
            LayerPretraining::Rbm(way) => way.learn(data, n_hidden, seed, layer, watch),
        }
    }
}

/// The deep autoencoder of shape `model` that its pretrained layers begin.
///
/// # Panics
/// If there is no layer.
#[must_use]
pub fn unroll_into(model: &AutoencoderConfig, layers: &[PretrainedLayer]) -> Autoencoder<f32> {
    let mut deep = unroll(layers);
    (deep.top_k, deep.encode_top_k) = (model.top_k, model.encode_top_k);
    deep
}
