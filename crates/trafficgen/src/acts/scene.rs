//! What acts share: the cast, what hosts remember, the clock of one act, and its frames.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Spanned;

use crate::TimedFrame;
use crate::cast::{Cast, Family, Fault, Host};
use crate::dns::{self, Outcome, QueryType, Record};
use crate::frame::datagram;
use crate::limits::ACT_PAYLOAD_MAX;
use crate::random::Random;
use crate::tcp::{Close, Connection, Route, Side};

/// How long a host keeps an answer, nanoseconds: the time to live that every record has.
const REMEMBERED_NANOS: u64 = 300 * SECOND;
/// The first port that a host gives to its own connections (RFC 6335 §6).
const PORT_FIRST: u16 = 49_152;

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MILLISECOND: u64 = 1_000_000;

/// What carries a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Carrier {
    #[default]
    Udp,
    Tcp,
}

/// What outlives a single act.
pub(crate) struct Theatre<'c> {
    cast: &'c Cast,
    seed: u64,
    performed: usize,
    /// When a host last resolved a name.
    resolved: BTreeMap<(IpAddr, String), u64>,
    /// The last port that a host used.
    ports: BTreeMap<IpAddr, u16>,
}

impl<'c> Theatre<'c> {
    pub(crate) fn new(cast: &'c Cast, seed: u64) -> Theatre<'c> {
        let (resolved, ports) = (BTreeMap::new(), BTreeMap::new());
        Theatre { cast, seed, performed: 0, resolved, ports }
    }

    /// Acts so far, each repetition counted.
    pub(crate) fn performed(&self) -> usize {
        self.performed
    }
}

/// One act on the stage.
pub(crate) struct Scene<'t, 'c> {
    theatre: &'t mut Theatre<'c>,
    /// Nanoseconds since 1970.
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) out: Vec<TimedFrame>,
}

impl<'t, 'c> Scene<'t, 'c> {
    pub(crate) fn new(theatre: &'t mut Theatre<'c>, now: u64) -> Scene<'t, 'c> {
        theatre.performed += 1;
        let random = Random::new(theatre.seed, theatre.performed as u64);
        Scene { theatre, now, random, out: Vec::new() }
    }

