//! Options of reading.

use super::scaling::Scale;

/// Options of [`open`](crate::open).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a table that holds the labels: its name, its index from 0 or from the end (-1),
    /// or `none`. By default, a column named `label`, `labels`, `class`, `target` or `y`.
    pub label_column: Option<String>,
    /// The scaling of the values.
    pub scale: Scale,
    /// The memory that training samples may take, in bytes. Plain IDX and `.npy` files beyond this
    /// limit stay on disk; files in other formats are refused.
    pub memory_limit: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { label_column: None, scale: Scale::Auto, memory_limit: 1 << 30 }
    }
}
