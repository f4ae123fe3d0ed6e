//! The hardest load for a table of flows: 64-octet frames, each of a new one.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use super::{START, Scale, Truth};
use crate::frame::{Way, host_mac};
use crate::pcap::{Precision, Writer};
use crate::random::Random;
use crate::tcp::Segment;

/// Octets of a frame, with the Ethernet trailer that fills it up.
pub(super) const FRAME_BYTES: usize = 64;
/// Half a million frames a second.
pub(super) const STEP_NANOS: u64 = 2_000;

/// Write `packets` frames, each a SYN of a flow that was not there before.
pub fn small(packets: u64, scale: &Scale, sink: impl Write) -> io::Result<Truth> {
    let mut writer = Writer::new(sink, Precision::Microseconds)?;
    let mut random = Random::new(scale.seed, 0);
    let mut truth = Truth::default();
    for number in 0..packets {
        let frame = stranger(number, &mut random);
        writer.frame(START + number * STEP_NANOS * scale.pace.max(1), &frame)?;
        truth.frames += 1;
        truth.flows += 1;
        truth.frame_bytes += frame.len() as u64;
    }
    writer.finish()?;
    Ok(truth)
}

/// The SYN of a flow that no other number has.
pub(super) fn stranger(number: u64, random: &mut Random) -> Vec<u8> {
    let (client, port) = client(number);
    let server = Ipv4Addr::from(0xC633_6400 | random.between(1, 255) as u32);
    let (from, to) = (IpAddr::V4(client), IpAddr::V4(server));
    let way =
        Way { from, to, from_mac: host_mac(from), to_mac: host_mac(to), vlan: None, hops: 128 };
    let segment = Segment::syn((port, 443), random.next() as u32);
    let mut frame = segment.frame(&way, number as u16, &[]);
    frame.resize(FRAME_BYTES, 0);
    frame
}

/// A client's address and port that no other number has, in an order that looks like chance: an
/// odd factor never meets itself within 2^40.
pub(super) fn client(number: u64) -> (Ipv4Addr, u16) {
    let own = number.wrapping_mul(0x9E_3779_B97F | 1) & 0xFF_FFFF_FFFF;
    (Ipv4Addr::from(0x0A00_0000 | ((own >> 16) as u32 & 0x00FF_FFFF)), own as u16)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_frame_is_a_flow_of_its_own() {
        let mut file = Vec::new();
        let truth = small(20_000, &Scale::default(), &mut file).unwrap();
        assert_eq!(truth.frame_bytes, 20_000 * 64);
        let flows: HashSet<Vec<u8>> =
            file[24..].chunks(16 + 64).map(|one| one[16 + 26..16 + 38].to_vec()).collect();
        assert_eq!(flows.len(), 20_000);
    }
}
