//! IP packets cut into fragments (RFC 791 §3.2, RFC 8200 §4.5).

use crate::TimedFrame;
use crate::random::Random;

use super::packet::{Packet, open, put, word};

/// IANA's number of the fragment header.
const FRAGMENT: u8 = 44;
/// More fragments follow, in the words of IPv4 and IPv6.
const MORE_V4: u16 = 0x2000;
const MORE_V6: u16 = 1;

/// Two or three fragments in the place of a packet; the frame as it is where it is too short.
pub(super) fn cut(frame: &TimedFrame, random: &mut Random) -> Vec<TimedFrame> {
    pieces(frame, random).unwrap_or_else(|| vec![frame.clone()])
}

fn pieces((at, frame): &TimedFrame, random: &mut Random) -> Option<Vec<TimedFrame>> {
    let packet = open(frame)?;
    // Neighbours ask without fragments (RFC 6980 §5), and so does who pings here.
    if matches!(packet.protocol, 1 | 58) {
        return None;
    }
    let len = packet.payload.len();
    let blocks = (len as u64).div_ceil(8);
    if blocks < 3 {
        return None;
    }
    let mut ends: Vec<usize> =
        (0..random.between(1, 3)).map(|_| random.between(1, blocks) as usize * 8).collect();
    ends.push(len);
    ends.sort_unstable();
    ends.dedup();
    let ident = random.next() as u32;
    let (mut begin, mut out) = (0, Vec::new());
    for end in ends {
        let (piece, more) = (packet.payload.get(begin..end)?, end < len);
        let frame = match packet.is_v4() {
            true => v4(&packet, piece, begin, more)?,
            false => v6(&packet, piece, begin, more, ident),
        };
        out.push((at + out.len() as u64 * 1_000, frame));
        begin = end;
    }
    Some(out)
}

fn v4(packet: &Packet<'_>, piece: &[u8], begin: usize, more: bool) -> Option<Vec<u8>> {
    // Reserved bit kept, "don't fragment" cleared.
    let word =
        word(packet.header, 6)? & 0x8000 | (begin / 8) as u16 | if more { MORE_V4 } else { 0 };
    Some(packet.around(piece, |header| put(header, 6, &word.to_be_bytes())))
}

fn v6(packet: &Packet<'_>, piece: &[u8], begin: usize, more: bool, ident: u32) -> Vec<u8> {
    let word = begin as u16 | if more { MORE_V6 } else { 0 };
    let mut carried = vec![packet.protocol, 0];
    carried.extend(word.to_be_bytes());
    carried.extend(ident.to_be_bytes());
    carried.extend(piece);
    packet.around(&carried, |header| put(header, 6, &[FRAGMENT]))
}
