//! Fingerprints of hellos that were printed before.

use std::sync::Arc;

use model::{Ja3, Ja4};

use crate::limits::{PRINT_BYTES_MAX, PRINTS_KEPT_MAX};

/// The fingerprints that were printed last: the programs of a site say the same few hellos all day,
/// and three hashes cost more than the rest of a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Prints {
    ja3: Rows<Ja3>,
    ja4: Rows<Ja4>,
}

impl Prints {
    /// The fingerprint's digits.
    pub(super) fn ja3(&mut self, print: &Ja3) -> Arc<str> {
        let make = || print.print();
        if print.size() > PRINT_BYTES_MAX {
            return make().into();
        }
        self.ja3.of(print, print.spread(), make)
    }

    /// The fingerprint's characters.
    pub(super) fn ja4(&mut self, print: &Ja4) -> Arc<str> {
        let make = || print.print();
        if print.size() > PRINT_BYTES_MAX {
            return make().into();
        }
        self.ja4.of(print, print.spread(), make)
    }
}

/// A fingerprint has its place by its spread, and takes it from the one that had it before. Who makes
/// many share a place gains nothing: they are hashed then, as they would be without rows.
#[derive(Clone, Debug)]
struct Rows<T>(Vec<Option<(T, Arc<str>)>>);

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows(Vec::new())
    }
}

impl<T: Clone + PartialEq> Rows<T> {
    /// The print that is kept, else what `make` makes.
    fn of(&mut self, one: &T, spread: u64, make: impl FnOnce() -> String) -> Arc<str> {
        let Rows(rows) = self;
        if rows.is_empty() {
            rows.resize(PRINTS_KEPT_MAX, None);
        }
        let place = usize::try_from(spread >> 40).unwrap_or_default() & (PRINTS_KEPT_MAX - 1);
        match rows.get_mut(place) {
            Some(Some((known, print))) if known == one => Arc::clone(print),
            Some(row) => Arc::clone(&row.insert((one.clone(), make().into())).1),
            None => make().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fingerprint_has_its_own_print_whatever_is_kept() {
        let mut prints = Prints::default();
        let texts = (0..4 * PRINTS_KEPT_MAX)
            .map(|number| format!("771,{number},{}", "1-2-3".repeat(number % 50)))
            .chain(["1".repeat(PRINT_BYTES_MAX + 1)]);
        for text in texts.clone().chain(texts) {
            let (ja3, ja4) = (Ja3::of(text.as_str().into()), Ja4::of(format!("t_{text}").into()));
            for _ in 0..2 {
                assert_eq!(*prints.ja3(&ja3), ja3.print());
                assert_eq!(*prints.ja4(&ja4), ja4.print());
            }
        }
    }

    #[test]
    fn what_is_told_again_is_made_once() {
        let mut rows = Rows::default();
        let mut made = 0;
        for number in [1, 1, 2, 1, 2] {
            let print = rows.of(&number, number << 40, || {
                made += 1;
                number.to_string()
            });
            assert_eq!(*print, number.to_string());
        }
        assert_eq!(made, 2);
    }
}
