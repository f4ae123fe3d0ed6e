//! One record in a segment: a checksum, a length, a number, the octets.
//!
//! ```text
//! 0  u32  CRC-32C (RFC 3720 §12.1) of all that follows, begun at the segment's salt
//! 4  u32  octets of the payload, up to 1 MiB
//! 8  u64  the record's number in its class
//! 16      the payload
//! ```
//! Numbers are little-endian. The salt is drawn at random when the spool opens: who has octets of
//! their own put into a record cannot make them look like a record of ours when a damaged segment
//! is searched for the next whole one.

use crate::limits::PAYLOAD_BYTES_MAX;

/// Octets in front of the payload.
pub(crate) const HEAD: usize = 16;

/// Add a record. The payload is at most [`PAYLOAD_BYTES_MAX`] long.
pub(crate) fn write(salt: u32, seq: u64, payload: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(payload);
    let sum = crc32c::crc32c_append(salt, out.get(begin + 4..).unwrap_or_default());
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

/// A record's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) sum: u32,
    pub(crate) len: usize,
    pub(crate) seq: u64,
}

impl Head {
    /// The head at the beginning of `octets`. `None` when they are too few or too long a payload is
    /// told.
    pub(crate) fn read(octets: &[u8]) -> Option<Head> {
        let (sum, rest) = octets.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (seq, _) = rest.split_first_chunk()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let head = Head { sum: u32::from_le_bytes(*sum), len, seq: u64::from_le_bytes(*seq) };
        (len <= PAYLOAD_BYTES_MAX).then_some(head)
    }

    /// Octets of the whole record.
    pub(crate) fn size(&self) -> usize {
        HEAD + self.len
    }

    /// The payload, when `octets` hold this record whole and unharmed.
    pub(crate) fn payload<'a>(&self, salt: u32, octets: &'a [u8]) -> Option<&'a [u8]> {
        let summed = octets.get(4..self.size())?;
        if crc32c::crc32c_append(salt, summed) != self.sum {
            return None;
        }
        octets.get(HEAD..self.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_and_no_flipped_bit_does() {
        for payload in [&b""[..], b"a", b"{\"a\":1}", &[0; 4096]] {
            let mut out = b"before".to_vec();
            write(7, 42, payload, &mut out);
            let octets = &out[6..];
            let head = Head::read(octets).unwrap();
            assert_eq!((head.seq, head.size()), (42, octets.len()));
            assert_eq!(head.payload(7, octets), Some(payload));
            assert_eq!(head.payload(8, octets), None, "another salt");
            for bit in 0..octets.len().min(64) * 8 {
                let mut bad = octets.to_vec();
                bad[bit / 8] ^= 1 << (bit % 8);
                let read = Head::read(&bad).and_then(|head| head.payload(7, &bad).map(|_| ()));
                assert_eq!(read, None, "bit {bit}");
            }
        }
    }

    #[test]
    fn zeroes_are_no_record() {
        let head = Head::read(&[0; 64]).unwrap();
        assert_eq!((head.seq, head.payload(0, &[0; 64])), (0, None));
    }
}
