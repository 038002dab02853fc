//! Conversion of labels of any type into classes 0, 1, 2, … with names.

use std::collections::{BTreeSet, HashMap};

use crate::format_error::FormatError;
use crate::frame::cell::canonical;

/// The labels of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RawLabels {
    /// Classes, numbered from 0 to the largest label.
    Classes(Vec<u8>),
    /// Arbitrary integers.
    Whole(Vec<i64>),
    /// Arbitrary integers, some of which may be missing.
    SomeWhole(Vec<Option<i64>>),
    /// Text; empty where there is no label.
    Text(Vec<String>),
}

impl RawLabels {
    pub(crate) fn len(&self) -> usize {
        match self {
            RawLabels::Classes(labels) => labels.len(),
            RawLabels::Whole(labels) => labels.len(),
            RawLabels::SomeWhole(labels) => labels.len(),
            RawLabels::Text(labels) => labels.len(),
        }
    }

    /// Converts text to integers if all of it is integers. 1.0 is the integer 1.
    fn simplest(self) -> Self {
        let RawLabels::Text(words) = &self else { return self };
        let whole = |word: &String| match word.trim() {
            "" => Some(None),
            word => canonical(word).parse().ok().map(Some),
        };
        match words.iter().map(whole).collect() {
            Some(whole) => RawLabels::SomeWhole(whole),
            None => self,
        }
    }

    /// Labels with none missing, as the type that allows missing labels.
    fn with_gaps(self) -> Self {
        match self {
            RawLabels::Whole(labels) => {
                RawLabels::SomeWhole(labels.into_iter().map(Some).collect())
            }
            other => other,
        }
    }

    /// Concatenates these labels and others.
    pub(crate) fn followed_by(self, more: &Self) -> Self {
        match (self, more) {
            (RawLabels::Classes(mut labels), RawLabels::Classes(more)) => {
                labels.extend(more);
                RawLabels::Classes(labels)
            }
            (RawLabels::Whole(mut labels), RawLabels::Whole(more)) => {
                labels.extend(more);
                RawLabels::Whole(labels)
            }
            (labels, more) => {
                let texts = |of: &Self| (0..of.len()).map(|i| of.text(i)).collect::<Vec<_>>();
                let all = [texts(&labels), texts(more)].concat();
                RawLabels::Text(all.into_iter().map(Option::unwrap_or_default).collect())
            }
        }
    }

    /// The text of a label; `None` if there is none.
    pub(crate) fn text(&self, sample: usize) -> Option<String> {
        match self {
            RawLabels::Classes(labels) => Some(labels[sample].to_string()),
            RawLabels::Whole(labels) => Some(labels[sample].to_string()),
            RawLabels::SomeWhole(labels) => labels[sample].map(|label| label.to_string()),
            RawLabels::Text(labels) => {
                let text = labels[sample].trim();
                (!text.is_empty()).then(|| text.to_owned())
            }
        }
    }
}

/// The names of the classes, and the class of each sample of each part, if it has a label.
pub(crate) type Numbered = (Vec<String>, Vec<Vec<Option<u8>>>);

/// Numbers the classes: returns their names, in order, and the class of each sample in each part. Numbers are
/// sorted by value, text alphabetically; a label is the same class in all parts.
///
/// # Errors
/// [`FormatError::Classes`] if there are more than 256; [`FormatError::Quantity`] if the labels are too many
/// different numbers.
pub(crate) fn classes(place: &str, parts: Vec<RawLabels>) -> Result<Numbered, FormatError> {
    let parts: Vec<RawLabels> = parts.into_iter().map(|part| part.simplest().with_gaps()).collect();
    if parts.iter().all(|part| matches!(part, RawLabels::Classes(_))) {
        let of = |part: &RawLabels| match part {
            RawLabels::Classes(labels) => labels.iter().copied().map(Some).collect(),
            _ => vec![],
        };
        let parts: Vec<Vec<Option<u8>>> = parts.iter().map(of).collect();
        let largest = parts.iter().flatten().flatten().copied().max().unwrap_or(0);
        return Ok(((0..=largest).map(|class| class.to_string()).collect(), parts));
    }
    check_quantity(place, &parts)?;
    if parts.iter().all(|part| matches!(part, RawLabels::SomeWhole(_))) {
        let whole = parts.into_iter().filter_map(|part| match part {
            RawLabels::SomeWhole(labels) => Some(labels),
            _ => None,
        });
        return numbered(place, whole.collect(), ToString::to_string);
    }
    let text = parts.iter().map(|part| (0..part.len()).map(|i| part.text(i)).collect());
    numbered(place, text.collect(), Clone::clone)
}

