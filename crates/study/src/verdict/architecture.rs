//! Results by architecture.

use wording::{Language, say};

use super::evidence::Evidence;
use super::{CellLine, PairedLine, SummaryLine};
use crate::Roles;

/// The results of one architecture.
pub(super) struct Part {
    roles: Roles,
    summary: Vec<SummaryLine>,
    paired: Vec<PairedLine>,
    cells: Vec<CellLine>,
}

impl Part {
    /// The evidence from the results; `None` without results.
    pub(super) fn evidence(&self, language: Language) -> Option<Evidence<'_>> {
        Evidence::new(language, &self.roles, &self.summary, &self.paired, &self.cells)
    }
}

/// The results of each architecture, in table order. Those of methods without a role are in every part.
pub(super) fn parts(
    roles: &Roles,
    summary: &[SummaryLine],
    paired: &[PairedLine],
    cells: &[CellLine],
) -> Vec<Part> {
    let part = |architecture: Option<&str>| {
        let is_of = |method: &str| {
            roles.get(method).is_none_or(|role| role.architecture.as_deref() == architecture)
        };
        let of_both = |line: &&PairedLine| is_of(&line.method_a) && is_of(&line.method_b);
        Part {
            roles: roles.of_architecture(architecture),
            summary: summary.iter().filter(|line| is_of(&line.method)).cloned().collect(),
            paired: paired.iter().filter(of_both).cloned().collect(),
            cells: cells.iter().filter(|line| is_of(&line.method)).cloned().collect(),
        }
    };
    roles.architectures().into_iter().map(part).collect()
}

/// Compares the baseline errors of each further architecture with those of the first.
pub(super) fn sentences(evidence: &[Evidence<'_>]) -> Vec<String> {
    let Some((first, others)) = evidence.split_first() else { return Vec::new() };
    let sentence = |other: &Evidence<'_>| {
        let (words, of_other) = other.baseline_errors()?;
        let (first_words, of_first) = first.baseline_errors()?;
        let clauses: Vec<String> = of_first
            .iter()
            .filter_map(|(labels, error)| {
                let (_, other) = of_other.iter().find(|(of, _)| of == labels)?;
                let [other, error] = [other, error].map(|error| format!("{error:.1}"));
                let labels = number_text::count(*labels);
                Some(say!(
                    first.language,
                    "architecture-errors",
                    other = other,
                    error = error,
                    labels = labels
                ))
            })
            .collect();
        (!clauses.is_empty()).then(|| {
            let errors = first.language.listed(&clauses);
            say!(
                first.language,
                "architecture",
                first = first_words,
                words = words,
                errors = errors
            )
        })
    };
    others.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{paired, roles, summary};
    use super::super::{PairedLine, Verdict};
    use crate::{Language, MethodRole, Role};

    #[test]
    fn each_architecture_has_its_findings() {
        let mut roles = roles();
        let of_cnn = |name: &str, role, family: Option<&str>, words: &str| MethodRole {
            name: name.into(),
            role,
            family: family.map(str::to_owned),
            architecture: Some("convolutional".into()),
            words: words.into(),
        };
        roles.methods.push(of_cnn("cnn", Role::Control, None, "a convolutional network"));
        roles.methods.push(of_cnn(
            "conv-rbm",
            Role::Pretrained,
            Some("rbm"),
            "convolutional RBM pretraining",
        ));
        let errors = [("none", 11.2), ("rbm", 6.4), ("cnn", 5.0), ("conv-rbm", 3.0)];
        let lines = errors.map(|(method, error)| summary(method, 3, 1000, 3, error));
        let pairs = [
            paired("rbm", "none", 1000, 3, (-5.3, -4.3)),
            paired("conv-rbm", "cnn", 1000, 3, (-2.4, -1.6)),
            paired("conv-rbm", "none", 1000, 3, (-9.0, -7.0)),
        ]
        .map(|line| PairedLine { corrected_p: 0.01, ..line });
        let verdict = Verdict::of(Language::English, &roles, &lines, &pairs, &[]).expect("results");
        assert!(
            verdict.headline.contains("RBM pretraining cuts the test error from 11.2 % to 6.4 %")
        );
        let has = |part: &str| verdict.findings.iter().any(|finding| finding.contains(part));
        assert!(has("compared with no pretraining"), "{:?}", verdict.findings);
        assert!(has("compared with a convolutional network"), "{:?}", verdict.findings);
        assert!(
            has("a convolutional network gives a test error of 5.0 % instead of 11.2 % with 1,000"),
            "{:?}",
            verdict.findings
        );
        assert!(!has("convolutional RBM pretraining and"), "{:?}", verdict.findings);
        assert!(verdict.family.contains("within one architecture"), "{}", verdict.family);
    }
}
