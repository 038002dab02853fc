//! The `aerbm` command.
fn main() {}
