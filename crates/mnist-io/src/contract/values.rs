//! Values of a column, decoded from the model's features or as stored in a file.

use chrono::DateTime;

use crate::frame::cell::{self, number_text};
use crate::frame::{Cell, CellFormat, dates};

/// The values of one column, in its own units. Missing values are `None` or NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum Original {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Text: levels of a category (`other` for the last feature), values of a boolean, or dates.
    Words(Vec<Option<String>>),
    /// Cells of a text table, as written.
    Written {
        /// The text of each cell.
        text: Vec<String>,
        /// The numbers of the cells, NaN for missing ones; `None` for a column of other values.
        numbers: Option<Vec<f64>>,
    },
    /// Numbers from a file in single precision.
    Floats(Vec<Option<f32>>),
    /// Integers from a file.
    Integers {
        /// The width of the file's type in bits.
        bits: u8,
        /// Whether the file's type is signed.
        signed: bool,
        /// The values.
        values: Vec<Option<i128>>,
    },
    /// Numbers in units of 10^−scale.
    Decimals {
        /// Number of digits.
        precision: u8,
        /// Number of digits after the point.
        scale: i8,
        /// The values.
        values: Vec<Option<i128>>,
    },
    /// True or false.
    Booleans(Vec<Option<bool>>),
    /// Days since 1970.
    Days(Vec<Option<i32>>),
    /// Moments.
    Moments {
        /// Number of units per second.
        per_second: i64,
        /// Whether they are in UTC, rather than in a zone that the file does not specify.
        utc: bool,
        /// Units since 1970.
        values: Vec<Option<i64>>,
    },
}

impl Original {
    /// The value of a row as text; empty if it is missing, unless the file has a word for that.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let text = match self {
            Original::Written { text, .. } => Some(text[row].clone()),
            Original::Numbers(values) => values[row].map(|number| number.to_string()),
            Original::Words(words) => words[row].clone(),
            Original::Floats(values) => values[row].map(|number| number.to_string()),
            Original::Integers { values, .. } => values[row].map(|number| number.to_string()),
            Original::Decimals { scale, values, .. } => {
                values[row].map(|number| decimal(number, *scale))
            }
            Original::Booleans(values) => values[row].map(|truth| truth.to_string()),
            Original::Days(values) => {
                values[row].map(|day| dates::text(f64::from(day) * 86_400.0, "%Y-%m-%d"))
            }
            Original::Moments { per_second, utc, values } => {
                values[row].map(|units| moment(units, *per_second, *utc))
            }
        };
        text.unwrap_or_default()
    }

    /// Whether the value of a row is missing.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Original::Written { text, numbers: None } => Cell::Text(&text[row]).is_missing_label(),
            Original::Words(words) => words[row].is_none(),
            Original::Booleans(values) => values[row].is_none(),
            Original::Days(values) => values[row].is_none(),
            Original::Moments { values, .. } => values[row].is_none(),
            _ => self.number(row).is_none(),
        }
    }

    /// The number in a row, if this is a column of numbers and the row has one.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        let number = match self {
            Original::Numbers(values) => values[row],
            Original::Written { numbers, .. } => numbers.as_ref().map(|numbers| numbers[row]),
            Original::Floats(values) => values[row].map(f64::from),
            Original::Integers { values, .. } => values[row].map(|number| number as f64),
            Original::Decimals { scale, values, .. } => {
                values[row].map(|number| number as f64 / 10_f64.powi(i32::from(*scale)))
            }
            _ => None,
        };
        number.filter(|number| !number.is_nan())
    }

    /// Whether this is a column of numbers.
    #[must_use]
    pub fn is_numbers(&self) -> bool {
        match self {
            Original::Numbers(_)
            | Original::Floats(_)
            | Original::Integers { .. }
            | Original::Decimals { .. } => true,
            Original::Written { numbers, .. } => numbers.is_some(),
            _ => false,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Original::Numbers(values) => values.len(),
            Original::Words(values) => values.len(),
            Original::Written { text, .. } => text.len(),
            Original::Floats(values) => values.len(),
            Original::Integers { values, .. } | Original::Decimals { values, .. } => values.len(),
            Original::Booleans(values) => values.len(),
            Original::Days(values) => values.len(),
            Original::Moments { values, .. } => values.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets the value of a row to the decoded value in `model`, converted to this column's type: integers and
    /// decimals are rounded and clamped. A moment is text in `date_format` there. A value without a number is
    /// missing.
    pub(crate) fn fill(
        &mut self,
        row: usize,
        model: &Original,
        date_format: Option<&str>,
        decimal_comma: bool,
    ) {
        let word = model.text(row);
        let number = model.number(row).or_else(|| cell::number(&word, CellFormat::default()));
        let seconds = || date_format.and_then(|format| dates::seconds(&word, format)).or(number);
        match self {
            Original::Written { text, numbers } => {
                text[row] = match model.number(row) {
                    Some(number) if decimal_comma => number_text(number).replace('.', ","),
                    _ => word,
                };
                if let Some(numbers) = numbers {
                    numbers[row] = number.unwrap_or(f64::NAN);
                }
            }
            Original::Numbers(values) => values[row] = number,
            Original::Words(words) => words[row] = (!word.is_empty()).then_some(word),
            Original::Floats(values) => values[row] = number.map(|number| number as f32),
            Original::Integers { bits, signed, values } => {
                let (low, high) = if *signed {
                    (-(1_i128 << (*bits - 1)), (1_i128 << (*bits - 1)) - 1)
                } else {
                    (0, (1_i128 << *bits) - 1)
                };
                values[row] = number.map(|number| (number.round() as i128).clamp(low, high));
            }
            Original::Decimals { precision, scale, values } => {
                let most = 10_i128.checked_pow(u32::from(*precision)).unwrap_or(i128::MAX) - 1;
                let units = |x: f64| (x * 10_f64.powi(i32::from(*scale))).round() as i128;
                values[row] = number.map(|number| units(number).clamp(-most, most));
            }
            Original::Booleans(values) => {
                values[row] = match word.to_ascii_lowercase().as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => number.map(|number| number >= 0.5),
                }
            }
            Original::Days(values) => {
                values[row] = seconds().map(|seconds| (seconds / 86_400.0).round() as i32);
            }
            Original::Moments { per_second, values, .. } => {
                let units = |seconds: f64| (seconds * *per_second as f64).round() as i64;
                values[row] = seconds().map(units);
            }
        }
    }
}

