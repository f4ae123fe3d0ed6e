//! One flow's Initials, until its client has said hello.

use model::{Fact, Side, TlsHello};

use super::assembly::Assembly;
use super::frames;
use super::google;
use super::packet::{Packet, packets};
use super::protection::Keys;
use super::version::{Dialect, Kind};
use crate::protocols::limits::{QUIC_DATAGRAMS_MAX, QUIC_OPENED_MAX};
use crate::protocols::reader::{DatagramReader, Next, Out};

/// What is known of a flow.
pub(super) struct Reader {
    /// The client's keys, and of which version they are. They stay those of its first Initial,
    /// whatever connection id the server asks for later (RFC 9001 §5.2).
    keys: Option<(u32, Keys)>,
    /// Its hello so far.
    hello: Assembly,
    /// How many more Initials may be tried.
    tries: u32,
    /// How many more datagrams may lead nowhere.
    datagrams: u32,
}

/// What a datagram came to.
enum Outcome {
    /// The whole hello.
    Hello(Box<TlsHello>),
    /// More may follow.
    More,
    /// There will be none.
    Nothing,
}

pub(super) fn begin() -> Box<dyn DatagramReader> {
    Box::new(Reader {
        keys: None,
        hello: Assembly::new(),
        tries: QUIC_OPENED_MAX,
        datagrams: QUIC_DATAGRAMS_MAX,
    })
}

impl DatagramReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Next {
        let outcome = match side {
            Side::Client => self.client(octets, out),
            // A server's Initials open with other keys, and hold nothing that is looked for.
            Side::Server => Outcome::More,
        };
        self.datagrams = self.datagrams.saturating_sub(1);
        match outcome {
            Outcome::Hello(hello) => (out.fact)(Fact::TlsHello(hello)),
            Outcome::More if self.datagrams > 0 && self.tries > 0 => return Next::More,
            Outcome::More => self.cut(out),
            Outcome::Nothing => {}
        }
        Next::FlowDone
    }

    fn cut(&mut self, out: &mut Out<'_>) {
        let Some((version, _)) = self.keys else { return };
        if let Some(hello) = self.hello.cut(version, &mut *out.anomaly) {
            (out.fact)(Fact::TlsHello(Box::new(hello)));
        }
    }

    fn held(&self) -> usize {
        self.hello.held()
    }
}

impl Reader {
    /// Read a datagram of the client.
    fn client(&mut self, octets: &[u8], out: &mut Out<'_>) -> Outcome {
        if let Some(clear) = google::clear(octets) {
            return clear.hello().map_or(Outcome::More, |hello| Outcome::Hello(Box::new(hello)));
        }
        for packet in packets(octets) {
            if packet.kind != Kind::Initial {
                continue;
            }
            let Some(payload) = self.open(&packet, &mut *out.anomaly) else { continue };
            match self.initial(&packet, &payload, out) {
                Outcome::More => {}
                end => return end,
            }
        }
        Outcome::More
    }

    /// Open an Initial: with the keys that are known, else with those that its own connection id
    /// gives. That is so for the first one, and for the first behind a Retry (RFC 9001 §5.2); the
    /// hello begins anew there.
    fn open(
        &mut self,
        packet: &Packet<'_>,
        anomaly: &mut dyn FnMut(&'static str),
    ) -> Option<Vec<u8>> {
        self.tries = self.tries.checked_sub(1)?;
        let number = packet.version.number;
        if let Some((version, keys)) = &self.keys
            && *version == number
            && let Some(payload) = keys.open(packet)
        {
            return Some(payload);
        }
        let keys = Keys::client(&packet.version, packet.destination)?;
        let Some(payload) = keys.open(packet) else {
            anomaly("quic_initial_not_opened");
            return None;
        };
        self.keys = Some((number, keys));
        self.hello.clear();
        Some(payload)
    }

    /// Read what an Initial holds.
    fn initial(&mut self, packet: &Packet<'_>, payload: &[u8], out: &mut Out<'_>) -> Outcome {
        let version = packet.version;
        let mut chlo = None;
        let anomaly = &mut *out.anomaly;
        let sound = frames::walk(version.dialect, payload, |piece| match version.dialect {
            Dialect::Tls | Dialect::GoogleTls => self.hello.put(piece, anomaly),
            Dialect::GoogleChlo => {
                chlo = chlo.take().or_else(|| google::chlo(piece.octets, version.number));
            }
        });
        if !sound && version.dialect == Dialect::Tls {
            anomaly("quic_frame_malformed");
        }
        if let Some(hello) = chlo {
            return Outcome::Hello(Box::new(hello));
        }
        match self.hello.whole(version.number, anomaly) {
            Ok(Some(hello)) => Outcome::Hello(Box::new(hello)),
            Ok(None) => Outcome::More,
            Err(()) => Outcome::Nothing,
        }
    }
}
