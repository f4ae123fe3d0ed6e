//! What the book says of an observation: every sign in it.

mod content;
mod listed;

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use model::{
    DomainName, Endpoint, Fact, LureKind, Match, Meaning, Observation, Operator, Protocol,
    RecordData, RecordType, Role, SignSource, Specificity, Transport,
};
use regex::bytes::Regex;

use self::content::taken_from;
use crate::book::{Book, Indicator, confidence, meaning_tool, operator_of};
use crate::catalogue::Tenant;
use crate::index::RowNumber;
use crate::limits::{FEEDS_PER_NAME_MAX, MATCHES_MAX};
use crate::met;
use crate::networks::Owner;
use crate::rows::{Row, Tool};
use crate::weigh::Weighed;

impl Book {
    /// Every sign in an observation. `out` is emptied first; at most
    /// [`MATCHES_MAX`](crate::limits::MATCHES_MAX) matches go into it.
    ///
    /// `lent` is what the client last resolved the server's address from, for flows without a
    /// name of their own.
    pub fn look_up(&self, seen: &Observation, lent: Option<&DomainName>, out: &mut Vec<Match>) {
        out.clear();
        match &seen.fact {
            Fact::FlowOpen => {
                self.look_up_name(lent, SignSource::DnsAnswer, out);
                self.look_up_end(seen.flow.server, seen.flow.transport, out);
            }
            Fact::FlowClose(_) | Fact::HostHint(_) => {}
            Fact::DnsQuery(query) if query.protocol == Protocol::Dns => {
                self.look_up_name(query.question.name.as_ref(), SignSource::DnsQuestion, out);
            }
            Fact::DnsQuery(_) => {}
            Fact::DnsAnswer(answer) if answer.protocol == Protocol::Dns => {
                let asked = answer.question.as_ref().and_then(|question| question.name.as_ref());
                self.look_up_name(asked, SignSource::DnsQuestion, out);
                let aliases = answer.records.iter().filter(|r| r.kind == RecordType::CNAME);
                for record in aliases {
                    if let RecordData::Name(target) = &record.data {
                        self.look_up_name(target.as_ref(), SignSource::DnsQuestion, out);
                    }
                }
            }
            Fact::DnsAnswer(_) => {}
            Fact::TlsHello(hello) => self.look_up_hello(hello, lent, out),
            Fact::TlsCertificate(certificate) => self.look_up_certificate(certificate, out),
            Fact::HttpRequest(request) => self.look_up_request(request, out),
            Fact::FileDownload(download) => self.look_up_download(download, out),
            Fact::Remote(remote) => self.look_up_remote(remote, out),
            Fact::Opening(opening) => self.look_up_opening(seen.flow.transport, opening, out),
        }
        out.truncate(MATCHES_MAX);
    }

    /// The signs in a name.
    pub(crate) fn look_up_name(
        &self,
        name: Option<&DomainName>,
        source: SignSource,
        out: &mut Vec<Match>,
    ) {
        let Some(name) = name.map(DomainName::as_str) else { return };
        let place = self.met.place(name);
        let mut known = place.known();
        let mut all = Weighed::default();
        if known & met::UNLISTED == 0 {
            all = self.weigh(name);
            if all.is_empty() {
                known |= met::UNLISTED;
                place.note(known);
            } else {
                self.give_name(name, source, &all, out);
            }
        }
        if known & met::QUIET == 0 {
            self.give_lure(name, source, &all, out);
        }
    }

    /// What the name pretends. A name that the catalogue knows is what it says.
    fn give_lure(&self, name: &str, source: SignSource, all: &Weighed<'_>, out: &mut Vec<Match>) {
        if all.knows(name) {
            return;
        }
        let Some(mut lure) = self.look_alike(name) else { return };
        lure.steps.push(self.lists_asked(all));
        let list = match lure.kind {
            LureKind::Imitation => "brands",
            LureKind::Lure => "lures",
        };
        push(
            out,
            Match {
                source,
                value: name.into(),
                pattern: Arc::clone(&lure.registrable),
                list: list.into(),
                list_version: self.lookalikes.version(&lure),
                specificity: Specificity::Specific,
                confidence_pct: lure.score,
                version: None,
                meaning: Meaning::Lure(Arc::new(lure)),
            },
        );
    }

