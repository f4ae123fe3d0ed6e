//! A name of a tool's relay or service: asked for, or reached.

use model::{Direction, Role, SignSource};

use super::rule::{Finding, Rule, Sight, Words};
use super::{REMOTE_ACCESS, inbound};
use crate::weights::{API, RELAY, UNKNOWN};

pub(super) const RULE: Rule = Rule { name: "relay", weigh };

static TO_RELAY: Words = Words {
    title: "{tool}: relay contacted",
    asked: "{host} asked for {target}, a relay of {tool}",
    reached: "{host} reached {target}, a relay of {tool}",
    advice: "ask the user of {host} who is connected, and cut the host off if nobody there knows",
};

static TO_SERVICE: Words = Words {
    title: "{tool}: service contacted",
    asked: "{host} asked for {target}, which serves {tool}",
    reached: "{host} reached {target}, which serves {tool}",
    advice: "find out on {host} whether {tool} is installed, and by whom",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let (role, _) = sight.tool()?;
    if !is_name(sight.sign.source) || !sight.stands_alone() || sight.asked_from_outside() {
        return None;
    }
    if inbound::is_presented(sight.sign.source) && sight.direction == Direction::Inbound {
        return None; // That rule has the better word for it.
    }
    match role {
        Role::Relay => Some(sight.finding(&RELAY, REMOTE_ACCESS, &TO_RELAY)),
        Role::Api => Some(sight.finding(&API, REMOTE_ACCESS, &TO_SERVICE)),
        // A vendor that sells more than the tool is visited for all of it.
        Role::Unknown if sight.is_specific() => {
            Some(sight.finding(&UNKNOWN, REMOTE_ACCESS, &TO_SERVICE))
        }
        Role::Unknown | Role::Download | Role::Update | Role::Telemetry | Role::Website => None,
    }
}

/// Whether the sign is a server's name.
pub(super) fn is_name(source: SignSource) -> bool {
    matches!(
        source,
        SignSource::DnsQuestion
            | SignSource::DnsAnswer
            | SignSource::TlsSni
            | SignSource::QuicSni
            | SignSource::HttpHost
    )
}
