//! The stages of a profile: its models, and the layers, trials, cells and classifiers of its comparison.
//!
//! Any number of processes may [work](Part::work) on the stages of one folder, in any order. The
//! [pipeline](crate::pipeline) makes the same calls, finds what is there, and writes the tables and the page.

mod models;

use std::path::Path;

use study::plan::Plan;
use study::stage::{Key, Store};
use study::{ComparisonConfig, Study, StudyError};

use crate::Error;
use crate::config::ProfileConfig;
use crate::data::{Loaded, Source};
use crate::folder::STAGES;
use crate::monitor::{Monitor, forward};
use crate::replacing::{data_identity, replaces};

pub(crate) use models::Models;

/// A part of a profile with its data, and the folder of its run.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The settings.
    pub config: &'a ProfileConfig,
    /// The location of the data.
    pub source: &'a Source,
    /// The data.
    pub loaded: &'a Loaded,
    /// The folder of the run.
    pub folder: &'a Path,
}

/// The finished stages in the folder of a run.
pub fn store(folder: &Path) -> Store {
    Store::new(folder.join(STAGES))
}

impl Part<'_> {
    /// Refuses a folder with a finished run that the pipeline would replace.
    ///
    /// # Errors
    /// [`Error::OtherRun`], or [`Error::Config`] if the settings cannot be written.
    pub fn refuse_other_run(&self) -> Result<(), Error> {
        let (settings, identity) = (toml::to_string(self.config)?, data_identity(self.loaded));
        replaces(self.folder, &settings, &identity, false).map(|_| ())
    }

    /// The stages. Work that depends on all of them is not a stage: the pipeline makes comparisons in equal
    /// time, figures, tables and the page.
    ///
    /// # Errors
    /// [`Error`] if settings do not fit the data, or the folder cannot be read.
    pub fn plan(&self) -> Result<Plan, Error> {
        let store = store(self.folder);
        let kept = store.keys()?;
        let mut plan = Plan { stages: vec![], multiply_adds_per_second: None };
        for entry in &self.config.runs {
            let models = Models::of(self, entry, &())?;
            plan.stages.extend(models.seeds().map(|seed| models.planned(seed, &kept)));
        }
        if let Some(comparison) = &self.config.comparison {
            let of_study = self.with_study(comparison, &store, |study| study.plan())?;
            plan.stages.extend(of_study.stages);
            plan.multiply_adds_per_second = of_study.multiply_adds_per_second;
        }
        Ok(plan)
    }

    /// Computes stages of the [plan](Self::plan) into the folder, and the missing stages that they depend on.
    /// Tables and page are not touched. A stage of the comparison that diverges is recorded as such, which is
    /// not an error.
    ///
    /// # Errors
    /// [`Error::NoStage`] before anything is computed, or another [`Error`]; finished results are kept.
    pub fn work(&self, keys: &[Key], monitor: &dyn Monitor) -> Result<(), Error> {
        let store = store(self.folder);
        let mut of_study = keys.to_vec();
        let mut of_models = Vec::new();
        for entry in &self.config.runs {
            let models = Models::of(self, entry, &())?;
            for seed in models.seeds() {
                let key = models.key(seed);
                if of_study.contains(&key) {
                    of_study.retain(|other| *other != key);
                    of_models.push((entry, seed));
                }
            }
        }
        let unknown = |key: &Key| Error::NoStage { key: key.as_str().to_owned() };
        match (&self.config.comparison, of_study.first()) {
            (Some(comparison), Some(_)) => {
                let mut listen = |event: study::Event<'_>| forward(&event, monitor);
                self.with_study(comparison, &store, |study| study.work(&of_study, &mut listen))?;
            }
            (None, Some(key)) => return Err(unknown(key)),
            (_, None) => (),
        }
        for (entry, seed) in of_models {
            Models::of(self, entry, monitor)?.trained(seed, monitor)?;
        }
        Ok(())
    }

    fn with_study<R>(
        &self,
        config: &ComparisonConfig,
        cache: &Store,
        then: impl FnOnce(Study<'_>) -> Result<R, StudyError>,
    ) -> Result<R, Error> {
        let (data, key) = self.loaded.split(config.split)?;
        let methods = &self.config.methods;
        let study = Study { config, methods, data: &data, data_key: key.as_str(), cache };
        then(study).map_err(|error| match error {
            StudyError::UnknownStage(key) => Error::NoStage { key: key.as_str().to_owned() },
            error => Error::study(error),
        })
    }
}
