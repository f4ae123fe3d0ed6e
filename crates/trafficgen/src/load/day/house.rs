//! The organisation at work: its hosts, what they remember, and the conversations they hold.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::people::{Host, RESOLVERS, SERVER_ZONE, ZONES, people};
use super::web::{Site, Web, pick};
use crate::TimedFrame;
use crate::certificate::Certificate;
use crate::dns::{self, Outcome, QueryType};
use crate::frame::{Way, datagram, host_mac};
use crate::random::Random;
use crate::tcp::{Close, Connection, Order, Route, Side};
use crate::tls::{Hello, Session, Version};

pub(super) const SECOND: u64 = 1_000_000_000;
pub(super) const MINUTE: u64 = 60 * SECOND;

/// The router of each zone (VRRP's range of RFC 5798 §7.3).
const ROUTER_MAC: [u8; 6] = [0x00, 0x00, 0x5E, 0x00, 0x01, 0x01];
/// The resolver that the ones inside ask.
const UPSTREAM: Ipv4Addr = Ipv4Addr::new(198, 19, 255, 53);
/// How long answers are kept, nanoseconds: their time to live.
const KEPT_NANOS: u64 = 300 * SECOND;
/// Octets of a frame that are captured where no one reads more.
const SNAP: usize = 160;
/// Of an answer in clear: its head and the first octets of its body.
pub(super) const SNAP_HTTP: usize = 900;

/// Turns of the longest conversation.
const TURNS_MAX: u64 = 400;

/// What a TLS session carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    /// The name in the hello.
    pub(super) named: Option<&'a str>,
    pub(super) alpn: &'a [&'a str],
    pub(super) modern: bool,
    pub(super) up: u64,
    pub(super) down: u64,
    pub(super) seconds: u64,
    /// Seconds from one turn to the next, at most.
    pub(super) pace: u64,
    pub(super) port: u16,
}

impl<'a> Load<'a> {
    /// A page.
    pub(super) fn page(named: Option<&'a str>, down: u64) -> Load<'a> {
        let alpn = &["h2", "http/1.1"];
        Load { named, alpn, modern: true, up: 700, down, seconds: 1, pace: 20, port: 443 }
    }
}

/// Everyone, and everything that was said and is not yet written.
pub(super) struct House {
    pub(super) random: Random,
    pub(super) hosts: Vec<Host>,
    pub(super) web: Web,
    pub(super) out: Vec<TimedFrame>,
    /// Until when a host keeps the answer for a name: by host and name.
    known: HashMap<(usize, String), u64>,
    /// Until when a resolver keeps it.
    cached: HashMap<String, u64>,
    pub(super) conversations: u64,
}

impl House {
    pub(super) fn new(hosts: u64, sites: usize, seed: u64) -> House {
        let mut random = Random::new(seed, 0xDA1);
        House {
            hosts: people(hosts, &mut random),
            web: Web::new(sites, &mut random),
            random,
            out: Vec::new(),
            known: HashMap::new(),
            cached: HashMap::new(),
            conversations: 0,
        }
    }

    pub(super) fn host(&self, number: usize) -> Option<&Host> {
        self.hosts.get(number)
    }

    /// The hosts of a zone, by number.
    pub(super) fn of_zone(&self, name: &str) -> Vec<usize> {
        let of = |(number, host): (usize, &Host)| (host.zone().name == name).then_some(number);
        self.hosts.iter().enumerate().filter_map(of).collect()
    }

    pub(super) fn chance(&mut self, of: u64) -> u64 {
        self.random.between(0, of)
    }

    /// Forget what is kept no longer, so that memory stays that of a few minutes.
    pub(super) fn forget(&mut self, now: u64) {
        self.known.retain(|_, until| *until > now);
        self.cached.retain(|_, until| *until > now);
    }

    /// From a host to a server, inside or out.
    pub(super) fn route(&mut self, host: usize, to: IpAddr, port: u16) -> Route {
        self.conversations += 1;
        let Some(one) = self.hosts.get_mut(host) else {
            return between(MAIL_SIDE, to, (49_152, port), None, 1_000_000);
        };
        let from = one.address(to);
        let ports = (one.port(), port);
        let vlan = Some(one.zone().vlan);
        let far = is_inside(to);
        let trip = if far { 500_000 } else { self.random.between(6_000_000, 60_000_000) };
        between(from, to, ports, vlan, trip)
    }

