//! Judges a file of signed requests, for `sumun request check`.
