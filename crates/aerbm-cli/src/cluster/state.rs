//! The state of a submission, from the results, the claims, the logs, and the engine's queue.

use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use aerbm::study::plan::{Graph, Planned};
use serde::Serialize;

use super::plan::{FILE, Job, StageLine, Submission};
use super::slurm;

/// Number of bytes at the end of a log that are searched for its last line.
const END_OF_LOG: u64 = 4096;

/// Exit codes of a task that was asked to stop, and that continues when it is started again.
const ASKED_TO_STOP: [i32; 3] = [129, 130, 143];

/// The state of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Done,
    Running,
    Waiting,
    Failed,
}

/// Numbers of stages of a job by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) job: String,
    pub(crate) tasks: usize,
    pub(crate) done: usize,
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) failed: usize,
}

/// A stage that a process computes now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Running {
    pub(crate) stage: String,
    pub(crate) holder: String,
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failed {
    pub(crate) job: String,
    pub(crate) task: usize,
    pub(crate) stages: Vec<String>,
    /// The last line of its log.
    pub(crate) says: String,
    pub(crate) log: PathBuf,
}

/// The state of a submission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Status {
    /// Number of stages of the plan that are done, and number of all stages.
    pub(crate) done: usize,
    pub(crate) stages: usize,
    /// Number of stages that were left out because their training diverges.
    pub(crate) diverged: usize,
    pub(crate) jobs: Vec<Counts>,
    pub(crate) running: Vec<Running>,
    pub(crate) failures: Vec<Failed>,
    /// The estimated time for what is missing, with as many workers as there are.
    pub(crate) seconds_left: f64,
    pub(crate) workers: usize,
    /// Whether the report is written.
    pub(crate) is_complete: bool,
}

/// Determines the state of the submission for the results in `out`.
pub(crate) fn status(out: &Path, submission: &Submission) -> anyhow::Result<Status> {
    let Submission { stages, jobs, max_running, .. } = submission;
    let folder = Submission::folder(out);
    let ids: Vec<String> = jobs.iter().filter_map(|job| job.id.clone()).collect();
    let queued = slurm::queued(&ids)?;
    let found = Found::of(out, stages)?;
    let is_complete = stages.iter().all(|stage| is_complete(&folder_of(out, stage), &folder));
    let state = |(place, stage): (usize, &StageLine)| {
        if is_complete || stage.done || found.done.contains(&place) {
            State::Done
        } else if found.holders.contains_key(&place) {
            State::Running
        } else {
            State::Waiting
        }
    };
    let mut states: Vec<State> = stages.iter().enumerate().map(state).collect();
    let (mut counts, mut failures) = (Vec::new(), Vec::new());
    for job in jobs {
        for (task, places) in job.tasks.iter().enumerate() {
            let missing: Vec<usize> =
                places.iter().copied().filter(|&place| states[place] == State::Waiting).collect();
            let runs = places.iter().any(|&place| states[place] == State::Running);
            if missing.is_empty() || runs || !has_failed(&folder, job, task, queued.as_ref()) {
                continue;
            }
            for &place in &missing {
                states[place] = State::Failed;
            }
            let names = missing.iter().map(|&place| stages[place].name.clone());
            failures.push(failed(&folder, job, task, names.collect()));
        }
        if job.tasks.is_empty() && !is_complete && has_failed(&folder, job, 0, queued.as_ref()) {
            failures.push(failed(&folder, job, 0, vec!["the report".to_owned()]));
        }
        let of = |state| {
            let places = job.tasks.iter().flatten();
            places.filter(|&&place| states[place] == state).count()
        };
        counts.push(Counts {
            job: job.name.clone(),
            tasks: job.tasks.len(),
            done: of(State::Done),
            running: of(State::Running),
            waiting: of(State::Waiting),
            failed: of(State::Failed),
        });
    }
    let mut running: Vec<(usize, String)> = found.holders.into_iter().collect();
    running.sort();
    let workers = running.len().max(max_running.unwrap_or(1)).max(1);
    let planned: Vec<Planned> = (stages.iter().zip(&states))
        .map(|(stage, state)| Planned {
            key: stage.key.clone(),
            name: String::new(),
            needs: stage.needs.clone(),
            multiply_adds: stage.seconds,
            done: *state == State::Done,
        })
        .collect();
    Ok(Status {
        done: states.iter().filter(|state| **state == State::Done).count(),
        stages: stages.len(),
        diverged: found.diverged,
        jobs: counts,
        running: (running.into_iter())
            .map(|(place, holder)| Running { stage: stages[place].name.clone(), holder })
            .collect(),
        failures,
        seconds_left: Graph::of(&planned, 1.0).makespan(workers),
        workers,
        is_complete,
    })
}

/// The folder of the run that a stage belongs to.
fn folder_of(out: &Path, stage: &StageLine) -> PathBuf {
    match &stage.part {
        Some(part) => out.join(part),
        None => out.to_owned(),
    }
}

/// Whether a run was completed after its stages were submitted from this folder.
fn is_complete(run: &Path, submitted: &Path) -> bool {
    let path = run.join("run.json");
    let info = std::fs::read_to_string(&path).unwrap_or_default();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap_or_default();
    let changed = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified()).ok();
    info["status"] == "complete" && changed(&path) >= changed(&submitted.join(FILE))
}

