//! MLflow's file store: a folder for the experiment, which is the folder of our run. It contains a folder for
//! each model and network, with a file for each parameter and each metric.
//!
//! Source: the MLflow documentation, "Tracking server: backend stores", and the files that MLflow 2 writes.

use std::path::Path;

use report::write_text;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Source, Tracked, file_name};
use crate::Error;

/// Longest value of a parameter that MLflow shows.
const LONGEST: usize = 6000;

pub(super) fn write(runs: &[Tracked], source: &Source, out: &Path) -> Result<(), Error> {
    let folder = source.folder.display().to_string();
    let experiment = experiment_id(&folder);
    let place = out.join(&experiment);
    let milliseconds = source.written.as_millis();
    let artifacts = format!("file://{folder}");
    write_yaml(
        &place,
        &json!({
            "artifact_location": artifacts,
            "creation_time": milliseconds,
            "experiment_id": experiment,
            "last_update_time": milliseconds,
            "lifecycle_stage": "active",
            "name": folder,
        }),
    )?;
    for run in runs {
        let id = run_id(&experiment, &run.name);
        let place = place.join(&id);
        write_yaml(
            &place,
            &json!({
                "artifact_uri": artifacts,
                "end_time": milliseconds,
                "entry_point_name": "",
                "experiment_id": experiment,
                "lifecycle_stage": "active",
                "run_id": id,
                "run_name": run.name,
                "run_uuid": id,
                "source_name": "aerbm",
                "source_type": 4,
                "source_version": "",
                "start_time": milliseconds,
                "status": 3,
                "tags": [],
                "user_id": "",
            }),
        )?;
        // MLflow rejects the folder of a run that lacks one of these.
        for needed in ["artifacts", "metrics", "params"] {
            let path = place.join(needed);
            std::fs::create_dir_all(&path).map_err(|source| Error::Io { path, source })?;
        }
        write_text(&place.join("tags/mlflow.runName"), &run.name)?;
        for (name, value) in &run.parameters {
            let value: String = value.chars().take(LONGEST).collect();
            write_text(&place.join("params").join(file_name(name)), &value)?;
        }
        for (index, point) in run.points.iter().enumerate() {
            let of_metric = || run.points.iter().filter(|other| other.metric == point.metric);
            if run.points[..index].iter().any(|other| other.metric == point.metric) {
                continue;
            }
            let line =
                |point: &super::Point| format!("{milliseconds} {} {}\n", point.value, point.step);
            let lines: Vec<String> = of_metric().map(line).collect();
            write_text(&place.join("metrics").join(&point.metric), &lines.concat())?;
        }
    }
    Ok(())
}

/// Writes `meta.yaml`. JSON is valid YAML.
fn write_yaml(folder: &Path, value: &serde_json::Value) -> Result<(), Error> {
    let fields = value.as_object().into_iter().flatten();
    let lines: Vec<String> = fields.map(|(name, value)| format!("{name}: {value}\n")).collect();
    Ok(write_text(&folder.join("meta.yaml"), &lines.concat())?)
}

/// The fixed number of the experiment, in 18 digits like those of MLflow.
fn experiment_id(folder: &str) -> String {
    let digest = Sha256::digest(folder.as_bytes());
    let number = u64::from_be_bytes(std::array::from_fn(|i| digest[i]));
    format!("{:018}", number % 1_000_000_000_000_000_000)
}

/// The identity of a run, in 32 digits like those of MLflow.
fn run_id(experiment: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{experiment}\n{name}"));
    format!("{:032x}", u128::from_be_bytes(std::array::from_fn(|i| digest[i])))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tracking::Point;

    #[test]
    fn a_metric_has_a_line_for_each_step_and_ids_stay_the_same() {
        let out = tempfile::tempdir().expect("a temporary folder");
        let point = |step, value| Point { metric: "train/cost".into(), step, value };
        let run = Tracked {
            name: "rbm-seed-1".into(),
            parameters: [("model.n_hidden".to_owned(), "5".to_owned())].into(),
            points: vec![point(1, 2.5), point(2, 1.25)],
        };
        let source = Source { folder: "/reports/x".into(), written: Duration::from_secs(7) };
        for _ in 0..2 {
            write(std::slice::from_ref(&run), &source, out.path()).expect("written");
        }
        let experiment = out.path().join(experiment_id("/reports/x"));
        assert_eq!(experiment.file_name().expect("a name").len(), 18);
        let place = experiment.join(run_id(&experiment_id("/reports/x"), "rbm-seed-1"));
        let read = |name: &str| std::fs::read_to_string(place.join(name)).expect(name);
        assert_eq!(read("metrics/train/cost"), "7000 2.5 1\n7000 1.25 2\n");
        assert_eq!(read("params/model.n_hidden"), "5");
        assert!(place.join("artifacts").is_dir());
        assert!(read("meta.yaml").contains("artifact_uri: \"file:///reports/x\"\n"));
        let folders = std::fs::read_dir(&experiment).expect("a folder").count();
        assert_eq!(folders, 2, "one run, and the file of the experiment");
    }
}
