//! The Internet checksum (RFC 1071).

use std::net::IpAddr;

/// A sum that runs over several pieces. Each piece but the last must be of even length.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checksum(u64);

impl Checksum {
    pub(crate) fn add(&mut self, octets: &[u8]) {
        // Since 2^16 is 1 in this arithmetic, four octets at a time give the same sum as two.
        let (fours, rest) = octets.as_chunks::<4>();
        self.0 += fours.iter().map(|four| u64::from(u32::from_be_bytes(*four))).sum::<u64>();
        let mut last = [0; 4];
        for (slot, octet) in last.iter_mut().zip(rest) {
            *slot = *octet;
        }
        self.0 += u64::from(u32::from_be_bytes(last));
    }

    /// The header that transports sum beside their own (RFC 9293 §3.1, RFC 8200 §8.1).
    pub(crate) fn add_pseudo_header(&mut self, from: IpAddr, to: IpAddr, protocol: u8, len: usize) {
        for address in [from, to] {
            match address {
                IpAddr::V4(address) => self.add(&address.octets()),
                IpAddr::V6(address) => self.add(&address.octets()),
            }
        }
        self.add(&(len as u32).to_be_bytes());
        self.add(&[0, 0, 0, protocol]);
    }

    pub(crate) fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xFFFF {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        !(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum as RFC 1071 §4.1 writes it, two octets at a time.
    fn plain(octets: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in octets.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        }
        while sum >> 16 != 0 {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        !(sum as u16)
    }

    #[test]
    fn the_sum_is_that_of_the_rfc() {
        // RFC 1071 §3: the example's sum is ddf2.
        let mut sum = Checksum::default();
        sum.add(&[0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]);
        assert_eq!(sum.finish(), !0xDDF2);
        for len in 0..70 {
            let octets = crate::random::Random::new(3, len).octets(len as usize);
            let mut sum = Checksum::default();
            sum.add(&octets);
            assert_eq!(sum.finish(), plain(&octets), "{len} octets");
        }
    }
}
