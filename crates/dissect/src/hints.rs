//! Who hosts are besides their addresses, as ARP and neighbour discovery say it: told when it is
//! news, and not each time that someone asks. What goes on to be said is news again after an hour,
//! since whoever remembers it may have had to forget.
//!
//! What is news is decided in one place: such frames belong to no conversation, and one lane gets
//! all of those. So a hint is told once, at the same frame, for any number of lanes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Endpoint, Fact, Flow, HostHint, Mac, Observation, Timestamp, Transport, Tunnel, VlanId,
};

use crate::layers::Neighbour;
use crate::limits::{NEIGHBOUR_NEWS_PER_SECOND, NEIGHBOUR_TOLD_EVERY, NEIGHBOURS_MAX};

/// The address, if it is one host's: not none, not a group's, not a host's own loop.
pub(crate) fn one_host(ip: IpAddr) -> Option<IpAddr> {
    let many = match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    };
    (!many && !ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

/// The interface, if it is one machine's: not none and not a group's (IEEE 802 §8.2.2: the lowest
/// bit of the first octet).
pub(crate) fn one_interface(mac: [u8; 6]) -> Option<Mac> {
    let [first, ..] = mac;
    (first & 1 == 0 && mac != [0; 6]).then_some(Mac(mac))
}

/// An address on a VLAN: private addresses may mean another host on another one.
type Place = (Option<VlanId>, IpAddr);

#[derive(Clone, Copy)]
struct Known {
    mac: Mac,
    /// Its number in the order of use.
    used: u64,
    /// The second of packet time in which that was given.
    secs: u64,
    /// The second in which it was told.
    told: u64,
}

/// What became of what a neighbour said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// It was not known, or not told for long.
    Told,
    /// It was.
    Known,
    /// It was not, but too much was new within the second.
    TooMuch,
}

/// The interfaces of addresses. Ordered and not hashed: no choice of addresses makes a look-up
/// slow.
#[derive(Default)]
pub(crate) struct Hints {
    known: BTreeMap<Place, Known>,
    /// Places in the order of use, the one not used for longest first.
    order: BTreeMap<u64, Place>,
    next: u64,
    /// The second in which something was news last, and how often.
    secs: u64,
    news: u32,
}

impl Hints {
    /// A neighbour said something.
    pub(crate) fn hear(&mut self, neighbour: &Neighbour, at: Timestamp) -> News {
        let (place, secs) = ((neighbour.vlan, neighbour.ip), at.secs());
        let known = self.known.get(&place).copied();
        if let Some(known) = known
            && known.mac == neighbour.mac
            && secs.saturating_sub(known.told) < NEIGHBOUR_TOLD_EVERY.as_secs()
        {
            // Its place in the order is worth a change once a second.
            if known.secs != secs {
                self.put(place, Known { secs, ..known });
            }
            return News::Known;
        }
        if self.secs != secs {
            (self.secs, self.news) = (secs, 0);
        }
        if self.news >= NEIGHBOUR_NEWS_PER_SECOND {
            return News::TooMuch;
        }
        self.news = self.news.saturating_add(1);
        self.put(place, Known { mac: neighbour.mac, used: 0, secs, told: secs });
        while self.known.len() > NEIGHBOURS_MAX {
            let Some((_, place)) = self.order.pop_first() else { break };
            self.known.remove(&place);
        }
        News::Told
    }

    /// The newest in the order.
    fn put(&mut self, place: Place, known: Known) {
        let used = self.next;
        self.next = used.wrapping_add(1);
        if let Some(before) = self.known.insert(place, Known { used, ..known }) {
            self.order.remove(&before.used);
        }
        self.order.insert(used, place);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        assert_eq!(self.known.len(), self.order.len());
        self.known.len()
    }
}

