//! What a host is called besides its address.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a host is called besides its address, as far as the wire shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// The address of its interface.
    pub mac: Option<Mac>,
    /// The name that it gives itself.
    pub name: Option<Arc<str>>,
}

/// The address of an Ethernet interface (IEEE 802-2014 clause 8.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    /// `00-00-5E-00-53-23`, as RFC 7042 §2.1 and ECS have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{g:02X}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a host's own traffic says of it. No conversation in the usual sense: it is for memory alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HostHint {
    /// The host's address.
    pub ip: IpAddr,
    /// The address of its interface, where it shows.
    pub mac: Option<Mac>,
    /// The name that it gives itself, where it shows; escaped, at most 253 octets.
    pub name: Option<Arc<str>>,
    /// What showed it.
    pub by: HintSource,
}

/// What shows who a host is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum HintSource {
    /// A lease (RFC 2131, RFC 8415): the name that the host asked to be called by, too.
    Dhcp,
    /// RFC 826.
    Arp,
    /// Neighbour discovery (RFC 4861).
    Neighbour,
}
