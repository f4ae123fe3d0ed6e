//! Reads the second transport of a remote desktop: its greetings, and the hello inside.

use model::{Flow, Protocol, Side};

use super::inner::Inner;
use super::transport::{self, Greeting, VERSION_3};
use crate::protocols::limits::RDP_DATAGRAMS_MAX;
use crate::protocols::reader::{Datagram, DatagramReader, Next, Out};
use crate::protocols::remote::Told;

/// Whose a datagram is: one that greets, or one of a session that is under way, known by the TLS
/// inside.
pub(super) fn claim(_flow: &Flow, side: Side, octets: &[u8]) -> Datagram {
    if let Some(greeting) = transport::greeting(octets) {
        let side = if greeting.answers { Side::Server } else { Side::Client };
        return Datagram::Mine(Protocol::Rdp, side);
    }
    match transport::data(Some(1), octets) {
        Some(data) if is_record(data.octets) => Datagram::Mine(Protocol::Rdp, side),
        _ => Datagram::NotMine,
    }
}

/// Begin a reader.
pub(super) fn begin() -> Box<dyn DatagramReader> {
    Box::new(Reader::default())
}

/// Reads one flow.
#[derive(Default)]
struct Reader {
    first: Option<Side>,
    asked: Option<Greeting>,
    answered: Option<Greeting>,
    seen: u8,
    told: bool,
    inner: Option<Inner>,
}

impl DatagramReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Next {
        self.seen = self.seen.saturating_add(1);
        self.first.get_or_insert(side);
        match transport::greeting(octets) {
            Some(greeting) if greeting.answers => self.answered = Some(greeting),
            Some(greeting) => self.asked = Some(greeting),
            None => {
                self.tell(out);
                if self.inside(side, octets, out) == Next::FlowDone {
                    return Next::FlowDone;
                }
            }
        }
        if self.asked.is_some() && self.answered.is_some() {
            self.tell(out);
        }
        if self.seen < RDP_DATAGRAMS_MAX {
            return Next::More;
        }
        self.cut(out);
        Next::FlowDone
    }

    fn cut(&mut self, out: &mut Out<'_>) {
        self.tell(out);
        if let Some(inner) = &mut self.inner {
            inner.cut(out);
        }
    }

    fn held(&self) -> usize {
        self.inner.as_ref().map_or(0, Inner::held)
    }
}

impl Reader {
    /// What the server chose; of a client alone, what it offered.
    fn version(&self) -> Option<u16> {
        self.answered.or(self.asked).map(|greeting| greeting.version)
    }

    /// Read what is inside a datagram. Of a session that is under way no handshake is left.
    fn inside(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Next {
        let Some(greeting) = self.asked.or(self.answered) else { return Next::FlowDone };
        let Some(data) = transport::data(self.version(), octets) else { return Next::More };
        if self.inner.is_none() {
            // The client alone says that it wants no repetition.
            let of_datagrams = data.octets.get(1) == Some(&0xfe);
            self.inner = Inner::new(greeting.lossy || of_datagrams);
        }
        self.inner.as_mut().map_or(Next::FlowDone, |inner| inner.read(side, data, out))
    }

    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(first) = self.first.filter(|_| !self.told) else { return };
        self.told = true;
        let mut told = Told::default();
        if let Some(version) = self.version() {
            let word = match version {
                1 | 2 => version.to_string(),
                VERSION_3 => "3".to_owned(),
                _ => format!("{version:#06x}"),
            };
            told.add("transport_version", word.as_bytes());
        }
        if let Some(asked) = self.asked {
            let word: &[u8] = if asked.lossy { b"lossy" } else { b"reliable" };
            told.add("transport", word);
        }
        told.tell(Protocol::Rdp, first, out);
    }
}

/// Types of records (RFC 8446 §5.1).
const RECORDS: std::ops::RangeInclusive<u8> = 20..=23;

/// Whether data are whole TLS records, or the beginning of a record that fills the datagram.
fn is_record(data: &[u8]) -> bool {
    /// Octets of data from which on a datagram counts as full.
    const FULL: usize = 1000;
    let Some(([kind, 3, 1..=3, high, low], rest)) = data.split_first_chunk::<5>() else {
        return false;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    RECORDS.contains(kind)
        && len > 0
        && len <= 18 << 10
        && (len <= rest.len() || rest.len() >= FULL)
}
