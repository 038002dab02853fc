//! Stages and their cache.
//!
//! A stage is a computation whose result depends only on its key: the resolved settings, the keys of its
//! inputs, the hash of the data and the version of the code. The result of a finished stage is kept in a file
//! named by the key, and the stage is never computed again.
//!
//! Any number of processes may work in one [`Store`], even on several machines. The process that computes a
//! stage holds a [`Claim`] on its key; others wait for the result. A claim saves work, and nothing else
//! depends on it: if a file system gives two processes the same claim, both compute the same result.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use durable::{FileLock, Holder, LockError};
use nn_core::{TensorMap, TrainingError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::{self, Checkpoint};
use crate::tensor_file::{self, TensorFileError};
use crate::{Event, Listener, StudyError};

/// The version of the code that affects results. It must be raised whenever a number kept by a stage changes,
/// even in its last bits; otherwise a table would mix old arithmetic with new.
const VERSION: u32 = 2;

/// The kind in the keys of notes on stages that ended without a result under their own key.
const SETTLED: &str = "settled";

/// File extension of results.
const RESULT: &str = "safetensors";

/// File extension of claims.
const CLAIM: &str = "claim";

/// File extension of checkpoints.
const CHECKPOINT: &str = "checkpoint";

/// Intervals between checks of a stage computed by another process: the first, and the longest.
const LOOKS: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// The name of a result: a hash of everything on which it depends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// The key of a computation of this `kind` with these inputs.
    ///
    /// # Panics
    /// If the inputs cannot be serialised as JSON, for example a map whose keys are not strings.
    pub fn new(kind: &str, inputs: &impl Serialize) -> Self {
        let text =
            serde_json::to_string(&(VERSION, kind, inputs)).expect("settings are plain data");
        let hash = Sha256::digest(text.as_bytes());
        let number = u128::from_be_bytes(std::array::from_fn(|i| hash[i]));
        Key(format!("{number:032x}"))
    }

    /// The key of the note that the stage is settled.
    pub fn settled(&self) -> Self {
        Key::new(SETTLED, self)
    }

    /// Parses a key from hexadecimal digits; `None` if they are not a key.
    pub fn parse(digits: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 32 && digits.bytes().all(is_digit)).then(|| Key(digits.to_owned()))
    }

    /// The key in hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A folder of finished stages.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// A store in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Store { folder: folder.into() }
    }

    /// Reads the result under this key; `None` if there is no result.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file is damaged or cannot be read.
    pub fn get<R: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<(TensorMap, R)>, TensorFileError> {
        tensor_file::read(&self.path(key))
    }

    /// Writes a result.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file cannot be written.
    pub fn put(
        &self,
        key: &Key,
        tensors: &TensorMap,
        record: &impl Serialize,
    ) -> Result<(), TensorFileError> {
        tensor_file::write(&self.path(key), tensors, record)
    }

    /// Reads the record of the result under this key without its tensors; `None` if there is no result.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file is damaged or cannot be read.
    pub fn record<R: DeserializeOwned>(&self, key: &Key) -> Result<Option<R>, TensorFileError> {
        tensor_file::read_record(&self.path(key))
    }

    /// The keys of all results as text; empty if the folder does not exist.
    ///
    /// # Errors
    /// [`TensorFileError::Io`] if the folder cannot be read.
    pub fn keys(&self) -> Result<HashSet<String>, TensorFileError> {
        let mut keys = HashSet::new();
        for path in self.paths()? {
            if path.extension().is_some_and(|ending| ending == RESULT)
                && let Some(key) = path.file_stem().and_then(|stem| stem.to_str())
            {
                keys.insert(key.to_owned());
            }
        }
        Ok(keys)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, TensorFileError> {
        let io = |source| TensorFileError::Io { path: self.folder.clone(), source };
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            other => other.map_err(io)?,
        };
        entries.map(|entry| Ok(entry.map_err(io)?.path())).collect()
    }

    /// The live process that computes the stage with this key, if any.
    ///
    /// # Errors
    /// [`TensorFileError::Io`] if its claim cannot be read.
    pub fn holder(&self, key: &Key) -> Result<Option<Holder>, TensorFileError> {
        let path = self.claim_path(key);
        durable::holder(&path).map_err(|source| TensorFileError::Io { path, source })
    }

    /// Removes the claims of dead processes.
    ///
    /// # Errors
    /// [`TensorFileError::Io`] if the folder cannot be read.
    pub fn remove_dead_claims(&self) -> Result<(), TensorFileError> {
        for path in self.paths()? {
            if path.extension().is_some_and(|ending| ending == CLAIM)
                && let Ok(lock) = FileLock::acquire(&path)
            {
                lock.remove();
            }
        }
        Ok(())
    }

    /// Reads the result under this key, or claims the key for its computation. While another process has it,
    /// this one waits, and notifies the listener.
    ///
    /// # Errors
    /// [`StudyError::Training`] if the listener stops it, and [`StudyError::Store`].
    pub fn get_or_claim<R: DeserializeOwned>(
        &self,
        key: &Key,
        listen: Listener<'_>,
    ) -> Result<Found<R>, StudyError> {
        if let Some((tensors, record)) = self.get(key)? {
            // It still exists if the process was killed after writing the result.
            checkpoint::remove(&self.checkpoint_path(key));
            return Ok(Found::Kept(tensors, record));
        }
        let claim = self.claim(key, listen)?;
        // Another process may have finished it before the claim was acquired.
        match self.get(key)? {
            Some((tensors, record)) => Ok(Found::Kept(tensors, record)),
            None => Ok(Found::Claimed(claim)),
        }
    }

    /// Claims a key. While another process has it, this one waits, and notifies the listener.
    ///
    /// # Errors
    /// [`StudyError::Training`] if the listener stops it, and [`StudyError::Store`].
    pub fn claim(&self, key: &Key, listen: Listener<'_>) -> Result<Claim, StudyError> {
        let path = self.claim_path(key);
        let io = |source| TensorFileError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&self.folder).map_err(io)?;
        let [mut wait, longest] = LOOKS;
        for looks in 0.. {
            let holder = match FileLock::acquire(&path) {
                Ok(lock) => {
                    return Ok(Claim { store: self.clone(), key: key.clone(), lock: Some(lock) });
                }
                Err(LockError::Io(source)) => return Err(io(source).into()),
                Err(holder) => holder.to_string(),
            };
            if let ControlFlow::Break(()) = listen(Event::Waiting { holder: &holder, looks }) {
                return Err(TrainingError::Interrupted.into());
            }
            std::thread::sleep(wait);
            wait = longest.min(2 * wait);
        }
        unreachable!("the loop has no end")
    }

    /// Notes that the stage planned under `planned` has ended without a result under that key: the result is
    /// under another key, or training diverged at every learning rate.
    ///
    /// # Errors
    /// [`TensorFileError`] if the note cannot be written.
    pub fn settle(&self, planned: &Key, settled: &Settled) -> Result<(), TensorFileError> {
        self.put(&planned.settled(), &TensorMap::new(), settled)
    }

    /// The note of [`settle`](Self::settle) on the stage, if any.
    ///
    /// # Errors
    /// [`TensorFileError`] if the note is damaged or cannot be read.
    pub fn settled(&self, planned: &Key) -> Result<Option<Settled>, TensorFileError> {
        self.record(&planned.settled())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.{RESULT}", key.as_str()))
    }

    fn claim_path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.{CLAIM}", key.as_str()))
    }

    fn checkpoint_path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.{CHECKPOINT}", key.as_str()))
    }
}

