//! Who is behind an address: the interface and the name that the host itself showed last.
//!
//! All of it is what hosts say of themselves, and anyone on the link may lie. So it allows nothing by
//! itself: it stands beside an alert, and it tells which addresses are one host, so that what one of
//! them resolved names the flows of the other, and their stages make one incident.

use std::net::IpAddr;
use std::sync::Arc;

use model::{HintSource, HostHint, Identity, Mac, Timestamp};

use super::recent::Recent;
use crate::limits::{ADDRESSES_PER_MAC_MAX, ADDRESSES_PER_MAC_SPAN, Limits};

/// Hosts by address, and their interfaces. Addresses are canonical: IPv4 in IPv6 is IPv4.
#[derive(Debug)]
pub(crate) struct Identities {
    hosts: Recent<IpAddr, Host>,
    interfaces: Recent<Mac, Interface>,
    moves: u64,
}

/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    /// Its interface, and what said so.
    pub(crate) mac: Option<(Mac, HintSource)>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) at: Timestamp,
    pub(crate) changes: u32,
    pub(crate) former: Option<IpAddr>,
}

/// What is known of an interface.
#[derive(Debug, Default)]
pub(crate) struct Interface {
    /// The name that its host gave, with whatever address.
    pub(crate) name: Option<Arc<str>>,
    /// The addresses that it has, and when that was last said.
    pub(crate) addresses: Vec<(IpAddr, Timestamp)>,
    /// It had so many at once that it is a router's, or of one that answers for others.
    pub(crate) of_many: bool,
    /// The address of IPv4 that it leased last.
    pub(crate) leased: Option<IpAddr>,
}

/// What is remembered of the host at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownHost {
    /// What it is called.
    pub identity: Identity,
    /// When it last said so.
    pub at: Timestamp,
    /// How often that changed since the address was first heard of: to another interface, or to
    /// another name.
    pub changes: u32,
    /// The address that its interface had leased before this one.
    pub former: Option<IpAddr>,
}

impl Identities {
    pub(crate) fn new(limits: &Limits) -> Identities {
        Identities {
            hosts: Recent::new(limits.identities_max),
            interfaces: Recent::new(limits.identities_max),
            moves: 0,
        }
    }

