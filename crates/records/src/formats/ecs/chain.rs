//! `rmm.chain`, the stages of one incident, and `rmm.identity`, what a host is called.

use std::net::IpAddr;

use model::{Chain, Identity, Step};
use serde::{Serialize, Serializer};

use super::envelope::Id;
use crate::stamp::Stamp;

/// `rmm.chain`.
#[derive(Serialize)]
pub(super) struct Incident<'a> {
    id: Id,
    stages: Stages<'a>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    steps: &'a [String],
}

impl<'a> Incident<'a> {
    /// A stage names its host only where that is not `host`, the record's own.
    pub(super) fn new(chain: &'a Chain, host: IpAddr) -> Incident<'a> {
        let stages = Stages { steps: &chain.steps, host };
        Incident { id: Id(chain.id), stages, steps: &chain.sum }
    }
}

struct Stages<'a> {
    steps: &'a [Step],
    host: IpAddr,
}

impl Serialize for Stages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Stage<'a> {
            stage: &'static str,
            at: Stamp,
            event_id: Id,
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            host: Option<IpAddr>,
            why: &'a str,
        }
        serializer.collect_seq(self.steps.iter().map(|step| Stage {
            stage: step.stage.word(),
            at: Stamp(step.at),
            event_id: Id(step.event),
            name: &step.name,
            host: Some(step.host).filter(|host| *host != self.host),
            why: &step.why,
        }))
    }
}

/// `rmm.identity`.
#[derive(Serialize)]
pub(super) struct Called<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl<'a> Called<'a> {
    /// `None` where nothing is known.
    pub(super) fn new(identity: &'a Identity) -> Option<Called<'a>> {
        let known = identity.mac.is_some() || identity.name.is_some();
        known.then(|| Called {
            mac: identity.mac.map(|mac| mac.to_string()),
            name: identity.name.as_deref(),
        })
    }
}
