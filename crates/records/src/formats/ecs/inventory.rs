//! The record of a row of the inventory, and what an observation adds to one.

use std::net::IpAddr;

use crate::json::{self, Json, Page, fields};
use model::{AlertId, Usage, UsageId, UseShown};

use super::SCHEMA_VERSION;
use super::chain::Called;
use super::envelope::{Ecs, Event, Id, Observer, Policy, class};
use crate::stamp::Stamp;

struct Line<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    observer: Observer<'a>,
    related: Related<'a>,
    rmm: Rmm<'a>,
}

fields!(Line<'_>: at as "@timestamp", ecs, event, observer, related, rmm);

struct Related<'a> {
    ip: [IpAddr; 1],
    hosts: Option<[&'a str; 1]>,
}

fields!(Related<'_>: ip, ?hosts);

/// `rmm` of a row.
struct Rmm<'a> {
    schema: u32,
    host: IpAddr,
    identity: Option<Called<'a>>,
    tool: &'a str,
    operator: Option<&'a str>,
    authorised: bool,
    policy: Policy<'a>,
    inventory: Counts<'a>,
}

fields!(Rmm<'_>: schema, host, ?identity, tool, ?operator, authorised, policy, inventory);

/// `rmm.inventory`.
struct Counts<'a> {
    name: &'a str,
    inbound: bool,
    new: Option<bool>,
    signs: u64,
    sessions: u64,
    bytes_sent: u64,
    bytes_received: u64,
}

fields!(Counts<'_>: name, inbound, ?new, signs, sessions, bytes_sent, bytes_received);

pub(super) fn write(row: UsageId, usage: &Usage, observer: Observer<'_>, out: &mut Vec<u8>) {
    let line = Line {
        // Nothing is newer in it, and the row's next record is no older.
        at: Stamp(usage.last),
        ecs: Ecs::HERE,
        event: Event {
            id: Id(AlertId(row.0)),
            start: Some(Stamp(usage.first)),
            end: Some(Stamp(usage.last)),
            ..Event::new(class!("asset"["host"]["info"], "inventory"))
        },
        observer,
        related: Related {
            ip: [usage.host],
            hosts: usage.identity.name.as_deref().map(|name| [name]),
        },
        rmm: Rmm {
            schema: SCHEMA_VERSION,
            host: usage.host,
            identity: Called::new(&usage.identity),
            tool: usage.tool.0.as_str(),
            operator: usage.operator.as_deref(),
            authorised: usage.authorised,
            policy: Policy { zone: usage.zone.as_deref(), rule: Some(&usage.rule) },
            inventory: Counts {
                name: &usage.tool.1,
                inbound: usage.inbound,
                new: usage.new,
                signs: usage.signs,
                sessions: usage.sessions,
                bytes_sent: usage.bytes_sent,
                bytes_received: usage.bytes_received,
            },
        },
    };
    super::line(&line, out);
}

/// `rmm.uses`: what an observation adds to rows of the inventory.
pub(super) struct Uses<'a>(pub(super) &'a [UseShown]);

impl Json for Uses<'_> {
    fn json(&self, out: &mut Page) {
        struct Row<'a> {
            id: Id,
            joined: Option<Id>,
            tool: &'a str,
            name: &'a str,
            operator: Option<&'a str>,
            authorised: bool,
            rule: &'a str,
            new: Option<bool>,
            signs: u64,
        }

        fields!(Row<'_>: id, ?joined, tool, name, ?operator, authorised, rule, ?new, signs);
        json::array(
            out,
            self.0.iter().map(|shown| Row {
                id: Id(AlertId(shown.row.0)),
                joined: shown.joined.map(|row| Id(AlertId(row.0))),
                tool: shown.tool.0.as_str(),
                name: &shown.tool.1,
                operator: shown.operator.as_deref(),
                authorised: shown.authorised,
                rule: &shown.rule,
                new: shown.new,
                signs: shown.signs,
            }),
        );
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        self.0.is_empty()
    }
}
