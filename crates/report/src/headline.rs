//! The first sentence of a page without an answer: the last values of its runs.

use std::collections::BTreeSet;

use crate::metrics::{OF_MODELS, Samples, TestValues, last_values, mean, unit, words};
use crate::rows::MetricRow;
use number_text::significant;
use wording::{Language, say};

/// Metrics by which several runs are compared, the most informative first.
const TELLING: [&str; 4] = ["psnr_db", "log_likelihood_nats", "sse_per_image", "error_pct"];

/// The last test values of the run, or else those of the validation or training samples; `None` without rows.
pub(crate) fn headline(language: Language, samples: Samples, rows: &[MetricRow]) -> Option<String> {
    let runs: BTreeSet<&str> = rows.iter().map(|row| row.run.as_str()).collect();
    match runs.len() {
        0 => None,
        1 => of_one_run(language, samples, rows),
        n => Some(
            of_several_runs(language, samples, rows)
                .unwrap_or_else(|| say!(language, "headline-runs", n = n)),
        ),
    }
}

fn of_one_run(language: Language, samples: Samples, rows: &[MetricRow]) -> Option<String> {
    let run = &rows.first()?.run;
    let split = ["test", "validation", "train"]
        .into_iter()
        .find(|split| rows.iter().any(|row| row.split == *split))?;
    let last = last_values(rows.iter().filter(|row| row.split == split));
    let mut finite: Vec<&&MetricRow> = last.iter().filter(|row| row.value.is_finite()).collect();
    // The quality of the whole model is more informative than statistics of its codes.
    let place = |row: &MetricRow| OF_MODELS.iter().position(|metric| *metric == row.metric);
    if finite.iter().any(|row| place(row).is_some()) {
        finite.retain(|row| place(row).is_some());
    }
    let values: Vec<String> =
        finite.into_iter().take(4).map(|row| value(language, samples, row)).collect();
    let values =
        if values.is_empty() { say!(language, "headline-no-values") } else { values.join(", ") };
    let (run, split) = (run.as_str(), say!(language, &format!("split-{split}")));
    Some(match last.iter().filter_map(|row| row.epoch).max() {
        None => say!(language, "headline-run", run = run, split = split, values = values),
        Some(epochs) => {
            say!(
                language,
                "headline-run-epochs",
                run = run,
                n = epochs,
                split = split,
                values = values
            )
        }
    })
}

/// Means over seeds of the first of these metrics that all runs measured on the test set.
fn of_several_runs(language: Language, samples: Samples, rows: &[MetricRow]) -> Option<String> {
    let test = TestValues::of(rows);
    let runs = test.runs();
    let sentence = |metric: &str, unit: &str| {
        let mean_of = |run: &str| {
            let mut values = test.values(run, metric, unit);
            values.retain(|value| value.is_finite());
            mean(&values).map(|mean| format!("{run} {}", significant(mean)))
        };
        let means: Vec<String> = runs.iter().map(|run| mean_of(run)).collect::<Option<_>>()?;
        let (metric, means) = (words(language, samples, metric), means.join(", "));
        Some(if unit.is_empty() {
            say!(language, "headline-means", metric = metric, means = means)
        } else {
            say!(language, "headline-means-in-unit", metric = metric, unit = unit, means = means)
        })
    };
    TELLING
        .into_iter()
        .flat_map(|metric| test.units(metric).into_iter().map(move |unit| (metric, unit)))
        .find_map(|(metric, unit)| sentence(metric, unit))
}

fn value(language: Language, samples: Samples, row: &MetricRow) -> String {
    let words = words(language, samples, &row.metric);
    let text = format!("{words} {} {}", significant(row.value), unit(row));
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: usize, split: &str, metric: &str, value: f64, unit: &str) -> MetricRow {
        MetricRow {
            run: "tutorial".into(),
            method: "autoencoder".into(),
            seed: 1,
            stage: "train".into(),
            layer: None,
            epoch: Some(epoch),
            split: split.into(),
            metric: metric.into(),
            value,
            unit: unit.into(),
        }
    }

    #[test]
    fn rows_of_a_table_have_values_and_no_pixels() {
        let rows = [
            row(3, "test", "mse_per_pixel", 0.45, "mse_per_pixel"),
            row(3, "test", "sse_per_image", 9.5, "sse_per_image"),
        ];
        let said = headline(Language::English, Samples::Rows, &rows).expect("rows");
        assert!(said.contains("squared error per value 0.45"), "{said}");
        assert!(said.contains("squared error per row 9.5"), "{said}");
    }

    #[test]
    fn a_single_run_has_its_last_test_values() {
        let rows = [
            row(1, "test", "mse_per_pixel", 0.09, "mse_per_pixel"),
            row(20, "test", "mse_per_pixel", 0.0123, "mse_per_pixel"),
            row(20, "train", "cost", 0.01, ""),
            row(20, "test", "psnr_db", 19.1, "db"),
            row(20, "test", "code_mean_activity", -0.06, "activity"),
        ];
        assert_eq!(
            headline(Language::English, Samples::Images, &rows).unwrap(),
            "tutorial after 20 epochs, on the test samples: squared error per pixel 0.01230, PSNR \
             19.10 dB."
        );
        assert_eq!(headline(Language::English, Samples::Images, &[]), None);
    }

    #[test]
    fn units_come_from_the_rows() {
        let of = |unit: &str| {
            headline(Language::English, Samples::Images, &[row(3, "train", "cost", 0.5, unit)])
                .unwrap()
        };
        assert_eq!(
            of("mse_per_pixel"),
            "tutorial after 3 epochs, on the train samples: cost 0.5000 mse_per_pixel."
        );
        assert!(of("nats").ends_with("cost 0.5000 nats."));
        assert!(of("1").ends_with("cost 0.5000."), "a pure number");
        assert!(of("cost").ends_with("cost 0.5000."), "an old file, whose unit says nothing more");
    }

    #[test]
    fn runs_in_different_units_are_not_set_side_by_side() {
        let other = MetricRow { run: "other".into(), ..row(1, "test", "error_pct", 2.0, "share") };
        let rows = [row(1, "test", "error_pct", 3.0, "pct"), other];
        assert!(
            headline(Language::English, Samples::Images, &rows)
                .unwrap()
                .starts_with("2 runs without a comparison")
        );
        let same = MetricRow { unit: "pct".into(), ..rows[1].clone() };
        assert_eq!(
            headline(Language::English, Samples::Images, &[rows[0].clone(), same]).unwrap(),
            "On the test samples, classification error in %: tutorial 3.000, other 2.000."
        );
    }
}
