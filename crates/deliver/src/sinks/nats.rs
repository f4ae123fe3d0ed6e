//! NATS JetStream: each record under its subject, with its id as `Nats-Msg-Id`.
//!
//! A record is through when the stream has said so (NATS ADR-22, JetStream publish). Many are under
//! way at once on one connection, in order. What is sent again within the stream's window for
//! duplicates is recognised by its id and not stored twice. The client library connects anew by
//! itself; we do not let it outlive a setback: the next attempt begins with a new connection.

use std::collections::VecDeque;
use std::sync::Arc;

use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, ErrorCode, stream};
use async_nats::{Client, ConnectOptions, Event};
use bytes::Bytes;
use tokio::sync::watch;

use super::connect::client_config;
use super::said::said;
use super::{Carried, Carrier, Carrying, Entry, NatsAuth, NatsPlan, NatsStream, Refused, Setback};
use crate::limits::{NATS_ACK_TIMEOUT, NATS_CONNECT_TIMEOUT, NATS_UNDER_WAY_MAX};

/// The way to a stream.
pub(super) struct Nats {
    plan: Arc<NatsPlan>,
    link: Option<Link>,
}

/// Never touches the network.
pub(super) fn new(plan: &NatsPlan) -> Box<dyn Carrier> {
    Box::new(Nats { plan: Arc::new(plan.clone()), link: None })
}

impl Carrier for Nats {
    fn carry<'a>(&'a mut self, batch: &'a [Entry]) -> Carrying<'a> {
        Box::pin(async move {
            // Taken, so that an attempt that is dropped midway leaves no connection behind.
            let mut link = match self.link.take() {
                Some(link) => link,
                None => Link::new(&self.plan).await?,
            };
            let carried = link.carry(&self.plan, batch).await?;
            self.link = Some(link);
            Ok(carried)
        })
    }
}

/// A connection that stands.
struct Link {
    context: jetstream::Context,
    /// What the server or the library said of this connection that ends it.
    trouble: watch::Receiver<Option<String>>,
}

impl Link {
    async fn new(plan: &NatsPlan) -> Result<Link, Setback> {
        if !is_plain(&plan.stream) {
            return Err(Setback::new(format!("{:?} is no stream's name", said(&plan.stream))));
        }
        let (client, trouble) = connect(plan, Some(plan.servers.len())).await?;
        let context = jetstream::context::ContextBuilder::new()
            .timeout(NATS_ACK_TIMEOUT)
            .max_ack_inflight(NATS_UNDER_WAY_MAX + 1)
            .build(client);
        if let Some(wanted) = &plan.create {
            create(&context, &plan.stream, wanted).await?;
        }
        Ok(Link { context, trouble })
    }

    /// Send what is not under way, and take acknowledgements in order.
    async fn carry(&mut self, plan: &NatsPlan, batch: &[Entry]) -> Result<Carried, Setback> {
        let mut trouble = self.trouble.clone();
        let mut progress = Progress::default();
        let failed = tokio::select! {
            // What the server says of the connection explains better than what follows from it.
            biased;
            why = told(&mut trouble) => why,
            outcome = progress.through(&self.context, plan, batch) => match outcome {
                Ok(()) => return Ok(Carried { refused: progress.refused }),
                Err(why) => match &*self.trouble.borrow() {
                    Some(trouble) => format!("{why}; {trouble}"),
                    None => why,
                },
            },
        };
        let why = format!("NATS stream {}: {failed}", plan.stream);
        let Progress { carried, refused, .. } = progress;
        Err(Setback { why, carried, refused, wait: None })
    }
}

/// Waits until there is trouble; forever, if there never is.
async fn told(trouble: &mut watch::Receiver<Option<String>>) -> String {
    match trouble.wait_for(Option::is_some).await.map(|seen| (*seen).clone()) {
        Ok(Some(why)) => why,
        _ => std::future::pending().await,
    }
}

/// How far a batch is.
#[derive(Default)]
struct Progress {
    /// Entries from the beginning that are acknowledged or refused.
    carried: usize,
    refused: Vec<Refused>,
    under_way: VecDeque<Sent>,
}

/// What was sent, or refused before it was.
enum Sent {
    Waits(PublishAckFuture, String),
    Refused(String),
}

impl Progress {
    async fn through(
        &mut self,
        context: &jetstream::Context,
        plan: &NatsPlan,
        batch: &[Entry],
    ) -> Result<(), String> {
        for entry in batch {
            if self.under_way.len() >= NATS_UNDER_WAY_MAX {
                self.acknowledged(&plan.stream).await?;
            }
            self.under_way.push_back(send(context, plan, entry).await?);
        }
        while !self.under_way.is_empty() {
            self.acknowledged(&plan.stream).await?;
        }
        Ok(())
    }

