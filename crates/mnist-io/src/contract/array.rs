//! Arrays and images: numbers without names.

use serde::{Deserialize, Serialize};

use crate::layout::{Block, BlockKind};
use crate::shape::{ImageShape, one_or_three};

/// An array of samples, or images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct ArrayInput {
    /// The size of a sample as an image; a single row if it is not an image.
    pub shape: ImageShape,
    /// Whether the format defines the numbers as pixel bytes.
    pub pixels: bool,
    /// The scaling.
    pub scaling: Scaling,
    /// The smallest and largest training value, unscaled: one pair for all features, or one for each.
    pub ranges: Vec<[f64; 2]>,
}

/// An array as serialised: the number of channels, also of grey images, is beside height and width.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    shape: ImageShape,
    #[serde(deserialize_with = "one_or_three")]
    channels: usize,
    pixels: bool,
    scaling: Scaling,
    ranges: Vec<[f64; 2]>,
}

impl From<Stored> for ArrayInput {
    fn from(stored: Stored) -> Self {
        let Stored { shape, channels, pixels, scaling, ranges } = stored;
        ArrayInput { shape: ImageShape { channels, ..shape }, pixels, scaling, ranges }
    }
}

impl From<ArrayInput> for Stored {
    fn from(array: ArrayInput) -> Self {
        let ArrayInput { shape, pixels, scaling, ranges } = array;
        let channels = shape.channels;
        let shape = ImageShape::grey(shape.height, shape.width);
        Stored { shape, channels, pixels, scaling, ranges }
    }
}

/// The scaling of an array, with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Scaling {
    /// x.
    Keep,
    /// x / divisor, in f32.
    Divide {
        /// The divisor.
        divisor: f32,
    },
    /// (x − centre) / spread of each feature, in f64.
    Columns {
        /// The centre of each feature.
        centre: Vec<f64>,
        /// The spread of each feature.
        spread: Vec<f64>,
        /// Whether the results are clipped to [0, 1].
        within_unit: bool,
    },
}

impl ArrayInput {
    /// The reason why values cannot become features, if there is one.
    pub(super) fn fault(&self) -> Option<String> {
        let n_features = self.n_features();
        match &self.scaling {
            Scaling::Divide { divisor } if !(divisor.is_finite() && *divisor > 0.0) => {
                Some(format!("divisor {divisor}; expected a number above 0"))
            }
            Scaling::Columns { centre, spread, .. } => {
                let fits = [centre.len(), spread.len()] == [n_features; 2];
                let holds = centre.iter().all(|centre| centre.is_finite())
                    && spread.iter().all(|spread| spread.is_finite() && *spread > 0.0);
                (!fits || !holds)
                    .then(|| format!("expected {n_features} centres, and as many spreads above 0"))
            }
            Scaling::Keep | Scaling::Divide { .. } => None,
        }
    }
}

impl Scaling {
    /// Scales a value of a feature.
    pub(crate) fn encode(&self, feature: usize, value: f64) -> f32 {
        match self {
            Scaling::Keep => value as f32,
            Scaling::Divide { divisor } => value as f32 / divisor,
            Scaling::Columns { centre, spread, within_unit } => {
                let scaled = (value - centre[feature]) / spread[feature];
                (if *within_unit { scaled.clamp(0.0, 1.0) } else { scaled }) as f32
            }
        }
    }

    /// Scales a row of values, each as [`Scaling::encode`] does.
    pub(crate) fn encode_row(&self, values: &[f64], out: &mut [f32]) {
        let pairs = out.iter_mut().zip(values);
        match self {
            // The loops that do not use the feature's index are vectorised.
            Scaling::Keep => pairs.for_each(|(out, value)| *out = *value as f32),
            Scaling::Divide { divisor } => {
                pairs.for_each(|(out, value)| *out = *value as f32 / divisor);
            }
            Scaling::Columns { .. } => {
                for (feature, (out, value)) in pairs.enumerate() {
                    *out = self.encode(feature, *value);
                }
            }
        }
    }

    /// Inverts the scaling of a feature.
    pub(crate) fn decode(&self, feature: usize, scaled: f32) -> f64 {
        match self {
            Scaling::Keep => f64::from(scaled),
            Scaling::Divide { divisor } => f64::from(scaled) * f64::from(*divisor),
            Scaling::Columns { centre, spread, .. } => {
                f64::from(scaled) * spread[feature] + centre[feature]
            }
        }
    }
}

impl ArrayInput {
    /// Number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.shape.n_values()
    }

    /// The training range of a feature, unscaled.
    #[must_use]
    pub fn range(&self, feature: usize) -> [f64; 2] {
        if self.ranges.len() == 1 { self.ranges[0] } else { self.ranges[feature] }
    }

    pub(super) fn layout(&self) -> Vec<Block> {
        let kind = match &self.scaling {
            Scaling::Divide { .. } | Scaling::Columns { within_unit: true, .. } => {
                BlockKind::UnitInterval
            }
            Scaling::Keep if self.ranges.iter().all(|[low, high]| *low >= 0.0 && *high <= 1.0) => {
                BlockKind::UnitInterval
            }
            _ => BlockKind::Real,
        };
        vec![Block { kind, width: self.n_features() }]
    }

    pub(super) fn model_ranges(&self) -> Vec<[f32; 2]> {
        (0..self.n_features())
            .map(|feature| self.range(feature).map(|end| self.scaling.encode(feature, end)))
            .collect()
    }
}
