//! Fingerprints of a TLS client's hello. Each is kept as what it is made of, since writing and hashing
//! that costs more than reading the hello, and few ask for it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::HelloLists;

/// What a fingerprint is made of.
#[derive(Clone, PartialEq, Eq)]
enum Raw {
    /// The text that is hashed, or the finished print.
    Text(Box<str>),
    /// What that text is made of.
    Lists(Arc<HelloLists>),
}

impl Raw {
    /// A number that is the same for equal forms, and for others mostly another.
    fn spread(&self) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 by the golden ratio
        let mix = |all: u64, word: u64| (all ^ word).wrapping_mul(ODD).rotate_left(29);
        match self {
            Raw::Text(text) => {
                let (words, rest) = text.as_bytes().as_chunks::<8>();
                let all = words.iter().fold(0, |all, word| mix(all, u64::from_le_bytes(*word)));
                rest.iter().fold(all, |all, octet| mix(all, u64::from(*octet)))
            }
            Raw::Lists(lists) => {
                let (fours, rest) = lists.numbers().as_chunks::<4>();
                let all = fours.iter().fold(0, |all, [a, b, c, d]| {
                    let [a, b, c, d] = [*a, *b, *c, *d].map(u64::from);
                    mix(all, a | b << 16 | c << 32 | d << 48)
                });
                rest.iter().fold(all, |all, number| mix(all, u64::from(*number)))
            }
        }
    }
}

/// What every fingerprint can do, however it is kept. Two are equal where their texts are.
macro_rules! fingerprint {
    ($print:ident $text:ident) => {
        impl $print {
            /// The fingerprint of a hello with those lists.
            pub(crate) fn made_of(lists: Arc<HelloLists>) -> $print {
                $print(Raw::Lists(lists))
            }

            /// The text that it is a hash of.
            fn text(&self) -> Cow<'_, str> {
                match &self.0 {
                    Raw::Text(text) => Cow::Borrowed(text),
                    Raw::Lists(lists) => Cow::Owned(lists.$text()),
                }
            }

            /// Octets that it holds.
            #[must_use]
            pub fn size(&self) -> usize {
                match &self.0 {
                    Raw::Text(text) => text.len(),
                    Raw::Lists(lists) => size_of_val(lists.numbers()),
                }
            }

            /// A number by which fingerprints that are met again can be found: of equal ones of one
            /// sensor the same.
            #[must_use]
            pub fn spread(&self) -> u64 {
                self.0.spread()
            }
        }

        impl PartialEq for $print {
            fn eq(&self, other: &$print) -> bool {
                self.0 == other.0 || self.text() == other.text()
            }
        }

        impl Eq for $print {}

        impl fmt::Debug for $print {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($print)).field(&self.text()).finish()
            }
        }

        impl From<Box<str>> for $print {
            fn from(text: Box<str>) -> $print {
                $print::of(text)
            }
        }

        impl From<$print> for Box<str> {
            fn from(print: $print) -> Box<str> {
                print.text().into()
            }
        }
    };
}

/// JA3: the MD5 of `version,ciphers,extensions,groups,formats`, decimal numbers with dashes between.
/// It is serialised as that text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Box<str>", into = "Box<str>")]
pub struct Ja3(Raw);

fingerprint!(Ja3 ja3);

impl Ja3 {
    /// The fingerprint of that text; a finished one of 32 digits stays as it is.
    #[must_use]
    pub fn of(text: Box<str>) -> Ja3 {
        Ja3(Raw::Text(text))
    }

    /// Its 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn print(&self) -> String {
        let text = self.text();
        if text.len() == 32 && !text.contains(',') {
            return text.into_owned();
        }
        let mut print = String::with_capacity(32);
        push_hex(&mut print, &Md5::digest(text.as_bytes()));
        print
    }
}

/// JA4: a head of ten characters, then hashes of the sorted ciphers, and of the sorted extensions
/// with the signature algorithms behind them. It is serialised as its raw form.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Box<str>", into = "Box<str>")]
pub struct Ja4(Raw);

fingerprint!(Ja4 ja4);

impl Ja4 {
    /// The fingerprint of its published raw form, `head_ciphers_extensions_signatures`, four
    /// hexadecimal digits a number, commas between. A part that is a hash already stays as it is.
    #[must_use]
    pub fn of(raw: Box<str>) -> Ja4 {
        Ja4(Raw::Text(raw))
    }

