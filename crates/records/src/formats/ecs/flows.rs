//! What all records of a flow tell alike, as text that is made once: its ends and its network.

use std::net::IpAddr;

use model::{Flow, Transport};

use crate::community_id::CommunityId;
use crate::json::{self, Json as _, Page, constant};
use crate::limits::{FLOWS_WRITTEN_FIRST, FLOWS_WRITTEN_MAX};

/// Octets of the longest text: two IPv6 addresses, and a VLAN.
const TEXT_MAX: usize = 264;

/// The texts of the flows that were told last. A record is little more than its flow, its time and
/// its hash; the Community ID alone costs as much as the rest of it. A flow has its place by its
/// ends, and takes it from the one that had it before.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    rows: Vec<Row>,
    /// Texts that were made since the table grew.
    made: usize,
    page: Page,
    /// Stands in for a row where there is none: never.
    none: Row,
}

#[derive(Clone, Debug, Default)]
struct Row {
    flow: Option<Flow>,
    text: FlowText,
}

/// `,"source":{…},"destination":{…},"network":{…`, without what differs from record to record and
/// the braces behind it.
#[derive(Clone, Debug)]
pub(super) struct FlowText {
    octets: [u8; TEXT_MAX],
    /// Where the addresses stand.
    client: [u16; 2],
    server: [u16; 2],
    /// Where `source` ends, where `destination` does, `network` before its protocol, and behind its
    /// Community ID and VLAN.
    ends: [u16; 4],
}

impl Default for FlowText {
    fn default() -> FlowText {
        FlowText { octets: [0; TEXT_MAX], client: [0; 2], server: [0; 2], ends: [0; 4] }
    }
}

impl Flows {
    /// The flow's text.
    #[inline]
    pub(super) fn text(&mut self, flow: &Flow) -> &FlowText {
        // The number of rows is a power of two.
        let place = mixed(flow) & self.rows.len().wrapping_sub(1);
        let known = self.rows.get(place).is_some_and(|row| row.flow.as_ref() == Some(flow));
        let place = if known { place } else { self.make(flow) };
        &self.rows.get(place).unwrap_or(&self.none).text
    }

    /// Make the flow's text; its place.
    #[inline(never)]
    fn make(&mut self, flow: &Flow) -> usize {
        self.made += 1;
        let rows = self.rows.len();
        if rows == 0 || self.made > 4 * rows && rows < FLOWS_WRITTEN_MAX {
            self.made = 0;
            self.rows = vec![Row::default(); (2 * rows).max(FLOWS_WRITTEN_FIRST)];
        }
        let place = mixed(flow) & self.rows.len().wrapping_sub(1);
        if let Some(row) = self.rows.get_mut(place) {
            row.flow = Some(*flow);
            row.text.fill(flow, &mut self.page);
        }
        place
    }
}

/// A number that spreads flows over the rows. Who makes many flows share a row gains nothing: a text
/// is made anew then, as it is for a flow that is met once.
#[inline]
fn mixed(flow: &Flow) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 by the golden ratio
    let fold = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, h] = ip.segments().map(u64::from);
            (a << 48 | b << 32 | c << 16 | d) ^ (e << 48 | f << 32 | g << 16 | h)
        }
    };
    let ports = u64::from(flow.client.port) << 16 | u64::from(flow.server.port);
    let ends = fold(flow.client.ip).wrapping_mul(ODD) ^ fold(flow.server.ip) ^ ports << 32;
    usize::try_from(ends.wrapping_mul(ODD) >> 40).unwrap_or_default()
}

impl FlowText {
    fn fill(&mut self, flow: &Flow, page: &mut Page) {
        let mark = |page: &Page| u16::try_from(page.len()).unwrap_or(u16::MAX);
        page.clear();
        constant!(page, ",\"source\":{\"ip\":\"");
        let client = mark(page);
        json::ip(page, flow.client.ip);
        self.client = [client, mark(page)];
        constant!(page, "\",\"port\":");
        flow.client.port.json(page);
        let source = mark(page);
        constant!(page, "},\"destination\":{\"ip\":\"");
        let server = mark(page);
        json::ip(page, flow.server.ip);
        self.server = [server, mark(page)];
        constant!(page, "\",\"port\":");
        flow.server.port.json(page);
        let destination = mark(page);
        match flow.server.ip {
            IpAddr::V4(_) => constant!(page, "},\"network\":{\"type\":\"ipv4\",\"transport\":\""),
            IpAddr::V6(_) => constant!(page, "},\"network\":{\"type\":\"ipv6\",\"transport\":\""),
        }
        match flow.transport {
            Transport::Tcp => page.put(b"tcp\""),
            Transport::Udp => page.put(b"udp\""),
        }
        let network = mark(page);
        constant!(page, ",\"community_id\":");
        CommunityId::of(flow).json(page);
        if let Some(vlan) = flow.vlan {
            constant!(page, ",\"vlan\":{\"id\":\"");
            vlan.get().json(page);
            page.put(b"\"}");
        }
        self.ends = [source, destination, network, mark(page)];
        let text = page.octets();
        debug_assert!(text.len() <= TEXT_MAX, "a flow's text is longer than that");
        if let Some(place) = self.octets.get_mut(..text.len()) {
            place.copy_from_slice(text);
        }
    }