    /// What is held, and what had to go, by what it counts.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 5] {
        [
            ("identities", self.hosts.len() as u64),
            ("identities_evicted", self.hosts.evicted()),
            ("identities_moved", self.moves),
            ("interfaces", self.interfaces.len() as u64),
            ("interfaces_evicted", self.interfaces.evicted()),
        ]
    }

    /// All hosts that are known.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &(IpAddr, Host)> {
        self.hosts.iter()
    }

    /// All interfaces that are known.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = &(Mac, Interface)> {
        self.interfaces.iter()
    }

    /// Take up what was known before a restart, those heard of longest ago first.
    pub(crate) fn restore(
        &mut self,
        mut hosts: Vec<(IpAddr, Host)>,
        mut interfaces: Vec<(Mac, Interface)>,
    ) {
        hosts.sort_by_key(|(_, host)| host.at);
        interfaces.sort_by_key(|(_, known)| known.addresses.iter().map(|(_, at)| *at).max());
        for (ip, host) in hosts.into_iter().filter(|(ip, _)| is_one_host(*ip)) {
            self.hosts.insert(ip, host);
        }
        for (mac, interface) in interfaces {
            self.interfaces.insert(mac, interface);
        }
    }

    /// A host showed who it is. Give it hosts inside only.
    pub(crate) fn learn(&mut self, hint: &HostHint, at: Timestamp) {
        let ip = hint.ip.to_canonical();
        if !is_one_host(ip) {
            return;
        }
        let mut host = self.hosts.peek(&ip).cloned().unwrap_or_default();
        host.at = at;
        let mac = hint.mac.filter(|_| host.believes(ip, hint.by));
        if let Some(mac) = mac {
            if let Some((before, _)) = host.mac.replace((mac, hint.by))
                && before != mac
            {
                // Another machine: the name was the other's.
                host.name = None;
                host.changes = host.changes.saturating_add(1);
                self.leave(before, ip);
            }
            let former = self.join(mac, ip, hint, at);
            self.moves = self.moves.saturating_add(u64::from(former.is_some()));
            host.former = former.or(host.former);
        }
        if let Some(name) = &hint.name
            && take_name(&mut host.name, name)
        {
            host.changes = host.changes.saturating_add(1);
        }
        self.hosts.insert(ip, host);
    }

    /// What the host at an address is called.
    pub(crate) fn of(&self, ip: IpAddr) -> Identity {
        let host = self.hosts.peek(&ip.to_canonical());
        host.map(|host| self.identity(host)).unwrap_or_default()
    }

    /// The other addresses of the host at `ip`, as far as its interface shows; none of a router, or of
    /// one that answers for others.
    pub(crate) fn others(&self, ip: IpAddr) -> impl Iterator<Item = IpAddr> {
        let ip = ip.to_canonical();
        let mac = self.hosts.peek(&ip).and_then(|host| host.mac);
        let interface = mac.and_then(|(mac, _)| self.interfaces.peek(&mac));
        let addresses = interface.map_or(&[][..], |interface| interface.addresses.as_slice());
        addresses.iter().map(|(other, _)| *other).filter(move |other| *other != ip)
    }

    /// The same, and what was before.
    pub(crate) fn known(&self, ip: IpAddr) -> Option<KnownHost> {
        let host = self.hosts.peek(&ip.to_canonical())?;
        let &Host { at, changes, former, .. } = host;
        Some(KnownHost { identity: self.identity(host), at, changes, former })
    }

    fn identity(&self, host: &Host) -> Identity {
        let interface = |mac: &Mac| self.interfaces.peek(mac);
        let mac = host.mac.map(|(mac, _)| mac);
        let mac = mac.filter(|mac| !interface(mac).is_some_and(|known| known.of_many));
        let of_interface = || mac.as_ref().and_then(interface)?.name.clone();
        Identity { mac, name: host.name.clone().or_else(of_interface) }
    }

    /// An interface has an address; the one that it had leased before, if it leased this one.
    fn join(&mut self, mac: Mac, ip: IpAddr, hint: &HostHint, at: Timestamp) -> Option<IpAddr> {
        if self.interfaces.peek(&mac).is_none() {
            self.interfaces.insert(mac, Interface::default());
        }
        let interface = self.interfaces.get(&mac)?;
        interface.has(ip, at);
        if let Some(name) = &hint.name {
            take_name(&mut interface.name, name);
        }
        if hint.by != HintSource::Dhcp || !ip.is_ipv4() {
            return None;
        }
        interface.leased.replace(ip).filter(|before| *before != ip && !interface.of_many)
    }

    /// An interface has an address no more.
    fn leave(&mut self, mac: Mac, ip: IpAddr) {
        if let Some(interface) = self.interfaces.get(&mac) {
            interface.addresses.retain(|(other, _)| *other != ip);
        }
    }
}

impl Host {
    /// Whether what tells an interface of this address is as good as what told it before. A lease
    /// of IPv6 names an interface that the host once made its identifier of (RFC 8415 §11): any
    /// that it has, or had.
    fn believes(&self, ip: IpAddr, by: HintSource) -> bool {
        let seen = self.mac.is_some_and(|(_, by)| by == HintSource::Neighbour);
        !(ip.is_ipv6() && by == HintSource::Dhcp && seen)
    }
}

impl Interface {
    fn has(&mut self, ip: IpAddr, at: Timestamp) {
        if self.of_many {
            return;
        }
        // What it has not said for a day it may have no more: hosts change their addresses of IPv6
        // (RFC 8981 §3.8), and leases end.
        self.addresses
            .retain(|(other, last)| *other != ip && at.since(*last) < ADDRESSES_PER_MAC_SPAN);
        // Most have one, and a list that doubles begins with room for four.
        self.addresses.reserve_exact(1);
        self.addresses.push((ip, at));
        if self.addresses.len() > ADDRESSES_PER_MAC_MAX {
            self.of_many = true;
            self.addresses = Vec::new();
        }
    }
}

/// Take a name over; whether another one was known. A name's first label says nothing against the
/// whole of it: clients say either.
fn take_name(known: &mut Option<Arc<str>>, name: &Arc<str>) -> bool {
    let begins = |long: &str, short: &str| {
        let start = long.get(..short.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(short))
            && matches!(long.as_bytes().get(short.len()), None | Some(b'.'))
    };
    match known {
        Some(old) if begins(old, name) => false,
        Some(old) => {
            let other = !begins(name, old);
            *known = Some(Arc::clone(name));
            other
        }
        None => {
            *known = Some(Arc::clone(name));
            false
        }
    }
}

