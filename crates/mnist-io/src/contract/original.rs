//! Decoding of features into column values in their original units.

use ndarray::{ArrayView1, ArrayView2};

use super::column::ColumnKind;
use super::{Contract, Input, Original};
use crate::frame::dates;

impl Contract {
    /// Maps features (n_samples × n_features) back to named columns: numbers in their units, the likeliest
    /// level of each category among those seen in training, and dates as text. Ignored columns are omitted.
    ///
    /// An encoded number is recovered up to the rounding of its feature to f32, unless it was clipped.
    ///
    /// # Panics
    /// If `features` does not have as many columns as the contract.
    #[must_use]
    pub fn original(&self, features: ArrayView2<f32>) -> Vec<(String, Original)> {
        assert_eq!(features.ncols(), self.n_features(), "features of the contract");
        let numbers = |feature: usize, decode: &dyn Fn(f32) -> f64| {
            let known = |&x: &f32| (!x.is_nan()).then(|| decode(x));
            Original::Numbers(features.column(feature).iter().map(known).collect())
        };
        let table = match &self.input {
            Input::Table(table) => table,
            Input::Array(array) => {
                let column = |feature: usize| {
                    let decode = |x| array.scaling.decode(feature, x);
                    (feature.to_string(), numbers(feature, &decode))
                };
                return (0..array.n_features()).map(column).collect();
            }
        };
        let mut columns = Vec::new();
        let mut first = 0;
        for column in &table.columns {
            let words = |word: &dyn Fn(f32) -> String| {
                let known = |&x: &f32| (!x.is_nan()).then(|| word(x));
                Original::Words(features.column(first).iter().map(known).collect())
            };
            let values = match &column.kind {
                ColumnKind::Ignored { .. } => continue,
                ColumnKind::Number { shift, .. } => numbers(first, &|x| shift.decode(x)),
                ColumnKind::Date { shift, format, .. } => {
                    words(&|x| dates::text(shift.decode(x), format))
                }
                ColumnKind::Boolean { no, yes } => {
                    words(&|x| if x < 0.5 { no.clone() } else { yes.clone() })
                }
                ColumnKind::Category { levels } => {
                    Original::Words(likeliest(features, first, levels))
                }
            };
            first += column.n_features();
            columns.push((column.name.clone(), values));
        }
        columns
    }
}

/// The likeliest level of each row, from the group of features that starts at `first`. The last feature,
/// which represents all other levels, is used only if no level seen in training has any probability.
fn likeliest(features: ArrayView2<f32>, first: usize, levels: &[String]) -> Vec<Option<String>> {
    let level = |row: ArrayView1<f32>| {
        let group = row.iter().copied().skip(first).take(levels.len() + 1);
        if group.clone().any(f32::is_nan) {
            return None;
        }
        let known = group.take(levels.len()).enumerate();
        // Ties go to the first.
        let likeliest = known.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let likeliest = likeliest.filter(|(_, probability)| *probability > 0.0);
        Some(likeliest.map_or_else(|| "other".to_owned(), |(level, _)| levels[level].clone()))
    };
    features.rows().into_iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_unknown_level_is_never_likelier_than_one_of_training() {
        let levels = ["Busan".to_owned(), "Seoul".to_owned()];
        let nan = f32::NAN;
        let features = array![
            [9.0, 0.1, 0.2, 0.7],
            [9.0, 0.4, 0.4, 0.2],
            [9.0, 0.0, 0.0, 1.0],
            [9.0, nan, 0.5, 0.5],
        ];
        let found = likeliest(features.view(), 1, &levels);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, [Some("Seoul"), Some("Busan"), Some("other"), None]);
    }
}
