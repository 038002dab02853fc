use aerbm::Error;
use aerbm::likelihood::{Subject, of_all, pixels};
use aerbm::rbm_core::Temperatures;

use clap::{Args, ValueEnum};

use super::OnModel;
use crate::ui::Ui;

/// Measure the likelihood of a trained RBM, exactly or between two estimates of log Z
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: OnModel,
    /// Annealing schedule [default: that of the run's settings]
    #[arg(long)]
    schedule: Option<Schedule>,
    /// Chains in each direction [default: that of the run's settings]
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
    let (splits, _) = loaded.split(run_config.split())?;
    let mut config = settings.annealing();
    match args.schedule {
        Some(Schedule::Published) => config.schedule = Temperatures::Published {},
        Some(Schedule::Short) => config.schedule = Temperatures::Short {},
        None => (),
    }
    if let Some(chains) = args.chains {
        config.chains = chains as usize;
    }
    let (log_z, measures) = of_all(rbm, (binarisation, &config), &splits, args.seed)?;
    args.model.write_measures(&trained, "likelihood", measures, ui)?;
    ui.result(&format!("pixels: {}; log Z: {}", pixels(rbm, binarisation), log_z.verdict()))
}
