//! Alerts, observations and health as records, and records read back.
//!
//! The one crate that knows a JSON schema. [`Recorder`] writes a native record as one line of JSON;
//! [`summary_text`] tells a person how a run went; [`read`] takes records back in.

mod community_id;
mod formats;
#[doc(hidden)]
pub mod fuzz;
mod json;
pub mod limits;
pub mod read;
mod stamp;
mod summary;

pub use community_id::community_id;
pub use formats::ecs::{Findings, Recorder, RecorderOptions, Sensor, header};
pub use formats::eve::sid as eve_sid;
pub use formats::{Format, FormatOptions, Native, NotNative, Template, shape};
pub use read::{AlertTold, HealthTold, Peer, Reader, StageTold, Told};
pub use summary::{Files, summary_text};

/// The native records' JSON Schema, draft 2020-12: every line of [`Recorder`] is valid by it.
pub const SCHEMA: &str = include_str!("../../../docs/schema/record.schema.json");
