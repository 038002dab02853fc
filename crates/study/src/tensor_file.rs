//! Tensor files with a record of their origin.
//!
//! The format is safetensors. The record is JSON in the file's `__metadata__`, under the key `record`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use nn_core::TensorMap;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Errors from reading or writing a tensor file.
#[derive(Debug, Error)]
pub enum TensorFileError {
    /// The file system reports an error.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
    /// The file does not have the format that this program writes.
    #[error("{}: {reason}; delete the file to have it computed again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The defect.
        reason: String,
    },
}

/// Writes tensors and their record. The file appears whole or not at all.
///
/// # Errors
/// [`TensorFileError::Io`].
pub fn write(
    path: &Path,
    tensors: &TensorMap,
    record: &impl Serialize,
) -> Result<(), TensorFileError> {
    let io = |source| TensorFileError::Io { path: path.to_owned(), source };
    let file = to_bytes(tensors, record).map_err(io)?;
    durable::write(path, &file).map_err(io)
}

/// Encodes tensors and their record as the content of a file.
///
/// # Errors
/// The reason why the record cannot be written as JSON.
pub fn to_bytes(tensors: &TensorMap, record: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let record = serde_json::to_string(record)?;
    let bytes: Vec<(&String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| (name, tensor.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let view = TensorView::new(Dtype::F32, tensors[*name].shape().to_vec(), bytes);
        (*name, view.expect("four bytes a value"))
    });
    let metadata = HashMap::from([("record".to_owned(), record)]);
    safetensors::serialize(views, Some(metadata)).map_err(std::io::Error::other)
}

/// Opens a file and reads its header; `None` if there is no such file.
fn opened(path: &Path) -> Result<Option<(File, Vec<u8>)>, TensorFileError> {
    let io = |source| TensorFileError::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io(source)),
    };
    let header = header(&mut file).map_err(io)?;
    let damaged = |reason| TensorFileError::Damaged { path: path.to_owned(), reason };
    Ok(Some((file, header.map_err(damaged)?)))
}

/// Reads tensors and their record; `None` if there is no such file.
///
/// # Errors
/// [`TensorFileError`].
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Option<(TensorMap, R)>, TensorFileError> {
    let Some((mut file, mut bytes)) = opened(path)? else { return Ok(None) };
    let io = |source| TensorFileError::Io { path: path.to_owned(), source };
    file.read_to_end(&mut bytes).map_err(io)?;
    from_bytes(&bytes, path).map(Some)
}

/// Reads the record of a file without its tensors; `None` if there is no such file.
///
/// # Errors
/// [`TensorFileError`].
pub fn read_record<R: DeserializeOwned>(path: &Path) -> Result<Option<R>, TensorFileError> {
    let Some((_, bytes)) = opened(path)? else { return Ok(None) };
    let damaged = |reason: String| TensorFileError::Damaged { path: path.to_owned(), reason };
    let header: Header = serde_json::from_slice(&bytes[8..]).map_err(|e| damaged(e.to_string()))?;
    let record = serde_json::from_str(&header.metadata.record);
    record.map(Some).map_err(|e| damaged(format!("its record is not as expected: {e}")))
}

/// Reads tensors and their record from the content of a file. Errors name the file `path`.
///
/// # Errors
/// [`TensorFileError::Damaged`].
pub fn from_bytes<R: DeserializeOwned>(
    bytes: &[u8],
    path: &Path,
) -> Result<(TensorMap, R), TensorFileError> {
    let damaged = |reason: String| TensorFileError::Damaged { path: path.to_owned(), reason };
    let parse = || -> Result<(TensorMap, R), String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let record = header.metadata().as_ref().and_then(|map| map.get("record"));
        let record = serde_json::from_str(record.ok_or("it has no record")?)
            .map_err(|e| format!("its record is not as expected: {e}"))?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let mut tensors = TensorMap::new();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(format!("tensor `{name}` is {:?}, expected F32", view.dtype()));
            }
            let (words, _) = view.data().as_chunks::<4>();
            let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            let tensor = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
            tensors.insert(name.to_owned(), tensor.map_err(|e| e.to_string())?);
        }
        Ok((tensors, record))
    };
    parse().map_err(damaged)
}

