//! What the book says of a name or an address, and every step of why.

use std::net::{IpAddr, SocketAddr};

use model::{DomainName, Endpoint, LureKind, Match, Meaning, SignSource, Specificity, Transport};

use crate::book::Book;
use crate::formats::{self, Subject};
use crate::labels::Refined;
use crate::naming;
use crate::rows::specificity_word;
use crate::sheet::shown;
use crate::weigh::{Hit, Weighed};

/// What an input is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A host name.
    Name(DomainName),
    /// An address.
    Address(IpAddr),
    /// An address and a port.
    End(Endpoint),
    /// Neither.
    Nothing,
}

/// How an input is classed by what the lists say of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tier {
    /// A list reports it.
    Indicator,
    /// It imitates a brand or a vendor.
    Imitation,
    /// It speaks like a help desk.
    Lure,
    /// It belongs to a remote-access tool.
    Rmm,
    /// Nothing that counts on its own.
    None,
}

impl Tier {
    /// The tier as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Tier::Indicator => "indicator",
            Tier::Imitation => "imitation",
            Tier::Lure => "lure",
            Tier::Rmm => "rmm",
            Tier::None => "none",
        }
    }
}

/// What the book says of an input, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The input as it came.
    pub input: String,
    /// What it was read as.
    pub asked: Asked,
    /// The name that someone registered, for names.
    pub registrable: Option<String>,
    /// What was found; for a name, as if a question for it had been seen.
    pub matches: Vec<Match>,
    /// How it is classed.
    pub tier: Tier,
    /// Every step, in order, for people.
    pub steps: Vec<String>,
}

/// Rows named in an explanation; a name has few.
const ROWS_SHOWN_MAX: usize = 12;

impl Book {
    /// What the book says of a name (Unicode, punycode, a URL, defanged), an address, or an
    /// address and a port.
    #[must_use]
    pub fn explain(&self, input: &str) -> Explanation {
        let mut steps = Vec::new();
        let mut matches = Vec::new();
        let asked = read(input, &mut steps);
        let mut registrable = None;
        match &asked {
            Asked::Name(name) => {
                registrable = naming::registrable(name.as_str()).map(str::to_owned);
                self.explain_name(name, &mut steps);
                self.look_up_name(Some(name), SignSource::DnsQuestion, &mut matches);
            }
            Asked::Address(ip) => {
                self.explain_address(*ip, &mut steps);
                self.look_up_address(*ip, &mut matches);
            }
            Asked::End(end) => {
                self.explain_address(end.ip, &mut steps);
                self.look_up_address(end.ip, &mut matches);
                self.explain_port(end.port, &mut steps);
                self.look_up_port(Transport::Tcp, end.port, &mut matches);
                self.look_up_port(Transport::Udp, end.port, &mut matches);
            }
            Asked::Nothing => {}
        }
        let tier = tier(&matches);
        for found in &matches {
            steps.push(told(found));
        }
        if matches.is_empty() && asked != Asked::Nothing {
            steps.push("result: no list says anything of it".to_owned());
        }
        Explanation { input: input.to_owned(), asked, registrable, matches, tier, steps }
    }

    fn explain_name(&self, name: &DomainName, steps: &mut Vec<String>) {
        let name = name.as_str();
        match (naming::registrable(name), psl::suffix_str(name)) {
            (Some(domain), Some(suffix)) => {
                steps.push(format!("registered name: {domain}, under the public suffix {suffix}"));
            }
            _ => steps.push("registered name: none, it is a public suffix itself".to_owned()),
        }
        let all = self.weigh(name);
        self.explain_rows(name, &all, steps);
        if self.brands() == 0 {
            // Nothing to compare the name with.
        } else if all.knows(name) {
            steps.push("look-alikes: not asked, the catalogue says whose the name is".to_owned());
        } else {
            self.lookalikes.explain(name, steps);
        }
        if let Some((held, group)) = all.gate {
            let group = self.gate.group_name(group);
            steps
                .push(format!("gate: {held} is held ({group}): wider entries do not speak for it"));
        }
        if self.feeds.is_empty() {
            steps.push("feeds: none is loaded".to_owned());
            return;
        }
        let won = self.winners_listed(&all);
        for (number, feed) in (0u16..).zip(&self.feeds) {
            let hit = won.iter().find(|hit| {
                self.indicator(hit.number).is_some_and(|(entry, _)| entry.feed == number)
            });
            match hit {
                Some(hit) => steps.push(self.told_listed(&feed.id, hit, &all)),
                None => steps.push(format!("feed {} ({}): no entry", feed.id, feed.version)),
            }
        }
    }