/// The fact of a neighbour's word. It stands in no conversation: the flow is from the host to
/// itself.
pub(crate) fn observation(
    neighbour: &Neighbour,
    tunnel: Option<&Tunnel>,
    (at, order): (Timestamp, u64),
) -> Observation {
    let &Neighbour { ip, mac, by, vlan } = neighbour;
    let end = Endpoint::new(ip, 0);
    let flow = Flow { client: end, server: end, transport: Transport::Udp, vlan, guessed: true };
    let hint = HostHint { ip, mac: Some(mac), name: None, by };
    let ingress = tunnel.map(|tunnel| Arc::new(*tunnel));
    Observation { at, order, flow, ingress, fact: Fact::HostHint(Box::new(hint)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::HintSource;

    fn neighbour(host: u32, mac: u8, vlan: Option<u16>) -> Neighbour {
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + host).into();
        let vlan = vlan.map(VlanId::from_tag);
        Neighbour { ip, mac: Mac([2, 0, 0, 0, 0, mac]), by: HintSource::Arp, vlan }
    }

    #[test]
    fn what_is_news() {
        let mut hints = Hints::default();
        let table = [
            (1, 1, None, 0, News::Told),
            (1, 1, None, 0, News::Known),
            (1, 1, None, 3599, News::Known),
            (1, 1, None, 3600, News::Told),
            (1, 1, None, 7199, News::Known),
            // A clock that was set back.
            (1, 1, None, 0, News::Known),
            (2, 1, None, 0, News::Told),
            (1, 2, None, 0, News::Told),
            (1, 1, None, 0, News::Told),
            // The same private address on another VLAN is another host's.
            (1, 3, Some(7), 0, News::Told),
            (1, 1, None, 0, News::Known),
            (1, 3, Some(7), 0, News::Known),
        ];
        for (row, (host, mac, vlan, secs, want)) in table.into_iter().enumerate() {
            let got = hints.hear(&neighbour(host, mac, vlan), Timestamp::from_secs(secs, 0));
            assert_eq!(got, want, "row {row}");
        }
    }

    #[test]
    fn the_bound_lets_the_one_unheard_for_longest_go() {
        let mut hints = Hints::default();
        let most = NEIGHBOURS_MAX as u32;
        let secs = |number: u32| Timestamp::from_secs(u64::from(number / 1000), 0);
        for host in 0..most {
            assert_eq!(hints.hear(&neighbour(host, 1, None), secs(host)), News::Told);
        }
        let later = Timestamp::from_secs(1000, 0);
        assert_eq!(hints.hear(&neighbour(0, 1, None), later), News::Known);
        assert_eq!(hints.hear(&neighbour(most, 1, None), later), News::Told);
        assert_eq!(hints.len(), NEIGHBOURS_MAX);
        assert_eq!(hints.hear(&neighbour(0, 1, None), later), News::Known, "it was used");
        assert_eq!(hints.hear(&neighbour(1, 1, None), later), News::Told, "it was gone");
    }

    #[test]
    fn a_flood_is_news_so_many_times_a_second() {
        let mut hints = Hints::default();
        let told = |hints: &mut Hints, secs| {
            let at = Timestamp::from_secs(secs, 0);
            let all = (0..NEIGHBOUR_NEWS_PER_SECOND * 3).map(|host| neighbour(host, 1, None));
            let all: Vec<News> = all.map(|one| hints.hear(&one, at)).collect();
            all.iter().filter(|news| **news == News::Told).count() as u32
        };
        assert_eq!(told(&mut hints, 5), NEIGHBOUR_NEWS_PER_SECOND);
        assert_eq!(told(&mut hints, 6), NEIGHBOUR_NEWS_PER_SECOND, "what was left out comes again");
        assert_eq!(hints.len() as u32, NEIGHBOUR_NEWS_PER_SECOND * 2);
    }

    #[test]
    fn groups_and_none_are_no_one() {
        for ip in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "::", "::1", "ff02::1"] {
            assert_eq!(one_host(ip.parse().expect(ip)), None, "{ip}");
        }
        for ip in ["10.0.0.255", "192.0.2.1", "fe80::1", "169.254.1.1"] {
            assert!(one_host(ip.parse().expect(ip)).is_some(), "{ip}");
        }
        for mac in [[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1], [0x33, 0x33, 0, 0, 0, 1]] {
            assert_eq!(one_interface(mac), None, "{mac:?}");
        }
        assert!(one_interface([0, 0, 0x5e, 0, 1, 7]).is_some(), "a virtual router's (RFC 9568)");
    }
}
