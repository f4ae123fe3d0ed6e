//! What a user asks of a sink, read and checked: no text to parse is left in it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Secret;
use crate::Stream;

/// Makes of what lies in the spool a sink's body, and gives the id of the record, the same at every
/// attempt; none, with nothing added, when the record has no form there.
pub type Prepare = Arc<dyn Fn(Stream, &[u8], &mut Vec<u8>) -> Option<String> + Send + Sync>;

/// Makes the first line of a file, without its newline, of the native line of its first record and
/// of its name; none where the format has no form for it.
pub type Header = Arc<dyn Fn(&[u8], &str) -> Option<Vec<u8>> + Send + Sync>;

/// One sink.
#[derive(Clone)]
pub struct SinkPlan {
    /// Its name: in the spool, in health records, in the log. `[a-z0-9-]`, 1 to 40 octets.
    pub name: String,
    /// Which records.
    pub streams: Vec<Stream>,
    /// Where to, and how.
    pub kind: Kind,
    /// What is to be known of a record to send it.
    pub prepare: Prepare,
    /// Records of one batch at most.
    pub batch_records: usize,
    /// Octets of one batch at most, as far as one record does not exceed them alone.
    pub batch_bytes: usize,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl fmt::Debug for SinkPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SinkPlan { name, streams, kind, .. } = self;
        write!(f, "SinkPlan {{ {name}, {streams:?}, {kind:?} }}")
    }
}

/// The kinds of sinks.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A file that rotates.
    File(FilePlan),
    /// A Unix socket.
    Unix(UnixPlan),
    /// Syslog, RFC 5424.
    Syslog(SyslogPlan),
    /// The bulk interface of Elasticsearch or OpenSearch.
    Elastic(ElasticPlan),
    /// Splunk's HTTP event collector.
    Hec(HecPlan),
    /// Grafana Loki.
    Loki(LokiPlan),
    /// Any HTTP server.
    Webhook(WebhookPlan),
    /// Prometheus Alertmanager.
    Alertmanager(AlertmanagerPlan),
    /// EveBox.
    EveBox(EveBoxPlan),
    /// NATS JetStream.
    Nats(NatsPlan),
    /// Kafka, where the program was built with it.
    Kafka(KafkaPlan),
    /// Redis.
    Redis(RedisPlan),
}

impl Kind {
    /// How TLS is spoken, where it is.
    pub(super) fn tls(&self) -> Option<&TlsPlan> {
        let (places, tls) = match self {
            Kind::File(_) | Kind::Unix(_) => return None,
            Kind::Syslog(SyslogPlan { place, tls, .. })
            | Kind::Redis(RedisPlan { place, tls, .. })
            | Kind::Elastic(ElasticPlan { http: HttpPlan { place, tls, .. }, .. })
            | Kind::Hec(HecPlan { http: HttpPlan { place, tls, .. }, .. })
            | Kind::Loki(LokiPlan { http: HttpPlan { place, tls, .. }, .. })
            | Kind::Webhook(WebhookPlan { http: HttpPlan { place, tls, .. }, .. })
            | Kind::Alertmanager(AlertmanagerPlan { http: HttpPlan { place, tls, .. } })
            | Kind::EveBox(EveBoxPlan { http: HttpPlan { place, tls, .. } }) => {
                (std::slice::from_ref(place), tls)
            }
            Kind::Nats(NatsPlan { servers, tls, .. }) => (servers.as_slice(), tls),
            Kind::Kafka(KafkaPlan { brokers, tls, .. }) => (brokers.as_slice(), tls),
        };
        places.iter().any(|place| place.tls).then_some(tls)
    }

    /// Its word in settings.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Kind::File(_) => "file",
            Kind::Unix(_) => "unix",
            Kind::Syslog(_) => "syslog",
            Kind::Elastic(_) => "elastic",
            Kind::Hec(_) => "hec",
            Kind::Loki(_) => "loki",
            Kind::Webhook(_) => "webhook",
            Kind::Alertmanager(_) => "alertmanager",
            Kind::EveBox(_) => "evebox",
            Kind::Nats(_) => "nats",
            Kind::Kafka(_) => "kafka",
            Kind::Redis(_) => "redis",
        }
    }
}

