//! The comparison of a study.

use std::path::PathBuf;

use aerbm::compare::{CompareOptions, Place, run as run_comparison, settings as settings_of};
use aerbm::data::{self, Source};
use pyo3::prelude::*;

use crate::long::{Listener, with_threads};

/// Compares methods on the data of a file, in the folder `out`, where an earlier comparison goes on. Returns
/// the answer in a sentence, if there is one.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "Python calls it by one line")]
pub(crate) fn compare(
    py: Python<'_>,
    data: PathBuf,
    label_column: Option<String>,
    out: PathBuf,
    methods: Vec<String>,
    labels: Option<Vec<usize>>,
    all_labels: bool,
    depths: Vec<usize>,
    seeds: Option<u64>,
    first_seed: Option<u64>,
    trials: Option<usize>,
    set: Vec<String>,
    force: bool,
    threads: usize,
    listener: Option<Py<PyAny>>,
) -> PyResult<Option<String>> {
    py.detach(|| {
        let listener = Listener::new(listener.as_ref());
        let options = CompareOptions {
            methods,
            all_labels,
            labels: labels.unwrap_or_default(),
            depths,
            seeds,
            first_seed,
            trials,
            set,
        };
        let run = || {
            let settings = settings_of(&options)?;
            let source =
                Source { data: data.display().to_string(), label_column, ..Source::default() };
            let loaded = data::load(&source)?;
            let command = "aerbm.compare".to_owned();
            let again = format!("aerbm fit --data {}", data.display());
            let best = out.join(aerbm::best::BEST);
            let place = Place { command, again, out, best, force };
            run_comparison(&options, settings, &loaded, &place, &listener)
        };
        let found = with_threads(threads, usize::MAX, run);
        let done = listener.result(found)?;
        Ok(done.comparison.and_then(|comparison| comparison.headline))
    })
}
