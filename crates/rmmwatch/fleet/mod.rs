//! More than one sensor: facts to the analysts of a fleet, and the analysts themselves.

pub(crate) mod forward;
mod merge;
