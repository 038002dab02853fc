//! Tests of the verdict, and their shared rows.

mod findings;
mod headline;

use super::*;
use crate::{MethodRole, Role};

/// The methods of most comparisons: two controls, two references, two families, and a mixture.
pub(super) fn roles() -> Roles {
    let method = |name: &str, role, family: Option<&str>, words: &str| MethodRole {
        name: name.into(),
        role,
        family: family.map(str::to_owned),
        architecture: None,
        words: words.into(),
    };
    Roles {
        methods: vec![
            method("none", Role::Control, None, "no pretraining"),
            method("pca", Role::Reference, None, "PCA initialisation"),
            method("relu-dropout", Role::Control, None, "rectified units with dropout"),
            method(
                "sparse",
                Role::Pretrained,
                Some("autoencoder"),
                "sparse-autoencoder pretraining",
            ),
            method(
                "denoising",
                Role::Pretrained,
                Some("autoencoder"),
                "denoising-autoencoder pretraining",
            ),
            method("rbm", Role::Pretrained, Some("rbm"), "RBM pretraining"),
            method("mixed", Role::Pretrained, None, "pretraining in several ways"),
        ],
    }
}

pub(super) fn summary(
    method: &str,
    depth: usize,
    labels: usize,
    seeds: usize,
    mean: f64,
) -> SummaryLine {
    SummaryLine { method: method.into(), depth, labels, seeds, test_error_pct: mean }
}

pub(super) fn paired(
    a: &str,
    b: &str,
    labels: usize,
    seeds: usize,
    ends: (f64, f64),
) -> PairedLine {
    PairedLine {
        method_a: a.into(),
        method_b: b.into(),
        depth: 3,
        labels,
        seeds,
        difference_pct: f64::midpoint(ends.0, ends.1),
        low: ends.0,
        high: ends.1,
        corrected_p: f64::NAN,
    }
}

pub(super) fn with_p(line: PairedLine, corrected_p: f64) -> PairedLine {
    PairedLine { corrected_p, ..line }
}

pub(super) fn cell(method: &str, seed: u64, error_pct: f64) -> CellLine {
    CellLine {
        method: method.into(),
        depth: 3,
        labels: 100,
        seed,
        validation_error_pct: error_pct,
        test_error_pct: error_pct,
        updates: 0,
    }
}

pub(super) fn verdict(summary: &[SummaryLine], paired: &[PairedLine]) -> Verdict {
    Verdict::of(Language::English, &roles(), summary, paired, &[]).unwrap()
}

pub(super) fn headline(summary: &[SummaryLine], paired: &[PairedLine]) -> String {
    verdict(summary, paired).headline
}
