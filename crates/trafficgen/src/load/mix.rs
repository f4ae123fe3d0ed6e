//! An office's mix: lookups, TLS sessions of all sizes, a little HTTP and NTP.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::names::Names;
use super::waiting::Waiting;
use super::{START, Truth};
use crate::TimedFrame;
use crate::certificate::Certificate;
use crate::dns::{self, Answer, Outcome, QueryType, Record};
use crate::frame::{Way, datagram, host_mac};
use crate::http::{Body, Exchange};
use crate::pcap::{Precision, Writer};
use crate::random::Random;
use crate::tcp::{Close, Connection, Order, Route, Side};
use crate::tls::{Hello, Session, Version, sealed_data};

/// Machines in the office.
const HOSTS: u64 = 2_000;
/// Names that they use.
const NAMES: usize = 5_000;
/// From one flow to the next on average: at about 7.7 KB a flow some 400 Mbit/s, so that a
/// thousand sessions are open at once, and a few ten megabytes in memory.
const STEP_NANOS: u64 = 150_000;

/// Write about `bytes` octets of capture file, in which sessions carry `volume` times the octets of
/// a day of short sessions: at 1 a flow has ten frames on average, at 9 some thirty.
pub fn mix(bytes: u64, volume: u64, seed: u64, sink: impl Write) -> io::Result<Truth> {
    let mut writer = Writer::new(sink, Precision::Microseconds)?;
    let mut office = Office::new(volume, seed);
    let step = 2 * STEP_NANOS * volume.max(1);
    let mut waiting = Waiting::default();
    let mut now = START;
    let mut written = 24;
    while written + waiting.bytes < bytes {
        now += office.random.between(1, step);
        let mut frames = Vec::new();
        office.flow(now, &mut frames);
        waiting.add(frames);
        while let Some((at, frame)) = waiting.before(now) {
            written += 16 + frame.len() as u64;
            office.truth.frame_bytes += frame.len() as u64;
            office.truth.frames += 1;
            writer.frame(at, &frame)?;
        }
    }
    while let Some((at, frame)) = waiting.before(u64::MAX) {
        office.truth.frame_bytes += frame.len() as u64;
        office.truth.frames += 1;
        writer.frame(at, &frame)?;
    }
    writer.finish()?;
    Ok(office.truth)
}

struct Office {
    random: Random,
    names: Names,
    truth: Truth,
    volume: u64,
}

impl Office {
    fn new(volume: u64, seed: u64) -> Office {
        let mut random = Random::new(seed, 0);
        let names = Names::new(NAMES, &mut random);
        Office { random, names, truth: Truth::default(), volume }
    }

    /// One flow from `now` on. Shares in thousandths, weighed so that about a tenth of the
    /// packets is DNS and one in 25 carries a hello.
    fn flow(&mut self, now: u64, out: &mut Vec<TimedFrame>) {
        self.truth.flows += 1;
        let host = self.random.between(0, HOSTS);
        let (number, name) = self.names.draw(&mut self.random);
        let name = name.to_owned();
        match self.random.between(0, 1_000) {
            0..510 => self.lookup(now, host, number, &name, out),
            510..860 => self.session(now, host, number, &name, out),
            860..890 => self.page(now, host, number, &name, out),
            _ => self.clock(now, host, out),
        }
    }

    fn route(&mut self, host: u64, number: usize, port: u16) -> Route {
        let (from, to): (IpAddr, IpAddr) = match self.random.between(0, 10) {
            0 => (client_v6(host).into(), server_v6(number).into()),
            _ => (client_v4(host).into(), server_v4(number).into()),
        };
        let client_port = self.random.between(49_152, 65_535) as u16;
        let round_trip = self.random.between(8_000_000, 80_000_000);
        route(from, to, client_port, port, round_trip)
    }

    fn lookup(
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

    fn session(
        &mut self,
        now: u64,
        host: u64,
        number: usize,
        name: &str,
        out: &mut Vec<TimedFrame>,
    ) {
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
        // Most sessions are small, most octets are in large ones.
        let down = match self.random.between(0, 1_000) {
            0..750 => self.random.between(300, 3_000),
            750..970 => self.random.between(6_000, 26_000),
            970..997 => self.random.between(60_000, 260_000),
            _ => self.random.between(600_000, 1_600_000),
        };
        let down = down * self.volume;
        let mut tcp = Connection::open(route, now, &mut self.random, out);
        tcp.acknowledge_each(4);
        session.shake_hands(&mut tcp);
        for (side, len) in [(Side::Client, 500), (Side::Server, down as usize)] {
            let data = sealed_data(len, tcp.random());
            tcp.send(side, &data);
        }
        tcp.close(Close::Fin);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_an_offices_and_the_same_each_time() {
        let mut file = Vec::new();
        let truth = mix(20_000_000, 1, 1, &mut file).unwrap();
        let mut again = Vec::new();
        assert_eq!(mix(20_000_000, 1, 1, &mut again).unwrap(), truth);
        assert!(file == again, "two runs differ");
        assert_eq!(file.len() as u64, 24 + 16 * truth.frames + truth.frame_bytes);
        assert!((20_000_000..22_000_000).contains(&file.len()), "{} octets", file.len());

        let said = |kind| -> u64 {
            truth.names.iter().filter(|((k, _), _)| *k == kind).map(|(_, count)| count).sum()
        };
        let frames = truth.frames as f64;
        let (mean, dns) = (truth.frame_bytes as f64 / frames, 2.0 * said("dns") as f64 / frames);
        let (hellos, flows) = (said("tls") as f64 / frames, truth.flows as f64 / file.len() as f64);
        assert!((650.0..850.0).contains(&mean), "{mean} octets a frame");
        assert!((0.08..0.13).contains(&dns), "{dns} of the frames are DNS");
        assert!((0.03..0.06).contains(&hellos), "{hellos} hellos a frame");
        assert!((100e3..170e3).contains(&(flows * 1e9)), "{} flows a gigabyte", flows * 1e9);
    }
}
