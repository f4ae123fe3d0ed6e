//! Scenarios in, frames out: the demo, the tests, the load.
