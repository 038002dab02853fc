//! The stages of all parts of a profile, and the record of their submission.

use std::path::{Path, PathBuf};

use aerbm::study::plan::{Graph, MULTIPLY_ADDS_PER_SECOND, Plan};
use aerbm::study::stage::Key;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// The folder of a submission, within that of its results.
const FOLDER: &str = "cluster";

/// The file of the plan there.
pub(super) const FILE: &str = "plan.json";

/// A stage, as printed and saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageLine {
    /// The part of the profile; `None` for a profile without parts.
    pub(crate) part: Option<String>,
    pub(crate) key: Key,
    pub(crate) name: String,
    pub(crate) needs: Vec<Key>,
    pub(crate) multiply_adds: f64,
    /// The estimated time.
    pub(crate) seconds: f64,
    pub(crate) done: bool,
}

/// The stages of all parts.
#[derive(Debug)]
pub(crate) struct WholePlan {
    pub(crate) stages: Vec<StageLine>,
    /// The stages that are not done.
    pub(crate) graph: Graph,
    /// Whether times follow from those of finished stages.
    pub(crate) is_measured: bool,
}

impl WholePlan {
    /// Reads the data of every part, and plans it.
    pub(crate) fn of(profile: &ProfileArgs, ui: &Ui) -> anyhow::Result<Self> {
        let mut plans: Vec<(Option<&str>, Plan)> = Vec::new();
        for part in profile.parts()? {
            let loaded = part.load(ui)?;
            plans.push((part.name, part.with(&loaded).plan()?));
        }
        // A part without a finished stage takes the speed of the others.
        let speeds: Vec<f64> =
            plans.iter().filter_map(|(_, plan)| plan.multiply_adds_per_second).collect();
        let mean = speeds.iter().sum::<f64>() / speeds.len() as f64;
        let usual = if speeds.is_empty() { MULTIPLY_ADDS_PER_SECOND } else { mean };
        let (mut stages, mut graph) = (Vec::new(), Graph::of(&[], usual));
        for (part, plan) in plans {
            let speed = plan.multiply_adds_per_second.unwrap_or(usual);
            graph.add(Graph::of(&plan.stages, speed), stages.len());
            stages.extend(plan.stages.into_iter().map(|stage| StageLine {
                part: part.map(str::to_owned),
                seconds: stage.multiply_adds / speed,
                key: stage.key,
                name: stage.name,
                needs: stage.needs,
                multiply_adds: stage.multiply_adds,
                done: stage.done,
            }));
        }
        Ok(WholePlan { stages, graph, is_measured: !speeds.is_empty() })
    }
}

/// The jobs of one wave, or of the report after the last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Its name: `wave-1`, …, `report`.
    pub(crate) name: String,
    /// For each task, the indices of its stages in the plan; empty for the report.
    pub(crate) tasks: Vec<Vec<usize>>,
    /// The number that the engine assigned; `None` before submission.
    pub(crate) id: Option<String>,
}

/// Saved record of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Submission {
    /// The engine.
    pub(crate) engine: String,
    /// The largest number of tasks at once, if given.
    pub(crate) max_running: Option<usize>,
    /// Every stage of the plan, including those that were done already.
    pub(crate) stages: Vec<StageLine>,
    /// The jobs, in the order in which they wait for one another.
    pub(crate) jobs: Vec<Job>,
}

impl Submission {
    /// The folder of a submission, given that of the results.
    pub(crate) fn folder(out: &Path) -> PathBuf {
        out.join(FOLDER)
    }

    /// Reads the submission; returns `None` if nothing was submitted.
    pub(crate) fn load(out: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::folder(out).join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| path.display().to_string())?,
        };
        let expected = || {
            format!(
                "{}: expected the plan that `aerbm submit` writes; submit again",
                path.display()
            )
        };
        serde_json::from_str(&text).map(Some).with_context(expected)
    }

    /// Saves the submission.
    pub(crate) fn save(&self, out: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(report::write_text(&Self::folder(out).join(FILE), &text)?)
    }
}
