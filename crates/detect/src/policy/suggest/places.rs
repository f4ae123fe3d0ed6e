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
    /// The networks that are inside while no zone names any, to be named since others are.
    pub(super) inside: Vec<IpNet>,
    zone_of: BTreeMap<IpAddr, String>,
    /// Whether there were more networks than zones that anyone would read.
    pub(super) scattered: bool,
}

impl Places {
    /// The zones of the hosts of all groups that become rules; of the others those that there are.
    pub(super) fn of(policy: &Policy, groups: &[(Group<'_>, Vec<String>)]) -> Places {
        let mut places = Places::default();
        let mut wanted: BTreeMap<String, IpNet> = BTreeMap::new();
        for (group, doubts) in groups {
            for (host, told) in &group.hosts {
                let known = known(policy, *host, *told);
                let zone = known.map(|zone| zone.to_string()).or_else(|| {
                    let (name, network) = around(*host);
                    let keep = doubts.is_empty() || wanted.contains_key(&name);
                    keep.then(|| wanted.entry(name.clone()).or_insert(network));
                    Some(name)
                });
                places.zone_of.extend(zone.map(|zone| (*host, zone)));
            }
        }
        places.scattered = wanted.len() > SUGGEST_ZONES_MAX;
        if places.scattered {
            wanted.clear();
        }
        if !wanted.is_empty() && policy.zones().next().is_none() {
            places.inside = INSIDE.to_vec();
        }
        places.new = wanted;
        let has = |zone: &String| {
            places.new.contains_key(zone) || policy.zones().any(|known| known == zone)
        };
        places.zone_of.retain(|_, zone| has(zone));
        places
    }

    /// The zones of a group's hosts; nothing where a host has none.
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