    /// The last step of a judgement: which lists were asked, and which have the name.
    fn lists_asked(&self, all: &Weighed<'_>) -> String {
        let won = self.winners_listed(all);
        let feeds = won.iter().filter_map(|hit| self.indicator(hit.number));
        let have = feeds.map(|(_, feed)| &*feed.id).collect::<Vec<_>>().join(", ");
        let feeds = self.feeds.len();
        match have.is_empty() {
            true => format!("lists: the catalogue and {feeds} feeds, none has it"),
            false => format!("lists: the catalogue and {feeds} feeds, listed by {have}"),
        }
    }

    fn give_name(&self, name: &str, source: SignSource, all: &Weighed<'_>, out: &mut Vec<Match>) {
        let value: Arc<str> = name.into();
        for hit in self.winners(all) {
            let Some((tool, row, tenant)) = self.row(hit.number) else { continue };
            let (role, _) = self.labels.refine(name, row.kind, &row.value, row.role);
            let operator = tenant_of(name, tenant, role);
            let specificity = match all.gate_between(&hit) {
                Some(_) => Specificity::Generic,
                None => row.specificity,
            };
            let meaning = meaning_tool(tool, role, operator);
            push(out, self.tool_match(source, &value, tool, row, specificity, meaning));
        }
        for hit in self.winners_listed(all) {
            let gated = all.gate_between(&hit).or_else(|| self.gate_of(&hit)).is_some();
            let number = hit.number;
            if let Some(found) = self.listed_match(source, &value, hit.text.into(), number, gated) {
                push(out, found);
            }
        }
    }

    fn tool_match(
        &self,
        source: SignSource,
        value: &Arc<str>,
        tool: &Tool,
        row: &Row,
        specificity: Specificity,
        meaning: Meaning,
    ) -> Match {
        Match {
            source,
            value: Arc::clone(value),
            pattern: Arc::clone(&row.value),
            list: Arc::clone(&self.catalogue_list),
            list_version: Arc::clone(&tool.version),
            specificity,
            confidence_pct: confidence(specificity),
            version: None,
            meaning,
        }
    }

    fn listed_match(
        &self,
        source: SignSource,
        value: &Arc<str>,
        pattern: Arc<str>,
        number: u32,
        gated: bool,
    ) -> Option<Match> {
        let (indicator, feed) = self.indicator(number)?;
        let (meaning, confidence_pct) = self.meaning_listed(&indicator, feed);
        let specificity = match source {
            _ if gated => Specificity::Generic,
            SignSource::HttpUrl => Specificity::Specific,
            // One page was reported, and this may be another.
            _ if indicator.has(Indicator::PAGE) => Specificity::Shared,
            // Every program of that library says such a hello; anyone can name a file so.
            SignSource::TlsJa3 | SignSource::TlsJa4 | SignSource::HttpFile => Specificity::Shared,
            _ => Specificity::Specific,
        };
        Some(Match {
            source,
            value: Arc::clone(value),
            pattern,
            list: Arc::clone(&feed.id),
            list_version: Arc::clone(&feed.version),
            specificity,
            confidence_pct,
            version: None,
            meaning,
        })
    }

    /// A sign that is no name: its row means what it says.
    fn give_row(&self, number: RowNumber, source: SignSource, value: &str, out: &mut Vec<Match>) {
        self.give_seen(number, source, value, value.as_bytes(), out);
    }

