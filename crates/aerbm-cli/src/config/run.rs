use std::path::Path;

use ae_core::{AutoencoderConfig, Objective};
use anyhow::Context as _;
use mnist_io::{ImageShape, SplitRule};
use nn_core::{InvalidSetting, TrainingError, require};
use serde::{Deserialize, Serialize};
use stack::{DeepPretraining, LayerPretraining};
use toml::{Table, Value};

use super::parse::{from_table, nearest, table};
use super::{DbnSettings, RbmSettings, UsageError, set};

/// The presets, each a TOML file in the binary.
pub(crate) const PRESETS: [(&str, &str); 16] = [
    ("tutorial", include_str!("../../presets/tutorial.toml")),
    ("autoencoder", include_str!("../../presets/autoencoder.toml")),
    ("autoencoder-mse", include_str!("../../presets/autoencoder-mse.toml")),
    ("sparse", include_str!("../../presets/sparse.toml")),
    ("denoising", include_str!("../../presets/denoising.toml")),
    ("contractive", include_str!("../../presets/contractive.toml")),
    ("k-sparse", include_str!("../../presets/k-sparse.toml")),
    ("deep-autoencoder", include_str!("../../presets/deep-autoencoder.toml")),
    (
        "deep-autoencoder-from-scratch",
        include_str!("../../presets/deep-autoencoder-from-scratch.toml"),
    ),
    ("deep-autoencoder-2d", include_str!("../../presets/deep-autoencoder-2d.toml")),
    ("stacked-autoencoder", include_str!("../../presets/stacked-autoencoder.toml")),
    ("stacked-denoising", include_str!("../../presets/stacked-denoising.toml")),
    ("rbm", include_str!("../../presets/rbm.toml")),
    ("rbm-pcd", include_str!("../../presets/rbm-pcd.toml")),
    ("gaussian-rbm", include_str!("../../presets/gaussian-rbm.toml")),
    ("dbn", include_str!("../../presets/dbn.toml")),
];

/// A model and how it is trained.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "a run has one")]
pub(crate) enum RunConfig {
    Autoencoder(AutoencoderSettings),
    Rbm(RbmSettings),
    Dbn(DbnSettings),
}

/// An autoencoder's settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AutoencoderSettings {
    pub(crate) partition: SplitRule,
    pub(crate) model: AutoencoderConfig,
    pub(crate) training: ae_core::TrainingConfig,
    /// When training ends before its last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopping: Option<Stopping>,
    /// How the layers begin, where not at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pretraining: Option<Box<DeepPretraining>>,
}

impl AutoencoderSettings {
    fn validate(&self) -> Result<(), TrainingError> {
        Objective::new(&self.model, &self.training)?;
        self.stopping.map_or(Ok(()), Stopping::validate)?;
        self.pretraining.as_ref().map_or(Ok(()), |layers| layers.validate(&self.model))
    }
}

/// When training ends before its last epoch. The model that was best on the validation set is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Stopping {
    /// Epochs without a lower validation error after which training stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patience: Option<usize>,
    /// Seconds of training after which no new epoch begins. The clock decides: runs with the same
    /// seed may then differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_seconds: Option<f64>,
}

impl Stopping {
    fn validate(self) -> Result<(), InvalidSetting> {
        let patience = self.patience.unwrap_or(1);
        require(patience >= 1, "stopping.patience", &patience, "at least 1")?;
        let seconds = self.max_seconds.unwrap_or(1.0);
        let holds = seconds.is_finite() && seconds > 0.0;
        require(holds, "stopping.max_seconds", &seconds, "a finite number above 0")
    }
}

impl RunConfig {
    /// The preset or file of this name with the assignments applied, and the run's name.
    pub(crate) fn load(source: &str, assignments: &[String]) -> anyhow::Result<(Self, String)> {
        let (mut table, name) = source_table(source)?;
        for assignment in assignments {
            set(&mut table, assignment)?;
        }
        Ok((RunConfig::from_table(table, source)?, name))
    }

