//! Parsing of settings from TOML tables. Errors name the key and the nearest known one.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use nn_core::require;
use serde::Serialize;
use serde::de::DeserializeOwned;
use study::nearest;
use thiserror::Error;
use toml::{Table, Value};

/// A setting or a name that does not exist or is invalid. The message names it, what was expected and, if a
/// known word is near, the word that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Checks that each of these named numbers is at least 1.
///
/// # Errors
/// [`ConfigError`] naming the first that is 0.
pub(crate) fn at_least_one(numbers: &[(&'static str, usize)]) -> Result<(), ConfigError> {
    let check =
        |(name, number): &(&'static str, usize)| require(*number >= 1, name, number, "at least 1");
    numbers.iter().try_for_each(check).map_err(|error| ConfigError(error.to_string()))
}

/// Reads settings from a table. `origin` names the table in errors.
///
/// # Errors
/// [`ConfigError`] naming the key that is unknown or has a value of another type.
pub fn from_table<T>(table: Table, origin: &str) -> Result<T, ConfigError>
where
    T: DeserializeOwned + Serialize,
{
    let given = Value::Table(table);
    if let Some((path, number)) = too_large(&given) {
        return Err(ConfigError(format!(
            "{origin}: {path} = {number}: expected a number from -{LARGEST} to {LARGEST}"
        )));
    }
    let read: T = serde_path_to_error::deserialize(given.clone()).map_err(|error| {
        let path = error.path().to_string();
        let message = shortened_to(error.inner().message(), LONGEST_MESSAGE);
        let message = in_words(with_nearest(&message));
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        ConfigError(format!("{origin}: {place}{message}"))
    })?;
    let written =
        Value::try_from(&read).map_err(|error| ConfigError(format!("{origin}: {error}")))?;
    match array_for_table(&given, &written) {
        Some(path) => {
            Err(ConfigError(format!("{origin}: {path}: expected a table, found an array")))
        }
        None => Ok(read),
    }
}

/// The largest absolute value of a setting other than a seed. The products of two whole settings, and of one
/// with the number of samples, then fit into 64 bits with room to spare, and no single setting takes values
/// beyond the range of `f32`.
const LARGEST: i64 = 1_000_000_000_000;

/// The first number beyond [`LARGEST`] that is not a seed, with its path. NaN and infinities are left to the bounds
/// of their setting.
fn too_large(value: &Value) -> Option<(String, String)> {
    let below = |name: String, value: &Value| {
        let (path, number) = too_large(value)?;
        let separator = if name.is_empty() || path.is_empty() { "" } else { "." };
        Some((format!("{name}{separator}{path}"), number))
    };
    match value {
        Value::Integer(number) if number.unsigned_abs() > LARGEST.unsigned_abs() => {
            Some((String::new(), number.to_string()))
        }
        Value::Float(number) if number.is_finite() && number.abs() > LARGEST as f64 => {
            Some((String::new(), format!("{number:e}")))
        }
        Value::Table(table) => table
            .iter()
            .filter(|(name, _)| !name.ends_with("seed"))
            .find_map(|(name, value)| below(name.clone(), value)),
        Value::Array(values) => values.iter().find_map(|value| below(String::new(), value)),
        _ => None,
    }
}

/// Returns the path of an array that was read as a table. Its elements would be taken for the table's entries
/// in their order, and missing ones for the defaults.
fn array_for_table(given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Array(_), Value::Table(_)) => Some(String::new()),
        (Value::Table(given), Value::Table(read)) => given.iter().find_map(|(key, given)| {
            let inner = array_for_table(given, read.get(key)?)?;
            Some(if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") })
        }),
        (Value::Array(given), Value::Array(read)) => {
            given.iter().zip(read).enumerate().find_map(|(index, (given, read))| {
                let inner = array_for_table(given, read)?;
                Some(if inner.is_empty() { index.to_string() } else { format!("{index}.{inner}") })
            })
        }
        _ => None,
    }
}

/// The longest text of settings, in bytes. The largest profile in full has a twentieth of it. Parsing takes
/// longer than linear time in the number of keys.
const LONGEST: usize = 256 << 10;

/// The largest nesting depth of tables in an assignment.
const DEEPEST: usize = 32;

/// Reads a file of settings, unless it is longer than settings can be.
///
/// # Errors
/// Those of the file system, or [`ErrorKind::InvalidData`] for a longer file or one that is not text.
pub(crate) fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST as u64 + 1).read_to_string(&mut text)?;
    if text.len() > LONGEST {
        let message = format!("expected settings of at most {} KiB", LONGEST >> 10);
        return Err(std::io::Error::new(ErrorKind::InvalidData, message));
    }
    Ok(text)
}

