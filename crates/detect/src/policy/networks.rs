//! Which addresses are ours, which zone they lie in, and which way a flow crosses the border.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{Direction, Flow, VlanId};

use super::rule::{Keys, Place};
use super::spans::Spans;

/// A named part of our networks.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: Arc<str>,
    pub(crate) networks: Vec<IpNet>,
    pub(crate) vlans: Vec<VlanId>,
    /// Where it begins in its file.
    pub(crate) place: Place,
    pub(crate) keys: Keys,
}

/// All zones, ready to be asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones {
    zones: Vec<Zone>,
    /// Every zone's networks, the longest prefix first; of equals the one that also asks for a
    /// VLAN, then the one that was written first.
    by_network: Vec<(IpNet, usize)>,
    /// The same, to be asked.
    spans: Spans,
}

/// What is inside while no zone names a network.
pub(crate) const INSIDE: [IpNet; 7] = [
    v4([10, 0, 0, 0], 8),     // RFC 1918
    v4([172, 16, 0, 0], 12),  // RFC 1918
    v4([192, 168, 0, 0], 16), // RFC 1918
    v4([100, 64, 0, 0], 10),  // RFC 6598, shared address space
    v4([169, 254, 0, 0], 16), // RFC 3927, link-local
    v6(0xfc00, 7),            // RFC 4193, unique local
    v6(0xfe80, 10),           // RFC 4291 §2.5.6, link-local
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(first: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), prefix))
}

