//! A cell of a table, and the words and numbers in it.

use std::borrow::Cow;

use super::{CellFormat, dates};

/// The content of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// No value, marked as missing by the format.
    Missing,
    /// A number.
    Number(f64),
    /// Text, which may be a number, a date or a word for a missing value.
    Text(&'a str),
    /// True or false.
    #[cfg_attr(not(feature = "columnar"), allow(dead_code, reason = "text has words instead"))]
    Boolean(bool),
    /// Seconds since 1970.
    Moment(f64),
}

/// Words for a missing value, in lower case.
const MISSING: [&str; 13] =
    ["", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "?", "-", "--", "."];

/// Words for a missing label. `none` and `-` may be names of classes.
const MISSING_LABEL: [&str; 7] = ["", "na", "n/a", "<na>", "nan", "null", "?"];

fn is_one_of(text: &str, words: &[&str]) -> bool {
    text.len() <= 4 && words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

impl<'a> Cell<'a> {
    /// Whether there is no value.
    pub(crate) fn is_missing(self) -> bool {
        match self {
            Cell::Missing => true,
            Cell::Number(number) | Cell::Moment(number) => number.is_nan(),
            Cell::Text(text) => is_one_of(text.trim(), &MISSING),
            Cell::Boolean(_) => false,
        }
    }

    /// Whether the label is missing.
    pub(crate) fn is_missing_label(self) -> bool {
        match self {
            Cell::Text(text) => is_one_of(text.trim(), &MISSING_LABEL),
            other => other.is_missing(),
        }
    }

    /// The number, if the cell holds one; it may be infinite.
    pub(crate) fn number(self, format: CellFormat) -> Option<f64> {
        match self {
            Cell::Number(number) => Some(number),
            Cell::Text(text) => number(text.trim(), format),
            Cell::Boolean(truth) => Some(f64::from(u8::from(truth))),
            Cell::Moment(_) | Cell::Missing => None,
        }
    }

    /// The content as text: the same for the integer 1, the number 1.0 and the word 1.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Cell::Missing => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text.trim()),
            Cell::Number(number) => Cow::Owned(number_text(number)),
            Cell::Moment(seconds) => Cow::Owned(dates::iso(seconds)),
            Cell::Boolean(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        }
    }
}

/// The shortest text that parses back to the number.
pub(crate) fn number_text(number: f64) -> String {
    number.to_string()
}

/// The number in a text. Words such as `inf` are numbers, `nan` is not.
pub(crate) fn number(text: &str, format: CellFormat) -> Option<f64> {
    let parsed = match text.parse::<f64>() {
        Err(_) if format.decimal_comma && !text.contains('.') => {
            text.replacen(',', ".", 1).parse().ok()?
        }
        parsed => parsed.ok()?,
    };
    (!parsed.is_nan()).then_some(parsed)
}

/// The text of a number that is an integer, such as 1 for `1.0`; other text unchanged.
pub(crate) fn canonical(text: &str) -> Cow<'_, str> {
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Cow::Owned((number as i64).to_string())
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_a_missing_value_is_known() {
        for word in
            ["", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "<NA>", "#N/A"]
        {
            assert!(Cell::Text(word).is_missing(), "{word}");
        }
        for word in ["0", "no", "nano", "-1", "unknown"] {
            assert!(!Cell::Text(word).is_missing(), "{word}");
        }
        assert!(Cell::Number(f64::NAN).is_missing() && !Cell::Number(0.0).is_missing());
        assert!(Cell::Text("").is_missing_label() && !Cell::Text("none").is_missing_label());
    }

    #[test]
    fn numbers_are_read_with_points_and_where_allowed_with_commas() {
        let point = CellFormat::default();
        let comma = CellFormat { decimal_comma: true };
        assert_eq!(number("1.5e3", point), Some(1500.0));
        assert_eq!(number("1,5", point), None);
        assert_eq!(number("1,5", comma), Some(1.5));
        assert_eq!(number("1.000,5", comma), None, "thousands are not guessed");
        assert_eq!(number("1,000,5", comma), None);
        assert_eq!(number("Seoul", comma), None);
    }

    #[test]
    fn integers_have_one_text() {
        assert_eq!(
            (canonical("1.0"), canonical("-3"), canonical("1.5")),
            ("1".into(), "-3".into(), "1.5".into())
        );
        assert_eq!(canonical("Seoul"), "Seoul");
    }
}
