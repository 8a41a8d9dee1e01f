//! The tests with unmodified client libraries, one file per story.

mod acts;
mod closes;
mod crash;
mod twin;
