//! A segment file: its name, its head, and the seal that closes it.
//!
//! ```text
//! name  00000000000000000001-1a2b3c4d.seg     first number, salt
//! head  64 octets: RMMSPOOL, version, salt, first number, wall time, class, CRC-32C
//! ...   records
//! seal  64 octets: RMMSEALD, version, salt, first, end, count, own offset, last time, CRC-32C
//! ```
//! A sealed segment is trusted at the start of the program without being read; whoever reads it
//! sums each record. A segment without a seal was written to when the program died: it is read
//! whole.

use std::path::Path;

use crate::limits::NAME_LEN_MAX;

/// The format that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;
/// Octets of the head.
pub(crate) const HEAD: u64 = 64;
/// Octets of the seal.
pub(crate) const SEAL: u64 = 64;

const MAGIC: &[u8; 8] = b"RMMSPOOL";
const SEALED: &[u8; 8] = b"RMMSEALD";
/// Octets of the class's name that stand in the head.
const CLASS: usize = 24;

/// What the name of a segment says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) first: u64,
    pub(crate) salt: u32,
}

impl Name {
    pub(crate) fn text(self) -> String {
        format!("{:020}-{:08x}.seg", self.first, self.salt)
    }

    pub(crate) fn read(path: &Path) -> Option<Name> {
        let (first, salt) = path.file_name()?.to_str()?.strip_suffix(".seg")?.split_once('-')?;
        let name = Name { first: first.parse().ok()?, salt: u32::from_str_radix(salt, 16).ok()? };
        (name.text() == path.file_name()?.to_str()?).then_some(name)
    }
}

/// The head of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) name: Name,
    /// Nanoseconds since 1970.
    pub(crate) begun: u64,
}

/// What stands where a head or a seal is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found<T> {
    Whole(T),
    /// Of a later version, and unharmed.
    Newer(u32),
    Damaged,
}

impl Head {
    pub(crate) fn write(&self, class: &str) -> Vec<u8> {
        let mut out = begin(MAGIC, self.name.salt);
        out.extend_from_slice(&self.name.first.to_le_bytes());
        out.extend_from_slice(&self.begun.to_le_bytes());
        let mut name = class.as_bytes().get(..class.len().min(CLASS)).unwrap_or_default().to_vec();
        name.resize(CLASS, 0);
        out.extend_from_slice(&name);
        end(out)
    }

    pub(crate) fn read(octets: &[u8]) -> Found<Head> {
        let (salt, rest) = match opened(MAGIC, octets) {
            Found::Whole(opened) => opened,
            Found::Newer(version) => return Found::Newer(version),
            Found::Damaged => return Found::Damaged,
        };
        match numbers::<2>(rest) {
            Some([first, begun]) => Found::Whole(Head { name: Name { first, salt }, begun }),
            None => Found::Damaged,
        }
    }
}

/// The last octets of a segment that is no longer written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seal {
    pub(crate) name: Name,
    /// The number behind the last record's.
    pub(crate) end: u64,
    /// How many records there are.
    pub(crate) records: u64,
    /// Where the seal begins.
    pub(crate) len: u64,
    /// When the last record was written: nanoseconds since 1970.
    pub(crate) last: u64,
}

impl Seal {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = begin(SEALED, self.name.salt);
        for number in [self.name.first, self.end, self.records, self.len, self.last] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        end(out)
    }

    /// The seal in the last octets of a file that is `size` long.
    pub(crate) fn read(octets: &[u8], size: u64) -> Option<Seal> {
        let Found::Whole((salt, rest)) = opened(SEALED, octets) else { return None };
        let [first, end, records, len, last] = numbers(rest)?;
        let seal = Seal { name: Name { first, salt }, end, records, len, last };
        let room = len.checked_sub(HEAD)? / crate::frame::HEAD as u64;
        let sound = len.checked_add(SEAL) == Some(size)
            && end.checked_sub(first)? >= records
            && records <= room;
        sound.then_some(seal)
    }
}

fn begin(magic: &[u8; 8], salt: u32) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&salt.to_le_bytes());
    out
}

/// Both are 64 octets long, the last four of them the sum of the others.
fn end(mut out: Vec<u8>) -> Vec<u8> {
    out.resize(60, 0);
    out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
    out
}

/// The salt, and what follows it.
fn opened<'a>(magic: &[u8; 8], octets: &'a [u8]) -> Found<(u32, &'a [u8])> {
    let opened = || {
        let (body, sum) = octets.get(..64)?.split_last_chunk()?;
        let whole = crc32c::crc32c(body) == u32::from_le_bytes(*sum);
        let rest = body.strip_prefix(magic)?;
        let (version, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        whole.then_some((u32::from_le_bytes(*version), u32::from_le_bytes(*salt), rest))
    };
    match opened() {
        Some((VERSION, salt, rest)) => Found::Whole((salt, rest)),
        Some((version, ..)) => Found::Newer(version),
        None => Found::Damaged,
    }
}

fn numbers<const N: usize>(mut octets: &[u8]) -> Option<[u64; N]> {
    let mut all = [0; N];
    for number in &mut all {
        let (octet, rest) = octets.split_first_chunk()?;
        *number = u64::from_le_bytes(*octet);
        octets = rest;
    }
    Some(all)
}

/// Whether a class or a reader may have this name: it becomes a file's.
pub(crate) fn can_be_a_name(name: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"_-.".contains(&octet);
    !name.is_empty()
        && name.len() <= NAME_LEN_MAX
        && !name.starts_with('.')
        && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_heads_and_seals_come_back() {
        let name = Name { first: 77, salt: 0x1a2b };
        assert_eq!(name.text(), "00000000000000000077-00001a2b.seg");
        assert_eq!(Name::read(Path::new(&name.text())), Some(name));
        for odd in
            ["1-2.seg", "x", "00000000000000000077-00001A2B.seg", "+0000000000000000077-0.seg"]
        {
            assert_eq!(Name::read(Path::new(odd)), None, "{odd}");
        }
        let head = Head { name, begun: 5 };
        let octets = head.write("alerts");
        assert_eq!((octets.len() as u64, Head::read(&octets)), (HEAD, Found::Whole(head)));
        let seal = Seal { name, end: 90, records: 10, len: 1000, last: 9 };
        let octets = seal.write();
        assert_eq!((octets.len() as u64, Seal::read(&octets, 1064)), (SEAL, Some(seal)));
        assert_eq!(Seal::read(&octets, 1063), None, "the file was cut or grew");
        for bit in 0..64 * 8 {
            let mut bad = head.write("alerts");
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&bad), Found::Damaged, "bit {bit}");
        }
    }

    #[test]
    fn a_later_version_is_told_from_damage() {
        let mut octets = Head { name: Name { first: 1, salt: 1 }, begun: 0 }.write("a");
        octets[8] = 2;
        let sum = crc32c::crc32c(&octets[..60]);
        octets[60..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(Head::read(&octets), Found::Newer(2));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", ".x", "a/b", "a b", "ü", &"x".repeat(65)] {
            assert!(!can_be_a_name(name), "{name:?}");
        }
        assert!(can_be_a_name("alerts") && can_be_a_name("nats_1.eu-west"));
    }
}
