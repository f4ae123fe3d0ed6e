//! `[[sink]]`, `[spool]` and `[sensor]` as a person writes them: checked as far as no file and no
//! network is needed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use deliver::Stream;
use deliver::sinks::Place;
use records::Format;
use serde::Deserialize;

use super::mistakes::mistake;

/// `[sensor]`: which one this is, where there are several.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sensor {
    /// `observer.name`, and a word of subjects.
    pub(crate) name: Option<Word>,
    /// A word of subjects.
    pub(crate) site: Option<Word>,
}

impl Sensor {
    /// Its name.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Word::as_str)
    }

    /// Its site's name.
    pub(crate) fn site(&self) -> Option<&str> {
        self.site.as_ref().map(Word::as_str)
    }
}

/// A name that may stand in subjects, labels and file names.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Word(String);

impl Word {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Word, String> {
        match wire::is_token(&text) {
            true => Ok(Word(text)),
            false => Err(format!("`{text}` is no name; write a few of a-z, A-Z, 0-9 and -")),
        }
    }
}

/// `[spool]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Spool {
    pub(crate) path: Option<PathBuf>,
    pub(crate) mib_max: u64,
    pub(crate) hours_max: u32,
    pub(crate) sync_secs: u32,
    pub(crate) drain_secs: u32,
}

impl Default for Spool {
    fn default() -> Spool {
        Spool { path: None, mib_max: 1024, hours_max: 168, sync_secs: 1, drain_secs: 5 }
    }
}

/// `[[sink]]`
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "Raw")]
pub(crate) struct SinkTable {
    pub(crate) name: String,
    pub(crate) streams: Vec<Stream>,
    pub(crate) format: Option<Format>,
    pub(crate) template: Option<PathBuf>,
    pub(crate) timeout_secs: u32,
    pub(crate) batch_records: usize,
    pub(crate) batch_kib: usize,
    pub(crate) tls: Tls,
    pub(crate) user: Option<String>,
    pub(crate) secret: Option<SecretTable>,
    pub(crate) what: What,
}

/// `tls = { … }`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tls {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) name: Option<String>,
}

/// `secret = { … }`: a file, or a credential that systemd hands over.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum SecretTable {
    File(PathBuf),
    Credential(String),
}

/// What is particular to a kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    File { path: PathBuf, rotate_mib: Option<u64>, rotate_hours: Option<u32>, keep: Option<usize> },
    Unix { path: PathBuf, datagrams: bool, confirm: bool },
    Syslog { place: Place, udp: bool, confirm: bool },
    Elastic { url: Url, index: String },
    Hec { url: Url, ack: bool, index: Option<String> },
    Loki { url: Url, tenant: Option<String> },
    Webhook { url: Url, join: JoinWord, content_type: String, headers: BTreeMap<String, String> },
    Alertmanager { url: Url },
    EveBox { url: Url },
    Nats { servers: Vec<Place>, stream: String, subject: String, create: bool, auth: NatsWord },
    Kafka { brokers: Vec<Place>, topic: String },
    Redis { place: Place, database: u32, key: String, shape: RedisWord, entries_max: u64 },
}

/// `http://…` or `https://…`, cut up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) place: Place,
    pub(crate) path: String,
}

/// `join`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JoinWord {
    #[default]
    Each,
    Lines,
    Array,
}

/// `auth` of NATS
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NatsWord {
    #[default]
    Token,
    Credentials,
    Nkey,
}

/// `as` of Redis
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RedisWord {
    #[default]
    List,
    Rpush,
    Channel,
    Stream,
}

