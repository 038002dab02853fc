//! The checksums of a run's files, in the format that `sha256sum -c` reads.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::Error;
use crate::best::BEST;

/// Name of the file.
pub(crate) const NAME: &str = "SHA256SUMS";

/// Folders whose files belong to a run.
const FOLDERS: [&str; 3] = ["figures", "models", BEST];

/// Checksums in hexadecimal digits by the file's path in the folder of the run, with `/` between its parts.
pub(crate) type Sums = BTreeMap<String, String>;

/// Writes the checksums of all files of the run in `dir`.
pub(crate) fn write(dir: &Path) -> Result<(), Error> {
    let mut sums = Sums::new();
    add(dir, "", &mut sums)?;
    save(dir, &sums)
}

/// Updates the checksums of the files that are drawn from tables, if the run has any checksums.
pub(crate) fn refresh_drawn(dir: &Path) -> Result<(), Error> {
    refresh_those(dir, is_drawn)
}

/// Updates the checksums of these files, if the run has any checksums.
pub(crate) fn refresh(dir: &Path, files: &[&str]) -> Result<(), Error> {
    refresh_those(dir, |path| files.contains(&path))
}

/// The current checksums of the figures' files; `None` if the run has no checksums.
pub(crate) fn of_figures(dir: &Path) -> Result<Option<Sums>, Error> {
    let folder = dir.join("figures");
    if !dir.join(NAME).is_file() || !folder.is_dir() {
        return Ok(None);
    }
    let mut sums = Sums::new();
    add(dir, "figures", &mut sums)?;
    Ok(Some(sums))
}

/// Updates the checksums of the figures' files that are new or have changed since `before`.
pub(crate) fn refresh_figures(dir: &Path, before: &Sums) -> Result<(), Error> {
    let now = of_figures(dir)?.unwrap_or_default();
    let mut sums = read(dir)?;
    sums.extend(now.into_iter().filter(|(path, sum)| before.get(path) != Some(sum)));
    save(dir, &sums)
}

fn refresh_those(dir: &Path, is_new: impl Fn(&str) -> bool) -> Result<(), Error> {
    if !dir.join(NAME).is_file() {
        return Ok(());
    }
    let mut sums = read(dir)?;
    let mut now = Sums::new();
    add(dir, "", &mut now)?;
    sums.extend(now.into_iter().filter(|(path, _)| is_new(path)));
    save(dir, &sums)
}

/// Whether a file is drawn from tables.
fn is_drawn(path: &str) -> bool {
    let is_picture = [".svg", ".png", ".json"].iter().any(|end| path.ends_with(end));
    let from_tables = ["report.html", "figures/error_by_labels.csv", "figures/differences.csv"];
    from_tables.contains(&path) || path.starts_with("figures/") && is_picture
}

/// Reads the checksums; they are empty without such a file.
pub(crate) fn read(dir: &Path) -> Result<Sums, Error> {
    let file = dir.join(NAME);
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sums::new()),
        other => other.map_err(|source| Error::Io { path: file, source })?,
    };
    let entry =
        |line: &str| line.split_once("  ").map(|(sum, path)| (path.to_owned(), sum.to_owned()));
    Ok(text.lines().filter_map(entry).collect())
}

/// Refuses to continue a run whose models are not those that it wrote, because they would become its results.
///
/// # Errors
/// [`Error::Changed`] for such a model, and for files that cannot be read.
pub(crate) fn refuse_changed_models(dir: &Path) -> Result<(), Error> {
    for (path, sum) in read(dir)? {
        let file = dir.join(&path);
        let is_model = path.starts_with("models/") && path.ends_with(crate::trained::FILE);
        if is_model && file.is_file() && of_file(&file)? != sum {
            return Err(Error::Changed { path: file });
        }
    }
    Ok(())
}

/// The checksum of a file, in hexadecimal digits.
pub(crate) fn of_file(path: &Path) -> Result<String, Error> {
    let bytes =
        std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let digits = |half: u8| char::from_digit(half.into(), 16).expect("four bits");
    let hash = Sha256::digest(&bytes);
    Ok(hash.iter().flat_map(|byte| [digits(byte >> 4), digits(byte & 15)]).collect())
}

fn save(dir: &Path, sums: &Sums) -> Result<(), Error> {
    let mut lines: Vec<String> = sums.iter().map(|(path, sum)| format!("{sum}  {path}")).collect();
    lines.push(String::new());
    Ok(report::write_text(&dir.join(NAME), &lines.join("\n"))?)
}

/// Adds the files of a folder of the run, and of the folders in it.
fn add(dir: &Path, prefix: &str, sums: &mut Sums) -> Result<(), Error> {
    let folder = dir.join(prefix);
    let cannot = |source| Error::Io { path: folder.clone(), source };
    for entry in std::fs::read_dir(&folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if entry.file_type().map_err(cannot)?.is_dir() {
            if !prefix.is_empty() || FOLDERS.contains(&name.as_str()) {
                add(dir, &path, sums)?;
            }
        } else if !name.starts_with('.') && name != NAME {
            sums.insert(path, of_file(&entry.path())?);
        }
    }
    Ok(())
}
