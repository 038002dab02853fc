use ndarray::ArrayView2;
use nn_core::{Activation, Initialiser, InvalidSetting, TrainingError};
use numerics::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::{Begun, LayerUnits, PretrainedLayer, Pretraining};

const ENCODER: Purpose = Purpose::new("stack up");
const DECODER: Purpose = Purpose::new("stack down");

/// No pretraining: random weights. It is the control of every comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomInitialisation {
    /// The activation of the hidden units.
    pub hidden: Activation,
    /// The distribution of weights; by default the one that suits the activation
    /// ([`Initialiser::suited_to`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialiser: Option<Initialiser>,
}

impl RandomInitialisation {
    /// The settings with this activation and the distribution of weights that suits it.
    #[must_use]
    pub fn suited_to(hidden: Activation) -> Self {
        RandomInitialisation { hidden, initialiser: None }
    }

    /// A layer with random weights. Shapes: encoder inputs × hidden, decoder hidden × inputs.
    pub(crate) fn layer(
        &self,
        n_inputs: usize,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> PretrainedLayer {
        let stream = |purpose| Stream::new(seed, purpose).layer(layer);
        let initialiser = self.initialiser.unwrap_or(Initialiser::suited_to(self.hidden));
        let LayerUnits { unit, output } = self.units();
        PretrainedLayer {
            encoder: initialiser.dense(n_inputs, n_hidden, stream(ENCODER)),
            unit,
            decoder: initialiser.dense(n_hidden, n_inputs, stream(DECODER)),
            output,
        }
    }
}

impl Default for RandomInitialisation {
    fn default() -> Self {
        RandomInitialisation::suited_to(Activation::Logistic)
    }
}

impl Pretraining for RandomInitialisation {
    fn validate(&self) -> Result<(), InvalidSetting> {
        self.initialiser.map_or(Ok(()), |initialiser| initialiser.validate())
    }

    fn units(&self) -> LayerUnits {
        LayerUnits { unit: self.hidden, output: Activation::Logistic }
    }

    fn without_data(
        &self,
        n_inputs: usize,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Option<PretrainedLayer> {
        Some(self.layer(n_inputs, n_hidden, seed, layer))
    }

    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        Ok(Begun::Complete(self.layer(inputs.ncols(), n_hidden, seed, layer)))
    }
}
