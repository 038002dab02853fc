use ndarray::ArrayView2;
use nn_core::{
    Activation, Connection, ConvolutionConfig, Initialiser, InvalidSetting, TrainingError,
};
use numerics::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::layer::way_back;
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
    /// A convolution, for a layer that is not fully connected. It has its own number of units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convolution: Option<ConvolutionConfig>,
}

impl RandomInitialisation {
    /// The settings with this activation and the distribution of weights that suits it.
    #[must_use]
    pub fn suited_to(hidden: Activation) -> Self {
        RandomInitialisation { hidden, initialiser: None, convolution: None }
    }

    /// A layer with random weights.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the convolution does not have this number of inputs.
    pub(crate) fn layer(
        &self,
        n_inputs: usize,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<PretrainedLayer, InvalidSetting> {
        let convolution = self.convolution.map(|config| config.of_inputs(n_inputs)).transpose()?;
        let n_hidden = convolution.map_or(n_hidden, |convolution| convolution.n_outputs());
        let up = convolution.map_or(Connection::Full, Connection::Convolution);
        let down = convolution.map_or(Connection::Full, |convolution| way_back(&convolution));
        let stream = |purpose| Stream::new(seed, purpose).layer(layer);
        let initialiser = self.initialiser.unwrap_or(Initialiser::suited_to(self.hidden));
        let LayerUnits { unit, output } = self.units();
        Ok(PretrainedLayer {
            encoder: initialiser.layer(up, n_inputs, n_hidden, stream(ENCODER)),
            unit,
            decoder: initialiser.layer(down, n_hidden, n_inputs, stream(DECODER)),
            output,
        })
    }
}

impl Default for RandomInitialisation {
    fn default() -> Self {
        RandomInitialisation::suited_to(Activation::Logistic)
    }
}

impl Pretraining for RandomInitialisation {
    fn validate(&self) -> Result<(), InvalidSetting> {
        self.initialiser.map_or(Ok(()), |initialiser| initialiser.validate())?;
        self.convolution.map_or(Ok(()), |convolution| convolution.validate())
    }

    fn convolution(&self) -> Option<ConvolutionConfig> {
        self.convolution
    }

    fn set_image_shape(&mut self, shape: [usize; 3]) {
        if let Some(convolution) = &mut self.convolution {
            convolution.input = Some(shape);
        }
    }

    fn units(&self) -> LayerUnits {
        LayerUnits { unit: self.hidden, output: Activation::Logistic }
    }

    fn needs_data(&self) -> bool {
        false
    }

    fn without_data(
        &self,
        n_inputs: usize,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Option<PretrainedLayer> {
        self.layer(n_inputs, n_hidden, seed, layer).ok()
    }

    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        Ok(Begun::Complete(self.layer(inputs.ncols(), n_hidden, seed, layer)?))
    }
}
