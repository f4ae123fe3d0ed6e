//! Writing numbers and blocks behind their length, most significant octet first.

/// What the writers of messages need of a growing run of octets.
pub(crate) trait Octets {
    fn put8(&mut self, value: u8);
    fn put16(&mut self, value: u16);
    fn put32(&mut self, value: u32);
    fn put(&mut self, octets: &[u8]);
    /// A block behind a length of `width` octets. A block too long for its length is a mistake of
    /// this crate, and ends the program.
    fn block(&mut self, width: usize, write: impl FnOnce(&mut Vec<u8>));
    /// Write over what stands at `offset`.
    fn patch16(&mut self, offset: usize, value: u16);
}

impl Octets for Vec<u8> {
    fn put8(&mut self, value: u8) {
        self.push(value);
    }

    fn put16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }

    fn block(&mut self, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.len();
        self.resize(start + width, 0);
        write(self);
        let len = self.len() - start - width;
        assert!(len < 1 << (8 * width), "a block of {len} octets behind a length of {width}");
        let digits = len.to_be_bytes();
        for (slot, digit) in self.iter_mut().skip(start).zip(digits.iter().skip(8 - width)) {
            *slot = *digit;
        }
    }

    fn patch16(&mut self, offset: usize, value: u16) {
        for (slot, octet) in self.iter_mut().skip(offset).zip(value.to_be_bytes()) {
            *slot = octet;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_knows_its_length() {
        let mut out = vec![9];
        out.block(3, |out| out.block(1, |out| out.put(b"abc")));
        assert_eq!(out, [9, 0, 0, 4, 3, b'a', b'b', b'c']);
        out.patch16(1, 0x0102);
        assert_eq!(out[..3], [9, 1, 2]);
    }
}
