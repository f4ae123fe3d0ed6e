//! What carried a frame to the sensor, around the conversation that it is about.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A kind of encapsulation with two ends of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum TunnelKind {
    /// RFC 2784, RFC 2637 (PPTP).
    Gre,
    /// A span port's mirror over GRE, any version.
    Erspan,
    /// RFC 7348.
    Vxlan,
    /// RFC 8926.
    Geneve,
    /// 3GPP TS 29.281.
    GtpU,
    /// RFC 4380.
    Teredo,
    /// RFC 2003, RFC 2473, RFC 4213; generic UDP encapsulation of IP too.
    IpInIp,
    /// RFC 4023, RFC 7510.
    Mpls,
    /// RFC 2661, RFC 3931.
    L2tp,
    /// RFC 3378, RFC 8986: Ethernet in IP.
    EtherIp,
    /// RFC 5415: access points and their controller.
    Capwap,
    /// RFC 9300.
    Lisp,
    /// TaZmen sniffer protocol: a mirror over UDP.
    Tzsp,
}

impl TunnelKind {
    /// The kind as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            TunnelKind::Gre => "gre",
            TunnelKind::Erspan => "erspan",
            TunnelKind::Vxlan => "vxlan",
            TunnelKind::Geneve => "geneve",
            TunnelKind::GtpU => "gtp-u",
            TunnelKind::Teredo => "teredo",
            TunnelKind::IpInIp => "ip-in-ip",
            TunnelKind::Mpls => "mpls",
            TunnelKind::L2tp => "l2tp",
            TunnelKind::EtherIp => "ether-ip",
            TunnelKind::Capwap => "capwap",
            TunnelKind::Lisp => "lisp",
            TunnelKind::Tzsp => "tzsp",
        }
    }
}

/// The outermost tunnel that a conversation was seen in, in the direction of its first frame: an
/// analyst knows by it which span or gateway sent the frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Tunnel {
    /// How it carries.
    pub kind: TunnelKind,
    /// Who put the frame in.
    pub source: IpAddr,
    /// Who was to take it out.
    pub destination: IpAddr,
    /// What tells one tunnel from another between the same ends: VNI, key, session, TEID.
    pub id: Option<u32>,
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} > {}", self.kind.word(), self.source, self.destination)?;
        match self.id {
            Some(id) => write!(f, " id {id}"),
            None => Ok(()),
        }
    }
}
