//! The datagrams of a remote desktop's second transport: those that greet (MS-RDPEUDP §2.2.2, the
//! same in all versions), and the data in those that follow (MS-RDPEUDP §2.2.3; MS-RDPEUDP2 §2.2
//! from version 3 on).

use super::inner::Data;

/// A datagram that greets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Greeting {
    /// It answers one.
    pub(super) answers: bool,
    /// The client wants no repetition of lost datagrams: DTLS follows and not TLS.
    pub(super) lossy: bool,
    /// The version that its sender speaks, or chose; 1 where none is said.
    pub(super) version: u16,
}

/// Flags (MS-RDPEUDP §2.2.2.1).
const SYN: u16 = 0x0001;
const ACK: u16 = 0x0004;
const DATA: u16 = 0x0008;
const CONGESTION: u16 = 0x0060;
const ACK_OF_ACKS: u16 = 0x0100;
const LOSSY: u16 = 0x0200;
const ACK_DELAYED: u16 = 0x0400;
const CORRELATION: u16 = 0x0800;
const EXTENDED: u16 = 0x1000;

/// The version that the specification calls the third. From it on data have a form of their own.
pub(super) const VERSION_3: u16 = 0x0101;

/// MS-RDPEUDP §2.2.2.5: what a datagram may measure; one that greets is filled up with zeros.
const SIZES: std::ops::RangeInclusive<usize> = 1132..=1232;
/// Octets of everything that may stand before the zeros: 8 of a head, 8 of sizes, 32 of a number
/// for the log, 4 of a version, 32 of a hash.
const GREETING_MAX: usize = 84;

/// Read a datagram that greets.
pub(super) fn greeting(octets: &[u8]) -> Option<Greeting> {
    if !SIZES.contains(&octets.len()) {
        return None;
    }
    let (head, mut rest) = octets.split_first_chunk::<16>()?;
    let [a, b, c, d, window, below, high, low, _, _, _, _, up, up_low, down, down_low] = *head;
    let flags = u16::from_be_bytes([high, low]);
    let answers = flags & ACK != 0;
    let size = |high, low| SIZES.contains(&usize::from(u16::from_be_bytes([high, low])));
    let sound = flags & SYN != 0
        && flags & !(SYN | ACK | LOSSY | CORRELATION | EXTENDED) == 0
        && (answers || [a, b, c, d] == [0xff; 4])
        && [window, below] != [0; 2]
        && size(up, up_low)
        && size(down, down_low)
        && octets.get(GREETING_MAX..)?.iter().all(|octet| *octet == 0);
    if !sound {
        return None;
    }
    if flags & CORRELATION != 0 {
        rest = rest.get(32..)?;
    }
    let version = match (flags & EXTENDED != 0, rest.first_chunk::<4>()?) {
        (false, _) => 1,
        (true, [0, 1, high, low]) => u16::from_be_bytes([*high, *low]),
        (true, [0, 0, ..]) => 1,
        (true, _) => return None,
    };
    // Clients are seen that offer a 3 of the old form; its documented kin are 1, 2 and 0x0101.
    let known = matches!(version, 1..=0x0f | 0x0101..=0x010f);
    known.then_some(Greeting { answers, lossy: flags & LOSSY != 0, version })
}

/// The data in a datagram that does not greet. Without a version both forms are tried.
pub(super) fn data(version: Option<u16>, octets: &[u8]) -> Option<Data<'_>> {
    match version {
        Some(VERSION_3..) => newer(octets),
        Some(_) => older(octets),
        None => older(octets).or_else(|| newer(octets)),
    }
}

/// Versions 1 and 2: a head of 8 octets, what was received, the number of the datagram twice. It is
/// twice the same number in all but the repair of a lost one.
fn older(octets: &[u8]) -> Option<Data<'_>> {
    let ([_, _, _, _, _, _, high, low], mut rest) = octets.split_first_chunk::<8>()?;
    let flags = u16::from_be_bytes([*high, *low]);
    let optional = ACK | ACK_OF_ACKS | ACK_DELAYED | CONGESTION;
    if flags & DATA == 0 || flags & !(DATA | optional) != 0 {
        return None;
    }
    if flags & ACK != 0 {
        let count = usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?));
        // The list and its length fill whole words of four octets.
        rest = rest.get(count.saturating_add(2).next_multiple_of(4)..)?;
    }
    if flags & ACK_OF_ACKS != 0 {
        rest = rest.get(4..)?;
    }
    let ([a, b, c, d, other @ ..], octets) = rest.split_first_chunk::<8>()?;
    let number = u32::from_be_bytes([*a, *b, *c, *d]);
    let same = u32::from_be_bytes(*other) == number;
    same.then_some(Data { number, next: number.wrapping_add(1), octets })
}

/// Flags of version 3 (MS-RDPEUDP2 §2.2.1.1), in the order of what they announce.
const NEW_ACK: u16 = 0x001;
const NEW_OVERHEAD: u16 = 0x040;
const NEW_DELAY: u16 = 0x100;
const NEW_ACK_OF_ACKS: u16 = 0x010;
const NEW_DATA: u16 = 0x004;
const NEW_VECTOR: u16 = 0x008;

/// Version 3: the octet that tells the kind stands in the eighth place, and the eighth octet in
/// its place (MS-RDPEUDP2 §3.1.5.1); flags, then what they announce.
fn newer(octets: &[u8]) -> Option<Data<'_>> {
    let ([eighth, low, high, third, fourth, fifth, sixth, kind], behind) =
        octets.split_first_chunk::<8>()?;
    // Four bits of the kind: 0 is data.
    if kind >> 1 & 0x0f != 0 {
        return None;
    }
    let flags = u16::from_le_bytes([*low, *high]) & 0x0fff;
    let head = [*third, *fourth, *fifth, *sixth, *eighth];
    // What stands before the data is counted; it is read only where a count needs it.
    let at = |place: usize| match place.checked_sub(head.len()) {
        None => head.get(place),
        Some(place) => behind.get(place),
    };
    let mut place = 0usize;
    let mut pass = |flag: u16, octets: usize| {
        place = place.saturating_add(if flags & flag != 0 { octets } else { 0 });
        place
    };
    if flags & NEW_ACK != 0 {
        // Its last octet before a list counts the list in its low half.
        let count = usize::from(at(6)? & 0x0f);
        pass(NEW_ACK, count.saturating_add(7));
    }
    pass(NEW_OVERHEAD, 1);
    pass(NEW_DELAY, 3);
    pass(NEW_ACK_OF_ACKS, 2);
    if flags & NEW_DATA == 0 {
        return None;
    }
    let vector = pass(NEW_DATA, 2);
    if flags & NEW_VECTOR != 0 {
        // A number, a count in seven bits, and whether a time of four octets precedes the list.
        let count = *at(vector.checked_add(2)?)?;
        let time = if count & 0x80 != 0 { 4 } else { 0 };
        pass(NEW_VECTOR, usize::from(count & 0x7f).saturating_add(time).saturating_add(3));
    }
    // The data's own number comes before them.
    let start = pass(NEW_DATA, 0).checked_sub(head.len())?;
    let ([low, high], octets) = behind.get(start..)?.split_first_chunk::<2>()?;
    let number = u16::from_le_bytes([*low, *high]);
    Some(Data { number: number.into(), next: number.wrapping_add(1).into(), octets })
}
