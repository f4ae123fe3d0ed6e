//! What machines say among themselves: leases, neighbours, the time, printers, files.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::house::{House, Load, MINUTE, between};
use super::people::{CLOCK, FILES, MAIL, SERVER_ZONE, ZONES};
use super::web::Site;
use crate::frame::{Way, datagram, host_mac, multicast_mac, neighbour};
use crate::octets::Octets;
use crate::tcp::Side;

impl House {
    /// What a host says as it is switched on.
    pub(super) fn wake(&mut self, host: usize, at: u64) {
        self.lease(host, at);
        self.ask_router(host, at + 40_000_000);
        self.clock(host, at + 900_000_000);
        self.files(host, at + 2_000_000_000, 60_000);
    }

    /// Every minute of a host that is on.
    pub(super) fn hum(&mut self, host: usize, at: u64) {
        let at = at + self.chance(MINUTE);
        match self.chance(4_000) {
            0..60 => self.clock(host, at),
            60..100 => self.ask_router(host, at),
            100..140 => {
                let bytes = self.random.between(4_000, 400_000);
                self.files(host, at, bytes);
            }
            140..150 => self.print(host, at),
            150..160 => self.call(host, at),
            160..164 => self.odd_port(host, at),
            _ => {}
        }
    }

    /// A lease: request and acknowledgement (RFC 2131 §3), the host's name in it (RFC 2132 §3.14).
    fn lease(&mut self, host: usize, at: u64) {
        let Some(one) = self.host(host).cloned() else { return };
        let (mac, vlan) = (host_mac(one.v4.into()), Some(one.zone().vlan));
        let server = Ipv4Addr::new(10, one.zone().octet, 0, 1);
        let id = self.random.next() as u32;
        let name = format!("{}-{:04}", one.zone().name, host);
        let all = IpAddr::V4(Ipv4Addr::BROADCAST);
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let way = |from, to, from_mac, to_mac| Way { from, to, from_mac, to_mac, vlan, hops: 64 };
        let out = way(nobody, all, mac, [0xFF; 6]);
        let back = way(server.into(), one.v4.into(), host_mac(server.into()), mac);
        let request = lease_message(1, id, mac, Ipv4Addr::UNSPECIFIED, 3, one.v4, &name);
        let granted = lease_message(2, id, mac, one.v4, 5, one.v4, &name);
        self.conversations += 1;
        self.out.push((at, datagram(&out, 1, (68, 67), &request)));
        self.out.push((at + 3_000_000, datagram(&back, 1, (67, 68), &granted)));
    }

    fn ask_router(&mut self, host: usize, at: u64) {
        let Some(one) = self.host(host).cloned() else { return };
        let router = Ipv4Addr::new(10, one.zone().octet, 0, 1);
        let ports = (0, 0);
        let vlan = Some(one.zone().vlan);
        let route = between(one.v4.into(), router.into(), ports, vlan, 0);
        self.out.push((at, neighbour(&route.out, router.into(), false)));
        self.out.push((at + 200_000, neighbour(&route.back, one.v4.into(), true)));
        let Some(v6) = one.v6 else { return };
        // The link's router, asked for at its solicited-node group (RFC 4291 §2.7.1).
        let router = Ipv6Addr::from(u128::from(v6) >> 64 << 64 | 1);
        let group = IpAddr::V6(Ipv6Addr::new(0xFF02, 0, 0, 0, 0, 1, 0xFF00, 1));
        let route = between(v6.into(), router.into(), ports, vlan, 0);
        let ask = Way { to: group, to_mac: multicast_mac(group), ..route.out };
        self.out.push((at + 900_000, neighbour(&ask, router.into(), false)));
        self.out.push((at + 1_100_000, neighbour(&route.back, router.into(), true)));
    }

    /// The time (RFC 5905 §7.3).
    fn clock(&mut self, host: usize, at: u64) {
        let route = self.route(host, CLOCK.into(), 123);
        let mut ask = vec![0x23];
        ask.resize(40, 0);
        self.random.fill(&mut ask, 8);
        let mut answer = ask.clone();
        answer.iter_mut().take(1).for_each(|first| *first = 0x24);
        self.datagrams(&route, at, &ask, &answer);
    }

    /// A share: the negotiation of SMB2 (MS-SMB2 §2.2.3) behind its length.
    fn files(&mut self, host: usize, at: u64, bytes: u64) {
        let hello = |answer: u8| {
            let mut out = vec![0, 0, 0, 120];
            out.extend(b"\xFESMB\x40\0\0\0\0\0\0\0\0\0\x1f\0");
            out.extend([answer, 0, 0, 0]);
            out.resize(124, 0);
            out
        };
        let spoken = [(Side::Client, hello(0)), (Side::Server, hello(1))];
        self.stream((host, at), (FILES.into(), 445), &spoken, (2_000, bytes, 2, 1));
    }

