//! Zones that hold too much, hide each other, or that nothing asks for.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::super::networks::{Zone, Zones};
use super::super::rule::{Place, Rule};
use super::{Lint, place};

/// Zones and their networks, by network.
type ByNetwork<'a> = BTreeMap<IpNet, Vec<&'a Zone>>;

/// Prefixes shorter than these hold more than anyone owns: 16 million addresses of IPv4, or more
/// than a registry gives to one network of IPv6.
const V4_PREFIX_MIN: u8 = 8;
const V6_PREFIX_MIN: u8 = 16;

pub(super) fn remark(zones: &Zones, rules: &[Rule], lint: &mut Lint) {
    let mut by_network: ByNetwork<'_> = BTreeMap::new();
    for zone in zones.iter() {
        for network in &zone.networks {
            wide(zone, network, lint);
            let known = by_network.entry(*network).or_default();
            twice(zone, network, known, lint);
            known.push(zone);
        }
    }
    for zone in zones.iter() {
        let named = |rule: &Rule| rule.zones.contains(&zone.name);
        if !rules.iter().any(named) {
            let why = format!("no rule names the zone {}", zone.name);
            let fix = "nothing, if it only says what is inside";
            lint.note("unused-zone", zone.place.complain(why, fix));
        }
    }
    let nested = nested(zones, &by_network);
    for rule in rules {
        for (outer, inner, network) in &nested {
            let names = |zone: &Zone| rule.zones.contains(&zone.name);
            if names(outer) && !names(inner) {
                let why = format!(
                    "{} is for the zone {}, but hosts in {network} lie in {}, within it",
                    rule.label, outer.name, inner.name
                );
                let fix = format!("add {:?} to `zones` if they are meant too", inner.name);
                lint.note("zone-within", place(rule, "zones").complain(why, fix));
            }
        }
    }
}

fn key(zone: &Zone) -> &Place {
    zone.keys.of("networks").unwrap_or(&zone.place)
}

fn wide(zone: &Zone, network: &IpNet, lint: &mut Lint) {
    let least = if network.addr().is_ipv4() { V4_PREFIX_MIN } else { V6_PREFIX_MIN };
    // The private networks of IPv6 are as wide as that.
    let private = network.addr().is_ipv6()
        && network.prefix_len() >= 7
        && super::super::networks::is_private(network.addr());
    if network.prefix_len() >= least || private {
        return;
    }
    let why = match network.prefix_len() {
        0 => format!("the zone {} holds the whole Internet: nothing is outside", zone.name),
        _ => format!("{network} in the zone {} holds more than anyone owns", zone.name),
    };
    lint.warn("internet", key(zone).complain(why, "name your own networks alone"));
}

fn twice(zone: &Zone, network: &IpNet, known: &[&Zone], lint: &mut Lint) {
    for earlier in known {
        if earlier.name == zone.name {
            let why = format!("the zone {} names {network} twice", zone.name);
            lint.note("duplicate-network", key(zone).complain(why, "name it once"));
            continue;
        }
        let apart = match (earlier.vlans.is_empty(), zone.vlans.is_empty()) {
            (true, true) => false,
            (false, false) => !zone.vlans.iter().any(|vlan| earlier.vlans.contains(vlan)),
            _ => true,
        };
        if !apart {
            let why = format!(
                "{network} stands in the zones {} and {}: the first one has its hosts",
                earlier.name, zone.name
            );
            lint.warn("zone-hidden", key(zone).complain(why, "leave it in one of them"));
        }
    }
}

/// Networks of one zone that lie within another's: outer zone, inner zone, the first such network.
fn nested<'a>(zones: &'a Zones, by_network: &ByNetwork<'a>) -> Vec<(&'a Zone, &'a Zone, IpNet)> {
    let mut found: Vec<(&Zone, &Zone, IpNet)> = Vec::new();
    for inner in zones.iter() {
        for network in &inner.networks {
            let mut wider = network.supernet();
            while let Some(net) = wider {
                for outer in by_network.get(&net).into_iter().flatten() {
                    let known = |(one, other, _): &(&Zone, &Zone, IpNet)| {
                        one.name == outer.name && other.name == inner.name
                    };
                    if outer.name != inner.name && !found.iter().rev().take(64).any(known) {
                        found.push((*outer, inner, *network));
                    }
                }
                wider = net.supernet();
            }
        }
    }
    found
}