    fn told_listed(&self, id: &str, hit: &Hit<'_>, all: &Weighed<'_>) -> String {
        let mut said = format!("feed {id}: lists {}", hit.text);
        if let Some(group) = self.gate_of(hit).or_else(|| all.gate_between(hit)) {
            let group = self.gate.group_name(group);
            said.push_str(&format!("; gated ({group}): it never alerts alone"));
        }
        said
    }

    fn explain_rows(&self, name: &str, all: &Weighed<'_>, steps: &mut Vec<String>) {
        let count: usize = self.tools.iter().map(|tool| tool.rows.len()).sum();
        let tools = self.tools.len();
        steps.push(format!(
            "catalogue: {count} rows of {tools} tools, {} fit the name",
            all.rows.len()
        ));
        let won = self.winners(all);
        for hit in all.rows.iter().take(ROWS_SHOWN_MAX) {
            let Some((tool, row, _)) = self.row(hit.number) else { continue };
            let wins = won.iter().any(|winner| winner.number == hit.number);
            let verdict = if wins { "wins".to_owned() } else { self.lost(hit, &won) };
            steps.push(format!(
                "row: {} {} of {} (role {}, {}, {} read {}): {verdict}",
                row.kind.word(),
                row.value,
                tool.id,
                row.role.word(),
                specificity_word(row.specificity),
                row.source,
                row.checked,
            ));
            if !wins {
                continue;
            }
            if let Some(group) = &row.gated {
                steps.push(format!("gate: {} is held ({group}): generic", row.value));
            }
            let (role, why) = self.labels.refine(name, row.kind, &row.value, row.role);
            let became = format!("role: {} becomes {}", row.role.word(), role.word());
            match why {
                Some(Refined::Apex) => steps.push(format!("{became}: the registered name itself")),
                Some(Refined::Label(label)) => steps.push(format!("{became}: the label {label}")),
                None => {}
            }
        }
        if let Some(more) = all.rows.len().checked_sub(ROWS_SHOWN_MAX).filter(|more| *more > 0) {
            steps.push(format!("row: {more} more fit and are not shown"));
        }
    }

    /// Why a row did not win.
    fn lost(&self, hit: &Hit<'_>, won: &[Hit<'_>]) -> String {
        let Some(winner) = won.first() else { return "loses".to_owned() };
        if hit.closeness != winner.closeness {
            return "loses: an exact name is closer than a pattern, a pattern than a suffix".into();
        }
        if hit.len != winner.len {
            return "loses: the longer one is closer".to_owned();
        }
        let tool = |hit: &Hit<'_>| self.row(hit.number).map(|(tool, ..)| tool.id.clone());
        if won.iter().any(|winner| tool(winner) == tool(hit)) {
            return "loses: the same tool says it with a stated role or more specifically".into();
        }
        "left out: too many tools share the name".to_owned()
    }

    fn explain_address(&self, ip: IpAddr, steps: &mut Vec<String>) {
        let network = ipnet::IpNet::from(ip.to_canonical());
        if let Some(group) = self.gate.holds_network(&network) {
            let group = self.gate.group_name(group);
            steps.push(format!("gate: the address is held ({group}): it never alerts alone"));
        }
        let (mut rows, mut listed) = (0usize, 0usize);
        self.networks.walk(ip, &mut |_, owner| match owner {
            crate::networks::Owner::Row(_) => rows = rows.saturating_add(1),
            crate::networks::Owner::Listed(_) => listed = listed.saturating_add(1),
        });
        steps.push(format!("networks: {rows} of the catalogue hold the address"));
        let feeds: Vec<&str> = self.feeds.iter().map(|feed| &*feed.id).collect();
        steps.push(if feeds.is_empty() {
            "feeds: none is loaded".to_owned()
        } else {
            format!("feeds: {listed} entries hold it, of {}", feeds.join(", "))
        });
    }

    fn explain_port(&self, port: u16, steps: &mut Vec<String>) {
        let mut count = 0usize;
        for transport in [Transport::Tcp, Transport::Udp] {
            self.ports.walk(transport, port, &mut |_| count = count.saturating_add(1));
        }
        steps.push(format!("port: {port} is a hint at {count} tools; a port never alerts alone"));
    }
}

