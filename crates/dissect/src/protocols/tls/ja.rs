//! Fingerprints of a client's hello: JA3 (its published README) and JA4 (its published technical
//! details), to the letter of both texts.
//!
//! Where JA4's text leaves a choice, this follows the code of its authors: "the highest value" of
//! the versions is the numerically highest, for DTLS too, whose numbers fall with each version.

use model::{Carrier, HelloLists, Ja3, Ja4};

use super::hello::{SERVER_NAME, grease};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What fingerprints are made of: the parts of a whole, sound hello. Lists are octets as they came,
/// numbers of two octets each where nothing else is said.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// The version field.
    pub(super) version: u16,
    /// The highest of its supported versions, GREASE left out.
    pub(super) highest: Option<u16>,
    /// The cipher suites in their order.
    pub(super) ciphers: Vec<u16>,
    /// The types of its extensions in their order.
    pub(super) extensions: Vec<u16>,
    /// The supported groups (RFC 8422 §5.1.1).
    pub(super) groups: &'a [u8],
    /// The point formats (RFC 8422 §5.1.2), an octet each.
    pub(super) formats: &'a [u8],
    /// The signature algorithms (RFC 8446 §4.2.3).
    pub(super) signatures: &'a [u8],
    /// The first protocol that it offers; nothing when there is none.
    pub(super) protocol: &'a [u8],
}

/// Both fingerprints.
pub(super) fn prints(parts: &Parts<'_>, carrier: Carrier) -> (Ja3, Ja4) {
    let len = parts.ciphers.len() + parts.extensions.len() + parts.formats.len();
    let octets = parts.groups.len().saturating_add(parts.signatures.len());
    let mut lists = HelloLists::new(parts.version, len.saturating_add(octets / 2));
    let ciphers = lists.add(parts.ciphers.iter().copied().filter(|cipher| !grease(*cipher)));
    let extensions = lists.add(parts.extensions.iter().copied().filter(|kind| !grease(*kind)));
    lists.add(numbers(parts.groups));
    lists.add(parts.formats.iter().copied().map(u16::from));
    lists.add(numbers(parts.signatures));
    let carrier = match carrier {
        Carrier::Tls => b't',
        Carrier::Dtls => b'd',
        Carrier::Quic(_) => b'q',
    };
    let [v, w] = *version(parts.highest.unwrap_or(parts.version));
    let name = if parts.extensions.contains(&SERVER_NAME) { b'd' } else { b'i' };
    let ([c, d], [e, f]) = (two_digits(ciphers), two_digits(extensions));
    let [g, h] = ends(parts.protocol);
    lists.prints([carrier, v, w, name, c, d, e, f, g, h])
}

/// A count in two digits, at most 99.
fn two_digits(count: usize) -> [u8; 2] {
    let count = u8::try_from(count.min(99)).unwrap_or(99);
    [count / 10 + b'0', count % 10 + b'0']
}

/// The two letters of a version.
const fn version(number: u16) -> &'static [u8; 2] {
    match number {
        0x0304 => b"13",
        0x0303 => b"12",
        0x0302 => b"11",
        0x0301 => b"10",
        0x0300 => b"s3",
        0x0002 => b"s2",
        0xfeff => b"d1",
        0xfefd => b"d2",
        0xfefc => b"d3",
        _ => b"00",
    }
}

/// The first and the last character of a protocol's name; of its hexadecimal form when either is
/// neither a letter nor a digit.
fn ends(protocol: &[u8]) -> [u8; 2] {
    let (Some(first), Some(last)) = (protocol.first(), protocol.last()) else { return *b"00" };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [*first, *last];
    }
    let ([high, _], [_, low]) = (hex(*first), hex(*last));
    [high, low]
}

/// The numbers of a list, GREASE left out.
fn numbers(list: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = list.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).filter(|number| !grease(*number))
}

