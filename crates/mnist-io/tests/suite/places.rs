//! Paths that cannot be read: pipes, devices, links, and missing files.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::common::tables::{Folder, options};
use mnist_io::{Error, NewData, ReadOptions, describe, open};

/// Asserts that reading fails with a one-line message that contains all of these words.
fn refused(path: &Path, options: &ReadOptions, says: &[&str]) {
    let said = open(path, options).expect_err("it is wrong").to_string();
    assert!(!said.contains('\n'), "more than one line: {said}");
    assert!(says.iter().all(|says| said.contains(says)), "{said}\nlacks one of: {says:?}");
}

fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo makes a pipe");
}

/// Opening a pipe without a writer would block forever.
#[test]
fn pipes_and_devices_are_refused_before_they_are_opened() {
    let dir = Folder::new();
    let rows = dir.write("t.csv", "a,b\n1,2\n3,4\n5,6\n7,9\n");
    let contract = open(&rows, &options()).unwrap().contract;
    let at = |name: &str| dir.path().join(name);
    pipe(&at("pipe.csv"));
    let _socket = UnixListener::bind(at("socket.csv")).unwrap();
    for (path, kind) in [
        (at("pipe.csv"), "a pipe"),
        (at("socket.csv"), "a socket"),
        ("/dev/null".into(), "a device"),
    ] {
        let says = format!("is {kind}; expected a regular file or a folder; save the data");
        refused(&path, &options(), &[&says]);
        refused(&rows, &ReadOptions { test: Some(path.clone()), ..options() }, &[&says]);
        let told = [
            describe(&path, &options()).unwrap_err(),
            contract.rows(&path, &NewData::default()).err().unwrap(),
        ];
        assert!(told.iter().all(|error| error.to_string().contains(&says)), "{told:?}");
    }
    dir.write("images/a/b.png", "no image");
    pipe(&at("images/a/c.png"));
    refused(&at("images"), &options(), &["c.png is a pipe"]);
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
        dir.write(&format!("idx/{name}"), "");
    }
    pipe(&at("idx/t10k-images-idx3-ubyte"));
    refused(&at("idx"), &options(), &["t10k-images-idx3-ubyte is a pipe"]);
}

#[test]
fn names_that_do_not_exist_have_the_systems_reason() {
    let dir = Folder::new();
    let at = |name: &str| dir.path().join(name);
    symlink(at("loop.csv"), at("loop.csv")).unwrap();
    symlink(at("gone.csv"), at("dangling.csv")).unwrap();
    let says = ["loop.csv is a symbolic link that leads to no file", "symbolic links (os error"];
    refused(&at("loop.csv"), &options(), &says);
    refused(&at("dangling.csv"), &options(), &["dangling.csv is a symbolic link", "No such file"]);
    let error = open(at("nope.csv"), &options()).unwrap_err();
    let Error::Io { source, .. } = error else { panic!("{error}") };
    assert!(source.to_string().contains("No such file or directory"), "{source}");
    refused(
        Path::new("-"),
        &options(),
        &["- is standard input; expected a regular file or a folder"],
    );
}