fn read(input: &str, steps: &mut Vec<String>) -> Asked {
    let text = input.trim();
    if let Ok(end) = text.parse::<SocketAddr>() {
        steps.push(format!("read as: the address {} and port {}", end.ip(), end.port()));
        return Asked::End(Endpoint::new(end.ip(), end.port()));
    }
    let name = match formats::subject(text) {
        Ok(Subject::Network(network)) if network.prefix_len() == network.max_prefix_len() => {
            steps.push(format!("read as: the address {}", network.addr()));
            return Asked::Address(network.addr());
        }
        Ok(Subject::Network(network)) => {
            steps.push(format!("read as: the network {network}; its first address is looked up"));
            return Asked::Address(network.addr());
        }
        Ok(Subject::Name(name)) => DomainName::from_text(name.as_bytes()).ok(),
        // What the wire shows need not be a valid name; odd ones are looked up as they are.
        _ if !text.contains([' ', '/', '\t']) => {
            let text = naming::ascii(text).unwrap_or(std::borrow::Cow::Borrowed(text));
            DomainName::from_text(text.as_bytes()).ok()
        }
        _ => None,
    };
    match name {
        Some(name) => {
            if name.as_str() == input {
                steps.push(format!("read as: the name {name}"));
            } else {
                steps.push(format!("read as: the name {name}, from `{}`", shown(input)));
            }
            Asked::Name(name)
        }
        None => {
            steps.push(format!("`{}` is no name and no address", shown(input)));
            Asked::Nothing
        }
    }
}

fn tier(matches: &[Match]) -> Tier {
    let counts = |found: &&Match| {
        found.specificity != Specificity::Generic && found.source != SignSource::Port
    };
    matches
        .iter()
        .filter(counts)
        .map(|found| match &found.meaning {
            Meaning::Lure(lure) => match lure.kind {
                LureKind::Imitation => Tier::Imitation,
                LureKind::Lure => Tier::Lure,
            },
            Meaning::Indicator { .. } => Tier::Indicator,
            Meaning::Tool { .. } => Tier::Rmm,
        })
        .min()
        .unwrap_or(Tier::None)
}

/// A match as a sentence.
fn told(found: &Match) -> String {
    let Match { pattern, list, list_version, specificity, confidence_pct, .. } = found;
    let how = format!("{}, {confidence_pct} % sure", specificity_word(*specificity));
    match &found.meaning {
        Meaning::Tool { name, role, .. } => format!(
            "result: {name}, role {}, by {pattern} of the {list} ({list_version}; {how})",
            role.word()
        ),
        Meaning::Lure(lure) => format!(
            "result: {}, by {}, score {}",
            match &lure.brand {
                Some((_, name)) => format!("it imitates {name}"),
                None => "it speaks like a help desk".to_owned(),
            },
            lure.method,
            lure.score
        ),
        Meaning::Indicator { description, .. } => {
            format!("result: {description}, by {pattern} of {list} ({list_version}; {how})")
        }
    }
}
