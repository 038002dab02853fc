use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::cluster::plan::Submission;
use crate::cluster::state::{Counts, Failed, status};
use crate::duration::words;
use crate::ui::Ui;

/// Show the state of a submission to a cluster: waves, failures, time left
#[derive(Debug, Args)]
#[command(after_help = "Example:
  aerbm status reports/paper

After a failure, repeat the `submit` command to resubmit what is missing.")]
pub(crate) struct Arguments {
    /// Folder of results that stages were submitted for
    dir: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let submission = Submission::load(&args.dir)?.with_context(|| {
        format!("{}: nothing was submitted for this folder; see `aerbm submit`", args.dir.display())
    })?;
    let found = status(&args.dir, &submission)?;
    ui.rows(std::slice::from_ref(&found))?;
    ui.result(&format!(
        "{:<10}{:>7}{:>7}{:>9}{:>9}{:>8}",
        "job", "tasks", "done", "running", "waiting", "failed"
    ))?;
    for Counts { job, tasks, done, running, waiting, failed } in &found.jobs {
        if *tasks > 0 {
            ui.result(&format!("{job:<10}{tasks:>7}{done:>7}{running:>9}{waiting:>9}{failed:>8}"))?;
        }
    }
    for running in &found.running {
        ui.result(&format!("running: {}, by {}", running.stage, running.holder))?;
    }
    for Failed { job, task, stages, says, log } in &found.failures {
        let stages = stages.join("; ");
        ui.result(&format!("failed: {job}, task {task} ({stages}): {says}"))?;
        ui.result(&format!("        its log is {}", log.display()))?;
    }
    if found.diverged > 0 {
        ui.result(&format!("{} stages diverged and are left out", found.diverged))?;
    }
    let counted = format!("{} of {} stages are done", found.done, found.stages);
    if found.is_complete {
        return ui.result(&format!("{counted}, and the report is written"));
    }
    if found.done == found.stages {
        return ui.result(&format!("{counted}; the report is not written yet"));
    }
    let workers = if found.workers == 1 { "worker" } else { "workers" };
    ui.result(&format!(
        "{counted}; about {} left with {} {workers}",
        words(found.seconds_left),
        found.workers
    ))
}
