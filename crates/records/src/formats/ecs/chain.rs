//! `rmm.chain`, the stages of one incident, and `rmm.identity`, what a host is called.

use std::net::IpAddr;

use crate::json::{self, Json, Page, Word, fields};
use model::{Chain, Identity, Step};

use super::envelope::Id;
use crate::stamp::Stamp;

/// `rmm.chain`.
pub(super) struct Incident<'a> {
    id: Id,
    stages: Stages<'a>,
    steps: &'a [String],
}

fields!(Incident<'_>: id, stages, ?steps);

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

impl Json for Stages<'_> {
    fn json(&self, out: &mut Page) {
        struct Stage<'a> {
            stage: Word,
            at: Stamp,
            event_id: Id,
            name: &'a str,
            host: Option<IpAddr>,
            why: &'a str,
        }

        fields!(Stage<'_>: stage, at, event_id, name, ?host, why);
        json::array(
            out,
            self.steps.iter().map(|step| Stage {
                stage: Word(step.stage.word()),
                at: Stamp(step.at),
                event_id: Id(step.event),
                name: &step.name,
                host: Some(step.host).filter(|host| *host != self.host),
                why: &step.why,
            }),
        );
    }
}

/// `rmm.identity`.
pub(super) struct Called<'a> {
    mac: Option<String>,
    name: Option<&'a str>,
}

fields!(Called<'_>: ?mac, ?name);

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
