//! The safety gate: names and networks that everyone meets, so that no list can make them alert.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use ipnet::IpNet;

use crate::naming::{self, Public};
use crate::pattern::NamePattern;
use crate::sheet::{self, Complaints, Placed, Sheet, shown};

/// What everyone meets, by group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    groups: Vec<Arc<str>>,
    names: HashMap<Box<str>, Held, RandomState>,
    networks: Vec<(IpNet, u16)>,
    /// Names of files that everyone fetches, in lower case.
    files: HashMap<Box<str>, u16, RandomState>,
    /// Prefixes shorter than these are too wide to say anything.
    widest_v4: Option<u8>,
    widest_v6: Option<u8>,
    /// Private public suffixes that serve one product alone.
    exempt: HashSet<Box<str>, RandomState>,
    /// Numbers of groups of our own: a public suffix, a network that is too wide.
    suffix_group: u16,
    wide_group: u16,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    group: u16,
    /// Names below it are held too; else just it and `www.` of it.
    below: bool,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate {
            groups: vec!["public suffixes".into(), "networks too wide to tell".into()],
            suffix_group: 0,
            wide_group: 1,
            ..Gate::default()
        }
    }

    /// Add the entries of a file.
    pub(crate) fn read(&mut self, text: &str, complaints: &mut Complaints<'_>) {
        let table = sheet::parse(text, complaints);
        let top = Sheet::new(&table);
        top.only(&["names", "networks", "files", "widest", "exempt"], complaints);
        for entry in top.sheets("names", complaints) {
            self.read_names(&entry, complaints);
        }
        for entry in top.sheets("networks", complaints) {
            entry.only(&["group", "cidrs", "source", "checked", "note"], complaints);
            let Some(group) = self.group(&entry, complaints) else { continue };
            for cidr in entry.texts("cidrs", complaints).unwrap_or_default() {
                match network(cidr.value) {
                    Some(net) => self.networks.push((net, group)),
                    None => not_a_network(cidr, complaints),
                }
            }
        }
        for entry in top.sheets("files", complaints) {
            entry.only(&["group", "names", "source", "checked", "note"], complaints);
            let Some(group) = self.group(&entry, complaints) else { continue };
            for name in entry.texts("names", complaints).unwrap_or_default() {
                self.files.insert(name.value.to_ascii_lowercase().into(), group);
            }
        }
        for entry in top.sheets("widest", complaints) {
            entry.only(&["v4", "v6", "source", "checked", "note"], complaints);
            let mut bits = |key, most| {
                entry.number(key, 0..most, complaints).and_then(|n| u8::try_from(n.value).ok())
            };
            self.widest_v4 = bits("v4", 33).or(self.widest_v4);
            self.widest_v6 = bits("v6", 129).or(self.widest_v6);
        }
        for entry in top.sheets("exempt", complaints) {
            entry.only(&["names", "source", "checked", "note"], complaints);
            for name in entry.texts("names", complaints).unwrap_or_default() {
                if let Some(name) = gate_name(name, complaints) {
                    self.exempt.insert(name);
                }
            }
        }
    }

    fn read_names(&mut self, entry: &Sheet<'_>, complaints: &mut Complaints<'_>) {
        entry.only(&["group", "scope", "names", "source", "checked", "note"], complaints);
        let scopes = [("apex", false), ("below", true)];
        let below = entry.word("scope", &scopes, None, complaints);
        let Some(group) = self.group(entry, complaints) else { return };
        let Some(below) = below else { return };
        for name in entry.texts("names", complaints).unwrap_or_default() {
            if let Some(name) = gate_name(name, complaints) {
                self.names.insert(name, Held { group, below });
            }
        }
    }

    /// A group needs a name and a source.
    fn group(&mut self, entry: &Sheet<'_>, complaints: &mut Complaints<'_>) -> Option<u16> {
        let group = entry.needed_text("group", "what these have in common", complaints)?;
        entry.needed_text("source", "who says so", complaints)?;
        entry.needed_date("checked", complaints)?;
        let number = u16::try_from(self.groups.len()).ok()?;
        self.groups.push(group.value.into());
        Some(number)
    }

    /// The name of a group.
    pub(crate) fn group_name(&self, group: u16) -> Arc<str> {
        self.groups.get(usize::from(group)).cloned().unwrap_or_else(|| "gate".into())
    }

    /// Every name held, and its group.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, u16)> {
        self.names.iter().map(|(name, held)| (&**name, held.group))
    }

    /// The group that holds a name of a list, be it about the name alone or about all below it.
    pub(crate) fn holds_name(&self, name: &str) -> Option<u16> {
        match naming::public(name) {
            Public::Registry => return Some(self.suffix_group),
            Public::Private if !self.exempt.contains(name) => return Some(self.suffix_group),
            _ => {}
        }
        let apex = name.strip_prefix("www.").unwrap_or(name);
        if let Some(held) = self.names.get(apex).or_else(|| self.names.get(name)) {
            return Some(held.group);
        }
        let mut rest = name;
        while let Some((_, parent)) = rest.split_once('.') {
            rest = parent;
            if let Some(held) = self.names.get(rest).filter(|held| held.below) {
                return Some(held.group);
            }
        }
        None
    }

    /// The group that holds a pattern: all it can find is held, or it finds a name that is.
    pub(crate) fn holds_pattern(&self, pattern: &NamePattern) -> Option<u16> {
        let end = pattern.bucket.as_deref().unwrap_or(&pattern.ending);
        let mut rest = end;
        loop {
            if let Some(held) = self.names.get(rest).filter(|held| held.below) {
                return Some(held.group);
            }
            let Some((_, parent)) = rest.split_once('.') else { break };
            rest = parent;
        }
        // Sorted, so that the same group is named every time.
        let ending = &*pattern.ending;
        let mut found: Vec<(&str, u16)> = self
            .names()
            .filter(|(name, _)| name.ends_with(ending) || ending.ends_with(*name))
            .filter(|(name, _)| pattern.fits(name) || pattern.fits(&format!("www.{name}")))
            .collect();
        found.sort_unstable();
        found.first().map(|(_, group)| *group)
    }

    /// The group that holds the name of a file, which is in lower case.
    pub(crate) fn holds_file(&self, name: &str) -> Option<u16> {
        self.files.get(name).copied()
    }

    /// The group that holds a network: it is too wide, or shares addresses with one held.
    pub(crate) fn holds_network(&self, network: &IpNet) -> Option<u16> {
        let widest = match network {
            IpNet::V4(_) => self.widest_v4,
            IpNet::V6(_) => self.widest_v6,
        };
        if let Some((_, group)) =
            self.networks.iter().find(|(held, _)| held.contains(network) || network.contains(held))
        {
            return Some(*group);
        }
        widest.is_some_and(|widest| network.prefix_len() < widest).then_some(self.wide_group)
    }
}

