//! Sinks as the settings tell them, made into plans that deliver can carry out.

mod mistakes;
mod table;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use deliver::sinks::{
    AlertmanagerPlan, Auth, ElasticPlan, EveBoxPlan, FilePlan, Header, HecPlan, HttpPlan, Join,
    KafkaPlan, Kind, LokiPlan, NatsAuth, NatsPlan, NatsStream, Prepare, RedisPlan, RedisShape,
    Secret, SinkPlan, Subject, SyslogPlan, SyslogTransport, TlsPlan, UnixPlan, WebhookPlan,
};
use deliver::{SpoolOptions, Spooling, Stream};
use records::{Format, FormatOptions, Native, Template};

use self::table::{JoinWord, RedisWord, Url, What};
pub(crate) use self::table::{NatsWord, SecretTable, Sensor, SinkTable, Spool, Tls};
use self::table::{local, place};
use crate::fleet::forward::ForwardPlan;

/// Where the spool lies when no folder is named, if its parent exists.
const USUAL_SPOOL: &str = "/var/lib/rmmwatch/spool";

/// Octets of a segment of the spool: small enough that space comes back soon, large enough that a
/// folder holds few.
const SEGMENT_BYTES: u64 = 16 << 20;

/// How long a stream keeps records where we make it: an analyst that was away for a long weekend
/// finds them.
const STREAM_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// For how long it knows a record that is sent again, likewise: longer than a server takes to
/// restart, short enough that the ids of a busy site fit its memory.
const STREAM_DUPLICATES: Duration = Duration::from_secs(600);

/// What delivery is to do besides its outputs; `None` without sinks.
///
/// # Errors
/// When a secret or a template cannot be read, or no spool can be had.
pub(crate) fn plan(
    tables: &[SinkTable],
    spool: &Spool,
    sensor: &Sensor,
) -> anyhow::Result<Option<Spooling>> {
    if tables.is_empty() {
        return Ok(None);
    }
    let mut sinks = Vec::new();
    for table in tables {
        anyhow::ensure!(
            !sinks.iter().any(|other: &SinkPlan| other.name == table.name),
            "two sinks are called `{}`; their places in the spool would be one",
            table.name
        );
        if let Some(other) = tables.iter().find(|other| same_file(other, table)) {
            let (one, two) = (&other.name, &table.name);
            anyhow::bail!("the sinks `{one}` and `{two}` would write one file; it has one writer");
        }
        let plan = one(table, sensor).with_context(|| format!("the sink `{}`", table.name))?;
        sinks.push(plan);
    }
    Ok(Some(Spooling {
        folder: folder(spool)?,
        options: SpoolOptions {
            segment_bytes: SEGMENT_BYTES,
            bytes_max: spool.mib_max << 20,
            age_max: (spool.hours_max > 0)
                .then(|| Duration::from_secs(u64::from(spool.hours_max) * 3600)),
            sync_every: Duration::from_secs(spool.sync_secs.into()),
        },
        sinks,
        drain: Duration::from_secs(spool.drain_secs.into()),
    }))
}

/// Whether two sinks write to the same path.
fn same_file(one: &SinkTable, two: &SinkTable) -> bool {
    let (What::File { path, .. }, What::File { path: other, .. }) = (&one.what, &two.what) else {
        return false;
    };
    one.name != two.name && path == other
}

fn folder(spool: &Spool) -> anyhow::Result<PathBuf> {
    if let Some(path) = &spool.path {
        return Ok(path.clone());
    }
    let usual = Path::new(USUAL_SPOOL);
    let parent = usual.parent().unwrap_or(usual);
    anyhow::ensure!(
        parent.is_dir(),
        "sinks need a spool: write [spool] path = \"…\", or make the folder {}",
        parent.display()
    );
    Ok(usual.to_owned())
}

