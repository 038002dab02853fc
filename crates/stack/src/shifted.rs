use ae_core::Shift;
use ndarray::{Array2, ArrayViewMut2, s};
use nn_core::{Connection, InvalidSetting};
use numerics::Stream;

use crate::Classifier;

/// Images that are moved by random shifts.
pub(crate) struct Shifted {
    shift: Shift,
    /// Height, width and channels.
    shape: [usize; 3],
    /// The images of a batch before the shift.
    images: Array2<f32>,
}

impl Shifted {
    /// Settings and memory for batches of up to `batch_size` images; `None` without a shift.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the inputs of the model are not images of the shift's shape.
    pub(crate) fn new(
        shift: Option<Shift>,
        model: &Classifier<f32>,
        batch_size: usize,
    ) -> Result<Option<Self>, InvalidSetting> {
        let Some(mut shift) = shift else { return Ok(None) };
        if let Connection::Convolution(convolution) = model.layers[0].connection {
            let [_, width, channels] = convolution.input;
            shift = Shift { width: Some(width), channels, ..shift };
        }
        let shape = shift.shape(model.n_inputs()).map_err(|error| error.within("fine_tuning"))?;
        let images = Array2::zeros((batch_size, model.n_inputs()));
        Ok(Some(Shifted { shift, shape, images }))
    }

    /// Shifts the images `x` (n × inputs).
    pub(crate) fn apply(&mut self, stream: Stream, x: ArrayViewMut2<f32>) {
        let mut images = self.images.slice_mut(s![..x.nrows(), ..]);
        images.assign(&x);
        self.shift.apply(stream, self.shape, images.view(), x);
    }
}
