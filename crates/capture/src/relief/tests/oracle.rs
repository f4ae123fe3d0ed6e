//! What the program should say of a frame, told in another way than it goes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Endpoint, Flow, Transport};

/// What becomes of a frame of a flow that is dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is none of ours, odd, or may be wanted.
    Pass,
    /// It begins the flow anew, or breaks it off: it passes, and so does what follows.
    Stop(Flow),
    /// It is counted, with the octets of its datagram.
    Count(Flow, u64),
}

/// The fate of a frame. The flow's client is who sent it.
pub(super) fn fate(frame: &[u8]) -> Fate {
    read(frame).unwrap_or(Fate::Pass)
}

fn half(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}

fn read(frame: &[u8]) -> Option<Fate> {
    // Shorter ones are cheap enough as they are.
    let (link, datagram) = frame.split_at_checked(14).filter(|_| frame.len() >= 54)?;
    let (ends, kind, len, header) = match half(link, 12) {
        0x0800 => {
            let plain = datagram[0] == 0x45 && half(datagram, 6) & 0xbfff == 0;
            let len = usize::from(half(datagram, 2));
            let ip = |at: usize| {
                let octets: [u8; 4] = datagram[at..at + 4].try_into().expect("four");
                IpAddr::from(Ipv4Addr::from(octets))
            };
            plain.then_some(((ip(12), ip(16)), datagram[9], len, 20))?
        }
        0x86dd => {
            let payload = usize::from(half(datagram, 4));
            let ip = |at: usize| {
                let octets: [u8; 16] = datagram[at..at + 16].try_into().expect("sixteen");
                IpAddr::from(Ipv6Addr::from(octets))
            };
            let plain = datagram[0] >> 4 == 6 && payload > 0 && frame.len() >= 74;
            plain.then(|| ((ip(8), ip(24)), datagram[6], payload + 40, 40))?
        }
        _ => return None,
    };
    let carried = datagram.get(header..).filter(|_| len >= header && len <= datagram.len())?;
    let room = len - header;
    let flow = |transport| Flow {
        client: Endpoint::new(ends.0, half(carried, 0)),
        server: Endpoint::new(ends.1, half(carried, 2)),
        transport,
        vlan: None,
        guessed: false,
    };
    match kind {
        6 => {
            let (offset, flags) = (usize::from(carried[12] >> 4) * 4, carried[13]);
            if offset < 20 || offset > room {
                return None;
            }
            match flags & 7 {
                0 => Some(Fate::Count(flow(Transport::Tcp), len as u64)),
                1 => Some(Fate::Pass),
                _ => Some(Fate::Stop(flow(Transport::Tcp))),
            }
        }
        17 => {
            let said = usize::from(half(carried, 4));
            let bulk = said > 8 && said <= room && !may_be_wanted(&carried[8..], said - 8);
            bulk.then(|| Fate::Count(flow(Transport::Udp), len as u64))
        }
        _ => None,
    }
}

/// Whether a datagram may begin a connection or carry a tunnel.
fn may_be_wanted(payload: &[u8], len: usize) -> bool {
    let kind = half(payload, 2);
    match payload[0] {
        0x80.. => true,
        0x60..=0x6f => usize::from(half(payload, 4)) + 40 == len,
        0x40.. => false,
        0x30..=0x37 if payload[1] == 0xff => true,
        0 if payload[1] <= 1 => true,
        8 if payload[1..4] == [0, 0, 0] => true,
        _ => matches!(kind, 0x6558 | 0x0800 | 0x86dd),
    }
}
