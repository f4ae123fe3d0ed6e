//! Flows that all stay open at once, and then packets of any of them: what a large table costs.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use super::small::{FRAME_BYTES, STEP_NANOS, client};
use super::{START, Scale, Truth};
use crate::frame::{Way, host_mac};
use crate::pcap::{Precision, Writer};
use crate::random::Random;
use crate::tcp::Segment;

/// The port that all servers listen on.
const PORT: u16 = 443;
/// Where both sides begin to count.
const FIRST: u32 = 1;

/// Open `flows` connections, three frames each, and then write `packets` acknowledgements, each of
/// a connection that is drawn by lot, half a million frames a second in all. Each frame has 64
/// octets; no connection ends.
pub fn held(flows: u64, packets: u64, scale: &Scale, sink: impl Write) -> io::Result<Truth> {
    let mut writer = Writer::new(sink, Precision::Microseconds)?;
    let mut random = Random::new(scale.seed, 2);
    let mut truth = Truth { flows, ..Truth::default() };
    let mut write = |frame: Vec<u8>| {
        let at = START + truth.frames * STEP_NANOS * scale.pace.max(1);
        truth.frames += 1;
        truth.frame_bytes += frame.len() as u64;
        writer.frame(at, &frame)
    };
    for number in 0..flows {
        for step in 0..3 {
            write(opening(number, step))?;
        }
    }
    for number in 0..packets {
        let flow = random.between(0, flows.max(1));
        write(acknowledgement(flow, number))?;
    }
    writer.finish()?;
    Ok(truth)
}

/// One of the three frames that open a connection.
fn opening(number: u64, step: u8) -> Vec<u8> {
    let (out, back) = ports(number);
    let (segment, to_server) = match step {
        0 => (Segment::syn(out, FIRST), true),
        1 => (Segment::welcome(back, FIRST, FIRST), false),
        _ => (bare(out), true),
    };
    frame(number, &segment, to_server, number as u16)
}

/// A bare acknowledgement of either side, which differs from the one before by its identification.
fn acknowledgement(flow: u64, number: u64) -> Vec<u8> {
    let ((out, back), to_server) = (ports(flow), number & 1 == 0);
    frame(flow, &bare(if to_server { out } else { back }), to_server, number as u16)
}

fn bare(ports: (u16, u16)) -> Segment {
    Segment::acknowledgement(ports, FIRST + 1, FIRST + 1)
}

/// Ports of what the client sends, and of what the server sends.
fn ports(number: u64) -> ((u16, u16), (u16, u16)) {
    let (_, port) = client(number);
    ((port, PORT), (PORT, port))
}

fn frame(number: u64, segment: &Segment, to_server: bool, ident: u16) -> Vec<u8> {
    let client = IpAddr::V4(client(number).0);
    let server = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1 + (number % 254) as u8));
    let (from, to) = if to_server { (client, server) } else { (server, client) };
    let way =
        Way { from, to, from_mac: host_mac(from), to_mac: host_mac(to), vlan: None, hops: 64 };
    let mut frame = segment.frame(&way, ident, &[]);
    frame.resize(FRAME_BYTES, 0);
    frame
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn connections_open_and_are_spoken_of_again() {
        let mut file = Vec::new();
        let truth = held(500, 2_000, &Scale::default(), &mut file).unwrap();
        assert_eq!((truth.frames, truth.flows, truth.frame_bytes), (3_500, 500, 3_500 * 64));
        let (_, frames) = crate::pcap::read(&file).unwrap();
        // Both addresses and both ports, the client's first.
        let ends = |frame: &[u8]| {
            let (from, to) = ([&frame[26..30], &frame[34..36]], [&frame[30..34], &frame[36..38]]);
            let (from, to) = (from.concat(), to.concat());
            if frame[36..38] == PORT.to_be_bytes() { [from, to] } else { [to, from] }.concat()
        };
        let (opened, rest) = frames.split_at(1_500);
        let known: HashSet<Vec<u8>> = opened.iter().map(|(_, frame)| ends(frame)).collect();
        assert_eq!(known.len(), 500);
        let spoken: HashSet<Vec<u8>> = rest.iter().map(|(_, frame)| ends(frame)).collect();
        assert!(spoken.is_subset(&known) && spoken.len() > 450, "{}", spoken.len());
        let flags: Vec<u8> = opened.iter().take(3).map(|(_, frame)| frame[47]).collect();
        assert_eq!(flags, [0x02, 0x12, 0x10]);
        assert!(rest.iter().all(|(_, frame)| frame[47] == 0x10));
    }
}
