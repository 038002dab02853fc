//! The feature maps of convolutional layers.

use mnist_io::ImageShape;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use nn_core::{Convolution, column_means};
use report::{Meta, Section, TileRow, TileScale};

use super::{Figures, one_of_each_class, tiles};
use crate::{Error, Trained};

/// Number of test images.
const IMAGES: usize = 4;
/// Number of maps per layer.
const MAPS: usize = 10;

/// Draws the maps of each convolutional layer for a few test images; does nothing for other models.
pub(crate) fn write(
    out: Figures<'_>,
    trained: &Trained,
    test: &mnist_io::Dataset,
    order: u32,
) -> Result<(), Error> {
    let layers = trained.model.convolutions();
    if layers.is_empty() {
        return Ok(());
    }
    let mut samples = one_of_each_class(test);
    samples.truncate(IMAGES);
    let images = test.images.select(Axis(0), &samples);
    let mut of_layers = Vec::new();
    for (index, convolution) in layers.iter().enumerate() {
        let features = trained.model.features(images.view(), index);
        of_layers.push(LayerMaps::new(convolution, &features));
    }
    let mut rows = Vec::new();
    for (image, pixels) in images.rows().into_iter().enumerate() {
        for (index, maps) in of_layers.iter().enumerate() {
            let shown = maps.shown.iter().map(|&map| maps.tile(image, map, test.shape));
            rows.push(TileRow {
                label: format!("layer {}", index + 1),
                tiles: std::iter::once(pixels.to_vec()).chain(shown).collect(),
            });
        }
    }
    let run = &trained.record.run;
    let sizes = layers.iter().map(|layer| {
        let [height, width, maps] = layer.output();
        format!("{maps} maps of {height} × {width}")
    });
    let meta = Meta {
        title: format!("Feature maps: {run}"),
        caption: format!(
            "Test images and, beside each, the maps of every layer that vary most, from the lowest \
             value of the layer in black to the highest in white. The layers have {}.",
            sizes.collect::<Vec<_>>().join(", then ")
        ),
        how_to_read: "A bright spot is a place where the map has found its feature. Maps of lower layers \
            follow edges and strokes; those of upper layers are coarser, and each answers to a larger \
            part of the image. Maps that are the same everywhere carry no information."
            .into(),
        alt: format!("Rows of test images with the feature maps of {run}"),
        section: Section::Features,
        order,
    };
    tiles(out, &format!("feature_maps_{run}"), trained, rows, TileScale::Grey, meta)
}

/// The maps of a layer for some images.
struct LayerMaps {
    /// Height, width and number of maps.
    shape: [usize; 3],
    /// Outputs between 0 and 1, images × outputs.
    values: Array2<f32>,
    /// The maps that vary most over positions and images.
    shown: Vec<usize>,
}

impl LayerMaps {
    fn new(convolution: &Convolution, features: &Array2<f32>) -> Self {
        let shape = convolution.output();
        let extreme = |start: f32, of: fn(f32, f32) -> f32| {
            features.iter().fold(start, |extreme, &value| of(extreme, value))
        };
        let (low, high) = (extreme(f32::INFINITY, f32::min), extreme(f32::NEG_INFINITY, f32::max));
        let values = features.mapv(|value| (value - low) / (high - low).max(f32::MIN_POSITIVE));
        let shown = most_varied(values.view(), shape[2]);
        LayerMaps { shape, values, shown }
    }

    /// A map of an image as a grey image of this shape, enlarged without interpolation.
    fn tile(&self, image: usize, map: usize, shape: ImageShape) -> Vec<f32> {
        let ImageShape { height, width, channels } = shape;
        let [rows, columns, maps] = self.shape;
        let values: ArrayView1<'_, f32> = self.values.slice(s![image, map..;maps]);
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        pixels
            .map(|(y, x)| values[y * rows / height * columns + x * columns / width])
            .flat_map(|value| std::iter::repeat_n(value, channels))
            .collect()
    }
}

/// The maps with the largest variances over positions and images, in their order.
fn most_varied(values: ArrayView2<'_, f32>, n_maps: usize) -> Vec<usize> {
    let squares = values.mapv(|value| value * value);
    let (means, squares) = (column_means(values), column_means(squares.view()));
    let mean = |of: &ndarray::Array1<f64>, map: usize| of.slice(s![map..;n_maps]).mean();
    let variance = |map: usize| {
        let mean_value = mean(&means, map).unwrap_or_default();
        mean(&squares, map).unwrap_or_default() - mean_value * mean_value
    };
    let mut maps: Vec<usize> = (0..n_maps).collect();
    maps.sort_by(|&a, &b| variance(b).total_cmp(&variance(a)).then(a.cmp(&b)));
    maps.truncate(MAPS);
    maps.sort_unstable();
    maps
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::Pooling;

    #[test]
    fn maps_are_scaled_enlarged_and_chosen_by_their_variance() {
        let pool = Pooling::default();
        let convolution =
            Convolution { input: [2, 3, 1], maps: 12, kernel: 1, stride: 1, padding: 0, pool };
        // Map m is 0 everywhere except at one of its six positions, where it is m.
        let features = Array2::from_shape_fn((1, 72), |(_, i)| {
            let (place, map) = (i / 12, i % 12);
            if place == map % 6 { map as f32 } else { 0.0 }
        });
        let maps = LayerMaps::new(&convolution, &features);
        assert_eq!(maps.shown, (2..12).collect::<Vec<_>>());
        let tile = maps.tile(0, 11, ImageShape::grey(4, 6));
        assert_eq!(tile.len(), 24);
        let coloured = ImageShape { channels: 3, ..ImageShape::grey(4, 6) };
        assert_eq!(maps.tile(0, 11, coloured).len(), 72);
        let expected = (0..24).map(|i| if i / 6 >= 2 && i % 6 >= 4 { 1.0 } else { 0.0 });
        assert!(tile.into_iter().eq(expected));
    }
}
