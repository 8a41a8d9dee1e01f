//! The documents' examples, run as they are written.
