//! The head of a message: whose it is, and which place it has among the sender's.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{MESSAGE_BYTES_MAX, NAME_LEN_MAX, PARTITIONS_MAX, TOKEN_LEN_MAX};
use crate::{VERSION, WireError};

/// The latest start of a sensor: in the year 2527, 11 hexadecimal digits.
const EPOCH_MAX: u64 = (1 << 44) - 1;

/// The most messages of one lane: at a hundred a second, for 300 years.
const SEQ_MAX: u64 = 999_999_999_999;

/// Which partition a message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Lane {
    /// One, by its number.
    Part(u16),
    /// All of them.
    All,
}

/// Whose message it is, and where it belongs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The sensor's name, 1 to 128 octets without control characters.
    pub sensor: Box<str>,
    /// The site's, the same.
    pub site: Box<str>,
    /// When the sensor was started, in milliseconds since 1970: a sensor that begins anew counts
    /// anew.
    pub epoch: u64,
    /// Partitions that the sensor deals to, 1 to [`PARTITIONS_MAX`].
    pub partitions: u16,
    /// Which of them it is for.
    pub lane: Lane,
    /// The how-manieth message of that lane since the epoch, from 1.
    pub seq: u64,
    /// Packet time of the sensor when the message was sealed.
    pub tick: Timestamp,
    /// Packet time of the earliest fact in it; the tick where there is none.
    pub first: Timestamp,
    /// Packet time of the latest fact in it; the tick where there is none.
    pub last: Timestamp,
    /// In the lane of all: the last message of each partition that is sealed; with them, the
    /// timeline up to `tick` is whole. Elsewhere nothing.
    pub sealed: Vec<u64>,
    /// The sensor ends here; only in the lane of all.
    pub end: bool,
    /// Facts that the sensor lost since the epoch: too large, or no room to pack them.
    pub lost: u64,
    /// Facts that follow.
    pub facts: u32,
}

impl Head {
    /// What tells the message from every other one: up to 64 octets of `[0-9a-zA-Z-]`.
    #[must_use]
    pub fn id(&self) -> String {
        let Head { epoch, seq, .. } = self;
        format!("{}-{epoch:x}-{}-{seq}", token(&self.sensor), self.lane_token())
    }

    /// The subject that it is published under: `rmm.v1.facts.<partition>.<site>.<sensor>`, or with
    /// `all` for the number.
    #[must_use]
    pub fn subject(&self) -> String {
        let lane = self.lane_token();
        format!("rmm.v1.facts.{lane}.{}.{}", token(&self.site), token(&self.sensor))
    }

    fn lane_token(&self) -> String {
        match self.lane {
            Lane::Part(number) => number.to_string(),
            Lane::All => "all".to_owned(),
        }
    }

    /// Whether it says what a head can say.
    pub(crate) fn sound(&self) -> Result<(), WireError> {
        let name = |name: &str| {
            (1..=NAME_LEN_MAX).contains(&name.len()) && !name.contains(char::is_control)
        };
        let lane = match self.lane {
            Lane::Part(number) => number < self.partitions && self.sealed.is_empty() && !self.end,
            Lane::All => self.sealed.len() == usize::from(self.partitions),
        };
        let wrong = if !name(&self.sensor) || !name(&self.site) {
            "the sensor or its site has no name that can be"
        } else if !(1..=PARTITIONS_MAX).contains(&self.partitions) || !lane {
            "the partition is none of those that the message names"
        } else if self.seq == 0 || self.seq > SEQ_MAX || self.epoch > EPOCH_MAX {
            "no sensor has sent so many messages, or none since then"
        } else {
            return Ok(());
        };
        Err(WireError::Unsound(wrong))
    }
}

/// Read the head alone.
///
/// # Errors
/// When the octets are no message, as far as the head shows.
pub fn peek(octets: &[u8]) -> Result<Head, WireError> {
    split(octets).map(|(head, _)| head)
}

/// The head, and the octets behind it.
pub(crate) fn split(octets: &[u8]) -> Result<(Head, &[u8]), WireError> {
    if octets.len() > MESSAGE_BYTES_MAX {
        return Err(WireError::Long(octets.len()));
    }
    let body = match octets.split_first() {
        None => return Err(WireError::Empty),
        Some((&VERSION, body)) => body,
        Some((version, _)) => return Err(WireError::Version(*version)),
    };
    let (head, facts) = postcard::take_from_bytes::<Head>(body).map_err(|_| WireError::Garbled)?;
    head.sound()?;
    Ok((head, facts))
}

/// Whether a name can stand in a subject and in an id as it is.
#[must_use]
pub fn is_token(name: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    (1..=TOKEN_LEN_MAX).contains(&name.len()) && name.bytes().all(fits)
}

/// A name as it stands in subjects and ids: other characters than ASCII letters, digits and the
/// dash become dashes; cut to [`TOKEN_LEN_MAX`]. Names that differ otherwise only read alike.
#[must_use]
pub fn token(name: &str) -> String {
    if is_token(name) {
        return name.to_owned();
    }
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let text: String = name.chars().map(fit).take(TOKEN_LEN_MAX).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}
