use nn_core::{InvalidSetting, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use super::{ConvRbm, Geometry, ImageShape};
use crate::{Unit, Variance};

/// The architecture of a convolutional RBM; the shape of the images comes with the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvRbmConfig {
    /// Number of detection maps.
    pub maps: usize,
    /// Side k of the k × k kernel, in pixels.
    pub kernel: usize,
    /// Side p of the p × p pooling blocks, in detection units; 1 for none. It must divide the sides of
    /// the detection maps: image side − kernel + 1.
    pub pool: usize,
    /// Kind of the visible units.
    pub visible: Unit,
    /// Variance of visible units that have one: 1, or that of each channel over the training set. It is
    /// not learned.
    pub variance: Variance,
    /// Standard deviation of the initial weights.
    pub weight_std: f64,
    /// Whether the initial visible biases, one per channel, reproduce the channels' means instead of being
    /// zero.
    pub visible_bias_from_data: bool,
}

impl Default for ConvRbmConfig {
    fn default() -> Self {
        ConvRbmConfig {
            maps: 32,
            kernel: 5,
            pool: 2,
            visible: Unit::Binary,
            variance: Variance::Unit,
            weight_std: 0.01,
            visible_bias_from_data: true,
        }
    }
}

impl ConvRbmConfig {
    /// Checks every bound that does not depend on the images; [`ConvRbmConfig::geometry`] checks the
    /// others.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        for (field, value) in
            [("model.maps", self.maps), ("model.kernel", self.kernel), ("model.pool", self.pool)]
        {
            require(value >= 1, field, &value, "at least 1")?;
        }
        let std = self.weight_std;
        let expected = "a finite number, 0 or above";
        require(std.is_finite() && std >= 0.0, "model.weight_std", &std, expected)?;
        require(
            self.visible.has_std() || self.variance == Variance::Unit,
            "model.variance",
            &"data",
            "unit, because these visible units have no variance of their own",
        )
    }

    /// The sizes for images of this shape.
    ///
    /// # Errors
    /// [`InvalidSetting`] if kernel and pool do not fit the images; see [`Geometry::new`].
    pub fn geometry(&self, image: ImageShape) -> Result<Geometry, InvalidSetting> {
        Geometry::new(image, self.maps, self.kernel, self.pool)
    }

    /// The configuration of a layer above this one in a stack, whose images are pooled probabilities.
    #[must_use]
    pub fn above_data(&self) -> Self {
        let visible = if self.visible.bounds() == (0.0, 1.0) {
            self.visible.above_data()
        } else {
            Unit::Binary
        };
        ConvRbmConfig { visible, variance: Variance::Unit, ..*self }
    }

    /// A model of this architecture with all parameters zero, for restoring the tensors of a file.
    ///
    /// # Errors
    /// [`InvalidSetting`] if kernel and pool do not fit the images.
    pub fn zeros<F: Real>(&self, image: ImageShape) -> Result<ConvRbm<F>, InvalidSetting> {
        Ok(ConvRbm::with_units(self.geometry(image)?, self.visible))
    }
}