/// Parses a table. `origin` names the text in errors.
pub(crate) fn table(text: &str, origin: &str) -> Result<Table, ConfigError> {
    check_length(text, origin)?;
    text.parse::<Table>().map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        ConfigError(format!("{origin}, line {line}: {}", error.message()))
    })
}

/// The largest number of characters of the input that an error repeats.
const LONGEST_SHOWN: usize = 60;

/// The largest number of characters of a parser's message, which names all known keys if one is unknown.
const LONGEST_MESSAGE: usize = 600;

/// Cuts text from outside to the length that an error needs.
fn shortened(text: &str) -> Cow<'_, str> {
    shortened_to(text, LONGEST_SHOWN)
}

fn shortened_to(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn check_length(text: &str, origin: &str) -> Result<(), ConfigError> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(ConfigError(format!("{origin}: expected settings of at most {} KiB", LONGEST >> 10)))
}

/// Applies an assignment `key.in.dots=value` to a table. A bare word is a string; a value that starts
/// like a table, an array or a quoted string must be one.
///
/// # Errors
/// [`ConfigError`] if the assignment cannot be parsed, or its key leads through a value.
pub fn set(table: &mut Table, assignment: &str) -> Result<(), ConfigError> {
    let Some((path, text)) = assignment.split_once('=') else {
        return Err(ConfigError(format!(
            "{}: expected KEY=VALUE, such as model.n_hidden=100",
            shortened(assignment)
        )));
    };
    if path.matches('.').count() >= DEEPEST {
        let start = shortened(path);
        return Err(ConfigError(format!(
            "{start}: expected at most {DEEPEST} keys within each other"
        )));
    }
    check_length(text, &shortened(path))?;
    let value = match text.trim().parse::<Value>() {
        Ok(value) => value,
        Err(error) if text.trim_start().starts_with(['{', '[', '"', '\'']) => {
            let message = error.message();
            let assignment = shortened(assignment);
            return Err(ConfigError(format!("{assignment}: not a TOML value: {message}")));
        }
        Err(_) => Value::String(text.trim().to_owned()),
    };
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().unwrap_or_default();
    let mut place = table;
    for key in keys {
        let inner = place.entry(key).or_insert_with(|| Value::Table(Table::new()));
        place = inner.as_table_mut().ok_or_else(|| {
            ConfigError(format!("{}: `{key}` is a value, not a table", shortened(assignment)))
        })?;
    }
    if last == "kind" && place.get(last).is_some_and(|kind| *kind != value) {
        place.clear(); // Another kind has other entries.
    }
    place.insert(last.to_owned(), value);
    Ok(())
}

/// Overlays the entries of `below` with those of `above`, table by table. A table with a `kind`
/// replaces the other as a whole, since another kind has other entries.
pub(crate) fn overlay(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) if !above.contains_key("kind") => {
                overlay(below, above);
            }
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// Adds the known key that was probably meant to serde's message, which quotes the unknown key and then
/// the known ones in backticks.
fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ").then(|| quoted.next()).flatten();
    match unknown.and_then(|unknown| nearest(unknown, quoted)) {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}