/// Whether an address is of one host: not none, not a group's, not everyone's own.
fn is_one_host(ip: IpAddr) -> bool {
    let everyone = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(everyone || ip.is_multicast() || ip.is_unspecified() || ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    /// `by ip mac name`, `-` for what is not said; `mac` is the last octet.
    fn hint(line: &str) -> HostHint {
        let words: Vec<&str> = line.split_whitespace().collect();
        let by = match words[0] {
            "dhcp" => HintSource::Dhcp,
            "arp" => HintSource::Arp,
            _ => HintSource::Neighbour,
        };
        let said = |at: usize| words.get(at).copied().filter(|word| *word != "-");
        let mac = |text: &str| Mac([2, 0, 0, 0, 0, text.parse().expect(line)]);
        HostHint {
            ip: words[1].parse().expect(line),
            mac: said(2).map(mac),
            name: said(3).map(Into::into),
            by,
        }
    }

    fn called(known: &Identities, ip: &str) -> String {
        let Identity { mac, name } = known.of(ip.parse().expect(ip));
        let mac = mac.map_or("-".to_owned(), |mac| mac.0[5].to_string());
        format!("{mac} {}", name.as_deref().unwrap_or("-"))
    }

    fn learn(lines: &[&str]) -> Identities {
        let mut known = Identities::new(&Limits::default());
        for (secs, line) in lines.iter().enumerate() {
            known.learn(&hint(line), Timestamp::from_secs(secs as u64, 0));
        }
        known
    }

    #[test]
    fn who_is_behind_an_address() {
        let table: &[(&str, &[&str], &str, &str, u32)] = &[
            ("nothing", &[], "10.0.0.5", "- -", 0),
            ("by ARP", &["arp 10.0.0.5 1"], "10.0.0.5", "1 -", 0),
            ("as mapped", &["arp 10.0.0.5 1"], "::ffff:10.0.0.5", "1 -", 0),
            ("a lease", &["dhcp 10.0.0.5 1 pc"], "10.0.0.5", "1 pc", 0),
            ("and again", &["dhcp 10.0.0.5 1 pc", "arp 10.0.0.5 1"], "10.0.0.5", "1 pc", 0),
            ("a name alone", &["dhcp 10.0.0.5 - pc"], "10.0.0.5", "- pc", 0),
            // Clients say the short name and the long one in turn.
            (
                "longer",
                &["dhcp 10.0.0.5 1 pc", "dhcp 10.0.0.5 1 PC.corp"],
                "10.0.0.5",
                "1 PC.corp",
                0,
            ),
            (
                "shorter",
                &["dhcp 10.0.0.5 1 pc.corp", "dhcp 10.0.0.5 1 PC"],
                "10.0.0.5",
                "1 pc.corp",
                0,
            ),
            ("no label", &["dhcp 10.0.0.5 1 pc", "dhcp 10.0.0.5 1 pc2"], "10.0.0.5", "1 pc2", 1),
            // Another machine: the name went with the one before.
            ("taken over", &["dhcp 10.0.0.5 1 pc", "arp 10.0.0.5 2"], "10.0.0.5", "2 -", 1),
            (
                "taken over by one with a name",
                &["dhcp 10.0.0.5 1 pc", "dhcp 10.0.0.6 2 tv", "arp 10.0.0.5 2"],
                "10.0.0.5",
                "2 tv",
                1,
            ),
            // A forger says that it is another; the other says that it is itself.
            (
                "forged and back",
                &["dhcp 10.0.0.5 1 pc", "arp 10.0.0.5 9", "arp 10.0.0.5 1"],
                "10.0.0.5",
                "1 pc",
                2,
            ),
            // One machine, one name, by whatever protocol.
            ("by the interface", &["dhcp 10.0.0.5 1 pc", "nd fd00::5 1"], "fd00::5", "1 pc", 0),
            // RFC 8415 §11: an identifier is of some interface.
            ("seen is better", &["nd fd00::5 1", "dhcp fd00::5 2 pc"], "fd00::5", "1 pc", 0),
            ("better than nothing", &["dhcp fd00::5 2 pc"], "fd00::5", "2 pc", 0),
            ("corrected", &["dhcp fd00::5 2 pc", "nd fd00::5 1"], "fd00::5", "1 -", 1),
            ("a group", &["arp 224.0.0.1 1"], "224.0.0.1", "- -", 0),
            ("everyone", &["arp 255.255.255.255 1"], "255.255.255.255", "- -", 0),
            ("no one", &["arp 0.0.0.0 1"], "0.0.0.0", "- -", 0),
        ];
        for (name, lines, ip, want, changes) in table {
            let known = learn(lines);
            assert_eq!(called(&known, ip), *want, "{name}");
            let changed = known.known(ip.parse().expect(ip)).map_or(0, |host| host.changes);
            assert_eq!(changed, *changes, "{name}");
        }
    }

    #[test]
    fn a_new_lease_is_remembered() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["dhcp 10.0.0.5 1 pc", "dhcp 10.0.0.6 1 pc"], Some("10.0.0.5")),
            (&["dhcp 10.0.0.5 1", "dhcp 10.0.0.6 1", "dhcp 10.0.0.6 1"], Some("10.0.0.5")),
            (&["dhcp 10.0.0.6 1", "dhcp 10.0.0.6 1"], None),
            // A server may have two addresses.
            (&["arp 10.0.0.5 1", "arp 10.0.0.6 1"], None),
            (&["dhcp 10.0.0.5 1", "arp 10.0.0.6 1"], None),
            (&["dhcp fd00::5 1", "dhcp 10.0.0.6 1"], None),
        ];
        for (lines, want) in table {
            let known = learn(lines).known("10.0.0.6".parse().expect("an address"));
            let former = known.and_then(|host| host.former).map(|ip| ip.to_string());
            assert_eq!(former.as_deref(), *want, "{lines:?}");
        }
        let moved = learn(&["dhcp 10.0.0.5 1", "dhcp 10.0.0.6 1", "dhcp 10.0.0.5 1"]);
        assert!(moved.counts().contains(&("identities_moved", 2)));
    }

    #[test]
    fn one_that_answers_for_many_identifies_nobody() {
        let at = |secs| Timestamp::from_secs(secs, 0);
        let arp = |last: usize| hint(&format!("arp 10.0.0.{last} 1"));
        let mut known = Identities::new(&Limits::default());
        known.learn(&hint("dhcp 10.0.1.1 1 gateway"), at(0));
        for last in 1..ADDRESSES_PER_MAC_MAX {
            known.learn(&arp(last), at(0));
        }
        assert_eq!(called(&known, "10.0.0.3"), "1 gateway", "sixteen");
        known.learn(&hint("dhcp 10.0.0.4 - pc"), at(0));
        known.learn(&arp(99), at(0));
        for ip in ["10.0.0.3", "10.0.0.99"] {
            assert_eq!(called(&known, ip), "- -", "seventeen: {ip}");
        }
        assert_eq!(called(&known, "10.0.0.4"), "- pc", "what a host says of itself stands");
        assert_eq!(called(&known, "10.0.1.1"), "- gateway");
        // A host whose addresses come and go is one all the same.
        let mut known = Identities::new(&Limits::default());
        for day in 0..60 {
            known.learn(&hint(&format!("nd fd00::{day:x} 1")), at(day * 6 * HOUR));
        }
        assert_eq!(called(&known, "fd00::2"), "1 -");
        // So is one whose addresses are given to others.
        for last in 1..60 {
            known.learn(&hint(&format!("arp 10.0.0.{last} 7")), at(100 * 24 * HOUR));
            known.learn(&hint(&format!("arp 10.0.0.{last} {}", last + 100)), at(100 * 24 * HOUR));
        }
        known.learn(&hint("arp 10.0.0.200 7"), at(100 * 24 * HOUR));
        assert_eq!(called(&known, "10.0.0.200"), "7 -");
    }

    #[test]
    fn the_bound_lets_the_one_unheard_for_longest_go() {
        let mut known = Identities::new(&Limits { identities_max: 2, ..Limits::default() });
        for line in ["arp 10.0.0.1 1", "arp 10.0.0.2 2", "arp 10.0.0.1 1", "arp 10.0.0.3 3"] {
            known.learn(&hint(line), Timestamp::ZERO);
        }
        let called = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|ip| called(&known, ip));
        assert_eq!(called, ["1 -", "- -", "3 -"]);
        let counts = [("identities", 2), ("identities_evicted", 1), ("interfaces", 2)];
        assert!(counts.iter().all(|count| known.counts().contains(count)), "{:?}", known.counts());
    }
}