    /// The same where more was seen than is shown: the row's version and tenant are taken from it.
    fn give_seen(
        &self,
        number: RowNumber,
        source: SignSource,
        value: &str,
        seen: &[u8],
        out: &mut Vec<Match>,
    ) {
        let Some((tool, row, _)) = self.row(number) else { return };
        let taken = self.taken.get(&number);
        let take = |regex: Option<&Regex>| regex.and_then(|regex| taken_from(regex, seen));
        let operator = match take(taken.and_then(|taken| taken.operator.as_ref())) {
            Some(host) => Operator::Named(host.to_ascii_lowercase().into()),
            None => operator_of(tool),
        };
        let meaning = meaning_tool(tool, row.role, operator);
        let mut found = self.tool_match(source, &value.into(), tool, row, row.specificity, meaning);
        found.version = take(taken.and_then(|taken| taken.version.as_ref())).map(Arc::from);
        push(out, found);
    }

    /// The signs in a server's address and port.
    pub(crate) fn look_up_end(&self, server: Endpoint, transport: Transport, out: &mut Vec<Match>) {
        self.look_up_address(server.ip, out);
        self.look_up_port(transport, server.port, out);
    }

    /// The signs in an address: of the catalogue the narrowest networks, of each feed its
    /// narrowest.
    pub(crate) fn look_up_address(&self, ip: IpAddr, out: &mut Vec<Match>) {
        let mut rows: Vec<(u8, RowNumber)> = Vec::new();
        let mut listed: Vec<(u16, bool, u8, u32)> = Vec::new();
        let address = ip.to_canonical();
        let network = |len| IpNet::new(address, len).ok().map(|network| network.trunc());
        let held = |len| network(len).and_then(|network| self.gate.holds_network(&network));
        self.networks.walk(ip, &mut |len, owner| match owner {
            Owner::Row(row) => rows.push((len, row)),
            Owner::Listed(number) => {
                let Some((entry, _)) = self.indicator(number) else { return };
                let page = entry.has(Indicator::PAGE);
                // A page counts; its host, where it is everyone's, is no hint at it.
                if !page || held(len).is_none() {
                    listed.push((entry.feed, page, len, number));
                }
            }
        });
        if rows.is_empty() && listed.is_empty() {
            return;
        }
        let value = address.to_string();
        let narrowest = rows.first().map(|(len, _)| *len);
        rows.retain(|(len, _)| Some(*len) == narrowest);
        rows.sort_unstable();
        for (_, row) in rows {
            self.give_row(row, SignSource::Address, &value, out);
        }
        let value: Arc<str> = value.into();
        // Narrowest first within a feed, since the walk gave them so; pages last.
        listed.sort_by_key(|(feed, page, ..)| (*feed, *page));
        listed.dedup_by_key(|(feed, ..)| *feed);
        for (_, page, len, number) in listed.into_iter().take(FEEDS_PER_NAME_MAX) {
            let text = network(len).map_or_else(|| value.to_string(), |net| shown_network(&net));
            let gated = !page && held(len).is_some();
            let source = SignSource::Address;
            if let Some(found) = self.listed_match(source, &value, text.into(), number, gated) {
                push(out, found);
            }
        }
    }

    /// The hints in a server's port.
    pub(crate) fn look_up_port(&self, transport: Transport, port: u16, out: &mut Vec<Match>) {
        self.ports.walk(transport, port, &mut |row| {
            let value = match transport {
                Transport::Tcp => format!("tcp/{port}"),
                Transport::Udp => format!("udp/{port}"),
            };
            self.give_row(row, SignSource::Port, &value, out);
        });
    }
}

/// Who runs the server of that name.
fn tenant_of(name: &str, tenant: Tenant, role: Role) -> Operator {
    match (tenant, role) {
        // The front page is the vendor's.
        (_, Role::Website) | (Tenant::Vendor, _) => Operator::Vendor,
        (Tenant::Host, _) => Operator::Named(name.into()),
        (Tenant::Label, _) => Operator::Named(name.split('.').next().unwrap_or(name).into()),
    }
}

/// A network as lists write it: one address without its prefix length.
fn shown_network(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        return network.addr().to_string();
    }
    network.to_string()
}

fn push(out: &mut Vec<Match>, found: Match) {
    // A CNAME chain comes back to names that it had.
    if out.len() < MATCHES_MAX && !out.contains(&found) {
        out.push(found);
    }
}
