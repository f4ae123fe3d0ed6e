//! What EtherTypes announce: tags, SNAP, and IP.

use model::Refused;

use super::descent::{Descent, Next, Step};

/// Follow an EtherType.
pub(super) fn follow<'a>(kind: u16, rest: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    match kind {
        0x0800 => Ok((Next::V4, rest)),
        0x86dd => Ok((Next::V6, rest)),
        // IEEE 802.1Q C-tag, S-tag (802.1ad), and the number QinQ used before it had one.
        0x8100 | 0x88a8 | 0x9100 => {
            descent.deeper()?;
            let (&[a, b, c, d], after) = rest.split_first_chunk::<4>().ok_or(Refused::Truncated)?;
            descent.tagged(u16::from_be_bytes([a, b]));
            Ok((Next::Type(u16::from_be_bytes([c, d])), after))
        }
        // IEEE 802 §9.4 SNAP: LLC AA AA 03, a null OUI, then an EtherType.
        0..=1535 => match rest.split_first_chunk::<8>() {
            Some((&[0xaa, 0xaa, 0x03, 0, 0, 0, c, d], after)) if c >= 6 => {
                descent.deeper()?;
                Ok((Next::Type(u16::from_be_bytes([c, d])), after))
            }
            _ => Err(Refused::NotIp),
        },
        _ => Err(refusal(kind)),
    }
}

/// Whether IP may hide behind an EtherType that is not followed.
const fn refusal(kind: u16) -> Refused {
    match kind {
        // MPLS, PPPoE sessions, transparent bridging, MACsec, VN-tag, backbone bridging, NSH,
        // TRILL, FabricPath, Cisco metadata, B.A.T.M.A.N.
        0x8847 | 0x8848 | 0x8864 | 0x6558 | 0x88e5 | 0x8926 | 0x88e7 | 0x894f | 0x22f3 | 0x8903
        | 0x8909 | 0x4305 => Refused::Encapsulated,
        _ => Refused::NotIp,
    }
}
