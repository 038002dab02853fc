#![doc = include_str!("../README.md")]

pub mod fault;
mod holder;
mod leftovers;
mod lock;
mod place;
mod resumable;
mod whole_file;

pub use holder::Holder;
pub use leftovers::{remove_leftovers, remove_leftovers_below};
pub use lock::{FileLock, FolderLock, LockError, holder};
pub use place::{refuse_input, refuse_link};
pub use resumable::{Pace, Resumable, run};
pub use whole_file::{WholeFile, write};
