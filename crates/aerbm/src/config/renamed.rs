//! Setting names of earlier versions, which are accepted for one version, with a note.

use toml::{Table, Value};

use super::parse::overlay;

/// Settings of `[comparison]` with their present names.
const RENAMED: [(&str, &str); 3] = [
    ("partition", "split"),
    ("hidden_rate_factors", "hidden_learning_rate_multipliers"),
    ("pretraining_images", "pretraining_samples"),
];

/// A table or list of `[comparison]` that now belongs to a method.
struct Moved {
    /// The setting's name in `[comparison]`.
    old: &'static str,
    /// Its present path.
    new: &'static str,
    /// The kind of layer, for tables that are layers now.
    kind: Option<&'static str>,
}

const MOVED: [Moved; 8] = [
    Moved { old: "none", new: "methods.none.layers", kind: Some("random") },
    Moved { old: "relu_dropout", new: "methods.relu-dropout", kind: None },
    Moved { old: "autoencoder", new: "methods.autoencoder.layers", kind: Some("autoencoder") },
    Moved { old: "sparse", new: "methods.sparse.layers", kind: Some("autoencoder") },
    Moved { old: "denoising", new: "methods.denoising.layers", kind: Some("autoencoder") },
    Moved { old: "contractive", new: "methods.contractive.layers", kind: Some("autoencoder") },
    Moved { old: "rbm", new: "methods.rbm.layers", kind: Some("rbm") },
    Moved { old: "mixed", new: "methods.mixed.layers", kind: None },
];

/// Renames the entries of a profile's table to the present names, and returns a note for each that was
/// renamed.
pub(super) fn to_present_names(profile: &mut Table) -> Vec<String> {
    let mut notes = Vec::new();
    let mut methods = Table::new();
    let Some(comparison) = profile.get_mut("comparison").and_then(Value::as_table_mut) else {
        return notes;
    };
    for (old, new) in RENAMED {
        if let Some(value) = comparison.remove(old) {
            comparison.insert(new.to_owned(), value);
            notes.push(format!("comparison.{old} is now comparison.{new}"));
        }
    }
    for Moved { old, new, kind } in MOVED {
        let Some(value) = comparison.remove(old) else { continue };
        let value = match (value, kind) {
            (Value::Table(settings), Some(kind)) => {
                let mut layer = Table::from_iter([("kind".to_owned(), Value::from(kind))]);
                layer.extend(settings);
                Value::Table(layer)
            }
            (value, _) => value,
        };
        overlay(&mut methods, nested(new, value));
        notes.push(format!("comparison.{old} is now {new}"));
    }
    overlay(profile, methods);
    notes
}

/// The value at the end of a path of tables.
fn nested(path: &str, value: Value) -> Table {
    let value = path
        .rsplit('.')
        .fold(value, |inner, key| Value::Table(Table::from_iter([(key.to_owned(), inner)])));
    match value {
        Value::Table(table) => table,
        _ => unreachable!("a path has a key"),
    }
}

/// Returns the full path of a setting that is assigned to, which may be given within `[comparison]` or by an
/// earlier name, and a note in the latter case.
pub(crate) fn full_path(given: &str) -> (String, Option<String>) {
    let within = given.strip_prefix("comparison.").unwrap_or(given);
    let (first, rest) = within.split_once('.').map_or((within, ""), |(first, rest)| (first, rest));
    let moved = MOVED.iter().find(|moved| moved.old == first).map(|moved| moved.new.to_owned());
    let renamed = RENAMED.iter().find(|(old, _)| *old == first);
    let present = moved.or(renamed.map(|(_, new)| format!("comparison.{new}")));
    if let Some(present) = present {
        let path = if rest.is_empty() { present } else { format!("{present}.{rest}") };
        let note = format!("{given} is now {path}");
        return (path, Some(note));
    }
    let is_of_a_method = given.starts_with("methods.");
    (if is_of_a_method { given.to_owned() } else { format!("comparison.{within}") }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_an_earlier_version_has_its_settings_at_their_present_places() {
        let mut profile: Table = r#"
            seed = 1
            [comparison]
            partition = "study"
            methods = ["none", "rbm"]
            mixed = ["rbm", "denoising"]
            hidden_rate_factors = [1.0]
            [comparison.rbm.training]
            epochs = 3
            [comparison.relu_dropout]
            max_norm = 3.0
        "#
        .parse()
        .expect("TOML");
        let notes = to_present_names(&mut profile);
        let expected: Table = r#"
            seed = 1
            [comparison]
            methods = ["none", "rbm"]
            split = "study"
            hidden_learning_rate_multipliers = [1.0]
            [methods.relu-dropout]
            max_norm = 3.0
            [methods.rbm.layers]
            kind = "rbm"
            training = { epochs = 3 }
            [methods.mixed]
            layers = ["rbm", "denoising"]
        "#
        .parse()
        .expect("TOML");
        assert_eq!(profile, expected);
        assert_eq!(notes.len(), 5);
        assert!(
            notes.contains(&"comparison.rbm is now methods.rbm.layers".to_owned()),
            "{notes:?}"
        );
        assert!(to_present_names(&mut profile).is_empty(), "present names are no earlier ones");
    }

    #[test]
    fn assignments_are_completed_and_earlier_names_noted() {
        for (given, path, noted) in [
            ("seeds", "comparison.seeds", false),
            ("methods", "comparison.methods", false),
            ("comparison.seeds", "comparison.seeds", false),
            ("fine_tuning.schedule", "comparison.fine_tuning.schedule", false),
            ("methods.rbm.layers.training.epochs", "methods.rbm.layers.training.epochs", false),
            ("rbm.training.epochs", "methods.rbm.layers.training.epochs", true),
            ("comparison.rbm.model", "methods.rbm.layers.model", true),
            ("relu_dropout.max_norm", "methods.relu-dropout.max_norm", true),
            ("mixed", "methods.mixed.layers", true),
            ("partition.train", "comparison.split.train", true),
        ] {
            let (found, note) = full_path(given);
            assert_eq!((found.as_str(), note.is_some()), (path, noted), "{given}");
        }
        let (_, note) = full_path("rbm.training.epochs");
        let expected = "rbm.training.epochs is now methods.rbm.layers.training.epochs";
        assert_eq!(note.as_deref(), Some(expected));
    }
}