    /// Reads and checks settings.
    pub(crate) fn from_table(mut table: Table, origin: &str) -> Result<Self, UsageError> {
        let kinds = ["autoencoder", "rbm", "dbn"];
        let kind = table.remove("kind");
        let config = match kind.as_ref().and_then(Value::as_str) {
            Some("autoencoder") => RunConfig::Autoencoder(from_table(table, origin)?),
            Some("rbm") => RunConfig::Rbm(from_table(table, origin)?),
            Some("dbn") => RunConfig::Dbn(from_table(table, origin)?),
            Some(other) => {
                let hint = nearest(other, kinds).map(|k| format!("; did you mean `{k}`?"));
                let hint = hint.unwrap_or_default();
                return Err(UsageError(format!(
                    "{origin}: kind = \"{other}\": expected \"autoencoder\", \"rbm\" or \"dbn\"{hint}"
                )));
            }
            None => {
                return Err(UsageError(format!(
                    "{origin}: `kind` is missing: expected \"autoencoder\", \"rbm\" or \"dbn\""
                )));
            }
        };
        let checked = match &config {
            RunConfig::Autoencoder(s) => s.validate(),
            RunConfig::Rbm(s) => s.validate().map_err(Into::into),
            RunConfig::Dbn(s) => s.validate().map_err(Into::into),
        };
        checked.map_err(|error| UsageError(format!("{origin}: {error}")))?;
        Ok(config)
    }

    /// The settings for samples of this shape, and whether something had to be left out: images
    /// that are not square are moved as what they are, and samples that are no images stay in place.
    ///
    /// # Errors
    /// [`InvalidSetting`] if images cannot be moved as they are to be.
    pub(crate) fn for_shape(mut self, shape: ImageShape) -> Result<(Self, bool), InvalidSetting> {
        let RunConfig::Autoencoder(settings) = &mut self else { return Ok((self, false)) };
        let layers =
            settings.pretraining.as_mut().map(|way| [Some(&mut way.layers), way.code.as_mut()]);
        let layers = layers.into_iter().flatten().flatten().filter_map(|way| match way {
            LayerPretraining::Autoencoder(way) => Some(&mut way.training),
            LayerPretraining::Rbm(_) => None,
        });
        let mut left_out = false;
        for training in layers.chain([&mut settings.training]) {
            let Some(shift) = &mut training.shift else { continue };
            if !shape.is_image() {
                (training.shift, left_out) = (None, true);
                continue;
            }
            if shape.height != shape.width {
                shift.width.get_or_insert(shape.width);
            }
            shift.shape(shape.n_pixels())?;
        }
        Ok((self, left_out))
    }

    pub(crate) fn partition(&self) -> SplitRule {
        match self {
            RunConfig::Autoencoder(settings) => settings.partition,
            RunConfig::Rbm(settings) => settings.partition,
            RunConfig::Dbn(settings) => settings.partition,
        }
    }

    pub(crate) fn epochs(&self) -> usize {
        match self {
            RunConfig::Autoencoder(settings) => settings.training.epochs,
            RunConfig::Rbm(settings) => settings.training.epochs,
            RunConfig::Dbn(settings) => settings.epochs(),
        }
    }

    pub(crate) fn method(&self) -> &'static str {
        match self {
            RunConfig::Autoencoder(_) => "autoencoder",
            RunConfig::Rbm(_) => "rbm",
            RunConfig::Dbn(_) => "dbn",
        }
    }

    /// What of these settings cannot do with samples that stay on disk.
    pub(crate) fn needs_memory(&self) -> Option<&'static str> {
        match self {
            RunConfig::Autoencoder(settings) => {
                settings.pretraining.as_ref().map(|_| "pretraining")
            }
            RunConfig::Rbm(settings) => {
                (settings.likelihood.every > 0).then_some("likelihood.every (0 leaves it out)")
            }
            RunConfig::Dbn(_) => Some("a deep belief network"),
        }
    }

    /// When training ends before its last epoch.
    pub(crate) fn stopping(&self) -> Stopping {
        match self {
            RunConfig::Autoencoder(settings) => settings.stopping.unwrap_or_default(),
            RunConfig::Rbm(_) | RunConfig::Dbn(_) => Stopping::default(),
        }
    }

    /// The settings in full, as TOML.
    pub(crate) fn to_toml(&self) -> anyhow::Result<String> {
        toml::to_string(self).context("settings as TOML")
    }
}

