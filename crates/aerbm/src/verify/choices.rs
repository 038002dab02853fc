//! Verification of the choice of hyperparameters and of the settings with their grounds.

use std::collections::BTreeMap;
use std::path::Path;

use report::{ComparisonRow, SearchRow, SettingRow, read_csv};

use super::Verification;
use crate::Error;
use crate::config::ProfileConfig;

const SEARCH: &str = "search.csv";
const SETTINGS: &str = "settings.csv";

impl Verification {
    /// Checks that the chosen trial of each cell is the first of those with the lowest validation error,
    /// which is that of `comparison.csv`, and that the settings are those of `config.toml`. Runs of earlier
    /// versions have neither table.
    pub(super) fn check_choices(&mut self, dir: &Path) -> Result<(), Error> {
        if dir.join(SEARCH).is_file() {
            self.check_search(dir)?;
        }
        let config = ProfileConfig::of_folder(dir)?;
        if let (true, Some(config)) = (dir.join(SETTINGS).is_file(), config) {
            let rows: Vec<SettingRow> = read_csv(&dir.join(SETTINGS))?;
            let expected = config.setting_rows()?;
            if rows.len() != expected.len() {
                let (found, expected) = (rows.len(), expected.len());
                self.problem(SETTINGS, format!("{found} settings; config.toml has {expected}"));
            }
            for (line, (row, expected)) in (2..).zip(rows.iter().zip(&expected)) {
                if row != expected {
                    let SettingRow { setting, value, .. } = expected;
                    self.problem(
                        SETTINGS,
                        format!("line {line}: config.toml has {setting} = {value}"),
                    );
                }
            }
        }
        Ok(())
    }

    fn check_search(&mut self, dir: &Path) -> Result<(), Error> {
        let rows: Vec<SearchRow> = read_csv(&dir.join(SEARCH))?;
        let cells: Vec<ComparisonRow> = read_csv(&dir.join("comparison.csv"))?;
        let mut of_cells: BTreeMap<_, Vec<&SearchRow>> = BTreeMap::new();
        for row in &rows {
            let cell = (row.method.as_str(), row.depth, row.labels, row.seed);
            of_cells.entry(cell).or_default().push(row);
        }
        for ((method, depth, labels, seed), trials) in of_cells {
            let errors = trials.iter().filter_map(|row| row.validation_error_pct);
            let least = errors.fold(f64::INFINITY, f64::min);
            let best = trials.iter().position(|row| row.validation_error_pct == Some(least));
            let chosen: Vec<usize> = (0..trials.len()).filter(|&i| trials[i].chosen).collect();
            let here = |row: &&ComparisonRow| {
                (row.method.as_str(), row.depth, row.labels, row.seed)
                    == (method, depth, labels, seed)
            };
            let in_cell = cells.iter().find(here).map(|row| row.validation_error_pct);
            if best.map(|best| vec![best]) != Some(chosen) || in_cell != Some(least) {
                self.problem(
                    SEARCH,
                    format!(
                        "{method}, {labels} labels, depth {depth}: the chosen trial is not the one with the \
                         lowest validation error, {least} %, or comparison.csv has another"
                    ),
                );
            }
        }
        Ok(())
    }
}
