//! One writer at a time in a folder.
//!
//! The holder has the system's lock on the file `.lock`, which the system releases when the process ends,
//! however it ends. That decides on one machine, and on file systems that share locks between machines.
//! Others do not: there the text of the lock file tells the holder, and the time of its last change, which
//! the holder renews, that it lives.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use thiserror::Error;

use crate::holder::{Holder, LONGEST};
use crate::whole_file::refuse_link;
use crate::{WholeFile, fault};

/// Name of the lock file.
const NAME: &str = ".lock";

/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Time without a sign of life after which a holder on another machine counts as dead. It is long enough
/// for a machine or a network that stalls.
const DEAD_AFTER: Duration = Duration::from_mins(2);

/// The reason why a lock cannot be had.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{0}")]
    Held(Holder),
    /// Another process has it, which has not told its name yet.
    #[error("another process")]
    HeldByUnknown,
    /// The file system reports an error.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The right to write to a folder, which no other process has while this value exists.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    file: File,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

impl FolderLock {
    /// Takes the lock of a folder, which must exist.
    ///
    /// # Errors
    /// [`LockError::Held`] if another process has it, and [`LockError::Io`] if the lock file is a symbolic
    /// link or cannot be written.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        Self::acquire_as(folder, &Holder::this())
    }

    fn acquire_as(folder: &Path, this: &Holder) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        refuse_link(&path)?;
        let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open?;
        let locks_here = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => {
                let holder = read(&mut file)?;
                return Err(holder.map_or(LockError::HeldByUnknown, LockError::Held));
            }
            // The file system has no locks.
            Err(TryLockError::Error(_)) => false,
        };
        if let Some(holder) = read(&mut file)?
            && lives(&holder, &file, folder, locks_here)?
        {
            return Err(LockError::Held(holder));
        }
        write(&mut file, &this.to_text())?;
        // Where locks are not shared, the last of those who wrote at once has it.
        if read(&mut file)?.as_ref() != Some(this) {
            return Err(LockError::HeldByUnknown);
        }
        fault::point();
        let heart = beating(file.try_clone()?, this.to_text());
        Ok(FolderLock { path, file, heart })
    }

    /// Whether the folder still has the lock file, so that it was not removed or replaced meanwhile.
    pub fn is_in_place(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| is_same(&found, &self.file))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.heart.take() {
            drop(stop);
            let _ = heart.join();
        }
        // The file stays: a process that waits for it would hold a lock on a removed file.
        let _ = self.file.set_len(0);
    }
}

/// Whether the holder in the lock file lives, given whether this process could lock the file.
fn lives(holder: &Holder, file: &File, folder: &Path, locks_here: bool) -> io::Result<bool> {
    if holder.is_here() {
        // The system would not have given away the lock of a process that lives.
        let silent = || Ok(age(file, folder)? < DEAD_AFTER);
        return if locks_here { Ok(false) } else { holder.lives_here().map_or_else(silent, Ok) };
    }
    Ok(age(file, folder)? < DEAD_AFTER)
}

/// The time since a file was changed, by the clock of the file system: those of machines may differ.
fn age(file: &File, folder: &Path) -> io::Result<Duration> {
    let now = WholeFile::create(&folder.join(".clock"))?.modified()?;
    Ok(now.duration_since(file.metadata()?.modified()?).unwrap_or_default())
}

/// Starts to renew the lock file. Without a thread for it, the lock holds on this machine all the same.
fn beating(file: File, text: String) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = channel();
    let beat = move || {
        let mut file = file;
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(HEARTBEAT) {
            // Not the time is set but the text is written, so that the clock is the file system's.
            let _ = write(&mut file, &text);
        }
    };
    let heart = std::thread::Builder::new().name("lock".to_owned()).spawn(beat).ok()?;
    Some((stop, heart))
}

fn read(file: &mut File) -> io::Result<Option<Holder>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Holder::from_text(&String::from_utf8_lossy(&bytes)))
}

fn write(file: &mut File, text: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_data()
}

#[cfg(unix)]
fn is_same(found: &fs::Metadata, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_same(found: &fs::Metadata, _: &File) -> bool {
    found.is_file()
}

impl WholeFile {
    /// The time of the temporary file's last change.
    fn modified(&self) -> io::Result<SystemTime> {
        self.as_file().metadata()?.modified()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder_of(folder: &Path) -> Option<Holder> {
        read(&mut File::open(folder.join(NAME)).expect("there")).expect("readable")
    }

    #[test]
    fn a_lock_is_had_once_and_tells_its_holder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lock = FolderLock::acquire(folder.path()).expect("free");
        let Err(LockError::Held(holder)) = FolderLock::acquire(folder.path()) else {
            panic!("two hold it")
        };
        assert_eq!(holder.process, std::process::id());
        let words = format!("process {} on ", std::process::id());
        assert!(holder.to_string().starts_with(&words), "{holder}");
        drop(lock);
        assert_eq!(holder_of(folder.path()), None);
        let lock = FolderLock::acquire(folder.path()).expect("free again");
        assert!(lock.is_in_place());
        fs::remove_file(folder.path().join(NAME)).expect("removed");
        assert!(!lock.is_in_place());
        fs::write(folder.path().join(NAME), "").expect("written");
        assert!(cfg!(not(unix)) || !lock.is_in_place(), "another file of that name");
    }

    #[test]
    fn the_dead_hold_nothing_here_and_elsewhere_only_for_a_while() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let this = Holder::this();
        let dead = Holder { process: u32::MAX, ..this.clone() };
        let lock_file = folder.path().join(NAME);
        fs::write(&lock_file, dead.to_text()).expect("written");
        drop(FolderLock::acquire(folder.path()).expect("its holder is dead"));

        let elsewhere = Holder { host: "another".to_owned(), ..this };
        fs::write(&lock_file, elsewhere.to_text()).expect("written");
        let error =
            FolderLock::acquire(folder.path()).expect_err("it gave a sign of life just now");
        assert!(matches!(error, LockError::Held(holder) if holder == elsewhere));
        let long_ago = SystemTime::now() - DEAD_AFTER - HEARTBEAT;
        let file = File::options().write(true).open(&lock_file).expect("there");
        file.set_modified(long_ago).expect("changed");
        drop(FolderLock::acquire(folder.path()).expect("it gave no sign of life for long"));
        fs::write(&lock_file, "\u{1b}[31m damaged").expect("written");
        drop(FolderLock::acquire(folder.path()).expect("a damaged file is nobody's"));
        let names = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 1, "nothing but the lock file is left");
    }

    #[test]
    fn without_locks_of_the_file_system_the_process_is_looked_up() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x");
        fs::write(&path, "").expect("written");
        let file = File::open(&path).expect("there");
        let this = Holder::this();
        assert!(lives(&this, &file, folder.path(), false).expect("told"));
        assert!(!lives(&this, &file, folder.path(), true).expect("told"));
    }

    #[test]
    fn a_beat_renews_the_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(NAME);
        let mut file = File::options().write(true).create(true).truncate(true).open(&path);
        let file = file.as_mut().expect("created");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("changed");
        write(file, "text").expect("written");
        assert!(age(file, folder.path()).expect("told") < HEARTBEAT);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_and_its_target_unchanged() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = folder.path().join("precious");
        fs::write(&target, "precious").expect("written");
        std::os::unix::fs::symlink(&target, folder.path().join(NAME)).expect("linked");
        let error = FolderLock::acquire(folder.path()).expect_err("a link").to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert_eq!(fs::read(&target).expect("there"), b"precious");
    }
}
