use clap::Args;

use crate::cluster::plan::{StageLine, WholePlan};
use crate::data_args::{MOST, whole};
use crate::duration::words;
use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// List the stages of a profile: keys, dependencies, estimated times, and whether they are done
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  aerbm plan --profile paper --only depth --json   a stage a line, with what it needs
  aerbm plan --profile paper --simulate 1,10,100   the time that so many workers take

`aerbm work` computes stages by their keys, `aerbm submit` all of them on a cluster.")]
pub(crate) struct Arguments {
    /// Instead of the stages, print the time that these numbers of workers would need for the missing ones
    #[arg(long, value_name = "WORKERS", value_delimiter = ',', value_parser = whole::<u32>(1..=MOST))]
    simulate: Vec<u32>,
    #[command(flatten)]
    profile: ProfileArgs,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let plan = WholePlan::of(&args.profile, ui)?;
    if !args.simulate.is_empty() {
        return simulate(&plan, &args.simulate, ui);
    }
    ui.rows(&plan.stages)?;
    ui.result(&format!("{:<32}  {:>8}  {:<7}  stage", "key", "time", "state"))?;
    for StageLine { key, seconds, done, part, name, .. } in &plan.stages {
        let state = if *done { "done" } else { "missing" };
        let part = part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
        let (key, time) = (key.as_str(), words(*seconds));
        ui.result(&format!("{key}  {time:>8}  {state:<7}  {part}{name}"))?;
    }
    let missing = plan.stages.iter().filter(|stage| !stage.done).count();
    let (waves, time) = (plan.graph.waves().len(), words(plan.graph.seconds()));
    ui.result(&format!(
        "{} stages, {missing} missing: {waves} waves, about {time} one after another{}",
        plan.stages.len(),
        if plan.is_measured {
            ""
        } else {
            " (the speed of this machine is a guess until a stage is done)"
        }
    ))
}

/// Prints makespans and the critical path.
fn simulate(plan: &WholePlan, workers: &[u32], ui: &Ui) -> anyhow::Result<()> {
    let alone = plan.graph.seconds();
    ui.result(&format!("{:>8}  {:>10}  {:>8}", "workers", "time", "speed-up"))?;
    for &workers in workers {
        let seconds = plan.graph.makespan(workers as usize);
        let speed_up = if seconds > 0.0 { alone / seconds } else { 1.0 };
        ui.rows(&[serde_json::json!({
            "workers": workers, "seconds": seconds, "speed_up": speed_up,
        })])?;
        ui.result(&format!("{workers:>8}  {:>10}  {speed_up:>8.1}", words(seconds)))?;
    }
    let path: Vec<&StageLine> =
        plan.graph.critical_path().into_iter().map(|place| &plan.stages[place]).collect();
    let seconds: f64 = path.iter().map(|stage| stage.seconds).sum();
    ui.rows(&[serde_json::json!({ "critical_path": path, "seconds": seconds })])?;
    ui.result(&format!("critical path: {}, which no number of workers shortens", words(seconds)))?;
    for stage in path {
        let part = stage.part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
        ui.result(&format!("{:>8}  {part}{}", words(stage.seconds), stage.name))?;
    }
    Ok(())
}
