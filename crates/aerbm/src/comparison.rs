//! Comparisons in run folders: their tables, which are written as they grow, metrics and figures.

pub(crate) mod mistakes;
mod overall;
pub(crate) mod tables;

use mnist_io::Splits;
use report::{ComparisonRow, PairedRow, SummaryRow};
use study::stage::{Key, Store};
use study::{ComparisonConfig, Event, Methods, Outcome, Study, Tested, run_comparison};

use crate::figures::{self, Figures};
use crate::folder::RunFolder;
use crate::monitor::{Monitor, forward};
use crate::{Error, Language, page};

use overall::Overall;

/// The tables of a finished comparison, and its answer in a sentence.
#[derive(Debug)]
pub struct Comparison {
    /// Rows of `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// Rows of `paired.csv`.
    pub paired: Vec<PairedRow>,
    /// Rows of `comparison.csv`.
    pub cells: Vec<ComparisonRow>,
    /// The answer in a sentence; `None` without a result.
    pub headline: Option<String>,
    /// Every cell, with its predictions.
    pub outcome: Outcome,
}

/// Runs the comparison in the folder, and writes its tables as they grow, metrics and figures.
pub(crate) fn compare(
    (config, methods): (&ComparisonConfig, &Methods),
    splits: &Splits,
    key: &Key,
    folder: &mut RunFolder,
    monitor: &dyn Monitor,
) -> Result<Comparison, Error> {
    let cache = Store::new(folder.path().join("stages"));
    let roles = methods.roles_among(&config.methods);
    let study = Study { config, methods, data: splits, data_key: key.as_str(), cache: &cache };
    let mut overall = Overall::of(&study.plan().map_err(Error::study)?);
    let (mut computed, mut reused) = (0_usize, 0_usize);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Reused => reused += 1,
            Event::Finished { .. } => computed += 1,
            _ => (),
        }
        overall.follow(&event, monitor);
        forward(&event, monitor)
    };
    let truth = (splits.test.labels.as_deref().unwrap_or_default(), splits.train.n_classes);
    let mut written = Ok(());
    let mut partial = |outcome: &Outcome| {
        if written.is_ok() {
            written = tables::write(folder, outcome, &roles, truth);
        }
    };
    let (key, partial) = (key.as_str(), &mut partial);
    let outcome = run_comparison(config, methods, splits, key, &cache, &mut listen, partial);
    let outcome = outcome.map_err(Error::study)?;
    written?;
    monitor.finish();
    monitor.note(&format!("comparison: {computed} stages computed, {reused} reused"));
    tables::write(folder, &outcome, &roles, truth)?;
    folder.add_rows(tables::layer_metrics(&outcome, &roles), tables::timings(&outcome))?;
    let styles = page::styles(methods);
    let figures = Figures { dir: folder.path(), styles: &styles };
    figures::comparison::draw(figures, &outcome)?;
    figures::mistakes::draw(figures, &outcome, &splits.test)?;
    let tested = Tested::all(&outcome.cells);
    let summary = tables::summary_for_other_samples(&tested);
    let (paired, cells) = (tables::paired_rows(&tested, &roles), tables::cell_rows(&outcome));
    let verdict = page::verdict(Language::English, &roles, &summary, &paired, &cells);
    let headline = verdict.map(|verdict| verdict.headline);
    Ok(Comparison { summary, paired, cells, headline, outcome })
}
