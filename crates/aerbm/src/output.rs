//! Refusal of outputs that would replace a file that a run or a model needs.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use crate::record::Record;
use crate::{Error, sums};

/// Refuses an output that is one of the inputs, or that would replace a file of a run: one with a checksum, or any
/// file of a run that is not finished.
///
/// # Errors
/// [`Error::Io`] for such a file, and for checksums that cannot be read.
pub fn refuse_output(output: &Path, inputs: &[&Path]) -> Result<(), Error> {
    let io = |source| Error::Io { path: output.to_owned(), source };
    for input in inputs {
        durable::refuse_input(output, input).map_err(io)?;
    }
    let Ok(file) = output.canonicalize() else { return Ok(()) };
    for dir in file.ancestors().skip(1).filter(|dir| dir.join("run.json").is_file()) {
        let Ok(inside) = file.strip_prefix(dir) else { continue };
        let path = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        let sums = sums::read(dir)?;
        if sums.is_empty() || sums.contains_key(&path) || path == sums::NAME {
            let message = format!(
                "this is a file of the run in {}, which is not overwritten; name another file",
                dir.display()
            );
            return Err(io(IoError::new(ErrorKind::InvalidInput, message)));
        }
    }
    Ok(())
}

/// Refuses an output as [`refuse_output`] does, whose inputs are the files that a model was trained on.
///
/// # Errors
/// As [`refuse_output`].
pub fn refuse_output_of_model(output: &Path, record: &Record) -> Result<(), Error> {
    let source = record.source.as_ref();
    let data = source.map(|source| Path::new(&source.data));
    let others = source.and_then(|source| source.test.as_deref());
    refuse_output(output, &data.into_iter().chain(others).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_runs_and_inputs_are_refused_and_others_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["run.json", "metrics.csv", "predictions.csv", "SHA256SUMS"] {
            std::fs::write(at(name), "").expect("written");
        }
        let refused = |name: &str| refuse_output(&at(name), &[]).is_err();
        assert!(refused("metrics.csv"), "the run is not finished");
        std::fs::write(at("SHA256SUMS"), "0  metrics.csv\n").expect("written");
        assert!(refused("metrics.csv") && refused("SHA256SUMS"));
        assert!(!refused("predictions.csv") && !refused("new.csv"));
        let error = refuse_output(&at("predictions.csv"), &[&at("predictions.csv")]);
        assert!(error.expect_err("the input").with_causes().contains("this is the input"));
    }
}
