//! The tests with unmodified client libraries, one file per story.

mod closes;
mod twin;
