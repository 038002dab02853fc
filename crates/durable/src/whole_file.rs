//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::fault;
use crate::leftovers::{PREFIX, SUFFIX};
use crate::place::{no_file_in, refuse_other_than_file};

/// A file being written. It appears under its name when committed; until then, and if it is dropped, an
/// existing file stays unchanged.
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed. Only a regular file
/// is replaced: symbolic links, pipes and devices are refused. The mode is that of the replaced file, or the
/// default mode of a new file.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    temporary: NamedTempFile,
}

impl WholeFile {
    /// Starts writing the file `path`, whose folder must exist.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if something other than a regular file has that name, and those of the
    /// file system, for example if the folder is not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        refuse_other_than_file(path)?;
        loop {
            let temporary = temporary_in(folder_of(path))?;
            // The removal of leftovers takes an unlocked temporary file for one of a dead process.
            let _ = temporary.as_file().lock();
            if is_linked(temporary.as_file())? {
                fault::point();
                return Ok(WholeFile { path: path.to_owned(), temporary });
            }
        }
    }

    /// The temporary file, for writers that need a file handle.
    pub fn as_file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Syncs the file and gives it its name.
    ///
    /// # Errors
    /// Those of the file system; an existing file is then unchanged.
    pub fn commit(self) -> io::Result<()> {
        let WholeFile { path, temporary } = self;
        refuse_other_than_file(&path)?;
        let file = temporary.as_file();
        if let Ok(replaced) = fs::symlink_metadata(&path)
            && replaced.is_file()
        {
            file.set_permissions(replaced.permissions())?;
        }
        file.sync_all()?;
        fault::point();
        temporary.persist(&path).map_err(|error| error.error)?;
        fault::point();
        sync_folder(folder_of(&path));
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The errors of the temporary file's own methods name a file unknown to the user.
        self.temporary.as_file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file().flush()
    }
}

/// Writes a file that appears whole or not at all, and creates its folder if missing.
///
/// # Errors
/// Those of the file system; an existing file is then unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder_of(path))?;
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// The folder of a file; for a bare name, the current one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(12);
    // Temporary files are private to their owner unless given the mode of other files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(|error| no_file_in(folder, &error))
}

/// Whether the file has not been removed since it was opened.
#[cfg(unix)]
fn is_linked(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.nlink() > 0)
}

/// Open files cannot be removed.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on other systems")]
fn is_linked(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Syncs the folder's entries, if the system can open folders.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_appears_when_it_is_committed_and_one_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.csv");
        let mut file = WholeFile::create(&path).expect("created");
        file.write_all(b"old").expect("written");
        file.commit().expect("committed");
        let mut file = WholeFile::create(&path).expect("created");
        file.write_all(b"new").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        drop(file);
        assert_eq!(names(folder.path()), ["t.csv"]);
        write(&folder.path().join("a/b/t.csv"), b"deep").expect("written");
        assert!(WholeFile::create(&folder.path().join("a")).is_err(), "a folder is no file");
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_usual_or_those_of_the_file_that_is_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mode = |name: &str| {
            let found = fs::symlink_metadata(folder.path().join(name)).expect("there");
            found.permissions().mode() & 0o7777
        };
        fs::write(folder.path().join("usual"), "").expect("written");
        write(&folder.path().join("new"), b"new").expect("written");
        assert_eq!(mode("new"), mode("usual"));
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(folder.path().join("new"), private).expect("changed");
        write(&folder.path().join("new"), b"newer").expect("written");
        assert_eq!(mode("new"), 0o600, "a file that was private stays so");
    }
}
