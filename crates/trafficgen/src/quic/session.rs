//! A connection: the client's hello in Initials, perhaps a Retry, the server's flight, data.

use super::packet::{self, Ids, Kind};
use super::protection::Protection;
use super::{Version, hello};
use crate::random::Random;
use crate::tcp::Side;

/// Octets of a datagram with an Initial in it: at least 1,200 (RFC 9000 §14.1), here as browsers
/// have it.
const DATAGRAM: usize = 1_250;
/// Octets of a hello in one Initial, at most: what is left beside the longest header, and the
/// heads of some pieces.
const HELLO_PART: usize = 1_000;
/// Octets of a connection id that the other side does not choose.
const ID: usize = 8;

/// What is said, and how.
pub(crate) struct Session<'a> {
    pub(crate) version: Version,
    pub(crate) name: Option<&'a str>,
    pub(crate) alpn: &'a [String],
    /// Whether the hello has a post-quantum share, and so spans two Initials.
    pub(crate) hybrid: bool,
    /// Into how many CRYPTO frames each part of the hello is cut; of several, the order is chance.
    pub(crate) pieces: usize,
    /// Octets of the client's own connection id.
    pub(crate) id: usize,
    /// Whether the server asks the client to come again.
    pub(crate) retry: bool,
    /// Octets of early data that the client sends with its hello.
    pub(crate) early: usize,
}

/// The datagrams of a handshake: each flight, and whose it is.
pub(crate) struct Handshake {
    pub(crate) flights: Vec<(Side, Vec<Vec<u8>>)>,
    /// The id that the client writes to from now on, and that of the server's packets.
    pub(crate) ids: (Vec<u8>, Vec<u8>),
}

impl Session<'_> {
    /// Everything up to the first data.
    pub(crate) fn shake_hands(&self, random: &mut Random) -> Handshake {
        let version = self.version;
        let mut flights = Vec::new();
        let (own, mut first) = (random.octets(self.id), random.octets(ID));
        let hello = hello::client(version, self.name, self.alpn, self.hybrid, random);
        let mut token = Vec::new();
        let mut count = 0;
        if self.retry {
            let ids = Ids { to: first.clone(), from: own.clone() };
            let flight = self.hello_flight(&hello, &ids, &token, &first, &mut count, random);
            flights.push((Side::Client, flight));
            let chosen = random.octets(ID);
            token = random.octets(64);
            let ids = Ids { to: own.clone(), from: chosen.clone() };
            flights.push((Side::Server, vec![packet::retry(version, &ids, &token, &first)]));
            first = chosen;
        }
        let ids = Ids { to: first.clone(), from: own.clone() };
        let flight = self.hello_flight(&hello, &ids, &token, &first, &mut count, random);
        flights.push((Side::Client, flight));
        let server = random.octets(ID);
        let back = Ids { to: own.clone(), from: server.clone() };
        flights.push((Side::Server, self.answer(&back, &first, count, random)));
        let ids = Ids { to: server.clone(), from: own.clone() };
        let keys = Protection::new(version, &first, Side::Client);
        let finished = packet::closed(version, Kind::Handshake, &ids, 74, random);
        let fill = DATAGRAM - finished.len();
        let mut last =
            packet::initial(version, &ids, &token, (count, &keys), &packet::ack(0), fill);
        last.extend(finished);
        flights.push((Side::Client, vec![last]));
        Handshake { flights, ids: (server, own) }
    }

    /// The hello in as many datagrams as it takes.
    fn hello_flight(
        &self,
        hello: &[u8],
        ids: &Ids,
        token: &[u8],
        first: &[u8],
        count: &mut u16,
        random: &mut Random,
    ) -> Vec<Vec<u8>> {
        let keys = Protection::new(self.version, first, Side::Client);
        let mut datagrams = Vec::new();
        let mut offset = 0;
        for part in hello.chunks(HELLO_PART) {
            let size = part.len().div_ceil(self.pieces.max(1)).max(1);
            let mut frames: Vec<_> = part
                .chunks(size)
                .enumerate()
                .map(|(place, piece)| packet::crypto(offset + place * size, piece))
                .collect();
            random.shuffle(&mut frames);
            let early = match (self.early, offset) {
                (1.., 0) => packet::closed(self.version, Kind::Early, ids, self.early, random),
                _ => Vec::new(),
            };
            let fill = DATAGRAM.saturating_sub(early.len());
            let number = (*count, &keys);
            let frames = frames.concat();
            let mut datagram = packet::initial(self.version, ids, token, number, &frames, fill);
            datagram.extend(early);
            datagrams.push(datagram);
            *count += 1;
            offset += part.len();
        }
        datagrams
    }

    /// ServerHello in Initials; extensions, certificates, proof and finished behind them.
    fn answer(&self, ids: &Ids, first: &[u8], seen: u16, random: &mut Random) -> Vec<Vec<u8>> {
        let keys = Protection::new(self.version, first, Side::Server);
        let hello = hello::server(self.hybrid, random);
        let mut datagrams = Vec::new();
        let mut offset = 0;
        for (number, part) in hello.chunks(HELLO_PART).enumerate() {
            let mut frames = packet::ack(seen.saturating_sub(1));
            frames.extend(packet::crypto(offset, part));
            let number = (number as u16, &keys);
            let mut datagram = packet::initial(self.version, ids, &[], number, &frames, 0);
            if let Some(room @ 60..) = DATAGRAM.checked_sub(datagram.len() + 32) {
                let behind = packet::closed(self.version, Kind::Handshake, ids, room, random);
                datagram.extend(behind);
            }
            datagrams.push(datagram);
            offset += part.len();
        }
        datagrams.push(packet::closed(self.version, Kind::Handshake, ids, 1_150, random));
        datagrams
    }
}

/// `len` octets of data to an id, in datagrams.
pub(crate) fn sealed_data(to: &[u8], len: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let sizes = (0..len).step_by(1_180).map(|at| (len - at).min(1_180) + 20);
    sizes.map(|size| packet::short(to, size, random)).collect()
}