fn one(table: &SinkTable, sensor: &Sensor) -> anyhow::Result<SinkPlan> {
    let secret = table.secret.as_ref().map(read_secret).transpose()?;
    let tls = TlsPlan {
        ca: table.tls.ca.clone(),
        cert: table.tls.cert.clone(),
        key: table.tls.key.clone(),
        name: table.tls.name.clone(),
    };
    let http = |url: &Url, scheme: &str| {
        let auth = match (&table.user, &secret) {
            (Some(user), Some(secret)) => Auth::Basic(user.clone(), secret.clone()),
            (None, Some(secret)) => Auth::Scheme(scheme.to_owned(), secret.clone()),
            (_, None) => Auth::None,
        };
        let Url { place, path } = url.clone();
        HttpPlan { place, path, tls: tls.clone(), auth, headers: Vec::new() }
    };
    let format = Formatting::of(table)?;
    let kind = match &table.what {
        What::File { path, rotate_mib, rotate_hours, keep } => Kind::File(FilePlan {
            path: path.clone(),
            rotate_bytes: rotate_mib.map(|mib| mib << 20),
            rotate_every: rotate_hours.map(|hours| Duration::from_secs(u64::from(hours) * 3600)),
            keep: *keep,
            header: format.header(),
        }),
        What::Unix { path, datagrams, confirm } => {
            Kind::Unix(UnixPlan { path: path.clone(), datagrams: *datagrams, confirm: *confirm })
        }
        What::Syslog { place, udp, confirm } => Kind::Syslog(SyslogPlan {
            place: place.clone(),
            confirm: *confirm,
            transport: if *udp { SyslogTransport::Udp } else { SyslogTransport::Stream },
            tls: tls.clone(),
        }),
        What::Elastic { url, index } => {
            Kind::Elastic(ElasticPlan { http: http(url, "ApiKey"), index: index.clone() })
        }
        What::Hec { url, ack, .. } => Kind::Hec(HecPlan { http: http(url, "Splunk"), ack: *ack }),
        What::Loki { url, tenant } => {
            Kind::Loki(LokiPlan { http: http(url, "Bearer"), tenant: tenant.clone() })
        }
        What::Webhook { url, join, content_type, headers } => Kind::Webhook(WebhookPlan {
            http: HttpPlan {
                headers: headers.clone().into_iter().collect(),
                ..http(url, "Bearer")
            },
            content_type: content_type.clone(),
            join: match join {
                JoinWord::Each => Join::Each,
                JoinWord::Lines => Join::Lines,
                JoinWord::Array => Join::Array,
            },
        }),
        What::Alertmanager { url } => {
            Kind::Alertmanager(AlertmanagerPlan { http: http(url, "Bearer") })
        }
        What::EveBox { url } => Kind::EveBox(EveBoxPlan { http: http(url, "Bearer") }),
        What::Nats { servers, stream, subject, create, auth } => Kind::Nats(NatsPlan {
            servers: servers.clone(),
            tls: tls.clone(),
            auth: nats_auth(*auth, table.user.as_deref(), secret.clone()),
            stream: stream.clone(),
            subject: subjects(subject, sensor),
            create: create.then(|| new_stream(subject)),
        }),
        What::Kafka { brokers, topic } => Kind::Kafka(KafkaPlan {
            brokers: brokers.clone(),
            tls: tls.clone(),
            user: table.user.clone().zip(secret.clone()),
            topic: topic.clone(),
        }),
        What::Redis { place, database, key, shape, entries_max } => Kind::Redis(RedisPlan {
            place: place.clone(),
            tls: tls.clone(),
            user: table.user.clone(),
            password: secret.clone(),
            database: *database,
            key: key.clone(),
            shape: match shape {
                RedisWord::List => RedisShape::List,
                RedisWord::Rpush => RedisShape::ListEnd,
                RedisWord::Channel => RedisShape::Channel,
                RedisWord::Stream => RedisShape::Stream(*entries_max),
            },
        }),
    };
    Ok(SinkPlan {
        name: table.name.clone(),
        streams: table.streams.clone(),
        kind,
        prepare: format.prepare(),
        batch_records: table.batch_records,
        batch_bytes: table.batch_kib << 10,
        timeout: Duration::from_secs(table.timeout_secs.into()),
    })
}

