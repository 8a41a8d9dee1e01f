//! The front as its clients meet it: real requests through the routes, govern and a store of its own behind them.

mod authorization;
mod bench;
mod document;
mod feed;
mod keys;
mod own;
mod parties;
mod refusals;
mod signing_in;
