//! A chain: several stages of one incident, from the lure to the session.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{AlertId, Timestamp};

/// A step on the way from lure to session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChainStage {
    /// A name that lies, that a list reports, or that nobody here knew before.
    Lure,
    /// A program or an installer came down.
    Download,
    /// The program called a further name that nobody here knew before.
    SecondName,
    /// A tool's relay was contacted, or its protocol spoken.
    Relay,
    /// A further tool was used by the same host.
    SecondTool,
    /// The tool carried a session: it lasted, and octets went over.
    Session,
    /// The same new tool began to be used by many hosts at once.
    Spread,
}

impl ChainStage {
    /// The stage as it stands in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ChainStage::Lure => "lure",
            ChainStage::Download => "download",
            ChainStage::SecondName => "second-name",
            ChainStage::Relay => "relay",
            ChainStage::SecondTool => "second-tool",
            ChainStage::Session => "session",
            ChainStage::Spread => "spread",
        }
    }
}

/// One stage of a chain, as it was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Which stage it is.
    pub stage: ChainStage,
    /// Packet time.
    pub at: Timestamp,
    /// The alert that told it on its own; the chain's where none did.
    pub event: AlertId,
    /// The name, file, tool or address that it shows.
    pub name: Arc<str>,
    /// The host, where the chain runs over several.
    pub host: IpAddr,
    /// Why it counts, a clause for people.
    pub why: Arc<str>,
}

/// Stages that make one incident, in the order of their times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The incident: the same for all its tellings.
    pub id: AlertId,
    /// Its stages.
    pub steps: Vec<Step>,
    /// How severity and confidence came about, step by step, for people.
    pub sum: Vec<String>,
}
