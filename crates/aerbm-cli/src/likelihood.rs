//! The likelihood of an RBM: exact where a layer is small, between two estimates where not.

use anyhow::bail;
use mnist_io::Splits;
use ndarray::{Array2, ArrayView2};
use rbm_core::{
    AnnealingConfig, Binarisation, Layer, LogZBracket, Rbm, Temperatures, bracket_log_z,
};

use crate::cli;
use crate::commands::{run_folder, show_measures};
use crate::config::RunConfig;
use crate::data;
use crate::train::{self, Measure, Model};
use crate::ui::Ui;

/// `aerbm likelihood`: measures, prints, and writes `likelihood_RUN.csv` beside the run's tables.
pub(crate) fn run(args: &cli::Likelihood, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let (RunConfig::Rbm(settings), Model::Rbm(rbm)) = (trained.config()?, &trained.model) else {
        bail!(
            "{} is no RBM: only an RBM has a likelihood that can be measured; \
             choose the run of one",
            trained.record.run
        );
    };
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let (splits, _) = loaded.split(settings.partition)?;
    let mut config = settings.likelihood.annealing();
    match args.schedule {
        Some(cli::Schedule::Published) => config.schedule = Temperatures::Published {},
        Some(cli::Schedule::Short) => config.schedule = Temperatures::Short {},
        None => (),
    }
    if let Some(chains) = args.chains {
        config.chains = chains as usize;
    }
    let binarisation = settings.training.binarisation;
    let (log_z, measures) = of_all(rbm, (binarisation, &config), &splits, args.seed)?;
    let mut record = trained.record;
    record.epochs.clear();
    record.finals = measures;
    let rows = record.metric_rows();
    let file = run_folder(&args.run).join(format!("likelihood_{}.csv", record.run));
    report::write_csv(&file, &rows)?;
    ui.rows(&rows);
    show_measures(&rows, ui);
    let pixels = if rbm.visible.unit.mean_is_probability() {
        evaluated(rbm, binarisation).name()
    } else {
        rbm.visible.unit.values()
    };
    ui.result(&format!("pixels: {pixels}; log Z: {}", log_z.verdict()));
    ui.result(&format!("table: {}", file.display()));
    Ok(())
}

/// Up to this many units of a discrete layer, log Z is a matter of seconds.
const EXACT_UNITS: usize = 20;

/// The seed of the one draw of binary pixels that all models are measured on.
const PIXELS_SEED: u64 = 0;

/// How log Z is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LogZ {
    Exact(f64),
    Bracket(LogZBracket),
}

impl LogZ {
    /// log Z of the model; `train` are the training images, as the model sees them.
    pub(crate) fn of(
        rbm: &Rbm<f32>,
        train: ArrayView2<f32>,
        config: &AnnealingConfig,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let small =
            |layer: &Layer<f32>| layer.unit.states().is_some() && layer.n_units() <= EXACT_UNITS;
        if small(&rbm.visible) || small(&rbm.hidden) {
            return Ok(LogZ::Exact(rbm_core::log_z(rbm)?));
        }
        let base = rbm.independent_biases(&train)?;
        Ok(LogZ::Bracket(bracket_log_z(rbm, base.view(), train, config, seed)?))
    }

    /// The value, or the middle of the bracket.
    pub(crate) fn value(&self) -> f64 {
        match self {
            LogZ::Exact(value) => *value,
            LogZ::Bracket(bracket) => bracket.log_z(),
        }
    }

    /// Whether likelihoods that follow from it can be believed.
    pub(crate) fn verdict(&self) -> &'static str {
        match self {
            LogZ::Exact(_) => "exact",
            LogZ::Bracket(bracket) if bracket.is_closed() => "both directions agree",
            LogZ::Bracket(_) => "not to be believed",
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

    /// The mean log-likelihood of a set (in nats), and between what it is.
    fn likelihoods(&self, split: &str, rbm: &Rbm<f32>, x: ArrayView2<f32>) -> Vec<Measure> {
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

/// The images as binary states, if the model is one of those: the same draw for every model. Where
/// training used grey values as probabilities, they are drawn from too.
pub(crate) fn states(
    rbm: &Rbm<f32>,
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

/// The binarisation that likelihoods are measured with.
fn evaluated(rbm: &Rbm<f32>, binarisation: Binarisation) -> Binarisation {
    match binarisation {
        Binarisation::Probabilities if rbm.visible.unit.mean_is_probability() => {
            Binarisation::Sample
        }
        binarisation => binarisation,
    }
}

/// The likelihood.
pub(crate) fn of_validation(
    rbm: &Rbm<f32>,
    (binarisation, config): (Binarisation, &AnnealingConfig),
    data: &Splits,
    seed: u64,
) -> anyhow::Result<Vec<Measure>> {
    let states = |set: &mnist_io::Dataset| states(rbm, binarisation, set.images.view());
    let log_z = LogZ::of(rbm, states(&data.train).view(), config, seed)?;
    let mut rows = log_z.measures();
    rows.extend(log_z.likelihoods("validation", rbm, states(&data.validation).view()));
    Ok(rows)
}

/// All that is known of the likelihood of the three sets.
pub(crate) fn of_all(
    rbm: &Rbm<f32>,
    (binarisation, config): (Binarisation, &AnnealingConfig),
    data: &Splits,
    seed: u64,
) -> anyhow::Result<(LogZ, Vec<Measure>)> {
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

/// The mean pseudo-log-likelihood over all pixels, where there is one.
pub(crate) fn pseudo_likelihood(
    split: &str,
    rbm: &Rbm<f32>,
    states: ArrayView2<f32>,
) -> Option<Measure> {
    let found = rbm.pseudo_log_likelihoods(states).ok()?;
    Some(Measure::new(split, "pseudo_log_likelihood_nats", mean(&found), "nats"))
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