    /// What became of the oldest that is under way.
    async fn acknowledged(&mut self, stream: &str) -> Result<(), String> {
        let refusal = match self.under_way.pop_front() {
            None => return Ok(()),
            Some(Sent::Refused(why)) => Some(why),
            Some(Sent::Waits(ack, subject)) => match ack.await {
                Ok(ack) if ack.stream == stream => None,
                Ok(ack) => return Err(other_stream(&subject, &ack.stream)),
                Err(error) => Some(outcome(&error, &subject, stream)?),
            },
        };
        if let Some(why) = refusal {
            self.refused.push(Refused { at: self.carried, why });
        }
        self.carried += 1;
        Ok(())
    }
}

async fn send(
    context: &jetstream::Context,
    plan: &NatsPlan,
    entry: &Entry,
) -> Result<Sent, String> {
    let subject = (plan.subject)(entry.stream, &entry.line);
    if !publishable(&subject) {
        return Ok(Sent::Refused(format!("{:?} is no subject to publish under", said(&subject))));
    }
    if !is_plain(&entry.id) {
        return Ok(Sent::Refused(format!("{:?} is no id for a header", said(&entry.id))));
    }
    let message = PublishMessage::build()
        .message_id(&entry.id)
        .expected_stream(&plan.stream)
        .payload(Bytes::copy_from_slice(&entry.body));
    match context.send_publish(subject.clone(), message).await {
        Ok(ack) => Ok(Sent::Waits(ack, subject)),
        Err(error) => outcome(&error, &subject, &plan.stream).map(Sent::Refused),
    }
}

/// What may stand in a header: the library panics at line ends.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Tokens of printable ASCII between dots, none of them a wildcard.
fn publishable(subject: &str) -> bool {
    subject.split('.').all(|token| is_plain(token) && !matches!(token, "*" | ">"))
}

/// Why a record will never be taken; or, as an error, why it was not taken now.
fn outcome(
    error: &jetstream::context::PublishError,
    subject: &str,
    stream: &str,
) -> Result<String, String> {
    use std::error::Error as _;
    let reply = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    match (error.kind(), reply.map(jetstream::Error::error_code)) {
        (PublishErrorKind::MaxPayloadExceeded, _)
        | (_, Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)) => Ok(said(&cause)),
        (PublishErrorKind::StreamNotFound, _) => Err(no_stream(subject, stream)),
        (_, Some(ErrorCode::STREAM_NOT_MATCH)) => Err(other_stream(subject, &cause)),
        (PublishErrorKind::TimedOut, _) => {
            Err(format!("no acknowledgement in {} s", NATS_ACK_TIMEOUT.as_secs()))
        }
        (PublishErrorKind::BrokenPipe, _) => Err("the connection broke".to_owned()),
        (kind, _) => Err(said(&format!("{kind}: {cause}"))),
    }
}

fn no_stream(subject: &str, stream: &str) -> String {
    let root = subject.split('.').next().unwrap_or(subject);
    format!(
        "nothing takes {} (no such stream, or a server without JetStream); to make it: \
         nats stream add {stream} --subjects '{root}.>' --storage file --retention limits \
         --discard old --dupe-window 10m --defaults",
        said(subject)
    )
}

fn other_stream(subject: &str, taker: &str) -> String {
    format!("{} is taken by another stream ({})", said(subject), said(taker))
}

/// A connection that is made anew whenever it breaks, for who reads as well.
///
/// # Errors
/// When it cannot be made at first.
pub async fn lasting(plan: &NatsPlan) -> Result<Client, Setback> {
    connect(plan, None).await.map(|(client, _)| client)
}

/// The stream of the plan, made where it is missing and the plan says so.
///
/// # Errors
/// When it is not there and cannot be made, or the server does not say.
pub async fn stream_of(
    client: &Client,
    plan: &NatsPlan,
) -> Result<(jetstream::Context, stream::Stream), Setback> {
    let context = jetstream::new(client.clone());
    if let Some(wanted) = &plan.create {
        create(&context, &plan.stream, wanted).await?;
    }
    match context.get_stream(&plan.stream).await {
        Ok(stream) => Ok((context, stream)),
        Err(error) => {
            let why = said(&error.to_string());
            Err(Setback::new(format!("NATS stream {}: {why}", plan.stream)))
        }
    }
}

