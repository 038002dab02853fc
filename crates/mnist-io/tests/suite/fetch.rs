//! Downloads from a local server: complete, resumed, damaged, missing.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use std::fs;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use mnist_io::fetch::{FetchError, PublishedFile, check_files, fetch};
use sha2::{Digest, Sha256};
use tiny_http::{Header, Response, Server};

/// The behaviour of a server.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Sends what is requested, ranges included.
    Good,
    /// Ignores ranges.
    Whole,
    /// Sends other bytes of the same length.
    Damaged,
    /// Sends too many bytes.
    Longer,
    /// Sends a page instead of the file, without announcing its length.
    Page,
    /// Sends a page and announces its length.
    AnnouncedPage,
    /// Redirects to another address.
    Moved,
    /// Does not have the file.
    Absent,
}

/// The address of a server that has one file, and the ranges requested from it.
struct Mirror {
    address: String,
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

fn content() -> Vec<u8> {
    (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn published() -> PublishedFile {
    let hash = Sha256::digest(content())
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    PublishedFile { name: "file.gz", bytes: 300_000, sha256: hash.leak() }
}

fn serve(habit: Habit) -> Mirror {
    let server = Server::http("127.0.0.1:0").unwrap();
    let address = format!("http://{}/set/", server.server_addr().to_ip().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    // The thread ends with the test process.
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let range = request.headers().iter().find(|header| header.field.equiv("Range"));
            let range = range.map(|header| header.value.as_str().to_owned());
            log.lock().unwrap().push(range.clone());
            let mut bytes = content();
            match habit {
                Habit::Damaged => bytes[1_000] ^= 1,
                Habit::Longer => bytes.push(0),
                _ => (),
            }
            let start = range.filter(|_| habit != Habit::Whole).and_then(|range| {
                range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
            });
            let page = Response::from_data(b"<html>Please accept our terms</html>".as_slice());
            if habit == Habit::AnnouncedPage {
                let _ = request.respond(page);
            } else if habit == Habit::Page {
                let _ = request.respond(page.with_chunked_threshold(0));
            } else if habit == Habit::Moved {
                let to = Header::from_bytes("Location", "file:///etc/passwd").unwrap();
                let _ = request.respond(Response::empty(302).with_header(to));
            } else if habit == Habit::Absent || request.url() != "/set/file.gz" {
                let _ = request.respond(Response::empty(404));
            } else if let Some(start) = start {
                let value = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
                let header = Header::from_bytes("Content-Range", value).unwrap();
                let rest = Response::from_data(bytes.split_off(start));
                let _ = request.respond(rest.with_status_code(206).with_header(header));
            } else {
                let _ = request.respond(Response::from_data(bytes));
            }
        }
    });
    Mirror { address, asked }
}

fn fetch_from(mirrors: &[&Mirror], folder: &std::path::Path) -> Result<(), FetchError> {
    let addresses: Vec<&str> = mirrors.iter().map(|mirror| mirror.address.as_str()).collect();
    fetch(&[published()], &addresses, folder, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_file_arrives_whole_and_is_not_fetched_twice() {
    let (dir, mirror) = (tempfile::tempdir().unwrap(), serve(Habit::Good));
    let folder = dir.path().join("set");
    fetch_from(&[&mirror], &folder).unwrap();
    assert_eq!(fs::read(folder.join("file.gz")).unwrap(), content());
    assert!(!folder.join("file.gz.part").exists());
    fetch_from(&[&mirror], &folder).unwrap();
    assert_eq!(*mirror.asked.lock().unwrap(), [None]);
    assert!(check_files(&[published()], &folder).unwrap()[0].ok);
}

#[test]
fn an_interrupted_download_goes_on_where_it_was() {
    let (dir, mirror) = (tempfile::tempdir().unwrap(), serve(Habit::Good));
    let mut stop = |arrived: mnist_io::fetch::Arrived<'_>| {
        assert_eq!((arrived.name, arrived.of), ("file.gz", 300_000));
        if arrived.bytes > 50_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = fetch(&[published()], &[&mirror.address], dir.path(), &mut stop).unwrap_err();
    assert!(matches!(error, FetchError::Interrupted));
    let there = fs::metadata(dir.path().join("file.gz.part")).unwrap().len();
    assert!(there > 50_000 && !dir.path().join("file.gz").exists());

    fetch_from(&[&mirror], dir.path()).unwrap();
    assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
    assert_eq!(*mirror.asked.lock().unwrap(), [None, Some(format!("bytes={there}-"))]);
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let (dir, mirror) = (tempfile::tempdir().unwrap(), serve(Habit::Whole));
    fs::write(dir.path().join("file.gz.part"), &content()[..1_000]).unwrap();
    fetch_from(&[&mirror], dir.path()).unwrap();
    assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
}

#[test]
fn a_mirror_that_fails_gives_way_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let bad = [Habit::Absent, Habit::Damaged, Habit::Longer].map(serve);
    let nobody = Mirror { address: "http://127.0.0.1:1/".into(), asked: Arc::default() };
    let good = serve(Habit::Good);
    let mirrors = [&nobody, &bad[0], &bad[1], &bad[2], &good];
    fetch_from(&mirrors, dir.path()).unwrap();
    assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
    assert_eq!(good.asked.lock().unwrap().len(), 1);
}

#[test]
fn wrong_bytes_are_never_kept_and_the_error_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let mirrors = [Habit::Damaged, Habit::Absent].map(serve);
    let error = fetch_from(&[&mirrors[0], &mirrors[1]], dir.path()).unwrap_err().to_string();
    for what in [
        "no mirror delivered file.gz",
        "not the published one",
        "the server answers 404",
        "by hand: 300000 bytes, SHA-256",
        &dir.path().display().to_string(),
    ] {
        assert!(error.contains(what), "{error}\nlacks {what}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing wrong is left behind");
    let error = check_files(&[published()], dir.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read "), "{error}");
}

#[test]
fn a_short_wrong_answer_is_thrown_away() {
    for habit in [Habit::Page, Habit::AnnouncedPage, Habit::Moved] {
        let (dir, bad, good) = (tempfile::tempdir().unwrap(), serve(habit), serve(Habit::Good));
        let part = dir.path().join("file.gz.part");
        let error = fetch_from(&[&bad], dir.path()).unwrap_err().to_string();
        let says = if habit == Habit::Moved { "not followed" } else { "bytes" };
        assert!(error.contains(says), "{error}");
        assert_eq!(fs::metadata(&part).map_or(0, |there| there.len()), 0, "nothing of it is kept");
        fs::write(&part, &content()[..1_000]).unwrap();
        fetch_from(&[&bad, &good], dir.path()).unwrap();
        assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
        assert_eq!(good.asked.lock().unwrap().len(), 1, "one request is enough");
    }
}

#[test]
fn a_wrong_beginning_does_not_spoil_the_rest() {
    let (dir, good) = (tempfile::tempdir().unwrap(), serve(Habit::Good));
    fs::write(dir.path().join("file.gz.part"), b"<html>").unwrap();
    fetch_from(&[&good], dir.path()).unwrap();
    assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_the_part_is_not_written_through() {
    let (dir, good) = (tempfile::tempdir().unwrap(), serve(Habit::Good));
    let target = dir.path().join("precious");
    fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, dir.path().join("file.gz.part")).unwrap();
    fetch_from(&[&good], dir.path()).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(fs::read(dir.path().join("file.gz")).unwrap(), content());
}

#[test]
fn published_mirrors_are_safe_from_changes_on_the_way() {
    for set in mnist_io::fetch::PUBLISHED {
        assert!(set.mirrors.iter().all(|mirror| mirror.starts_with("https://")));
    }
}
