//! An office and what its machines say: lookups, TLS and QUIC sessions of all sizes, a little HTTP
//! and NTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::names::Names;
use super::{Scale, Truth};
use crate::TimedFrame;
use crate::certificate::Certificate;
use crate::dns::{self, Answer, Outcome, QueryType, Record};
use crate::frame::{Way, datagram, host_mac};
use crate::http::{Body, Exchange};
use crate::quic;
use crate::random::Random;
use crate::tcp::{Close, Connection, Order, Route, Side};
use crate::tls::{Hello, Session, Version, sealed_data};

/// So many machines and names have an address each.
const HOSTS_MAX: u64 = 60_000;
const NAMES_MAX: u64 = 100_000;
/// What 1,200 octets take at 1 Gbit/s, with some breath.
const DATAGRAM_NANOS: u64 = 12_000;

/// The office while it is drawn.
pub(super) struct Office {
    pub(super) random: Random,
    pub(super) truth: Truth,
    names: Names,
    hosts: u64,
    volume: u64,
}

impl Office {
    /// An office whose sessions carry `volume` times the octets of a day of short sessions.
    pub(super) fn new(volume: u64, scale: &Scale) -> Office {
        let mut random = Random::new(scale.seed, 0);
        let names = Names::new(scale.names.clamp(1, NAMES_MAX) as usize, &mut random);
        let hosts = scale.hosts.clamp(1, HOSTS_MAX);
        Office { random, truth: Truth::default(), names, hosts, volume }
    }

    /// A machine, and the number and text of the name that it wants: one flow more.
    pub(super) fn wish(&mut self) -> (u64, usize, String) {
        self.truth.flows += 1;
        let host = self.random.between(0, self.hosts);
        let (number, name) = self.names.draw(&mut self.random);
        (host, number, name.to_owned())
    }

    /// One flow from `now` on. Shares in thousandths, weighed so that about a tenth of the
    /// packets is DNS and one in 25 carries a hello.
    pub(super) fn flow(&mut self, now: u64, out: &mut Vec<TimedFrame>) {
        let (host, number, name) = self.wish();
        match self.random.between(0, 1_000) {
            0..510 => self.lookup(now, host, number, &name, out),
            510..830 => self.session(now, host, number, &name, out),
            830..860 => self.page(now, host, number, &name, out),
            860..910 => self.quic(now, host, number, &name, out),
            _ => self.clock(now, host, out),
        }
    }

    /// A conversation's two ends.
    pub(super) fn route(&mut self, host: u64, number: usize, port: u16) -> Route {
        let (from, to): (IpAddr, IpAddr) = match self.random.between(0, 10) {
            0 => (client_v6(host).into(), server_v6(number).into()),
            _ => (client_v4(host).into(), server_v4(number).into()),
        };
        let client_port = self.random.between(49_152, 65_535) as u16;
        let round_trip = self.random.between(8_000_000, 80_000_000);
        route(from, to, client_port, port, round_trip)
    }

    /// A question to the office's resolver, and its answer.
    pub(super) fn lookup(
        &mut self,
        now: u64,
        host: u64,
        number: usize,
        name: &str,
        out: &mut Vec<TimedFrame>,
    ) {
        self.truth.said("dns", name);
        let port = self.random.between(49_152, 65_535) as u16;
        let route =
            route(client_v4(host).into(), Ipv4Addr::new(10, 0, 0, 53).into(), port, 53, 500_000);
        let (kind, address): (_, IpAddr) = match self.random.between(0, 3) {
            0 => (QueryType::Aaaa, server_v6(number).into()),
            _ => (QueryType::A, server_v4(number).into()),
        };
        let id = self.random.word();
        let record = |owner: &str, answer| Record { owner: owner.to_owned(), ttl: 300, answer };
        let alias = format!("edge{number}.cdn-ost.net");
        let (records, outcome) = match number % 10 {
            0..6 => (vec![record(name, Answer::Address(address))], Outcome::Success),
            6..9 => {
                let first = record(name, Answer::Alias(alias.clone()));
                (vec![first, record(&alias, Answer::Address(address))], Outcome::Success)
            }
            _ => (Vec::new(), Outcome::NoSuchName),
        };
        let ident = self.random.word();
        let question = dns::query(id, name, kind);
        let answer = dns::response(id, name, kind, &records, outcome);
        let wait = self.random.between(300_000, 20_000_000);
        out.push((now, datagram(&route.out, ident, route.ports(Side::Client), &question)));
        out.push((now + wait, datagram(&route.back, ident, route.ports(Side::Server), &answer)));
    }

    /// A session of TLS, with its data.
    fn session(
        &mut self,
        now: u64,
        host: u64,
        number: usize,
        name: &str,
        out: &mut Vec<TimedFrame>,
    ) {
        let down = self.size();
        let mut tcp = self.hands(now, host, number, name, out);
        for (side, len) in [(Side::Client, 500), (Side::Server, down as usize)] {
            let data = sealed_data(len, tcp.random());
            tcp.send(side, &data);
        }
        tcp.close(Close::Fin);
    }

