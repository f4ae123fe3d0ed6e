//! The policy that the organisation has written down, as the sensor reads it.

use std::fmt::Write as _;

use super::people::ZONES;
use super::playbook::Playbook;
use super::plays::Part;

/// Zones, one rule for each tool, and one for names of our own that look odd.
pub(super) fn policy(book: &Playbook, parts: &[Part]) -> String {
    let mut out = String::from("# The policy of the day that `rmmwatch-trafficgen day` made.\n");
    for zone in &ZONES {
        let (name, octet, vlan) = (zone.name, zone.octet, zone.vlan);
        let _ = write!(
            out,
            "\n[[zone]]\nname = \"{name}\"\n\
             networks = [\"10.{octet}.0.0/16\", \"2001:db8:0:{octet:x}::/64\"]\nvlans = [{vlan}]\n"
        );
    }
    for part in parts {
        let _ = write!(out, "\n[[allow]]\ntool = \"{}\"\n", part.tool.id);
        let operators = operators(part);
        if !operators.is_empty() {
            let _ = writeln!(out, "operators = [{}]", quoted(&operators));
        }
        let _ = writeln!(out, "zones = [{}]", quoted(&part.zones));
        if let Some((from, to)) = part.hours {
            let days = if from < to { "Mon-Fri" } else { "Mon-Sun" };
            let zone = &book.time_zone;
            let _ = writeln!(out, "hours = \"{days} {from:02}:00-{to:02}:00 {zone}\"");
        }
        let _ = writeln!(out, "owner = \"it-{}\"", part.zones.first().map_or("", String::as_str));
    }
    // What is ours is no lie, whatever stands before it.
    let mut names: Vec<String> = book.odd_names.clone();
    names.push(book.domain.clone());
    names.extend(names.clone().iter().map(|name| format!("*.{name}")));
    let _ = writeln!(out, "\n[[allow]]\noperators = [{}]", quoted(&names));
    out.push_str("owner = \"marketing\"\n");
    out
}

/// Whose servers a tool may talk to: ours where we run it, our tenant where names say so. Where a
/// vendor runs them for everyone, no name tells tenants apart.
fn operators(part: &Part) -> Vec<String> {
    let tenants = part.servers.iter().any(|(_, tenant)| *tenant);
    let names = part.servers.iter().map(|(site, _)| site.name.clone());
    if part.own {
        // Hosts that ask where no one can read it show the address alone.
        let addresses = part.servers.iter().map(|(site, _)| site.v4.to_string());
        return names.chain(addresses).collect();
    }
    if tenants || !part.tool.is_vendors() { names.collect() } else { Vec::new() }
}

fn quoted(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|one| format!("\"{one}\"")).collect();
    quoted.join(", ")
}
