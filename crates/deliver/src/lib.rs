//! Alerts, observations and health in, records out, to the SOC.
//!
//! The one crate that knows a JSON schema. [`Recorder`] writes a record as one line of JSON;
//! [`Delivery`] carries the lines to where they were asked for; [`summary_text`] tells a person
//! how a run went; [`read`] takes records back in.

mod community_id;
mod delivery;
mod error;
mod formats;
#[doc(hidden)]
pub mod fuzz;
pub mod limits;
pub mod read;
mod sinks;
mod stamp;
mod summary;

pub use community_id::community_id;
pub use delivery::{Delivered, Delivery, Ending, Gone};
pub use error::DeliverError;
pub use formats::ecs::{Findings, Recorder, RecorderOptions};
pub use read::{AlertTold, HealthTold, Peer, Reader, StageTold, Told};
pub use sinks::{Output, Stream, Target};
pub use summary::{Files, summary_text};

/// The native records' JSON Schema, draft 2020-12: every line of [`Recorder`] is valid by it.
pub const SCHEMA: &str = include_str!("../../../docs/schema/record.schema.json");
