//! Downloads of published data sets from mirrors, with resumption and verification.
//!
//! A file is downloaded as `NAME.part`, and renamed once it is complete and has the published SHA-256. An
//! interrupted download is resumed (HTTP ranges), from any mirror. If a mirror fails or sends wrong bytes,
//! the next one is tried, and nothing of a wrong response is kept. Redirects are not followed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file_check::FileCheck;
use crate::hash::hex;

/// A data set that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The name of the data set.
    pub name: &'static str,
    /// Content, origin and licence.
    pub about: &'static str,
    /// Addresses of folders with its files, each with a slash at the end.
    pub mirrors: &'static [&'static str],
    /// The files.
    pub files: &'static [PublishedFile],
}

/// A published file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedFile {
    /// The name of the file.
    pub name: &'static str,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, in hex, of the file as published, compressed or not.
    pub sha256: &'static str,
}

/// Fashion-MNIST. Lengths and checksums are those published by TensorFlow Datasets 4.9.
pub const FASHION_MNIST: Published = Published {
    name: "fashion-mnist",
    about: "70,000 grey images of clothes, 28 x 28, by Zalando SE, MIT licence",
    mirrors: &[
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
    files: &[
        PublishedFile {
            name: "train-images-idx3-ubyte.gz",
            bytes: 26_421_880,
            sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        },
        PublishedFile {
            name: "train-labels-idx1-ubyte.gz",
            bytes: 29_515,
            sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        },
        PublishedFile {
            name: "t10k-images-idx3-ubyte.gz",
            bytes: 4_422_102,
            sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        },
        PublishedFile {
            name: "t10k-labels-idx1-ubyte.gz",
            bytes: 5_148,
            sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
    ],
};

/// All data sets that can be downloaded.
pub const PUBLISHED: [&Published; 1] = [&FASHION_MNIST];

/// The reason why a download failed. Bytes received are kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Every mirror failed.
    #[error(
        "no mirror delivered {name} ({}); try again later, use another mirror, or put the file into {} by \
         hand: {bytes} bytes, SHA-256 {sha256}",
        attempts.join("; "),
        folder.display()
    )]
    NoMirror {
        /// The file.
        name: &'static str,
        /// One line per mirror: its address and the reason for the failure.
        attempts: Vec<String>,
        /// The folder where the file belongs.
        folder: PathBuf,
        /// Length in bytes.
        bytes: u64,
        /// SHA-256 of the published file, in hex.
        sha256: &'static str,
    },

    /// The file could not be written.
    #[error("cannot write {}; check the folder and the free space on the disk", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },

    /// The observer asked to stop.
    #[error("the download was interrupted; what has arrived is kept")]
    Interrupted,
}

/// The progress of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived<'a> {
    /// The name of the file.
    pub name: &'a str,
    /// The address from which it is downloaded.
    pub from: &'a str,
    /// Number of bytes received.
    pub bytes: u64,
    /// Length of the whole file in bytes.
    pub of: u64,
}

/// Downloads the files missing in `folder`, each from the first of `mirrors` that has it. `watch` is called
/// for every piece received, and can stop the download.
///
/// # Errors
/// A [`FetchError`].
pub fn fetch(
    files: &[PublishedFile],
    mirrors: &[&str],
    folder: &Path,
    watch: &mut dyn FnMut(Arrived<'_>) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let is_new = !folder.exists();
    fs::create_dir_all(folder)
        .map_err(|source| FetchError::Write { file: folder.into(), source })?;
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_mins(1)))
        .timeout_per_read(Some(Duration::from_mins(1)))
        .build()
        .new_agent();
    let fetched =
        files.iter().try_for_each(|file| fetch_file(&agent, file, mirrors, folder, watch));
    if fetched.is_err() && is_new {
        // This fails if anything arrived, which is kept.
        let _ = fs::remove_dir(folder);
    }
    fetched
}

/// Compares the files in `folder` with the published ones.
///
/// # Errors
/// [`Error::Io`] if a file is missing or cannot be read. A file that differs is not an error; its check is
/// not `ok`.
pub fn check_files(files: &[PublishedFile], folder: &Path) -> Result<Vec<FileCheck>, Error> {
    let check = |published: &PublishedFile| {
        let file = folder.join(published.name);
        let (bytes, sha256) =
            hash_of(&file).map_err(|source| Error::Io { file: file.clone(), source })?;
        let ok = sha256 == published.sha256;
        Ok(FileCheck { file, bytes, sha256, expected: published.sha256.into(), ok })
    };
    files.iter().map(check).collect()
}