/// What may stand in the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    kind: KindWord,
    to: To,
    #[serde(default = "alerts")]
    records: Vec<StreamWord>,
    format: Option<FormatWord>,
    template: Option<PathBuf>,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    cleartext: bool,
    user: Option<String>,
    secret: Option<SecretTable>,
    timeout_secs: Option<u32>,
    batch_records: Option<usize>,
    batch_kib: Option<usize>,
    rotate_mib: Option<u64>,
    rotate_hours: Option<u32>,
    keep: Option<usize>,
    datagrams: Option<bool>,
    confirm: Option<bool>,
    index: Option<String>,
    ack: Option<bool>,
    tenant: Option<String>,
    join: Option<JoinWord>,
    content_type: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    stream: Option<String>,
    subject: Option<String>,
    create: Option<bool>,
    auth: Option<NatsWord>,
    topic: Option<String>,
    key: Option<String>,
    r#as: Option<RedisWord>,
    entries_max: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum To {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum KindWord {
    File,
    Unix,
    Syslog,
    Elastic,
    Hec,
    Loki,
    Webhook,
    Alertmanager,
    EveBox,
    Nats,
    Kafka,
    Redis,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum StreamWord {
    Alerts,
    Health,
    Observations,
    Facts,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
struct FormatWord(Format);

impl TryFrom<String> for FormatWord {
    type Error = String;

    fn try_from(word: String) -> Result<FormatWord, String> {
        Format::parse(&word).map(FormatWord).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
            format!("`{word}` is no format; write one of {}", known.join(", "))
        })
    }
}

fn alerts() -> Vec<StreamWord> {
    vec![StreamWord::Alerts]
}

impl TryFrom<Raw> for SinkTable {
    type Error = String;

    fn try_from(mut raw: Raw) -> Result<SinkTable, String> {
        let name = raw.name.clone();
        let plain =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if !(1..=40).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(format!("`{name}` is no sink's name; write 1 to 40 of a-z, 0-9 and -"));
        }
        let what = raw.what().map_err(|why| format!("the sink `{name}`: {why}"))?;
        raw.checked(&name, &what)?;
        let mut streams: Vec<Stream> = Vec::new();
        for word in &raw.records {
            let stream = match word {
                StreamWord::Alerts => Stream::Alerts,
                StreamWord::Health => Stream::Health,
                StreamWord::Observations => Stream::Observations,
                StreamWord::Facts => Stream::Facts,
            };
            if !streams.contains(&stream) {
                streams.push(stream);
            }
        }
        let sink = SinkTable {
            name,
            streams,
            format: raw.format.map(|word| word.0),
            template: raw.template,
            timeout_secs: raw.timeout_secs.unwrap_or(10),
            batch_records: raw.batch_records.unwrap_or(500),
            batch_kib: raw.batch_kib.unwrap_or(1024),
            tls: raw.tls,
            user: raw.user,
            secret: raw.secret,
            what,
        };
        match mistake(&sink) {
            Some(why) => Err(format!("the sink `{}`: {why}", sink.name)),
            None => Ok(sink),
        }
    }
}

impl Raw {
    /// What is particular to the kind; what belongs to it is taken out of the table.
    fn what(&mut self) -> Result<What, String> {
        let what = match self.kind {
            KindWord::File => What::File {
                path: self.path()?,
                rotate_mib: self.rotate_mib.take(),
                rotate_hours: self.rotate_hours.take(),
                keep: self.keep.take(),
            },
            KindWord::Unix => What::Unix {
                path: self.path()?,
                datagrams: self.datagrams.take().unwrap_or(false),
                // The usual reader, a forwarder of EVE, never closes.
                confirm: self.confirm.take().unwrap_or(false),
            },
            KindWord::Syslog => {
                let to = self.one()?;
                let (scheme, place) = place(&to, &["udp", "tcp", "tls"], 0)?;
                // RFC 5425 §4.1, RFC 5426 §3.3.
                let usual = if place.tls { 6514 } else { 514 };
                let place =
                    Place { port: if place.port == 0 { usual } else { place.port }, ..place };
                let confirm = self.confirm.take().unwrap_or(true);
                What::Syslog { place, udp: scheme == "udp", confirm }
            }
            KindWord::Elastic => {
                let index = self.index.take().ok_or("it needs `index = \"…\"`")?;
                What::Elastic { url: self.url("/_bulk")?, index }
            }
            KindWord::Hec => What::Hec {
                url: self.url("/services/collector/event")?,
                ack: self.ack.take().unwrap_or(false),
                index: self.index.take(),
            },
            KindWord::Loki => {
                What::Loki { url: self.url("/loki/api/v1/push")?, tenant: self.tenant.take() }
            }
            KindWord::Webhook => {
                let join = self.join.take().unwrap_or_default();
                let usual = if join == JoinWord::Lines {
                    "application/x-ndjson"
                } else {
                    "application/json"
                };
                What::Webhook {
                    url: self.url("/")?,
                    join,
                    content_type: self.content_type.take().unwrap_or_else(|| usual.to_owned()),
                    headers: self.headers.take().unwrap_or_default(),
                }
            }
            KindWord::Alertmanager => What::Alertmanager { url: self.url("/api/v2/alerts")? },
            KindWord::EveBox => What::EveBox { url: self.url("/api/1/submit")? },
            KindWord::Nats => What::Nats {
                servers: self.places(&["nats", "tls"], 4222)?,
                stream: self.stream.take().unwrap_or_else(|| "RMM".to_owned()),
                subject: self.subject.take().unwrap_or_else(|| "rmm.v1".to_owned()),
                create: self.create.take().unwrap_or(false),
                auth: self.auth.take().unwrap_or_default(),
            },
            KindWord::Kafka => What::Kafka {
                brokers: self.places(&["kafka", "tls"], 9092)?,
                topic: self.topic.take().ok_or("it needs `topic = \"…\"`")?,
            },
            KindWord::Redis => self.redis()?,
        };
        Ok(what)
    }

