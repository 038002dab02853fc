//! The contract of a model with its data: the file `data.json` beside the model.

use std::path::Path;

use mnist_io::Contract;

use crate::Error;

/// The name of the file.
pub const FILE: &str = "data.json";

/// Writes the contract into `folder`.
///
/// # Errors
/// [`Error::Report`] if the file cannot be written.
pub fn save(folder: &Path, contract: &Contract) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(contract)? + "\n";
    Ok(report::write_text(&folder.join(FILE), &text)?)
}

/// Reads the contract in `folder`; none if there is no such file, as in folders of earlier versions.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Contract`] if it has another form.
pub fn load(folder: &Path) -> Result<Option<Contract>, Error> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { path, source }),
    };
    serde_json::from_str(&text).map(Some).map_err(|source| Error::Contract { path, source })
}
