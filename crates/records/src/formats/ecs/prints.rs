//! Fingerprints of hellos that were printed before.

use std::sync::Arc;

use crate::limits::{PRINT_RAW_MAX, PRINTS_KEPT_MAX};

/// The fingerprints that were printed last, by the text that each is a hash of: the programs of a
/// site say the same few hellos all day, and three hashes cost more than the rest of a record. A text
/// has its place by its octets, and takes it from the one that had it before.
#[derive(Clone, Debug, Default)]
pub(super) struct Prints {
    rows: Vec<Option<(Box<str>, Arc<str>)>>,
}

impl Prints {
    /// The print of `raw`: the one that is kept, else what `make` makes.
    pub(super) fn of(&mut self, raw: &str, make: impl FnOnce() -> String) -> Arc<str> {
        if raw.len() > PRINT_RAW_MAX {
            return make().into();
        }
        if self.rows.is_empty() {
            self.rows.resize(PRINTS_KEPT_MAX, None);
        }
        // The number of rows is a power of two.
        match self.rows.get_mut(mixed(raw.as_bytes()) & (PRINTS_KEPT_MAX - 1)) {
            Some(Some((known, print))) if **known == *raw => Arc::clone(print),
            Some(row) => Arc::clone(&row.insert((raw.into(), make().into())).1),
            None => make().into(),
        }
    }
}

/// A number that spreads texts over the rows. Who makes many share a row gains nothing: they are
/// hashed then, as they would be without rows.
fn mixed(octets: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 by the golden ratio
    let mix = |all: u64, word: u64| (all ^ word).wrapping_mul(ODD).rotate_left(29);
    let (words, rest) = octets.as_chunks::<8>();
    let all = words.iter().fold(0, |all, word| mix(all, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(octets.len() as u64, |word, octet| word << 8 | u64::from(*octet));
    usize::try_from(mix(all, last) >> 40).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_its_own_print_and_is_hashed_once_while_it_is_kept() {
        let mut prints = Prints::default();
        let mut made = 0;
        for _ in 0..2 {
            for number in 0..4 * PRINTS_KEPT_MAX {
                let raw = format!("771,{number},{}", "1-2-3".repeat(number % 50));
                let mut print = || {
                    prints.of(&raw, || {
                        made += 1;
                        raw.to_uppercase()
                    })
                };
                let (first, second) = (print(), print());
                assert_eq!((&*first, &*second), (&*raw.to_uppercase(), &*raw.to_uppercase()));
            }
        }
        assert!((4 * PRINTS_KEPT_MAX..8 * PRINTS_KEPT_MAX + 1).contains(&made), "{made}");
        let long = "1".repeat(PRINT_RAW_MAX + 1);
        assert_eq!(&*prints.of(&long, || "long".to_owned()), "long");
        assert_eq!(&*prints.of(&long, || "again".to_owned()), "again");
    }
}
