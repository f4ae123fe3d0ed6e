//! What must outlive a restart, as octets: when learning began, what was met first, names that
//! lie, lent names, who is behind an address, how often rules decided.
//!
//! ```text
//! "rmmwatch-state\r\n"   16 octets
//! version                 4, little-endian as all numbers
//! length of the body      8
//! body                    parts: tag (4), length (8), content
//! check                  16, SipHash-1-3-128 of all that precedes, under no key
//! ```
//! Stories, flows and questions are not written: they are of the last minutes. Names are
//! fingerprints under the key that stands in the first part; who can read the file can try names
//! out, so that it is for its owner alone.

mod octets;
mod parts;
#[cfg(test)]
mod tests;
mod whom;

use std::hash::Hasher as _;

use model::Timestamp;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::detector::Detector;
use crate::memory::{Owners, Pairs, Prints};
pub(crate) use octets::Out;
use octets::{In, Read};
pub use octets::{StateError, StateFault};
use parts::Parts;

const MAGIC: &[u8; 16] = b"rmmwatch-state\r\n";

/// The version that is written, and the latest that is read.
///
/// 1: without who is behind an address.
pub const VERSION: u32 = 2;

const HEAD_LEN: usize = 28;
const CHECK_LEN: usize = 16;

/// A state as it was taken, still without its check: computing that needs no detector.
#[derive(Debug)]
pub struct State {
    octets: Vec<u8>,
}

/// What a state brought back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    /// Packet time of the last observation before it was written.
    pub last: Timestamp,
    /// Registered names that were met.
    pub names: usize,
    /// Hosts' uses of tools.
    pub uses: usize,
}

impl State {
    /// The octets with their check: what belongs in a file.
    #[must_use]
    pub fn seal(mut self) -> Vec<u8> {
        let check = check(&self.octets);
        self.octets.extend_from_slice(&check);
        self.octets
    }
}

impl Detector {
    /// What must outlive a restart.
    #[must_use]
    pub fn state(&self) -> State {
        dressed(parts::len(self), |out| parts::write(self, out))
    }

    /// Take up what was written before. It is for a detector that has seen nothing yet.
    ///
    /// # Errors
    /// When the octets are not what [`State::seal`] gave; nothing is changed then.
    pub fn restore(&mut self, octets: &[u8]) -> Result<Restored, StateError> {
        let parts = Parts::read(body(octets)?)?;
        Ok(parts.give(self))
    }

    /// Fingerprints of what is remembered are under this key from now on. It is for a detector
    /// that has seen nothing yet: what it remembers under another it does not find again.
    pub fn set_key(&mut self, key: [u64; 2]) {
        let prints = Prints::new(key);
        self.firsts.set_prints(prints);
        self.lures.prints = prints;
        self.names.set_prints(prints);
        self.pairs = Pairs::new(prints);
        self.owners = Owners::new(prints);
    }

    /// Nobody watches until the next observation: time until then teaches nothing.
    pub fn pause(&mut self) {
        self.firsts.watch.pause();
    }
}

/// A body with its head. `len`: about how long the body will be.
pub(crate) fn dressed(len: usize, write: impl FnOnce(&mut Out)) -> State {
    let mut out = Out::default();
    out.octets.reserve_exact(HEAD_LEN + CHECK_LEN + len);
    out.octets.extend_from_slice(MAGIC);
    out.u32(VERSION);
    out.u64(0);
    write(&mut out);
    let len = (out.octets.len() - HEAD_LEN) as u64;
    if let Some(field) = out.octets.get_mut(HEAD_LEN - 8..HEAD_LEN) {
        field.copy_from_slice(&len.to_le_bytes());
    }
    State { octets: out.octets }
}

/// The body of a state whose head and check are right.
fn body(octets: &[u8]) -> Read<In<'_>> {
    let mut whole = In::new(octets);
    if octets.len() < MAGIC.len() && MAGIC.starts_with(octets) {
        whole.take(octets.len())?;
        return whole.wrong(StateFault::Cut);
    }
    if !octets.starts_with(MAGIC) {
        return whole.wrong(StateFault::Foreign);
    }
    whole.take(MAGIC.len())?;
    let at = whole;
    match whole.u32()? {
        1..=VERSION => {}
        0 => return at.impossible("version 0"),
        newer => return at.wrong(StateFault::Newer(newer)),
    }
    let len = whole.u64()?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let body = whole;
    let mut after = whole;
    after.take(len)?;
    let at = after;
    let told = after.take(CHECK_LEN)?;
    after.end()?;
    let covered = octets.get(..HEAD_LEN + len).unwrap_or_default();
    if told != check(covered) {
        return at.wrong(StateFault::Changed);
    }
    body.first(len)
}

fn check(octets: &[u8]) -> [u8; CHECK_LEN] {
    let mut hasher = SipHasher13::new();
    hasher.write(octets);
    hasher.finish128().as_bytes()
}
