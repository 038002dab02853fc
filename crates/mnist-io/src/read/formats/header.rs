//! Detection of a header line in a text table.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use csv::StringRecord;

use crate::frame::cell::{Cell, number};
use crate::frame::{CellFormat, label};
use crate::table_error::TableError;

/// The first lines of a table.
pub(super) struct Sample<'a> {
    pub(super) first: &'a StringRecord,
    pub(super) others: &'a [StringRecord],
    /// Names that a header is expected to have.
    pub(super) known: &'a [&'a str],
}

/// Decides whether the first line is a header. It is if
/// - it contains a known name or a usual label name;
/// - it counts 0, 1, 2, …, perhaps after an empty field or with a name, as pandas writes it;
/// - it has no numbers but other lines do;
/// - no line has a number, and its words are all different and do not recur in their columns.
///
/// Otherwise, a first line with some numbers is a sample, perhaps with a mistake.
pub(super) fn is_header(sample: &Sample) -> bool {
    let Sample { first, others, known } = *sample;
    let has_known = first.iter().any(|name| !is_number(name) && known.contains(&name));
    let of_label = known.is_empty() && first.iter().any(label::is_label);
    let has_numbers = first.iter().any(is_number);
    let others_have = others.iter().any(|line| line.iter().any(is_number));
    let words = first.iter().any(|field| !Cell::Text(field).is_missing());
    let above_numbers = !has_numbers && others_have && words;
    has_known || of_label || counts(first, others) || above_numbers || stands_alone(first, others)
}

fn is_number(field: &str) -> bool {
    number(field, CellFormat { decimal_comma: true }).is_some()
}

/// Whether the line counts 0, 1, 2, … with at most two other fields, which are empty or words.
fn counts(first: &StringRecord, others: &[StringRecord]) -> bool {
    let whole: Vec<usize> = first.iter().filter_map(|field| field.parse().ok()).collect();
    let n_others = first.len() - whole.len();
    let in_order = whole.iter().enumerate().all(|(i, &number)| i == number);
    let long_enough = whole.len() >= 3 || (whole.len() == 2 && n_others > 0);
    // A first data row that happens to count would be followed by identical rows.
    let again = others.iter().any(|line| line == first);
    in_order
        && long_enough
        && n_others <= 2
        && first.iter().all(|f| f.parse::<usize>().is_ok() || !is_number(f))
        && !again
}

/// Whether a line of words differs from all lines of words below it.
fn stands_alone(first: &StringRecord, others: &[StringRecord]) -> bool {
    let all_words = |line: &StringRecord| !line.iter().any(is_number);
    let distinct: HashSet<&str> = first.iter().collect();
    let complete = first.iter().enumerate().all(|(i, field)| i == 0 || !field.is_empty());
    let comes_back =
        others.iter().any(|line| line.iter().zip(first).any(|(a, b)| a == b && !b.is_empty()));
    let repeats = |column: usize| {
        let words: HashSet<&str> = others.iter().filter_map(|line| line.get(column)).collect();
        2 * words.len() <= others.len()
    };
    others.len() >= 3
        && all_words(first)
        && others.iter().all(all_words)
        && distinct.len() == first.len()
        && complete
        && !comes_back
        && (0..first.len()).any(repeats)
}

/// The names of the columns: those in the header, or their indices. A column without a name is named as in
/// pandas.
pub(super) fn names(
    file: &Path,
    first: &StringRecord,
    has_header: bool,
) -> Result<Vec<String>, TableError> {
    if !has_header {
        return Ok((0..first.len()).map(|index| index.to_string()).collect());
    }
    let name = |(index, name): (usize, &str)| match name {
        "" => format!("Unnamed: {index}"),
        name => name.to_owned(),
    };
    let names: Vec<String> = first.iter().enumerate().map(name).collect();
    let mut places = HashMap::new();
    for (second, column) in names.iter().enumerate() {
        if let Some(first) = places.insert(column, second) {
            let (file, column) = (file.into(), column.clone());
            return Err(TableError::DuplicateColumn { file, column, first, second });
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(lines: &[&str]) -> bool {
        let lines: Vec<StringRecord> = lines.iter().map(|line| line.split(',').collect()).collect();
        is_header(&Sample { first: &lines[0], others: &lines[1..], known: &[] })
    }

    #[test]
    fn headers_are_told_from_samples() {
        for lines in [
            &["a,b", "1,2", "3,4"][..],
            &["0,1,2", "0.5,3,4", "1,2,3"],
            &["0,1,2,target", "5,3,4,1", "1,2,3,0"],
            &[",0,1,2,3", "0,5,3,4,1", "1,1,2,3,0"],
            &["x,label", "a,b"],
            &["colour,shape", "red,round", "red,flat", "blue,round", "red,round"],
            &["이름,값", "서울,1", "부산,2"],
        ] {
            assert!(detected(lines), "{lines:?}");
        }
        for lines in [
            &["1,2", "3,4"][..],
            &["1,abc", "3,4", "5,6"],
            &["1,NA", "3,4"],
            &["0,1,1", "0,1,2"],
            &["red,round", "red,flat", "blue,round", "red,round"],
            &["5,3"],
        ] {
            assert!(!detected(lines), "{lines:?}");
        }
    }
}
