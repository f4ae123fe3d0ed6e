//! Who owns an entry of a table: most have one owner, which stands in the entry itself; more hang
//! on a chain.

use crate::pile::Pile;

/// The owner of an entry as the entry keeps it, or the first link of a chain of owners.
pub(crate) type Head = u32;

/// An entry without an owner yet.
pub(crate) const NOBODY: Head = u32::MAX;

/// Set in a head that is a link's number.
const LINK: u32 = 1 << 31;

/// Owners must be below this.
pub(crate) const OWNER_MAX: u32 = LINK - 1;

/// The owners of all entries that have more than one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chains {
    links: Pile<(u32, Head)>,
}

/// What became of an owner that was to be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placed {
    /// It stands in the table.
    New,
    /// The entry had an owner that is as good.
    Again(u32),
    /// There is no more place.
    Full,
}

impl Chains {
    /// The head of an entry once `owner` owns it too.
    pub(crate) fn with(&mut self, head: Head, owner: u32) -> Option<Head> {
        if owner > OWNER_MAX {
            return None;
        }
        if head == NOBODY {
            return Some(owner);
        }
        let link = u32::try_from(self.links.len()).ok().filter(|link| *link < OWNER_MAX)?;
        self.links.push((owner, head));
        Some(link | LINK)
    }

    /// The owners, the last one added first.
    pub(crate) fn owners(&self, head: Head) -> impl Iterator<Item = u32> {
        let mut next = head;
        std::iter::from_fn(move || {
            if next == NOBODY {
                return None;
            }
            if next & LINK == 0 {
                return Some(std::mem::replace(&mut next, NOBODY));
            }
            let (owner, after) = self.links.get(next & !LINK)?;
            next = *after;
            Some(*owner)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_come_back_newest_first() {
        let mut chains = Chains::default();
        let mut head = NOBODY;
        assert_eq!(chains.owners(head).count(), 0);
        for owner in [7, 0, OWNER_MAX] {
            head = chains.with(head, owner).unwrap();
        }
        let other = chains.with(NOBODY, 3).unwrap();
        assert_eq!(chains.owners(head).collect::<Vec<_>>(), [OWNER_MAX, 0, 7]);
        assert_eq!(chains.owners(other).collect::<Vec<_>>(), [3]);
        assert_eq!(chains.with(head, OWNER_MAX + 1), None);
    }
}