/// A network, or an address as a network of one; bits behind the prefix fall away.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let net = match text.parse::<IpNet>() {
        Ok(net) => net.trunc(),
        Err(_) => IpNet::from(text.parse::<std::net::IpAddr>().ok()?),
    };
    // `::ffff:a.b.c.d` is an IPv4 address on the wire's other road.
    match net {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => {
                ipnet::Ipv4Net::new(v4, v6.prefix_len().saturating_sub(96)).ok().map(IpNet::V4)
            }
            None => Some(net),
        },
        _ => Some(net),
    }
}

pub(crate) fn not_a_network(cidr: Placed<&str>, complaints: &mut Complaints<'_>) {
    complaints.at(
        cidr.offset,
        format!("`{}` is no network", shown(cidr.value)),
        "write an address or CIDR, e.g. 192.0.2.0/24 or 2001:db8::/32",
    );
}

/// A name of the gate; a public suffix is one too.
fn gate_name(name: Placed<&str>, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    match naming::normalise(name.value) {
        Ok(name) => Some(name.into()),
        Err(error) => {
            let why = format!("`{}` {}", shown(name.value), error.why());
            complaints.at(name.offset, why, error.fix());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
[[names]]
group = 'certificates'
scope = 'below'
names = ['ca.example.org']
source = 'test'
checked = 2026-11-21
[[names]]
group = 'top sites'
scope = 'apex'
names = ['top.example', 'blob.store.example']
source = 'test'
checked = 2026-11-21
[[networks]]
group = 'private use'
cidrs = ['10.0.0.0/8', '1.1.1.1', 'fe80::/10']
source = 'RFC 1918'
checked = 2026-11-21
[[widest]]
v4 = 12
v6 = 24
[[exempt]]
names = ['ngrok.io']
";

    fn gate() -> Gate {
        let mut gate = Gate::new();
        let mut complaints = Complaints::new("gate.toml", TEXT);
        gate.read(TEXT, &mut complaints);
        assert_eq!(complaints.finish(), []);
        gate
    }

    #[test]
    fn names_are_held_or_pass() {
        let gate = gate();
        let table = [
            ("com", Some("public suffixes")),
            ("co.uk", Some("public suffixes")),
            ("pages.dev", Some("public suffixes")),
            ("ngrok.io", None),
            ("x.pages.dev", None),
            ("ca.example.org", Some("certificates")),
            ("ocsp.eu.ca.example.org", Some("certificates")),
            ("notca.example.org", None),
            ("top.example", Some("top sites")),
            ("www.top.example", Some("top sites")),
            ("remote.top.example", None),
            ("store.example", None),
        ];
        for (name, want) in table {
            let got = gate.holds_name(name).map(|group| gate.group_name(group));
            assert_eq!(got.as_deref(), want, "{name}");
        }
    }

    #[test]
    fn patterns_are_held_or_pass() {
        let gate = gate();
        let table = [
            (r"^a[0-9]\.ca\.example\.org$", true),
            (r"^[a-z.]+\.example\.org$", true),
            (r"^[a-z0-9]+\.top\.example$", true),
            (r"^relay-[0-9]+\.top\.example$", false),
        ];
        for (text, want) in table {
            let pattern = NamePattern::new(text).unwrap();
            assert_eq!(gate.holds_pattern(&pattern).is_some(), want, "{text}");
        }
    }

    #[test]
    fn networks_are_held_or_pass() {
        let gate = gate();
        let table = [
            ("10.0.0.0/8", true),
            ("10.1.2.3", true),
            ("1.1.1.1", true),
            ("::ffff:1.1.1.1", true),
            ("1.1.0.0/16", true),
            ("11.0.0.0/9", true),
            ("0.0.0.0/0", true),
            ("45.153.34.132", false),
            ("2a00::/16", true),
            ("2a00:1:2::/48", false),
            ("fe80::1", true),
        ];
        for (text, want) in table {
            let net = network(text).unwrap();
            assert_eq!(gate.holds_network(&net).is_some(), want, "{text}");
        }
    }
}
