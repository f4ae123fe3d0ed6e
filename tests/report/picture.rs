//! Pictures that a browser made: PNG (W3C, third edition) of eight bits a channel, not interlaced.

use std::io::Read as _;

/// A picture, row by row, red, green and blue.
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Read one. It comes from a browser that we started: what is wrong with it fails the test.
    pub(crate) fn read(octets: &[u8]) -> Picture {
        let mut rest = octets.strip_prefix(b"\x89PNG\r\n\x1a\n").expect("a PNG");
        let (mut width, mut height, mut channels) = (0, 0, 0);
        let mut packed = Vec::new();
        while rest.len() >= 12 {
            let len = number(&rest[..4]);
            let (kind, data) = (&rest[4..8], &rest[8..8 + len]);
            match kind {
                b"IHDR" => {
                    (width, height) = (number(&data[..4]), number(&data[4..8]));
                    channels = match (data[8], data[9], data[12]) {
                        (8, 2, 0) => 3,
                        (8, 6, 0) => 4,
                        other => panic!("a picture of another kind: {other:?}"),
                    };
                }
                b"IDAT" => packed.extend_from_slice(data),
                _ => {}
            }
            rest = &rest[12 + len..];
        }
        let mut lines = Vec::new();
        flate2::read::ZlibDecoder::new(&*packed).read_to_end(&mut lines).expect("zlib");
        let pixels = unfiltered(&lines, width * channels, channels);
        let pixels = pixels.chunks_exact(channels).map(|p| [p[0], p[1], p[2]]).collect();
        Picture { width, height, pixels }
    }

    /// Pixels that are not of the commonest colour, in thousandths of all.
    pub(crate) fn ink_permille(&self) -> usize {
        let mut counts = std::collections::HashMap::new();
        for pixel in &self.pixels {
            *counts.entry(pixel).or_insert(0usize) += 1;
        }
        let most = counts.values().max().copied().unwrap_or(0);
        1_000 * (self.pixels.len() - most) / self.pixels.len().max(1)
    }
}

fn number(octets: &[u8]) -> usize {
    octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet))
}

/// Take the filters off (section 9).
fn unfiltered(lines: &[u8], stride: usize, channels: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(lines.len());
    for line in lines.chunks_exact(stride + 1) {
        let above = out.len().checked_sub(stride);
        let start = out.len();
        for (place, octet) in line[1..].iter().enumerate() {
            let left = if place >= channels { out[start + place - channels] } else { 0 };
            let up = above.map_or(0, |above| out[above + place]);
            let corner = match above {
                Some(above) if place >= channels => out[above + place - channels],
                _ => 0,
            };
            let guess = match line[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
                4 => nearest(left, up, corner),
                other => panic!("filter {other}"),
            };
            out.push(octet.wrapping_add(guess));
        }
    }
    out
}

/// Paeth's predictor (section 9.4).
fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let off = |of: u8| (guess - i16::from(of)).abs();
    if off(left) <= off(up) && off(left) <= off(corner) {
        left
    } else if off(up) <= off(corner) {
        up
    } else {
        corner
    }
}
