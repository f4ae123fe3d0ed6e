//! `[fleet]`: facts dealt to analysts, and where analysts find them.

use std::time::Duration;

use anyhow::Context as _;
use deliver::sinks::{NatsAuth, NatsPlan, NatsStream, TlsPlan};
use serde::Deserialize;
use wire::limits::PARTITIONS_MAX;

use crate::limits::FLEET_PARTITIONS;
use crate::sinks::{self, NatsWord, SecretTable, Tls, local, place};

/// How long a stream that we make keeps facts: an analyst that was away for a long weekend finds
/// them.
const STREAM_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// For how long it knows a message that is sent again.
const STREAM_DUPLICATES: Duration = Duration::from_secs(600);

/// `[fleet]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FleetTable {
    /// Partitions, the same on all sensors and analysts of a stream.
    pub(crate) partitions: u16,
    /// How far back an analyst reads what another one left, in minutes.
    pub(crate) takeover_minutes: u32,
    /// Analysts of one group share the work.
    pub(crate) group: String,
    /// Servers.
    pub(crate) from: Vec<String>,
    pub(crate) stream: String,
    pub(crate) tls: Tls,
    pub(crate) auth: NatsWord,
    pub(crate) user: Option<String>,
    pub(crate) secret: Option<SecretTable>,
    /// Whether a secret may go to another host without TLS.
    pub(crate) cleartext: bool,
}

impl Default for FleetTable {
    fn default() -> FleetTable {
        FleetTable {
            partitions: FLEET_PARTITIONS,
            takeover_minutes: 72 * 60,
            group: "all".to_owned(),
            from: Vec::new(),
            stream: "RMM".to_owned(),
            tls: Tls::default(),
            auth: NatsWord::default(),
            user: None,
            secret: None,
            cleartext: false,
        }
    }
}

impl FleetTable {
    /// What is wrong in it: the key, and how it should be.
    pub(crate) fn mistake(&self) -> Option<(&'static str, String)> {
        if !(1..=PARTITIONS_MAX).contains(&self.partitions) {
            return Some(("partitions", format!("write 1 to {PARTITIONS_MAX}")));
        }
        if !(1..=30 * 24 * 60).contains(&self.takeover_minutes) {
            return Some(("takeover_minutes", "write 1 to 43200".to_owned()));
        }
        if !wire::is_token(&self.group) {
            return Some(("group", "write a few of a-z, A-Z, 0-9 and -".to_owned()));
        }
        None
    }

    /// How to reach the stream. `from`: servers of the command line, which go before.
    ///
    /// # Errors
    /// When no server is named, one cannot be read, or the secret cannot.
    pub(crate) fn plan(&self, from: &[String], create: bool) -> anyhow::Result<NatsPlan> {
        let from = if from.is_empty() { &self.from } else { from };
        anyhow::ensure!(!from.is_empty(), "no server: give --from nats://host:4222, or fleet.from");
        let servers = from.iter().map(|one| {
            place(one, &["nats", "tls"], 4222).map(|(_, place)| place).map_err(anyhow::Error::msg)
        });
        let servers = servers.collect::<anyhow::Result<Vec<_>>>()?;
        if let Some(clear) = servers.iter().find(|place| !place.tls && !local(&place.host)) {
            anyhow::ensure!(
                self.secret.is_none() || self.cleartext,
                "the secret of [fleet] would go to {clear} in clear; use tls://, or write \
                 `cleartext = true`"
            );
            tracing::warn!(server = %clear, "facts, which name hosts, come over a line in clear");
        }
        let secret = self.secret.as_ref().map(sinks::read_secret).transpose();
        let auth = match (self.auth, &self.user, secret.context("fleet.secret")?) {
            (_, _, None) => NatsAuth::None,
            (NatsWord::Credentials, _, Some(secret)) => NatsAuth::Credentials(secret),
            (NatsWord::Nkey, _, Some(secret)) => NatsAuth::NKey(secret),
            (NatsWord::Token, Some(user), Some(secret)) => NatsAuth::User(user.clone(), secret),
            (NatsWord::Token, None, Some(secret)) => NatsAuth::Token(secret),
        };
        let Tls { ca, cert, key, name } = self.tls.clone();
        Ok(NatsPlan {
            servers,
            tls: TlsPlan { ca, cert, key, name },
            auth,
            stream: self.stream.clone(),
            // Nothing is published by it.
            subject: std::sync::Arc::new(|_, _| String::new()),
            create: create.then(|| NatsStream {
                subjects: vec!["rmm.v1.>".to_owned()],
                bytes_max: None,
                age_max: Some(STREAM_AGE),
                duplicates: STREAM_DUPLICATES,
                replicas: 1,
            }),
        })
    }
}
