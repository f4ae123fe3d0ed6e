//! Facts packed into messages, and read back.

use model::{Observation, Timestamp};
use serde::{Deserialize, Serialize};

use crate::head::split;
use crate::limits::{MESSAGE_BYTES_ENOUGH, MESSAGE_BYTES_MAX, NAME_LEN_MAX, PARTITIONS_MAX};
use crate::{Head, VERSION, WireError, sound};

/// Octets that a head takes at most: two names, a number for each partition, the other fields.
const HEAD_LEN_MAX: usize = 2 * NAME_LEN_MAX + 10 * PARTITIONS_MAX as usize + 128;

/// What a partition does with a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Role {
    /// It weighs it.
    Weighed,
    /// It learns from it what others' facts mean; another partition weighs it.
    Context,
}

/// A fact of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Its place among all facts of its sensor since the epoch.
    pub place: u64,
    /// What to do with it.
    pub role: Role,
    /// The fact.
    pub seen: Observation,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Whose it is, and where it belongs.
    pub head: Head,
    /// Its facts, in the order of their places.
    pub facts: Vec<Told>,
}

/// Packs facts into one message after the other.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    body: Vec<u8>,
    facts: u32,
    place: u64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Packer {
    /// Add a fact, whose place is after those of all before. False, and nothing added: it does not
    /// fit the message; unless that is empty, it may fit the next one.
    pub fn push(&mut self, place: u64, role: Role, seen: &Observation) -> bool {
        let before = self.body.len();
        let row = (place.wrapping_sub(self.place), role, seen);
        let written = postcard::to_io(&row, &mut self.body).is_ok();
        if !written || self.body.len() + HEAD_LEN_MAX > MESSAGE_BYTES_MAX {
            self.body.truncate(before);
            return false;
        }
        self.place = place;
        self.facts = self.facts.saturating_add(1);
        let (first, last) = self.span.unwrap_or((seen.at, seen.at));
        self.span = Some((first.min(seen.at), last.max(seen.at)));
        true
    }

    /// Whether no fact is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts == 0
    }

    /// Whether it is worth sending without waiting for more.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.body.len() >= MESSAGE_BYTES_ENOUGH
    }

    /// The message with that head, whose counts and times of facts are filled in; then begin anew.
    ///
    /// # Errors
    /// When the head says what none can say; the facts are gone then.
    pub fn seal(&mut self, mut head: Head) -> Result<Vec<u8>, WireError> {
        let Packer { body, facts, span, .. } = std::mem::take(self);
        head.facts = facts;
        (head.first, head.last) = span.unwrap_or((head.tick, head.tick));
        head.sound()?;
        let mut octets = Vec::with_capacity(body.len() + 128);
        octets.push(VERSION);
        postcard::to_io(&head, &mut octets).map_err(|_| WireError::Garbled)?;
        octets.extend_from_slice(&body);
        Ok(octets)
    }
}

/// Read a message.
///
/// # Errors
/// When the octets are none, or hold what no dissector makes: nothing of it is given then.
pub fn read(octets: &[u8]) -> Result<Message, WireError> {
    let (head, mut rest) = split(octets)?;
    let mut facts: Vec<Told> = Vec::new();
    let mut place = 0u64;
    for _ in 0..head.facts {
        let (row, after) = postcard::take_from_bytes::<(u64, Role, Observation)>(rest)
            .map_err(|_| WireError::Garbled)?;
        rest = after;
        let (step, role, seen) = row;
        // The first fact's step is from zero, and any; later ones go on.
        place = match place.checked_add(step) {
            Some(next) if facts.is_empty() || step > 0 => next,
            _ => return Err(WireError::Unsound("the places of the facts do not go on")),
        };
        sound::observation(&seen)?;
        facts.push(Told { place, role, seen });
    }
    if !rest.is_empty() {
        return Err(WireError::Garbled);
    }
    Ok(Message { head, facts })
}
