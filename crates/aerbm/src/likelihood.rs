//! The likelihood of an RBM, dense or convolutional: exact if a layer is small, otherwise with an interval,
//! and accompanied by the estimates of annealed importance sampling in both directions.

mod energy_model;

use mnist_io::{Dataset, Splits};
use ndarray::{Array2, ArrayView2};
use rbm_core::{Binarisation, Doubt, LogZConfig, LogZEstimate, LogZInterval};

use crate::config::{ConfigError, LikelihoodSettings, RunConfig};
use crate::model::Model;
use crate::monitor::{Monitor, observer};
use crate::record::Measure;
use crate::{Error, mean};

pub use energy_model::EnergyModel;
pub(crate) use energy_model::spread;

/// Seed of the draw of binary pixels that all models are measured on.
const PIXELS_SEED: u64 = 0;

/// A model whose likelihood can be measured, and the settings of the measurement.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The model.
    pub rbm: &'a dyn EnergyModel,
    /// Binarisation of grey values in training.
    pub binarisation: Binarisation,
    /// Settings of the likelihood estimate.
    pub settings: &'a LikelihoodSettings,
}

impl<'a> Subject<'a> {
    /// The model with these settings, if it is a single-layer RBM, dense or convolutional. The likelihood of
    /// other models cannot be measured.
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
    /// An estimate with its interval.
    Estimate(LogZInterval),
}

