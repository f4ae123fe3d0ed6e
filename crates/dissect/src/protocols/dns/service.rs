//! HTTPS and SVCB records (RFC 9460): where a service is, and by which addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::RecordData;

use super::name::{self, Steps};
use crate::protocols::limits::DNS_HINTS_MAX;

/// RFC 9460 §14.3.2.
const IPV4_HINT: u16 = 4;
/// RFC 9460 §14.3.2; the value is an ECHConfigList.
const ECH: u16 = 5;
/// RFC 9460 §14.3.2.
const IPV6_HINT: u16 = 6;

/// Read the data that stands at `start..end` of the message; `None` when it breaks a rule.
/// Parameters behind a broken one are not read, the ones before it stand.
pub(super) fn read(
    message: &[u8],
    start: usize,
    end: usize,
    steps: &mut Steps,
) -> Option<RecordData> {
    // RFC 9460 §2.2: priority, target name, parameters.
    let (walked, target) = name::read(message, start.checked_add(2)?, steps).ok()?;
    let mut rest = message.get(walked.end..end)?;
    let (mut hints, mut ech) = (Vec::new(), false);
    while let Some((key, value, after)) = parameter(rest) {
        rest = after;
        match key {
            IPV4_HINT => {
                let four = value.as_chunks::<4>().0.iter();
                hints.extend(four.map(|octets| IpAddr::V4(Ipv4Addr::from(*octets))));
            }
            IPV6_HINT => {
                let sixteen = value.as_chunks::<16>().0.iter();
                hints.extend(sixteen.map(|octets| IpAddr::V6(Ipv6Addr::from(*octets))));
            }
            ECH => ech = true,
            _ => {}
        }
        hints.truncate(DNS_HINTS_MAX);
    }
    Some(RecordData::Service { target, hints, ech })
}

fn parameter(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (key, rest) = octets.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    Some((u16::from_be_bytes(*key), value, rest))
}