    pub(crate) fn cast(&self) -> &'c Cast {
        self.theatre.cast
    }

    /// The next port of a host's own.
    pub(crate) fn port(&mut self, host: IpAddr) -> u16 {
        let port = self.theatre.ports.entry(host).or_insert(PORT_FIRST);
        *port = port.checked_add(1).unwrap_or(PORT_FIRST);
        *port
    }

    /// Addresses of one family for both ends; IPv6 goes first, as hosts do (RFC 6724 §2.1).
    pub(crate) fn ends(
        &self,
        client: &Spanned<String>,
        server: &Spanned<String>,
        family: Option<Family>,
    ) -> Result<(&'c Host, IpAddr, IpAddr), Fault> {
        let host = self.cast().host(client)?;
        let far = self.cast().addresses(server)?;
        for wanted in [Family::V6, Family::V4] {
            if family.is_some_and(|family| family != wanted) {
                continue;
            }
            let pick = |all: &[IpAddr]| all.iter().copied().find(|a| Family::of(*a) == wanted);
            if let (Some(from), Some(to)) = (pick(&host.addresses), pick(&far)) {
                return Ok((host, from, to));
            }
        }
        let (client, name) = (client.get_ref(), server.get_ref());
        Err(Fault::new(server, format!("`{client}` and `{name}` have no family in common")))
    }

    pub(crate) fn route(&mut self, host: &Host, from: IpAddr, to: IpAddr, port: u16) -> Route {
        let cast = self.cast();
        Route {
            out: cast.way(from, to, host.vlan),
            back: cast.way(to, from, host.vlan),
            client_port: self.port(from),
            server_port: port,
            round_trip: cast.round_trip(to),
        }
    }

    /// Resolve a server's name unless the client still knows it. Hosts and addresses have none.
    pub(crate) fn resolve_once(
        &mut self,
        client: &Spanned<String>,
        server: &Spanned<String>,
        types: &[QueryType],
    ) -> Result<(), Fault> {
        let cast = self.cast();
        let written = server.get_ref();
        if written.parse::<IpAddr>().is_ok() || cast.hosts.contains_key(written) {
            return Ok(());
        }
        let host = cast.host(client)?;
        let key = host.addresses.first().map(|address| (*address, written.clone()));
        let known = key.as_ref().and_then(|key| self.theatre.resolved.get(key));
        if known.is_some_and(|at| self.now.saturating_sub(*at) < REMEMBERED_NANOS) {
            return Ok(());
        }
        let answers: Vec<_> = types
            .iter()
            .map(|kind| cast.records(server, *kind).map(|(records, o)| (*kind, records, o)))
            .collect::<Result<_, _>>()?;
        self.ask(client, None, written, &answers, Carrier::Udp)?;
        self.theatre.resolved.extend(key.map(|key| (key, self.now)));
        self.now += 2 * MILLISECOND;
        Ok(())
    }

    /// Ask the resolver, or whom the act names, these questions at once, and take the answers.
    pub(crate) fn ask(
        &mut self,
        client: &Spanned<String>,
        asked: Option<&Spanned<String>>,
        name: &str,
        answers: &[(QueryType, Vec<Record>, Outcome)],
        carrier: Carrier,
    ) -> Result<(), Fault> {
        let Some(resolver) = asked.or(self.cast().resolver.as_ref()) else {
            return Err(Fault::new(client, "a name is looked up, but there is no `resolver`"));
        };
        let (host, from, to) = self.ends(client, resolver, None)?;
        let mut last = self.now;
        for (number, (kind, records, outcome)) in answers.iter().enumerate() {
            let asked_at = self.now + number as u64 * 180_000;
            let id = self.random.word();
            let question = dns::query(id, name, *kind);
            let response = dns::response(id, name, *kind, records, *outcome);
            // The resolver must ask others first, unless it has it already.
            let wait = self.random.between(MILLISECOND, 30 * MILLISECOND);
            let route = self.route(host, from, to, 53);
            let done = match carrier {
                Carrier::Udp => {
                    let answered_at = asked_at + route.round_trip + wait;
                    self.datagram(&route, Side::Client, asked_at, &question);
                    self.datagram(&route, Side::Server, answered_at, &response);
                    answered_at
                }
                Carrier::Tcp => {
                    let Scene { random, out, .. } = self;
                    let mut tcp = Connection::open(route, asked_at, random, out);
                    tcp.send(Side::Client, &framed(&question));
                    tcp.wait(wait);
                    tcp.send(Side::Server, &framed(&response));
                    let done = tcp.now();
                    tcp.close(Close::Fin);
                    done
                }
            };
            last = last.max(done);
        }
        self.now = last;
        Ok(())
    }

    pub(crate) fn datagram(&mut self, route: &Route, side: Side, at: u64, payload: &[u8]) {
        let frame = datagram(route.way(side), self.random.word(), route.ports(side), payload);
        self.out.push((at, frame));
    }

    /// Forget the first frames since `first`: a capture that begins in the middle.
    pub(crate) fn skip(&mut self, first: usize, count: usize) {
        let mut tail = self.out.split_off(first);
        tail.sort_by_key(|(at, _)| *at);
        self.out.extend(tail.into_iter().skip(count));
    }
}

/// A message behind its length, as TCP carries it (RFC 1035 §4.2.2).
fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = (message.len() as u16).to_be_bytes().to_vec();
    out.extend_from_slice(message);
    out
}

/// Data in both directions, spread over a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Volume {
    /// Octets from the client.
    pub(crate) up: u64,
    /// Octets from the server.
    pub(crate) down: u64,
    pub(crate) seconds: f64,
}

/// Turns of a long conversation: enough that it shows as one, few enough for a small capture.
const TURNS_MAX: u64 = 40;

impl Volume {
    /// Refuse what would fill a disk.
    pub(crate) fn check<T>(&self, at: &Spanned<T>) -> Result<(), Fault> {
        if !(0.0..1e6).contains(&self.seconds) {
            return Err(Fault::new(at, "an act takes less than a million seconds"));
        }
        if self.up.max(self.down) > ACT_PAYLOAD_MAX {
            let why = format!("an act sends at most {ACT_PAYLOAD_MAX} octets in one direction");
            return Err(Fault::new(at, why));
        }
        Ok(())
    }

    /// Send it in turns, each wrapped as the protocol wants it.
    pub(crate) fn send(
        &self,
        tcp: &mut Connection<'_>,
        wrap: impl Fn(usize, &mut Random) -> Vec<u8>,
    ) {
        let turns = (self.seconds.ceil() as u64).clamp(1, TURNS_MAX);
        let pause = (self.seconds * 1e9) as u64 / turns;
        for turn in 0..turns {
            let part = |total: u64| (total * (turn + 1) / turns - total * turn / turns) as usize;
            for (side, len) in [(Side::Client, part(self.up)), (Side::Server, part(self.down))] {
                if len > 0 {
                    let data = wrap(len, tcp.random());
                    tcp.send(side, &data);
                }
            }
            tcp.wait(pause);
        }
    }
}
