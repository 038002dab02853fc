use std::path::PathBuf;

use aerbm::{ConfigError, Monitor as _};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::cluster::plan::{Job, Submission, WholePlan};
use crate::cluster::slurm::{self, Place, Resources};
use crate::cluster::tasks::tasks;
use crate::data_args::{MOST, whole};
use crate::duration::words;
use crate::page_args::PageArgs;
use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// Submit the missing stages of a profile to a cluster, wave by wave, and then its report
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  aerbm submit --profile paper --partition long --max-running 50
  aerbm submit --profile paper --dry-run     write the scripts, and show the commands that submit them
  aerbm status reports/paper                 what is done, running, waiting and failed

The folder of results must be one that all machines of the cluster see. The same command again submits
what is missing.")]
pub(crate) struct Arguments {
    /// Engine of the cluster
    #[arg(long, default_value = "slurm")]
    engine: Engine,
    /// Partition of the cluster [default: the cluster's]
    #[arg(long)]
    partition: Option<String>,
    /// Account that the time is charged to [default: the user's]
    #[arg(long)]
    account: Option<String>,
    /// Largest number of tasks of a wave that run at once [default: as many as the cluster has room for]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1..=MOST))]
    max_running: Option<u32>,
    /// Number of processors per task
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = whole::<u32>(1..=MOST))]
    cpus: u32,
    /// Time limit of a task, as a multiple of its estimated time
    #[arg(long, default_value_t = 3.0, value_name = "FACTOR", value_parser = factor)]
    time_factor: f64,
    /// Minimum time of a task in seconds, if there are enough stages: short ones share a task
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = whole::<u32>(0..=MOST))]
    task_seconds: u32,
    /// Write the scripts without submitting them
    #[arg(long)]
    dry_run: bool,
    /// Replace a finished run that has other settings
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    profile: ProfileArgs,
}

/// An engine that runs jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Slurm, with job arrays
    Slurm,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor: Option<f64> = text.parse().ok();
    factor.filter(|it| (1.0..=1000.0).contains(it)).ok_or_else(|| "expected 1 to 1000".to_owned())
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    for (option, name) in [("partition", &args.partition), ("account", &args.account)] {
        if let Some(name) = name
            && let Err(expected) = slurm::check_name(name)
        {
            return Err(ConfigError(format!("--{option} {name:?}: {expected}")).into());
        }
    }
    let out = args.profile.out();
    if !args.dry_run {
        refuse_queued(&out)?;
    }
    if !args.force {
        // The last job would be refused, after all of the work.
        for part in args.profile.parts()? {
            let loaded = aerbm::data::load(&part.source)?;
            part.with(&loaded).refuse_other_run()?;
        }
    }
    let plan = WholePlan::of(&args.profile, ui)?;
    let waves = plan.graph.waves();
    let mut jobs = Vec::new();
    for (number, wave) in (1..).zip(&waves) {
        let tasks = tasks(&plan.stages, wave, f64::from(args.task_seconds));
        jobs.push(Job { name: format!("wave-{number}"), tasks, id: None });
    }
    jobs.push(Job { name: "report".to_owned(), tasks: vec![], id: None });
    let max_running = args.max_running.map(|most| most as usize);
    let mut submission =
        Submission { engine: "slurm".to_owned(), max_running, stages: plan.stages, jobs };
    let resources = Resources {
        partition: args.partition.clone(),
        account: args.account.clone(),
        max_running,
        time_factor: args.time_factor,
        cpus: args.cpus as usize,
    };
    let place = place(args)?;
    // All scripts are generated before anything is written, so that an error in one leaves nothing behind.
    let script = |job: &Job| slurm::script(job, &submission.stages, &place, &resources);
    let scripts = submission.jobs.iter().map(script).collect::<anyhow::Result<Vec<String>>>()?;
    if !args.dry_run {
        slurm::require()?;
    }
    remove_old(&place.folder)?;
    for (job, script) in submission.jobs.iter().zip(&scripts) {
        slurm::write(job, script, &submission.stages, &place)?;
    }
    submission.save(&out)?;
    let mut after = Vec::new();
    for number in 0..submission.jobs.len() {
        let job = &submission.jobs[number];
        let described = described(job, &submission);
        if args.dry_run {
            let words = slurm::submission(job, &after, &place);
            let words: Vec<String> =
                words.iter().map(|word| crate::data_args::quoted(word)).collect();
            ui.rows(&[serde_json::json!({ "job": job.name, "command": words.join(" ") })])?;
            ui.result(&words.join(" "))?;
            after = vec![format!("ID-of-{}", job.name)];
            continue;
        }
        let id = slurm::submit(job, &after, &place)?;
        ui.rows(&[serde_json::json!({ "job": job.name, "id": id, "tasks": job.tasks.len() })])?;
        ui.result(&format!("job {id}: {described}"))?;
        after = vec![id.clone()];
        submission.jobs[number].id = Some(id);
        // Saved each time, so that jobs are known even if the next one cannot be submitted.
        submission.save(&out)?;
    }
    let seconds = plan.graph.seconds();
    let last = if args.dry_run { "the scripts are in" } else { "the jobs are described in" };
    ui.note(&format!(
        "{} stages, about {} one after another; {last} {}",
        waves.iter().map(Vec::len).sum::<usize>(),
        words(seconds),
        place.folder.display()
    ));
    Ok(())
}