/// The largest header that is read, in bytes: enough for a record of a hundred thousand epochs.
const MOST_HEADER: u64 = 100 << 20;

/// Reads the header with its length, if it is that of a file with a record whose tensors fill the rest;
/// otherwise returns the defect, in words. Thus a file of other content is refused before it is read into
/// memory.
fn header(file: &mut File) -> std::io::Result<Result<Vec<u8>, String>> {
    let n_bytes = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(8).read_to_end(&mut bytes)?;
    let length = bytes.as_slice().try_into().map_or(0, u64::from_le_bytes);
    if length < 2 || length > MOST_HEADER.min(n_bytes.saturating_sub(8)) {
        return Ok(Err(format!("its header has {length} bytes, and the file {n_bytes}")));
    }
    file.take(length).read_to_end(&mut bytes)?;
    let header: Header = match serde_json::from_slice(&bytes[8..]) {
        Ok(header) => header,
        Err(error) => return Ok(Err(format!("its header is not as expected: {error}"))),
    };
    let end = header.tensors.values().map(|tensor| tensor.data_offsets.1).max().unwrap_or(0);
    let found = n_bytes - 8 - length;
    if end != found {
        return Ok(Err(format!("its tensors take {end} bytes, and {found} are there")));
    }
    Ok(Ok(bytes))
}

/// The header of a tensor file with a record.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: Metadata,
    #[serde(flatten)]
    tensors: HashMap<String, Place>,
}

#[derive(Deserialize)]
struct Metadata {
    record: String,
}

#[derive(Deserialize)]
struct Place {
    data_offsets: (u64, u64),
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn files_of_nothing_are_refused_before_they_are_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        let sparse = |header: &[u8]| {
            let mut file = File::create(&path).expect("created");
            file.write_all(&(header.len() as u64).to_le_bytes()).expect("written");
            file.write_all(header).expect("written");
            file.set_len(1 << 40).expect("a terabyte of nothing");
            read::<String>(&path).expect_err("refused").to_string()
        };
        let large =
            r#"{"w":{"dtype":"F32","shape":[250000000000],"data_offsets":[0,1000000000000]}}"#;
        let recorded = r#"{"__metadata__":{"record":"1"}}"#;
        for (header, says) in [
            ("", "its header has 0 bytes, and the file 1099511627776"),
            (large, "missing field `__metadata__`"),
            (recorded, "its tensors take 0 bytes, and 1099511627737 are there"),
        ] {
            let error = sparse(header.as_bytes());
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn written_tensors_are_read_and_the_bytes_are_always_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("deep/model.safetensors");
        assert!(read::<String>(&path).expect("absent is no error").is_none());
        let mut tensors = TensorMap::new();
        for name in ["b", "a"] {
            let values = vec![1.0, -0.5, f32::MIN_POSITIVE, 3.0, 4.0, 5.0];
            let tensor = ArrayD::from_shape_vec(IxDyn(&[2, 3]), values).expect("six values");
            tensors.insert(name.to_owned(), tensor);
        }
        write(&path, &tensors, &"how").expect("written");
        let first = std::fs::read(&path).expect("there");
        let (back, record) = read::<String>(&path).expect("whole").expect("there");
        assert_eq!((back, record.as_str()), (tensors.clone(), "how"));
        let record = read_record::<String>(&path).expect("whole").expect("there");
        assert_eq!(record, "how", "the record alone");
        write(&path, &tensors, &"how").expect("written over");
        assert_eq!(std::fs::read(&path).expect("there"), first);
    }

    #[test]
    fn damage_is_named_with_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        write(&path, &TensorMap::new(), &1).expect("written");
        let bytes = std::fs::read(&path).expect("there");
        std::fs::write(&path, &bytes[..bytes.len() - 4]).expect("shortened");
        let error = read::<i32>(&path).expect_err("short").to_string();
        assert!(
            error.contains("model.safetensors") && error.contains("delete the file"),
            "{error}"
        );
        write(&path, &TensorMap::new(), &"text").expect("written");
        let error = read::<i32>(&path).expect_err("another record").to_string();
        assert!(error.contains("record is not as expected"), "{error}");
    }
}
