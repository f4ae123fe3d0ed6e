//! Fingerprints: what memory keeps of a name or an address where the text itself is too dear.

use std::hash::Hasher as _;
use std::net::IpAddr;

use model::ToolId;
use siphasher::sip::SipHasher13;

/// Makes fingerprints under one key. The octets that go in are written down here and not left to
/// the standard library, since fingerprints outlive the program in its state file.
///
/// 64 bits: of a million names two agree with a chance of one in thirty million, and who does not
/// know the key cannot look for two that do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prints {
    key: [u64; 2],
}

/// What a fingerprint is of, so that no two kinds ever agree.
#[derive(Clone, Copy)]
enum Of {
    Name = 1,
    HostTool = 2,
    Tool = 3,
    Operator = 4,
    Pair = 5,
    Host = 6,
}

impl Prints {
    /// The key while nobody gives another: a replayed capture gives the same everywhere.
    pub(crate) const FIXED: Prints = Prints { key: [0x7265_6d65_6d62_6572, 0x6669_7273_745f_7365] };

    pub(crate) const fn new(key: [u64; 2]) -> Prints {
        Prints { key }
    }

    pub(crate) const fn key(self) -> [u64; 2] {
        self.key
    }

    /// Of a registered name.
    pub(crate) fn name(self, registrable: &str) -> u64 {
        self.of(Of::Name, &[registrable.as_bytes()])
    }

    /// Of a host's use of a tool.
    pub(crate) fn host_tool(self, host: IpAddr, tool: &ToolId) -> u64 {
        self.of(Of::HostTool, &[&octets(host), tool.as_str().as_bytes()])
    }

    /// Of a tool.
    pub(crate) fn tool(self, tool: &ToolId) -> u64 {
        self.of(Of::Tool, &[tool.as_str().as_bytes()])
    }

    /// Of a tool's operator.
    pub(crate) fn operator(self, tool: &ToolId, operator: &str) -> u64 {
        self.of(Of::Operator, &[tool.as_str().as_bytes(), operator.as_bytes()])
    }

    /// Of a client and a server.
    pub(crate) fn pair(self, client: IpAddr, server: IpAddr) -> u64 {
        self.of(Of::Pair, &[&octets(client), &octets(server)])
    }

    /// A short one, to tell a few hosts apart; never 0. Two hosts agree once in 65,535: then one
    /// host fewer is counted.
    pub(crate) fn host(self, host: IpAddr) -> u16 {
        let print = self.of(Of::Host, &[&octets(host)]);
        u16::try_from(print % 0xffff).unwrap_or(0).saturating_add(1)
    }

    fn of(self, what: Of, parts: &[&[u8]]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key[0], self.key[1]);
        hasher.write(&[what as u8]);
        for part in parts {
            hasher.write(part);
            // No text holds it, and addresses are all of one length.
            hasher.write(&[0xff]);
        }
        hasher.finish()
    }
}

/// An address as 16 octets; IPv4 and the same within IPv6 are one.
fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_the_same_in_every_build() {
        let prints = Prints::FIXED;
        let (host, tool) = ([10, 0, 0, 5].into(), ToolId::parse("alpha").expect("an id"));
        let got = [
            prints.name("a.example"),
            prints.host_tool(host, &tool),
            prints.tool(&tool),
            prints.operator(&tool, "a.example"),
            prints.pair(host, host),
            u64::from(prints.host(host)),
        ];
        let want = [
            3_569_486_641_866_219_237,
            14_730_420_497_372_102_207,
            18_103_689_345_242_870_924,
            1_511_115_539_681_935_085,
            4_014_012_998_910_223_915,
            5445,
        ];
        assert_eq!(got, want, "else state files of old are worth nothing");
    }

    #[test]
    fn what_differs_has_another_fingerprint() {
        let prints = Prints::FIXED;
        let tool = |id: &str| ToolId::parse(id).expect("an id");
        let (tool, longer) = (tool("a"), tool("ab"));
        assert_ne!(prints.operator(&tool, "bc"), prints.operator(&longer, "c"));
        assert_ne!(prints.name("a"), prints.tool(&tool));
        assert_ne!(prints.name("a"), Prints::new([1, 2]).name("a"));
        let mapped = "::ffff:10.0.0.5".parse().expect("an address");
        assert_eq!(prints.host(mapped), prints.host([10, 0, 0, 5].into()));
    }
}
