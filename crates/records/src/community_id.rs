//! Community ID version 1: the same text for a flow in every tool that sees it.
//!
//! Source: Corelight's specification of 2018, version 1, seed 0: `1:` and the Base64 of the SHA-1
//! of seed, the two ends in order, protocol and ports. VLANs and tunnels do not count.

use std::net::IpAddr;

use arrayvec::ArrayVec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Endpoint, Flow, Transport};
use sha1::{Digest as _, Sha1};

use crate::json::{Json, Page};

/// Octets of a Community ID: `1:` and 20 octets in Base64.
const LEN: usize = 30;

/// The flow's Community ID with seed 0, e.g. `1:/zZUljvZBfbVIh7YL4Y6xwqxOwc=`. It does not depend
/// on which end opened the flow.
#[must_use]
pub fn community_id(flow: &Flow) -> String {
    std::str::from_utf8(&CommunityId::of(flow).0).unwrap_or_default().to_owned()
}

/// A Community ID as a field of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommunityId([u8; LEN]);

impl Json for CommunityId {
    #[inline]
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        out.put(&self.0); // Base64: nothing is to be escaped
        out.put(b"\"");
    }
}

impl CommunityId {
    /// The flow's Community ID.
    pub(crate) fn of(flow: &Flow) -> CommunityId {
        let (low, high) = in_order(flow.client, flow.server);
        let protocol = match flow.transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        // Put together first: a hash costs twice as much where it is given in parts.
        let mut parts = ArrayVec::<u8, 40>::new();
        let mut add = |part: &[u8]| {
            // The seed, two addresses of 16 octets at most, protocol, padding and ports: 40.
            let _ = parts.try_extend_from_slice(part);
        };
        add(&[0, 0]);
        for end in [low, high] {
            match end.ip {
                IpAddr::V4(ip) => add(&ip.octets()),
                IpAddr::V6(ip) => add(&ip.octets()),
            }
        }
        add(&[protocol, 0]);
        add(&low.port.to_be_bytes());
        add(&high.port.to_be_bytes());
        let mut id = *b"1:____________________________";
        if let Some(place) = id.get_mut(2..) {
            // 20 octets are 28 characters: the place fits, so the length is known.
            let written = STANDARD.encode_slice(Sha1::digest(&parts), place);
            debug_assert_eq!(written, Ok(LEN - 2));
        }
        CommunityId(id)
    }
}

/// The ends by address in network order, then by port. Both addresses of a flow are of one family,
/// so that the order of the types is that of their octets.
fn in_order(one: Endpoint, two: Endpoint) -> (Endpoint, Endpoint) {
    if (one.ip, one.port) <= (two.ip, two.port) { (one, two) } else { (two, one) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transport::{Tcp, Udp};

    /// Rows without a mark are from the specification's published baseline; `*`: computed with
    /// its reference implementation (pycommunityid 1.5.0).
    const VECTORS: &[(&str, Transport, &str, u16, &str, u16, &str)] = &[
        ("", Tcp, "128.232.110.120", 34_855, "66.35.250.204", 80, "LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ("", Udp, "192.168.1.52", 54_585, "8.8.8.8", 53, "d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (
            "",
            Tcp,
            "2001:470:e5bf:dead:4957:2174:e82c:4887",
            63_943,
            "2607:f8b0:400c:c03::1a",
            25,
            "/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        ("*", Tcp, "10.20.4.17", 49_811, "195.181.174.176", 443, "/zZUljvZBfbVIh7YL4Y6xwqxOwc="),
        (
            "* one address, two ports",
            Udp,
            "10.20.4.17",
            53,
            "10.20.4.17",
            5_353,
            "VaWY9nHiuimi9Fuyxs5MRIFzihg=",
        ),
        ("* one end", Tcp, "10.0.0.1", 443, "10.0.0.1", 443, "IJ4PyzJLFBxvvud6BdgnOGrYUVs="),
        ("*", Udp, "0.0.0.0", 68, "255.255.255.255", 67, "t9O1j0qj71O4wJM7gnaHtgmfev8="),
        ("* octets, not text", Tcp, "9.0.0.1", 5, "10.0.0.1", 4, "gKjTsqTpjRJZqlxCfYtjnFhe+l4="),
        ("*", Udp, "fe80::1", 5_353, "ff02::fb", 5_353, "vmVnlzQ4g6ZsPY2VX/lJfRJMmHo="),
        ("*", Tcp, "2001:db8::2", 1, "2001:db8::1", 65_535, "kvacrO8C+og47GtfzX/CG8KzRps="),
        ("*", Udp, "2001:db8::1", 443, "2001:db8::1", 40_000, "/kzWk7sKrBXe66cw4rsoYpFIMog="),
        (
            "*",
            Tcp,
            "::ffff:10.0.0.1",
            1_000,
            "::ffff:9.255.0.1",
            2_000,
            "KrFuWx1qkQGK5vydWxZ+qjMHU1Y=",
        ),
    ];

    #[test]
    fn published_vectors_both_ways() {
        for &(_, transport, from, from_port, to, to_port, want) in VECTORS {
            let client = Endpoint::new(from.parse().expect("an address"), from_port);
            let server = Endpoint::new(to.parse().expect("an address"), to_port);
            let flow = Flow { client, server, transport, vlan: None, guessed: false };
            let back = Flow { client: server, server: client, ..flow };
            let want = format!("1:{want}");
            assert_eq!(community_id(&flow), want, "{client} {server}");
            assert_eq!(community_id(&back), want, "{server} {client}");
        }
    }
}
