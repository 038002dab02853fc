//! Conversion of labels of any kind into classes 0, 1, 2, … with names.

use std::collections::BTreeSet;

use crate::format_error::FormatError;

/// The labels of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RawLabels {
    /// Classes, numbered from 0 to the largest label.
    Classes(Vec<u8>),
    /// Arbitrary integers.
    Whole(Vec<i64>),
    /// Text.
    Text(Vec<String>),
}

impl RawLabels {
    pub(crate) fn len(&self) -> usize {
        match self {
            RawLabels::Classes(labels) => labels.len(),
            RawLabels::Whole(labels) => labels.len(),
            RawLabels::Text(labels) => labels.len(),
        }
    }

    /// Converts text to integers if all of it can be converted.
    fn simplest(self) -> Self {
        if let RawLabels::Text(words) = &self
            && let Ok(whole) = words.iter().map(|word| word.trim().parse()).collect()
        {
            return RawLabels::Whole(whole);
        }
        self
    }

    fn text(&self, sample: usize) -> String {
        match self {
            RawLabels::Classes(labels) => labels[sample].to_string(),
            RawLabels::Whole(labels) => labels[sample].to_string(),
            RawLabels::Text(labels) => labels[sample].clone(),
        }
    }
}

/// The names of the classes, in order, and the class of each sample in each part. Numbers are sorted
/// by value, text alphabetically; a label is the same class in all parts.
///
/// # Errors
/// [`FormatError::Classes`] if there are more than 256.
pub(crate) fn classes(
    place: &str,
    parts: Vec<RawLabels>,
) -> Result<(Vec<String>, Vec<Vec<u8>>), FormatError> {
    let parts: Vec<RawLabels> = parts.into_iter().map(RawLabels::simplest).collect();
    if parts.iter().all(|part| matches!(part, RawLabels::Classes(_))) {
        let parts: Vec<Vec<u8>> = parts
            .into_iter()
            .filter_map(|part| match part {
                RawLabels::Classes(labels) => Some(labels),
                _ => None,
            })
            .collect();
        let largest = parts.iter().flatten().copied().max().unwrap_or(0);
        return Ok(((0..=largest).map(|class| class.to_string()).collect(), parts));
    }
    if parts.iter().all(|part| matches!(part, RawLabels::Whole(_))) {
        let whole = parts.iter().filter_map(|part| match part {
            RawLabels::Whole(labels) => Some(labels.clone()),
            _ => None,
        });
        return numbered(place, whole.collect(), ToString::to_string);
    }
    let text = parts.iter().map(|part| (0..part.len()).map(|i| part.text(i)).collect());
    numbered(place, text.collect(), Clone::clone)
}

fn numbered<L: Ord>(
    place: &str,
    parts: Vec<Vec<L>>,
    name: impl Fn(&L) -> String,
) -> Result<(Vec<String>, Vec<Vec<u8>>), FormatError> {
    let distinct: BTreeSet<&L> = parts.iter().flatten().collect();
    if distinct.len() > 256 {
        return Err(FormatError::Classes { place: place.to_owned(), found: distinct.len() });
    }
    let distinct: Vec<&L> = distinct.into_iter().collect();
    let class = |label: &L| distinct.binary_search(&label).expect("it is among them") as u8;
    let labels = parts.iter().map(|part| part.iter().map(class).collect()).collect();
    Ok((distinct.into_iter().map(name).collect(), labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[&str]) -> RawLabels {
        RawLabels::Text(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn numbers_are_ordered_as_numbers_and_words_as_words() {
        let (names, labels) = classes("x", vec![text(&["10", "9", "10"])]).unwrap();
        assert_eq!((names, labels), (vec!["9".into(), "10".into()], vec![vec![1, 0, 1]]));
        let (names, labels) = classes("x", vec![text(&["b", "a"]), text(&["c"])]).unwrap();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(labels, [vec![1, 0], vec![2]]);
        let (names, _) = classes("x", vec![RawLabels::Whole(vec![-1, 7]), text(&["a"])]).unwrap();
        assert_eq!(names, ["-1", "7", "a"]);
    }

    #[test]
    fn classes_stay_as_they_are() {
        let (names, labels) = classes("x", vec![RawLabels::Classes(vec![0, 3])]).unwrap();
        assert_eq!((names.len(), labels), (4, vec![vec![0, 3]]));
    }

    #[test]
    fn a_column_of_numbers_is_no_column_of_labels() {
        let error = classes("a.csv", vec![RawLabels::Whole((0..257).collect())]).unwrap_err();
        assert!(error.to_string().starts_with("a.csv: 257 different labels"), "{error}");
    }
}
