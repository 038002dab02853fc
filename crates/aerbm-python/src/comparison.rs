//! The comparison of a study.

use std::path::PathBuf;

use aerbm::Language;
use aerbm::compare::{self, CompareOptions, Place};
use aerbm::data::{self, Loaded, Source};
use aerbm::stages::Part;
use aerbm::study::plan::{Graph, MULTIPLY_ADDS_PER_SECOND};
use aerbm::study::stage::Key;
use pyo3::prelude::*;

use crate::errors::{exception, value_error};
use crate::long::{Listener, with_threads};

/// A comparison of methods on the data of a file, in the folder `out`, where an earlier one is continued.
#[pyclass(frozen, module = "aerbm._aerbm")]
pub(crate) struct Comparison {
    source: Source,
    out: PathBuf,
    options: CompareOptions,
    language: Option<Language>,
    force: bool,
}

impl Comparison {
    fn load(&self) -> Result<Loaded, aerbm::Error> {
        data::load(&self.source)
    }

    /// Calls `then` with the comparison as a part of a profile, whose stages can be computed separately.
    fn with_part<R>(
        &self,
        then: impl FnOnce(Part<'_>) -> Result<R, aerbm::Error>,
    ) -> Result<R, aerbm::Error> {
        let loaded = self.load()?;
        let settings = compare::settings(&self.options)?;
        let config = compare::profile(&self.options, settings, &loaded, &())?;
        let (source, folder) = (&self.source, self.out.as_path());
        then(Part { config: &config, source, loaded: &loaded, folder })
    }
}

/// The options of a comparison, a dictionary in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Options {
    methods: Vec<String>,
    labels: Vec<usize>,
    all_labels: bool,
    depths: Vec<usize>,
    seeds: Option<u64>,
    first_seed: Option<u64>,
    trials: Option<usize>,
    set: Vec<String>,
    language: Option<String>,
    force: bool,
}

#[pymethods]
impl Comparison {
    /// A comparison on the rows of the file `data`.
    #[new]
    fn new(data: PathBuf, out: PathBuf, options: Options) -> PyResult<Self> {
        let Options { methods, labels, all_labels, depths, seeds, first_seed, .. } = options;
        let Options { trials, set, language, force, .. } = options;
        let language = language.map(|code| code.parse().map_err(value_error)).transpose()?;
        let options =
            CompareOptions { methods, labels, all_labels, depths, seeds, first_seed, trials, set };
        let source = Source { data: data.display().to_string(), ..Source::default() };
        Ok(Comparison { source, out, options, language, force })
    }

    /// The keys of the missing stages, in waves: each stage needs only stages of earlier waves.
    fn waves(&self, py: Python<'_>) -> PyResult<Vec<Vec<String>>> {
        let plan = py.detach(|| self.with_part(|part| part.plan())).map_err(exception)?;
        let speed = plan.multiply_adds_per_second.unwrap_or(MULTIPLY_ADDS_PER_SECOND);
        let key = |place: usize| plan.stages[place].key.as_str().to_owned();
        let waves = Graph::of(&plan.stages, speed).waves().into_iter();
        Ok(waves.map(|wave| wave.into_iter().map(key).collect()).collect())
    }

    /// Computes the stages of these keys, and the missing stages that they need.
    fn work(&self, py: Python<'_>, keys: Vec<String>, threads: usize) -> PyResult<()> {
        let parsed = |key: &String| {
            Key::parse(key)
                .ok_or_else(|| value_error(format!("{key}: expected the key of a stage")))
        };
        let keys = keys.iter().map(parsed).collect::<PyResult<Vec<Key>>>()?;
        py.detach(|| {
            let listener = Listener::new(None);
            let work = || self.with_part(|part| part.work(&keys, &listener));
            let found = with_threads(threads, usize::MAX, work);
            listener.result(found)
        })
    }

    /// Computes what is missing, and writes tables, figures, page and the recommended network. Returns the
    /// answer in a sentence, or `None` without one.
    fn run(
        &self,
        py: Python<'_>,
        threads: usize,
        listener: Option<Py<PyAny>>,
    ) -> PyResult<Option<String>> {
        py.detach(|| {
            let listener = Listener::new(listener.as_ref());
            let run = || {
                let settings = compare::settings(&self.options)?;
                let loaded = self.load()?;
                let place = Place {
                    command: "aerbm.compare".to_owned(),
                    again: format!("aerbm fit --data {}", self.source.data),
                    best: self.out.join(aerbm::best::BEST),
                    out: self.out.clone(),
                    force: self.force,
                    language: self.language,
                };
                compare::run(&self.options, settings, &loaded, &place, &listener)
            };
            let found = with_threads(threads, usize::MAX, run);
            let done = listener.result(found)?;
            Ok(done.comparison.and_then(|comparison| comparison.headline))
        })
    }
}
