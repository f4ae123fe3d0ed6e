//! Who is behind an address, as parts of a state: hosts by address, and their interfaces.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use model::{HintSource, Mac, Timestamp};

use super::octets::{In, Out, Read};
use crate::limits::ADDRESSES_PER_MAC_MAX;
use crate::memory::{Host, Interface};

/// Octets of a host, without its name: address, source, interface, time, changes, former address,
/// and the name's length.
const HOST_LEN: usize = 16 + 1 + 6 + 8 + 4 + 17 + 2;
/// Octets of an interface, without its name and addresses.
const INTERFACE_LEN: usize = 6 + 1 + 17 + 2 + 1;
/// Octets that a host's name has at most ([`model::HostHint::name`]).
const NAME_LEN_MAX: usize = 253;

pub(super) fn write_hosts<'a>(
    count: usize,
    hosts: impl Iterator<Item = &'a (IpAddr, Host)>,
    out: &mut Out,
) {
    out.u64(count as u64);
    for (ip, host) in hosts {
        write_ip(*ip, out);
        out.u8(match host.mac {
            None => 0,
            Some((_, HintSource::Dhcp)) => 1,
            Some((_, HintSource::Arp)) => 2,
            Some((_, HintSource::Neighbour)) => 3,
        });
        out.octets.extend_from_slice(&host.mac.map_or([0; 6], |(mac, _)| mac.0));
        out.u64(host.at.nanos());
        out.u32(host.changes);
        write_maybe(host.former, out);
        out.text(host.name.as_deref().unwrap_or_default());
    }
}

pub(super) fn write_interfaces<'a>(
    count: usize,
    interfaces: impl Iterator<Item = &'a (Mac, Interface)>,
    out: &mut Out,
) {
    out.u64(count as u64);
    for (mac, interface) in interfaces {
        out.octets.extend_from_slice(&mac.0);
        out.u8(u8::from(interface.of_many));
        write_maybe(interface.leased, out);
        out.text(interface.name.as_deref().unwrap_or_default());
        let addresses = interface.addresses.iter().take(ADDRESSES_PER_MAC_MAX);
        out.u8(addresses.len() as u8);
        for (ip, at) in addresses {
            write_ip(*ip, out);
            out.u64(at.nanos());
        }
    }
}

pub(super) fn read_hosts(part: &mut In<'_>) -> Read<Vec<(IpAddr, Host)>> {
    let count = part.count(HOST_LEN)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let ip = read_ip(part)?;
        let at = *part;
        let by = match part.u8()? {
            0 => None,
            1 => Some(HintSource::Dhcp),
            2 => Some(HintSource::Arp),
            3 => Some(HintSource::Neighbour),
            _ => return at.impossible("a source of hints that nobody knows"),
        };
        let mac = read_mac(part)?;
        let host = Host {
            mac: by.map(|by| (mac, by)),
            at: Timestamp::from_nanos(part.u64()?),
            changes: part.u32()?,
            former: read_maybe(part)?,
            name: read_name(part)?,
        };
        all.push((ip, host));
    }
    Ok(all)
}

pub(super) fn read_interfaces(part: &mut In<'_>) -> Read<Vec<(Mac, Interface)>> {
    let count = part.count(INTERFACE_LEN)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let mac = read_mac(part)?;
        let of_many = read_flag(part)?;
        let leased = read_maybe(part)?;
        let name = read_name(part)?;
        let at = *part;
        let has = usize::from(part.u8()?);
        if has > ADDRESSES_PER_MAC_MAX {
            return at.impossible("more addresses than an interface has");
        }
        let mut addresses = Vec::with_capacity(has);
        for _ in 0..has {
            addresses.push((read_ip(part)?, Timestamp::from_nanos(part.u64()?)));
        }
        all.push((mac, Interface { name, addresses, of_many, leased }));
    }
    Ok(all)
}

/// As IPv6; IPv4 stands in it (RFC 4291 §2.5.5.2).
fn write_ip(ip: IpAddr, out: &mut Out) {
    let octets = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    out.octets.extend_from_slice(&octets);
}

fn write_maybe(ip: Option<IpAddr>, out: &mut Out) {
    out.u8(u8::from(ip.is_some()));
    write_ip(ip.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), out);
}

fn read_ip(part: &mut In<'_>) -> Read<IpAddr> {
    let octets: [u8; 16] = part.array()?;
    Ok(IpAddr::from(octets).to_canonical())
}

fn read_maybe(part: &mut In<'_>) -> Read<Option<IpAddr>> {
    let there = read_flag(part)?;
    let ip = read_ip(part)?;
    Ok(there.then_some(ip))
}

fn read_mac(part: &mut In<'_>) -> Read<Mac> {
    part.array().map(Mac)
}

fn read_flag(part: &mut In<'_>) -> Read<bool> {
    let at = *part;
    match part.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => at.impossible("a flag that is neither set nor not"),
    }
}

fn read_name(part: &mut In<'_>) -> Read<Option<Arc<str>>> {
    let at = *part;
    match part.text()? {
        "" => Ok(None),
        name if name.len() <= NAME_LEN_MAX => Ok(Some(name.into())),
        _ => at.impossible("a host's name that is too long"),
    }
}
