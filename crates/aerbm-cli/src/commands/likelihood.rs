use aerbm::Error;
use aerbm::likelihood::{Subject, of_all, pixels};
use aerbm::rbm_core::Temperatures;

use clap::{Args, ValueEnum};

use super::OnModel;
use crate::ui::Ui;

/// Measure the likelihood of a trained RBM, exactly or with an interval
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Target half-width of the 95 % interval of log Z, in nats; sweeps are added until it is reached
    /// [default: that of the run's settings]
    #[arg(long, value_name = "NATS")]
    precision: Option<f64>,
    /// Maximum number of tempering sweeps, even if the interval is still too wide [default: that of the
    /// run's settings]
    #[arg(long, value_name = "N")]
    max_sweeps: Option<usize>,
    /// Annealing schedule of the additional estimates by annealed importance sampling [default:
    /// that of the run's settings]
    #[arg(long)]
    schedule: Option<Schedule>,
    /// Number of annealing chains in each direction [default: that of the run's settings]
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    chains: Option<u32>,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Schedule {
    /// The 14,501 temperatures of Salakhutdinov & Murray 2008
    Published,
    /// A tenth of them
    Short,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (trained, loaded) = args.model.load(ui)?;
    let run_config = trained.config()?;
    let Some(Subject { rbm, binarisation, settings }) = Subject::of(&trained.model, &run_config)
    else {
        let expected = "an RBM of one layer, which alone has a likelihood that can be measured";
        return Err(Error::Kind { run: trained.record.run.clone(), expected }.into());
    };
    let mut settings = settings.clone();
    match args.schedule {
        Some(Schedule::Published) => settings.schedule = Temperatures::Published {},
        Some(Schedule::Short) => settings.schedule = Temperatures::Short {},
        None => (),
    }
    settings.chains = args.chains.map_or(settings.chains, |chains| chains as usize);
    settings.precision = args.precision.unwrap_or(settings.precision);
    settings.max_sweeps = args.max_sweeps.unwrap_or(settings.max_sweeps);
    settings.validate().map_err(Error::from)?;
    let (splits, _) = loaded.split(run_config.split())?;
    let subject = Subject { rbm, binarisation, settings: &settings };
    let (log_z, measures) = of_all(&subject, &splits, args.seed, ui)?;
    args.model.write_measures(&trained, "likelihood", measures, ui)?;
    ui.result(&format!("pixels: {}; log Z: {}", pixels(rbm, binarisation), log_z.verdict()))
}