    #[inline]
    fn part(&self, from: u16, to: u16) -> &[u8] {
        self.octets.get(usize::from(from)..usize::from(to)).unwrap_or_default()
    }

    /// Source, destination and network in one, up to `network.transport`.
    #[inline]
    pub(super) fn both_ends(&self) -> &[u8] {
        let [_, _, network, _] = self.ends;
        self.part(0, network)
    }

    /// `source`, up to its port.
    #[inline]
    pub(super) fn source(&self) -> &[u8] {
        let [source, ..] = self.ends;
        self.part(0, source)
    }

    /// The end of `source`, and `destination` up to its port.
    #[inline]
    pub(super) fn destination(&self) -> &[u8] {
        let [source, destination, ..] = self.ends;
        self.part(source, destination)
    }

    /// The end of `destination`, and `network` up to its transport.
    #[inline]
    pub(super) fn network(&self) -> &[u8] {
        let [_, destination, network, _] = self.ends;
        self.part(destination, network)
    }

    /// `network.community_id` and `network.vlan`.
    #[inline]
    pub(super) fn community_id(&self) -> &[u8] {
        let [_, _, network, end] = self.ends;
        self.part(network, end)
    }

    /// The text of an address, where it is one of that flow's ends.
    #[inline]
    pub(super) fn address(&self, ip: IpAddr, flow: &Flow) -> Option<&[u8]> {
        let [from, to] = match ip {
            ip if ip == flow.client.ip => self.client,
            ip if ip == flow.server.ip => self.server,
            _ => return None,
        };
        Some(self.part(from, to))
    }
}

#[cfg(test)]
mod tests {
    use model::{Endpoint, VlanId};

    use super::*;

    #[test]
    fn each_flow_has_its_own_text_however_many_share_a_place() {
        let mut flows = Flows::default();
        for round in 0..3_u16 {
            for number in 0..5_000_u16 {
                let v4 = IpAddr::from([10, 0, 0, number.to_le_bytes()[0]]);
                let v6 = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number]);
                let ip = if number % 3 == 0 { v6 } else { v4 };
                let flow = Flow {
                    client: Endpoint::new(ip, number),
                    server: Endpoint::new(ip, 443 + round),
                    transport: if number % 2 == 0 { Transport::Tcp } else { Transport::Udp },
                    vlan: (number % 5 == 0).then_some(VlanId::from_tag(number)),
                    guessed: number % 7 == 0,
                };
                let text = flows.text(&flow);
                let whole = [text.both_ends(), text.community_id()].concat();
                let parts =
                    [text.source(), text.destination(), text.network(), text.community_id()];
                assert_eq!(whole, parts.concat());
                let whole = String::from_utf8(whole).expect("text");
                let (kind, carrier) = (
                    if ip.is_ipv4() { "ipv4" } else { "ipv6" },
                    if number % 2 == 0 { "tcp" } else { "udp" },
                );
                let vlan = flow.vlan.map(|vlan| format!(",\"vlan\":{{\"id\":\"{}\"}}", vlan.get()));
                assert_eq!(
                    whole,
                    format!(
                        ",\"source\":{{\"ip\":\"{ip}\",\"port\":{number}}},\"destination\":{{\
                         \"ip\":\"{ip}\",\"port\":{}}},\"network\":{{\"type\":\"{kind}\",\
                         \"transport\":\"{carrier}\",\"community_id\":\"{}\"{}",
                        443 + round,
                        crate::community_id(&flow),
                        vlan.unwrap_or_default()
                    )
                );
                assert_eq!(text.address(ip, &flow), Some(ip.to_string().as_bytes()));
                assert_eq!(text.address(IpAddr::from([9, 9, 9, 9]), &flow), None);
            }
        }
        assert_eq!(flows.rows.len(), FLOWS_WRITTEN_MAX);
    }

    #[test]
    fn the_longest_text_has_room() {
        let ip = IpAddr::from([0xffff; 8]);
        let end = Endpoint::new(ip, u16::MAX);
        let vlan = Some(VlanId::from_tag(4_095));
        let flow =
            Flow { client: end, server: end, transport: Transport::Udp, vlan, guessed: false };
        let mut flows = Flows::default();
        let text = flows.text(&flow).community_id();
        assert!(text.ends_with(b",\"vlan\":{\"id\":\"4095\"}"));
    }
}
