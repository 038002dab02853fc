use thiserror::Error;

/// The reasons why a model cannot be written in another program's format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The model does not have the requested part.
    #[error("{run} is {kind} and has no {part}; expected {expected}")]
    NoPart {
        /// Name of the run.
        run: String,
        /// The kind of model, with its article.
        kind: &'static str,
        /// The part.
        part: &'static str,
        /// The parts that it has.
        expected: &'static str,
    },
    /// The model reconstructs columns of several kinds.
    #[error(
        "{run} reconstructs a table with columns of several kinds, which is not exported; expected the \
         encoder, or safetensors"
    )]
    Mixed {
        /// Name of the run.
        run: String,
    },
    /// The reconstruction uses more than the code.
    #[error(
        "{run} reconstructs with the places of units within pooling blocks, which its code does not have, so \
         that the reconstruction is not exported; expected the encoder, or the decoder, which takes all \
         places of a block as equally likely"
    )]
    Places {
        /// Name of the run.
        run: String,
    },
    /// scikit-learn has no such network.
    #[error(
        "{run}: scikit-learn's layout in an .npz file has no place for {reason}; use ONNX or \
         safetensors"
    )]
    ScikitLearn {
        /// Name of the run.
        run: String,
        /// The obstacle, such as "the elu units of encoder.0".
        reason: String,
    },
    /// The encoding of the inputs, or the names of columns or classes, do not match the model.
    #[error("{run} has {expected} {what}, but the description has {found}")]
    Count {
        /// Name of the run.
        run: String,
        /// The things that are counted.
        what: &'static str,
        /// Their number in the model.
        expected: usize,
        /// Their number in the description.
        found: usize,
    },
    /// The bytes of a file could not be produced.
    #[error("{run}: the file cannot be made: {reason}")]
    Bytes {
        /// Name of the run.
        run: String,
        /// The error of the format's writer.
        reason: String,
    },
}
