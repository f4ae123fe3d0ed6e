//! A host gets its address, and says what it is called: DHCP of either version.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::scene::MILLISECOND;
use crate::cast::{Family, Fault};
use crate::dhcp::{Lease, Turn, message, message_v6};
use crate::dns::check_name;
use crate::frame::{Mac, Way, datagram, multicast_mac};

/// `kind = "dhcp"`: discover, offer, request and acknowledgement; of a lease that is renewed, the
/// last two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dhcp {
    client: Spanned<String>,
    server: Spanned<String>,
    /// What the client calls itself.
    name: Spanned<String>,
    /// The domain that it believes to be in.
    domain: Option<Spanned<String>>,
    #[serde(default)]
    renews: bool,
    family: Option<Family>,
}

impl Dhcp {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        for name in [Some(&self.name), self.domain.as_ref()].into_iter().flatten() {
            check_name(name.get_ref()).map_err(|why| Fault::new(name, why))?;
        }
        if self.name.get_ref().len() > 63 || self.name.get_ref().contains('.') {
            return Err(Fault::new(
                &self.name,
                "a host's name is one label; `domain` has the rest",
            ));
        }
        let family = self.family.unwrap_or(Family::V4);
        let (host, from, to) = scene.ends(&self.client, &self.server, Some(family))?;
        let cast = scene.cast();
        let (out, back) = (cast.way(from, to, host.vlan), cast.way(to, from, host.vlan));
        let id = u32::from(scene.random.word()) << 16 | u32::from(scene.random.word());
        let turns: &[Turn] = match self.renews {
            true => &[Turn::Request, Turn::Acknowledge],
            false => &[Turn::Discover, Turn::Offer, Turn::Request, Turn::Acknowledge],
        };
        for (number, turn) in (0_u64..).zip(turns) {
            let at = scene.now + number * 3 * MILLISECOND;
            let asks = matches!(turn, Turn::Discover | Turn::Request);
            let (way, ports, octets) = match (from, to) {
                (IpAddr::V4(from), IpAddr::V4(to)) => {
                    let lease = self.lease(id, out.from_mac, from, to);
                    let way = if asks { self.asking(&out) } else { back };
                    (
                        way,
                        if asks { (68, 67) } else { (67, 68) },
                        message(*turn, &lease, self.renews),
                    )
                }
                (IpAddr::V6(from), IpAddr::V6(to)) => {
                    let lease = self.lease(id, out.from_mac, from, to);
                    let octets = message_v6(*turn, &lease, out.to_mac, self.renews);
                    let way = if asks { linked(&out, true) } else { linked(&back, false) };
                    (way, if asks { (546, 547) } else { (547, 546) }, octets)
                }
                _ => return Err(Fault::new(&self.server, "a lease is of one family")),
            };
            let frame = datagram(&way, scene.random.word(), ports, &octets);
            scene.out.push((at, frame));
        }
        Ok(())
    }

    fn lease<A>(&self, id: u32, mac: Mac, address: A, server: A) -> Lease<'_, A> {
        let domain = self.domain.as_ref().map(|domain| domain.get_ref().as_str());
        Lease { id, mac, address, server, name: self.name.get_ref(), domain }
    }

    /// The way of a host that has no address yet.
    fn asking(&self, out: &Way) -> Way {
        if self.renews {
            return *out;
        }
        let (from, to) = (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into());
        Way { from, to, to_mac: [0xFF; 6], ..*out }
    }
}

/// The way between addresses of the link; to all servers (RFC 8415 §7.1), or back.
fn linked(way: &Way, to_all: bool) -> Way {
    let own = |mac: Mac| {
        // RFC 4291, appendix A: the interface's identifier.
        let [a, b, c, d, e, f] = mac.map(u16::from);
        let (first, third) = ((a ^ 2) << 8 | b, 0xFE00 | d);
        IpAddr::from(Ipv6Addr::new(0xFE80, 0, 0, 0, first, c << 8 | 0xFF, third, e << 8 | f))
    };
    let (from, to) = (own(way.from_mac), own(way.to_mac));
    if !to_all {
        return Way { from, to, ..*way };
    }
    let group = Ipv6Addr::new(0xFF02, 0, 0, 0, 0, 0, 1, 2).into();
    Way { from, to: group, to_mac: multicast_mac(group), ..*way }
}
