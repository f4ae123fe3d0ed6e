//! Who is on the stage: hosts with their addresses, and what every name resolves to.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::dns::{Answer, Outcome, QueryType, Record, check_name};
use crate::frame::{Mac, Way, host_mac, multicast_mac};

/// The router between the office and the rest (VRRP's range of RFC 5798 §7.3, virtual router 1).
pub(crate) const ROUTER_MAC: Mac = [0x00, 0x00, 0x5E, 0x00, 0x01, 0x01];
/// Seconds that an answer may be kept.
const TTL: u32 = 300;
/// Aliases followed one after the other; more is a circle.
const ALIASES_MAX: usize = 8;

/// A mistake in a scenario, and the octets of the text that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) at: Range<usize>,
    pub(crate) why: String,
}

impl Fault {
    pub(crate) fn new<T>(at: &Spanned<T>, why: impl Into<String>) -> Fault {
        Fault { at: at.span(), why: why.into() }
    }
}

/// A machine in the house.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Host {
    pub(crate) addresses: Vec<IpAddr>,
    /// The 802.1Q tag of its frames.
    #[serde(default, deserialize_with = "vlan")]
    pub(crate) vlan: Option<u16>,
}

/// An identifier of IEEE 802.1Q §9.6: 1 to 4,094.
fn vlan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    match u16::deserialize(from)? {
        id @ 1..=4094 => Ok(Some(id)),
        _ => Err(serde::de::Error::custom("a VLAN is 1 to 4094")),
    }
}

/// A name of `[names]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(written: String) -> Result<Name, String> {
        check_name(&written).map(|()| Name(written))
    }
}

/// What a name resolves to: an address, or another name.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Target {
    Address(IpAddr),
    Alias(String),
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(written: String) -> Result<Target, String> {
        match written.parse() {
            Ok(address) => Ok(Target::Address(address)),
            Err(_) => check_name(&written).map(|()| Target::Alias(written)),
        }
    }
}

/// Internet protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub(crate) enum Family {
    V4,
    V6,
}

impl TryFrom<u8> for Family {
    type Error = String;

    fn try_from(number: u8) -> Result<Family, String> {
        match number {
            4 => Ok(Family::V4),
            6 => Ok(Family::V6),
            _ => Err("a family is 4 or 6".into()),
        }
    }
}

impl Family {
    pub(crate) fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// The hosts and names of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) hosts: BTreeMap<String, Host>,
    pub(crate) names: BTreeMap<String, Vec<Target>>,
    /// The host, or the address, that answers questions.
    pub(crate) resolver: Option<Spanned<String>>,
}

impl Cast {
    pub(crate) fn host(&self, name: &Spanned<String>) -> Result<&Host, Fault> {
        let known = || match self.hosts.is_empty() {
            true => "none".to_owned(),
            false => Vec::from_iter(self.hosts.keys().map(String::as_str)).join(", "),
        };
        self.hosts.get(name.get_ref()).ok_or_else(|| {
            Fault::new(
                name,
                format!("no host is called `{}`; there are {}", name.get_ref(), known()),
            )
        })
    }

    /// Addresses of what an act calls its server: a host, a name or an address itself.
    pub(crate) fn addresses(&self, server: &Spanned<String>) -> Result<Vec<IpAddr>, Fault> {
        let written = server.get_ref();
        if let Ok(address) = written.parse() {
            return Ok(vec![address]);
        }
        if let Some(host) = self.hosts.get(written) {
            return Ok(host.addresses.clone());
        }
        let (_, addresses) = self.resolve(server)?;
        Ok(addresses)
    }

    /// The aliases on the way from a name, in order, and the addresses at its end.
    pub(crate) fn resolve(
        &self,
        name: &Spanned<String>,
    ) -> Result<(Vec<String>, Vec<IpAddr>), Fault> {
        let (mut aliases, mut addresses) = (Vec::new(), Vec::new());
        let mut current = name.get_ref().as_str();
        loop {
            let targets = self.names.get(current).ok_or_else(|| {
                Fault::new(
                    name,
                    format!("`{current}` is neither a host, an address nor in [names]"),
                )
            })?;
            let mut alias = None;
            for target in targets {
                match target {
                    Target::Address(address) => addresses.push(*address),
                    Target::Alias(name) => alias = Some(name),
                }
            }
            let Some(next) = alias else { return Ok((aliases, addresses)) };
            if aliases.len() == ALIASES_MAX {
                return Err(Fault::new(name, format!("`{current}` is an alias without an end")));
            }
            aliases.push(next.clone());
            current = next;
        }
    }

    /// The records that answer a question of this name and type.
    pub(crate) fn records(
        &self,
        name: &Spanned<String>,
        kind: QueryType,
    ) -> Result<(Vec<Record>, Outcome), Fault> {
        let (aliases, addresses) = self.resolve(name)?;
        let mut owner = name.get_ref().clone();
        let mut records = Vec::new();
        for alias in aliases {
            records.push(Record { owner, ttl: TTL, answer: Answer::Alias(alias.clone()) });
            owner = alias;
        }
        let answers: Vec<Answer> = match kind {
            QueryType::A | QueryType::Aaaa => addresses
                .into_iter()
                .filter(|address| address.is_ipv4() == (kind == QueryType::A))
                .map(Answer::Address)
                .collect(),
            QueryType::Https => vec![Answer::Service(addresses)],
            QueryType::Ptr | QueryType::Txt => Vec::new(),
        };
        let outcome = if answers.is_empty() { Outcome::NoData } else { Outcome::Success };
        let owner = || owner.clone();
        records.extend(answers.into_iter().map(|a| Record { owner: owner(), ttl: TTL, answer: a }));
        Ok((records, outcome))
    }

    fn is_inside(&self, address: IpAddr) -> bool {
        self.hosts.values().any(|host| host.addresses.contains(&address))
    }

    fn mac(&self, address: IpAddr) -> Mac {
        match address {
            IpAddr::V4(Ipv4Addr::BROADCAST) => [0xFF; 6],
            _ if address.is_multicast() => multicast_mac(address),
            IpAddr::V4(v4) if v4.octets()[3] == 255 && !self.is_inside(address) => [0xFF; 6],
            _ if self.is_inside(address) => host_mac(address),
            _ => ROUTER_MAC,
        }
    }

    /// One direction of a conversation, as a tap in the house sees it.
    pub(crate) fn way(&self, from: IpAddr, to: IpAddr, vlan: Option<u16>) -> Way {
        let hops = if self.is_inside(from) { 128 } else { 44 + (trace(from) % 15) as u8 };
        Way { from, to, from_mac: self.mac(from), to_mac: self.mac(to), vlan, hops }
    }

    /// Nanoseconds to a server and back: half a millisecond in the house, else 6 to 60.
    pub(crate) fn round_trip(&self, server: IpAddr) -> u64 {
        if self.is_inside(server) { 500_000 } else { 6_000_000 + trace(server) % 54_000_000 }
    }
}

/// A number that stays the same for an address, so that its distance does.
fn trace(address: IpAddr) -> u64 {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    // FNV-1a.
    octets.iter().fold(0xCBF2_9CE4_8422_2325, |sum: u64, octet| {
        (sum ^ u64::from(*octet)).wrapping_mul(0x100_0000_01B3)
    })
}