async fn connect(
    plan: &NatsPlan,
    reconnects: Option<usize>,
) -> Result<(Client, watch::Receiver<Option<String>>), Setback> {
    let places: Vec<String> = plan.servers.iter().map(ToString::to_string).collect();
    let places = places.join(", ");
    let options = identified(&plan.auth).map_err(Setback::new)?;
    let (tell, trouble) = watch::channel(None);
    let tell = Arc::new(tell);
    let mut options = options
        .name("rmmwatch")
        .connection_timeout(NATS_CONNECT_TIMEOUT)
        // For a sink each server once: when to try again is the runner's matter.
        .max_reconnects(reconnects)
        // Who a server says is in its cluster, it says before TLS: we know whom to trust.
        .ignore_discovered_servers()
        .event_callback(move |event| {
            let tell = Arc::clone(&tell);
            async move { note(&tell, &event) }
        });
    if plan.servers.iter().any(|place| place.tls) {
        if plan.tls.name.is_some() {
            return Err(Setback::new(
                "NATS: a certificate's name cannot be given apart; name the servers as in theirs",
            ));
        }
        let tls = plan.tls.clone();
        let config = tokio::task::spawn_blocking(move || client_config(&tls)).await;
        let config = config.map_err(|error| Setback::new(format!("TLS files: {error}")))??;
        options = options.tls_client_config((*config).clone()).require_tls(true);
    }
    let servers = plan.servers.iter().map(|place| {
        let scheme = if place.tls { "tls" } else { "nats" };
        format!("{scheme}://{place}")
    });
    let servers = servers.collect::<Vec<_>>();
    let failed = |why: String| Setback::new(format!("NATS at {places}: {}", said(&why)));
    let parsed: Result<Vec<async_nats::ServerAddr>, _> =
        servers.iter().map(|server| server.parse()).collect();
    let servers = parsed.map_err(|error: std::io::Error| failed(error.to_string()))?;
    match options.connect(servers).await {
        Ok(client) => Ok((client, trouble)),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Who we are, as the library wants it.
fn identified(auth: &NatsAuth) -> Result<ConnectOptions, String> {
    let options = ConnectOptions::new();
    Ok(match auth {
        NatsAuth::None => options,
        NatsAuth::Token(token) => options.token(token.reveal().to_owned()),
        NatsAuth::User(user, password) => {
            options.user_and_password(user.clone(), password.reveal().to_owned())
        }
        NatsAuth::NKey(seed) => options.nkey(seed.reveal().trim().to_owned()),
        NatsAuth::Credentials(text) => options
            // A secret has lost the newline that the library looks for at the end.
            .credentials(&format!("{}\n", text.reveal()))
            // The library's words may hold what it could not read.
            .map_err(|_| "NATS: no credentials file (a JWT and the seed of an NKey)".to_owned())?,
    })
}

/// Keep the first thing that ends a connection.
fn note(tell: &watch::Sender<Option<String>>, event: &Event) {
    let why = match event {
        Event::Disconnected | Event::Closed => "the server closed the connection".to_owned(),
        Event::ServerError(error) => format!("the server says: {}", said(&error.to_string())),
        Event::LameDuckMode => "the server is about to end".to_owned(),
        _ => return,
    };
    tell.send_if_modified(|kept| {
        let first = kept.is_none();
        if first {
            *kept = Some(why);
        }
        first
    });
}

/// Make the stream if it is not there; leave it as it is if it is.
async fn create(
    context: &jetstream::Context,
    name: &str,
    wanted: &NatsStream,
) -> Result<(), Setback> {
    use jetstream::context::GetStreamErrorKind;
    let failed = |why: String| Setback::new(format!("NATS stream {name}: {}", said(&why)));
    match context.get_stream(name).await.map_err(|error| (error.kind(), error)) {
        Ok(_) => return Ok(()),
        Err((GetStreamErrorKind::JetStream(error), _))
            if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {}
        Err((_, error)) => return Err(failed(format!("whether it is there: {error}"))),
    }
    let config = stream::Config {
        name: name.to_owned(),
        subjects: wanted.subjects.clone(),
        max_bytes: wanted.bytes_max.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX)),
        max_age: wanted.age_max.unwrap_or_default(),
        duplicate_window: wanted.duplicates,
        num_replicas: usize::from(wanted.replicas),
        storage: stream::StorageType::File,
        discard: stream::DiscardPolicy::Old,
        ..stream::Config::default()
    };
    match context.create_stream(config).await {
        Ok(_) => {
            tracing::info!(stream = name, subjects = ?wanted.subjects, "NATS stream made");
            Ok(())
        }
        Err(error) => Err(failed(format!("it could not be made: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_that_can_be_published_under() {
        let table = [
            ("rmm.v1.alerts.site.sensor", true),
            ("rmm", true),
            ("rmm.ü", false),
            ("", false),
            ("rmm..x", false),
            (".rmm", false),
            ("rmm.", false),
            ("rmm.*.x", false),
            ("rmm.>", false),
            ("rmm.a b", false),
            ("rmm.a\r\nPUB x 1", false),
        ];
        for (subject, good) in table {
            assert_eq!(publishable(subject), good, "{subject:?}");
        }
    }
}