/// A number of units of 10^−scale.
fn decimal(units: i128, scale: i8) -> String {
    let Ok(n_digits) = usize::try_from(scale) else {
        return format!("{units}{}", "0".repeat(usize::from(scale.unsigned_abs())));
    };
    if n_digits == 0 {
        return units.to_string();
    }
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = n_digits + 1);
    let (whole, fraction) = digits.split_at(digits.len() - n_digits);
    format!("{sign}{whole}.{fraction}")
}

/// A number of units since 1970 as text, with as many digits of the second as needed.
fn moment(units: i64, per_second: i64, utc: bool) -> String {
    let nanos = units.rem_euclid(per_second) * (1_000_000_000 / per_second);
    let nanos = u32::try_from(nanos).unwrap_or_default();
    let moment = DateTime::from_timestamp(units.div_euclid(per_second), nanos);
    let format = if utc { "%Y-%m-%d %H:%M:%S%.f%:z" } else { "%Y-%m-%d %H:%M:%S%.f" };
    moment.map_or_else(|| units.to_string(), |moment| moment.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_text() {
        let decimals = Original::Decimals {
            precision: 9,
            scale: 2,
            values: vec![Some(-1), Some(12_345), Some(0), None],
        };
        let texts: Vec<String> = (0..4).map(|row| decimals.text(row)).collect();
        assert_eq!(texts, ["-0.01", "123.45", "0.00", ""]);
        assert_eq!(decimal(7, -2), "700");
        let per_second = 1_000_000_000;
        let values = vec![Some(1_709_209_815_123_456_789), Some(-1), None];
        let moments = Original::Moments { per_second, utc: false, values };
        assert_eq!(moments.text(0), "2024-02-29 12:30:15.123456789");
        assert_eq!(moments.text(1), "1969-12-31 23:59:59.999999999");
        assert_eq!(moment(0, 1, true), "1970-01-01 00:00:00+00:00");
        assert_eq!(Original::Days(vec![Some(19_782)]).text(0), "2024-02-29");
        assert_eq!(Original::Floats(vec![Some(0.1)]).text(0), "0.1");
    }

    #[test]
    fn values_of_a_model_take_the_type_of_the_column() {
        let model = Original::Numbers(vec![Some(3.47), Some(300.0)]);
        let mut bytes = Original::Integers { bits: 8, signed: false, values: vec![None, None] };
        let mut money = Original::Decimals { precision: 3, scale: 1, values: vec![None, None] };
        let mut text =
            Original::Written { text: vec![String::new(); 2], numbers: Some(vec![f64::NAN; 2]) };
        for row in 0..2 {
            bytes.fill(row, &model, None, false);
            money.fill(row, &model, None, false);
            text.fill(row, &model, None, true);
        }
        assert_eq!((bytes.text(0), bytes.text(1)), ("3".into(), "255".into()));
        assert_eq!((money.text(0), money.text(1)), ("3.5".into(), "99.9".into()));
        assert_eq!((text.text(0), text.number(0)), ("3,47".into(), Some(3.47)));
        let model = Original::Words(vec![Some("2024-02-29".into())]);
        let mut days = Original::Days(vec![None]);
        days.fill(0, &model, Some("%Y-%m-%d"), false);
        assert_eq!(days.text(0), "2024-02-29");
        let mut truths = Original::Booleans(vec![None]);
        truths.fill(0, &Original::Words(vec![Some("true".into())]), None, false);
        assert_eq!(truths, Original::Booleans(vec![Some(true)]));
    }
}