impl LogZ {
    /// log Z of the model. `train` holds the training samples in the form that the model sees.
    ///
    /// # Errors
    /// [`Error::Likelihood`] or [`Error::Config`] for units or settings without an estimate;
    /// [`Error::Interrupted`].
    pub fn of(
        rbm: &dyn EnergyModel,
        train: ArrayView2<f32>,
        config: &LogZConfig,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<Self, Error> {
        if let Some(value) = rbm.exact_log_z()? {
            return Ok(LogZ::Exact(value));
        }
        monitor.begin("log Z", config.max_sweeps);
        let base = rbm.independent_biases(train)?;
        let found = rbm.estimate_log_z((base.view(), train), config, seed, &mut observer(monitor));
        monitor.finish();
        Ok(LogZ::Estimate(found?))
    }

    /// The value or its estimate, in nats.
    pub fn value(&self) -> f64 {
        match self {
            LogZ::Exact(value) => *value,
            LogZ::Estimate(found) => found.log_z,
        }
    }

    /// A judgement of the estimate, in words.
    pub fn verdict(&self) -> String {
        let found = match self {
            LogZ::Exact(value) => return format!("{value:.2} nats, exact"),
            LogZ::Estimate(found) => found,
        };
        let LogZInterval { lower, upper, sweeps, round_trips, ladders, .. } = found;
        let interval = format!("{:.2} nats (95 % interval {lower:.2} to {upper:.2})", found.log_z);
        match found.doubt {
            None => interval,
            Some(Doubt::Wide) => {
                format!("{interval}, wider than asked: {sweeps} sweeps were too few")
            }
            Some(Doubt::FewRoundTrips) => format!(
                "{interval}, unreliable: states went from independent units to the model and back only \
                 {round_trips} times in {ladders} ladders and {sweeps} sweeps"
            ),
            Some(Doubt::StartsDiffer) => format!(
                "{interval}, unreliable: estimates that started from the data and from independent units \
                 differ by {:.2} nats (standard error {:.2})",
                found.start_difference, found.start_difference_error
            ),
        }
    }

    fn measures(&self) -> Vec<Measure> {
        let row = |metric, value, unit| Measure::new("model", metric, value, unit);
        let mut rows = vec![row("log_z_nats", self.value(), "nats")];
        if let LogZ::Estimate(found) = self {
            rows.push(row("log_z_nats_lower", found.lower, "nats"));
            rows.push(row("log_z_nats_upper", found.upper, "nats"));
            rows.push(row("log_z_standard_error", found.standard_error, "nats"));
            rows.push(row("log_z_start_difference", found.start_difference, "nats"));
            rows.push(row("log_z_temperatures", found.temperatures as f64, "temperatures"));
            rows.push(row("log_z_sweeps", found.sweeps as f64, "sweeps"));
            rows.push(row("log_z_round_trips", found.round_trips as f64, "round trips"));
        }
        rows
    }

    /// The mean log-likelihood of a set, with the interval that follows from that of log Z, and with the
    /// standard error that is due to the choice of samples.
    fn likelihoods(&self, split: &str, rbm: &dyn EnergyModel, x: ArrayView2<f32>) -> Vec<Measure> {
        let free_energies = rbm.free_energies(x);
        let (n, mean_free_energy) = (free_energies.len() as f64, mean(&free_energies));
        let row = |metric, value| Measure::new(split, metric, value, "nats");
        let mut rows = vec![row("log_likelihood_nats", -mean_free_energy - self.value())];
        if let LogZ::Estimate(found) = self {
            rows.push(row("log_likelihood_nats_lower", -mean_free_energy - found.upper));
            rows.push(row("log_likelihood_nats_upper", -mean_free_energy - found.lower));
        }
        let squares: f64 = free_energies.iter().map(|f| (f - mean_free_energy).powi(2)).sum();
        let sampling_error = (squares / (n - 1.0) / n).sqrt();
        if sampling_error.is_finite() {
            rows.push(row("log_likelihood_nats_sampling_error", sampling_error));
        }
        rows
    }
}

/// The estimates of log Z by annealing in each direction, with standard errors and effective chains.
fn annealing_measures(found: [LogZEstimate; 2]) -> Vec<Measure> {
    let names = [
        ["ais_log_z_nats", "ais_standard_error", "ais_effective_chains"],
        ["reverse_ais_log_z_nats", "reverse_ais_standard_error", "reverse_ais_effective_chains"],
    ];
    let rows = names.into_iter().zip(found).flat_map(|([log_z, error, effective], found)| {
        [
            Measure::new("model", log_z, found.log_z, "nats"),
            Measure::new("model", error, found.standard_error, "nats"),
            Measure::new("model", effective, found.effective_chains, "chains"),
        ]
    });
    rows.collect()
}

/// The samples in the form that the model sees. For binary units, this is the same draw of binary states for
/// every model, even if training used grey values as probabilities.
pub fn states(
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

/// Refuses samples with missing values: the likelihood of their observed values is a sum over all states of the
/// missing ones.
fn require_whole(data: &Splits) -> Result<(), Error> {
    let holed = |set: &&Dataset| nn_core::any_missing(set.images.view());
    match [&data.train, &data.validation, &data.test].into_iter().find(holed) {
        None => Ok(()),
        Some(set) => Err(ConfigError(format!(
            "likelihood: {} has missing values; expected samples without any, so impute them first",
            set.name
        ))
        .into()),
    }
}

/// log Z, and the likelihood of the validation samples, measured between epochs.
///
/// # Errors
/// As [`LogZ::of`], and [`Error::Config`] if values are missing.
pub(crate) fn of_validation(
    subject: &Subject<'_>,
    data: &Splits,
    seed: u64,
) -> Result<Vec<Measure>, Error> {
    let &Subject { rbm, binarisation, settings } = subject;
    require_whole(data)?;
    let states = |set: &Dataset| states(rbm, binarisation, set.images.view());
    let config = settings.log_z_in_training();
    let log_z = LogZ::of(rbm, states(&data.train).view(), &config, seed, &())?;
    let mut rows = log_z.measures();
    rows.extend(log_z.likelihoods("validation", rbm, states(&data.validation).view()));
    Ok(rows)
}

/// log Z, and the likelihoods and pseudo-likelihoods of the three parts.
///
/// # Errors
/// As [`LogZ::of`], and [`Error::Config`] if values are missing.
pub fn of_all(
    subject: &Subject<'_>,
    data: &Splits,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<(LogZ, Vec<Measure>), Error> {
    let &Subject { rbm, binarisation, settings } = subject;
    require_whole(data)?;
    let train = states(rbm, binarisation, data.train.images.view());
    let log_z = LogZ::of(rbm, train.view(), &settings.log_z(), seed, monitor)?;
    let mut rows = log_z.measures();
    if matches!(log_z, LogZ::Estimate(_)) {
        let base = rbm.independent_biases(train.view())?;
        let found = rbm.anneal((base.view(), train.view()), settings, seed);
        rows.extend(annealing_measures(found));
    }
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
