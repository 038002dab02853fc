use nn_core::{
    Activation, Connection, ConvolutionConfig, Initialiser, InvalidSetting, Layout, Loss, Pooling,
    require,
};
use serde::{Deserialize, Serialize};

/// Kind of data, which determines the default output unit and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// Bits, or intensities in [0, 1]: logistic units, cross-entropy.
    Binary,
    /// Any real numbers: identity units, squared error.
    Real,
}

/// Architecture of an autoencoder: `encoder_layers`, the code, `decoder_layers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Number of code units. The code is the only hidden layer unless others are given.
    pub n_hidden: usize,
    /// Number of units of each hidden layer between data and code, starting at the data. A
    /// 784-1000-500-30 encoder has `[1000, 500]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encoder_layers: Vec<usize>,
    /// Number of units of each hidden layer between code and reconstruction, starting at the code.
    /// `None` mirrors the encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder_layers: Option<Vec<usize>>,
    /// A convolution with max-pooling as the encoder, instead of a fully connected layer of `n_hidden` units;
    /// the decoder is its transpose, with its own weights (Masci, Meier, Cireşan & Schmidhuber 2011). The
    /// code has one unit per pooled value of each map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convolution: Option<ConvolutionConfig>,
    /// Activation of the hidden units.
    pub hidden: Activation,
    /// Activation of the code units. `None` takes that of the other hidden units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Activation>,
    /// Number of code units kept in each sample, those with the largest values (k-sparse autoencoder). `None`
    /// keeps all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Number of code units kept when codes serve as features. `None` keeps `top_k`. Two or three times as
    /// many give better classifiers (Makhzani & Frey 2014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encode_top_k: Option<usize>,
    /// Kind of data.
    pub data: DataKind,
    /// Layout of the rows of a mixed table. Each block then has the output unit and the loss that suit it
    /// (see [`Layout`]), so `output` and `loss` must not be set. `None` means that all columns are alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// Activation of the output units. `None` chooses it by `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Activation>,
    /// Reconstruction loss. `None` chooses it by the output unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Whether the decoder uses the encoder's weights, transposed.
    pub tied: bool,
    /// Weight initialisation. `None` chooses it by each layer's units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialiser: Option<Initialiser>,
}

impl Default for AutoencoderConfig {
    fn default() -> Self {
        AutoencoderConfig {
            n_hidden: 256,
            encoder_layers: vec![],
            decoder_layers: None,
            convolution: None,
            hidden: Activation::Logistic,
            code: None,
            top_k: None,
            encode_top_k: None,
            data: DataKind::Binary,
            layout: None,
            output: None,
            loss: None,
            tied: false,
            initialiser: None,
        }
    }
}

impl AutoencoderConfig {
    /// Activation of the output units: `output`, or the default for `data`; with a layout, the identity,
    /// because its blocks are applied to the total inputs.
    pub fn output_unit(&self) -> Activation {
        if self.layout.is_some() {
            return Activation::Identity;
        }
        self.output.unwrap_or(match self.data {
            DataKind::Binary => Activation::Logistic,
            DataKind::Real => Activation::Identity,
        })
    }

    /// Activation of the code units: `code`, or that of the other hidden layers.
    pub fn code_unit(&self) -> Activation {
        self.code.unwrap_or(self.hidden)
    }

    /// Reconstruction loss: `loss`, or the default for the output unit. The losses of a layout's blocks are
    /// in nats, like cross-entropy.
    pub fn loss(&self) -> Loss {
        if self.layout.is_some() {
            return Loss::CrossEntropy;
        }
        self.loss.unwrap_or_else(|| Loss::suited_to(self.output_unit()))
    }

    /// Number of units of each hidden layer between code and reconstruction.
    fn decoder_layers(&self) -> Vec<usize> {
        let mirrored = || self.encoder_layers.iter().rev().copied().collect();
        self.decoder_layers.clone().unwrap_or_else(mirrored)
    }

    /// Number of units of every layer, from the data to the reconstruction, and the connections between
    /// them.
    ///
    /// # Errors
    /// [`InvalidSetting`] if a convolution does not fit data of `n_visible` columns.
    pub fn layers(
        &self,
        n_visible: usize,
    ) -> Result<(Vec<usize>, Vec<Connection>), InvalidSetting> {
        if let Some(convolution) = &self.convolution {
            let up = convolution.of_inputs(n_visible).map_err(|error| error.within("model"))?;
            let down = up.unpooled().map_or(Connection::Full, Connection::Transposed);
            let widths = vec![n_visible, up.n_outputs(), n_visible];
            return Ok((widths, vec![Connection::Convolution(up), down]));
        }
        let mut widths = vec![n_visible];
        widths.extend(&self.encoder_layers);
        widths.push(self.n_hidden);
        widths.extend(self.decoder_layers());
        widths.push(n_visible);
        let connections = vec![Connection::Full; widths.len() - 1];
        Ok((widths, connections))
    }

    /// Activation of every layer after the data.
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
            require(*smallest >= 1, field, smallest, "at least 1 unit per layer")?;
        }
        let mirrored = decoder.iter().rev().eq(&self.encoder_layers);
        let expected = "false, or a decoder that mirrors the encoder";
        require(!self.tied || mirrored, "model.tied", &self.tied, expected)?;
        self.validate_convolution()?;
        let units = 1..=self.n_hidden;
        if let Some(k) = self.top_k {
            require(units.contains(&k), "model.top_k", &k, "1 to model.n_hidden")?;
        }
        if let Some(k) = self.encode_top_k {
            let holds = self.top_k.is_some() && units.contains(&k);
            let expected = "1 to model.n_hidden, together with model.top_k";
            require(holds, "model.encode_top_k", &k, expected)?;
        }
        if let Some(layout) = &self.layout {
            layout.validate()?;
            let unset = self.output.is_none() && self.loss.is_none();
            let expected =
                "none, or no output and no loss: those of a layout follow from its blocks";
            require(unset, "model.layout", &"set", expected)?;
        } else {
            self.loss().validate(self.output_unit())?;
        }
        self.initialiser.map_or(Ok(()), |it| it.validate().map_err(|error| error.within("model")))
    }

    /// Checks a convolution and the settings that do not combine with it.
    fn validate_convolution(&self) -> Result<(), InvalidSetting> {
        let Some(convolution) = &self.convolution else { return Ok(()) };
        convolution.validate().map_err(|error| error.within("model"))?;
        let side = matches!(convolution.pool, Pooling::Max(_));
        let expected = "the side of the windows: an average cannot be undone";
        require(side, "model.convolution.pool", &"average", expected)?;
        let one = self.encoder_layers.is_empty() && self.decoder_layers.is_none();
        let expected = "none with a convolution, which is the only layer of the encoder";
        require(one, "model.encoder_layers or decoder_layers", &"set", expected)?;
        let units = self.n_hidden == AutoencoderConfig::default().n_hidden;
        let expected =
            "no value with a convolution: the code has a unit for each value of its maps";
        require(units, "model.n_hidden", &self.n_hidden, expected)?;
        let expected = "false with a convolution, whose decoder has weights of its own";
        require(!self.tied, "model.tied", &self.tied, expected)?;
        let expected = "none with a convolution";
        require(self.top_k.is_none(), "model.top_k", &self.top_k.unwrap_or_default(), expected)
    }
}
