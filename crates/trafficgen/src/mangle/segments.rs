//! TCP segments cut anew, as a card or a middlebox on the way may do.

use crate::TimedFrame;
use crate::frame::TCP;
use crate::random::Random;

use super::packet::{Packet, open, put, word};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;

/// Two to four segments in the place of one; the frame as it is where it holds no data.
pub(super) fn cut(frame: &TimedFrame, random: &mut Random) -> Vec<TimedFrame> {
    pieces(frame, random).unwrap_or_else(|| vec![frame.clone()])
}

fn pieces((at, frame): &TimedFrame, random: &mut Random) -> Option<Vec<TimedFrame>> {
    let packet = open(frame).filter(|packet| packet.protocol == TCP)?;
    let header_len = usize::from(packet.payload.get(12)? >> 4) * 4;
    let (header, data) = packet.payload.split_at_checked(header_len)?;
    let flags = *header.get(13)?;
    if data.len() < 2 || flags & SYN != 0 {
        return None;
    }
    let mut ends: Vec<usize> =
        (0..random.between(1, 4)).map(|_| random.between(1, data.len() as u64) as usize).collect();
    ends.push(data.len());
    ends.sort_unstable();
    ends.dedup();
    let number = u32::from_be_bytes(header.get(4..8)?.try_into().ok()?);
    let (mut begin, mut out) = (0, Vec::new());
    for end in ends {
        let last = end == data.len();
        let flags = if last { flags } else { flags & !(FIN | PSH) };
        let piece = data.get(begin..end)?;
        let number = number.wrapping_add(begin as u32);
        let segment = segment(&packet, header, (number, flags), piece);
        let ident = random.word().to_be_bytes();
        let frame = packet.around(&segment, |header| {
            if packet.is_v4() && begin > 0 {
                put(header, 4, &ident);
            }
        });
        out.push((at + out.len() as u64 * 1_000, frame));
        begin = end;
    }
    Some(out)
}

fn segment(packet: &Packet<'_>, header: &[u8], (number, flags): (u32, u8), data: &[u8]) -> Vec<u8> {
    let mut segment = [header, data].concat();
    put(&mut segment, 4, &number.to_be_bytes());
    put(&mut segment, 13, &[flags]);
    put(&mut segment, 16, &[0, 0]);
    let sum = packet.tcp_sum(&segment);
    put(&mut segment, 16, &sum.to_be_bytes());
    debug_assert!(word(&segment, 16).is_some());
    segment
}
