//! What a protocol must be able to do: say whether octets are its own, and read facts from them.
//!
//! Recognition is by content. A stream protocol is probed with the first octets of either end; the
//! first to say [`Probe::Mine`] gets a reader of its own for the flow. A datagram protocol is
//! asked for every datagram of a flow until the flow is given up.

use model::{Fact, Flow, Protocol, Side};

/// Whether the octets at hand are of a protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Probe {
    /// They are, and they were sent by this side. When the flow's roles were guessed the other
    /// way round, the flow turns; when they were seen (a SYN), the flow stands.
    Mine(Side),
    /// They are not, whatever follows.
    NotMine,
    /// They may be: more octets are needed.
    More,
}

/// What a reader did with octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    /// Octets that it needs no more. More than it was given: the ones that follow are skipped
    /// unread, so that a body costs nothing and may have gaps.
    pub(crate) consumed: u64,
    /// What it wants next.
    pub(crate) next: Next,
}

/// What a reader wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// More octets of this side, from the first one that was not consumed.
    More,
    /// Nothing more of this side.
    SideDone,
    /// Nothing more of this flow.
    FlowDone,
}

/// Where facts and anomalies go.
pub(crate) struct Out<'a> {
    /// The flow as it stands.
    pub(crate) flow: &'a Flow,
    /// Takes each fact.
    pub(crate) fact: &'a mut dyn FnMut(Fact),
    /// Counts each anomaly by its name, e.g. `tls_extension_malformed`.
    pub(crate) anomaly: &'a mut dyn FnMut(&'static str),
}

/// A reader of one flow's streams.
pub(crate) trait StreamReader: Send {
    /// Read the octets of `side` that are at hand, in order and without gaps, from the first one
    /// that was not consumed. Called again with more when there are more. Must consume or wait:
    /// when it waits for more than the opening holds (16 KiB), the side is given up.
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step;

    /// A gap in `side` never closed; the next octets stand behind it, at the start of a segment.
    /// Answer whether reading can go on.
    fn lost(&mut self, side: Side) -> bool;

    /// The octets of `side` at hand are the last before a gap that never closed, before the side
    /// is given up, or before the flow ends: tell what half a message tells. Never called twice
    /// for the same octets; `read` is not called for them again.
    fn cut(&mut self, _side: Side, _octets: &[u8], _out: &mut Out<'_>) {}

    /// Octets of the wire that it holds beside a few hundred, for the budget of all openings.
    fn held(&self) -> usize {
        0
    }

    /// After [`Next::FlowDone`]: whether another protocol begins in the same flow (a CONNECT that
    /// was granted), so that what follows is to be probed anew, as if the flow had just begun.
    fn handed_over(&self) -> bool {
        false
    }

    /// The protocol, for the flow's record.
    fn protocol(&self) -> Protocol;
}

/// A reader of one flow's datagrams, for protocols whose messages span several of them.
pub(crate) trait DatagramReader: Send {
    /// Read a datagram of `side`. One that is not the protocol's is passed over; the reader must
    /// say [`Next::FlowDone`] after a bounded number of datagrams that lead nowhere.
    /// [`Next::SideDone`] means the same as [`Next::More`].
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Next;

    /// The flow ends, or is given up: tell what half a message tells.
    fn cut(&mut self, _out: &mut Out<'_>) {}

    /// Octets of the wire that it holds, for the budget of all openings; at most
    /// [`DATAGRAMS_HELD_MAX`].
    fn held(&self) -> usize;
}

/// Octets that a reader of datagrams may hold.
pub(crate) const DATAGRAMS_HELD_MAX: usize = 16 << 10;

/// What a datagram protocol made of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Datagram {
    /// It was read; it was sent by this side, as far as the content tells (a DNS response is its
    /// server's). When the flow's roles were guessed the other way round, the flow turns, before
    /// the facts are told.
    Mine(Protocol, Side),
    /// It is another protocol's.
    NotMine,
    /// It is another protocol's, one that is spoken before this one in the same flow: it does not
    /// count among those after which a flow is given up.
    Leads,
}

/// Recognises a stream by the first octets of a side, as far as the side is known.
pub(crate) type ProbeStream = fn(&Flow, Side, &[u8]) -> Probe;
/// Tells whose a datagram is; the side is its sender as far as known.
pub(crate) type ClaimDatagram = fn(&Flow, Side, &[u8]) -> Datagram;

/// A protocol's entry in the list.
pub(crate) struct Entry {
    /// Its name, for tests and counts.
    pub(crate) name: &'static str,
    /// How it is recognised in a stream: `(side that sent them as far as known, octets)`.
    pub(crate) probe: Option<ProbeStream>,
    /// Begins a reader.
    pub(crate) start: Option<fn() -> Box<dyn StreamReader>>,
    /// Whose a datagram is, without reading it: cheap, called for each datagram of a flow that is
    /// not given up. The side is the sender as far as known.
    pub(crate) claim: Option<ClaimDatagram>,
    /// Reads a datagram that was claimed; the flow has been turned if need be.
    pub(crate) datagram: Option<fn(Side, &[u8], &mut Out<'_>)>,
    /// Begins a reader that gets the datagram that was claimed and all that follow, until it is
    /// done; the flow is given up then. Instead of `datagram`.
    pub(crate) begin: Option<fn() -> Box<dyn DatagramReader>>,
}