/// Who forwards facts. The process counts anew with each start, so its start tells the counts apart.
pub(crate) fn forward_plan(sensor: &Sensor, partitions: u16) -> ForwardPlan {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ForwardPlan {
        sensor: sensor.name().unwrap_or("sensor").to_owned(),
        site: sensor.site().unwrap_or("site").to_owned(),
        epoch: u64::try_from(since.as_millis()).unwrap_or(0),
        partitions,
    }
}

/// How we tell NATS who we are.
fn nats_auth(word: NatsWord, user: Option<&str>, secret: Option<Secret>) -> NatsAuth {
    match (word, user, secret) {
        (_, _, None) => NatsAuth::None,
        (NatsWord::Credentials, _, Some(secret)) => NatsAuth::Credentials(secret),
        (NatsWord::Nkey, _, Some(secret)) => NatsAuth::NKey(secret),
        (NatsWord::Token, Some(user), Some(secret)) => NatsAuth::User(user.to_owned(), secret),
        (NatsWord::Token, None, Some(secret)) => NatsAuth::Token(secret),
    }
}

/// What a table of settings that is no sink's says of NATS.
pub(crate) struct Reach<'a> {
    /// The table's name.
    pub(crate) table: &'static str,
    pub(crate) from: &'a [String],
    pub(crate) tls: &'a Tls,
    pub(crate) auth: NatsWord,
    pub(crate) user: Option<&'a str>,
    pub(crate) secret: Option<&'a SecretTable>,
    pub(crate) cleartext: bool,
}

/// How to reach NATS by such a table: nothing is published by the plan.
///
/// # Errors
/// When no server is named, one cannot be read, the secret cannot, or would leave this host in clear.
pub(crate) fn nats_plan(reach: &Reach<'_>) -> anyhow::Result<NatsPlan> {
    let Reach { table, from, tls, auth, user, secret, cleartext } = *reach;
    anyhow::ensure!(!from.is_empty(), "no server is named: nats://host:4222 or tls://host:4222");
    let servers = from.iter().map(|one| {
        place(one, &["nats", "tls"], 4222).map(|(_, place)| place).map_err(anyhow::Error::msg)
    });
    let servers = servers.collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(clear) = servers.iter().find(|place| !place.tls && !local(&place.host)) {
        anyhow::ensure!(
            secret.is_none() || cleartext,
            "the secret of [{table}] would go to {clear} in clear; use tls://, or write \
             `cleartext = true`"
        );
        tracing::warn!(server = %clear, "[{table}] is served over a line in clear");
    }
    let secret = secret.map(read_secret).transpose()?;
    let Tls { ca, cert, key, name } = tls.clone();
    Ok(NatsPlan {
        servers,
        tls: TlsPlan { ca, cert, key, name },
        auth: nats_auth(auth, user, secret),
        stream: String::new(),
        subject: Arc::new(|_, _| String::new()),
        create: None,
    })
}

/// A stream as we make it where we are asked to.
pub(crate) fn new_stream(subject: &str) -> NatsStream {
    NatsStream {
        subjects: vec![format!("{subject}.>")],
        bytes_max: None,
        age_max: Some(STREAM_AGE),
        duplicates: STREAM_DUPLICATES,
        replicas: 1,
    }
}

/// Read a secret: from its file, or from the folder that systemd hands credentials over in.
fn read_secret(table: &SecretTable) -> anyhow::Result<Secret> {
    let path = match table {
        SecretTable::File(path) => path.clone(),
        SecretTable::Credential(name) => {
            let plain = Path::new(name).file_name().is_some_and(|file| file == name.as_str());
            anyhow::ensure!(plain, "`{name}` is no credential's name");
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY").with_context(|| {
                format!("the credential {name}: systemd hands none over; see LoadCredential=")
            })?;
            PathBuf::from(folder).join(name)
        }
    };
    let shown = path.display();
    let secret =
        Secret::read(&path).with_context(|| format!("the secret {shown} cannot be read"))?;
    if path.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 != 0) {
        tracing::warn!("the secret {shown} can be read by everybody here; chmod o-rwx it");
    }
    Ok(secret)
}