    /// A session of TLS as far as both have shaken hands.
    pub(super) fn hands<'a>(
        &'a mut self,
        now: u64,
        host: u64,
        number: usize,
        name: &str,
        out: &'a mut Vec<TimedFrame>,
    ) -> Connection<'a> {
        self.truth.said("tls", name);
        let route = self.route(host, number, 443);
        let modern = self.random.between(0, 10) < 7;
        let alpn = [if modern { "h2" } else { "http/1.1" }.to_owned()];
        let certificate = match modern {
            true => Vec::new(),
            false => Certificate::everyday(name).encode(&mut self.random),
        };
        let session = Session {
            hello: if modern { Hello::Browser } else { Hello::Plain },
            version: if modern { Version::Tls13 } else { Version::Tls12 },
            name: Some(name),
            alpn: &alpn,
            certificate: &certificate,
            segment: usize::MAX,
            order: Order::Straight,
        };
        let mut tcp = Connection::open(route, now, &mut self.random, out);
        tcp.acknowledge_each(4);
        session.shake_hands(&mut tcp);
        tcp
    }

    /// Octets that a server sends: most sessions are small, most octets are in large ones.
    fn size(&mut self) -> u64 {
        let down = match self.random.between(0, 1_000) {
            0..750 => self.random.between(300, 3_000),
            750..970 => self.random.between(6_000, 26_000),
            970..997 => self.random.between(60_000, 260_000),
            _ => self.random.between(600_000, 1_600_000),
        };
        down * self.volume
    }

    /// A session of QUIC, with its data; a large hello, as browsers have it, in half of them.
    fn quic(&mut self, now: u64, host: u64, number: usize, name: &str, out: &mut Vec<TimedFrame>) {
        let route = self.route(host, number, 443);
        let talk = self.quic_hands(name);
        let (mut at, mut ident) = (now, self.random.word());
        let mut say = |at: u64, side, datagram: &[u8]| {
            ident = ident.wrapping_add(1);
            out.push((at, datagram_of(&route, side, ident, datagram)));
        };
        for (side, flight) in &talk.flights {
            for datagram in flight {
                say(at, *side, datagram);
                at += DATAGRAM_NANOS;
            }
            at += route.round_trip / 2;
        }
        let down = self.size() as usize;
        for (number, datagram) in
            quic::sealed_data(&talk.ids.1, down, &mut self.random).iter().enumerate()
        {
            say(at, Side::Server, datagram);
            at += DATAGRAM_NANOS;
            if number % 4 == 3 {
                let seen = quic::sealed_data(&talk.ids.0, 10, &mut self.random);
                seen.iter().for_each(|datagram| say(at, Side::Client, datagram));
            }
        }
    }

    /// The datagrams of a handshake that asks for `name`.
    pub(super) fn quic_hands(&mut self, name: &str) -> quic::Handshake {
        self.truth.said("quic", name);
        let session = quic::Session {
            version: quic::Version::V1,
            name: Some(name),
            alpn: &["h3".to_owned()],
            hybrid: self.random.between(0, 2) == 1,
            pieces: 1,
            id: 8,
            retry: false,
            early: 0,
        };
        session.shake_hands(&mut self.random)
    }

    fn page(&mut self, now: u64, host: u64, number: usize, name: &str, out: &mut Vec<TimedFrame>) {
        self.truth.said("http", name);
        let route = self.route(host, number, 80);
        let exchange = Exchange::page(Body::Html, self.random.between(500, 30_000) as usize);
        let mut tcp = Connection::open(route, now, &mut self.random, out);
        let request = exchange.request(name, "Mozilla/5.0", tcp.random());
        tcp.send(Side::Client, &request);
        let at = tcp.now();
        let response = exchange.response(at, tcp.random());
        tcp.send(Side::Server, &response);
        tcp.close(Close::Fin);
    }

    /// A question for the time (RFC 5905 §7.3).
    fn clock(&mut self, now: u64, host: u64, out: &mut Vec<TimedFrame>) {
        let route = self.route(host, 0, 123);
        let mut message = vec![0x23];
        message.resize(40, 0);
        self.random.fill(&mut message, 8);
        let ident = self.random.word();
        out.push((now, datagram(&route.out, ident, route.ports(Side::Client), &message)));
        if let Some(first) = message.first_mut() {
            *first = 0x24;
        }
        let at = now + route.round_trip;
        out.push((at, datagram(&route.back, ident, route.ports(Side::Server), &message)));
    }
}

/// One datagram of a conversation.
pub(super) fn datagram_of(route: &Route, side: Side, ident: u16, payload: &[u8]) -> Vec<u8> {
    datagram(route.way(side), ident, route.ports(side), payload)
}

fn route(from: IpAddr, to: IpAddr, client_port: u16, server_port: u16, round_trip: u64) -> Route {
    let (near, far) = (host_mac(from), [0x00, 0x00, 0x5E, 0x00, 0x01, 0x01]);
    Route {
        out: Way { from, to, from_mac: near, to_mac: far, vlan: None, hops: 128 },
        back: Way { from: to, to: from, from_mac: far, to_mac: near, vlan: None, hops: 55 },
        client_port,
        server_port,
        round_trip,
    }
}

fn client_v4(host: u64) -> Ipv4Addr {
    Ipv4Addr::from(0x0A01_0000 + host as u32 + 10)
}

fn client_v6(host: u64) -> Ipv6Addr {
    Ipv6Addr::from((0x2001_0DB8_0001_u128 << 80) | u128::from(host + 10))
}

/// 198.18.0.0/15, kept for measuring (RFC 2544 §C.2.2).
fn server_v4(number: usize) -> Ipv4Addr {
    Ipv4Addr::from(0xC612_0000 + number as u32 + 1)
}

fn server_v6(number: usize) -> Ipv6Addr {
    Ipv6Addr::from((0x2001_0DB8_00FF_u128 << 80) | (number as u128 + 1))
}
