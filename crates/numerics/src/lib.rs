#![doc = include_str!("../README.md")]
#![cfg(not(loom))]
#![allow(clippy::inline_always, reason = "kernels must be inlined to be vectorised")]

pub mod elementary;
mod pace;
mod product;
mod real;
mod reduce;
mod rows;
mod stream;
mod sync;
mod team;
pub mod times;

pub use pace::paced;
pub use product::{
    Patches, Prepared, convolution_gradient, convolve, convolve_transposed, matmul, matmul_consume,
    matmul_scaled, matmul_then, part_sums,
};
pub use real::Real;
pub use reduce::{
    argmax, column_differences, column_sums, count_non_zeros, log_add_exp, log_sum_exp, sum,
    update_and_sum,
};
pub use rows::{Split, by_elements, by_rows, by_thread};
pub use stream::{Purpose, Stream};
pub use team::{team_size, with_team};
