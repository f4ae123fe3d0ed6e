//! A frame taken apart as far as cutting it needs: link, IP header, what IP carries.

use crate::checksum::Checksum;
use crate::frame::{IPV4, IPV6, SERVICE_VLAN, TCP, VLAN};

/// A frame with a whole IP packet in it that is no fragment.
pub(super) struct Packet<'a> {
    /// Everything before the IP header.
    pub(super) link: &'a [u8],
    /// The IP header.
    pub(super) header: &'a [u8],
    /// What it carries.
    pub(super) payload: &'a [u8],
    pub(super) protocol: u8,
}

/// The packet in a frame; nothing where it is none, or not whole, or a fragment, or has IPv6
/// extension headers.
pub(super) fn open(frame: &[u8]) -> Option<Packet<'_>> {
    let mut at = 12;
    while matches!(word(frame, at)?, VLAN | SERVICE_VLAN) {
        at += 4;
    }
    let (link, rest) = frame.split_at_checked(at + 2)?;
    let (header_len, len, protocol) = match word(frame, at)? {
        IPV4 => {
            let len = usize::from(word(rest, 2)?);
            // More fragments, or an offset (RFC 791 §3.1).
            if word(rest, 6)? & 0x3FFF != 0 {
                return None;
            }
            (usize::from(rest.first()? & 0x0F) * 4, len, *rest.get(9)?)
        }
        IPV6 => (40, 40 + usize::from(word(rest, 4)?), *rest.get(6)?),
        _ => return None,
    };
    let packet = rest.get(..len)?;
    let (header, payload) = packet.split_at_checked(header_len.max(20))?;
    Some(Packet { link, header, payload, protocol })
}

impl Packet<'_> {
    pub(super) fn is_v4(&self) -> bool {
        self.header.first().is_some_and(|first| first >> 4 == 4)
    }

    /// A frame with the same link and IP header around another payload. `change` may write to the
    /// header; lengths and its checksum are put right.
    pub(super) fn around(&self, payload: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut header = self.header.to_vec();
        change(&mut header);
        let len = (header.len() + payload.len()) as u16;
        if self.is_v4() {
            put(&mut header, 2, &len.to_be_bytes());
            put(&mut header, 10, &[0, 0]);
            let mut sum = Checksum::default();
            sum.add(&header);
            put(&mut header, 10, &sum.finish().to_be_bytes());
        } else {
            put(&mut header, 4, &(len - 40).to_be_bytes());
        }
        let mut frame = [self.link, &header, payload].concat();
        frame.resize(frame.len().max(60), 0);
        frame
    }

    /// The sum of a TCP segment between the packet's ends.
    pub(super) fn tcp_sum(&self, segment: &[u8]) -> u16 {
        let ends = if self.is_v4() { self.header.get(12..20) } else { self.header.get(8..40) };
        let mut sum = Checksum::default();
        sum.add(ends.unwrap_or_default());
        sum.add(&(segment.len() as u32).to_be_bytes());
        sum.add(&[0, 0, 0, TCP]);
        sum.add(segment);
        sum.finish()
    }
}

/// Write over what stands at `at`.
pub(super) fn put(octets: &mut [u8], at: usize, new: &[u8]) {
    for (slot, octet) in octets.iter_mut().skip(at).zip(new) {
        *slot = *octet;
    }
}

/// The big-endian number of two octets at `at`.
pub(super) fn word(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// Octets that IP carries in a frame, fragment or not, without IPv6's fragment header.
#[cfg(test)]
pub(super) fn carried(frame: &[u8]) -> usize {
    match word(frame, 12) {
        Some(IPV4) => usize::from(word(frame, 16).unwrap()) - 20,
        Some(IPV6) if frame[20] == 44 => usize::from(word(frame, 18).unwrap()) - 8,
        Some(IPV6) => usize::from(word(frame, 18).unwrap()),
        _ => 0,
    }
}
