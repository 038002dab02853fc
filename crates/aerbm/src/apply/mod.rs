//! Trained models applied to the rows of any file: predictions, codes, reconstructions, scores, missing
//! values.
//!
//! Rows are read by the contract that was fitted to the training data, a block at a time, in the order of
//! the file. Nothing is fitted to the rows, so that a row gives the same numbers alone, among others, and
//! in a file whose columns have another order.

mod blocks;
mod csv;
mod encode;
mod impute;
mod json;
mod npy;
mod parquet;
mod parquet_types;
mod predict;
mod score;
mod sink;
mod table;

pub use csv::csv_stream;
pub use encode::{encode, encode_set, reconstruct, write_features};
pub use impute::{Filled, ImputeOptions, impute, inpaint};
pub use json::json_stream;
pub use predict::{PredictOptions, Predicted, predict};
pub use score::{score, scores_of_array};
pub use sink::sink_for;
pub use table::{Column, TableSink, Values};
