//! The capture formats that are read: a new one is a file here and three lines below.

mod classic;
mod pcapng;
mod snoop;

use model::{LinkType, Timestamp};

use crate::run::{Gate, Halt, Run};

/// One step through a capture.
pub(crate) enum Step<'a> {
    /// A frame. Asked again with the same octets, it is the same frame.
    Frame {
        at: Timestamp,
        link: LinkType,
        bytes: &'a [u8],
        orig_len: u32,
        /// Octets to the next record; they may reach beyond the window.
        taken: u64,
    },
    /// Octets without a frame. They may reach beyond the window.
    Pass(u64),
    /// The window holds too little: at least so many octets are needed.
    More(usize),
    /// Broken. `taken` octets on, reading can go on; without it, it cannot.
    Flaw { why: String, taken: Option<u64> },
}

/// What a format must be able to do.
pub(crate) trait Records {
    /// The next step, of a window that begins with a record.
    fn next<'a>(&mut self, octets: &'a [u8]) -> Step<'a>;
}

/// What the first octets of a file say.
pub(crate) enum Verdict {
    /// A capture, whose records begin so many octets on.
    Capture(Format, usize),
    /// At least so many octets are needed to tell.
    More(usize),
    /// A capture of a format that is read, but not this kind of it.
    Unread(String),
    /// No capture.
    Foreign,
}

/// A format, with what its file said of itself so far.
pub(crate) enum Format {
    Classic(classic::Classic),
    Pcapng(Box<pcapng::Pcapng>),
    Snoop(snoop::Snoop),
}

/// Every format's judgement of the first octets.
const FORMATS: &[fn(&[u8]) -> Verdict] = &[classic::judge, pcapng::judge, snoop::judge];

impl Format {
    /// What a file is that begins with `octets`.
    pub(crate) fn judge(octets: &[u8]) -> Verdict {
        let mut verdict = Verdict::Foreign;
        for judge in FORMATS {
            match judge(octets) {
                Verdict::Foreign => {}
                Verdict::More(needed) => verdict = Verdict::More(needed),
                known => return known,
            }
        }
        verdict
    }

    /// Fill a run with frames. See [`Run::fill`].
    pub(crate) fn fill<'a>(
        &mut self,
        run: &mut Run<'a>,
        octets: &'a [u8],
        gate: &mut Gate<'_>,
    ) -> (u64, Halt) {
        match self {
            Format::Classic(records) => {
                let gone = records.skim(run, octets, gate);
                let rest = octets.get(gone..).unwrap_or_default();
                let (further, halt) = run.fill(records, rest, gate);
                (further.saturating_add(gone as u64), halt)
            }
            Format::Pcapng(records) => run.fill(&mut **records, octets, gate),
            Format::Snoop(records) => run.fill(records, octets, gate),
        }
    }

    /// The next step.
    pub(crate) fn next<'a>(&mut self, octets: &'a [u8]) -> Step<'a> {
        match self {
            Format::Classic(records) => records.next(octets),
            Format::Pcapng(records) => records.next(octets),
            Format::Snoop(records) => records.next(octets),
        }
    }
}
