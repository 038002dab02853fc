//! Locks that let one process at a time write to a folder or do a piece of work.
//!
//! The holder has a system lock on a file, which the system releases whenever and however the process ends.
//! This suffices on one machine, and on file systems that share locks between machines. On other file
//! systems, the text of the lock file names the holder, and the file's modification time, which the holder
//! renews, shows that the holder is alive.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use thiserror::Error;

use crate::holder::{Holder, LONGEST};
use crate::place::refuse_link;
use crate::{WholeFile, fault};

/// Name of the lock file of a folder.
const NAME: &str = ".lock";

/// Time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Time without a heartbeat after which a holder on another machine counts as dead, long enough for a stalled
/// machine or network.
const DEAD_AFTER: Duration = Duration::from_mins(2);

/// The reason why a lock cannot be acquired.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{0}")]
    Held(Holder),
    /// Another process holds it and has not yet written its name.
    #[error("another process")]
    HeldByUnknown,
    /// The file system reports an error.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The exclusive right to do what a lock file represents, held while this value exists.
///
/// On a file system that neither shares locks between machines nor shows them each other's writes at once,
/// two machines that ask at the same moment may both acquire it. Use it where this costs no more than double
/// work.
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    file: File,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

impl FileLock {
    /// Acquires the lock of the file `path`, whose folder must exist.
    ///
    /// # Errors
    /// [`LockError::Held`] or [`LockError::HeldByUnknown`] if another process has it, and [`LockError::Io`]
    /// if the lock file is a symbolic link or cannot be written.
    pub fn acquire(path: &Path) -> Result<Self, LockError> {
        Self::acquire_as(path, &Holder::this())
    }

    fn acquire_as(path: &Path, this: &Holder) -> Result<Self, LockError> {
        refuse_link(path)?;
        let (mut file, locks_here) = loop {
            let open =
                File::options().read(true).write(true).create(true).truncate(false).open(path);
            let mut file = open?;
            let locks_here = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    let holder = read(&mut file)?;
                    return Err(holder.map_or(LockError::HeldByUnknown, LockError::Held));
                }
                // The file system does not support locks.
                Err(TryLockError::Error(_)) => false,
            };
            // The previous holder may have removed the file after it was opened here.
            if is_at(path, &file) {
                break (file, locks_here);
            }
        };
        if let Some(holder) = read(&mut file)?
            && lives(&holder, &file, path, locks_here)?
        {
            return Err(LockError::Held(holder));
        }
        write(&mut file, &this.to_text())?;
        // Where locks are not shared, the last of several simultaneous writers has the lock.
        if read(&mut file)?.as_ref() != Some(this) {
            return Err(LockError::HeldByUnknown);
        }
        fault::point();
        let heart = beating(file.try_clone()?, this.to_text());
        Ok(FileLock { path: path.to_owned(), file, heart })
    }

    /// Whether the lock file is still at its path: neither it nor its folder has been removed or replaced.
    pub fn is_in_place(&self) -> bool {
        is_at(&self.path, &self.file)
    }

    /// Releases the lock and removes its file.
    pub fn remove(self) {
        // The file is removed while locked: a process that has already opened it then sees that it is gone.
        if self.is_in_place() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.heart.take() {
            drop(stop);
            let _ = heart.join();
        }
        // An empty file has no holder.
        let _ = self.file.set_len(0);
    }
}

/// The process that holds the lock of the file `path`; `None` if nobody or only a dead process does.
///
/// # Errors
/// Those of the file system.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let Some(holder) = read(&mut file)? else { return Ok(None) };
    let locks_here = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => return Ok(Some(holder)),
        Err(TryLockError::Error(_)) => false,
    };
    Ok(lives(&holder, &file, path, locks_here)?.then_some(holder))
}

/// The exclusive right to write to a folder, held while this value exists.
#[derive(Debug)]
pub struct FolderLock(FileLock);

impl FolderLock {
    /// Acquires the lock of a folder, which must exist. The lock file stays in it.
    ///
    /// # Errors
    /// Those of [`FileLock::acquire`].
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        FileLock::acquire(&folder.join(NAME)).map(FolderLock)
    }

    /// Whether the folder still has the lock file: it has not been removed or replaced.
    pub fn is_in_place(&self) -> bool {
        self.0.is_in_place()
    }
}

/// Whether the holder in the lock file is alive, given whether this process could lock the file.
fn lives(holder: &Holder, file: &File, path: &Path, locks_here: bool) -> io::Result<bool> {
    if holder.is_here() {
        // The system would not have released the lock of a living process.
        let silent = || Ok(age(file, path)? < DEAD_AFTER);
        return if locks_here { Ok(false) } else { holder.lives_here().map_or_else(silent, Ok) };
    }
    Ok(age(file, path)? < DEAD_AFTER)
}

/// Time since a file was changed, by the file system's clock: those of machines may differ.
fn age(file: &File, path: &Path) -> io::Result<Duration> {
    let now = WholeFile::create(&path.with_file_name(".clock"))?.modified()?;
    Ok(now.duration_since(file.metadata()?.modified()?).unwrap_or_default())
}

/// Starts renewing the lock file. Without a thread for it, the lock still holds on this machine.
fn beating(file: File, text: String) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = channel();
    let beat = move || {
        let mut file = file;
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(HEARTBEAT) {
            // The text is rewritten rather than the time set, so that the clock is the file system's.
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

/// Whether `path` is this open file.
fn is_at(path: &Path, file: &File) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| is_same(&found, file))
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
    fn a_lock_of_a_file_is_seen_and_leaves_nothing_when_it_is_removed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("work.lock");
        assert_eq!(holder(&path).expect("told"), None);
        let lock = FileLock::acquire(&path).expect("free");
        let found = holder(&path).expect("told").expect("this process");
        assert_eq!(found.process, std::process::id());
        assert!(matches!(FileLock::acquire(&path), Err(LockError::Held(_))));
        lock.remove();
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        drop(FileLock::acquire(&path).expect("free again"));
        assert_eq!(holder(&path).expect("told"), None, "an empty file is nobody's");
        let dead = Holder { process: u32::MAX, ..Holder::this() };
        fs::write(&path, dead.to_text()).expect("written");
        assert_eq!(holder(&path).expect("told"), None, "its holder is dead");
    }

    /// Eight threads take turns at a lock whose file each of them removes.
    #[test]
    fn a_file_that_is_removed_is_never_held_twice() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("work.lock");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let turns = |n: usize| {
            let mut had = 0;
            while had < n {
                let Ok(lock) = FileLock::acquire(&path) else {
                    std::thread::yield_now();
                    continue;
                };
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                lock.remove();
                had += 1;
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| turns(20)))));
        assert!(!path.exists());
    }

    #[test]
    fn without_locks_of_the_file_system_the_process_is_looked_up() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x");
        fs::write(&path, "").expect("written");
        let file = File::open(&path).expect("there");
        let this = Holder::this();
        assert!(lives(&this, &file, &path, false).expect("told"));
        assert!(!lives(&this, &file, &path, true).expect("told"));
    }

    #[test]
    fn a_beat_renews_the_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(NAME);
        let mut file = File::options().write(true).create(true).truncate(true).open(&path);
        let file = file.as_mut().expect("created");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("changed");
        write(file, "text").expect("written");
        assert!(age(file, &path).expect("told") < HEARTBEAT);
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