    /// Ask for a name, unless the host still knows; when it knows.
    pub(super) fn resolve(&mut self, host: usize, at: u64, site: &Site) -> u64 {
        let Some(one) = self.hosts.get(host) else { return at };
        let key = (host, site.name.clone());
        if one.private_dns {
            return self.ask_in_private(host, at);
        }
        if self.known.get(&key).is_some_and(|until| *until > at) {
            return at;
        }
        self.known.insert(key, at + KEPT_NANOS);
        let mut types = vec![QueryType::A];
        if one.v6.is_some() {
            types.push(QueryType::Aaaa);
        }
        if self.chance(4) == 0 {
            types.push(QueryType::Https);
        }
        let fresh = self.cached.get(&site.name).is_none_or(|until| *until <= at);
        if fresh {
            self.cached.insert(site.name.clone(), at + KEPT_NANOS);
        }
        let mut done = at;
        for (number, kind) in types.into_iter().enumerate() {
            let asked = at + number as u64 * 150_000;
            let wait = match fresh {
                true => self.random.between(4_000_000, 40_000_000),
                false => 200_000,
            };
            self.question(host, asked, site, kind, wait);
            if fresh {
                self.pass_on(host, asked + 150_000, site, kind, wait - 300_000);
            }
            done = done.max(asked + 500_000 + wait);
        }
        done + 1_000_000
    }

    /// A host asks a resolver inside.
    fn question(&mut self, host: usize, at: u64, site: &Site, kind: QueryType, wait: u64) {
        let resolver = RESOLVERS.get(host % 2).copied().unwrap_or(UPSTREAM);
        let route = self.route(host, resolver.into(), 53);
        self.exchange(&route, at, site, kind, wait);
    }

    /// A host asks over a connection that no one on the way can read, a new one now and then.
    fn ask_in_private(&mut self, host: usize, at: u64) -> u64 {
        let load =
            Load { pace: 30, seconds: 240, up: 3_000, ..Load::page(Some("dns.google"), 9_000) };
        if self.chance(12) == 0 {
            self.tls_to(host, at, Ipv4Addr::new(8, 8, 8, 8).into(), &load);
        }
        at + 20_000_000
    }

    /// A host asks for a name that there is not.
    pub(super) fn ask_in_vain(&mut self, host: usize, at: u64, site: &Site) {
        self.question(host, at, site, QueryType::Ptr, 300_000);
    }

    /// The resolver asks one outside.
    fn pass_on(&mut self, host: usize, at: u64, site: &Site, kind: QueryType, wait: u64) {
        let resolver = RESOLVERS.get(host % 2).copied().unwrap_or(UPSTREAM);
        let port = self.random.between(1_024, 65_535) as u16;
        let vlan = ZONES.get(SERVER_ZONE).map(|zone| zone.vlan);
        let route = between(resolver.into(), UPSTREAM.into(), (port, 53), vlan, 0);
        self.exchange(&route, at, site, kind, wait);
    }

    fn exchange(&mut self, route: &Route, at: u64, site: &Site, kind: QueryType, wait: u64) {
        let (id, ident) = (self.random.word(), self.random.word());
        let records = site.records(kind);
        // What is asked for in vain has no address at all.
        let (kind, outcome) = match (kind, records.is_empty()) {
            (QueryType::Ptr, _) => (QueryType::A, Outcome::NoSuchName),
            (kind, true) => (kind, Outcome::NoData),
            (kind, false) => (kind, Outcome::Success),
        };
        let question = dns::query(id, &site.name, kind);
        let answer = dns::response(id, &site.name, kind, &records, outcome);
        let ports = route.ports(Side::Client);
        self.out.push((at, datagram(&route.out, ident, ports, &question)));
        let back = datagram(&route.back, ident, route.ports(Side::Server), &answer);
        self.out.push((at + route.round_trip + wait, back));
    }

    /// A question and its answer over UDP.
    pub(super) fn datagrams(&mut self, route: &Route, at: u64, ask: &[u8], answer: &[u8]) {
        let ident = self.random.word();
        self.out.push((at, datagram(&route.out, ident, route.ports(Side::Client), ask)));
        if !answer.is_empty() {
            let ident = self.random.word();
            let back = datagram(&route.back, ident, route.ports(Side::Server), answer);
            self.out.push((at + route.round_trip, back));
        }
    }

    /// Look a name up and hold a TLS session with it; when it is over.
    pub(super) fn tls(&mut self, host: usize, at: u64, site: &Site, load: &Load<'_>) -> u64 {
        let at = self.resolve(host, at, site);
        let over_v6 = self.hosts.get(host).is_some_and(|host| host.v6.is_some());
        self.tls_to(host, at, site.address(over_v6), load)
    }

