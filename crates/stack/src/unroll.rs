use ae_core::{Autoencoder, Decoder};

use crate::PretrainedLayer;

/// The deep autoencoder that a stack begins (Hinton & Salakhutdinov 2006): up through the encoders,
/// down through the decoders in reverse order, from here on with weights of their own.
///
/// # Panics
/// If there is no layer.
#[must_use]
pub fn unroll(layers: &[PretrainedLayer]) -> Autoencoder<f32> {
    assert!(!layers.is_empty(), "nothing to unroll");
    let down = layers.iter().rev();
    Autoencoder {
        encoder: layers.iter().map(|layer| layer.encoder.clone()).collect(),
        decoder: Decoder::Untied(down.clone().map(|layer| layer.decoder.clone()).collect()),
        units: layers
            .iter()
            .map(|layer| layer.unit)
            .chain(down.map(|layer| layer.output))
            .collect(),
        top_k: None,
        encode_top_k: None,
    }
}
