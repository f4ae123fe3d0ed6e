//! Frames, octet by octet.

use std::net::IpAddr;

use model::{Endpoint, Flow, Transport};

/// Flags of TCP.
pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

/// The flow between these ends.
pub(super) fn flow(transport: Transport, client: &str, server: &str) -> Flow {
    let end = |text: &str| {
        let end: std::net::SocketAddr = text.parse().expect("an end");
        Endpoint::new(end.ip(), end.port())
    };
    Flow { client: end(client), server: end(server), transport, vlan: None, guessed: false }
}

/// The flow, seen from its server.
pub(super) fn back(flow: &Flow) -> Flow {
    Flow { client: flow.server, server: flow.client, ..*flow }
}

/// A segment from client to server; the number tells it from others.
pub(super) fn tcp(flow: &Flow, flags: u8, number: u32, payload: usize) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(flow.client.port.to_be_bytes());
    segment.extend(flow.server.port.to_be_bytes());
    segment.extend(number.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0]);
    segment.extend(std::iter::repeat_n(0x17, payload));
    ip(flow, 6, &segment)
}

/// A datagram from client to server.
pub(super) fn udp(flow: &Flow, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(flow.client.port.to_be_bytes());
    datagram.extend(flow.server.port.to_be_bytes());
    datagram.extend((payload.len() as u16 + 8).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    ip(flow, 17, &datagram)
}

fn ip(flow: &Flow, carries: u8, octets: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    match (flow.client.ip, flow.server.ip) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let len = octets.len() as u16 + 20;
            frame.extend([8, 0, 0x45, 0]);
            frame.extend(len.to_be_bytes());
            frame.extend([0, 7, 0x40, 0, 64, carries, 0, 0]);
            frame.extend(source.octets());
            frame.extend(destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            frame.extend((octets.len() as u16).to_be_bytes());
            frame.extend([carries, 64]);
            frame.extend(source.octets());
            frame.extend(destination.octets());
        }
        _ => panic!("addresses of two families"),
    }
    frame.extend(octets);
    frame
}

/// The frame with other octets from `at` on.
pub(super) fn with(mut frame: Vec<u8>, at: usize, octets: &[u8]) -> Vec<u8> {
    frame[at..at + octets.len()].copy_from_slice(octets);
    frame
}

/// The frame with more octets put in at `at`.
pub(super) fn widened(mut frame: Vec<u8>, at: usize, octets: &[u8]) -> Vec<u8> {
    frame.splice(at..at, octets.iter().copied());
    frame
}
