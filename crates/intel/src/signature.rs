//! First octets by which a protocol is known, some of them open.

use model::{Opening, Side, Transport};

use crate::limits::{SIGNATURE_FIXED_MIN, SIGNATURE_OCTETS_MAX};

/// A signature over the first octets of one end of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature {
    pub(crate) transport: Transport,
    /// Whose octets; `None`: either end's.
    pub(crate) side: Option<Side>,
    /// Octets before the first that counts.
    pub(crate) offset: usize,
    /// `None`: any octet.
    pub(crate) octets: Box<[Option<u8>]>,
    /// Bounds of the first segment's payload, in octets.
    pub(crate) first_len_min: u32,
    pub(crate) first_len_max: u32,
}

impl Signature {
    /// Whether the opening fits.
    pub(crate) fn fits(&self, transport: Transport, opening: &Opening) -> bool {
        let here = self.transport == transport
            && self.side.is_none_or(|side| side == opening.side)
            && (self.first_len_min..=self.first_len_max).contains(&opening.first_len);
        here && opening
            .octets
            .get(self.offset..)
            .and_then(|octets| octets.get(..self.octets.len()))
            .is_some_and(|octets| {
                let mut both = octets.iter().zip(&self.octets);
                both.all(|(octet, wanted)| wanted.is_none_or(|wanted| wanted == *octet))
            })
    }

    /// The octet at the very front, when it is fixed.
    pub(crate) fn front(&self) -> Option<u8> {
        if self.offset == 0 { self.octets.first().copied().flatten() } else { None }
    }
}

/// Octets from text: pairs of hexadecimal digits or `??`, parted by spaces.
pub(crate) fn octets(text: &str) -> Result<Box<[Option<u8>]>, String> {
    let mut octets = Vec::new();
    for pair in text.split_ascii_whitespace() {
        if octets.len() == SIGNATURE_OCTETS_MAX {
            return Err(format!("it is longer than {SIGNATURE_OCTETS_MAX} octets"));
        }
        match pair {
            "??" => octets.push(None),
            _ if pair.len() == 2 && pair.bytes().all(|c| c.is_ascii_hexdigit()) => {
                octets.push(u8::from_str_radix(pair, 16).ok());
            }
            _ => {
                let pair = crate::sheet::shown(pair);
                return Err(format!("`{pair}` is no pair of hexadecimal digits or `??`"));
            }
        }
    }
    if octets.iter().flatten().count() < SIGNATURE_FIXED_MIN {
        return Err(format!("it has fewer than {SIGNATURE_FIXED_MIN} fixed octets"));
    }
    Ok(octets.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_or_refused() {
        assert_eq!(octets("87 ?? 0A").as_deref(), Ok([Some(0x87), None, Some(10)].as_slice()));
        for bad in ["", "87", "?? ?? 01", "8 7", "+7 01 02", "zz 00 00", "870a"] {
            assert!(octets(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_signature_fits_in_its_place_only() {
        let signature = Signature {
            transport: Transport::Tcp,
            side: Some(Side::Client),
            offset: 1,
            octets: octets("10 ?? 30").unwrap(),
            first_len_min: 4,
            first_len_max: 10,
        };
        let table: &[(Transport, Side, u32, &[u8], bool)] = &[
            (Transport::Tcp, Side::Client, 4, &[9, 0x10, 5, 0x30], true),
            (Transport::Udp, Side::Client, 4, &[9, 0x10, 5, 0x30], false),
            (Transport::Tcp, Side::Server, 4, &[9, 0x10, 5, 0x30], false),
            (Transport::Tcp, Side::Client, 11, &[9, 0x10, 5, 0x30], false),
            (Transport::Tcp, Side::Client, 4, &[0x10, 5, 0x30, 0], false),
            (Transport::Tcp, Side::Client, 4, &[9, 0x10, 5], false),
            (Transport::Tcp, Side::Client, 4, &[], false),
        ];
        for (transport, side, first_len, octets, want) in table {
            let opening =
                Opening { side: *side, first_len: *first_len, octets: Box::from(*octets) };
            assert_eq!(signature.fits(*transport, &opening), *want, "{octets:?}");
        }
    }
}
