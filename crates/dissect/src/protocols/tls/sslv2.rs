//! The hello in SSL 2.0's framing that clients of the first TLS versions sent (RFC 5246 §E.2).
//! It has no extensions and so no name.

use model::{Carrier, TlsHello, TlsVersion};

/// An old-style hello and its octets.
pub(super) struct Old {
    /// What it says.
    pub(super) hello: TlsHello,
    /// How many octets it takes.
    pub(super) len: usize,
}

/// Octets before its lists.
const HEAD: usize = 11;

/// Whether octets begin such a hello; `None` when more are needed to tell.
pub(super) fn probe(octets: &[u8]) -> Option<bool> {
    let Some(head) = octets.first_chunk::<HEAD>() else {
        // The first octet has its highest bit set; the third is the message's type, 1.
        let begins = octets.first().is_none_or(|first| first & 0x80 != 0)
            && octets.get(2).is_none_or(|kind| *kind == 1)
            && octets.get(3).is_none_or(|major| *major == 3);
        return if begins { None } else { Some(false) };
    };
    let [a, b, kind, major, minor, c, d, e, f, g, h] = *head;
    let number = |high, low| usize::from(u16::from_be_bytes([high, low]));
    let (ciphers, session, challenge) = (number(c, d), number(e, f), number(g, h));
    // RFC 5246 §E.2: ciphers of three octets, no session or sixteen octets, challenge of 16 to 32.
    let parts = HEAD.saturating_sub(2).saturating_add(ciphers + session + challenge);
    Some(
        a & 0x80 != 0
            && kind == 1
            && major == 3
            && minor <= 3
            && ciphers > 0
            && ciphers % 3 == 0
            && matches!(session, 0 | 16)
            && (16..=32).contains(&challenge)
            && number(a & 0x7f, b) == parts,
    )
}

/// Read a hello that [`probe`] has recognised; `None` until it is whole.
pub(super) fn read(octets: &[u8]) -> Option<Old> {
    let [a, b, _, major, minor, ..] = *octets.first_chunk::<HEAD>()?;
    let len = usize::from(u16::from_be_bytes([a & 0x7f, b])).checked_add(2)?;
    (octets.len() >= len).then_some(Old {
        hello: TlsHello {
            carrier: Carrier::Tls,
            server_name: None,
            alpn: Vec::new(),
            version: TlsVersion(u16::from_be_bytes([major, minor])),
            versions: Vec::new(),
            ech: false,
            ja3: None,
            ja4: None,
        },
        len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_hello_at_every_cut() {
        // Two ciphers of three octets, no session, a challenge of sixteen.
        let mut octets = vec![0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16];
        octets.extend([0, 0, 4, 0, 0, 5]);
        octets.extend([7; 16]);
        for cut in 0..octets.len() {
            let known = probe(&octets[..cut]);
            assert_eq!(known, (cut >= HEAD).then_some(true), "{cut}");
            assert!(read(&octets[..cut]).is_none(), "{cut}");
        }
        let old = read(&octets).expect("a whole hello");
        assert_eq!((old.len, old.hello.version), (33, TlsVersion(0x0301)));
        for (at, with) in [(0, 0x16), (1, 30), (2, 2), (3, 2), (6, 5), (8, 4), (10, 15)] {
            let mut other = octets.clone();
            other[at] = with;
            assert_eq!(probe(&other), Some(false), "octet {at}");
        }
    }
}
