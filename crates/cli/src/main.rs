//! The `sumun` binary.
fn main() {}
