//! One line as JSON has it: the fields that are read, all of which may be missing.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;

/// Text, lent where it has no escapes.
#[derive(Deserialize, Debug)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn get(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "@timestamp", borrow)]
    pub(super) at: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event: Option<Event<'a>>,
    #[serde(borrow)]
    pub(super) rule: Option<Rule<'a>>,
    #[serde(borrow)]
    pub(super) threat: Option<Threat<'a>>,
    #[serde(borrow)]
    pub(super) observer: Option<Observer<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<End<'a>>,
    #[serde(borrow)]
    pub(super) destination: Option<End<'a>>,
    #[serde(borrow)]
    pub(super) network: Option<Network<'a>>,
    #[serde(borrow)]
    pub(super) rmm: Option<Rmm<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) dataset: Option<Text<'a>>,
    pub(super) severity: Option<u8>,
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) start: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) end: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Rule<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Threat<'a> {
    #[serde(borrow)]
    pub(super) software: Option<Software<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Software<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Observer<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct End<'a> {
    pub(super) ip: Option<IpAddr>,
    pub(super) port: Option<u16>,
    #[serde(borrow)]
    pub(super) domain: Option<Text<'a>>,
    pub(super) bytes: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Network<'a> {
    #[serde(borrow)]
    pub(super) direction: Option<Text<'a>>,
    pub(super) packets: Option<u64>,
    pub(super) bytes: Option<u64>,
}

/// `rmm` of any record.
#[derive(Deserialize)]
pub(super) struct Rmm<'a> {
    pub(super) schema: Option<u32>,
    pub(super) host: Option<IpAddr>,
    #[serde(borrow)]
    pub(super) identity: Option<Identity<'a>>,
    pub(super) hosts: Option<Vec<IpAddr>>,
    #[serde(borrow)]
    pub(super) detection: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) operator: Option<Text<'a>>,
    pub(super) confidence: Option<f64>,
    pub(super) authorised: Option<bool>,
    #[serde(borrow)]
    pub(super) policy: Option<Policy<'a>>,
    #[serde(borrow)]
    pub(super) chain: Option<Chain<'a>>,
    pub(super) count: Option<u64>,
    pub(super) more: Option<u64>,
    pub(super) update: Option<bool>,
    #[serde(borrow)]
    pub(super) occasion: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) uses: Option<Vec<Use<'a>>>,
    #[serde(borrow)]
    pub(super) inventory: Option<Inventory<'a>>,
    #[serde(borrow)]
    pub(super) health: Option<Box<Health<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Identity<'a> {
    #[serde(borrow)]
    pub(super) mac: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow)]
    pub(super) zone: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rule: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Chain<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) stages: Vec<Stage<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Stage<'a> {
    #[serde(borrow)]
    pub(super) stage: Text<'a>,
    #[serde(borrow)]
    pub(super) at: Text<'a>,
    #[serde(borrow)]
    pub(super) event_id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) host: Option<IpAddr>,
    #[serde(borrow)]
    pub(super) why: Option<Text<'a>>,
}

/// A member of `rmm.uses`.
#[derive(Deserialize)]
pub(super) struct Use<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) joined: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) operator: Option<Text<'a>>,
    pub(super) authorised: bool,
    #[serde(borrow)]
    pub(super) rule: Text<'a>,
    pub(super) new: Option<bool>,
    pub(super) signs: u64,
}

#[derive(Deserialize)]
pub(super) struct Inventory<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    pub(super) inbound: bool,
    pub(super) new: Option<bool>,
    pub(super) signs: u64,
    pub(super) sessions: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
}

/// `rmm.health`; what is missing counts as nothing.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Health<'a> {
    pub(super) frames: Frames,
    pub(super) kernel: Option<Kernel>,
    pub(super) loss_pct: f64,
    pub(super) flows: Flows,
    pub(super) streams: Streams,
    pub(super) panics: u64,
    pub(super) observations: Observations,
    #[serde(borrow)]
    pub(super) alerts: ByRule<'a>,
    #[serde(borrow)]
    pub(super) authorised: ByRule<'a>,
    #[serde(borrow)]
    pub(super) rules: Vec<RuleRow<'a>>,
    pub(super) tls: Tls,
    pub(super) dns: Dns,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Flows {
    pub(super) opened: u64,
    pub(super) one_way: u64,
    pub(super) evicted: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Frames {
    pub(super) refused: Refused,
}

/// Frames by why they told nothing.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Refused {
    pub(super) link_type: u64,
    pub(super) not_ip: u64,
    pub(super) other_transport: u64,
    pub(super) encapsulated: u64,
    pub(super) fragment: u64,
    pub(super) truncated: u64,
    pub(super) malformed: u64,
    pub(super) duplicate: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Kernel {
    pub(super) received: u64,
    pub(super) dropped: u64,
    pub(super) interface_dropped: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Streams {
    pub(super) over_budget: u64,
    pub(super) gaps: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Observations {
    pub(super) dropped: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ByRule<'a> {
    #[serde(borrow)]
    pub(super) by_rule: Vec<Count<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Count<'a> {
    #[serde(borrow)]
    pub(super) rule: Text<'a>,
    pub(super) count: u64,
}

#[derive(Deserialize)]
pub(super) struct RuleRow<'a> {
    #[serde(borrow)]
    pub(super) rule: Text<'a>,
    pub(super) uses: u64,
    pub(super) signs: u64,
    #[serde(borrow)]
    pub(super) last: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Tls {
    pub(super) hellos: u64,
    pub(super) nameless: u64,
    pub(super) ech: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Dns {
    pub(super) clear: u64,
    pub(super) over_tls: u64,
    pub(super) over_https: u64,
    pub(super) over_quic: u64,
}