/// Refuses numeric labels that look like a quantity, when two of these hold: fractions, more than 20
/// different values, and fewer than two samples per value.
fn check_quantity(place: &str, parts: &[RawLabels]) -> Result<(), FormatError> {
    let mut distinct = BTreeSet::new();
    let (mut n_rows, mut fractions) = (0, false);
    for part in parts {
        for sample in 0..part.len() {
            let Some(text) = part.text(sample) else { continue };
            n_rows += 1;
            let Ok(number) = text.parse::<f64>() else { return Ok(()) };
            fractions |= number.fract() != 0.0;
            distinct.insert(text);
        }
    }
    let few_samples_each = 2 * distinct.len() > n_rows;
    let many = distinct.len() > 20;
    if !(fractions && (many || few_samples_each) || many && few_samples_each) {
        return Ok(());
    }
    let example = distinct.first().cloned().unwrap_or_default();
    let distinct = distinct.len();
    Err(FormatError::Quantity { place: place.to_owned(), distinct, n_rows, example })
}

fn numbered<L: Ord>(
    place: &str,
    parts: Vec<Vec<Option<L>>>,
    name: impl Fn(&L) -> String,
) -> Result<Numbered, FormatError> {
    let distinct: BTreeSet<&L> = parts.iter().flatten().flatten().collect();
    if distinct.len() > 256 {
        return Err(FormatError::Classes { place: place.to_owned(), found: distinct.len() });
    }
    let distinct: Vec<&L> = distinct.into_iter().collect();
    let class = |label: &L| distinct.binary_search(&label).expect("it is among them") as u8;
    let labels =
        parts.iter().map(|part| part.iter().map(|label| label.as_ref().map(class)).collect());
    let labels = labels.collect();
    Ok((distinct.into_iter().map(name).collect(), labels))
}

/// The classes of new labels by name, from a contract.
pub(crate) struct KnownClasses {
    by_name: HashMap<String, u8>,
}

impl KnownClasses {
    pub(crate) fn new(names: &[String]) -> Self {
        KnownClasses { by_name: names.iter().cloned().zip(0..=255).collect() }
    }

    /// The class of a label; `None` if it is unknown.
    pub(crate) fn class(&self, label: &str) -> Option<u8> {
        let by_name = &self.by_name;
        by_name.get(label).or_else(|| by_name.get(canonical(label).as_ref())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[&str]) -> RawLabels {
        RawLabels::Text(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn numbers_are_ordered_as_numbers_and_words_as_words() {
        let (names, labels) = classes("x", vec![text(&["10", "9", "10.0", ""])]).unwrap();
        let expected = vec![vec![Some(1), Some(0), Some(1), None]];
        assert_eq!((names, labels), (vec!["9".into(), "10".into()], expected));
        let (names, labels) = classes("x", vec![text(&["b", "a"]), text(&["c"])]).unwrap();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(labels, [vec![Some(1), Some(0)], vec![Some(2)]]);
        let (names, _) = classes("x", vec![RawLabels::Whole(vec![-1, 7]), text(&["a"])]).unwrap();
        assert_eq!(names, ["-1", "7", "a"]);
    }

    #[test]
    fn classes_stay_as_they_are() {
        let (names, labels) = classes("x", vec![RawLabels::Classes(vec![0, 3])]).unwrap();
        assert_eq!((names.len(), labels), (4, vec![vec![Some(0), Some(3)]]));
    }

    #[test]
    fn a_column_of_numbers_is_no_column_of_labels() {
        let said = |labels| classes("a.csv", vec![labels]).unwrap_err().to_string();
        let many = said(RawLabels::Whole((0..1000).map(|i| i % 300).collect()));
        assert!(many.starts_with("a.csv: 300 different labels"), "{many}");
        let prices: Vec<String> = (0..60).map(|i| format!("{}", 1.5 * f64::from(i))).collect();
        let quantity = said(RawLabels::Text(prices));
        assert!(quantity.contains("60 different numbers in 60 rows"), "{quantity}");
        assert!(quantity.contains("a quantity, not classes; divide it"), "{quantity}");
        let halves = text(&["0.5", "1.5", "0.5", "1.5"]);
        assert_eq!(classes("x", vec![halves]).unwrap().0, ["0.5", "1.5"]);
    }

    #[test]
    fn known_classes_are_found_in_any_notation() {
        let known = KnownClasses::new(&["3".into(), "7".into()]);
        assert_eq!(
            (known.class("7.0"), known.class("3"), known.class("4")),
            (Some(1), Some(0), None)
        );
    }
}
