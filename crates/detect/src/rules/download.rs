//! A tool fetched, or the server that hands it out visited.

use model::{Role, SignSource};

use super::TRANSFER;
use super::relay::is_name;
use super::rule::{Finding, Rule, Sight, Words};
use crate::weights::{DOWNLOAD, FILE, Kind, is_use};

pub(super) const RULE: Rule = Rule { name: "download", weigh };

static FETCHED: Words = Words {
    title: "{tool}: downloaded",
    asked: "{host} asked for {target}, which hands out {tool}",
    reached: "{host} fetched {tool} from {target}",
    advice: "ask the user of {host} who told them to fetch it",
};

static VISITED: Words = Words {
    title: "{tool}: downloaded",
    asked: "{host} asked for {target}, which hands out {tool}",
    reached: "{host} reached {target}, which hands out {tool}",
    advice: "ask the user of {host} whether they fetched {tool}, and who told them to",
};

fn weigh(sight: &Sight<'_>) -> Option<Finding> {
    let (role, _) = sight.tool()?;
    if !sight.stands_alone() || sight.asked_from_outside() {
        return None;
    }
    let source = sight.sign.source;
    let file = source == SignSource::HttpFile && (role == Role::Download || is_use(role));
    let path = Kind::of(source) == Kind::Octets && role == Role::Download;
    let name = is_name(source) && role == Role::Download && sight.is_specific();
    if file || path {
        Some(sight.finding(&FILE, TRANSFER, &FETCHED))
    } else if name {
        Some(sight.finding(&DOWNLOAD, TRANSFER, &VISITED))
    } else {
        None
    }
}
