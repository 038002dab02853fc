//! The verdict in words: does pretraining help, and by how much?
//!
//! At each number of labels, the best pretrained method is compared with the baseline and with the
//! other controls, and the best methods of different families are compared with each other. All are
//! paired differences. A method is called better or worse only if its 95 % interval excludes zero and, if the
//! study asks about the pair, its p-value stays below 0.05 after Holm's correction ([`Finding`]). With one
//! seed there is no interval, and no claim.
//!
//! Methods are compared within their architecture: the headline is about the first, followed by findings on
//! the others, with the difference that the architecture makes without pretraining.
//!
//! The largest depth is judged. The best method is the one with the lowest mean *validation* error, so that
//! the choice does not bias the reported test error; without validation errors the test error decides, and a
//! note says so. The first seed is excluded from this mean if there are others: hyperparameters are chosen
//! there, so its validation error is the lowest of several trials, and decreases with their number.
//!
//! ```
//! use study::verdict::{PairedLine, SummaryLine, Verdict};
//! use study::{Language, MethodRole, Role, Roles};
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
//! let means = [mean("none", 11.2), mean("rbm", 6.4)];
//! let verdict = Verdict::of(Language::English, &roles, &means, &[pair.clone()], &[]).unwrap();
//! assert_eq!(
//!     verdict.headline,
//!     "Yes: with 1,000 labels, RBM pretraining cuts the test error from 11.2 % to 6.4 % (difference \
//!      −4.8 points, 95 % interval −5.3 to −4.3, 3 seeds, corrected p 0.002)."
//! );
//! assert_eq!(verdict.pairs[0].words(Language::English), "rbm better");
//!
//! let verdict = Verdict::of(Language::Korean, &roles, &means, &[pair], &[]).unwrap();
//! assert_eq!(
//!     verdict.headline,
//!     "그렇다: 레이블 1,000개에서 RBM 사전훈련은 테스트 오차를 11.2 %에서 6.4 %로 줄인다 (차이 −4.8포인트, 95 % \
//!      신뢰 구간 −5.3 ~ −4.3, 시드 3개, 보정된 p 0.002)."
//! );
//! ```

mod architecture;
mod contrast;
mod evidence;
mod finding;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wording::{Language, say};

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
    /// A sentence that states which comparisons Holm's correction covers.
    pub family: String,
    /// The finding on every pair of methods, at every depth and number of labels.
    pub pairs: Vec<PairFinding>,
}

impl Verdict {
    /// The verdict of a comparison, in a language; `None` if there are no results to judge.
    pub fn of(
        language: Language,
        roles: &Roles,
        summary: &[SummaryLine],
        paired: &[PairedLine],
        cells: &[CellLine],
    ) -> Option<Self> {
        let roles = &in_language(language, roles);
        let parts = architecture::parts(roles, summary, paired, cells);
        let evidence = parts.iter().filter_map(|part: &Part| part.evidence(language));
        let evidence: Vec<Evidence<'_>> = evidence.collect();
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
            family: family(language, roles, paired),
            pairs: paired.iter().map(|line| finding::of_pair(roles, line, paired)).collect(),
        })
    }
}

/// The roles with the words for their methods translated, if known to this program.
fn in_language(language: Language, roles: &Roles) -> Roles {
    let mut roles = roles.clone();
    for method in &mut roles.methods {
        method.words = language.stored(&method.words);
    }
    roles
}

fn headline(evidence: &Evidence<'_>) -> String {
    let language = evidence.language;
    let best = evidence.best_against_baseline();
    if best.is_empty() {
        let reason =
            if evidence.has_baseline() { "verdict-no-method" } else { "verdict-no-baseline" };
        return say!(language, reason);
    }
    let mut answers: BTreeMap<Finding, Vec<&Contrast>> = BTreeMap::new();
    for contrast in &best {
        answers.entry(contrast.finding()).or_default().push(contrast);
    }
    // The numbers are those of the first, the strongest answer: a headline must not quote a number of labels
    // with a different answer.
    let quoted = answers.values().next().map_or(&[][..], Vec::as_slice);
    let clauses = match quoted {
        [first, .., last] => format!("{}; {}", first.clause(), last.clause()),
        of_one => of_one.iter().map(|contrast| contrast.clause()).collect(),
    };
    let parts: Vec<String> = if answers.len() == 1 {
        answers.keys().map(|finding| say!(language, &format!("answer-{}", finding.key()))).collect()
    } else {
        let part = |(i, (finding, of)): (usize, (&Finding, &Vec<&Contrast>))| {
            let counts: Vec<String> = of.iter().map(|one| number_text::count(one.labels)).collect();
            let message = if i == 0 { "verdict-part" } else { "verdict-part-next" };
            let answer = say!(language, &format!("answer-{}.inside", finding.key()));
            say!(language, message, answer = answer, labels = language.listed(&counts))
        };
        answers.iter().enumerate().map(part).collect()
    };
    let answers = capitalised(&parts.join("; "));
    say!(language, "verdict-headline", answers = answers, clauses = clauses)
}

/// The comparisons that Holm's correction covers, and their number.
fn family(language: Language, roles: &Roles, paired: &[PairedLine]) -> String {
    let corrected = paired.iter().filter(|line| line.is_corrected(roles)).count();
    let control = |words: &str| say!(language, "family-control", words = words);
    let controls: Vec<String> = roles.controls().map(|role| control(&role.words)).collect();
    let mut of = Vec::new();
    if !controls.is_empty() {
        of.push(say!(language, "family-controls", controls = language.listed(&controls)));
    }
    if roles.families().len() > 1 {
        let families: Vec<String> = roles.families().into_iter().map(str::to_owned).collect();
        of.push(say!(language, "family-families", families = language.listed(&families)));
    }
    if let (Some(last), true) = (of.last_mut(), roles.architectures().len() > 1) {
        *last = say!(language, "family-within", last = last.as_str());
    }
    if corrected == 0 || of.is_empty() {
        return say!(language, "family-none");
    }
    let both = |first: String, second: String| {
        say!(language, "family-both", first = first, second = second)
    };
    let of = of.into_iter().reduce(both).unwrap_or_default();
    say!(language, "family", count = number_text::count(corrected), n = corrected, of = of)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
