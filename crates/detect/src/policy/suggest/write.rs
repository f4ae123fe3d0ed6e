//! A suggested policy as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipnet::IpNet;
use jiff::{ToSpan as _, civil::Date};
use model::Timestamp;

use super::super::Policy;
use super::super::hours::local_time;
use super::super::lint::NOBODY_YET;
use super::super::rule::{Kind, Rule};
use super::gather::{Gathered, pattern};
use super::places::Places;
use super::{Group, SuggestOptions};

/// Days after the last use for which a learned rule holds: the review that a year brings.
const HOLDS_DAYS: i64 = 365;
/// The name of the zone of all that is inside and in no other zone.
const ELSEWHERE: &str = "elsewhere";

pub(super) struct Writer<'a> {
    options: &'a SuggestOptions,
    text: String,
    has_doubts: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(options: &'a SuggestOptions) -> Writer<'a> {
        Writer { options, text: String::new(), has_doubts: false }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, text: &str) {
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                c if c.is_control() => plain.push(' '),
                c if turns_lines(c) => plain.extend(c.escape_unicode()),
                c => plain.push(c),
            }
        }
        self.line(format!("# {plain}").trim_end());
    }

    fn day(&self, at: Timestamp) -> Date {
        local_time(at, &self.options.zone).date()
    }

    /// What the policy was learned from, and what to do with it.
    pub(super) fn head(&mut self, gathered: &Gathered<'_>) {
        self.comment("A starting policy, learned from what was used. Nobody has agreed to it yet.");
        self.comment(
            "Of each rule ask: is it wanted, whose is it, for how long? Then name its owner.",
        );
        let first = gathered.groups.iter().map(|(group, _)| group.first).min();
        let last = gathered.groups.iter().map(|(group, _)| group.last).max();
        if let (Some(first), Some(last)) = (first, last) {
            let (first, last) = (self.day(first), self.day(last));
            let (usages, zone) = (gathered.usages, &self.options.zone_name);
            self.comment(&format!("Rows of uses: {usages}, from {first} to {last} ({zone})."));
        } else {
            self.comment("Nothing was used that it does not allow.");
        }
        if gathered.allowed > 0 {
            let allowed = gathered.allowed;
            self.comment(&format!("Allowed already, by the rules below: {allowed} of the rows."));
        }
        if gathered.left_out > 0 {
            let left_out = gathered.left_out;
            self.comment(&format!("Left out, with fewer hosts: {left_out} tools and operators."));
        }
    }

    /// Zones, and what is to be said of ports.
    pub(super) fn own_zones(&mut self, policy: &Policy) {
        if policy.ports_alert() {
            self.line("");
            self.line("[inbound]");
            self.line("ports = \"alert\"");
        }
        for zone in policy.zones.iter() {
            self.line("");
            self.line("[[zone]]");
            self.line(&format!("name = {}", quoted(&zone.name)));
            if !zone.networks.is_empty() {
                self.line(&format!("networks = {}", list(&zone.networks)));
            }
            if !zone.vlans.is_empty() {
                let vlans: Vec<String> =
                    zone.vlans.iter().map(|vlan| vlan.get().to_string()).collect();
                self.line(&format!("vlans = [{}]", vlans.join(", ")));
            }
        }
    }

    pub(super) fn new_zones(&mut self, places: &Places) {
        if places.scattered {
            self.line("");
            self.comment("The hosts are scattered over so many networks that no zones are named.");
        }
        if !places.new.is_empty() {
            self.line("");
            self.comment(
                "Networks of users. Give them names that mean something, join those that belong",
            );
            self.comment("together, and list all of your networks: inside is what the zones hold.");
        }
        self.networks(&places.new, "");
        if !places.inside.is_empty() {
            self.line("");
            self.comment(
                "What is inside as long as no zone names a network, so that it stays inside.",
            );
            self.line("[[zone]]");
            self.line(&format!("name = {}", quoted(ELSEWHERE)));
            self.line(&format!("networks = {}", list(&places.inside)));
        }
    }

    /// Zones of one network each; behind `sign`.
    fn networks(&mut self, zones: &BTreeMap<String, IpNet>, sign: &str) {
        for (name, network) in zones {
            self.line("");
            self.line(&format!("{sign}[[zone]]"));
            self.line(&format!("{sign}name = {}", quoted(name)));
            self.line(&format!("{sign}networks = {}", list(&[network])));
        }
    }

    pub(super) fn own_rules(&mut self, policy: &Policy) {
        for rule in &policy.rules {
            self.own_rule(rule);
        }
    }

    fn own_rule(&mut self, rule: &Rule) {
        self.line("");
        self.line(match rule.kind {
            Kind::Allow => "[[allow]]",
            Kind::Suppress => "[[suppress]]",
        });
        let texts = |words: &[std::sync::Arc<str>]| list(words);
        let keys = [
            ("tool", rule.tool.as_ref().map(|tool| quoted(tool.as_str()))),
            ("operators", some(&rule.operators).map(list)),
            ("zones", some(&rule.zones).map(texts)),
            ("peers", some(&rule.peers).map(list)),
            ("hours", rule.hours.as_ref().map(|hours| quoted(&hours.text))),
            ("until", rule.until.map(|until| until.to_string())),
            ("owner", rule.owner.as_deref().map(quoted)),
            ("reason", rule.reason.as_deref().map(quoted)),
        ];
        for (key, value) in keys {
            if let Some(value) = value {
                self.line(&format!("{key} = {value}"));
            }
        }
    }

    /// A rule for a group; as a comment where something speaks against it.
    pub(super) fn rule(&mut self, group: &Group<'_>, doubts: &[String], places: &Places) {
        if !doubts.is_empty() && !self.has_doubts {
            self.has_doubts = true;
            self.line("");
            self.comment(
                "What follows has something against it. Take the signs away from what is wanted.",
            );
            self.networks(&places.doubted, "# ");
        }
        self.line("");
        let operator = group.operator.map_or("a tenant that does not show", |name| name);
        self.comment(&format!("{}, {operator}: {}", group.tool_name, self.evidence(group)));
        for doubt in doubts {
            self.comment(&format!("Not written as a rule: {doubt}."));
        }
        // Without its operator the rule would be one for everybody's.
        if pattern(group).is_none() {
            return;
        }
        let sign = if doubts.is_empty() { "" } else { "# " };
        for line in self.lines_of(group, places) {
            // No value holds a line's end.
            self.line(&format!("{sign}{line}"));
        }
    }

    fn lines_of(&self, group: &Group<'_>, places: &Places) -> Vec<String> {
        let mut lines = vec!["[[allow]]".to_owned()];
        let mut push = |key: &str, value: String| lines.push(format!("{key} = {value}"));
        push("tool", quoted(group.tool.as_str()));
        if let Some(pattern) = pattern(group) {
            push("operators", list(&[pattern]));
        }
        let zones: Vec<&str> = places.zones(group).into_iter().collect();
        if !zones.is_empty() {
            push("zones", list(&zones));
        }
        if let Some(hours) = &group.hours {
            push("hours", quoted(hours));
        }
        let last = self.day(group.last);
        push("until", last.checked_add(HOLDS_DAYS.days()).unwrap_or(last).to_string());
        push("owner", quoted(NOBODY_YET));
        push("reason", quoted(&format!("learned: {}", self.evidence(group))));
        lines
    }

    /// `14 hosts, 220 sessions, 2026-11-01 to 2026-11-30`
    fn evidence(&self, group: &Group<'_>) -> String {
        let some = |count: u64, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let hosts = u64::try_from(group.hosts.len()).unwrap_or(u64::MAX);
        let mut text = some(hosts, "host");
        if hosts == 1 {
            let _ = write!(
                text,
                " ({})",
                group.hosts.keys().next().map_or(String::new(), ToString::to_string)
            );
        }
        let _ =
            write!(text, ", {}, {}", some(group.sessions, "session"), some(group.signs, "sign"));
        let (first, last) = (self.day(group.first), self.day(group.last));
        let _ = match first == last {
            true => write!(text, ", on {first}"),
            false => write!(text, ", {first} to {last}"),
        };
        text
    }
}

/// Whether the character makes a line read as another than it is: marks of direction, line ends
/// that are no control characters, and what has no width.
fn turns_lines(c: char) -> bool {
    matches!(u32::from(c),
        0x061C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xE0000..=0xE0FFF)
}

fn some<T>(items: &[T]) -> Option<&[T]> {
    Some(items).filter(|items| !items.is_empty())
}

fn list(items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// A basic string (TOML 1.0, String).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
