//! The classic capture file (draft-ietf-opsawg-pcap), little-endian, link type Ethernet.

use std::io::{self, Write};

use crate::TimedFrame;
use crate::frame::wire_len;

/// How fine the times in the file are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Magic number A1B2C3D4, what most programs write.
    #[default]
    Microseconds,
    /// Magic number A1B23C4D.
    Nanoseconds,
}

/// A capture file that grows frame by frame. Wrap files in a `BufWriter`.
pub struct Writer<W> {
    sink: W,
    precision: Precision,
}

impl<W: Write> Writer<W> {
    /// Write the header of the file.
    pub fn new(mut sink: W, precision: Precision) -> io::Result<Writer<W>> {
        let magic: u32 = match precision {
            Precision::Microseconds => 0xA1B2_C3D4,
            Precision::Nanoseconds => 0xA1B2_3C4D,
        };
        let mut header = Vec::with_capacity(24);
        header.extend(magic.to_le_bytes());
        header.extend(2u16.to_le_bytes());
        header.extend(4u16.to_le_bytes());
        header.extend([0; 8]);
        header.extend(262_144u32.to_le_bytes()); // snap length: tcpdump's default
        header.extend(1u32.to_le_bytes()); // LINKTYPE_ETHERNET
        sink.write_all(&header)?;
        Ok(Writer { sink, precision })
    }

    /// Add a frame. Times beyond the year 2106 do not fit the format and wrap.
    pub fn frame(&mut self, nanos: u64, octets: &[u8]) -> io::Result<()> {
        self.cut(nanos, octets, octets.len())
    }

    /// Add a frame of which only the first octets were captured; it had `len` in all.
    pub fn cut(&mut self, nanos: u64, octets: &[u8], len: usize) -> io::Result<()> {
        let fraction = match self.precision {
            Precision::Microseconds => nanos % 1_000_000_000 / 1_000,
            Precision::Nanoseconds => nanos % 1_000_000_000,
        };
        let mut header = [0; 16];
        let words = [(nanos / 1_000_000_000) as u32, fraction as u32, octets.len() as u32];
        let words = words.into_iter().chain([len.max(octets.len()) as u32]);
        for (slot, word) in header.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        self.sink.write_all(&header)?;
        self.sink.write_all(octets)
    }

    /// Flush, and give the sink back.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// Write a whole capture.
pub fn write(sink: impl Write, precision: Precision, frames: &[TimedFrame]) -> io::Result<()> {
    let mut writer = Writer::new(sink, precision)?;
    for (nanos, octets) in frames {
        writer.cut(*nanos, octets, wire_len(octets))?;
    }
    writer.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_formats() {
        for (precision, magic, fraction) in [
            (Precision::Microseconds, [0xD4, 0xC3, 0xB2, 0xA1], 123_456u32),
            (Precision::Nanoseconds, [0x4D, 0x3C, 0xB2, 0xA1], 123_456_789),
        ] {
            let mut file = Vec::new();
            write(&mut file, precision, &[(7_123_456_789, vec![0xAB; 3])]).unwrap();
            assert_eq!(file[..4], magic);
            assert_eq!(file[20..24], 1u32.to_le_bytes());
            assert_eq!(file[24..28], 7u32.to_le_bytes());
            assert_eq!(file[28..32], fraction.to_le_bytes());
            assert_eq!(file[32..40], [3, 0, 0, 0, 3, 0, 0, 0]);
            assert_eq!(file[40..], [0xAB; 3]);
        }
    }
}