    /// A TLS session with an address.
    pub(super) fn tls_to(&mut self, host: usize, at: u64, to: IpAddr, load: &Load<'_>) -> u64 {
        let route = self.route(host, to, load.port);
        let alpn: Vec<String> = load.alpn.iter().map(|name| (*name).to_owned()).collect();
        let House { random, out, .. } = self;
        let certificate = match load.modern {
            true => Vec::new(),
            false => Certificate::everyday(load.named.unwrap_or("localhost")).encode(random),
        };
        let session = Session {
            hello: if load.modern { Hello::Browser } else { Hello::Plain },
            version: if load.modern { Version::Tls13 } else { Version::Tls12 },
            name: load.named,
            alpn: &alpn,
            certificate: &certificate,
            segment: usize::MAX,
            order: Order::Straight,
        };
        let mut tcp = Connection::open(route, at, random, out);
        // Of TLS 1.3 no one reads what the server says.
        tcp.keep(usize::MAX, if load.modern { SNAP } else { usize::MAX });
        session.shake_hands(&mut tcp);
        tcp.keep(SNAP, SNAP);
        bulk(&mut tcp, (load.up, load.down), load.seconds, load.pace);
        let end = tcp.now();
        tcp.close(Close::Fin);
        end
    }

    /// A stream that is known by its first octets.
    pub(super) fn stream(
        &mut self,
        (host, at): (usize, u64),
        (to, port): (IpAddr, u16),
        spoken: &[(Side, Vec<u8>)],
        (up, down, seconds, pace): (u64, u64, u64, u64),
    ) -> u64 {
        let route = self.route(host, to, port);
        let House { random, out, .. } = self;
        let mut tcp = Connection::open(route, at, random, out);
        for (side, octets) in spoken {
            tcp.send(*side, octets);
        }
        tcp.keep(SNAP, SNAP);
        bulk(&mut tcp, (up, down), seconds, pace);
        let end = tcp.now();
        tcp.close(Close::Fin);
        end
    }

    /// A site that a host visits, and what it visits on the way.
    pub(super) fn site(&mut self) -> Site {
        let House { random, web, .. } = self;
        web.draw(random).clone()
    }

    /// One of a few.
    pub(super) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        pick(list, &mut self.random)
    }
}

/// Data in both directions in turns over a time, as a card with offload shows it.
fn bulk(tcp: &mut Connection<'_>, (up, down): (u64, u64), seconds: u64, pace: u64) {
    let turns = (seconds / pace.max(1)).max(up.max(down) / 1_000_000).clamp(1, TURNS_MAX);
    for turn in 0..turns {
        let part = |total: u64| (total * (turn + 1) / turns - total * turn / turns) as usize;
        for (side, len) in [(Side::Client, part(up)), (Side::Server, part(down))] {
            if len > 0 {
                tcp.send_offloaded(side, &records(len));
            }
        }
        if turn + 1 < turns {
            tcp.wait(seconds * SECOND / turns);
        }
    }
}

/// TLS records of nothing: their heads are in place, and what stands in them is never captured.
fn records(len: usize) -> Vec<u8> {
    const RECORD: usize = 16_384;
    let mut out = Vec::with_capacity(len + 5);
    for piece in (0..len).step_by(RECORD).map(|at| (len - at).min(RECORD)) {
        let [high, low] = (piece as u16).to_be_bytes();
        out.extend([0x17, 3, 3, high, low]);
        out.resize(out.len() + piece, 0xA5);
    }
    out
}

const MAIL_SIDE: IpAddr = IpAddr::V4(super::people::MAIL);

pub(super) fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets().first() == Some(&10),
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0x0DB8, 0, ..]),
    }
}

/// Both directions between two addresses, as a tap beside the router sees them.
pub(super) fn between(
    from: IpAddr,
    to: IpAddr,
    (client_port, server_port): (u16, u16),
    vlan: Option<u16>,
    round_trip: u64,
) -> Route {
    let mac = |address: IpAddr| match address {
        _ if !is_inside(address) => ROUTER_MAC,
        IpAddr::V4(_) => host_mac(address),
        // The same card: the address of the other family tells zone and place.
        IpAddr::V6(v6) => {
            let [.., zone, _, _, _, place] = v6.segments();
            host_mac(Ipv4Addr::from(0x0A00_0000 | u32::from(zone) << 16 | u32::from(place)).into())
        }
    };
    let hops = |address: IpAddr| if is_inside(address) { 128 } else { 52 };
    let way =
        |from, to| Way { from, to, from_mac: mac(from), to_mac: mac(to), vlan, hops: hops(from) };
    let (out, back) = (way(from, to), way(to, from));
    Route { out, back, client_port, server_port, round_trip }
}
