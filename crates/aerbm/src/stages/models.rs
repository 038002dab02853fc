//! The models of a profile, each of which is a stage, with the classifier on its features.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;

use mnist_io::{Splits, TrainingData};
use nn_core::TensorMap;
use report::MetricRow;
use study::plan::Planned;
use study::stage::{Found, Key, Settled, Store};

use super::{Part, store};
use crate::Error;
use crate::config::{ProbeSettings, RunConfig, RunEntry};
use crate::data::Source;
use crate::monitor::{Monitor, forward};
use crate::pipeline::suited;
use crate::probe::{Probed, probe};
use crate::record::Spec;
use crate::train::{self, train};
use crate::trained::Trained;

/// The models of one entry of a profile, one for each seed.
pub(crate) struct Models<'a> {
    entry: &'a RunEntry,
    first_seed: u64,
    source: &'a Source,
    /// The folder of the run.
    out: PathBuf,
    store: Store,
    data_key: Key,
    /// The settings, adapted to the data.
    pub(crate) config: RunConfig,
    /// The data, all in memory.
    pub(crate) splits: Splits,
    /// The same data, in the form that training takes.
    pub(crate) data: Splits<TrainingData>,
}

impl<'a> Models<'a> {
    /// The models of an entry. The monitor is notified of settings that were changed to suit the data.
    pub(crate) fn of(
        part: &Part<'a>,
        entry: &'a RunEntry,
        monitor: &dyn Monitor,
    ) -> Result<Self, Error> {
        let config = suited(entry.resolve()?, part.loaded, monitor)?;
        let (splits, data_key) = part.loaded.split(config.split())?;
        Ok(Models {
            entry,
            first_seed: part.config.seed,
            source: part.source,
            out: part.folder.to_owned(),
            store: store(part.folder),
            data_key,
            config,
            data: splits.clone().into(),
            splits,
        })
    }

    /// The seeds.
    pub(crate) fn seeds(&self) -> Range<u64> {
        self.first_seed..self.first_seed + self.entry.seeds
    }

    fn spec(&self, seed: u64) -> Spec<'_> {
        let Models { entry, config, source, .. } = self;
        Spec { run: &entry.name, config, seed, source: Some(source) }
    }

    /// The key of a seed's model, which names its stage.
    pub(crate) fn key(&self, seed: u64) -> Key {
        train::key(&self.spec(seed), &self.data_key)
    }

    fn probe_key(&self, seed: u64, settings: &ProbeSettings) -> Key {
        Key::new("probe", &(self.key(seed).as_str(), settings))
    }

    /// The folder of a seed's model.
    pub(crate) fn folder(&self, seed: u64) -> PathBuf {
        self.out.join("models").join(name(self.entry, self.first_seed, seed))
    }

    /// The names of the folders of an entry's models.
    pub(crate) fn names(entry: &RunEntry, first_seed: u64) -> impl Iterator<Item = String> {
        (first_seed..first_seed + entry.seeds).map(move |seed| name(entry, first_seed, seed))
    }

    /// The stage of a seed's model, given the keys of existing results.
    pub(crate) fn planned(&self, seed: u64, kept: &HashSet<String>) -> Planned {
        let key = self.key(seed);
        let probe = self.entry.probe.as_ref().map(|settings| self.probe_key(seed, settings));
        let done = Trained::is_there(&self.folder(seed), &key)
            && probe.is_none_or(|key| kept.contains(key.as_str()));
        let (n_samples, width) = (self.splits.train.n_samples(), self.splits.train.images.ncols());
        Planned {
            name: format!("model {}, seed {seed}", self.entry.name),
            needs: vec![],
            multiply_adds: self.config.multiply_adds(n_samples, width),
            done,
            key,
        }
    }

    /// The model of a seed, and the rows of the classifier on its features. Both are read if they exist;
    /// otherwise they are computed while no other process computes them.
    pub(crate) fn trained(
        &self,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<(Trained, Vec<MetricRow>), Error> {
        let key = self.key(seed);
        let mut listen = |event: study::Event<'_>| forward(&event, monitor);
        let claim = self.store.claim(&key, &mut listen).map_err(Error::study)?;
        let (spec, folder) = (self.spec(seed), self.folder(seed));
        let trained = train(&spec, &self.data, &self.data_key, &folder, monitor, &mut |_| ())?;
        let probed = match &self.entry.probe {
            Some(settings) => self.probed(&trained, settings, monitor)?.rows(&trained),
            None => vec![],
        };
        if self.store.settled(&key)?.is_none() {
            let settled = Settled { result: Some(key.clone()), failure: None };
            self.store.settle(&key, &settled)?;
        }
        drop(claim);
        Ok((trained, probed))
    }

    /// Errors of a classifier on the model's features, which are computed once.
    fn probed(
        &self,
        trained: &Trained,
        settings: &ProbeSettings,
        monitor: &dyn Monitor,
    ) -> Result<Probed, Error> {
        let key = self.probe_key(trained.record.seed, settings);
        let mut listen = |event: study::Event<'_>| forward(&event, monitor);
        match self.store.get_or_claim(&key, &mut listen).map_err(Error::study)? {
            Found::Kept(_, probed) => Ok(probed),
            Found::Claimed(claim) => {
                let probed = probe(trained, &self.splits, settings, trained.record.seed, monitor)?;
                claim.keep(&TensorMap::new(), &probed)?;
                Ok(probed)
            }
        }
    }
}

/// The name of the folder of a seed's model.
fn name(entry: &RunEntry, first_seed: u64, seed: u64) -> String {
    let name = &entry.name;
    if seed == first_seed { name.clone() } else { format!("{name}-seed-{seed}") }
}
