//! Readers of plain and gzip-compressed files.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::Error;

/// Number of bytes of a compressed file in memory at once.
const BUFFER: usize = 1 << 16;

/// The first two bytes of every gzip stream (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A reader of decompressed bytes that keeps the file's name for its errors.
pub(crate) struct Unpacked<'a> {
    file: PathBuf,
    gzip: bool,
    bytes: Box<dyn Read + Send + 'a>,
}

impl Unpacked<'static> {
    /// Opens a file. Gzip is recognised by its first bytes, not by the name.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let opened = File::open(path).map_err(|source| Error::Io { file: path.into(), source })?;
        Self::new(opened, path)
    }
}

impl<'a> Unpacked<'a> {
    /// Wraps any reader; errors call it `file`.
    pub(crate) fn new(mut reader: impl Read + Send + 'a, file: &Path) -> Result<Self, Error> {
        let mut start = Vec::with_capacity(2);
        reader
            .by_ref()
            .take(2)
            .read_to_end(&mut start)
            .map_err(|source| Error::Io { file: file.into(), source })?;
        let gzip = start == GZIP_MAGIC;
        let whole = Cursor::new(start).chain(BufReader::with_capacity(BUFFER, reader));
        let bytes: Box<dyn Read + Send + 'a> =
            if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        Ok(Self { file: file.into(), gzip, bytes })
    }

    /// Reads the next `limit` bytes, or fewer if the file ends earlier.
    ///
    /// Memory grows with the bytes read and not with `limit`, which may come from a damaged header.
    pub(crate) fn read_up_to(&mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        match self.bytes.by_ref().take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(source) => Err(self.error(source)),
        }
    }

    /// Whether the file is gzip-compressed.
    pub(crate) fn is_packed(&self) -> bool {
        self.gzip
    }

    /// The name of this file in errors.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Distinguishes a damaged gzip stream from a failure to read it.
    fn error(&self, source: io::Error) -> Error {
        let file = self.file.clone();
        match source.kind() {
            io::ErrorKind::UnexpectedEof if self.gzip => Error::GzipTruncated { file, source },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if self.gzip => {
                Error::GzipCorrupt { file, source }
            }
            _ => Error::Io { file, source },
        }
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        Unpacked::new(bytes, Path::new("some.gz"))?.read_up_to(u64::MAX)
    }

    #[test]
    fn plain_and_packed_bytes_come_out_the_same() {
        for bytes in [&b""[..], b"\x1f", b"\0\0", b"some bytes"] {
            assert_eq!(unpack(bytes).unwrap(), bytes);
            assert_eq!(unpack(&gzip(bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn gzip_streams_one_after_another_are_one_file() {
        let packed = [gzip(b"first "), gzip(b"second")].concat();
        assert_eq!(unpack(&packed).unwrap(), b"first second");
    }

    #[test]
    fn a_cut_at_any_place_is_called_truncation() {
        let packed = gzip(b"some bytes that are packed");
        for end in 2..packed.len() {
            let error = unpack(&packed[..end]).unwrap_err();
            assert!(matches!(error, Error::GzipTruncated { .. }), "cut at {end}: {error}");
            assert!(error.to_string().contains("some.gz is cut off"));
        }
    }

    #[test]
    fn a_wrong_checksum_and_garbage_after_the_end_are_called_damage() {
        let mut wrong_sum = gzip(b"some bytes");
        let crc = wrong_sum.len() - 8;
        wrong_sum[crc] ^= 1;
        let garbage = [&gzip(b"some bytes")[..], b"and then something else"].concat();
        for packed in [wrong_sum, garbage] {
            let error = unpack(&packed).unwrap_err();
            assert!(matches!(error, Error::GzipCorrupt { .. }), "{error}");
            assert!(error.to_string().contains("some.gz is a damaged gzip file"));
        }
    }

    #[test]
    fn a_reader_that_fails_is_neither() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let packed = gzip(b"some bytes");
        let reader = packed[..12].chain(Broken);
        let error = Unpacked::new(reader, Path::new("some.gz")).unwrap().read_up_to(9).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(error.to_string().contains("cannot read some.gz"));
    }
}
