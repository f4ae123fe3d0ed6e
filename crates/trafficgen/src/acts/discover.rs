//! A name called into the room: multicast DNS, LLMNR, NetBIOS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use crate::cast::{Family, Fault};
use crate::dns::{QueryType, check_name, neighbour_query, netbios_query};
use crate::tcp::Side;

/// `kind = "discover"`: one question that no one answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discover {
    client: Spanned<String>,
    name: Spanned<String>,
    by: By,
    #[serde(default = "address")]
    r#type: QueryType,
    #[serde(default = "v4")]
    family: Family,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Mdns,
    Llmnr,
    Nbns,
}

fn address() -> QueryType {
    QueryType::A
}

fn v4() -> Family {
    Family::V4
}

impl Discover {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        check_name(self.name.get_ref()).map_err(|why| Fault::new(&self.name, why))?;
        let host = scene.cast().host(&self.client)?;
        let from = host.addresses.iter().copied().find(|a| Family::of(*a) == self.family);
        let Some(from) = from else {
            return Err(Fault::new(&self.client, "this host has no address of that family"));
        };
        let (group, port) = match (self.by, from) {
            (By::Mdns, IpAddr::V4(_)) => (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), 5353),
            (By::Mdns, IpAddr::V6(_)) => (group_v6(0xFB), 5353),
            (By::Llmnr, IpAddr::V4(_)) => (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 252)), 5355),
            (By::Llmnr, IpAddr::V6(_)) => (group_v6(0x1_0003), 5355),
            (By::Nbns, IpAddr::V6(_)) => {
                return Err(Fault::new(&self.client, "NetBIOS knows no IPv6"));
            }
            (By::Nbns, IpAddr::V4(_)) => (IpAddr::V4(Ipv4Addr::BROADCAST), 137),
        };
        let (id, kind) = (scene.random.word(), self.r#type);
        let mut route = scene.route(host, from, group, port);
        let message = match self.by {
            By::Mdns => neighbour_query(0, self.name.get_ref(), kind), // RFC 6762 §18.1
            By::Llmnr => neighbour_query(id, self.name.get_ref(), kind),
            By::Nbns => netbios_query(id, self.name.get_ref()),
        };
        if !matches!(self.by, By::Llmnr) {
            route.client_port = port;
        }
        if !matches!(self.by, By::Nbns) {
            route.out.hops = if matches!(self.by, By::Mdns) { 255 } else { 1 };
        }
        scene.datagram(&route, Side::Client, scene.now, &message);
        Ok(())
    }
}

/// ff02::`last`, the group of a link.
fn group_v6(last: u32) -> IpAddr {
    let [high, low] = [(last >> 16) as u16, last as u16];
    IpAddr::V6(Ipv6Addr::new(0xFF02, 0, 0, 0, 0, 0, high, low))
}