/// The subject of each record: kind, site and sensor; of facts, their partition too.
fn subjects(base: &str, sensor: &Sensor) -> Subject {
    let (site, name) = (sensor.site().unwrap_or("site"), sensor.name().unwrap_or("sensor"));
    let (base, tail) = (base.to_owned(), format!("{site}.{name}"));
    Arc::new(move |stream, octets| match stream {
        Stream::Alerts => format!("{base}.alerts.{tail}"),
        Stream::Observations => format!("{base}.observations.{tail}"),
        Stream::Health => format!("{base}.health.{tail}"),
        // Facts say themselves whose they are, and for which partition.
        Stream::Facts => match wire::peek(octets) {
            Ok(head) => head.subject(),
            Err(_) => format!("{base}.facts.all.{tail}"),
        },
    })
}

/// What a sink makes of records.
#[derive(Clone)]
enum Formatting {
    Format(Format, FormatOptions),
    Template(Arc<Template>),
}

impl Formatting {
    fn of(table: &SinkTable) -> anyhow::Result<Formatting> {
        if let Some(path) = &table.template {
            let shown = path.display();
            let text = read_template(path).with_context(|| format!("{shown} cannot be read"))?;
            let template = Template::parse(&shown.to_string(), &text)
                .map_err(|complaint| anyhow::anyhow!("{complaint}"))?;
            return Ok(Formatting::Template(Arc::new(template)));
        }
        let asked = table.format;
        // Some kinds are an envelope, and what is asked for goes inside.
        let envelope = match &table.what {
            What::Syslog { .. } => Some(Format::Syslog),
            What::Hec { .. } => Some(Format::Hec),
            What::Loki { .. } => Some(Format::Loki),
            _ => None,
        };
        let index = match &table.what {
            What::Hec { index, .. } => index.clone(),
            _ => None,
        };
        let (format, inner) = match (envelope, &table.what) {
            (Some(envelope), _) => (envelope, asked.filter(|asked| *asked != envelope)),
            (None, What::Alertmanager { .. }) => (Format::Alertmanager, None),
            (None, What::EveBox { .. }) => (Format::Eve, None),
            (None, _) => (asked.unwrap_or(Format::Ecs), None),
        };
        anyhow::ensure!(
            envelope.is_some() || asked.is_none_or(|asked| asked == format),
            "this kind of sink takes the format {} only",
            format.word()
        );
        Ok(Formatting::Format(format, FormatOptions { index, inner }))
    }

    fn body(&self, record: &Native<'_>, out: &mut Vec<u8>) -> bool {
        match self {
            Formatting::Format(format, options) => records::shape(*format, record, options, out),
            Formatting::Template(template) => match template.render(record, out) {
                Ok(()) => true,
                Err(why) => {
                    tracing::warn!(%why, id = record.id(), "the template makes nothing of a record");
                    false
                }
            },
        }
    }

    fn prepare(&self) -> Prepare {
        let this = self.clone();
        Arc::new(move |stream, line, out| {
            if stream == Stream::Facts {
                out.extend_from_slice(line);
                return wire::peek(line).ok().map(|head| head.id());
            }
            let record = Native::parse(line).ok()?;
            this.body(&record, out).then(|| record.delivery_id().into_owned())
        })
    }

    fn header(&self) -> Header {
        let this = self.clone();
        Arc::new(move |first, file| {
            let mut line = Vec::new();
            records::header(&Native::parse(first).ok()?, file, &mut line);
            let mut out = Vec::new();
            this.body(&Native::parse(&line).ok()?, &mut out).then_some(out)
        })
    }
}

/// Read a template; one that is too long is refused by whoever understands it.
fn read_template(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(1 << 20).read_to_string(&mut text)?;
    Ok(text)
}
