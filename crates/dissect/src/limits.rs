//! Every bound of this crate, with its reason.

/// The bounds of a dissector.
#[derive(Clone, Debug, Default)]
pub struct Limits {}
