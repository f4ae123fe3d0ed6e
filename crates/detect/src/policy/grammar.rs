//! What may stand in a policy file: `[[zone]]`, `[[allow]]`, `[[suppress]]`.

use std::sync::Arc;

use ipnet::IpNet;
use jiff::civil::Date;
use model::{ToolId, VlanId};
use toml::de::{DeTable, DeValue};

use super::hours::Hours;
use super::nearest::nearest;
use super::networks::{Zone, read_network};
use super::operator::OperatorPattern;
use super::page::{Page, Placed, kind, listed};
use super::rule::{Kind, Rule};

/// The tables that make up a policy.
pub(crate) const TABLES: [&str; 4] = ["zone", "allow", "suppress", "inbound"];

const ZONE_KEYS: [&str; 3] = ["name", "networks", "vlans"];
const RULE_KEYS: [&str; 8] =
    ["tool", "operators", "zones", "peers", "hours", "until", "owner", "reason"];

impl Page<'_> {
    /// Read `[inbound]`: whether a port of a tool, reached from outside, is an alert by itself.
    pub(crate) fn inbound(&mut self, root: &DeTable<'_>) -> Option<bool> {
        let value = root.get("inbound")?;
        let DeValue::Table(table) = value.get_ref() else {
            let fix = "begin it with a line `[inbound]`";
            self.complain(value.span().start, "`inbound` is no table".into(), fix);
            return None;
        };
        self.check_keys("`[inbound]`", table, &["ports"]);
        let (text, span) = self.string(table, "ports")?;
        match text {
            "alert" => Some(true),
            "note" => Some(false),
            _ => {
                let fix = "write \"alert\", or \"note\" to have them in observations only";
                self.complain(span.start, format!("`{text}` is nothing to do about ports"), fix);
                None
            }
        }
    }

    /// Read one `[[zone]]`; nothing when anything is wrong with it.
    pub(crate) fn zone(&mut self, (table, span): Placed<'_, &DeTable<'_>>) -> Option<Zone> {
        let before = self.complaints.len();
        self.check_keys("a zone", table, &ZONE_KEYS);
        if !table.contains_key("name") {
            self.complain(span.start, "a zone has no name".into(), "add `name = \"…\"`");
        }
        if !table.contains_key("networks") && !table.contains_key("vlans") {
            let fix = "add `networks = [\"10.20.0.0/16\"]` or `vlans = [20]`";
            self.complain(span.start, "a zone has neither networks nor vlans".into(), fix);
        }
        let name = self.string(table, "name").map(|(name, _)| name.into());
        let networks = self.networks(table, "networks");
        let vlans = self.vlans(table);
        let whole = self.complaints.len() == before;
        let (place, keys) = (self.place(span.start), self.keys(table));
        name.filter(|_| whole).map(|name| Zone { name, networks, vlans, place, keys })
    }

    /// Read one `[[allow]]` or `[[suppress]]`, the `number`th of its kind from 0; nothing when
    /// anything is wrong with it.
    pub(crate) fn rule(
        &mut self,
        kind: Kind,
        number: usize,
        (table, span): Placed<'_, &DeTable<'_>>,
        zones: &[Arc<str>],
    ) -> Option<Rule> {
        let before = self.complaints.len();
        let word = kind.word();
        self.check_keys(&format!("`{word}`"), table, &RULE_KEYS);
        self.check_subject(kind, table, span.start);
        let tool = self.string(table, "tool").and_then(|tool| self.tool(tool));
        let place = self.place(table.get("tool").map_or(span.start, |tool| tool.span().start));
        let subject = tool.as_ref().map_or("any tool", |tool| tool.as_str());
        let rule = Rule {
            kind,
            label: format!("{word}[{number}] {subject}").into(),
            place,
            keys: self.keys(table),
            operators: self.operators(table),
            zones: self.zone_names(table, zones),
            peers: self.networks(table, "peers"),
            hours: self.hours(table),
            until: self.until(table),
            owner: self.string(table, "owner").map(|(text, _)| text.into()),
            reason: self.string(table, "reason").map(|(text, _)| text.into()),
            tool,
        };
        (self.complaints.len() == before).then_some(rule)
    }

    /// A rule must say what it is about: a tool or operators.
    fn check_subject(&mut self, kind: Kind, table: &DeTable<'_>, offset: usize) {
        let has = |key| table.contains_key(key);
        if has("tool") || has("operators") {
            return;
        }
        let (why, fix) = match kind {
            Kind::Allow => (
                "`allow` names neither a tool nor operators",
                "add `tool = \"…\"`, or `operators` with a name of yours that looks like a lie",
            ),
            Kind::Suppress => (
                "`suppress` names neither a tool nor operators",
                "add `tool = \"…\"`, or `operators` with the name or address to keep quiet about",
            ),
        };
        self.complain(offset, why.into(), fix);
    }

    fn tool(&mut self, (text, span): Placed<'_, &str>) -> Option<ToolId> {
        let tool = ToolId::parse(text);
        if tool.is_none() {
            let fix = "tools are written in lower case, digits and hyphens, e.g. `acme-remote`";
            self.complain(span.start, format!("`{text}` is no tool's id"), fix);
        }
        tool
    }

    fn operators(&mut self, table: &DeTable<'_>) -> Vec<OperatorPattern> {
        let mut operators = Vec::new();
        for (text, span) in self.strings(table, "operators") {
            match OperatorPattern::parse(text) {
                Ok(pattern) => operators.push(pattern),
                Err((why, fix)) => self.complain(span.start, why, fix),
            }
        }
        operators
    }

    fn zone_names(&mut self, table: &DeTable<'_>, known: &[Arc<str>]) -> Vec<Arc<str>> {
        let mut zones = Vec::new();
        for (text, span) in self.strings(table, "zones") {
            if let Some(zone) = known.iter().find(|zone| &***zone == text) {
                zones.push(Arc::clone(zone));
                continue;
            }
            let names: Vec<&str> = known.iter().map(|zone| &**zone).collect();
            let fix = match nearest(text, names.iter().copied()) {
                Some(zone) => format!("did you mean `{zone}`?"),
                None if names.is_empty() => format!("add a `[[zone]]` with `name = {text:?}`"),
                None => format!("zones are {}", listed(&names)),
            };
            self.complain(span.start, format!("no zone is called `{text}`"), fix);
        }
        zones
    }

    fn networks(&mut self, table: &DeTable<'_>, key: &str) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for (text, span) in self.strings(table, key) {
            match read_network(text) {
                Ok(network) => networks.push(network),
                Err((why, fix)) => self.complain(span.start, why, fix),
            }
        }
        networks
    }

    fn vlans(&mut self, table: &DeTable<'_>) -> Vec<VlanId> {
        let mut vlans = Vec::new();
        for item in self.list(table, "vlans").unwrap_or_default() {
            let number = item
                .get_ref()
                .as_integer()
                .and_then(|number| u16::from_str_radix(number.as_str(), number.radix()).ok());
            // IEEE 802.1Q: 0 is no VLAN and 4095 is reserved.
            match number.filter(|number| (1..4095).contains(number)) {
                Some(number) => vlans.push(VlanId::from_tag(number)),
                None => {
                    let shown = self.text.get(item.span()).unwrap_or_default();
                    let why = format!("`{shown}` is no VLAN");
                    self.complain(item.span().start, why, "VLANs are numbers from 1 to 4094");
                }
            }
        }
        vlans
    }

    fn hours(&mut self, table: &DeTable<'_>) -> Option<Hours> {
        let placed = self.string(table, "hours")?;
        match Hours::parse(placed.0) {
            Ok(hours) => Some(hours),
            Err(wrong) => {
                let offset = self.within(&placed, wrong.offset);
                self.complain(offset, wrong.why, wrong.fix);
                None
            }
        }
    }

    fn until(&mut self, table: &DeTable<'_>) -> Option<Date> {
        let value = table.get("until")?;
        let fix = "write a date without quotes, e.g. `until = 2027-03-31`: the last day it holds";
        let DeValue::Datetime(moment) = value.get_ref() else {
            let why = format!("`until` is {}, no date", kind(value));
            self.complain(value.span().start, why, fix);
            return None;
        };
        let (Some(date), None, None) = (moment.date, moment.time, moment.offset) else {
            let why = "`until` has a time of day, or only that".into();
            self.complain(value.span().start, why, fix);
            return None;
        };
        let read = |(year, month, day)| Date::new(year, month, day).ok();
        let date = i16::try_from(date.year)
            .ok()
            .zip(i8::try_from(date.month).ok())
            .and_then(|(year, month)| read((year, month, i8::try_from(date.day).ok()?)));
        if date.is_none() {
            self.complain(value.span().start, "`until` is no day of the calendar".into(), fix);
        }
        date
    }
}
