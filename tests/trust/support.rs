//! The command in its own folder, and the bytes that a run guarantees.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use tempfile::TempDir;

/// Whether the tests may take hours.
pub(crate) fn is_long() -> bool {
    std::env::var("AERBM_TRUST").is_ok_and(|length| length.eq_ignore_ascii_case("long"))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The command, which runs in `folder`. Several run at once, so each has one thread.
pub(crate) fn aerbm(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("aerbm"));
    command.current_dir(folder).env("RAYON_NUM_THREADS", "1");
    command
}

/// The end of a command.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the command starts");
    Ended { status: output.status, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// A table of 120 rows in three classes.
pub(crate) fn table() -> String {
    let row = |i: usize| {
        let class = i * 7 % 3;
        let value = |j: usize| ((i * (j + 3) + 5 * class) % 11) as f64 / 10.0;
        format!("{},{},{},{},{}\n", value(0), value(1), value(2), value(3), ["a", "b", "c"][class])
    };
    format!("p,q,r,s,label\n{}", (0..120).map(row).collect::<String>())
}

/// A folder with `table.csv`.
pub(crate) fn place() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("table.csv"), table()).expect("written");
    folder
}

/// Every file below a folder, with its bytes.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_owned();
                found.insert(name, std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

/// The files of a run whose bytes do not depend on the clock.
pub(crate) fn promised(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let clock = ["timings.csv", "equal_seconds.csv"];
    let promised = |name: &Path| {
        let ending = name.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let timed = clock.iter().any(|file| name.ends_with(file));
        let cached =
            ["stages", "pretrained"].iter().any(|folder| name.iter().any(|part| part == *folder));
        !timed && !cached && ["csv", "svg", "png", "safetensors"].contains(&ending)
    };
    // A model records where its data were, which is another folder in each run.
    let place = run.parent().and_then(|place| place.canonicalize().ok()).unwrap_or_default();
    let place = format!("{}/", place.display());
    let mut files = files(run);
    files.retain(|name, _| promised(name));
    for (name, bytes) in &mut files {
        if name.extension().is_some_and(|ending| ending == "safetensors") {
            *bytes = without_place(bytes, &place);
        }
    }
    files
}

/// A file of a model without the folder of its data.
fn without_place(bytes: &[u8], place: &str) -> Vec<u8> {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let header = String::from_utf8_lossy(&rest[..length]).replace(place, "");
    [header.trim_end().as_bytes(), &rest[length..]].concat()
}

/// Names of temporary files and of checkpoints below the folder of a finished run.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_left = |name: &PathBuf| {
        let ending = name.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        ["tmp", "checkpoint"].contains(&ending) || name.ends_with("checkpoint.safetensors")
    };
    files(folder).into_keys().filter(is_left).collect()
}
