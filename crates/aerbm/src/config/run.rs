//! The settings of one model, from presets and files.

use std::path::Path;

use include_dir::{Dir, include_dir};
use mnist_io::{ImageShape, SplitRule};
use nn_core::{BlockKind, InvalidSetting, Layout};
use serde::Serialize;
use study::nearest;
use toml::{Table, Value};

use super::autoencoder::AutoencoderSettings;
use super::conv_rbm::ConvRbmSettings;
use super::kind::RunKind;
use super::memory::Memory;
use super::parse::{ConfigError, from_table, set, table, text_of};
use super::rbm::{DbnSettings, RbmSettings};
use super::stopping::Stopping;
use crate::Error;

/// The folder of presets, embedded in the program: one TOML file each.
static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// The presets, sorted by name: (name, TOML text).
pub fn presets() -> Vec<(&'static str, &'static str)> {
    let mut presets: Vec<(&str, &str)> = FOLDER
        .files()
        .filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
        .collect();
    presets.sort_unstable();
    presets
}

/// The settings of a model and of its training.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "a run has one")]
pub enum RunConfig {
    /// An autoencoder.
    Autoencoder(AutoencoderSettings),
    /// A restricted Boltzmann machine.
    Rbm(RbmSettings),
    /// A deep belief network.
    Dbn(DbnSettings),
    /// A convolutional RBM, or a convolutional deep belief network.
    ConvRbm(ConvRbmSettings),
}

/// Reads the settings of one kind from a table.
type Read = fn(Table, &str) -> Result<RunConfig, ConfigError>;

/// The kinds of runs.
const KINDS: [(&str, Read); 4] = [
    ("autoencoder", |table, origin| Ok(RunConfig::Autoencoder(from_table(table, origin)?))),
    ("rbm", |table, origin| Ok(RunConfig::Rbm(from_table(table, origin)?))),
    ("dbn", |table, origin| Ok(RunConfig::Dbn(from_table(table, origin)?))),
    ("conv-rbm", |table, origin| Ok(RunConfig::ConvRbm(from_table(table, origin)?))),
];

impl RunConfig {
    fn kind(&self) -> &dyn RunKind {
        match self {
            RunConfig::Autoencoder(settings) => settings,
            RunConfig::Rbm(settings) => settings,
            RunConfig::Dbn(settings) => settings,
            RunConfig::ConvRbm(settings) => settings,
        }
    }

    fn kind_mut(&mut self) -> &mut dyn RunKind {
        match self {
            RunConfig::Autoencoder(settings) => settings,
            RunConfig::Rbm(settings) => settings,
            RunConfig::Dbn(settings) => settings,
            RunConfig::ConvRbm(settings) => settings,
        }
    }