/// The result of a stage, or the right to compute it.
#[derive(Debug)]
pub enum Found<R> {
    /// The tensors and the record of the result.
    Kept(TensorMap, R),
    /// There is no result yet, and no other process computes it while the claim exists.
    Claimed(Claim),
}

/// The right to compute a stage. It is released on drop; the claim of a dead process lapses.
#[derive(Debug)]
pub struct Claim {
    store: Store,
    key: Key,
    lock: Option<FileLock>,
}

impl Claim {
    /// The checkpoint of the training in this stage with this identity.
    #[must_use]
    pub fn checkpoint(&self, training: &Key) -> Checkpoint {
        Checkpoint::new(self.store.checkpoint_path(&self.key), training)
    }

    /// Writes the result, removes the checkpoint, and releases the claim.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file cannot be written.
    pub fn keep(self, tensors: &TensorMap, record: &impl Serialize) -> Result<(), TensorFileError> {
        self.store.put(&self.key, tensors, record)?;
        self.finish();
        Ok(())
    }

    /// Removes the checkpoint of a stage whose result is kept elsewhere, and releases the claim.
    pub fn finish(self) {
        checkpoint::remove(&self.store.checkpoint_path(&self.key));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.remove();
        }
    }
}

/// A note on a planned stage that ended without a result under its own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The key of the result; `None` if training diverged at every learning rate.
    pub result: Option<Key>,
    /// The reason why there is no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_every_input_and_on_nothing_else() {
        let key = Key::new("pretrain", &(1, "rbm"));
        assert_eq!(key, Key::new("pretrain", &(1, "rbm")));
        assert_ne!(key, Key::new("pretrain", &(2, "rbm")));
        assert_ne!(key, Key::new("fine-tune", &(1, "rbm")));
        assert_eq!(Key::parse(key.as_str()), Some(key.clone()));
        assert_eq!(Key::parse(&key.as_str().to_uppercase()), None);
        assert_eq!(Key::parse("../../etc"), None);
    }

    fn patient(_: Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn others_wait_for_a_claimed_stage_and_read_its_result() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path().join("stages"));
        let key = Key::new("test", &1);
        let found = store.get_or_claim::<u32>(&key, &mut patient).expect("free");
        let Found::Claimed(claim) = found else { panic!("there is no result") };
        let holder = store.holder(&key).expect("told").expect("this process");
        assert_eq!(holder.process, std::process::id());
        // A process that is asked to stop does not wait.
        let mut stops = |event: Event<'_>| {
            assert!(matches!(event, Event::Waiting { looks: 0, .. }));
            ControlFlow::Break(())
        };
        let error = store.get_or_claim::<u32>(&key, &mut stops).expect_err("asked to stop");
        assert!(matches!(error, StudyError::Training(TrainingError::Interrupted)), "{error}");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| store.get_or_claim::<u32>(&key, &mut patient));
            std::thread::sleep(Duration::from_millis(50));
            claim.keep(&TensorMap::new(), &7).expect("written");
            let found = other.join().expect("no panic").expect("there is a result");
            assert!(matches!(found, Found::Kept(_, 7)));
        });
        assert_eq!(store.record::<u32>(&key).expect("readable"), Some(7));
        assert_eq!(store.keys().expect("a folder").len(), 1);
        assert_eq!(std::fs::read_dir(store.folder()).expect("a folder").count(), 1, "no claims");
    }

    #[test]
    fn claims_of_the_dead_lapse() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path());
        let key = Key::new("test", &1);
        let claim = store.claim(&key, &mut patient).expect("free");
        let host = store.holder(&key).expect("told").expect("this process").host;
        drop(claim);
        let left = || {
            // Host, process, time and start, in the format of a lock file.
            std::fs::write(store.claim_path(&key), format!("{host}\n4294967295\n1\n1\n"))
                .expect("written");
        };
        left();
        assert_eq!(store.holder(&key).expect("told"), None);
        let mut never = |_: Event<'_>| -> ControlFlow<()> { panic!("there is nobody to wait for") };
        drop(store.claim(&key, &mut never).expect("its holder is dead"));
        left();
        store.remove_dead_claims().expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_stage_may_be_over_without_a_result_of_its_own() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path());
        let key = Key::new("test", &1);
        assert_eq!(store.settled(&key).expect("told"), None);
        let settled = Settled { result: Some(Key::new("test", &2)), failure: None };
        store.settle(&key, &settled).expect("written");
        assert_eq!(store.settled(&key).expect("told"), Some(settled));
    }
}
