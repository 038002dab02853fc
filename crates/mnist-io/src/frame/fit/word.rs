//! Columns of words: categories, booleans, identifiers and constants.

use indexmap::IndexMap;

use crate::contract::{ColumnKind, Reason};
use crate::frame::schema::Declared;
use crate::frame::store::NO_WORD;
use crate::frame::{CellFormat, cell};
use crate::place::Place;

/// The largest number of levels in a category; rarer ones count as `other`.
const MOST_LEVELS: usize = 50;

/// Pairs of words for false and true, in lower case.
const TRUTH: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"]];

/// The type of a column of words, from its training rows.
pub(super) fn kind(
    words: &IndexMap<String, Place>,
    codes: impl Iterator<Item = u32>,
    declared: Option<&Declared>,
) -> ColumnKind {
    let mut counts = vec![0_usize; words.len()];
    let mut n = 0;
    for code in codes.filter(|code| *code != NO_WORD) {
        counts[code as usize] += 1;
        n += 1;
    }
    let mut levels: Vec<(&str, usize)> =
        words.keys().map(String::as_str).zip(counts).filter(|(_, count)| *count > 0).collect();
    levels.sort_unstable();
    if let Some(Declared::Category { levels: Some(levels) }) = declared {
        return ColumnKind::Category { levels: levels.clone() };
    }
    let pair = match levels[..] {
        [(a, _), (b, _)] => Some([a, b]),
        _ => None,
    };
    let truth = pair.and_then(|[a, b]| {
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        // In name order, the word for false comes before that for true in every pair.
        TRUTH.iter().any(|[no, yes]| is(a, no) && is(b, yes)).then(|| [a.to_owned(), b.to_owned()])
    });
    match (declared, truth, pair) {
        (None, Some([no, yes]), _) => return ColumnKind::Boolean { no, yes },
        (Some(Declared::Boolean), _, Some([no, yes])) => {
            return ColumnKind::Boolean { no: no.to_owned(), yes: yes.to_owned() };
        }
        _ => (),
    }
    if declared.is_none() {
        let reason = match levels.len() {
            0 => Some(Reason::AllMissing),
            1 => Some(Reason::Constant),
            n_levels if 2 * n_levels >= n => Some(Reason::Identifier),
            _ => None,
        };
        if let Some(reason) = reason {
            return ColumnKind::Ignored { reason };
        }
    }
    if levels.len() > MOST_LEVELS {
        levels.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        levels.truncate(MOST_LEVELS);
        levels.sort_unstable();
    }
    ColumnKind::Category { levels: levels.into_iter().map(|(word, _)| word.to_owned()).collect() }
}

/// The first word in a column whose cells are nearly all numbers, with the share of numbers.
pub(super) fn odd_among_numbers<'a>(
    words: &'a IndexMap<String, Place>,
    codes: &[u32],
    cells: CellFormat,
) -> Option<(&'a str, Place, f64)> {
    let is_number: Vec<bool> =
        words.keys().map(|word| cell::number(word, cells).is_some()).collect();
    let n_levels = is_number.iter().filter(|is| **is).count();
    let known = || codes.iter().filter(|code| **code != NO_WORD);
    let n_numbers = known().filter(|code| is_number[**code as usize]).count();
    let share = n_numbers as f64 / known().count().max(1) as f64;
    let odd = is_number.iter().position(|is| !is)?;
    let (word, place) = words.get_index(odd)?;
    (share > 0.5 && n_levels > 1 && (share >= 0.9 || n_levels > 20)).then_some((
        word.as_str(),
        *place,
        share,
    ))
}
