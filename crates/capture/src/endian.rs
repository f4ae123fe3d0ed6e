//! Numbers in either order of octets, since a capture is written in its writer's.

/// Which octet of a number comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Endian {
    /// The least significant.
    Little,
    /// The most significant.
    Big,
}

impl Endian {
    /// A 16-bit number.
    #[inline]
    pub(crate) const fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Endian::Little => u16::from_le_bytes(octets),
            Endian::Big => u16::from_be_bytes(octets),
        }
    }

    /// A 32-bit number.
    #[inline]
    pub(crate) const fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Endian::Little => u32::from_le_bytes(octets),
            Endian::Big => u32::from_be_bytes(octets),
        }
    }

    /// A signed 64-bit number.
    pub(crate) const fn i64(self, octets: [u8; 8]) -> i64 {
        match self {
            Endian::Little => i64::from_le_bytes(octets),
            Endian::Big => i64::from_be_bytes(octets),
        }
    }

    /// The `N` 32-bit numbers that `octets` begins with.
    #[inline]
    pub(crate) fn words<const N: usize>(self, octets: &[u8]) -> Option<[u32; N]> {
        let (words, _) = octets.as_chunks::<4>();
        let words: &[[u8; 4]; N] = words.first_chunk()?;
        let mut numbers = [0; N];
        // The order is asked once, not for each number.
        match self {
            Endian::Little => {
                for (number, word) in numbers.iter_mut().zip(words) {
                    *number = u32::from_le_bytes(*word);
                }
            }
            Endian::Big => {
                for (number, word) in numbers.iter_mut().zip(words) {
                    *number = u32::from_be_bytes(*word);
                }
            }
        }
        Some(numbers)
    }
}
