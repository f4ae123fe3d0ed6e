//! Frames from an interface or a file. What is inside a frame is nothing to this crate.
//!
//! Two sources, one word: [`Timeline`] reads captures from files, folders and standard input and
//! merges them by packet time; [`Live`] reads an interface. Both lend [`model::Frame`]s in runs,
//! as slices of their own buffer.

mod ahead;
mod bpf;
mod counters;
mod endian;
mod error;
mod fallback;
mod fanout;
mod formats;
#[doc(hidden)]
pub mod fuzz;
mod interface;
#[allow(unsafe_code, reason = "the one module that speaks to the kernel")]
mod kernel;
pub mod limits;
mod live;
mod look;
mod pin;
mod relief;
mod report;
mod ring;
mod run;
mod source;
mod stream;
mod timeline;
mod unpack;
mod walk;
mod window;

pub use bpf::check_filter;
pub use error::CaptureError;
pub use interface::{Condition, Interface};
pub use live::{Live, LiveOptions};
pub use pin::pin;
pub use relief::{Relief, ReliefError};
pub use report::{FileRead, ReplayReport};
pub use run::RUN_MAX;
pub use timeline::{ReplayOptions, Timeline};
pub use walk::Input;
