//! What the catalogue and the feeds hold, as people ask for it.

use std::sync::Arc;

use model::{ListKind, Role, Severity, Specificity, Stage, ToolId};

/// Whose server a tool's software talks to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hosting {
    /// The vendor's.
    Vendor,
    /// Anyone's.
    SelfHosted,
    /// Either.
    Both,
}

/// What kind of sign a row of the catalogue is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowKind {
    /// One host name.
    Exact,
    /// A name and everything below it.
    Suffix,
    /// A regular expression over a host name.
    Pattern,
    /// A server port: a hint.
    Port,
    /// The server's network.
    Network,
    /// A protocol offered in a TLS hello.
    Alpn,
    /// The JA4 fingerprint of a TLS hello.
    Ja4,
    /// An attribute of a certificate's subject or issuer.
    Certificate,
    /// The User-Agent of an HTTP request.
    UserAgent,
    /// The path of an HTTP request.
    Path,
    /// The name of a file that is fetched.
    File,
    /// First octets of a flow.
    Payload,
    /// A protocol of remote access that a reader recognised.
    Protocol,
}

impl RowKind {
    /// The kind as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            RowKind::Exact => "exact",
            RowKind::Suffix => "suffix",
            RowKind::Pattern => "pattern",
            RowKind::Port => "port",
            RowKind::Network => "network",
            RowKind::Alpn => "alpn",
            RowKind::Ja4 => "ja4",
            RowKind::Certificate => "certificate",
            RowKind::UserAgent => "user_agent",
            RowKind::Path => "path",
            RowKind::File => "file",
            RowKind::Payload => "payload",
            RowKind::Protocol => "protocol",
        }
    }
}

/// One sign of a tool, and where it is known from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// What kind of sign it is.
    pub kind: RowKind,
    /// The sign as text: a name, an expression, `tcp/6568`, a network …
    pub value: Arc<str>,
    /// What this endpoint does for the tool.
    pub role: Role,
    /// How much it proves on its own, after the gate.
    pub specificity: Specificity,
    /// Who says so.
    pub source: Arc<str>,
    /// The day on which that was read, `YYYY-MM-DD`.
    pub checked: Arc<str>,
    /// A sentence for people.
    pub note: Option<Arc<str>>,
    /// The group of the gate that made it generic.
    pub gated: Option<Arc<str>>,
}

/// A tool of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tool {
    /// Its id.
    pub id: ToolId,
    /// Its name for people.
    pub name: Arc<str>,
    /// Whose server its software talks to.
    pub hosting: Hosting,
    /// A sentence for people.
    pub note: Option<Arc<str>>,
    /// The newest day on which one of its rows was checked, `YYYY-MM-DD`; `-` without rows.
    pub version: Arc<str>,
    /// Its signs, in the order of its file.
    pub rows: Vec<Row>,
}

/// A feed that was loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedInfo {
    /// Its id: said by its owner or itself, else the file's name without its ending. No two feeds
    /// of a book have the same: a later one gets `-2`, `-3` … behind it.
    pub id: Arc<str>,
    /// Its name for people.
    pub name: Arc<str>,
    /// Its date or version; `-` when it does not say.
    pub version: Arc<str>,
    /// Where it comes from; empty when it does not say.
    pub source: Arc<str>,
    /// Under which licence it may be used; empty when it does not say.
    pub licence: Arc<str>,
    /// The name of its format.
    pub format: &'static str,
    /// What its entries are.
    pub kind: ListKind,
    /// How sure it is, in per cent.
    pub confidence_pct: u8,
    /// Days after its date, at which entries end that do not say when.
    pub expires_days: Option<u16>,
    /// How bad its owner holds a hit to be.
    pub severity: Option<Severity>,
    /// Indicators loaded.
    pub count: usize,
    /// Of these, how many end on a day that is known.
    pub ending: usize,
    /// Entries that say once more what another of it says.
    pub repeated: u64,
    /// Entries whose description had no place any more.
    pub undescribed: u64,
    /// Values in it that no wire shows, e.g. hashes of files.
    pub unseen: u64,
    /// Entries that it says not to look for: revoked, deleted, refuted, or just noted.
    pub withdrawn: u64,
    /// What neither the feed nor its owner states, of source, licence, confidence, expiry, kind.
    pub unstated: Vec<&'static str>,
}

/// What the owner of a feed says of it, in place of what the feed says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeedOptions {
    /// The name of its format, of [`feed_formats`](crate::feed_formats); else that is guessed.
    pub format: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// Under which licence it may be used.
    pub licence: Option<String>,
    /// What its entries are.
    pub kind: Option<ListKind>,
    /// How sure it is, in per cent.
    pub confidence_pct: Option<u8>,
    /// Days after its date, at which entries end that do not say when.
    pub expires_days: Option<u16>,
    /// Which end of a campaign entries are from that do not say.
    pub stage: Option<Stage>,
    /// Which column of a table holds what: counted from 1, or by the header's word.
    pub columns: Vec<(Column, String)>,
}

/// What a column of a table holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The indicator.
    Value,
    /// What the list says of it.
    Description,
    /// How sure the list is of it.
    Confidence,
    /// The day on which it ends.
    Until,
}

/// A specificity as a word.
#[must_use]
pub const fn specificity_word(specificity: Specificity) -> &'static str {
    match specificity {
        Specificity::Specific => "specific",
        Specificity::Shared => "shared",
        Specificity::Generic => "generic",
    }
}

/// The words that a file may say for a role.
pub(crate) const ROLES: [(&str, Role); 7] = [
    (Role::Relay.word(), Role::Relay),
    (Role::Api.word(), Role::Api),
    (Role::Unknown.word(), Role::Unknown),
    (Role::Download.word(), Role::Download),
    (Role::Update.word(), Role::Update),
    (Role::Telemetry.word(), Role::Telemetry),
    (Role::Website.word(), Role::Website),
];

/// The words that a file may say for a specificity.
pub(crate) const SPECIFICITIES: [(&str, Specificity); 3] = [
    (specificity_word(Specificity::Specific), Specificity::Specific),
    (specificity_word(Specificity::Shared), Specificity::Shared),
    (specificity_word(Specificity::Generic), Specificity::Generic),
];