/// State of the stages in their folders, by index.
struct Found {
    done: HashSet<usize>,
    /// The processes that compute stages.
    holders: HashMap<usize, String>,
    diverged: usize,
}

impl Found {
    fn of(out: &Path, stages: &[StageLine]) -> anyhow::Result<Self> {
        let mut found = Found { done: HashSet::new(), holders: HashMap::new(), diverged: 0 };
        let mut kept: HashMap<PathBuf, HashSet<String>> = HashMap::new();
        for (place, stage) in stages.iter().enumerate() {
            let folder = folder_of(out, stage);
            let store = aerbm::stages::store(&folder);
            if !kept.contains_key(&folder) {
                kept.insert(folder.clone(), store.keys()?);
            }
            let kept = &kept[&folder];
            if kept.contains(stage.key.as_str()) {
                found.done.insert(place);
            } else if kept.contains(stage.key.settled().as_str()) {
                found.done.insert(place);
                let settled = store.settled(&stage.key)?;
                found.diverged += usize::from(settled.is_some_and(|it| it.failure.is_some()));
            } else if let Some(holder) = store.holder(&stage.key)? {
                found.holders.insert(place, holder.to_string());
            }
        }
        Ok(found)
    }
}

/// Whether a task has begun, has ended and will not be started again, given the tasks in the queue if they
/// are known.
fn has_failed(folder: &Path, job: &Job, task: usize, queued: Option<&HashSet<String>>) -> bool {
    if let (Some(queued), Some(id)) = (queued, &job.id) {
        let name = if job.tasks.is_empty() { id.clone() } else { format!("{id}_{task}") };
        return !queued.contains(&name) && slurm::log(folder, job, task).is_file();
    }
    let code = std::fs::read_to_string(slurm::ended(folder, job, task)).unwrap_or_default();
    code.trim().parse().is_ok_and(|code: i32| code != 0 && !ASKED_TO_STOP.contains(&code))
}

fn failed(folder: &Path, job: &Job, task: usize, stages: Vec<String>) -> Failed {
    let log = slurm::log(folder, job, task);
    let says = last_line(&log).unwrap_or_else(|| "it has no log".to_owned());
    Failed { job: job.name.clone(), task, stages, says, log }
}

/// The last line of a log that is not blank.
fn last_line(log: &Path) -> Option<String> {
    let mut file = std::fs::File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END_OF_LOG))).ok()?;
    let mut end = Vec::new();
    file.take(END_OF_LOG).read_to_end(&mut end).ok()?;
    let end = String::from_utf8_lossy(&end);
    let mut lines = end.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next_back().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerbm::study::stage::{Key, Settled};

    #[test]
    fn stages_are_done_failed_or_waiting_without_an_engine_to_ask() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path();
        let stage = |name: &str, needs: &[&str]| StageLine {
            part: None,
            key: Key::new("test", &name),
            name: name.to_owned(),
            needs: needs.iter().map(|name| Key::new("test", name)).collect(),
            multiply_adds: 0.0,
            seconds: 10.0,
            done: name == "before",
        };
        let stages = vec![
            stage("before", &[]),
            stage("diverged", &["before"]),
            stage("failed", &["before"]),
            stage("next", &["failed"]),
        ];
        let job = |name: &str, tasks| Job { name: name.to_owned(), tasks, id: None };
        let jobs = vec![
            job("wave-1", vec![vec![1], vec![2]]),
            job("wave-2", vec![vec![3]]),
            job("report", vec![]),
        ];
        let engine = "slurm".to_owned();
        let submission = Submission { engine, max_running: Some(2), stages, jobs };
        submission.save(out).expect("written");
        assert_eq!(Submission::load(out).expect("readable"), Some(submission.clone()));
        let settled = Settled { result: None, failure: Some("not finite".to_owned()) };
        let store = aerbm::stages::store(out);
        store.settle(&submission.stages[1].key, &settled).expect("written");
        let cluster = Submission::folder(out);
        let log = slurm::log(&cluster, &submission.jobs[0], 1);
        report::write_text(&log, "working\nerror: no space left\n\n").expect("written");
        let ended = slurm::ended(&cluster, &submission.jobs[0], 1);
        report::write_text(&ended, "1\n").expect("written");

        let found = status(out, &submission).expect("a status");
        assert_eq!((found.done, found.stages, found.diverged), (2, 4, 1));
        let counts = &found.jobs[0];
        assert_eq!((counts.done, counts.failed, counts.waiting), (1, 1, 0));
        assert_eq!(found.jobs[1].waiting, 1);
        assert_eq!(found.failures.len(), 1);
        assert_eq!(found.failures[0].says, "error: no space left");
        assert_eq!(found.failures[0].stages, ["failed"]);
        assert_eq!(found.seconds_left, 20.0);
        assert!(!found.is_complete && found.running.is_empty());

        // A task that was asked to stop is started again.
        report::write_text(&ended, "143\n").expect("written");
        let claim =
            store.claim(&submission.stages[3].key, &mut |_| std::ops::ControlFlow::Break(()));
        let found = status(out, &submission).expect("a status");
        assert!(found.failures.is_empty());
        assert_eq!((found.running.len(), found.running[0].stage.as_str()), (1, "next"));
        drop(claim);
    }
}