    /// What stands before the first hash: carrier, version, name, counts, protocol.
    #[must_use]
    pub fn head(&self) -> &str {
        match &self.0 {
            Raw::Text(text) => text.split('_').next().unwrap_or_default(),
            Raw::Lists(lists) => lists.head(),
        }
    }

    /// Its 36 characters.
    #[must_use]
    pub fn print(&self) -> String {
        let text = self.text();
        let mut parts = text.splitn(3, '_');
        let mut print = String::with_capacity(36);
        print.push_str(parts.next().unwrap_or_default());
        for part in [parts.next(), parts.next()] {
            print.push('_');
            match part.unwrap_or_default() {
                "" => print.push_str("000000000000"),
                hash if hash.len() == 12 && !hash.contains([',', '_']) => print.push_str(hash),
                list => {
                    let digest = Sha256::digest(list.as_bytes());
                    push_hex(&mut print, digest.get(..6).unwrap_or_default());
                }
            }
        }
        print
    }
}

fn push_hex(text: &mut String, octets: &[u8]) {
    push_digits(text, octets, b"0123456789abcdef");
}

fn push_digits(text: &mut String, octets: &[u8], digits: &[u8; 16]) {
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or(b'0');
    for run in octets.chunks(32) {
        let mut pairs = [[b'0'; 2]; 32];
        for (pair, octet) in pairs.iter_mut().zip(run) {
            *pair = [digit(octet >> 4), digit(octet & 15)];
        }
        let shown = pairs.get(..run.len()).unwrap_or_default();
        text.push_str(std::str::from_utf8(shown.as_flattened()).unwrap_or_default());
    }
}

/// Octets as upper-case hexadecimal digits, as ECS wants hashes of certificates.
#[must_use]
pub fn upper_hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    push_digits(&mut text, octets, b"0123456789ABCDEF");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_their_texts_are_one_fingerprint() {
        let mut lists = HelloLists::new(771, 8);
        assert_eq!(lists.add([0x1302, 0x1301].into_iter()), 2);
        assert_eq!(lists.add([16, 0, 43, 13].into_iter()), 4);
        assert_eq!(lists.add([29].into_iter()), 1);
        lists.add(std::iter::empty());
        lists.add([0x0403].into_iter());
        assert_eq!(lists.add([1, 2].into_iter()), 0);
        let (ja3, ja4) = lists.prints(*b"t13d0204h2");
        let told = (
            Ja3::of("771,4866-4865,16-0-43-13,29,".into()),
            Ja4::of("t13d0204h2_1301,1302_000d,002b_0403".into()),
        );
        assert_eq!((&ja3, &ja4), (&told.0, &told.1));
        assert_eq!((ja3.print(), ja4.print()), (told.0.print(), told.1.print()));
        assert_eq!((ja4.head(), told.1.head()), ("t13d0204h2", "t13d0204h2"));
        assert_eq!((ja3.clone().spread(), ja3.size()), (ja3.spread(), 16));
        assert_ne!(ja3, Ja3::of("771,4866-4865,16-0-43-13,29,0".into()));
        assert_eq!(format!("{ja3:?}"), format!("{:?}", told.0));
    }

    #[test]
    fn octets_as_digits() {
        let octets: Vec<u8> = (0..=255).collect();
        for len in [0, 1, 20, 31, 32, 33, 48, 64, 65, 256] {
            let want: String = octets[..len].iter().map(|octet| format!("{octet:02X}")).collect();
            assert_eq!(upper_hex(&octets[..len]), want);
        }
    }

    #[test]
    fn texts_are_hashed_and_finished_prints_stay() {
        let text = "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0";
        let table = [(text, "ada70206e40642a3e4461f35503241d5")];
        for (text, want) in table {
            assert_eq!(Ja3::of(text.into()).print(), want);
            assert_eq!(Ja3::of(want.into()).print(), want);
        }
        let ciphers = "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9";
        let extensions = "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01";
        let signatures = "0403,0804,0401,0503,0805,0501,0806,0601";
        let table = [
            (
                format!("t13d1516h2_{ciphers}_{extensions}_{signatures}"),
                "t13d1516h2_8daaf6152771_e5627efa2ab1",
            ),
            (format!("t13d1516h2_{ciphers}_{extensions}"), "t13d1516h2_8daaf6152771_6d807ffa2a79"),
            (format!("t13i1500h2_{ciphers}_"), "t13i1500h2_8daaf6152771_000000000000"),
        ];
        for (raw, want) in table {
            assert_eq!(Ja4::of(raw.into()).print(), want);
            let done = Ja4::of(want.into());
            assert_eq!((done.head(), &*done.print()), (&want[..10], want));
        }
    }
}
