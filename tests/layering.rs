//! The crates depend on one another as the code map says, and in no other way.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The crates of this workspace that each crate may use.
const MAY_USE: [(&str, &[&str]); 14] = [
    ("aerbm-numerics", &[]),
    ("aerbm-mnist-io", &[]),
    ("aerbm-number-text", &[]),
    ("aerbm-durable", &[]),
    ("aerbm-wording", &[]),
    ("aerbm-report", &["aerbm-wording", "aerbm-number-text", "aerbm-durable"]),
    ("aerbm-nn-core", &["aerbm-numerics"]),
    ("aerbm-ae-core", &["aerbm-nn-core", "aerbm-numerics"]),
    ("aerbm-rbm-core", &["aerbm-nn-core", "aerbm-numerics"]),
    ("aerbm-stack", &["aerbm-ae-core", "aerbm-rbm-core", "aerbm-nn-core", "aerbm-numerics"]),
    (
        "aerbm-study",
        &[
            "aerbm-stack",
            "aerbm-mnist-io",
            "aerbm-nn-core",
            "aerbm-numerics",
            "aerbm-wording",
            "aerbm-number-text",
            "aerbm-durable",
        ],
    ),
    (
        "aerbm",
        &[
            "aerbm-study",
            "aerbm-stack",
            "aerbm-ae-core",
            "aerbm-rbm-core",
            "aerbm-nn-core",
            "aerbm-numerics",
            "aerbm-mnist-io",
            "aerbm-report",
            "aerbm-wording",
            "aerbm-number-text",
            "aerbm-durable",
        ],
    ),
    ("aerbm-cli", &["aerbm", "aerbm-report"]),
    ("aerbm-python", &["aerbm"]),
];

#[test]
fn crates_use_only_what_is_to_their_right() {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::support::root().join("Cargo.toml"))
        .other_options(["--offline".to_owned()])
        .no_deps()
        .exec()
        .expect("cargo reads the workspace");
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(ours, MAY_USE.iter().map(|(name, _)| *name).collect());
    for package in &metadata.packages {
        let (_, allowed) =
            MAY_USE.iter().find(|(name, _)| *name == package.name.as_str()).expect("listed");
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let used = dependency.kind == DependencyKind::Normal && ours.contains(name);
            assert!(!used || allowed.contains(&name), "{} uses {name}", package.name);
        }
    }
}
