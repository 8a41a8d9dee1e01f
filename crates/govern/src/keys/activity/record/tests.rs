//! The record against a naive model that remembers everything.
