//! Captures as large as one likes, for measuring: an office's mix, each kind of its packets alone,
//! floods of new flows, and an organisation's working day in which campaigns are hidden.
//!
//! All are written as they come, with memory bounded by the flows that are open at once.

mod day;
mod flood;
mod held;
mod mix;
mod names;
mod office;
mod only;
mod small;
mod tape;
mod waiting;

use std::collections::BTreeMap;
use std::io::{self, Write};

pub use day::{
    Account, Campaign, DayError, Deed, Friend, Hidden, Plan, Playbook, Played, Tool, day,
};
pub use flood::flood;
pub use held::held;
pub use mix::mix;
pub use only::{Only, only};
pub use small::small;

/// The first frame's time: 2022-09-14T14:00:00Z, in nanoseconds since 1970.
const START: u64 = 1_663_164_000 * 1_000_000_000;

/// How large the office is that speaks, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Machines, 1 to 60,000.
    pub hosts: u64,
    /// Names that they use, 1 to 100,000.
    pub names: u64,
    /// How many times as long it is from one flow to the next, 1 to 10,000.
    pub pace: u64,
    /// Another number, another capture.
    pub seed: u64,
}

impl Default for Scale {
    fn default() -> Scale {
        Scale { hosts: 2_000, names: 5_000, pace: 1, seed: 1 }
    }
}

/// What a capture holds, as its maker knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Frames written.
    pub frames: u64,
    /// Octets of all frames, without the file's own headers.
    pub frame_bytes: u64,
    /// Conversations begun, each question and its answer one of them.
    pub flows: u64,
    /// How often each name was said: (`dns`, `tls`, `quic` or `http`; the name) to its count.
    pub names: BTreeMap<(&'static str, String), u64>,
}

impl Truth {
    fn said(&mut self, transport: &'static str, name: &str) {
        *self.names.entry((transport, name.to_owned())).or_default() += 1;
    }

    /// Write the names as a table: transport, name and count, tabs between them, sorted.
    pub fn write_names(&self, mut sink: impl Write) -> io::Result<()> {
        writeln!(sink, "transport\tname\tcount")?;
        for ((transport, name), count) in &self.names {
            writeln!(sink, "{transport}\t{name}\t{count}")?;
        }
        sink.flush()
    }
}
