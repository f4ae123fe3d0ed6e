//! What machines say to find and to try each other: ARP, neighbour discovery, echo.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use crate::cast::{Family, Fault};
use crate::frame::{Way, echo, multicast_mac, neighbour};

/// `kind = "neighbour"`: ARP, or neighbour discovery over IPv6.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Neighbour {
    client: Spanned<String>,
    server: Spanned<String>,
    family: Option<Family>,
}

impl Neighbour {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let family = self.family.unwrap_or(Family::V4);
        let (host, from, to) = scene.ends(&self.client, &self.server, Some(family))?;
        let mut out = scene.cast().way(from, to, host.vlan);
        if let std::net::IpAddr::V6(target) = to {
            // The solicited-node group (RFC 4291 §2.7.1) spares the others the question.
            let [.., a, b, c] = target.octets();
            let last = u32::from_be_bytes([0xFF, a, b, c]);
            let group =
                std::net::Ipv6Addr::from((0xFF02_u128 << 112) | (1 << 32) | u128::from(last));
            out.to = group.into();
            out.to_mac = multicast_mac(out.to);
        }
        let back = scene.cast().way(to, from, host.vlan);
        let back = Way { to_mac: out.from_mac, ..back };
        scene.out.push((scene.now, neighbour(&out, to, false)));
        scene.out.push((scene.now + 200_000, neighbour(&back, to, true)));
        Ok(())
    }
}

/// `kind = "ping"`: four echo requests, a second apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ping {
    client: Spanned<String>,
    server: Spanned<String>,
    family: Option<Family>,
}

impl Ping {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        let cast = scene.cast();
        let (out, back) = (cast.way(from, to, host.vlan), cast.way(to, from, host.vlan));
        for number in 1..=4u16 {
            let at = scene.now + u64::from(number - 1) * super::scene::SECOND;
            let ident = scene.random.word();
            scene.out.push((at, echo(&out, ident, number, false)));
            scene.out.push((at + cast.round_trip(to), echo(&back, ident, number, true)));
        }
        Ok(())
    }
}