/// The name of a file, without its ending, as the names of runs and figures are: other characters than
/// letters and digits, `_` and `-` become `-`.
pub(crate) fn plain_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    if name.is_empty() { "run".into() } else { name }
}

/// The table of a preset or file, and its name.
pub(crate) fn source_table(source: &str) -> anyhow::Result<(Table, String)> {
    if let Some((name, text)) = PRESETS.iter().find(|(name, _)| *name == source) {
        return Ok((table(text, name)?, (*name).to_owned()));
    }
    let path = Path::new(source);
    let is_file = path.extension().is_some_and(|e| e == "toml") || path.is_file();
    if !is_file {
        let names = PRESETS.map(|(name, _)| name);
        let hint = nearest(source, names).map(|name| format!("; did you mean `{name}`?"));
        return Err(UsageError(format!(
            "no preset `{source}`{}: expected one of {}, or a TOML file",
            hint.unwrap_or_default(),
            names.join(", ")
        ))
        .into());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    Ok((table(&text, source)?, plain_name(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_and_survives_being_printed() {
        for (name, _) in PRESETS {
            let (config, _) = RunConfig::load(name, &[]).expect("a preset is valid");
            let printed = config.to_toml().expect("TOML");
            let again = RunConfig::from_table(table(&printed, name).expect("TOML"), name);
            assert_eq!(again.expect("the same"), config);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let error = |assignment: &str| {
            let outcome = RunConfig::load("rbm", &[assignment.to_owned()]);
            outcome.expect_err("a mistake").to_string()
        };
        let zero = error("model.n_hidden=0");
        assert_eq!(zero, "rbm: model.n_hidden = 0: expected at least 1");
        assert!(error("model.n_hiden=5").contains("did you mean `n_hidden`?"));
        assert!(error("modle.n_hidden=5").contains("did you mean `model`?"));
        assert!(error("model.n_hidden=many").contains("model.n_hidden: invalid type"));
        assert!(error("training.momentum=1.5").contains("a number in [0, 1)"));
        assert!(error("kind=rmb").contains("did you mean `rbm`?"));
    }

    #[test]
    fn what_is_no_image_is_not_moved() {
        let shift = |height, width| {
            let (config, _) = RunConfig::load("deep-autoencoder", &[]).expect("a preset is valid");
            let (config, left_out) =
                config.for_shape(ImageShape { height, width }).expect("large enough");
            let RunConfig::Autoencoder(settings) = config else { panic!("an autoencoder") };
            (settings.training.shift.map(|shift| shift.width), left_out)
        };
        assert_eq!(shift(28, 28), (Some(None), false));
        assert_eq!(shift(20, 30), (Some(Some(30)), false));
        assert_eq!(shift(1, 13), (None, true));
        let far = ["training.shift={pixels=28}".to_owned()];
        let (config, _) = RunConfig::load("denoising", &far).expect("valid for larger images");
        let error = config.for_shape(ImageShape { height: 28, width: 28 }).expect_err("too far");
        assert!(error.to_string().contains("training.shift.pixels = 28"), "{error}");
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let error = |preset: &str, assignment: &str| {
            let outcome = RunConfig::load(preset, &[assignment.to_owned()]);
            outcome.expect_err("a mistake").to_string()
        };
        let tanh = error("sparse", "model.hidden=tanh");
        assert!(tanh.contains("training.penalty.kind = kl: expected l1"), "{tanh}");
        let deep = error("contractive", "model.encoder_layers=[500]");
        assert!(deep.contains("expected one hidden layer"), "{deep}");
        let fraction = error("denoising", "training.corruption={kind=\"masking\", fraction=2}");
        assert!(fraction.contains("training.corruption.fraction = 2"), "{fraction}");
        let tied = error("stacked-denoising", "model.tied=true");
        assert!(tied.contains("model.tied = true"), "{tied}");
        assert!(error("deep-autoencoder", "stopping.patience=0").contains("at least 1"));
        assert!(error("autoencoder", "training.schedule=cosin").contains("`cosine`"));
    }

    #[test]
    fn unknown_presets_are_answered_with_the_nearest() {
        let error = RunConfig::load("tutoral", &[]).expect_err("a typing mistake").to_string();
        assert!(error.contains("did you mean `tutorial`?"), "{error}");
    }
}