    /// The settings of the preset of this name.
    ///
    /// # Errors
    /// [`ConfigError`] naming the nearest preset if there is none of this name.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let text = preset_text(name).ok_or_else(|| unknown_preset(name))?;
        RunConfig::from_table(table(text, name)?, name)
    }

    /// Loads the settings of a preset or TOML file, changed by assignments such as `model.n_hidden=100`, and
    /// the run's name.
    ///
    /// # Errors
    /// [`Error::Config`] for settings that make no sense, [`Error::Io`] if the file cannot be read.
    pub fn load(source: &str, assignments: &[String]) -> Result<(Self, String), Error> {
        let (mut table, name) = source_table(source)?;
        for assignment in assignments {
            set(&mut table, assignment)?;
        }
        Ok((RunConfig::from_table(table, source)?, name))
    }

    /// Returns these settings, changed by an assignment such as `model.n_hidden=100`.
    ///
    /// # Errors
    /// [`ConfigError`] if the assignment or the setting makes no sense.
    pub fn with(&self, assignment: &str) -> Result<Self, ConfigError> {
        let text = self.to_toml()?;
        let mut table = table(&text, self.method())?;
        set(&mut table, assignment)?;
        RunConfig::from_table(table, self.method())
    }

    /// Reads and checks settings. `origin` names the table in errors.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_table(mut table: Table, origin: &str) -> Result<Self, ConfigError> {
        let kind = table.remove("kind");
        let kind = kind.as_ref().and_then(Value::as_str);
        let Some((_, read)) = KINDS.iter().find(|(name, _)| Some(*name) == kind) else {
            return Err(unknown_kind(kind, origin));
        };
        let config = read(table, origin)?;
        let checked = config.kind().validate();
        checked.map_err(|error| ConfigError(format!("{origin}: {error}")))?;
        Ok(config)
    }

    /// Adapts the settings to samples of this shape, and returns whether anything had to be left out. Random
    /// shifts take the width and channels of the images, which need not be square, and are left out if
    /// samples are not images. Convolutions whose input is not set take that of the images.
    ///
    /// # Errors
    /// [`InvalidSetting`] if images of this size cannot be shifted so far or do not fit a convolution, or if
    /// samples are not images.
    pub fn for_shape(mut self, shape: ImageShape) -> Result<(Self, bool), InvalidSetting> {
        let left_out = self.kind_mut().fit_to_shape(shape)?;
        Ok((self, left_out))
    }

    /// Adapts the settings to data of this layout, and returns whether anything was changed. Nothing changes
    /// if all values are in [0, 1], or if values are real numbers and the settings have units for them.
    /// Otherwise the output units and losses of an autoencoder, and the visible units of an RBM and its
    /// learning rate, follow from the blocks of the layout.
    ///
    /// # Errors
    /// [`ConfigError`] for a deep belief network, whose visible units are those of its upper layers, and for
    /// convolutional RBMs.
    pub fn for_layout(mut self, layout: &Layout) -> Result<(Self, bool), ConfigError> {
        if layout.only() == Some(BlockKind::UnitInterval) {
            return Ok((self, false));
        }
        let changed = self.kind_mut().fit_to_layout(layout)?;
        Ok((self, changed))
    }

    /// Split of the training samples into training and validation parts.
    pub fn split(&self) -> SplitRule {
        self.kind().split()
    }

    /// Epochs of training, over all layers.
    pub fn epochs(&self) -> usize {
        self.kind().epochs()
    }

    /// Parameter updates of training on `n_samples` samples, over all layers.
    pub fn updates(&self, n_samples: usize) -> usize {
        self.epochs() * n_samples.div_ceil(self.kind().batch_size().max(1))
    }

    /// The kind of model in tables: `autoencoder`, `rbm`, `dbn` or `conv-rbm`.
    pub fn method(&self) -> &'static str {
        self.kind().method()
    }

    /// The memory that training takes on samples of `n_visible` values, not counting the samples.
    pub fn memory(&self, n_visible: usize) -> Memory {
        self.kind().memory(n_visible)
    }

    /// Estimates the multiply-adds of training on `n_samples` samples of `n_visible` values, without
    /// measurements of the likelihood.
    pub(crate) fn multiply_adds(&self, n_samples: usize, n_visible: usize) -> f64 {
        self.kind().multiply_adds(n_samples, n_visible)
    }

    /// Whether the training samples have to be in memory: for pretraining, for measurements of the
    /// likelihood, and for stacks.
    pub fn needs_memory(&self) -> bool {
        self.kind().needs_memory()
    }

    /// Early stopping.
    pub fn stopping(&self) -> Stopping {
        self.kind().stopping()
    }

    /// The settings in full, as TOML.
    ///
    /// # Errors
    /// [`ConfigError`]; never for settings that were read from TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|error| ConfigError(format!("settings as TOML: {error}")))
    }
}

/// The stem of a file name in the form that names of runs and figures have: characters other than `_` and the
/// letters and digits of any script become `-`.
pub fn plain_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    if name.is_empty() { "run".into() } else { name }
}

fn unknown_kind(kind: Option<&str>, origin: &str) -> ConfigError {
    let [first @ .., last] = KINDS.map(|(name, _)| format!("\"{name}\""));
    let expected = format!("expected {} or {last}", first.join(", "));
    let Some(kind) = kind else {
        return ConfigError(format!("{origin}: `kind` is missing: {expected}"));
    };
    let hint = nearest(kind, KINDS.map(|(name, _)| name));
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    ConfigError(format!("{origin}: kind = \"{kind}\": {expected}{hint}"))
}

