//! A QUIC connection: lookup, hellos in Initials, data that no one on the way can read.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::lookup::addresses;
use super::scene::{MILLISECOND, Volume};
use crate::cast::{Family, Fault};
use crate::dns::QueryType;
use crate::frame::SLICE_BYTES;
use crate::quic::{ID_BYTES_MAX, Session, Version, sealed_data};
use crate::tcp::{Order, Route, Side};

/// Between datagrams that are sent at once, nanoseconds.
const GAP: u64 = 12_000;
/// CRYPTO frames in one packet, at most: as many as a datagram has room for.
const PIECES_MAX: usize = 30;
/// Octets of early data, at most: as many as the shortest hello leaves room for.
const EARLY_MAX: usize = 400;

/// `kind = "quic"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quic {
    client: Spanned<String>,
    /// A name, a host or an address.
    server: Spanned<String>,
    #[serde(default = "https")]
    port: u16,
    /// Ask the resolver first, unless the client still knows the answer.
    #[serde(default = "yes")]
    lookup: bool,
    #[serde(default = "addresses")]
    types: Vec<QueryType>,
    family: Option<Family>,
    /// The name in the hello, where it is not the server's; empty: none is sent.
    sni: Option<String>,
    #[serde(default = "web")]
    alpn: Vec<String>,
    #[serde(default)]
    version: Version,
    /// Whether the hello has a post-quantum share, and so spans two Initials.
    #[serde(default = "yes")]
    hybrid: bool,
    /// CRYPTO frames that each packet's part of the hello is cut into, in an order of chance.
    #[serde(default = "one")]
    pieces: usize,
    /// Octets of the connection id that the client chooses for itself.
    #[serde(default)]
    id: usize,
    #[serde(default)]
    retry: bool,
    /// Octets of early data beside the hello.
    #[serde(default)]
    early: usize,
    /// In which order the hello's datagrams pass the tap.
    #[serde(default)]
    order: Order,
    #[serde(default = "request")]
    up: u64,
    #[serde(default = "page")]
    down: u64,
    #[serde(default)]
    seconds: f64,
    /// The tap keeps the headers only of what is sent behind the hellos.
    #[serde(default)]
    slice: bool,
    /// Frames at the beginning that the tap missed.
    #[serde(default)]
    skip: usize,
}

fn https() -> u16 {
    443
}

fn yes() -> bool {
    true
}

fn web() -> Vec<String> {
    vec!["h3".to_owned()]
}

fn one() -> usize {
    1
}

fn request() -> u64 {
    600
}

fn page() -> u64 {
    3_000
}

impl Quic {
    fn check(&self) -> Result<(), Fault> {
        let why = if self.alpn.iter().any(|name| !(1..=255).contains(&name.len()))
            || !(1..=16).contains(&self.alpn.len())
        {
            "1 to 16 protocols of 1 to 255 octets each"
        } else if self.sni.as_ref().is_some_and(|name| name.len() > 255) {
            "a name has at most 255 octets"
        } else if !(1..=PIECES_MAX).contains(&self.pieces) {
            "a part of a hello is cut into 1 to 30 pieces"
        } else if self.id > ID_BYTES_MAX {
            "a connection id has at most 20 octets"
        } else if self.early > EARLY_MAX || (self.early > 0 && self.hybrid) {
            "early data is 400 octets at most, beside a hello without `hybrid`"
        } else if self.retry && !matches!(self.version, Version::V1 | Version::V2) {
            "versions 1 and 2 have a Retry here"
        } else {
            return Ok(());
        };
        Err(Fault::new(&self.server, why))
    }

    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let volume = Volume { up: self.up, down: self.down, seconds: self.seconds };
        volume.check(&self.server)?;
        self.check()?;
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        if self.lookup {
            scene.resolve_once(&self.client, &self.server, &self.types)?;
        }
        let name = match self.sni.as_deref() {
            Some("") => None,
            Some(name) => Some(name),
            None => Some(self.server.get_ref().as_str())
                .filter(|name| scene.cast().names.contains_key(*name)),
        };
        let session = Session {
            version: self.version,
            name,
            alpn: &self.alpn,
            hybrid: self.hybrid,
            pieces: self.pieces,
            id: self.id,
            retry: self.retry,
            early: self.early,
        };
        let route = scene.route(host, from, to, self.port);
        let first = scene.out.len();
        let handshake = session.shake_hands(&mut scene.random);
        for (side, mut flight) in handshake.flights {
            if side == Side::Client {
                reorder(&mut flight, self.order);
            }
            send(scene, &route, side, &flight);
        }
        let pause = (self.seconds * 1e9) as u64;
        let data = scene.out.len();
        let up = sealed_data(&handshake.ids.0, self.up as usize, &mut scene.random);
        send(scene, &route, Side::Client, &up);
        scene.now += pause;
        let down = sealed_data(&handshake.ids.1, self.down as usize, &mut scene.random);
        send(scene, &route, Side::Server, &down);
        if self.slice {
            scene.out.iter_mut().skip(data).for_each(|(_, frame)| frame.truncate(SLICE_BYTES));
        }
        scene.skip(first, self.skip);
        Ok(())
    }
}

/// Send datagrams at once, and let them travel.
fn send(scene: &mut Scene<'_, '_>, route: &Route, side: Side, datagrams: &[Vec<u8>]) {
    for datagram in datagrams {
        scene.datagram(route, side, scene.now, datagram);
        scene.now += GAP;
    }
    scene.now += match side {
        Side::Client => route.round_trip,
        Side::Server => MILLISECOND / 4,
    };
}

fn reorder(flight: &mut Vec<Vec<u8>>, order: Order) {
    match order {
        Order::Straight => {}
        Order::Reversed => flight.reverse(),
        Order::Swapped => flight.chunks_mut(2).for_each(|pair| pair.reverse()),
        Order::Repeated => {
            *flight = flight.iter().flat_map(|one| [one.clone(), one.clone()]).collect()
        }
    }
}