fn described(job: &Job, submission: &Submission) -> String {
    if job.tasks.is_empty() {
        return "the report".to_owned();
    }
    let stages: usize = job.tasks.iter().map(Vec::len).sum();
    let seconds = |task: &Vec<usize>| -> f64 {
        task.iter().map(|&place| submission.stages[place].seconds).sum()
    };
    let longest = job.tasks.iter().map(seconds).fold(0.0, f64::max);
    let tasks = if job.tasks.len() == 1 { "task" } else { "tasks" };
    format!(
        "{}, {stages} stages in {} {tasks} of up to {}",
        job.name,
        job.tasks.len(),
        words(longest)
    )
}

/// Refuses to submit while jobs of an earlier submission are in the queue: they would compute the same.
fn refuse_queued(out: &std::path::Path) -> anyhow::Result<()> {
    let Some(earlier) = Submission::load(out)? else { return Ok(()) };
    let ids: Vec<String> = earlier.jobs.into_iter().filter_map(|job| job.id).collect();
    let queued = slurm::queued(&ids)?.unwrap_or_default();
    let is_queued =
        |id: &&String| queued.iter().any(|task| task.split('_').next() == Some(id.as_str()));
    let left: Vec<&str> = ids.iter().filter(is_queued).map(String::as_str).collect();
    if left.is_empty() {
        return Ok(());
    }
    let (with_commas, with_spaces) = (left.join(", "), left.join(" "));
    bail!(
        "{}: jobs {with_commas} of an earlier submission are in the queue; wait for them, or cancel them with \
         `scancel {with_spaces}`",
        out.display()
    )
}

/// Removes logs and marks of an earlier submission, whose tasks had other stages.
fn remove_old(folder: &std::path::Path) -> anyhow::Result<()> {
    for name in ["logs", "ended"] {
        let old = folder.join(name);
        match std::fs::remove_dir_all(&old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| old.display().to_string());
            }
            _ => (),
        }
    }
    Ok(())
}

fn place(args: &Arguments) -> anyhow::Result<Place> {
    let directory = std::env::current_dir().context("the current directory")?;
    let absolute =
        |path: PathBuf| std::path::absolute(&path).with_context(|| path.display().to_string());
    let mut pipeline = args.profile.all_options() + &args.page.given();
    if args.force {
        pipeline.push_str(" --force");
    }
    Ok(Place {
        folder: absolute(Submission::folder(&args.profile.out()))?,
        directory,
        program: std::env::current_exe().context("the path of aerbm")?,
        work: args.profile.options(&[]) + &args.profile.out_option(),
        pipeline,
        name: format!("aerbm {}", args.profile.profile.name()),
    })
}