fn fetch_file(
    agent: &ureq::Agent,
    file: &PublishedFile,
    mirrors: &[&str],
    folder: &Path,
    watch: &mut dyn FnMut(Arrived<'_>) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let (path, part) = (folder.join(file.name), folder.join(format!("{}.part", file.name)));
    if hash_of(&path).is_ok_and(|(_, sha256)| sha256 == file.sha256) {
        return Ok(());
    }
    let mut attempts = Vec::new();
    for mirror in mirrors {
        let address = format!("{mirror}{}", file.name);
        let resumes = fs::metadata(&part).is_ok_and(|there| there.len() > 0);
        let mut outcome = download(agent, &address, file, &part, watch);
        if resumes && matches!(outcome, Err(Failure::Sum(_))) {
            // The existing bytes may be the wrong ones.
            outcome = download(agent, &address, file, &part, watch);
        }
        match outcome {
            Ok(()) => {
                let write = |source| FetchError::Write { file: path.clone(), source };
                return fs::rename(&part, &path).map_err(write);
            }
            Err(Failure::Stop(error)) => return Err(error),
            Err(Failure::Mirror(reason) | Failure::Sum(reason)) => {
                attempts.push(format!("  {address}: {reason}"));
            }
        }
    }
    let PublishedFile { name, bytes, sha256 } = *file;
    Err(FetchError::NoMirror { name, attempts, folder: folder.into(), bytes, sha256 })
}

/// The reason why a download from one mirror ended.
enum Failure {
    /// No mirror can help.
    Stop(FetchError),
    /// Another mirror may have the file.
    Mirror(String),
    /// The file has another checksum.
    Sum(String),
}

/// Appends the missing bytes to `part` and verifies it.
fn download(
    agent: &ureq::Agent,
    address: &str,
    file: &PublishedFile,
    part: &Path,
    watch: &mut dyn FnMut(Arrived<'_>) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let write = |source| Failure::Stop(FetchError::Write { file: part.into(), source });
    let mirror = |reason: String| Failure::Mirror(reason);
    // A link is not written through, since its target may be anything.
    if fs::symlink_metadata(part).is_ok_and(|found| found.is_symlink()) {
        fs::remove_file(part).map_err(write)?;
    }
    let mut there = fs::metadata(part).map_or(0, |metadata| metadata.len());
    if there > file.bytes {
        fs::remove_file(part).map_err(write)?;
        there = 0;
    }
    if there < file.bytes {
        let request = agent.get(address);
        let request = match there {
            0 => request,
            _ => request.header("Range", format!("bytes={there}-")),
        };
        let response = request.call().map_err(|error| mirror(error.to_string()))?;
        match response.status().as_u16() {
            206 if there > 0 && starts_at(&response, there) => (),
            // A server without support for ranges sends the whole file.
            200 => there = 0,
            status => {
                let to = response.headers().get("Location").and_then(|to| to.to_str().ok());
                let to = to.map(|to| format!(" and names {to}, which is not followed"));
                let to = to.unwrap_or_default();
                return Err(mirror(format!("the server answers {status}{to}")));
            }
        }
        let missing = file.bytes - there;
        if let Some(announced) = response.body().content_length()
            && announced != missing
        {
            return Err(mirror(format!("it has {announced} bytes, expected {missing}")));
        }
        let begun = there;
        let mut out = File::options().create(true).append(true).open(part).map_err(write)?;
        out.set_len(there).map_err(write)?;
        let mut body = response.into_body().into_reader().take(file.bytes - there + 1);
        let mut piece = vec![0; 1 << 16];
        loop {
            let n = match body.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) => {
                    return Err(mirror(format!(
                        "the connection broke after {there} bytes: {error}"
                    )));
                }
            };
            out.write_all(&piece[..n]).map_err(write)?;
            there += n as u64;
            let arrived = Arrived { name: file.name, from: address, bytes: there, of: file.bytes };
            if watch(arrived).is_break() {
                return Err(Failure::Stop(FetchError::Interrupted));
            }
        }
        if there < file.bytes {
            // The response is complete, but it is not the file: nothing of it is kept.
            out.set_len(begun).map_err(write)?;
            return Err(mirror(format!("it ends after {there} of {} bytes", file.bytes)));
        }
        out.sync_all().map_err(write)?;
    }
    let (_, sha256) = hash_of(part).map_err(write)?;
    if there > file.bytes || sha256 != file.sha256 {
        fs::remove_file(part).map_err(write)?;
        if there > file.bytes {
            return Err(mirror(format!("the file has more than {} bytes", file.bytes)));
        }
        return Err(Failure::Sum(format!("its SHA-256 is {sha256}, not the published one")));
    }
    Ok(())
}

/// Whether a partial response starts at the requested offset.
fn starts_at(response: &ureq::http::Response<ureq::Body>, offset: u64) -> bool {
    let range = response.headers().get("Content-Range").and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

/// Length in bytes and SHA-256 of a file.
fn hash_of(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok((bytes, hex(hash)));
        }
        hash.update(&piece[..n]);
        bytes += n as u64;
    }
}
