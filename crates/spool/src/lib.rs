//! Octets that must not be lost: segments on disk, one place a reader.
//!
//! A [`Writer`] appends records to *classes* (alerts, observations: the one given up last first),
//! each a folder of segment files. [`Reader`]s take the same records as often as they need, each at
//! its own pace, and write down their place when the records are safe elsewhere. Whole segments
//! leave when every reader released them, or, counted, when the spool is too large or too old.
//! `docs/spool.md` tells what outlives which disaster.
//!
//! The writer's owner is one thread; a reader may live on any other. What a record means is not
//! known here.

mod cursor;
mod error;
mod frame;
pub mod fuzz;
mod keeping;
pub mod limits;
mod position;
mod reader;
mod recovery;
mod scan;
mod segment;
mod shelf;
mod sync;
mod writer;

pub use self::error::SpoolError;
pub use self::keeping::Tended;
pub use self::reader::{Lag, Reader, Taken};
pub use self::recovery::{Finding, Recovery, open};
pub use self::writer::{Counts, Options, Writer};
