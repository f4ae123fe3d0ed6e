//! Who works there: hosts by zone, with their addresses and the hours at which they are on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::random::Random;

/// A part of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    pub(super) name: &'static str,
    /// The second octet of 10.0.0.0/8.
    pub(super) octet: u8,
    pub(super) vlan: u16,
    /// Of a thousand hosts.
    pub(super) share: u64,
    /// Whether its hosts are on day and night.
    pub(super) always: bool,
    /// How much its hosts browse, of a hundred.
    pub(super) browsing: u64,
}

const fn zone(name: &'static str, octet: u8, share: u64, always: bool, browsing: u64) -> Zone {
    Zone { name, octet, vlan: 100 + octet as u16, share, always, browsing }
}

pub(super) const ZONES: [Zone; 6] = [
    zone("office", 11, 610, false, 100),
    zone("vdi", 12, 90, true, 60),
    zone("helpdesk", 13, 20, false, 110),
    zone("developers", 14, 80, false, 160),
    zone("vpn", 15, 150, false, 90),
    zone("servers", 16, 50, true, 4),
];

/// The zone in which resolvers, mail and files are; of no host's own.
pub(super) const SERVER_ZONE: usize = 5;
pub(super) const RESOLVERS: [Ipv4Addr; 2] =
    [Ipv4Addr::new(10, 16, 0, 53), Ipv4Addr::new(10, 16, 0, 54)];
pub(super) const MAIL: Ipv4Addr = Ipv4Addr::new(10, 16, 0, 25);
pub(super) const FILES: Ipv4Addr = Ipv4Addr::new(10, 16, 0, 45);
pub(super) const CLOCK: Ipv4Addr = Ipv4Addr::new(10, 16, 0, 123);

/// Work of a minute, of a hundred at the busiest, by the hour of the clock.
pub(super) const DIURNAL: [u64; 24] =
    [5, 3, 2, 2, 2, 4, 12, 40, 85, 100, 100, 95, 60, 80, 100, 95, 85, 60, 30, 18, 14, 12, 10, 7];

/// A machine.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) zone: usize,
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Option<Ipv6Addr>,
    /// Minutes of the day, by the clock, from and to which it is on.
    pub(super) on: (u64, u64),
    /// Whether it asks over TLS, where no one on the way can read it.
    pub(super) private_dns: bool,
    /// Its next own port.
    port: u16,
}

impl Host {
    pub(super) fn zone(&self) -> &'static Zone {
        ZONES.get(self.zone).unwrap_or(&ZONES[0])
    }

    pub(super) fn is_on(&self, minute: u64) -> bool {
        (self.on.0..self.on.1).contains(&(minute % 1440))
    }

    pub(super) fn port(&mut self) -> u16 {
        self.port = self.port.checked_add(1).unwrap_or(49_152);
        self.port
    }

    /// Its address of the family of `server`.
    pub(super) fn address(&self, server: IpAddr) -> IpAddr {
        match (server, self.v6) {
            (IpAddr::V6(_), Some(v6)) => v6.into(),
            _ => self.v4.into(),
        }
    }
}

/// All hosts, zone by zone.
pub(super) fn people(count: u64, random: &mut Random) -> Vec<Host> {
    let mut hosts = Vec::new();
    for (number, zone) in ZONES.iter().enumerate() {
        let size = (count * zone.share / 1000).max(2);
        for place in 0..size {
            hosts.push(host(number, zone, place as u32, random));
        }
    }
    // What rounding left out works in the offices.
    let missing = (count as usize).saturating_sub(hosts.len());
    let offices = count * ZONES[0].share / 1000;
    for more in 0..missing as u64 {
        hosts.push(host(0, &ZONES[0], (offices.max(2) + more) as u32, random));
    }
    hosts
}

fn host(number: usize, zone: &Zone, place: u32, random: &mut Random) -> Host {
    let v4 = Ipv4Addr::from(0x0A00_0000 | u32::from(zone.octet) << 16 | (place + 0x100));
    let dual = random.between(0, 5) == 0;
    let v6 = 0x2001_0DB8_0000_u128 << 80 | u128::from(zone.octet) << 64 | u128::from(place + 0x100);
    let begins = random.between(7 * 60, 9 * 60 + 15);
    let ends = begins + random.between(7 * 60 + 30, 10 * 60);
    Host {
        zone: number,
        v4,
        v6: dual.then(|| Ipv6Addr::from(v6)),
        on: if zone.always { (0, 1440) } else { (begins, ends) },
        private_dns: !zone.always && random.between(0, 100) == 0,
        port: random.between(49_152, 65_000) as u16,
    }
}
