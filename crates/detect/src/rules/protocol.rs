//! A tool recognised by what it says, whoever it says it to.

use model::{Direction, Operator};

use super::REMOTE_ACCESS;
use super::rule::{Finding, Rule, Sight, Words};
use crate::weights::{Kind, OCTETS, OCTETS_INSIDE, is_use};

pub(super) const RULE: Rule = Rule { name: "protocol", weigh };

static SPOKEN: Words = Words {
    title: "{tool}: recognised by its octets",
    asked: "{host} asked for {target}, which speaks {tool}",
    reached: "{host} speaks {tool} with {target}",
    advice: "find out who runs {target}, ask the user of {host} who is connected, and cut the host \
             off if nobody there knows",
};

static SPOKEN_TO_VENDOR: Words = Words {
    title: "{tool}: recognised by its octets",
    asked: "{host} asked for {target}, which speaks {tool}",
    reached: "{host} speaks {tool} with {target}",
    advice: "ask the user of {host} who is connected, and cut the host off if nobody there knows",
};

static SPOKEN_INSIDE: Words = Words {
    title: "{tool}: recognised by its octets",
    asked: "{host} asked for {target}, which speaks {tool}",
    reached: "{host} speaks {tool} with {target}",
    advice: "find out whether an administrator of yours works on {target} from {host}",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let (role, operator) = sight.tool()?;
    let octets = Kind::of(sight.sign.source) == Kind::Octets;
    if !octets || !is_use(role) || !sight.stands_alone() || sight.direction == Direction::Inbound {
        return None;
    }
    // A server inside that anyone may run is one of our own, far more often than not.
    let ours = sight.direction == Direction::Internal && *operator == Operator::Server;
    Some(if ours {
        sight.finding(&OCTETS_INSIDE, REMOTE_ACCESS, &SPOKEN_INSIDE)
    } else if *operator == Operator::Vendor {
        sight.finding(&OCTETS, REMOTE_ACCESS, &SPOKEN_TO_VENDOR)
    } else {
        sight.finding(&OCTETS, REMOTE_ACCESS, &SPOKEN)
    })
}
