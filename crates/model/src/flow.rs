//! A conversation: who opened it, who serves it, and where it runs.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::DomainName;

/// What carries a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Transport {
    /// RFC 9293.
    Tcp,
    /// RFC 768.
    Udp,
}

/// One end of a conversation. IPv4 in IPv6 (`::ffff:a.b.c.d`) is told as it was on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
}

impl Endpoint {
    /// The end at `ip` and `port`.
    #[must_use]
    pub const fn new(ip: IpAddr, port: u16) -> Endpoint {
        Endpoint { ip, port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => write!(f, "{ip}:{}", self.port),
            IpAddr::V6(ip) => write!(f, "[{ip}]:{}", self.port),
        }
    }
}

/// A VLAN's number (IEEE 802.1Q), 0 to 4095.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct VlanId(u16);

impl VlanId {
    /// The number in the low twelve bits of a tag; the priority bits fall away.
    #[must_use]
    pub const fn from_tag(tag: u16) -> VlanId {
        VlanId(tag & 0x0fff)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for VlanId {
    type Error = &'static str;

    /// The VLAN of that number.
    fn try_from(number: u16) -> Result<VlanId, &'static str> {
        match number {
            0..=0x0fff => Ok(VlanId(number)),
            _ => Err("a VLAN's number has twelve bits"),
        }
    }
}

/// The end that something came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Side {
    /// The end that opened the conversation.
    Client,
    /// The end that was called.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// A conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// Who opened it.
    pub client: Endpoint,
    /// Who was called.
    pub server: Endpoint,
    /// What carries it.
    pub transport: Transport,
    /// The innermost VLAN of its first frame.
    pub vlan: Option<VlanId>,
    /// The capture did not show who opened it; client and server are the best guess.
    pub guessed: bool,
}

impl Flow {
    /// The end on that side.
    #[must_use]
    pub const fn end(&self, side: Side) -> Endpoint {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }
}

/// Which way a conversation crosses the border of the networks that are ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From outside to inside.
    Inbound,
    /// From inside to outside.
    Outbound,
    /// Between two hosts inside.
    Internal,
    /// Between two hosts outside.
    External,
}

/// How the policy places a conversation in our networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The host inside that a record about this conversation is about; the client where both or
    /// neither are inside.
    pub host: IpAddr,
    /// Which way it crosses our border.
    pub direction: Direction,
    /// The zone of `host`, where one is configured.
    pub zone: Option<Arc<str>>,
    /// What the client last resolved the server's address from, where that is known.
    pub server_name: Option<DomainName>,
    /// The client resolved other names to that address too, as on a content network: the name is a
    /// guess.
    pub name_shared: bool,
    /// Everyone has to do with the name that the fact tells, or with the lent one: it is no news.
    pub well_known: bool,
}
