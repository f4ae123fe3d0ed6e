//! A tool that reaches a host inside from outside.

use model::{Direction, Operator, SignSource};

use super::REMOTE_ACCESS;
use super::rule::{Finding, Rule, Sight, Words};
use crate::weights::{INBOUND, Kind, is_use};

pub(super) const RULE: Rule = Rule { name: "inbound", weigh };

static REACHED: Words = Words {
    title: "{tool}: from outside",
    asked: "{peer} outside asked for {host}, which serves {tool}",
    reached: "{peer} outside reached {host} with {tool}",
    advice: "close the way in at the perimeter, and look on {host} for who logged in",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let (role, operator) = sight.tool()?;
    let inbound = sight.direction == Direction::Inbound && is_presented(sight.sign.source);
    // Anyone may call our server by a vendor's name; that makes it none of the vendor's.
    let named = Kind::of(sight.sign.source) != Kind::Octets;
    if named && *operator == Operator::Vendor {
        return None;
    }
    (inbound && is_use(role) && sight.stands_alone())
        .then(|| sight.finding(&INBOUND, REMOTE_ACCESS, &REACHED))
}

/// Whether the client showed the sign, or the server did to it: not one that others say of them.
pub(super) fn is_presented(source: SignSource) -> bool {
    Kind::of(source) == Kind::Octets
        || matches!(source, SignSource::TlsSni | SignSource::QuicSni | SignSource::HttpHost)
}
