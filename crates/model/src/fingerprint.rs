//! Fingerprints of a TLS client's hello. Each is kept as the text that it is a hash of, since
//! hashing costs more than reading the hello, and few ask for it.

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// JA3: the MD5 of `version,ciphers,extensions,groups,formats`, decimal numbers with dashes between.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ja3(Box<str>);

impl Ja3 {
    /// The fingerprint of that text; a finished one of 32 digits stays as it is.
    #[must_use]
    pub fn of(text: Box<str>) -> Ja3 {
        Ja3(text)
    }

    /// The text that it is a hash of, or the finished one.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Its 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn print(&self) -> String {
        if self.0.len() == 32 && !self.0.contains(',') {
            return self.0.to_string();
        }
        let mut print = String::with_capacity(32);
        push_hex(&mut print, &Md5::digest(self.0.as_bytes()));
        print
    }
}

/// JA4: a head of ten characters, then hashes of the sorted ciphers, and of the sorted extensions
/// with the signature algorithms behind them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ja4(Box<str>);

impl Ja4 {
    /// The fingerprint of its published raw form, `head_ciphers_extensions_signatures`, four
    /// hexadecimal digits a number, commas between. A part that is a hash already stays as it is.
    #[must_use]
    pub fn of(raw: Box<str>) -> Ja4 {
        Ja4(raw)
    }

    /// Its raw form, or the finished one.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// What stands before the first hash: carrier, version, name, counts, protocol.
    #[must_use]
    pub fn head(&self) -> &str {
        self.0.split('_').next().unwrap_or_default()
    }

    /// Its 36 characters.
    #[must_use]
    pub fn print(&self) -> String {
        let mut parts = self.0.splitn(3, '_');
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
