//! The handshake inside the second transport: a stream of TLS where lost datagrams are sent again,
//! datagrams of DTLS where they are not.

use model::Side;

use crate::protocols::limits::RDP_HELD_MAX;
use crate::protocols::reader::{DatagramReader, Next, Out, StreamReader};
use crate::protocols::{dtls, tls};

/// The data of one datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Data<'a> {
    /// Its number among those of its sender.
    pub(super) number: u32,
    /// The number of the datagram behind it.
    pub(super) next: u32,
    /// The data.
    pub(super) octets: &'a [u8],
}

/// Reads a handshake.
pub(super) enum Inner {
    /// In order.
    Tls(Box<dyn StreamReader>, [Half; 2]),
    /// As it comes.
    Dtls(Box<dyn DatagramReader>),
}

/// One end of a stream.
#[derive(Default)]
pub(super) struct Half {
    /// The number that comes next; what comes out of order is sent again or was seen.
    next: Option<u32>,
    held: Vec<u8>,
    skip: u64,
    done: bool,
}

impl Inner {
    /// Begin, for a transport that is lossy or not.
    pub(super) fn new(lossy: bool) -> Option<Inner> {
        Some(match lossy {
            true => Inner::Dtls(dtls::ENTRY.begin?()),
            false => Inner::Tls(tls::ENTRY.start?(), Default::default()),
        })
    }

    /// Read the data of a datagram.
    pub(super) fn read(&mut self, side: Side, data: Data<'_>, out: &mut Out<'_>) -> Next {
        let (reader, halves) = match self {
            Inner::Dtls(reader) => return reader.read(side, data.octets, out),
            Inner::Tls(reader, halves) => (reader, halves),
        };
        let half = half(halves, side);
        if half.done || half.next.is_some_and(|next| next != data.number) {
            return Next::More;
        }
        half.next = Some(data.next);
        half.add(data.octets);
        loop {
            let step = reader.read(side, &half.held, out);
            let given = half.held.len() as u64;
            half.skip = step.consumed.saturating_sub(given);
            let consumed = usize::try_from(step.consumed.min(given)).unwrap_or(usize::MAX);
            half.held.drain(..consumed.min(half.held.len()));
            match step.next {
                Next::More if consumed > 0 && !half.held.is_empty() => {}
                Next::More => break,
                Next::SideDone => half.done = true,
                Next::FlowDone => return Next::FlowDone,
            }
            if half.done {
                half.held = Vec::new();
                break;
            }
        }
        if half.held.len() > RDP_HELD_MAX {
            reader.cut(side, &half.held, out);
            (half.done, half.held) = (true, Vec::new());
        }
        Next::More
    }

    /// Nothing more comes: tell what half a message tells.
    pub(super) fn cut(&mut self, out: &mut Out<'_>) {
        match self {
            Inner::Dtls(reader) => reader.cut(out),
            Inner::Tls(reader, halves) => {
                for side in [Side::Client, Side::Server] {
                    let half = half(halves, side);
                    if !half.held.is_empty() {
                        reader.cut(side, &half.held, out);
                        half.held = Vec::new();
                    }
                }
            }
        }
    }

    /// Octets that are held.
    pub(super) fn held(&self) -> usize {
        match self {
            Inner::Dtls(reader) => reader.held(),
            Inner::Tls(_, [client, server]) => client.held.len().saturating_add(server.held.len()),
        }
    }
}

impl Half {
    fn add(&mut self, octets: &[u8]) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(octets.len());
        self.skip = self.skip.saturating_sub(skipped as u64);
        self.held.extend_from_slice(octets.get(skipped..).unwrap_or_default());
    }
}

const fn half(halves: &mut [Half; 2], side: Side) -> &mut Half {
    let [client, server] = halves;
    match side {
        Side::Client => client,
        Side::Server => server,
    }
}
