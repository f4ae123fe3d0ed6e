//! Fingerprints: what memory keeps of a name or an address where the text itself is too dear.

use std::hash::Hasher as _;
use std::net::IpAddr;

use model::ToolId;
use siphasher::sip::SipHasher13;

use super::recent::bits;

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

/// Octets of a name with what stands before and behind it that are hashed at once.
const NAME_AT_ONCE: usize = 64;

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
        let name = registrable.as_bytes();
        let mut all = [0xff; NAME_AT_ONCE];
        let [what, rest @ ..] = &mut all;
        *what = Of::Name as u8;
        match (rest.get_mut(..name.len()), name.len() < NAME_AT_ONCE - 1) {
            (Some(place), true) => place.copy_from_slice(name),
            _ => return self.of(Of::Name, &[name]),
        }
        self.at_once(all.get(..name.len() + 2).unwrap_or_default())
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
        // As `of` has it: the kind, the client, 0xff, the server, 0xff; 35 octets.
        let ([a, b], [c, d]) = (words(client), words(server));
        self.of_words([
            Of::Pair as u64 | a << 8,
            a >> 56 | b << 8,
            b >> 56 | 0xff << 8 | c << 16,
            c >> 48 | d << 16,
            d >> 48 | 0xff << 16 | 35 << 56,
        ])
    }

    /// A short one, to tell a few hosts apart; never 0. Two hosts agree once in 65,535: then one
    /// host fewer is counted.
    pub(crate) fn host(self, host: IpAddr) -> u16 {
        // The kind, the host, 0xff; 18 octets.
        let [a, b] = words(host);
        let print = self.of_words([
            Of::Host as u64 | a << 8,
            a >> 56 | b << 8,
            b >> 56 | 0xff << 8 | 18 << 56,
        ]);
        u16::try_from(print % 0xffff).unwrap_or(0).saturating_add(1)
    }

    /// The same as [`Prints::of`], of octets whose number is known beforehand, as the algorithm takes
    /// them: eight at a time, the length in the last one. Each answer of a name server asks for it.
    #[inline]
    fn of_words<const LEN: usize>(self, words: [u64; LEN]) -> u64 {
        let [k0, k1] = self.key;
        let mut state = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        for word in words {
            state[3] ^= word;
            state = round(state);
            state[0] ^= word;
        }
        state[2] ^= 0xff;
        let [a, b, c, d] = round(round(round(state)));
        a ^ b ^ c ^ d
    }

    /// The same as [`Prints::of`], of octets that stand together: a third of the work.
    fn at_once(self, octets: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.key[0], self.key[1]).hash(octets)
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

/// One round of SipHash, as its authors wrote it down.
#[inline]
const fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    c = c.wrapping_add(d);
    b = b.rotate_left(13) ^ a;
    d = d.rotate_left(16) ^ c;
    a = a.rotate_left(32).wrapping_add(d);
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    d = d.rotate_left(21) ^ a;
    [a, b, c.rotate_left(32), d]
}

/// The octets of an address as two words.
#[inline]
fn words(ip: IpAddr) -> [u64; 2] {
    let bits = bits(ip);
    [((bits >> 64) as u64).swap_bytes(), (bits as u64).swap_bytes()]
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
    fn octets_that_stand_together_have_the_same_fingerprint() {
        let prints = Prints::new([3, 4]);
        for len in [0, 1, 7, 61, 62, 63, 64, 65, 253] {
            let name = "a".repeat(len);
            assert_eq!(prints.name(&name), prints.of(Of::Name, &[name.as_bytes()]), "{len}");
        }
        let (one, other) = ([10, 0, 0, 5].into(), "2001:db8::1".parse().expect("an address"));
        let parts: [&[u8]; 2] = [&octets(one), &octets(other)];
        assert_eq!(prints.pair(one, other), prints.of(Of::Pair, &parts));
        for host in [one, other] {
            let print = prints.of(Of::Host, &[&octets(host)]) % 0xffff + 1;
            assert_eq!(u64::from(prints.host(host)), print, "{host}");
        }
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
