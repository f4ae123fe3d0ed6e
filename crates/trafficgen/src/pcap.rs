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

/// Read a classic capture of Ethernet frames, of either octet order and precision.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(file: &[u8]) -> Result<(Precision, Vec<TimedFrame>), String> {
    let (header, mut rest) = file.split_at_checked(24).ok_or("this is no capture: too short")?;
    let magic = header.first_chunk::<4>().copied().unwrap_or_default();
    let (precision, little) = match magic {
        [0xD4, 0xC3, 0xB2, 0xA1] => (Precision::Microseconds, true),
        [0xA1, 0xB2, 0xC3, 0xD4] => (Precision::Microseconds, false),
        [0x4D, 0x3C, 0xB2, 0xA1] => (Precision::Nanoseconds, true),
        [0xA1, 0xB2, 0x3C, 0x4D] => (Precision::Nanoseconds, false),
        _ => return Err("this is no classic capture".into()),
    };
    let number = |octets: &[u8], place: usize| {
        let word = octets.as_chunks::<4>().0.get(place).copied().unwrap_or_default();
        if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) }
    };
    if number(header, 5) & 0xFFFF != 1 {
        return Err("its frames are not of Ethernet".into());
    }
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let cut = || format!("frame {} is cut off", frames.len() + 1);
        let (record, behind) = rest.split_at_checked(16).ok_or_else(cut)?;
        let kept = usize::try_from(number(record, 2)).unwrap_or(usize::MAX);
        let (frame, behind) = behind.split_at_checked(kept).ok_or_else(cut)?;
        let fraction = u64::from(number(record, 1));
        let nanos = match precision {
            Precision::Microseconds => fraction * 1_000,
            Precision::Nanoseconds => fraction,
        };
        frames.push((u64::from(number(record, 0)) * 1_000_000_000 + nanos, frame.to_vec()));
        rest = behind;
    }
    Ok((precision, frames))
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
            let nanos =
                7_000_000_000 + u64::from(fraction) * if magic[0] == 0xD4 { 1_000 } else { 1 };
            assert_eq!(read(&file).unwrap(), (precision, vec![(nanos, vec![0xAB; 3])]));
            for len in [0, 23, 30, 41, 42] {
                assert!(read(&file[..len]).is_err(), "{len} octets");
            }
        }
    }
}
