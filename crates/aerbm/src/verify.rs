//! Verification of a run: its files are those that were written, and every number on its page follows from
//! the stored results.

mod choices;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use report::{ComparisonRow, MetricRow, MistakesRow, read_csv};
use study::Tested;

use crate::comparison::{mistakes, tables};
use crate::config::ProfileConfig;
use crate::folder::require_run;
use crate::record::Record;
use crate::trained::Trained;
use crate::{Error, page, sums};

/// The outcome of a verification.
#[derive(Debug, Default)]
pub struct Verification {
    /// Number of files with the checksum that the run recorded.
    pub files: usize,
    /// Number of errors that were recounted from the mistakes on the test set.
    pub cells: usize,
    /// Number of files that were regenerated from the tables: tables, figures and the page.
    pub redrawn: usize,
    /// Everything that differs, one line each.
    pub problems: Vec<String>,
}

/// Verifies the run in `dir`.
///
/// # Errors
/// [`Error::NoRun`] for a folder without a run, or [`Error::Io`] if a temporary folder cannot be used.
pub fn verify(dir: &Path) -> Result<Verification, Error> {
    require_run(dir)?;
    let mut found = Verification::default();
    found.check_sums(dir)?;
    if dir.join("comparison.csv").is_file() {
        let checked = found.check_cells(dir);
        found.note(dir, checked);
    }
    let checked = found.check_choices(dir);
    found.note(dir, checked);
    let checked = found.check_metrics(dir);
    found.note(dir, checked);
    let checked = found.check_drawn(dir);
    found.note(dir, checked);
    Ok(found)
}

impl Verification {
    /// Records why a check could not be made.
    fn note(&mut self, dir: &Path, checked: Result<(), Error>) {
        if let Err(error) = checked {
            self.add(error.with_causes().replace(&format!("{}/", dir.display()), ""));
        }
    }

    fn problem(&mut self, file: &str, what: impl std::fmt::Display) {
        self.add(format!("{file}: {what}"));
    }

    fn add(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Checks that every file that the run recorded exists and is unchanged.
    fn check_sums(&mut self, dir: &Path) -> Result<(), Error> {
        let recorded = sums::read(dir)?;
        if recorded.is_empty() {
            self.problem(
                sums::NAME,
                "missing; the run has not ended, or an earlier version made it: run it again",
            );
        }
        // A committed run has no models.
        let has_models = dir.join("models").is_dir();
        for (path, sum) in recorded {
            if path.starts_with("models/") && !has_models {
                continue;
            }
            let file = dir.join(&path);
            if !file.is_file() {
                self.problem(&path, "missing");
            } else if sums::of_file(&file)? == sum {
                self.files += 1;
            } else {
                self.problem(&path, "changed since the run: its checksum differs");
            }
        }
        Ok(())
    }

    /// Checks that the errors of `comparison.csv` are the numbers of mistakes.
    fn check_cells(&mut self, dir: &Path) -> Result<(), Error> {
        const FILE: &str = "comparison.csv";
        let rows: Vec<ComparisonRow> = read_csv(&dir.join(FILE))?;
        let Some(tested) = self.tested(dir)? else { return Ok(()) };
        if rows.len() != tested.len() {
            let of_mistakes = tested.len();
            self.problem(FILE, format!("{} cells; mistakes.csv has {of_mistakes}", rows.len()));
        }
        for (line, (row, cell)) in (2..).zip(rows.iter().zip(&tested)) {
            let row_cell = (&row.method, row.depth, row.labels, row.seed);
            let same = row_cell == (&cell.method, cell.depth, cell.labels, cell.seed)
                && row.test_errors == cell.errors()
                && row.test_error_pct.to_bits() == cell.error_pct().to_bits();
            if same {
                self.cells += 1;
            } else {
                let (errors, pct) = (cell.errors(), cell.error_pct());
                self.problem(
                    FILE,
                    format!(
                        "line {line}: {} errors, {} %; mistakes.csv has {errors}, {pct} %",
                        row.test_errors, row.test_error_pct
                    ),
                );
            }
        }
        Ok(())
    }

    /// The cells of `mistakes.csv`, unless a row is damaged.
    fn tested(&mut self, dir: &Path) -> Result<Option<Vec<Tested>>, Error> {
        const FILE: &str = "mistakes.csv";
        let rows: Vec<MistakesRow> = read_csv(&dir.join(FILE))?;
        match mistakes::cells(rows) {
            Ok(tested) => Ok(Some(tested)),
            Err(damaged) => {
                self.problem(FILE, damaged);
                Ok(None)
            }
        }
    }

    /// Checks that the measurements are those of the models' records, and that likelihoods match their log Z.
    fn check_metrics(&mut self, dir: &Path) -> Result<(), Error> {
        const FILE: &str = "metrics.csv";
        let rows: Vec<MetricRow> = read_csv(&dir.join(FILE))?;
        for record in records(dir) {
            for expected in record.metric_rows() {
                if !rows.iter().any(|row| is_same(row, &expected)) {
                    let MetricRow { run, split, metric, value, .. } = &expected;
                    self.problem(FILE, format!("{run} has no {split} {metric} of {value}"));
                }
            }
        }
        for row in rows.iter().filter(|row| row.metric == "log_likelihood_nats") {
            let of = |split: &str, metric: &str| {
                let here = |other: &&MetricRow| {
                    (&other.run, other.seed, &other.stage, other.epoch)
                        == (&row.run, row.seed, &row.stage, row.epoch)
                        && (other.split.as_str(), other.metric.as_str()) == (split, metric)
                };
                rows.iter().find(here).map(|row| row.value)
            };
            // The upper bound of log Z gives the lower bound of the likelihood.
            for [own, other] in [["lower", "upper"], ["upper", "lower"]] {
                let end = of(&row.split, &format!("log_likelihood_nats_{own}"));
                let log_z =
                    of("model", "log_z_nats").zip(of("model", &format!("log_z_nats_{other}")));
                let (Some(end), Some((log_z, other))) = (end, log_z) else { continue };
                if (row.value - end - (other - log_z)).abs() > 1e-6 {
                    let (run, split) = (&row.run, &row.split);
                    self.problem(
                        FILE,
                        format!(
                            "{run}, {split}: log_likelihood_nats_{own} does not follow from log Z"
                        ),
                    );
                }
            }
        }
        Ok(())
    }

    /// Checks that tables, figures and page, made again in another folder, are the same files.
    fn check_drawn(&mut self, dir: &Path) -> Result<(), Error> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let temporary = tempfile::tempdir().map_err(io(&std::env::temp_dir()))?;
        // The page shows the name of the folder.
        let name = dir.canonicalize().map_err(io(dir))?;
        let copy = temporary.path().join(name.file_name().unwrap_or(name.as_os_str()));
        let files = tables_of(dir)?;
        for file in &files {
            let to = copy.join(file);
            std::fs::create_dir_all(to.parent().unwrap_or(&copy)).map_err(io(&to))?;
            std::fs::copy(dir.join(file), &to).map_err(io(&to))?;
        }
        let made = self.make_again(dir, &copy);
        self.note(&copy, made);
        for name in made_again(&copy)? {
            match (std::fs::read(dir.join(&name)), std::fs::read(copy.join(&name))) {
                (Ok(old), Ok(new)) if old == new => self.redrawn += 1,
                (Ok(old), Ok(new)) => self.problem(&name, first_difference(&old, &new)),
                _ => self.problem(&name, "missing"),
            }
        }
        Ok(())
    }

