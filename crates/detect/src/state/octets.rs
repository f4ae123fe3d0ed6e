//! Numbers and texts as octets and back: little-endian, each length bounded by what there is.

use std::fmt;

/// Why octets are no state that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateError {
    /// Where: octets from the beginning.
    pub at: usize,
    /// What is wrong there.
    pub fault: StateFault,
}

/// What is wrong with a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StateFault {
    /// It is something else.
    Foreign,
    /// A later program wrote it, in this version.
    Newer(u32),
    /// It ends too early.
    Cut,
    /// Octets were changed since it was written.
    Changed,
    /// It holds something that cannot be; what.
    Impossible(&'static str),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            StateFault::Foreign => f.write_str("it is no state of rmmwatch"),
            StateFault::Newer(version) => {
                let own = super::VERSION;
                write!(f, "it is of version {version}, and this program reads up to {own}")
            }
            StateFault::Cut => write!(f, "octet {}: it ends too early", self.at),
            StateFault::Changed => {
                write!(f, "octet {}: what precedes was changed since it was written", self.at)
            }
            StateFault::Impossible(what) => write!(f, "octet {}: {what}", self.at),
        }
    }
}

impl std::error::Error for StateError {}

/// Octets to be written.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) octets: Vec<u8>,
}

impl Out {
    pub(super) fn u8(&mut self, number: u8) {
        self.octets.push(number);
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.octets.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.octets.extend_from_slice(&number.to_le_bytes());
    }

    /// A text and its length; what is longer than a length says is cut.
    pub(super) fn text(&mut self, text: &str) {
        let text = text.get(..text.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
        self.octets.extend_from_slice(&(text.len() as u16).to_le_bytes());
        self.octets.extend_from_slice(text.as_bytes());
    }

    /// A part with its tag and its length.
    pub(super) fn part(&mut self, tag: [u8; 4], write: impl FnOnce(&mut Out)) {
        self.octets.extend_from_slice(&tag);
        let place = self.octets.len();
        self.u64(0);
        write(self);
        let len = (self.octets.len() - place - 8) as u64;
        if let Some(field) = self.octets.get_mut(place..place + 8) {
            field.copy_from_slice(&len.to_le_bytes());
        }
    }
}

/// Octets to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct In<'a> {
    rest: &'a [u8],
    at: usize,
}

pub(super) type Read<T> = Result<T, StateError>;

impl<'a> In<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> In<'a> {
        In { rest: octets, at: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) const fn wrong<T>(&self, fault: StateFault) -> Read<T> {
        Err(StateError { at: self.at, fault })
    }

    pub(super) const fn impossible<T>(&self, what: &'static str) -> Read<T> {
        self.wrong(StateFault::Impossible(what))
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return self.wrong(StateFault::Cut);
        };
        self.rest = rest;
        self.at += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let at = self.at;
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| StateError { at, fault: StateFault::Cut })
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub(super) fn u16(&mut self) -> Read<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// How many entries follow, each of at least so many octets: no more than there is room for.
    pub(super) fn count(&mut self, octets_each: usize) -> Read<usize> {
        let at = *self;
        let count = self.u64()?;
        let fits = self.left() / octets_each.max(1);
        match usize::try_from(count) {
            Ok(count) if count <= fits => Ok(count),
            _ => at.impossible("more entries than there is room for"),
        }
    }

    pub(super) fn text(&mut self) -> Read<&'a str> {
        let len = self.u16()?;
        let at = *self;
        let octets = self.take(usize::from(len))?;
        std::str::from_utf8(octets).or_else(|_| at.impossible("a text that is no UTF-8"))
    }

    /// A part: its tag, and what it holds.
    pub(super) fn part(&mut self) -> Read<([u8; 4], In<'a>)> {
        let tag = self.array()?;
        let len = self.u64()?;
        let at = self.at;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        Ok((tag, In { rest: self.take(len)?, at }))
    }

    /// So many octets, as a text of their own.
    pub(super) fn first(mut self, count: usize) -> Read<In<'a>> {
        let at = self.at;
        Ok(In { rest: self.take(count)?, at })
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Read<()> {
        if self.is_empty() { Ok(()) } else { self.impossible("more than belongs there") }
    }
}
