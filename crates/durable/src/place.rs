//! Checks of output paths: a free name, or a regular file, which is then replaced.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Refuses a symbolic link, since its target may be anything.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a link.
pub fn refuse_link(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(invalid("this is a symbolic link, which is not written through; remove it"));
    }
    Ok(())
}

/// Refuses an output that is also the command's input, under this name or another.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if both paths lead to one file.
pub fn refuse_input(output: &Path, input: &Path) -> io::Result<()> {
    if is_same(output, input) {
        return Err(invalid("this is the input, which is not overwritten; name another file"));
    }
    Ok(())
}

/// Refuses a path that a new file must not replace: anything but a regular file, such as a device, a pipe or
/// a symbolic link.
pub(crate) fn refuse_other_than_file(path: &Path) -> io::Result<()> {
    refuse_link(path)?;
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    match kind(&found) {
        None => Ok(()),
        Some("a folder") => Err(ErrorKind::IsADirectory.into()),
        Some(kind) => Err(invalid(&format!(
            "this is {kind}; expected a regular file or a free name; name another file"
        ))),
    }
}

/// Kind of a file in words; `None` for a regular file.
fn kind(found: &Metadata) -> Option<&'static str> {
    if found.is_file() {
        return None;
    }
    if found.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let found = found.file_type();
        if found.is_fifo() {
            return Some("a named pipe");
        }
        if found.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other)) || is_same_inode(one, other)
}

#[cfg(unix)]
fn is_same_inode(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    inode(one).is_some_and(|one| Some(one) == inode(other))
}

#[cfg(not(unix))]
fn is_same_inode(_: &Path, _: &Path) -> bool {
    false
}

/// The error for a temporary file that cannot be created in `folder`, without that file's name, which means
/// nothing to the user.
pub(crate) fn no_file_in(folder: &Path, error: &io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|error| error.source());
    let cause = inner.map_or_else(|| error.to_string(), ToString::to_string);
    let folder_is = format!("the folder {}", folder.display());
    let message = match error.kind() {
        ErrorKind::NotFound => format!("{folder_is} does not exist; create it, or name another"),
        ErrorKind::NotADirectory => format!("{folder_is} is not a folder; name another"),
        _ => format!("no file can be created in {folder_is}: {cause}"),
    };
    io::Error::new(error.kind(), message)
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_named_and_no_temporary_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("no/dir");
        let error = crate::WholeFile::create(&inner.join("o.csv")).expect_err("no folder");
        let expected = format!("the folder {} does not exist; ", inner.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        fs::write(folder.path().join("no"), "").expect("written");
        let error = crate::WholeFile::create(&inner.join("o.csv")).expect_err("a file");
        assert!(error.to_string().contains("is not a folder"), "{error}");
        assert!(!error.to_string().contains(".aerbm-"), "{error}");
    }

    #[test]
    fn the_input_is_known_by_each_of_its_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("t.csv"), "t").expect("written");
        fs::hard_link(at("t.csv"), at("same.csv")).expect("linked");
        fs::write(at("other.csv"), "t").expect("written");
        refuse_input(&folder.path().join("./t.csv"), &at("t.csv")).expect_err("the input");
        refuse_input(&at("t.csv"), &at("other.csv")).expect("another file");
        refuse_input(&at("new.csv"), &at("t.csv")).expect("a free name");
        #[cfg(unix)]
        refuse_input(&at("same.csv"), &at("t.csv")).expect_err("the input");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_sockets_and_links_stay_as_they_are() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
        assert!(made.expect("it starts").success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("bound");
        fs::write(at("t.csv"), "precious").expect("written");
        std::os::unix::fs::symlink(at("t.csv"), at("link")).expect("linked");
        let before = |name: &str| fs::symlink_metadata(at(name)).expect("there").file_type();
        for (name, said) in
            [("pipe", "a named pipe"), ("socket", "a socket"), ("link", "a symbolic link")]
        {
            let kind = before(name);
            let error = crate::write(&at(name), b"table").expect_err("refused").to_string();
            assert!(error.starts_with(&format!("this is {said}")), "{error}");
            assert_eq!(before(name), kind, "{name}");
        }
        assert_eq!(fs::read(at("t.csv")).expect("there"), b"precious");
        // Whatever takes the name while the file is being written stays too.
        let file = crate::WholeFile::create(&at("late")).expect("created");
        fs::rename(at("pipe"), at("late")).expect("renamed");
        file.commit().expect_err("a pipe");
        assert_eq!(kind(&fs::symlink_metadata(at("late")).expect("there")), Some("a named pipe"));
    }
}
