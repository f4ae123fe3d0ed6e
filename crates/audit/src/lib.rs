//! Records in, a report out: who uses which remote access, since when, and by whose leave.
//!
//! [`Audit`] takes what was read, entry by entry, in any order; [`Audit::finish`] makes the
//! [`Report`], and [`Report::write`] prints it in one of the [`Format`]s. Nothing here knows how a
//! record came about, and nothing follows from when or where the report is written: the same
//! records give the same octets.

mod blind;
mod entry;
mod figures;
mod formats;
mod fuzz;
mod gather;
mod healths;
mod hosts;
pub mod limits;
mod moment;
mod plain;
mod report;
mod uses;

pub use blind::BlindSpot;
pub use entry::{Alarm, Count, Entry, Fared, Rule, RuleCount, Stage};
pub use figures::{Figures, Period};
pub use formats::{Format, Style};
#[doc(hidden)]
pub use fuzz::fuzz_report;
pub use gather::{Audit, Lines, Question};
pub use hosts::{HostRow, ToolRow};
pub use report::{Alert, Incident, InputRead, RefusedLine, Report, UnusedRule};
pub use uses::{KnownFrom, Use};