/// Returns the message with the types that serde found and expected in the terms of TOML.
fn in_words(message: String) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message };
    let is_named = |kinds: &[&str]| kinds.iter().any(|kind| expected.starts_with(kind));
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or above",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "string or map" | "string or table" => "a word, or a table",
        "string only" | "variant identifier" => "a word",
        "map with a single key" => "a table with one key",
        "a map" => "a table",
        "a sequence" => "an array",
        _ if is_named(&["tuple struct ", "a tuple "]) => "an array",
        // The name of the type follows.
        _ if is_named(&["struct ", "enum ", "internally tagged ", "adjacently tagged "]) => {
            "a table"
        }
        other => other,
    };
    let (kind, found) = found.split_once(": ").unwrap_or((found, ""));
    match found {
        "" | "unit variant" => format!("{kind}, expected {expected}"),
        "map" => format!("{kind}: a table, expected {expected}"),
        "sequence" => format!("{kind}: an array, expected {expected}"),
        found => format!("{kind}: {found}, expected {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_whose_products_would_overflow_are_refused_but_seeds_may_be_large() {
        let read = |text: &str| from_table::<Table>(table(text, "test").expect("TOML"), "t");
        let error = |text: &str| read(text).expect_err("too large").to_string();
        let most = "expected a number from -1000000000000 to 1000000000000";
        assert_eq!(error("a.b = 1000000000001"), format!("t: a.b = 1000000000001: {most}"));
        let of_labels = error("labels = [{ count = 3 }, { count = 9223372036854775807 }]");
        assert_eq!(of_labels, format!("t: labels.count = 9223372036854775807: {most}"));
        assert_eq!(error("std = -1e300"), format!("t: std = -1e300: {most}"));
        assert_eq!(
            error("n = -9223372036854775808"),
            format!("t: n = -9223372036854775808: {most}")
        );
        read("x = nan\ny = inf").expect("left to the setting");
        read("seed = 9223372036854775807\nfirst_seed = 1000000000001\nn = 1000000000000")
            .expect("large seeds");
    }

    #[test]
    fn types_are_named_in_words() {
        let refused = |text: &str| {
            let table = table(text, "test").expect("TOML");
            from_table::<std::collections::BTreeMap<String, usize>>(table, "t")
                .expect_err("no number")
        };
        let says = "t: n: invalid value: integer `-3`, expected a whole number, 0 or above";
        assert_eq!(refused("n = -3").to_string(), says);
        let floats = from_table::<std::collections::BTreeMap<String, f64>>;
        let error = floats(table("x = true", "test").expect("TOML"), "t").expect_err("no number");
        assert!(error.to_string().ends_with("boolean `true`, expected a number"), "{error}");
        for (term, word) in [
            ("integer `0`, expected struct RunEntry", "integer `0`, expected a table"),
            ("integer `0`, expected internally tagged enum X", "integer `0`, expected a table"),
            ("map, expected a sequence", "a table, expected an array"),
            ("map, expected a boolean", "a table, expected a boolean"),
            ("integer `1`, expected variant identifier", "integer `1`, expected a word"),
            ("sequence, expected f64", "an array, expected a number"),
            ("integer `0`, expected a boolean", "integer `0`, expected a boolean"),
        ] {
            let said = in_words(format!("invalid type: {term}"));
            assert_eq!(said, format!("invalid type: {word}"));
        }
        let said = in_words("invalid type: unit variant, expected string only".to_owned());
        assert_eq!(said, "invalid type, expected a word");
        let said = in_words("invalid length 1, expected struct Block with 2 elements".to_owned());
        assert_eq!(said, "invalid length 1, expected a table");
    }

    #[test]
    fn assignments_reach_into_tables() {
        let mut settings = table("[model]\nn_hidden = 3", "test").expect("TOML");
        set(&mut settings, "model.n_hidden=0").expect("an assignment");
        set(&mut settings, "training.optimizer.kind=adam").expect("an assignment");
        set(&mut settings, "training.optimizer.beta1=0.5").expect("an assignment");
        set(&mut settings, "training.optimizer.kind=adam").expect("the same kind");
        assert_eq!(settings["training"]["optimizer"]["beta1"], Value::Float(0.5));
        set(&mut settings, "training.optimizer.kind=sgd").expect("another kind");
        assert_eq!(settings["training"]["optimizer"].as_table().expect("a table").len(), 1);
        set(&mut settings, "training.optimizer.kind=adam").expect("an assignment");
        set(&mut settings, "list=[1, 2]").expect("an assignment");
        assert_eq!(settings["model"]["n_hidden"], Value::Integer(0));
        assert_eq!(settings["training"]["optimizer"]["kind"], Value::String("adam".into()));
        assert_eq!(settings["list"].as_array().expect("a list").len(), 2);
        set(&mut settings, "data=other.csv").expect("a bare word");
        assert_eq!(settings["data"], Value::String("other.csv".into()));
        let refused = set(&mut settings, "dropout={ input = .3 }").expect_err("no number of TOML");
        assert!(refused.0.contains("dropout={ input = .3 }: not a TOML value"), "{refused}");
        let deep = format!("model{}=1", ".a".repeat(100_000));
        let long = format!("list={}", "[".repeat(100_000));
        for (assignment, says) in [(deep, "within each other"), (long, "not a TOML value")] {
            let error = set(&mut settings, &assignment).expect_err("refused").to_string();
            assert!(error.contains(says) && error.len() < 300, "{error}");
        }
        assert!(set(&mut settings, "model").is_err());
        assert!(set(&mut settings, "list.x=1").is_err());
    }

    #[test]
    fn overlays_keep_what_they_do_not_name() {
        let mut below = table("a = 1\n[t]\nx = 1\ny = 2", "test").expect("TOML");
        overlay(&mut below, table("[t]\nx = 3", "test").expect("TOML"));
        assert_eq!(below, table("a = 1\n[t]\nx = 3\ny = 2", "test").expect("TOML"));
        overlay(&mut below, table("[t]\nkind = \"b\"\nz = 4", "test").expect("TOML"));
        assert_eq!(below, table("a = 1\n[t]\nkind = \"b\"\nz = 4", "test").expect("TOML"));
    }

    #[test]
    fn unknown_words_are_answered_with_the_nearest() {
        let message = "unknown field `n_hiden`, expected one of `n_hidden`, `hidden`, `data`";
        assert!(with_nearest(message).ends_with("did you mean `n_hidden`?"));
        assert_eq!(nearest("zzz", ["tutorial"]), None);
        let error = table("a = \n", "file.toml").expect_err("no value");
        assert!(error.to_string().starts_with("file.toml, line 1: "), "{error}");
    }
}