impl Zones {
    pub(crate) fn push(&mut self, zone: Zone) {
        let place = self.zones.len();
        self.by_network.extend(zone.networks.iter().map(|network| (*network, place)));
        self.zones.push(zone);
        let zones = &self.zones;
        let asks_vlan = |place: usize| zones.get(place).is_some_and(|zone| !zone.vlans.is_empty());
        self.by_network.sort_by_key(|&(network, place)| {
            (std::cmp::Reverse(network.prefix_len()), !asks_vlan(place), place)
        });
        let networks: Vec<IpNet> = self.by_network.iter().map(|(network, _)| *network).collect();
        self.spans = Spans::new(&networks);
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Zone> {
        self.zones.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.zones.iter().map(|zone| &*zone.name)
    }

    /// The zone of a host: by the longest network that holds it, else by its VLAN alone.
    pub(crate) fn zone_of(&self, host: IpAddr, vlan: Option<VlanId>) -> Option<&Arc<str>> {
        self.name_at(self.place_of(host, vlan)?)
    }

    /// The zone at a place.
    pub(crate) fn name_at(&self, place: usize) -> Option<&Arc<str>> {
        self.zones.get(place).map(|zone| &zone.name)
    }

    /// The place of the zone of a host.
    pub(crate) fn place_of(&self, host: IpAddr, vlan: Option<VlanId>) -> Option<usize> {
        let host = host.to_canonical();
        let on = |zone: &Zone| vlan.is_some_and(|vlan| zone.vlans.contains(&vlan));
        let by_network = self
            .spans
            .holding(host)
            .filter_map(|place| Some(self.by_network.get(place)?.1))
            .find(|place| self.zones.get(*place).is_some_and(|z| z.vlans.is_empty() || on(z)));
        let by_vlan = || {
            let place = self.zones.iter().position(|zone| zone.networks.is_empty() && on(zone));
            place.filter(|_| self.inside(host))
        };
        by_network.or_else(by_vlan)
    }

    /// Whether an address is ours. A host that speaks to itself is.
    pub(crate) fn inside(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() || ip.is_unspecified() {
            return true;
        }
        if self.by_network.is_empty() {
            return in_private_network(ip);
        }
        self.spans.holding(ip).next().is_some()
    }

    /// The host that a record about the flow is about, and which way the flow crosses our border.
    pub(crate) fn place(&self, flow: &Flow) -> (IpAddr, Direction) {
        let (client, server) = (flow.client.ip, flow.server.ip);
        if to_many(server) {
            return (client, Direction::Internal);
        }
        match (self.inside(client), self.inside(server)) {
            (true, true) => (client, Direction::Internal),
            (true, false) => (client, Direction::Outbound),
            (false, true) => (server, Direction::Inbound),
            (false, false) => (client, Direction::External),
        }
    }
}

/// Whether an address belongs to nobody on the Internet, whatever our networks are.
pub(crate) fn is_private(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified() || in_private_network(ip)
}

/// Whether one of [`INSIDE`] holds a canonical address, said without asking each.
fn in_private_network(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && second & 0xc0 == 64;
            ip.is_private() || shared || ip.is_link_local()
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Whether an address means more than one host; such frames do not leave the network.
fn to_many(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

/// Read `10.20.0.0/16`, or one address.
///
/// # Errors
/// Why it is no network, and the fix.
pub(crate) fn read_network(text: &str) -> Result<IpNet, (String, String)> {
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = text.parse::<IpNet>().ok().or_else(one) else {
        let fix = "write a network as 10.20.0.0/16 or 2001:db8::/32, or one address";
        return Err((format!("`{text}` is no network"), fix.to_owned()));
    };
    if network.addr() != network.network() {
        let why = format!("`{text}` names a host in a network");
        return Err((why, format!("write `{}`", network.trunc())));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Endpoint, Transport};

    fn zones() -> Zones {
        let mut zones = Zones::default();
        let table: &[(&str, &[&str], &[u16])] = &[
            ("office", &["10.0.0.0/8", "2001:db8::/32"], &[]),
            ("vdi", &["10.20.0.0/16"], &[]),
            ("lab", &["10.20.0.0/16"], &[7]),
            ("guests", &[], &[99]),
        ];
        for (name, networks, vlans) in table {
            zones.push(Zone {
                name: (*name).into(),
                networks: networks.iter().map(|text| read_network(text).expect(text)).collect(),
                vlans: vlans.iter().map(|vlan| VlanId::from_tag(*vlan)).collect(),
                place: Place { file: "p".into(), line: 1, column: 1 },
                keys: Keys::default(),
            });
        }
        zones
    }

    #[test]
    fn the_longest_network_decides_then_the_vlan() {
        let table: &[(&str, Option<u16>, Option<&str>)] = &[
            ("10.1.0.1", None, Some("office")),
            ("10.20.0.1", None, Some("vdi")),
            ("10.20.0.1", Some(7), Some("lab")),
            ("10.20.0.1", Some(99), Some("vdi")),
            ("::ffff:10.20.0.1", None, Some("vdi")),
            ("2001:db8::1", None, Some("office")),
            // A VLAN alone makes a zone of hosts inside only: a server outside is on it too.
            ("192.0.2.1", Some(99), None),
            ("127.0.0.1", Some(99), Some("guests")),
            ("192.168.0.1", None, None),
        ];
        for (host, vlan, want) in table {
            let host = host.parse().expect(host);
            let zone = zones().zone_of(host, vlan.map(VlanId::from_tag)).cloned();
            assert_eq!(zone.as_deref(), *want, "{host} {vlan:?}");
        }
    }

    #[test]
    fn the_border_runs_around_the_zones_or_the_private_networks() {
        let table: &[(bool, &str, &str, &str, Direction)] = &[
            (true, "10.1.0.1", "192.0.2.1", "10.1.0.1", Direction::Outbound),
            (true, "192.0.2.1", "10.1.0.1", "10.1.0.1", Direction::Inbound),
            (true, "10.1.0.1", "10.20.0.1", "10.1.0.1", Direction::Internal),
            (true, "192.168.0.1", "192.0.2.1", "192.168.0.1", Direction::External),
            (false, "192.168.0.1", "192.0.2.1", "192.168.0.1", Direction::Outbound),
            (false, "172.31.0.1", "100.127.0.1", "172.31.0.1", Direction::Internal),
            (false, "fd00::1", "2001:db8::1", "fd00::1", Direction::Outbound),
            (false, "fe80::1", "169.254.0.1", "fe80::1", Direction::Internal),
            (false, "172.32.0.1", "192.168.0.1", "192.168.0.1", Direction::Inbound),
            (false, "192.0.2.1", "239.255.0.1", "192.0.2.1", Direction::Internal),
            (false, "192.168.0.1", "255.255.255.255", "192.168.0.1", Direction::Internal),
            (false, "192.168.0.1", "ff02::fb", "192.168.0.1", Direction::Internal),
            (false, "127.0.0.1", "127.0.0.1", "127.0.0.1", Direction::Internal),
            (false, "::", "192.168.0.1", "::", Direction::Internal),
        ];
        for (configured, client, server, host, direction) in table {
            let zones = if *configured { zones() } else { Zones::default() };
            let end = |ip: &str| Endpoint::new(ip.parse().expect(ip), 1);
            let flow = Flow {
                client: end(client),
                server: end(server),
                transport: Transport::Udp,
                vlan: None,
                guessed: false,
            };
            let want = (host.parse().expect(host), *direction);
            assert_eq!(zones.place(&flow), want, "{client} to {server}");
        }
    }

    #[test]
    fn the_private_networks_are_those_of_the_list() {
        for network in INSIDE {
            for edge in [network.network(), network.broadcast()] {
                let near = |step: i8| match edge {
                    IpAddr::V4(ip) => {
                        IpAddr::V4(ip.to_bits().wrapping_add_signed(step.into()).into())
                    }
                    IpAddr::V6(ip) => {
                        IpAddr::V6(ip.to_bits().wrapping_add_signed(step.into()).into())
                    }
                };
                for ip in [near(-1), edge, near(1)] {
                    let listed = INSIDE.iter().any(|network| network.contains(&ip));
                    assert_eq!(in_private_network(ip), listed, "{ip}");
                }
            }
        }
    }

    #[test]
    fn a_network_is_written_without_host_bits() {
        let table: &[(&str, Result<&str, &str>)] = &[
            ("10.20.0.0/16", Ok("10.20.0.0/16")),
            ("192.0.2.7", Ok("192.0.2.7/32")),
            ("2001:db8::/32", Ok("2001:db8::/32")),
            ("10.20.0.5/16", Err("write `10.20.0.0/16`")),
            (
                "10.20.0.0/33",
                Err("write a network as 10.20.0.0/16 or 2001:db8::/32, or one address"),
            ),
            ("office", Err("write a network as 10.20.0.0/16 or 2001:db8::/32, or one address")),
        ];
        for (text, want) in table {
            let got = read_network(text).map(|network| network.to_string());
            let got = got.map_err(|(_, fix)| fix);
            assert_eq!(got.as_deref().map_err(String::as_str), *want, "{text}");
        }
    }
}
