//! Models that readers can try on the page: layers as numbers, which this crate does not interpret.

use std::path::Path;

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::table::write_text;

/// Name of the file in the folder of a run.
pub(crate) const FILE: &str = "playground.json";

/// Models of images of one size, and data to try them with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Playground {
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Names of the classes; empty for data without labels.
    pub classes: Vec<String>,
    /// The models, in page order.
    pub models: Vec<PlayModel>,
    /// Images of one byte per pixel, in base 64.
    pub examples: Vec<String>,
    /// The first principal components of the data.
    pub pca: Option<PlayPca>,
    /// Names of models omitted to limit the page size.
    pub left_out: Vec<String>,
}

/// A model as layers up to the code and back down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayModel {
    /// Name of the run.
    pub name: String,
    /// Layers from the data to the code.
    pub encoder: Vec<PlayLayer>,
    /// Layers from the code to the reconstruction.
    pub decoder: Vec<PlayLayer>,
    /// Whether both layers are binary units of an RBM, whose Gibbs chain can be run.
    pub gibbs: bool,
    /// Mean code of each class, classes × units.
    pub class_means: Option<Packed>,
    /// A plane of the space of codes.
    pub plane: Option<PlayPlane>,
}

/// A layer f(x W + b).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayLayer {
    /// W, inputs × outputs; `None` if it is the transpose of another layer's.
    pub weights: Option<Packed>,
    /// The encoder layer whose transposed weights these are.
    pub transposes: Option<usize>,
    /// b.
    pub bias: Packed,
    /// Name of f, such as `logistic`.
    pub function: String,
    /// Number of largest outputs that are kept; `None` for all.
    pub keep: Option<usize>,
}

/// A plane of codes: mean + x · first + y · second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayPlane {
    /// The code at the centre.
    pub mean: Packed,
    /// Both directions, 2 × units.
    pub directions: Packed,
    /// Lower bounds of x and y.
    pub low: [f32; 2],
    /// Upper bounds of x and y.
    pub high: [f32; 2],
    /// Codes of samples with their classes.
    pub points: Vec<(f32, f32, u8)>,
    /// A sentence about the plane.
    pub words: String,
}

/// Principal components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayPca {
    /// Mean of the data.
    pub mean: Packed,
    /// Components × pixels.
    pub components: Packed,
    /// Number of components.
    pub n: usize,
}

/// Numbers as 16-bit integers times a scale: the error of each is below 1/65,000 of the largest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Packed {
    /// Value of the integer 1.
    pub scale: f32,
    /// The integers, two bytes each in little-endian order, in base64.
    pub values: String,
}

impl Packed {
    /// Packs finite numbers.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a f32>) -> Self {
        let values: Vec<f32> = values.into_iter().copied().collect();
        let largest = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = if largest > 0.0 { largest / f32::from(i16::MAX) } else { 1.0 };
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| ((value / scale).round() as i16).to_le_bytes())
            .collect();
        Packed { scale, values: base64_of(&bytes) }
    }
}

/// An image whose pixels are between 0 and 1, encoded as in [`Playground::examples`].
pub fn packed_image<'a>(pixels: impl IntoIterator<Item = &'a f32>) -> String {
    #[expect(clippy::cast_sign_loss, reason = "between 0 and 255")]
    let byte = |pixel: &f32| (pixel.clamp(0.0, 1.0) * 255.0).round() as u8;
    base64_of(&pixels.into_iter().map(byte).collect::<Vec<u8>>())
}

fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl Playground {
    /// Writes `DIR/playground.json`, from which the page reads the models.
    ///
    /// # Errors
    /// [`Error::Write`] if the file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        let text = serde_json::to_string(self).map_err(|e| Error::Draw(e.to_string()))?;
        write_text(&dir.join(FILE), &(text + "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_near_the_originals() {
        let values: Vec<f32> = (-50..50).map(|i| (i as f32 * 0.37).sin() * 2.5).collect();
        let packed = Packed::new(&values);
        let bytes = base64::engine::general_purpose::STANDARD.decode(&packed.values).unwrap();
        for (pair, value) in bytes.chunks_exact(2).zip(&values) {
            let found = f32::from(i16::from_le_bytes([pair[0], pair[1]])) * packed.scale;
            assert!((found - value).abs() < 2.5 / 65_000.0, "{found} {value}");
        }
        assert_eq!(Packed::new(&[0.0, 0.0]).scale, 1.0);
        assert_eq!(packed_image(&[0.0, 1.0, 7.0]), base64_of(&[0, 255, 255]));
    }
}