    fn redis(&mut self) -> Result<What, String> {
        let to = self.one()?;
        let (rest, path) = cut_path(&to);
        let (_, place) = place(rest, &["redis", "rediss"], 6379)?;
        let number = path.trim_start_matches('/');
        let database = if number.is_empty() { Ok(0) } else { number.parse() };
        Ok(What::Redis {
            place,
            database: database.map_err(|_| format!("`{number}` is no number of a database"))?,
            key: self.key.take().unwrap_or_else(|| "rmmwatch".to_owned()),
            shape: self.r#as.take().unwrap_or_default(),
            entries_max: self.entries_max.take().unwrap_or(1_000_000),
        })
    }

    /// What holds for sinks of all kinds.
    fn checked(&self, name: &str, what: &What) -> Result<(), String> {
        let odd = [
            ("rotate_mib", self.rotate_mib.is_some()),
            ("rotate_hours", self.rotate_hours.is_some()),
            ("keep", self.keep.is_some()),
            ("datagrams", self.datagrams.is_some()),
            ("confirm", self.confirm.is_some()),
            ("index", self.index.is_some()),
            ("ack", self.ack.is_some()),
            ("tenant", self.tenant.is_some()),
            ("join", self.join.is_some()),
            ("content_type", self.content_type.is_some()),
            ("headers", self.headers.is_some()),
            ("stream", self.stream.is_some()),
            ("subject", self.subject.is_some()),
            ("create", self.create.is_some()),
            ("auth", self.auth.is_some()),
            ("topic", self.topic.is_some()),
            ("key", self.key.is_some()),
            ("as", self.r#as.is_some()),
            ("entries_max", self.entries_max.is_some()),
            ("template", self.template.is_some() && !matches!(what, What::Webhook { .. })),
        ];
        let kind = format!("{:?}", self.kind).to_lowercase();
        if let Some((key, _)) = odd.iter().find(|(_, set)| *set) {
            return Err(format!("the sink `{name}`: `{key}` says nothing to the kind {kind}"));
        }
        for (key, value, least, most) in [
            ("timeout_secs", self.timeout_secs.map(u64::from), 1, 600),
            ("batch_records", self.batch_records.map(|count| count as u64), 1, 10_000),
            ("batch_kib", self.batch_kib.map(|count| count as u64), 1, 65_536),
        ] {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                return Err(format!("the sink `{name}`: `{key}` goes from {least} to {most}"));
            }
        }
        if self.records.is_empty() {
            return Err(format!("the sink `{name}` has no records; leave the key out for alerts"));
        }
        if self.records.contains(&StreamWord::Facts) && !matches!(what, What::Nats { .. }) {
            return Err(format!("the sink `{name}`: facts go to the kind nats only"));
        }
        if self.template.is_some() && self.format.is_some() {
            return Err(format!("the sink `{name}` has a format and a template; leave one out"));
        }
        let clear = what.places().into_iter().find(|place| !place.tls && !local(&place.host));
        match clear {
            Some(place) if !self.cleartext => Err(format!(
                "the sink `{name}` would send names of hosts in clear to {place}; use TLS (tls:// \
                 or https://), or write `cleartext = true`"
            )),
            _ => Ok(()),
        }
    }

