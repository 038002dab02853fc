//! Removal of temporary files that killed processes left behind.

use std::fs::{self, File};
use std::path::Path;

/// Prefix of the names of temporary files.
pub(crate) const PREFIX: &str = ".aerbm-";

/// Suffix of the names of temporary files.
pub(crate) const SUFFIX: &str = ".tmp";

/// Greatest depth of nested folders that is searched.
const DEEPEST: usize = 8;

/// Removes the temporary files in `folder` whose writers are dead: a living writer holds a lock on its file.
/// Where files cannot be locked, none is removed. Failures are harmless: a later call removes the file.
pub fn remove_leftovers(folder: &Path) {
    remove_in(folder, 1);
}

/// Removes the temporary files in `folder` and its subfolders; links are not followed.
pub fn remove_leftovers_below(folder: &Path) {
    remove_in(folder, DEEPEST);
}

fn remove_in(folder: &Path, depth: usize) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() && depth > 1 {
            remove_in(&path, depth - 1);
        } else if kind.is_file() && is_temporary(&entry.file_name().to_string_lossy()) {
            remove_if_dead(&path);
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn remove_if_dead(path: &Path) {
    // The lock is held during the removal, so that a writer that has just created the file notices.
    let file = File::options().write(true).open(path);
    if let Ok(file) = file
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WholeFile;

    #[test]
    fn files_of_the_dead_are_removed_and_no_others() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("models/rbm");
        fs::create_dir_all(&inner).expect("created");
        let dead = inner.join(".aerbm-a1B2c3D4e5F6.tmp");
        let others = [".aerbm-notes.txt", ".config.toml.backup", "x.tmp", ".aerbm-a b.tmp"];
        fs::write(&dead, "half").expect("written");
        for name in others {
            fs::write(folder.path().join(name), "kept").expect("written");
        }
        let alive = WholeFile::create(&folder.path().join("t.csv")).expect("created");
        remove_leftovers(folder.path());
        assert!(dead.exists(), "only this folder");
        remove_leftovers_below(folder.path());
        assert!(!dead.exists());
        for name in others {
            assert!(folder.path().join(name).exists(), "{name}");
        }
        alive.commit().expect("its temporary file is still there");
    }
}