fn preset_text(name: &str) -> Option<&'static str> {
    presets().into_iter().find(|(preset, _)| *preset == name).map(|(_, text)| text)
}

fn unknown_preset(name: &str) -> ConfigError {
    let names: Vec<&str> = presets().into_iter().map(|(name, _)| name).collect();
    let hint = nearest(name, names.iter().copied());
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    ConfigError(format!(
        "there is no preset `{name}`{hint}: expected one of {}, or a TOML file",
        names.join(", ")
    ))
}

/// The table of a preset or file, and its name.
pub(crate) fn source_table(source: &str) -> Result<(Table, String), Error> {
    if let Some(text) = preset_text(source) {
        return Ok((table(text, source)?, source.to_owned()));
    }
    let path = Path::new(source);
    let is_file = path.extension().is_some_and(|e| e == "toml") || path.is_file();
    if !is_file {
        return Err(unknown_preset(source).into());
    }
    let text = text_of(path).map_err(|error| Error::Io { path: path.to_owned(), source: error })?;
    Ok((table(&text, source)?, plain_name(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_and_survives_being_printed() {
        for (name, _) in presets() {
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
    fn names_keep_the_letters_of_every_script() {
        for (path, name) in [
            ("settings/my run.toml", "my-run"),
            ("내 설정_2.toml", "내-설정_2"),
            ("größe.toml", "größe"),
            ("../<b>.toml", "-b-"),
            ("/", "run"),
        ] {
            assert_eq!(plain_name(Path::new(path)), name);
        }
    }

    #[test]
    fn what_is_no_image_is_not_moved() {
        let shift = |height, width| {
            let (config, _) = RunConfig::load("deep-autoencoder", &[]).expect("a preset is valid");
            let (config, left_out) =
                config.for_shape(ImageShape::grey(height, width)).expect("large enough");
            let RunConfig::Autoencoder(settings) = config else { panic!("an autoencoder") };
            (settings.training.shift.map(|shift| shift.width), left_out)
        };
        assert_eq!(shift(28, 28), (Some(None), false));
        assert_eq!(shift(20, 30), (Some(Some(30)), false));
        assert_eq!(shift(1, 13), (None, true));
        let far = ["training.shift={pixels=28}".to_owned()];
        let (config, _) = RunConfig::load("denoising", &far).expect("valid for larger images");
        let error = config.for_shape(ImageShape::grey(28, 28)).expect_err("too far");
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
        assert!(deep.contains("expected one fully connected hidden layer"), "{deep}");
        let fraction = error("denoising", "training.corruption={kind=\"masking\", fraction=2}");
        assert!(fraction.contains("training.corruption.fraction = 2"), "{fraction}");
        let tied = error("stacked-denoising", "model.tied=true");
        assert!(tied.contains("model.tied = true"), "{tied}");
        assert!(error("deep-autoencoder", "stopping.patience=0").contains("at least 1"));
        assert!(error("autoencoder", "training.schedule=cosin").contains("`cosine`"));
    }

    #[test]
    fn the_work_of_a_convolution_is_that_of_its_kernels_at_every_place() {
        let work = |preset: &str| {
            let config = RunConfig::preset(preset).expect("a preset");
            config.multiply_adds(10, 784) / (5.0 * config.epochs() as f64 * 10.0)
        };
        // 16 maps by kernels of 5 × 5 at 24 × 24 positions; back by kernels of 6 × 6 at 12 × 12 positions.
        let expected = f64::from(24 * 24 * 25 * 16 + 12 * 12 * 36 * 16);
        assert_eq!(work("conv-autoencoder"), expected);
        assert_eq!(work("autoencoder"), f64::from(2 * 784 * 256));
    }

    #[test]
    fn unknown_presets_are_answered_with_the_nearest() {
        let error = RunConfig::load("tutoral", &[]).expect_err("a typing mistake").to_string();
        assert!(error.contains("did you mean `tutorial`?"), "{error}");
    }
}
