use nn_core::{Activation, Initialiser, InvalidSetting, Loss, require};
use serde::{Deserialize, Serialize};

/// What the visible values are; decides output unit and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// Bits, or intensities in [0, 1]: logistic units, cross-entropy.
    Binary,
    /// Any real numbers: identity units, squared error.
    Real,
}

/// The architecture of an autoencoder: `encoder_layers`, the code, `decoder_layers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Hidden units of the code: of the one hidden layer, where there are no others.
    pub n_hidden: usize,
    /// Units of the hidden layers between data and code, from the data on; 784-1000-500-30 has
    /// `[1000, 500]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encoder_layers: Vec<usize>,
    /// Units of the hidden layers between code and reconstruction, from the code on; `None` mirrors
    /// the encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder_layers: Option<Vec<usize>>,
    /// What the hidden units do.
    pub hidden: Activation,
    /// What the code units do, where it is not what the other hidden units do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Activation>,
    /// How many units of a code are kept, the largest, where not all are (k-sparse).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// How many of them are kept where codes are features for a classifier, if not so many: twice or
    /// three times as many classify better (Makhzani & Frey 2014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encode_top_k: Option<usize>,
    /// What the data are.
    pub data: DataKind,
    /// The output unit, where it is not to follow from `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Activation>,
    /// The loss, where it is not to follow from the output unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Whether the decoder's weights are the encoder's, transposed.
    pub tied: bool,
    /// How weights begin; `None` takes what suits the units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialiser: Option<Initialiser>,
}

impl Default for AutoencoderConfig {
    fn default() -> Self {
        AutoencoderConfig {
            n_hidden: 256,
            encoder_layers: vec![],
            decoder_layers: None,
            hidden: Activation::Logistic,
            code: None,
            top_k: None,
            encode_top_k: None,
            data: DataKind::Binary,
            output: None,
            loss: None,
            tied: false,
            initialiser: None,
        }
    }
}

impl AutoencoderConfig {
    /// The output unit: as set, or as it follows from the data.
    pub fn output_unit(&self) -> Activation {
        self.output.unwrap_or(match self.data {
            DataKind::Binary => Activation::Logistic,
            DataKind::Real => Activation::Identity,
        })
    }

    /// The code unit: as set, or that of the other hidden layers.
    pub fn code_unit(&self) -> Activation {
        self.code.unwrap_or(self.hidden)
    }

    /// The loss: as set, or as it follows from the output unit.
    pub fn loss(&self) -> Loss {
        self.loss.unwrap_or_else(|| Loss::suited_to(self.output_unit()))
    }

    /// The hidden layers between code and reconstruction.
    fn decoder_layers(&self) -> Vec<usize> {
        let mirrored = || self.encoder_layers.iter().rev().copied().collect();
        self.decoder_layers.clone().unwrap_or_else(mirrored)
    }

    /// Units of every layer, from the data to the reconstruction.
    pub fn widths(&self, n_visible: usize) -> Vec<usize> {
        let mut widths = vec![n_visible];
        widths.extend(&self.encoder_layers);
        widths.push(self.n_hidden);
        widths.extend(self.decoder_layers());
        widths.push(n_visible);
        widths
    }

    /// What the units of every layer after the data do.
    pub fn units(&self) -> Vec<Activation> {
        let mut units = vec![self.hidden; self.encoder_layers.len()];
        units.push(self.code_unit());
        units.extend(self.decoder_layers().iter().map(|_| self.hidden));
        units.push(self.output_unit());
        units
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(self.n_hidden >= 1, "model.n_hidden", &self.n_hidden, "at least 1")?;
        let decoder = self.decoder_layers();
        for (field, layers) in
            [("model.encoder_layers", &self.encoder_layers), ("model.decoder_layers", &decoder)]
        {
            let smallest = layers.iter().min().unwrap_or(&1);
            require(*smallest >= 1, field, smallest, "at least 1 unit a layer")?;
        }
        let mirrored = decoder.iter().rev().eq(&self.encoder_layers);
        let expected = "false where the decoder does not mirror the encoder";
        require(!self.tied || mirrored, "model.tied", &self.tied, expected)?;
        let units = 1..=self.n_hidden;
        if let Some(k) = self.top_k {
            require(units.contains(&k), "model.top_k", &k, "1 to model.n_hidden")?;
        }
        if let Some(k) = self.encode_top_k {
            let holds = self.top_k.is_some() && units.contains(&k);
            let expected = "1 to model.n_hidden, beside model.top_k";
            require(holds, "model.encode_top_k", &k, expected)?;
        }
        self.loss().validate(self.output_unit())?;
        self.initialiser.map_or(Ok(()), |it| it.validate().map_err(|error| error.within("model")))
    }
}
