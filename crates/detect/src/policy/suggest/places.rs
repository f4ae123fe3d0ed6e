//! Where the users of a tool are: zones that there are, and networks that want to be some.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::Policy;
use super::super::networks::INSIDE;
use super::Group;
use crate::limits::SUGGEST_ZONES_MAX;

/// New zones, and the zone of each host.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By name, the network of each new zone.
    pub(super) new: BTreeMap<String, IpNet>,
    /// The same of hosts of which no rule is written out.
    pub(super) doubted: BTreeMap<String, IpNet>,
    /// The networks that are inside while no zone names any, to be named since others are.
    pub(super) inside: Vec<IpNet>,
    zone_of: BTreeMap<IpAddr, String>,
    /// Whether there were more networks than zones that anyone would read.
    pub(super) scattered: bool,
}

impl Places {
    /// The zones of the hosts of all groups: those that there are, else new ones.
    pub(super) fn of(policy: &Policy, groups: &[(Group<'_>, Vec<String>)]) -> Places {
        let mut places = Places::default();
        let (sure, doubted): (Vec<_>, Vec<_>) =
            groups.iter().partition(|(_, doubts)| doubts.is_empty());
        for (group, _) in sure {
            let new = places.place(policy, group);
            places.new.extend(new);
        }
        places.scattered = places.new.len() > SUGGEST_ZONES_MAX;
        for (group, _) in doubted {
            let new = places.place(policy, group);
            places
                .doubted
                .extend(new.into_iter().filter(|(name, _)| !places.new.contains_key(name)));
        }
        if places.scattered || places.doubted.len() > SUGGEST_ZONES_MAX {
            places.doubted.clear();
        }
        if places.scattered {
            places.new.clear();
        }
        if !places.new.is_empty() && policy.zones().next().is_none() {
            places.inside = INSIDE.to_vec();
        }
        let has = |zone: &String| {
            places.new.contains_key(zone)
                || places.doubted.contains_key(zone)
                || policy.zones().any(|known| known == zone)
        };
        places.zone_of.retain(|_, zone| has(zone));
        places
    }

    /// Note the zone of each host of a group; answers with those that are new.
    fn place(&mut self, policy: &Policy, group: &Group<'_>) -> BTreeMap<String, IpNet> {
        let mut new = BTreeMap::new();
        for (host, told) in &group.hosts {
            let name = match known(policy, *host, *told) {
                Some(zone) => zone.to_string(),
                None => {
                    let (name, network) = around(*host);
                    new.insert(name.clone(), network);
                    name
                }
            };
            self.zone_of.insert(*host, name);
        }
        new
    }

    /// The zones of a group's hosts; nothing where one of them has none.
    pub(super) fn zones(&self, group: &Group<'_>) -> BTreeSet<&str> {
        let zones: Option<BTreeSet<&str>> =
            group.hosts.keys().map(|host| self.zone_of.get(host).map(String::as_str)).collect();
        zones.unwrap_or_default()
    }
}

/// The zone of the policy that a host lies in, by its address, else by what its record tells.
fn known<'a>(policy: &'a Policy, host: IpAddr, told: Option<&'a Arc<str>>) -> Option<&'a Arc<str>> {
    let told = told.filter(|told| policy.zones().any(|zone| zone == &***told));
    // A record knows the VLAN, too.
    told.or_else(|| policy.zone_of(host, None))
}

/// The network around a host that makes a zone: a /24, or a /64.
fn around(host: IpAddr) -> (String, IpNet) {
    let network = match host.to_canonical() {
        IpAddr::V4(ip) => Ipv4Net::new(ip, 24).map(IpNet::V4),
        IpAddr::V6(ip) => Ipv6Net::new(ip, 64).map(IpNet::V6),
    };
    let network = network.map_or_else(|_| IpNet::from(host), |network| network.trunc());
    (format!("net {network}"), network)
}
