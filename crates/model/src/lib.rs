//! The words that cross a wall between crates: valid by construction, without behaviour of their
//! own. A word that only one crate uses belongs to that crate.

mod alert;
mod chain;
mod complaint;
mod fingerprint;
mod flow;
mod frame;
mod health;
mod hello_lists;
mod identity;
mod matches;
mod name;
mod observation;
mod tally;
mod time;
mod tunnel;
mod usage;

pub use alert::{Alert, AlertId, Detection, Evidence, Occasion, PolicyVerdict, Severity};
pub use chain::{Chain, ChainStage, Step};
pub use complaint::Complaint;
pub use fingerprint::{Ja3, Ja4, upper_hex};
pub use flow::{Direction, Endpoint, Flow, Setting, Side, Transport, VlanId};
pub use frame::{Frame, LinkType};
pub use health::{
    DeliveryHealth, DnsShare, DnsTransport, FeedLoaded, Health, InterfaceHealth, InterfaceState,
    KernelCounts, ReliefCounts, RuleUse, SinkHealth,
};
pub use hello_lists::HelloLists;
pub use identity::{HintSource, HostHint, Identity, Mac};
pub use matches::{
    ListKind, Lure, LureKind, Match, Meaning, Operator, Role, SignSource, Specificity, Stage,
    ToolId,
};
pub use name::{DomainName, NameError};
pub use observation::{
    Carrier, CloseReason, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, Fact, FileDownload,
    FileKind, FlowClose, HttpRequest, Observation, Opening, Protocol, RecordData, RecordType,
    RemoteProtocol, TlsCertificate, TlsHello, TlsVersion, Volume,
};
pub use tally::{Refused, Tally};
pub use time::Timestamp;
pub use tunnel::{Tunnel, TunnelKind};
pub use usage::{Usage, UsageId, UseShown};
