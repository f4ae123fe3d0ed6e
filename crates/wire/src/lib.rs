//! Observations as octets, between sensors and analysts.
//!
//! A sensor deals its facts to *partitions*, by the host inside that they are about, and packs each
//! partition's into messages ([`Packer`]); [`read`] takes a message back. What is not told of one
//! partition goes to all of them, in the lane [`Lane::All`], whose messages also say how far the
//! sensor has come: only then is a partition's part of the timeline known to be whole.
//!
//! ```text
//! version     1 octet
//! head        who sent it, in which lane, the how-manieth, up to when       postcard
//! facts       place in the sensor's timeline, role, observation             postcard, head.facts of them
//! ```
//! Whoever can write to a subject can send any octets: what is read back is as valid by
//! construction as what the dissector makes, and no larger.

mod error;
#[doc(hidden)]
pub mod fuzz;
mod head;
pub mod limits;
mod message;
mod sound;
#[cfg(test)]
mod tests;

pub use error::WireError;
pub use head::{Head, Lane, is_token, peek, token};
pub use message::{Message, Packer, Role, Told, read};

/// The version that is written, and the only one that is read.
pub const VERSION: u8 = 1;