    /// A page on paper: a printer's job language on its port.
    fn print(&mut self, host: usize, at: u64) {
        let Some(octet) = self.host(host).map(|host| host.zone().octet) else { return };
        let printer = Ipv4Addr::new(10, octet, 0, 200 + (host % 8) as u8);
        let job = b"\x1B%-12345X@PJL JOB NAME=\"page\"\r\n@PJL ENTER LANGUAGE=PCL\r\n".to_vec();
        self.stream((host, at), (printer.into(), 9_100), &[(Side::Client, job)], (90_000, 0, 1, 1));
    }

    /// A call: a binding request (RFC 8489 §5) and its answer, then voice (RFC 3550 §5.1).
    fn call(&mut self, host: usize, at: u64) {
        let to = Ipv4Addr::from(0xC613_0300 + self.random.between(0, 60) as u32);
        let route = self.route(host, to.into(), 3_478);
        let mut ask = vec![0, 1, 0, 8, 0x21, 0x12, 0xA4, 0x42];
        self.random.fill(&mut ask, 12);
        ask.extend([0x80, 0x22, 0, 4, b't', b'e', b's', b't']);
        let mut answer = ask.clone();
        answer.iter_mut().take(1).for_each(|first| *first = 1);
        self.datagrams(&route, at, &ask, &answer);
        for packet in 0..30u16 {
            let mut voice = vec![0x80, 0x6F];
            voice.put16(packet);
            self.random.fill(&mut voice, 100);
            let mut back = voice.clone();
            back.reverse();
            let later = at + 100_000_000 + u64::from(packet) * 2_000_000_000;
            self.datagrams(&route, later, &voice, &back);
        }
    }

    /// A page on a port that remote access likes, too.
    fn odd_port(&mut self, host: usize, at: u64) {
        let port = match self.chance(4) {
            0 => 7_070,
            1 => 8_040,
            2 => 8_041,
            _ => 5_938,
        };
        let House { random, web, .. } = self;
        let site = web.draw(random).clone();
        let load = Load { port, ..Load::page(Some(&site.name), 20_000) };
        self.tls(host, at, &site, &load);
    }

    /// Names with the organisation's own behind them, as a search list makes them: there are none.
    pub(super) fn search(&mut self, host: usize, at: u64, domain: &str) {
        let site = self.site();
        let name = format!("{}.{domain}", site.name);
        let nobody = Site::alone(&name, Ipv4Addr::UNSPECIFIED);
        self.ask_in_vain(host, at, &nobody);
    }

    /// Mail from outside to the server inside, in clear up to the offer of a key.
    pub(super) fn letter(&mut self, at: u64) {
        self.conversations += 1;
        let from = Ipv4Addr::from(0xC613_0200 + self.random.between(0, 250) as u32);
        let port = self.random.between(30_000, 60_000) as u16;
        let vlan = ZONES.get(SERVER_ZONE).map(|zone| zone.vlan);
        let route = between(from.into(), MAIL.into(), (port, 25), vlan, 20_000_000);
        let House { random, out, .. } = self;
        let mut tcp = crate::tcp::Connection::open(route, at, random, out);
        tcp.send(Side::Server, b"220 mail ESMTP ready\r\n");
        tcp.send(Side::Client, b"EHLO out.mail-relay.example\r\n");
        tcp.send(Side::Server, b"250-mail\r\n250-STARTTLS\r\n250 8BITMIME\r\n");
        tcp.send(Side::Client, b"STARTTLS\r\n");
        tcp.send(Side::Server, b"220 go ahead\r\n");
        tcp.close(crate::tcp::Close::Fin);
    }
}

/// A message of BOOTP with DHCP's options (RFC 2131 §2): its kind, the address asked for or given.
fn lease_message(
    operation: u8,
    id: u32,
    mac: [u8; 6],
    yours: Ipv4Addr,
    kind: u8,
    address: Ipv4Addr,
    name: &str,
) -> Vec<u8> {
    let mut out = vec![operation, 1, 6, 0];
    out.put32(id);
    out.put(&[0; 8]);
    out.put(&yours.octets());
    out.put(&[0; 8]);
    out.put(&mac);
    out.resize(236, 0);
    out.put(&[0x63, 0x82, 0x53, 0x63, 53, 1, kind]);
    if operation == 1 {
        out.put(&[50, 4]);
        out.put(&address.octets());
        out.put8(12);
        out.block(1, |out| out.put(name.as_bytes()));
    } else {
        let [first, second, ..] = address.octets();
        out.put(&[54, 4, first, second, 0, 1, 51, 4, 0, 0, 0x70, 0x80]);
    }
    out.put8(255);
    out.resize(out.len().max(300), 0);
    out
}
