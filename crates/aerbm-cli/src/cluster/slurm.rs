//! Slurm: scripts of job arrays, their submission, and the tasks that are in the queue.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail, ensure};

use super::plan::{Job, StageLine};
use crate::data_args::quoted;

/// Minutes added to the estimate, for the start of a job and the reading of its data.
const MINUTES_BESIDE: f64 = 5.0;

/// Attempts at a task whose worker is killed, for example for lack of memory.
const ATTEMPTS: usize = 3;

/// Resources that jobs request.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) partition: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) max_running: Option<usize>,
    /// The time limit of a task as a multiple of its estimate.
    pub(crate) time_factor: f64,
    pub(crate) cpus: usize,
}

/// The commands that jobs run, and the location of their files.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The folder of the submission, as an absolute path.
    pub(crate) folder: PathBuf,
    /// The directory that jobs run in, as an absolute path.
    pub(crate) directory: PathBuf,
    /// The program.
    pub(crate) program: PathBuf,
    /// The options of `aerbm work` without parts and stages, as typed.
    pub(crate) work: String,
    /// The options of `aerbm pipeline`, as typed.
    pub(crate) pipeline: String,
    /// A name for the jobs.
    pub(crate) name: String,
}

impl Place {
    /// The file of a job with this ending.
    fn file(&self, job: &Job, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", job.name))
    }
}

/// The file that a task logs to.
pub(crate) fn log(folder: &Path, job: &Job, task: usize) -> PathBuf {
    folder.join("logs").join(task_name(job, task))
}

/// The file with the exit code of a task that has ended.
pub(crate) fn ended(folder: &Path, job: &Job, task: usize) -> PathBuf {
    folder.join("ended").join(task_name(job, task))
}

fn task_name(job: &Job, task: usize) -> String {
    if job.tasks.is_empty() { job.name.clone() } else { format!("{}-{task}", job.name) }
}

/// Writes the script of a job, which [`script`] generated, and the list of its tasks.
pub(crate) fn write(
    job: &Job,
    script: &str,
    stages: &[StageLine],
    place: &Place,
) -> anyhow::Result<()> {
    for folder in ["logs", "ended"] {
        let folder = place.folder.join(folder);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let line = |task: &Vec<usize>| {
        let mut line = String::new();
        if let Some(part) = task.first().and_then(|&first| stages[first].part.as_ref()) {
            let _ = write!(line, "--only {part} ");
        }
        let keys = task.iter().map(|&stage| format!("--stage {}", stages[stage].key.as_str()));
        line + &keys.collect::<Vec<_>>().join(" ") + "\n"
    };
    if !job.tasks.is_empty() {
        let tasks: String = job.tasks.iter().map(line).collect();
        report::write_text(&place.file(job, "tasks"), &tasks)?;
    }
    Ok(report::write_text(&place.file(job, "sh"), script)?)
}

/// The script of a job.
pub(crate) fn script(
    job: &Job,
    stages: &[StageLine],
    place: &Place,
    resources: &Resources,
) -> anyhow::Result<String> {
    let Resources { partition, account, max_running, time_factor, cpus } = resources;
    let longest = |tasks: &[Vec<usize>]| {
        let seconds = |task: &Vec<usize>| task.iter().map(|&stage| stages[stage].seconds).sum();
        tasks.iter().map(seconds).fold(0.0, f64::max)
    };
    let estimate = if job.tasks.is_empty() { report_seconds(stages) } else { longest(&job.tasks) };
    let minutes = (MINUTES_BESIDE + time_factor * estimate / 60.0).ceil();
    let mut lines = vec!["#!/bin/bash".to_owned()];
    let mut option = |name: &str, value: &str| -> anyhow::Result<()> {
        lines.push(format!("#SBATCH --{name}={}", directive(value)?));
        Ok(())
    };
    option("job-name", &format!("{} {}", place.name, job.name))?;
    let log_path = |name: &str| -> anyhow::Result<String> {
        let logs = place.folder.join("logs");
        let logs = logs.to_str().with_context(|| format!("{}: not UTF-8", logs.display()))?;
        // Slurm expands what follows a percent sign.
        Ok(format!("{}/{name}", logs.replace('%', "%%")))
    };
    if job.tasks.is_empty() {
        option("output", &log_path(&job.name)?)?;
    } else {
        let at_once = max_running.map(|most| format!("%{most}")).unwrap_or_default();
        option("array", &format!("0-{}{at_once}", job.tasks.len() - 1))?;
        option("output", &log_path(&format!("{}-%a", job.name))?)?;
    }
    option("open-mode", "append")?;
    option("time", &format!("{minutes:.0}"))?;
    option("cpus-per-task", &cpus.to_string())?;
    option("chdir", &place.directory.display().to_string())?;
    for (name, value) in [("partition", partition), ("account", account)] {
        if let Some(value) = value {
            option(name, value)?;
        }
    }
    lines.push("#SBATCH --requeue".to_owned());
    let word = |path: &Path| quoted(&path.display().to_string());
    let (program, folder) = (word(&place.program), word(&place.folder));
    let name = &job.name;
    lines.push(String::new());
    lines.push(format!("cluster={folder}"));
    if job.tasks.is_empty() {
        lines.push(format!("ended=\"$cluster/ended/{name}\""));
    } else {
        lines.push("task=$SLURM_ARRAY_TASK_ID".to_owned());
        lines.push(format!("ended=\"$cluster/ended/{name}-$task\""));
        lines.push(format!("stages=$(sed -n \"$((task + 1))p\" \"$cluster/{name}.tasks\")"));
    }
    lines.extend(
        [
            "rm -f \"$ended\"",
            "trap 'echo $? > \"$ended\"' EXIT",
            "export RAYON_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"",
            "# A process that is killed is started again, and goes on from what is kept.",
        ]
        .map(str::to_owned),
    );
    let command = if job.tasks.is_empty() {
        format!("{program} pipeline {}", place.pipeline)
    } else {
        format!("{program} work {} $stages", place.work)
    };
    let attempts: Vec<String> = (1..=ATTEMPTS).map(|attempt| attempt.to_string()).collect();
    lines.push(format!("for attempt in {}; do", attempts.join(" ")));
    lines.push(format!("    {command}"));
    lines.push("    code=$?".to_owned());
    lines.push("    [ \"$code\" = 137 ] || break".to_owned());
    lines.push("done".to_owned());
    lines.push("exit \"$code\"".to_owned());
    Ok(lines.join("\n") + "\n")
}

/// The time of the last job: figures and tables, and comparisons in equal time, which may take as long as the
/// stages of a seed.
fn report_seconds(stages: &[StageLine]) -> f64 {
    const FIGURES: f64 = 600.0;
    FIGURES + stages.iter().map(|stage| stage.seconds).fold(0.0, |all, one| all + one / 4.0)
}

/// Refuses a name that is invalid in a line of options; the error says what was expected.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("expected a name that is not empty; leave the option out");
    }
    if name.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        return Err("expected a name without quotes, backslashes and control characters");
    }
    Ok(())
}