    /// Regenerates tables that follow from others, figures and page.
    fn make_again(&mut self, dir: &Path, copy: &Path) -> Result<(), Error> {
        let profile = ProfileConfig::of_folder(copy)?;
        let comparison = profile.as_ref().and_then(|profile| profile.comparison.as_ref());
        if let (Some(profile), Some(comparison)) = (&profile, comparison)
            && dir.join("mistakes.csv").is_file()
            && let Some(tested) = self.tested(dir)?
        {
            let roles = profile.methods.roles_among(&comparison.methods);
            tables::write_summaries(copy, &tested, &roles)?;
        }
        page::write(copy).map(|_| ())
    }
}

/// The records of the models that the run wrote.
fn records(dir: &Path) -> Vec<Record> {
    let entries = std::fs::read_dir(dir.join("models")).into_iter().flatten().flatten();
    let models = entries.filter_map(|entry| Trained::load_here(&entry.path()));
    models
        .map(|Trained { mut record, .. }| {
            // The folders of models of further seeds are not named after their run.
            if let Some((run, _)) = record.run.split_once("-seed-") {
                record.run = run.to_owned();
            }
            record
        })
        .collect()
}

fn is_same(a: &MetricRow, b: &MetricRow) -> bool {
    a.value.to_bits() == b.value.to_bits()
        && MetricRow { value: 0.0, ..a.clone() } == MetricRow { value: 0.0, ..b.clone() }
}

/// The files directly in a folder whose names end in one of these ways.
fn files_of(folder: &Path, ends: &[&str]) -> Result<Vec<String>, Error> {
    let cannot = |source| Error::Io { path: folder.to_owned(), source };
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
            if ends.iter().any(|end| name.ends_with(end)) {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// The files from which figures and page are drawn.
fn tables_of(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let here = files_of(dir, &[".csv", ".toml", ".json"])?;
    let figures = files_of(&dir.join("figures"), &[".csv", ".json"])?;
    let figures = figures.into_iter().map(|name| Path::new("figures").join(name));
    Ok(here.into_iter().map(PathBuf::from).chain(figures).collect())
}

/// The regenerated files.
fn made_again(copy: &Path) -> Result<Vec<String>, Error> {
    let tables =
        tables::SUMMARIES.into_iter().filter(|name| copy.join(name).is_file()).map(str::to_owned);
    let figures = files_of(
        &copy.join("figures"),
        &[".svg", ".png", "error_by_labels.csv", "differences.csv"],
    )?;
    let figures = figures.into_iter().map(|name| format!("figures/{name}"));
    Ok(tables.chain(figures).chain(["report.html".to_owned()]).collect())
}

/// The first difference between a file and the regenerated one.
fn first_difference(old: &[u8], new: &[u8]) -> String {
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return "differs from what its table gives".into();
    };
    let mut pairs = (1..).zip(old.lines().zip(new.lines()));
    match pairs.find(|(_, (old, new))| old != new) {
        Some((line, _)) => format!("line {line} differs from what the stored results give"),
        None => "differs in length from what the stored results give".into(),
    }
}
