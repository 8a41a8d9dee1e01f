//! Says in prose what was signed, what was expected and what to do, for `sumun request check --explain`.
