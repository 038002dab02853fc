//! Checks that pages of a Parquet file can hold as many values as they declare.
//!
//! The decompressed size of a page is not checked: its decoder allocates what the page declares, which is
//! less than 2 GiB, as the number has 32 bits.
//!
//! Source: *Parquet file format*, Encodings; Data Pages.

use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::FileReader;

/// The row groups of a file, with each page checked before decoding.
pub(super) struct CheckedPages(pub(super) Arc<dyn FileReader>);

impl RowGroups for CheckedPages {
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let descriptor = self.metadata().file_metadata().schema_descr().column(column);
        let n_levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
        let n_levels = n_levels.into_iter().filter(|max| *max > 0).count();
        Ok(Box::new(Chunks { chunks: self.0.column_chunks(column)?, n_levels }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        self.0.row_groups()
    }

    fn metadata(&self) -> &ParquetMetaData {
        RowGroups::metadata(&self.0)
    }
}

/// The chunks of a column.
struct Chunks {
    chunks: Box<dyn PageIterator>,
    /// Number of kinds of levels (repetition and definition) in its pages.
    n_levels: usize,
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let n_levels = self.n_levels;
        let checked = |pages| Box::new(Chunk { pages, n_levels }) as Box<dyn PageReader>;
        Some(self.chunks.next()?.map(checked))
    }
}

impl PageIterator for Chunks {}

/// The pages of a chunk.
struct Chunk {
    pages: Box<dyn PageReader>,
    n_levels: usize,
}

impl Iterator for Chunk {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Chunk {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if page.as_ref().is_some_and(|page| !is_possible(page, self.n_levels)) {
            return Err(ParquetError::EOF("a page declares more values than it has".into()));
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

/// Whether a page can hold as many values as it declares.
fn is_possible(page: &Page, n_levels: usize) -> bool {
    let (bytes, n_values) = (page.buffer(), page.num_values() as usize);
    let values = match page {
        // A value takes at least one byte.
        Page::DictionaryPage { .. } => return n_values <= bytes.len(),
        Page::DataPage { .. } => (0..n_levels).try_fold(&bytes[..], |rest, _| {
            let (length, rest) = rest.split_first_chunk()?;
            rest.get(u32::from_le_bytes(*length) as usize..)
        }),
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            bytes.get(*def_levels_byte_len as usize + *rep_levels_byte_len as usize..)
        }
    };
    let n_runs = match page.encoding() {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    let end =
        values.and_then(|values| (0..n_runs).try_fold(values, |rest, _| after_run(rest, n_values)));
    end.is_some()
}

/// The bytes after a delta-encoded run; `None` if it declares more than `most` numbers, or ends too early.
fn after_run(mut bytes: &[u8], most: usize) -> Option<&[u8]> {
    let [block, n_minis, n] = [(); 3].map(|()| number(&mut bytes));
    let (block, n_minis, n) = (block?, n_minis?, n?);
    if n > most as u64 {
        return None;
    }
    let _first = number(&mut bytes)?;
    let mini = block.checked_div(n_minis)?;
    let mut left = n.saturating_sub(1);
    while left > 0 {
        let _smallest = number(&mut bytes)?;
        let (widths, rest) = bytes.split_at_checked(usize::try_from(n_minis).ok()?)?;
        bytes = rest;
        // The last block lists the widths of all its miniblocks, but holds only those needed.
        for width in widths {
            if left > 0 {
                let size = mini.checked_mul(u64::from(*width))? / 8;
                // The last miniblock may be cut off after its last number.
                let last = left <= mini;
                let size = usize::try_from(size).ok()?;
                bytes = bytes.get(if last { size.min(bytes.len()) } else { size }..)?;
                left = left.saturating_sub(mini);
            }
        }
    }
    Some(bytes)
}

/// An unsigned variable-length integer, seven bits per byte.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let length = 1 + bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |sum, byte| (sum << 7) | u64::from(byte & 0x7f)))
}