/// Where to: a path, or the other ends of its connections.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = match self {
            Kind::File(FilePlan { path, .. }) | Kind::Unix(UnixPlan { path, .. }) => {
                return write!(f, "{}", path.display());
            }
            Kind::Syslog(SyslogPlan { place, .. }) | Kind::Redis(RedisPlan { place, .. }) => {
                std::slice::from_ref(place)
            }
            Kind::Elastic(ElasticPlan { http, .. })
            | Kind::Hec(HecPlan { http, .. })
            | Kind::Loki(LokiPlan { http, .. })
            | Kind::Webhook(WebhookPlan { http, .. })
            | Kind::Alertmanager(AlertmanagerPlan { http })
            | Kind::EveBox(EveBoxPlan { http }) => std::slice::from_ref(&http.place),
            Kind::Nats(NatsPlan { servers, .. }) => servers,
            Kind::Kafka(KafkaPlan { brokers, .. }) => brokers,
        };
        for (number, place) in places.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{place}{}", if place.tls { " over TLS" } else { "" })?;
        }
        Ok(())
    }
}

/// The other end of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// A name or an address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is TLS. Never tried otherwise, whatever the other end offers.
    pub tls: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How TLS is spoken. The other end's certificate is always checked, its name too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsPlan {
    /// Certificates (PEM) that vouch for the other end; without, those of the operating system.
    pub ca: Option<PathBuf>,
    /// Our certificate and what leads to its CA (PEM); needs `key`.
    pub cert: Option<PathBuf>,
    /// Its key (PEM: PKCS#8, PKCS#1 or SEC1).
    pub key: Option<PathBuf>,
    /// The name that the other end's certificate must have; without, the host's.
    pub name: Option<String>,
}

/// A file that rotates.
#[derive(Clone)]
pub struct FilePlan {
    /// The file that is written now; the others stand beside it, with the time in their name.
    pub path: PathBuf,
    /// Rotate before it has more octets than that.
    pub rotate_bytes: Option<u64>,
    /// Rotate when it is as old as that.
    pub rotate_every: Option<Duration>,
    /// So many rotated files stay; none is ever removed with `None`.
    pub keep: Option<usize>,
    /// The first line of a file.
    pub header: Header,
}

impl fmt::Debug for FilePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilePlan {{ {} }}", self.path.display())
    }
}

/// A Unix socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnixPlan {
    /// Its path.
    pub path: PathBuf,
    /// Whether it is one of datagrams (a record each) and not a stream (a line each).
    pub datagrams: bool,
    /// A batch counts as taken once the reader closed its end after ours, not once it is sent: then
    /// it has read all. A connection a batch; false for a reader that never closes. Streams only.
    pub confirm: bool,
}

/// Syslog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyslogPlan {
    /// The collector.
    pub place: Place,
    /// What carries it.
    pub transport: SyslogTransport,
    /// A batch counts as taken once the collector closed its end after ours, not once it is sent:
    /// then it has read all. A connection a batch; false for a collector that never closes, or
    /// where a batch that was under way when it died may be lost. Streams only.
    pub confirm: bool,
    /// For TLS.
    pub tls: TlsPlan,
}

/// What carries syslog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyslogTransport {
    /// RFC 5426: a datagram a record; what does not fit 65,507 octets is refused.
    Udp,
    /// RFC 6587 §3.4.1 with octet counting; over TLS, RFC 5425.
    Stream,
}

/// How we tell an HTTP server who we are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// RFC 7617.
    Basic(String, Secret),
    /// `Authorization: <scheme> <secret>`, e.g. Bearer, ApiKey, Splunk.
    Scheme(String, Secret),
}

