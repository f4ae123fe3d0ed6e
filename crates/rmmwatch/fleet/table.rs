//! `[fleet]`: facts dealt to analysts, and where analysts find them.

use anyhow::Context as _;
use deliver::sinks::NatsPlan;
use serde::Deserialize;
use wire::limits::PARTITIONS_MAX;

use crate::limits::FLEET_PARTITIONS;
use crate::sinks::{NatsWord, Reach, SecretTable, Tls, nats_plan, new_stream};

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
        let plan = nats_plan(&Reach {
            table: "fleet",
            from,
            tls: &self.tls,
            auth: self.auth,
            user: self.user.as_deref(),
            secret: self.secret.as_ref(),
            cleartext: self.cleartext,
        });
        Ok(NatsPlan {
            stream: self.stream.clone(),
            create: create.then(|| new_stream("rmm.v1")),
            ..plan.context("[fleet]")?
        })
    }
}
