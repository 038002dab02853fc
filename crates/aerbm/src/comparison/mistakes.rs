//! The table of mistakes on the test set, from which every error of a comparison can be computed again.

use report::MistakesRow;
use study::Tested;

/// The rows of `mistakes.csv`.
pub(crate) fn rows(tested: &[Tested]) -> Vec<MistakesRow> {
    let row = |cell: &Tested| MistakesRow {
        method: cell.method.clone(),
        depth: cell.depth,
        labels: cell.labels,
        seed: cell.seed,
        network: cell.network.clone(),
        samples: cell.mistakes.len(),
        mistakes: to_digits(&cell.mistakes),
    };
    tested.iter().map(row).collect()
}

/// A row of `mistakes.csv` that is inconsistent with the others or with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DamagedRow {
    /// There are no test samples.
    #[error("line {line}: 0 samples; expected at least 1")]
    NoSamples {
        /// The line of the file, from 1.
        line: usize,
    },
    /// The number of test samples differs from that of the first row.
    #[error("line {line}: {found} samples; expected {expected}, as in line 2")]
    OtherSamples {
        /// The line of the file, from 1.
        line: usize,
        /// The number of samples.
        found: usize,
        /// The number of the first row.
        expected: usize,
    },
    /// The number of hexadecimal digits does not match one bit per sample.
    #[error("line {line}: the digits do not fit {samples} samples; expected a bit for each")]
    Digits {
        /// The line of the file, from 1.
        line: usize,
        /// The number of samples.
        samples: usize,
    },
}

/// The cells of these rows, which all have the same test samples.
///
/// # Errors
/// [`DamagedRow`] for the first row that is damaged.
pub(crate) fn cells(rows: Vec<MistakesRow>) -> Result<Vec<Tested>, DamagedRow> {
    let expected = rows.first().map_or(0, |row| row.samples);
    let cell = |(line, row): (usize, MistakesRow)| {
        let MistakesRow { method, depth, labels, seed, network, samples, mistakes } = row;
        if samples == 0 {
            return Err(DamagedRow::NoSamples { line });
        }
        if samples != expected {
            return Err(DamagedRow::OtherSamples { line, found: samples, expected });
        }
        let mistakes =
            from_digits(&mistakes, samples).ok_or(DamagedRow::Digits { line, samples })?;
        Ok(Tested { method, depth, labels, seed, network, mistakes })
    };
    (2..).zip(rows).map(cell).collect()
}

fn to_digits(bits: &[bool]) -> String {
    let digit = |bits: &[bool]| {
        let value = (0..4)
            .fold(0, |value, i| 2 * value + u32::from(bits.get(i).copied().unwrap_or_default()));
        char::from_digit(value, 16).expect("four bits")
    };
    bits.chunks(4).map(digit).collect()
}

fn from_digits(digits: &str, n: usize) -> Option<Vec<bool>> {
    let values: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let bits: Vec<bool> =
        values?.into_iter().flat_map(|value| [8, 4, 2, 1].map(|bit| value & bit != 0)).collect();
    let (kept, rest) = bits.split_at_checked(n)?;
    (rest.len() < 4 && !rest.contains(&true)).then(|| kept.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_read_as_they_were_written() {
        assert_eq!(to_digits(&[true, false, false, false, true, true]), "8c");
        for n in [0, 1, 4, 5, 103] {
            let bits: Vec<bool> = (0..n).map(|i| i % 3 == 0 || i % 7 == 2).collect();
            assert_eq!(from_digits(&to_digits(&bits), n), Some(bits));
        }
        for (digits, n) in [("8", 5), ("88", 4), ("9", 3), ("g", 1), ("é", 4)] {
            assert_eq!(from_digits(digits, n), None, "{digits} for {n}");
        }
    }
}
