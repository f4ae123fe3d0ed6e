//! What is hidden in the day, where and when, as its maker knows it.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Frames written.
    pub frames: u64,
    /// Octets of them that stand in the capture.
    pub captured_bytes: u64,
    /// Conversations begun, each question and its answer one of them.
    pub conversations: u64,
    /// What is hidden, and what is not what it looks like.
    pub hidden: Hidden,
    /// The policy that the day was played under.
    #[serde(skip)]
    pub policy: String,
}

/// What a judge of the day must know.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Hidden {
    /// The seed.
    pub seed: u64,
    /// Days; campaigns are on the last.
    pub days: u64,
    /// The first moment, nanoseconds since 1970.
    pub begin: u64,
    /// Hosts.
    pub hosts: u64,
    /// Tools in legitimate use.
    pub tools: Vec<Played>,
    /// Campaigns.
    pub campaigns: Vec<Campaign>,
    /// What looks like one, and is none.
    pub friends: Vec<Friend>,
}

/// A tool in legitimate use.
#[derive(Clone, Debug, Serialize)]
pub struct Played {
    /// Its id.
    pub tool: String,
    /// The zones in which it is allowed.
    pub zones: Vec<String>,
    /// The hosts that have it.
    pub hosts: Vec<Ipv4Addr>,
    /// Its servers' names.
    pub servers: Vec<String>,
}

/// One campaign.
#[derive(Clone, Debug, Serialize)]
pub struct Campaign {
    /// `mail`, `wordless` or `phone`.
    pub kind: &'static str,
    /// The victim.
    pub host: Ipv4Addr,
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// Hosts that opened the lure, and no more.
    pub bystanders: Vec<Ipv4Addr>,
}

/// One step of a campaign.
#[derive(Clone, Debug, Serialize)]
pub struct Deed {
    /// `lure`, `download`, `second-name`, `relay`, `second-tool` or `session`.
    pub stage: &'static str,
    /// Nanoseconds since 1970.
    pub at: u64,
    /// The name, where there is one.
    pub name: Option<String>,
    /// The server.
    pub server: Option<IpAddr>,
    /// The tool, where it is one's.
    pub tool: Option<String>,
}

/// Something that looks worse than it is.
#[derive(Clone, Debug, Serialize)]
pub struct Friend {
    /// What it is.
    pub what: &'static str,
    /// Who does it.
    pub host: Ipv4Addr,
    /// Nanoseconds since 1970.
    pub at: u64,
    /// The name that it is about.
    pub name: String,
}