#[inline]
fn hex(octet: u8) -> [u8; 2] {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    [digit(octet >> 4), digit(octet & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    #[test]
    fn the_examples_of_ja3() {
        let ciphers = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4].to_vec();
        let groups = octets(&[0x4a4a, 23, 24, 25]);
        let some = Parts {
            version: 769,
            ciphers: [&[0x0a0a][..], &ciphers].concat(),
            extensions: vec![0, 10, 0xfafa, 11],
            groups: &groups,
            formats: &[0],
            ..Parts::default()
        };
        let none = Parts {
            version: 769,
            ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
            ..Parts::default()
        };
        let (ja3, ja4) = prints(&some, Carrier::Tls);
        assert_eq!(ja3.print(), "ada70206e40642a3e4461f35503241d5");
        assert_eq!(ja4.head(), "t10d120300");
        let (ja3, ja4) = prints(&none, Carrier::Tls);
        assert_eq!(ja3.print(), "de350869b8c85de67a350c8d186f11e6");
        assert_eq!(ja4.print().get(23..), Some("_000000000000"));
    }

    const CIPHERS: [u16; 15] = [
        0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
        0x009c, 0x009d, 0x002f, 0x0035,
    ];
    const EXTENSIONS: [u16; 16] = [
        0x001b, 0, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
        0xff01, 0x000b, 0x000a, 0x0015,
    ];
    const SIGNATURES: [u16; 8] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];

    #[test]
    fn the_examples_of_ja4() {
        let signatures = octets(&SIGNATURES);
        let greased = octets(&[&[0x8a8a][..], &SIGNATURES].concat());
        let with_grease = |numbers: &[u16]| [&[0x2a2a][..], numbers, &[0xeaea]].concat();
        let table: &[(&[u8], Vec<u16>, &str)] = &[
            (&signatures, EXTENSIONS.to_vec(), "t13d1516h2_8daaf6152771_e5627efa2ab1"),
            (&greased, with_grease(&EXTENSIONS), "t13d1516h2_8daaf6152771_e5627efa2ab1"),
            (&[], EXTENSIONS.to_vec(), "t13d1516h2_8daaf6152771_6d807ffa2a79"),
            (&[], vec![0, 16], "t13d1502h2_8daaf6152771_000000000000"),
            (&[], vec![], "t13i1500h2_8daaf6152771_000000000000"),
        ];
        for (signatures, extensions, want) in table {
            let parts = Parts {
                version: 0x0303,
                highest: Some(0x0304),
                ciphers: with_grease(&CIPHERS),
                extensions: extensions.clone(),
                signatures,
                protocol: b"h2",
                ..Parts::default()
            };
            assert_eq!(prints(&parts, Carrier::Tls).1.print(), *want);
        }
    }

    #[test]
    fn the_first_and_the_last_character_of_a_protocol() {
        let table: &[(&[u8], &str)] = &[
            (b"", "00"),
            (b"h2", "h2"),
            (b"http/1.1", "h1"),
            (b"h", "hh"),
            (b"\xab", "ab"),
            (b"\xab\xcd", "ad"),
            (b"\x30\xab", "3b"),
            (b"\x30\x31\xab\xcd", "3d"),
            (b"\x30\xab\xcd\x31", "01"),
            (b"h-", "6d"),
        ];
        for (protocol, want) in table {
            assert_eq!(ends(protocol), want.as_bytes(), "{protocol:?}");
        }
    }

    #[test]
    fn versions_carriers_and_counts() {
        let table = [
            (0x0303, Some(0x0304), Carrier::Quic(1), "q13i9900"),
            (0x0303, None, Carrier::Tls, "t12i9900"),
            (0x0302, None, Carrier::Tls, "t11i9900"),
            (0x0300, None, Carrier::Tls, "ts3i9900"),
            (0x0002, None, Carrier::Tls, "ts2i9900"),
            (0xfefd, None, Carrier::Dtls, "dd2i9900"),
            (0xfeff, None, Carrier::Dtls, "dd1i9900"),
            (0xfefd, Some(0xfefc), Carrier::Dtls, "dd3i9900"),
            (0x0100, None, Carrier::Dtls, "d00i9900"),
        ];
        for (version, highest, carrier, want) in table {
            let ciphers = (1..=120).collect();
            let parts = Parts { version, highest, ciphers, ..Parts::default() };
            let ja4 = prints(&parts, carrier).1.print();
            assert_eq!((ja4.get(..8), ja4.len()), (Some(want), 36));
        }
    }
}
