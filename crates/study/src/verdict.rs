//! The verdict in words: does pretraining help, and by how much?
//!
//! At each number of labels, the best pretrained method is compared with the baseline and with the
//! other controls, and the best methods of different families are compared with each other. All are
//! paired differences. A method is called better or worse only if its 95 % interval excludes zero and,
//! where the study asks about the pair, its p-value stays below 0.05 after Holm's correction
//! ([`Finding`]). With one seed there is no interval, and no claim.
//!
//! Methods are compared within their architecture: the headline is about the first, and findings on the
//! others follow, with the difference that the architecture makes without pretraining.
//!
//! The largest depth is judged. The best method is the one with the lowest mean *validation* error, so
//! that the choice does not flatter the test error that is reported; without validation errors the test
//! error chooses, and a note says so.
//!
//! ```
//! use study::verdict::{PairedLine, SummaryLine, Verdict};
//! use study::{MethodRole, Role, Roles};
//!
//! let role = |name: &str, role, words: &str| MethodRole {
//!     name: name.into(), role, family: None, architecture: None, words: words.into(),
//! };
//! let roles = Roles { methods: vec![
//!     role("none", Role::Control, "no pretraining"),
//!     role("rbm", Role::Pretrained, "RBM pretraining"),
//! ] };
//! let mean = |method: &str, test_error_pct| SummaryLine {
//!     method: method.into(), depth: 2, labels: 1000, seeds: 3, test_error_pct,
//! };
//! let pair = PairedLine {
//!     method_a: "rbm".into(), method_b: "none".into(), depth: 2, labels: 1000, seeds: 3,
//!     difference_pct: -4.8, low: -5.3, high: -4.3, corrected_p: 0.002,
//! };
//! let verdict = Verdict::of(&roles, &[mean("none", 11.2), mean("rbm", 6.4)], &[pair], &[]).unwrap();
//! assert_eq!(
//!     verdict.headline,
//!     "Yes: with 1,000 labels, RBM pretraining cuts the test error from 11.2 % to 6.4 % (difference \
//!      −4.8 points, 95 % interval −5.3 to −4.3, 3 seeds, corrected p 0.002)."
//! );
//! assert_eq!(verdict.pairs[0].words(), "rbm better");
//! ```

mod architecture;
mod contrast;
mod evidence;
mod finding;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::Roles;
use architecture::Part;
use contrast::Contrast;
use evidence::Evidence;

pub use finding::{Finding, PairFinding};
pub use lines::{CellLine, PairedLine, SummaryLine};

/// The verdict of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The answer in one sentence.
    pub headline: String,
    /// Sentences on the comparisons with the baseline, with the other controls, and between families.
    pub findings: Vec<String>,
    /// Sentences on depth, choice, seeds, and missing results.
    pub notes: Vec<String>,
    /// A sentence that says which comparisons Holm's correction covers.
    pub family: String,
    /// The finding on every pair of methods, at every depth and number of labels.
    pub pairs: Vec<PairFinding>,
}

impl Verdict {
    /// The verdict of a comparison; none if there are no results to judge.
    pub fn of(
        roles: &Roles,
        summary: &[SummaryLine],
        paired: &[PairedLine],
        cells: &[CellLine],
    ) -> Option<Self> {
        let parts = architecture::parts(roles, summary, paired, cells);
        let evidence: Vec<Evidence<'_>> = parts.iter().filter_map(Part::evidence).collect();
        let first = evidence.first()?;
        let mut notes = first.notes();
        for note in evidence[1..].iter().flat_map(Evidence::notes) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        Some(Verdict {
            headline: headline(first),
            findings: evidence
                .iter()
                .flat_map(Evidence::findings)
                .chain(architecture::sentences(&evidence))
                .collect(),
            notes,
            family: family(roles, paired),
            pairs: paired.iter().map(|line| finding::of_pair(roles, line, paired)).collect(),
        })
    }
}

fn headline(evidence: &Evidence<'_>) -> String {
    let best = evidence.best_against_baseline();
    if best.is_empty() {
        return if evidence.has_baseline() {
            "No answer yet: no pretrained method has results to compare with the baseline.".into()
        } else {
            "No answer yet: there are no results without pretraining to compare with.".into()
        };
    }
    let mut answers: BTreeMap<Finding, Vec<&Contrast>> = BTreeMap::new();
    for contrast in &best {
        answers.entry(contrast.finding()).or_default().push(contrast);
    }
    // The numbers are those of the first, the strongest answer: a headline must not quote a number of
    // labels that has another.
    let quoted = answers.values().next().map_or(&[][..], Vec::as_slice);
    let clauses = match quoted {
        [first, .., last] => format!("{}; {}", first.clause(), last.clause()),
        of_one => of_one.iter().map(|contrast| contrast.clause()).collect(),
    };
    let parts: Vec<String> = if answers.len() == 1 {
        answers.keys().map(|finding| finding.answer().into()).collect()
    } else {
        let part = |(i, (finding, of)): (usize, (&Finding, &Vec<&Contrast>))| {
            let counts: Vec<String> = of.iter().map(|one| number_text::count(one.labels)).collect();
            let comma = if finding.answer().contains(',') { "," } else { "" };
            let labels = if i == 0 { " labels" } else { "" };
            format!("{}{comma} with {}{labels}", finding.answer(), listed(&counts))
        };
        answers.iter().enumerate().map(part).collect()
    };
    format!("{}: {clauses}.", capitalised(&parts.join("; ")))
}

/// The comparisons that Holm's correction covers, and their number.
fn family(roles: &Roles, paired: &[PairedLine]) -> String {
    let corrected = paired.iter().filter(|line| line.is_corrected(roles)).count();
    let controls: Vec<String> =
        roles.controls().map(|role| format!("with {}", role.words)).collect();
    let mut of = Vec::new();
    if !controls.is_empty() {
        of.push(format!("of every pretrained method {}", listed(&controls)));
    }
    if roles.families().len() > 1 {
        let families: Vec<String> = roles.families().into_iter().map(str::to_owned).collect();
        of.push(format!(
            "between pretrained methods of different families ({})",
            listed(&families)
        ));
    }
    if let (Some(last), true) = (of.last_mut(), roles.architectures().len() > 1) {
        last.push_str(", each within one architecture");
    }
    if corrected == 0 || of.is_empty() {
        return "No comparison is corrected for their number.".into();
    }
    let comparisons = if corrected == 1 { "comparison" } else { "comparisons" };
    format!(
        "Holm's correction covers {} {comparisons}: those {}, at every depth and number of labels.",
        number_text::count(corrected),
        of.join(", and those ")
    )
}

/// "a, b and c".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