    fn one(&self) -> Result<String, String> {
        match &self.to {
            To::One(one) => Ok(one.clone()),
            To::Many(_) => Err("`to` is one place here".to_owned()),
        }
    }

    fn path(&self) -> Result<PathBuf, String> {
        let to = self.one()?;
        match to.contains("://") || to.is_empty() {
            true => Err(format!("`{to}` is no path")),
            false => Ok(PathBuf::from(to)),
        }
    }

    /// An address with a path; `usual` where it has none.
    fn url(&self, usual: &str) -> Result<Url, String> {
        let to = self.one()?;
        let (rest, path) = cut_path(&to);
        let (scheme, place) = place(rest, &["http", "https"], 0)?;
        let port = match (place.port, scheme) {
            (0, "https") => 443,
            (0, _) => 80,
            (port, _) => port,
        };
        let path = if matches!(path, "" | "/") { usual } else { path };
        Ok(Url { place: Place { port, ..place }, path: path.to_owned() })
    }

    fn places(&self, schemes: &[&str], port: u16) -> Result<Vec<Place>, String> {
        let all = match &self.to {
            To::One(one) => std::slice::from_ref(one),
            To::Many(all) => all,
        };
        if all.is_empty() || all.len() > 64 {
            return Err("`to` names 1 to 64 places".to_owned());
        }
        all.iter().map(|one| place(one, schemes, port).map(|(_, place)| place)).collect()
    }
}

impl What {
    /// The other ends of its connections.
    pub(super) fn places(&self) -> Vec<&Place> {
        match self {
            What::File { .. } | What::Unix { .. } => Vec::new(),
            What::Syslog { place, .. } | What::Redis { place, .. } => vec![place],
            What::Elastic { url, .. }
            | What::Hec { url, .. }
            | What::Loki { url, .. }
            | What::Webhook { url, .. }
            | What::Alertmanager { url }
            | What::EveBox { url } => vec![&url.place],
            What::Nats { servers: places, .. } | What::Kafka { brokers: places, .. } => {
                places.iter().collect()
            }
        }
    }
}

impl SinkTable {
    /// Relative paths in a settings file are relative to that file.
    pub(crate) fn relative_to(&mut self, folder: &Path) {
        let Tls { ca, cert, key, .. } = &mut self.tls;
        let mut paths: Vec<&mut PathBuf> = [ca, cert, key].into_iter().flatten().collect();
        paths.extend(&mut self.template);
        if let Some(SecretTable::File(path)) = &mut self.secret {
            paths.push(path);
        }
        if let What::File { path, .. } | What::Unix { path, .. } = &mut self.what {
            paths.push(path);
        }
        for path in paths {
            *path = folder.join(&*path);
        }
    }
}

/// Whether that host is this one.
pub(crate) fn local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Cut `scheme://place/path` before the path.
fn cut_path(text: &str) -> (&str, &str) {
    let after = text.find("://").map_or(0, |at| at + 3);
    let slash = text.get(after..).and_then(|rest| rest.find('/')).map(|at| after + at);
    slash.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// Read `scheme://host[:port]`.
pub(crate) fn place<'s>(
    text: &str,
    schemes: &[&'s str],
    port: u16,
) -> Result<(&'s str, Place), String> {
    let wanted = || {
        let all: Vec<String> = schemes.iter().map(|one| format!("{one}://host:port")).collect();
        format!("`{text}` is no place; write {}", all.join(" or "))
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wanted)?;
    let scheme = *schemes.iter().find(|one| **one == scheme).ok_or_else(wanted)?;
    if rest.contains('@') {
        return Err("a place holds no user or password; write `user` and `secret`".to_owned());
    }
    let (host, number) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let octets = host.bytes().all(|one| one.is_ascii_alphanumeric() || b".-_:".contains(&one));
    if host.is_empty() || host.len() > 253 || !octets {
        return Err(wanted());
    }
    let port = match number {
        None => port,
        Some(number) => number.parse().ok().filter(|port| *port > 0).ok_or_else(wanted)?,
    };
    let tls = matches!(scheme, "tls" | "https" | "rediss");
    Ok((scheme, Place { host: host.to_owned(), port, tls }))
}

#[cfg(test)]
mod tests;