/// An HTTP server.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpPlan {
    /// The server.
    pub place: Place,
    /// The path with its query, beginning with a slash.
    pub path: String,
    /// For TLS.
    pub tls: TlsPlan,
    /// Who we are.
    pub auth: Auth,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for HttpPlan {
    /// Without path and header fields: some have a token in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpPlan {{ {} }}", self.place)
    }
}

/// The bulk interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElasticPlan {
    /// The server; the path ends in `_bulk`.
    pub http: HttpPlan,
    /// Index or data stream.
    pub index: String,
}

/// Splunk's collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HecPlan {
    /// The server.
    pub http: HttpPlan,
    /// Wait until the indexers say that they have it.
    pub ack: bool,
}

/// Loki.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LokiPlan {
    /// The server.
    pub http: HttpPlan,
    /// `X-Scope-OrgID`.
    pub tenant: Option<String>,
}

/// Any HTTP server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookPlan {
    /// The server.
    pub http: HttpPlan,
    /// `Content-Type`.
    pub content_type: String,
    /// How a batch becomes a body.
    pub join: Join,
}

/// How a batch becomes a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// A request a record.
    Each,
    /// A line a record.
    Lines,
    /// A JSON array of the records.
    Array,
}

/// Alertmanager: `POST /api/v2/alerts`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertmanagerPlan {
    /// The server.
    pub http: HttpPlan,
}

/// EveBox: `POST /api/1/submit`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EveBoxPlan {
    /// The server.
    pub http: HttpPlan,
}

/// Which subject a record is published under.
pub type Subject = Arc<dyn Fn(Stream, &[u8]) -> String + Send + Sync>;

/// NATS JetStream.
#[derive(Clone)]
pub struct NatsPlan {
    /// The servers of one cluster.
    pub servers: Vec<Place>,
    /// For TLS.
    pub tls: TlsPlan,
    /// Who we are.
    pub auth: NatsAuth,
    /// The stream that must take the records; checked on every acknowledgement.
    pub stream: String,
    /// The subject of each record.
    pub subject: Subject,
    /// Make the stream when it is not there. Without, nothing is made: the setback says how.
    pub create: Option<NatsStream>,
}

/// A stream that is made when it is missing; one that exists is left as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NatsStream {
    /// What it takes, e.g. `rmm.>`.
    pub subjects: Vec<String>,
    /// The oldest go when it has more octets than that.
    pub bytes_max: Option<u64>,
    /// They go when they are older than that.
    pub age_max: Option<Duration>,
    /// For so long a record that is sent again is known and not stored twice.
    pub duplicates: Duration,
    /// Servers that each keep a copy: 1 to 5.
    pub replicas: u8,
}

impl fmt::Debug for NatsPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NatsPlan {{ {:?}, stream {} }}", self.servers, self.stream)
    }
}

/// How we tell NATS who we are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NatsAuth {
    /// Not at all, or by our certificate.
    None,
    /// A token.
    Token(Secret),
    /// A user and its password.
    User(String, Secret),
    /// The seed of an NKey, which signs what the server asks.
    NKey(Secret),
    /// The text of a credentials file (JWT and NKey seed).
    Credentials(Secret),
}

/// Kafka.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KafkaPlan {
    /// Brokers to begin with.
    pub brokers: Vec<Place>,
    /// For TLS.
    pub tls: TlsPlan,
    /// SASL/PLAIN.
    pub user: Option<(String, Secret)>,
    /// The topic.
    pub topic: String,
}

/// Redis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedisPlan {
    /// The server.
    pub place: Place,
    /// For TLS.
    pub tls: TlsPlan,
    /// User, where there are users.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// Number of the database.
    pub database: u32,
    /// The key.
    pub key: String,
    /// How records lie under it.
    pub shape: RedisShape,
}

/// How records lie in Redis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedisShape {
    /// `LPUSH`, as Suricata does by default.
    List,
    /// `RPUSH`.
    ListEnd,
    /// `PUBLISH`: nobody keeps it.
    Channel,
    /// `XADD` with about so many entries kept (0: all), the record in the field `event`.
    Stream(u64),
}
