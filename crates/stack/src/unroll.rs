use ae_core::{Autoencoder, Decoder};

use crate::PretrainedLayer;

/// Unrolls a stack into a deep autoencoder (Hinton & Salakhutdinov 2006): the encoders, then the decoders in
/// reverse order, with their own weights from here on.
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
        layout: None,
    }
}