/// Returns a value for a line from which Slurm reads options.
fn directive(value: &str) -> anyhow::Result<String> {
    if let Err(expected) = check_name(value) {
        bail!("{value:?}: {expected}");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+%".contains(c);
    Ok(if value.chars().all(is_plain) { value.to_owned() } else { format!("\"{value}\"") })
}

/// The command that submits a job after others.
pub(crate) fn submission(job: &Job, after: &[String], place: &Place) -> Vec<String> {
    let mut words = vec!["sbatch".to_owned(), "--parsable".to_owned()];
    if !after.is_empty() {
        words.push(format!("--dependency=afterok:{}", after.join(":")));
        // Otherwise the job would stay in the queue forever if one of the others failed.
        words.push("--kill-on-invalid-dep=yes".to_owned());
    }
    words.push(place.file(job, "sh").display().to_string());
    words
}

const NO_SBATCH: &str =
    "there is no sbatch here; run this where jobs are submitted, or see the scripts with --dry-run";

/// Refuses to submit where jobs cannot be submitted.
pub(crate) fn require() -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join("sbatch").is_file());
    ensure!(is_there, NO_SBATCH);
    Ok(())
}

/// Submits a job after others; returns its number.
pub(crate) fn submit(job: &Job, after: &[String], place: &Place) -> anyhow::Result<String> {
    let words = submission(job, after, place);
    let output = called(&words)?.context(NO_SBATCH)?;
    if !output.status.success() {
        bail!("sbatch: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    // The name of the cluster may follow.
    let printed = String::from_utf8_lossy(&output.stdout);
    let id = printed.trim().split(';').next().unwrap_or_default();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("sbatch printed {:?}; expected the number of a job", printed.trim());
    }
    Ok(id.to_owned())
}

/// The tasks of these jobs that are waiting or running, as `job` or `job_task`; `None` if Slurm cannot be
/// queried.
pub(crate) fn queued(ids: &[String]) -> anyhow::Result<Option<HashSet<String>>> {
    if ids.is_empty() {
        return Ok(Some(HashSet::new()));
    }
    let jobs = format!("--jobs={}", ids.join(","));
    let words = ["squeue", "--noheader", "--array", &jobs, "--format=%i"].map(str::to_owned);
    let Some(output) = called(&words)? else { return Ok(None) };
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() && !complaint.contains("Invalid job id") {
        return Ok(None);
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    Ok(Some(printed.split_whitespace().map(str::to_owned).collect()))
}

/// Calls a program; returns `None` if it is not installed.
fn called(words: &[String]) -> anyhow::Result<Option<Output>> {
    match Command::new(&words[0]).args(&words[1..]).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some).with_context(|| words[0].clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerbm::study::stage::Key;

    fn stage(seconds: f64) -> StageLine {
        StageLine {
            part: Some("depth".to_owned()),
            key: Key::new("test", &seconds),
            name: String::new(),
            needs: vec![],
            multiply_adds: 0.0,
            seconds,
            done: false,
        }
    }

    fn place(folder: &Path) -> Place {
        Place {
            folder: folder.to_owned(),
            directory: PathBuf::from("/home/a b"),
            program: PathBuf::from("/opt/it's/aerbm"),
            work: "--profile paper --out 'my runs'".to_owned(),
            pipeline: "--profile paper --only depth --out 'my runs'".to_owned(),
            name: "paper".to_owned(),
        }
    }

    const RESOURCES: Resources = Resources {
        partition: None,
        account: None,
        max_running: Some(7),
        time_factor: 2.0,
        cpus: 4,
    };

    #[test]
    fn scripts_have_arrays_times_and_quoted_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stages = [stage(600.0), stage(60.0), stage(1.0)];
        let job = Job { name: "wave-1".to_owned(), tasks: vec![vec![0], vec![1, 2]], id: None };
        let resources = Resources { account: Some("my project".to_owned()), ..RESOURCES };
        let place = place(&folder.path().join("100 % cluster"));
        let text = script(&job, &stages, &place, &resources).expect("a script");
        write(&job, &text, &stages, &place).expect("written");
        let read = |name: &str| std::fs::read_to_string(place.folder.join(name)).expect("there");
        let keys = stages.each_ref().map(|stage| &stage.key);
        let lines = format!(
            "--only depth --stage {}\n--only depth --stage {} --stage {}\n",
            keys[0].as_str(),
            keys[1].as_str(),
            keys[2].as_str()
        );
        assert_eq!(read("wave-1.tasks"), lines);
        let script = read("wave-1.sh");
        for line in [
            "#SBATCH --array=0-1%7",
            "#SBATCH --time=25",
            "#SBATCH --cpus-per-task=4",
            "#SBATCH --account=\"my project\"",
            "#SBATCH --chdir=\"/home/a b\"",
            "#SBATCH --open-mode=append",
            "#SBATCH --requeue",
            r"    '/opt/it'\''s/aerbm' work --profile paper --out 'my runs' $stages",
        ] {
            assert!(script.lines().any(|found| found == line), "{line} is not in\n{script}");
        }
        assert!(script.contains("/100 %% cluster/logs/wave-1-%a\""), "{script}");
        assert!(!script.contains("partition"));
        let checked = Command::new("bash").arg("-n").arg(place.folder.join("wave-1.sh")).status();
        assert!(checked.expect("bash runs").success());

        let resources = Resources { partition: Some("a\"b".to_owned()), ..RESOURCES };
        let error =
            super::script(&job, &stages, &place, &resources).expect_err("a quote").to_string();
        assert!(error.contains("expected a name without quotes"), "{error}");
        assert!(["", "a\nb"].iter().all(|it| check_name(it).is_err()) && check_name("a-b").is_ok());
    }

    #[test]
    fn a_job_waits_for_all_tasks_of_the_jobs_before() {
        let report = Job { name: "report".to_owned(), tasks: vec![], id: None };
        let place = place(Path::new("/runs/cluster"));
        let words = submission(&report, &["5".to_owned(), "6".to_owned()], &place);
        assert_eq!(
            words.join(" "),
            "sbatch --parsable --dependency=afterok:5:6 --kill-on-invalid-dep=yes \
             /runs/cluster/report.sh"
        );
        assert_eq!(submission(&report, &[], &place).len(), 3);
        let script = script(&report, &[stage(60.0)], &place, &RESOURCES).expect("a script");
        assert!(!script.contains("--array") && script.contains("logs/report\n"), "{script}");
        assert!(script.contains(" pipeline --profile paper --only depth"), "{script}");
    }
}
