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

/// Reads the contract in `folder`; returns `None` without such a file, as in folders of earlier versions.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Contract`] if its format is not that of a contract,
/// [`Error::ContractFault`] if rows cannot be read by it.
pub fn load(folder: &Path) -> Result<Option<Contract>, Error> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { path, source }),
    };
    let contract: Contract = match serde_json::from_str(&text) {
        Ok(contract) => contract,
        Err(source) => return Err(Error::Contract { path, source }),
    };
    match contract.fault() {
        Some(fault) => Err(Error::ContractFault { path, fault }),
        None => Ok(Some(contract)),
    }
}

/// Reads the contract in `folder` as [`load`] does, for a model with so many inputs and, if it is a classifier, so
/// many classes.
///
/// # Errors
/// As [`load`], and [`Error::ContractFault`] if the contract is that of another model.
pub fn load_for(
    folder: &Path,
    n_inputs: usize,
    n_classes: Option<usize>,
) -> Result<Option<Contract>, Error> {
    let Some(contract) = load(folder)? else { return Ok(None) };
    let path = folder.join(FILE);
    let (features, classes) = (contract.n_features(), contract.class_names().len());
    if features != n_inputs {
        let fault = format!("{features} features; expected {n_inputs}, as the model has inputs");
        return Err(Error::ContractFault { path, fault });
    }
    match n_classes {
        Some(expected) if expected != classes => {
            let fault = format!("{classes} classes; expected {expected}, as the model has outputs");
            Err(Error::ContractFault { path, fault })
        }
        _ => Ok(Some(contract)),
    }
}
