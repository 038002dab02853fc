//! The likelihood of an RBM, dense or convolutional: exact where a layer is small, otherwise a bracket by annealed importance
//! sampling in both directions.

mod energy_model;

use mnist_io::{Dataset, Splits};
use ndarray::{Array2, ArrayView2};
use rbm_core::{AnnealingConfig, Binarisation, LogZBracket};

use crate::config::{LikelihoodSettings, RunConfig};
use crate::model::Model;
use crate::record::Measure;
use crate::{Error, mean};

pub use energy_model::EnergyModel;

/// Seed of the draw of binary pixels that all models are measured on.
const PIXELS_SEED: u64 = 0;

/// A model whose likelihood can be measured, and how it is.
pub struct Subject<'a> {
    /// The model.
    pub rbm: &'a dyn EnergyModel,
    /// Binarisation of grey values in training.
    pub binarisation: Binarisation,
    /// How the likelihood is measured.
    pub settings: &'a LikelihoodSettings,
}

impl<'a> Subject<'a> {
    /// The model with these settings, if it is an RBM of one layer, dense or convolutional: no others have
    /// a likelihood that can be measured.
    pub fn of(model: &'a Model, config: &'a RunConfig) -> Option<Self> {
        match (model, config) {
            (Model::Rbm(rbm), RunConfig::Rbm(of)) => {
                let binarisation = of.training.binarisation;
                Some(Subject { rbm, binarisation, settings: &of.likelihood })
            }
            (Model::ConvDbn(dbn), RunConfig::ConvRbm(of)) => match dbn.layers.as_slice() {
                [rbm] => {
                    let binarisation = of.layers[0].training.binarisation;
                    Some(Subject { rbm, binarisation, settings: &of.likelihood })
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// log Z of a model, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogZ {
    /// The exact value, by enumeration.
    Exact(f64),
    /// Two estimates by annealing, one from either side.
    Bracket(LogZBracket),
}

impl LogZ {
    /// log Z of the model. `train` holds the training samples in the form that the model sees.
    ///
    /// # Errors
    /// [`Error::Likelihood`] or [`Error::Training`] for units or settings without an estimate.
    pub fn of(
        rbm: &dyn EnergyModel,
        train: ArrayView2<f32>,
        config: &AnnealingConfig,
        seed: u64,
    ) -> Result<Self, Error> {
        Ok(match rbm.exact_log_z()? {
            Some(value) => LogZ::Exact(value),
            None => LogZ::Bracket(rbm.bracket_log_z(train, config, seed)?),
        })
    }

    /// The value, or the middle of the bracket, in nats.
    pub fn value(&self) -> f64 {
        match self {
            LogZ::Exact(value) => *value,
            LogZ::Bracket(bracket) => bracket.log_z(),
        }
    }

    /// A judgement of the estimate, for people.
    pub fn verdict(&self) -> String {
        match self {
            LogZ::Exact(_) => "exact".to_owned(),
            LogZ::Bracket(bracket) if bracket.is_closed() => "both directions agree".to_owned(),
            LogZ::Bracket(LogZBracket { lower, upper }) => format!(
                "unreliable: the two estimates differ by {:.1} nats (effective chains: {:.0} and {:.0})",
                (upper.log_z - lower.log_z).abs(),
                lower.effective_chains,
                upper.effective_chains
            ),
        }
    }

    fn measures(&self) -> Vec<Measure> {
        let row = |metric, value, unit| Measure::new("model", metric, value, unit);
        let mut rows = vec![row("log_z_nats", self.value(), "nats")];
        if let LogZ::Bracket(LogZBracket { lower, upper }) = self {
            rows.push(row("log_z_nats_lower", lower.log_z, "nats"));
            rows.push(row("log_z_nats_upper", upper.log_z, "nats"));
            rows.push(row("log_z_nats_lower_standard_error", lower.standard_error, "nats"));
            rows.push(row("log_z_nats_upper_standard_error", upper.standard_error, "nats"));
            rows.push(row("ais_effective_chains", lower.effective_chains, "chains"));
            rows.push(row("reverse_ais_effective_chains", upper.effective_chains, "chains"));
        }
        rows
    }

    /// The mean log-likelihood of a set, with its bracket.
    fn likelihoods(&self, split: &str, rbm: &dyn EnergyModel, x: ArrayView2<f32>) -> Vec<Measure> {
        let unnormalised = -mean(&rbm.free_energies(x));
        let row = |metric, log_z| Measure::new(split, metric, unnormalised - log_z, "nats");
        let mut rows = vec![row("log_likelihood_nats", self.value())];
        if let LogZ::Bracket(LogZBracket { lower, upper }) = self {
            // Where the bracket is narrower than its errors, the estimates may have crossed.
            rows.push(row("log_likelihood_nats_lower", lower.log_z.max(upper.log_z)));
            rows.push(row("log_likelihood_nats_upper", lower.log_z.min(upper.log_z)));
        }
        rows
    }
}

/// The samples in the form that the model sees: for binary units, the same draw of binary states for every
/// model, also where training used grey values as probabilities.
pub(crate) fn states(
    rbm: &dyn EnergyModel,
    binarisation: Binarisation,
    images: ArrayView2<f32>,
) -> Array2<f32> {
    let how = evaluated(rbm, binarisation);
    let samples: Vec<usize> = (0..images.nrows()).collect();
    let mut out = Array2::zeros(images.dim());
    how.gather(&images, &samples, (PIXELS_SEED, 0, 0), out.view_mut())
        .expect("images are in memory");
    out
}

/// The form of the values that likelihood measurements see, in words.
pub fn pixels(rbm: &dyn EnergyModel, binarisation: Binarisation) -> &'static str {
    if rbm.visible().mean_is_probability() {
        evaluated(rbm, binarisation).name()
    } else {
        rbm.visible().values()
    }
}

/// The binarisation of likelihood measurements.
fn evaluated(rbm: &dyn EnergyModel, binarisation: Binarisation) -> Binarisation {
    match binarisation {
        Binarisation::Probabilities if rbm.visible().mean_is_probability() => Binarisation::Sample,
        binarisation => binarisation,
    }
}

/// log Z, and the likelihood of the validation samples.
///
/// # Errors
/// As [`LogZ::of`].
pub(crate) fn of_validation(
    rbm: &dyn EnergyModel,
    (binarisation, config): (Binarisation, &AnnealingConfig),
    data: &Splits,
    seed: u64,
) -> Result<Vec<Measure>, Error> {
    let states = |set: &Dataset| states(rbm, binarisation, set.images.view());
    let log_z = LogZ::of(rbm, states(&data.train).view(), config, seed)?;
    let mut rows = log_z.measures();
    rows.extend(log_z.likelihoods("validation", rbm, states(&data.validation).view()));
    Ok(rows)
}

/// log Z, and the likelihoods and pseudo-likelihoods of the three parts.
///
/// # Errors
/// As [`LogZ::of`].
pub fn of_all(
    rbm: &dyn EnergyModel,
    (binarisation, config): (Binarisation, &AnnealingConfig),
    data: &Splits,
    seed: u64,
) -> Result<(LogZ, Vec<Measure>), Error> {
    let train = states(rbm, binarisation, data.train.images.view());
    let log_z = LogZ::of(rbm, train.view(), config, seed)?;
    let mut rows = log_z.measures();
    for (split, set) in
        [("train", &data.train), ("validation", &data.validation), ("test", &data.test)]
    {
        let x = states(rbm, binarisation, set.images.view());
        rows.extend(log_z.likelihoods(split, rbm, x.view()));
        rows.extend(pseudo_likelihood(split, rbm, x.view()));
    }
    Ok((log_z, rows))
}

/// The mean pseudo-log-likelihood, for units that have one.
fn pseudo_likelihood(
    split: &str,
    rbm: &dyn EnergyModel,
    states: ArrayView2<f32>,
) -> Option<Measure> {
    let found = rbm.pseudo_log_likelihoods(states)?;
    Some(Measure::new(split, "pseudo_log_likelihood_nats", mean(&found), "nats"))
}
