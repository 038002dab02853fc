//! Arrow IPC files, also called Feather V2, and streams.
//!
//! Source: *Arrow columnar format*, Serialization and interprocess communication.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use arrow_array::RecordBatchReader;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::{RecordBatch, root_as_footer, root_as_message};
use arrow_schema::ArrowError;

use super::{frame, malformed, opened};
use crate::error::Error;
use crate::frame::Frame;
use crate::guard::{Panicked, guarded};
use crate::read::format::{Format, FrameOptions, Reader, has_extension};

pub(in crate::read::formats) const FORMAT: Format = Format {
    name: "an Arrow IPC or Feather table",
    recognises: |path| Ok(has_extension(path, &["arrow", "feather", "ipc", "arrows"])),
    reader: Reader::Table(read),
};

/// Marks the start and end of a file; a stream has none.
const MAGIC: &[u8] = b"ARROW1";

fn read(file: &Path, options: &FrameOptions) -> Result<Frame, Error> {
    let panicked = |panic: Panicked| malformed(file, panic.into());
    let mut messages = Messages::new(opened(file)?, options.memory_limit.max(1 << 20))
        .map_err(|source| Error::Io { file: file.into(), source })?;
    let is_file = messages.begin_with_magic();
    let check = || if is_file { messages.check_file() } else { messages.check_stream() };
    guarded(check).map_err(panicked)?.map_err(|cause| malformed(file, cause))?;
    let opened = opened(file)?;
    let reader = guarded(|| -> Result<Box<dyn RecordBatchReader + Send>, ArrowError> {
        Ok(if is_file {
            Box::new(FileReader::try_new(opened, None)?)
        } else {
            Box::new(StreamReader::try_new(opened, None)?)
        })
    });
    let reader = reader.map_err(panicked)?.map_err(|error| malformed(file, error.into()))?;
    frame(file, reader.schema(), reader)
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The messages of a file or stream, whose lengths are checked without decoding them.
struct Messages {
    file: File,
    length: u64,
    /// The maximum length of a decompressed buffer, in bytes.
    memory_limit: u64,
}

impl Messages {
    fn new(file: File, memory_limit: u64) -> Result<Messages, IoError> {
        let length = file.metadata()?.len();
        Ok(Messages { file, length, memory_limit })
    }

    fn begin_with_magic(&mut self) -> bool {
        self.bytes(0, MAGIC.len() as u64).is_ok_and(|found| found == MAGIC)
    }

    /// Reads bytes of the file; nothing is allocated for bytes beyond its end.
    fn bytes(&mut self, at: u64, length: u64) -> Result<Vec<u8>, IoError> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        let whole = bytes.len() as u64 == length;
        if whole { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// The four bytes at `at` as a number.
    fn number(&mut self, at: u64) -> Result<u32, IoError> {
        let bytes = self.bytes(at, 4)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes")))
    }

    /// Checks the batches listed in the footer of a file.
    fn check_file(&mut self) -> Result<(), Cause> {
        let end = self.length.saturating_sub((4 + MAGIC.len()) as u64);
        let size = u64::from(self.number(end)?);
        let footer =
            self.bytes(end.checked_sub(size).ok_or("a footer longer than the file")?, size)?;
        let footer = root_as_footer(&footer).map_err(|error| error.to_string())?;
        let batches = footer.recordBatches().into_iter().flatten();
        for block in footer.dictionaries().into_iter().flatten().chain(batches) {
            let (at, body) = (u64::try_from(block.offset())?, u64::try_from(block.bodyLength())?);
            let end = at.checked_add(u64::try_from(block.metaDataLength())?);
            if end.and_then(|end| end.checked_add(body)).is_none_or(|end| end > self.length) {
                return Err("a batch that ends beyond the file".into());
            }
            self.check_message(at)?;
        }
        Ok(())
    }

    /// Checks the messages of a stream, which follow each other to its end.
    fn check_stream(&mut self) -> Result<(), Cause> {
        let mut at = Some(0);
        while let Some(here) = at.filter(|at| *at < self.length) {
            at = self.check_message(here)?;
        }
        Ok(())
    }

    /// Checks a message; returns its end, or `None` for the end-of-stream mark.
    fn check_message(&mut self, at: u64) -> Result<Option<u64>, Cause> {
        // Files of old versions have no mark before the length.
        let (first, marked) = (self.number(at)?, at + 4);
        let (size, begin) =
            if first == u32::MAX { (self.number(marked)?, marked + 4) } else { (first, marked) };
        if size == 0 {
            return Ok(None);
        }
        let body = begin + u64::from(size);
        let message = self.bytes(begin, u64::from(size))?;
        let message = root_as_message(&message).map_err(|error| error.to_string())?;
        let end = body.checked_add(u64::try_from(message.bodyLength())?);
        let end =
            end.filter(|end| *end <= self.length).ok_or("a message that ends beyond the file")?;
        let batch = message.header_as_record_batch();
        let words = message.header_as_dictionary_batch().and_then(|words| words.data());
        for batch in batch.into_iter().chain(words) {
            self.check_unpacked(&batch, body)?;
        }
        Ok(Some(end))
    }

    /// Checks the declared lengths that precede compressed buffers.
    fn check_unpacked(&mut self, batch: &RecordBatch, body: u64) -> Result<(), Cause> {
        if batch.compression().is_none() {
            return Ok(());
        }
        for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
            let at = body.checked_add(u64::try_from(buffer.offset())?).ok_or("a forged offset")?;
            let bytes = self.bytes(at, 8)?;
            // A negative number marks an uncompressed buffer.
            let length = i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            if u64::try_from(length).is_ok_and(|length| length > self.memory_limit) {
                let limit = self.memory_limit;
                return Err(
                    format!("a column of {length} bytes, more than {limit} of memory").into()
                );
            }
        }
        Ok(())
    }
}
