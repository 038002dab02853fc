//! The kernels of a convolutional first layer.

use ndarray::{ArrayView1, ArrayView2};
use nn_core::Convolution;
use report::{Meta, Section, TileRow, TileScale, Tiles};

use super::{COLUMNS, Figures, ROWS, strongest};
use crate::{Error, Model, Trained};

/// The convolution of the first layer and its weights, kernel² · channels × maps; `None` for a dense layer.
pub(super) fn of(model: &Model) -> Option<(Convolution, ArrayView2<'_, f32>)> {
    Some((*model.convolutions().first()?, model.filters()))
}

/// Draws the kernels of the maps with the largest norms.
pub(super) fn write(
    out: Figures<'_>,
    trained: &Trained,
    (convolution, weights): (&Convolution, ArrayView2<'_, f32>),
    order: u32,
) -> Result<(), Error> {
    let (kernel, channels) = (convolution.kernel, convolution.input[2]);
    let shown = strongest(weights, ROWS * COLUMNS);
    let tile = |&map: &usize| tile(convolution, weights.column(map));
    let rows = shown
        .chunks(COLUMNS)
        .map(|maps| TileRow { label: String::new(), tiles: maps.iter().map(tile).collect() });
    let run = &trained.record.run;
    let (shown, maps) = (shown.len(), convolution.maps);
    let beside = if channels == 1 { "" } else { " The channels of the image are side by side." };
    let meta = Meta {
        title: format!("Kernels: {run}"),
        caption: format!(
            "The kernels of {shown} of {maps} maps, those with the largest norms, the largest first.{beside}"
        ),
        how_to_read: "Each square shows the weights that a map applies at every place of the \
            image, positive ones in one colour and negative ones in the other. Edges and spots are \
            features of images. Grain means that the map has learned little."
            .into(),
        alt: format!("Grid of the kernels of the first layer of {run}"),
        section: Section::Features,
        order,
    };
    let (rows, scale) = (rows.collect(), TileScale::Diverging);
    let tiles = Tiles { meta, rows, height: kernel, width: kernel * channels, scale };
    Ok(tiles.write(out.dir, &format!("filters_{run}"), out.styles)?)
}

/// The kernel of a map, with the channels side by side. Shapes: kernel² · channels → kernel rows of
/// channels · kernel pixels.
fn tile(convolution: &Convolution, weights: ArrayView1<'_, f32>) -> Vec<f32> {
    let (kernel, channels) = (convolution.kernel, convolution.input[2]);
    let weight =
        |y: usize, channel: usize, x: usize| weights[(y * kernel + x) * channels + channel];
    let pixels = (0..kernel).flat_map(|y| {
        (0..channels).flat_map(move |channel| (0..kernel).map(move |x| (y, channel, x)))
    });
    pixels.map(|(y, channel, x)| weight(y, channel, x)).collect()
}

#[cfg(test)]
mod tests {
    use nn_core::Pooling;
    use report::Styles;

    use super::*;
    use crate::RunConfig;

    #[test]
    fn channels_are_side_by_side() {
        let pool = Pooling::default();
        let convolution =
            Convolution { input: [4, 4, 2], maps: 1, kernel: 2, stride: 1, padding: 0, pool };
        // Channel 0 has 1, 2, 3, 4; channel 1 has 10, 20, 30, 40.
        let weights = ndarray::array![1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0];
        let expected = [1.0, 2.0, 10.0, 20.0, 3.0, 4.0, 30.0, 40.0];
        assert_eq!(tile(&convolution, weights.view()), expected);
    }

    #[test]
    fn kernels_of_a_trained_model_are_drawn() {
        let x = ndarray::Array2::from_shape_fn((60, 36), |(i, j)| f32::from((i / 5 + j) % 3 == 0));
        let config = RunConfig::preset("autoencoder").expect("a preset");
        let settings = "model.convolution={input=[6,6,1],maps=4,kernel=3,pool=2}";
        let config = config.with(settings).and_then(|it| it.with("training.epochs=1"));
        let trained = crate::fit(&config.expect("settings"), &x, 1).expect("a fit");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let figures = Figures { dir: folder.path(), styles: &Styles::default() };
        super::super::filters(figures, &trained, x.view(), 0).expect("drawn");
        let csv = folder.path().join("figures/filters_autoencoder.csv");
        let text = std::fs::read_to_string(csv).expect("written");
        assert!(text.starts_with("row,column,title,height,width,pixel_0,"), "{text}");
        assert!(text.lines().count() == 5 && text.contains("pixel_8\n"), "{text}");
    }
}
