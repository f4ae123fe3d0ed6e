//! Signs in what passes: hellos, certificates, requests, downloads, first octets.

use std::sync::Arc;

use model::{
    Carrier, DomainName, FileDownload, HttpRequest, Match, Meaning, Opening, RemoteProtocol, Side,
    SignSource, TlsCertificate, TlsHello, Transport,
};
use regex::bytes::Regex;

use super::push;
use crate::book::{Book, ProtocolSign};
use crate::catalogue::protocol_word;
use crate::index;
use crate::limits::{CERTIFICATE_NAMES_JUDGED_MAX, CERTIFICATE_NAMES_MAX, TAKEN_LEN_MAX};
use crate::naming;

impl Book {
    pub(super) fn look_up_hello(
        &self,
        hello: &TlsHello,
        lent: Option<&DomainName>,
        out: &mut Vec<Match>,
    ) {
        let source = match hello.carrier {
            Carrier::Tls | Carrier::Dtls => SignSource::TlsSni,
            Carrier::Quic(_) => SignSource::QuicSni,
        };
        match &hello.server_name {
            Some(name) => self.look_up_name(Some(name), source, out),
            None => self.look_up_name(lent, SignSource::DnsAnswer, out),
        }
        for (prefix, row) in &self.alpns {
            if let Some(offered) = hello.alpn.iter().find(|offered| offered.starts_with(prefix)) {
                let value = offered.escape_ascii().to_string();
                self.give_seen(*row, SignSource::TlsAlpn, &value, offered, out);
            }
        }
        self.look_up_prints(hello, out);
    }

    /// A certificate speaks for all of its names at once, so it does not tell which of them is
    /// meant: of each tool the name with the weakest role counts. A wildcard counts as the name
    /// that it stands below.
    pub(super) fn look_up_certificate(&self, certificate: &TlsCertificate, out: &mut Vec<Match>) {
        self.certificates.walk(certificate, &mut |attribute, row| {
            self.give_row(row, SignSource::TlsCertificate, attribute, out);
        });
        self.look_up_fingerprints(certificate, out);
        let signs = out.len();
        let common = common_name(certificate);
        let names = certificate.names.iter().chain(common.as_ref()).take(CERTIFICATE_NAMES_MAX);
        let mut found = Vec::new();
        for name in names {
            let plain = name.as_str().strip_prefix("*.").unwrap_or(name.as_str());
            let all = self.weigh(plain);
            if all.rows.is_empty() && all.listed.is_empty() {
                continue;
            }
            self.give_name(plain, SignSource::TlsCertificate, &all, &mut found);
            for one in found.drain(..) {
                merge(out, signs, one);
            }
        }
        self.look_up_pretence(certificate, common.as_ref(), out);
    }

    /// The worst lie among a certificate's names, where all of them are below one registered name:
    /// one of a content network has names of many, and does not tell which is meant.
    fn look_up_pretence(
        &self,
        certificate: &TlsCertificate,
        common: Option<&DomainName>,
        out: &mut Vec<Match>,
    ) {
        if certificate.side != Side::Server {
            return;
        }
        let names = certificate.names.iter().chain(common).take(CERTIFICATE_NAMES_MAX);
        let plain = names.map(|name| name.as_str().strip_prefix("*.").unwrap_or(name.as_str()));
        let mut names: Vec<&str> =
            plain.filter(|name| naming::registrable(name).is_some()).collect();
        names.dedup();
        let first = names.first().and_then(|name| naming::registrable(name));
        if !names.iter().all(|name| naming::registrable(name) == first) {
            return;
        }
        let mut found = Vec::new();
        for name in names.into_iter().take(CERTIFICATE_NAMES_JUDGED_MAX) {
            self.give_lure(name, SignSource::TlsCertificate, &self.weigh(name), &mut found);
        }
        // Of equals the first one.
        let worst = found.into_iter().rev().max_by_key(|one| one.confidence_pct);
        worst.into_iter().for_each(|one| push(out, one));
    }

    pub(super) fn look_up_request(&self, request: &HttpRequest, out: &mut Vec<Match>) {
        self.look_up_name(request.host.as_ref(), SignSource::HttpHost, out);
        let path = index::path_of(&request.path);
        self.look_up_page(request.host.as_ref(), request.port, path, out);
        if let Some(agent) = &request.user_agent {
            for (glob, row) in &self.user_agents {
                if glob.fits(agent) {
                    self.give_row(*row, SignSource::HttpUserAgent, agent, out);
                }
            }
        }
        let path = index::path_of(&request.path);
        for sign in &self.paths {
            let method = sign.method.as_ref();
            if method.is_none_or(|method| **method == *request.method)
                && index::path_fits(&sign.glob, sign.speaks_of_query, path)
            {
                self.give_row(sign.row, SignSource::HttpPath, path, out);
            }
        }
    }

    pub(super) fn look_up_download(&self, download: &FileDownload, out: &mut Vec<Match>) {
        self.look_up_name(download.host.as_ref(), SignSource::HttpHost, out);
        let path = download.path.as_deref().unwrap_or_default();
        self.look_up_page(download.host.as_ref(), None, index::path_of(path), out);
        if let Some(name) = &download.name {
            self.look_up_file(name, out);
            self.files.walk(name, &mut |row| self.give_row(row, SignSource::HttpFile, name, out));
        }
    }

    pub(super) fn look_up_opening(
        &self,
        transport: Transport,
        opening: &Opening,
        out: &mut Vec<Match>,
    ) {
        for row in self.payloads.fitting(transport, opening) {
            let octets = opening.octets.iter().take(SHOWN_OCTETS);
            let value: Vec<String> = octets.map(|octet| format!("{octet:02x}")).collect();
            self.give_seen(row, SignSource::Payload, &value.join(" "), &opening.octets, out);
        }
    }

    /// A protocol that a reader recognised, with what it told: `vnc 003.008 security=none`. Rows
    /// that ask for what it told win over those that do not.
    pub(super) fn look_up_remote(&self, remote: &RemoteProtocol, out: &mut Vec<Match>) {
        let Some(word) = protocol_word(remote.protocol) else { return };
        let version = remote.version.as_deref();
        let details = remote.details.iter().map(|(what, text)| format!("{what}={text}"));
        let told = version.map(str::to_owned).into_iter().chain(details);
        let told = told.collect::<Vec<_>>().join(" ");
        let value = format!("{word} {told}");
        let of_protocol = |sign: &&ProtocolSign| sign.protocol == remote.protocol;
        let fits = |sign: &ProtocolSign| sign.told.as_ref().map(|glob| glob.fits(&told));
        let signs: Vec<_> = self.protocols.iter().filter(of_protocol).collect();
        let closer = signs.iter().any(|sign| fits(sign) == Some(true));
        for sign in signs.iter().filter(|sign| fits(sign) == closer.then_some(true)) {
            let before = out.len();
            self.give_row(sign.row, SignSource::Payload, value.trim_end(), out);
            if let Some(found) = out.get_mut(before) {
                found.version = version.map(Arc::from);
            }
        }
    }
}

/// Octets of an opening that a match shows.
const SHOWN_OCTETS: usize = 32;

/// The first group of an expression in what was seen, as text.
pub(super) fn taken_from(regex: &Regex, seen: &[u8]) -> Option<String> {
    let group = regex.captures(seen)?.get(1)?;
    let group = group.as_bytes().get(..TAKEN_LEN_MAX).unwrap_or(group.as_bytes());
    Some(group.escape_ascii().to_string()).filter(|text| !text.is_empty())
}

/// The common name of a certificate without alternative names, when it can be a host's.
fn common_name(certificate: &TlsCertificate) -> Option<DomainName> {
    if !certificate.names.is_empty() {
        return None;
    }
    let name = index::attributes(&certificate.subject).find_map(|part| part.strip_prefix("CN="))?;
    DomainName::from_text(name.as_bytes()).ok()
}

/// Add a match of a certificate's name to those from `start` on, unless its tool or list has one
/// that says less.
fn merge(out: &mut Vec<Match>, start: usize, one: Match) {
    let role = |found: &Match| match &found.meaning {
        Meaning::Tool { tool, role, .. } => Some((tool.clone(), *role)),
        Meaning::Indicator { .. } | Meaning::Lure(_) => None,
    };
    let others = out.get_mut(start..).unwrap_or_default();
    match role(&one) {
        Some((tool, weak)) => {
            let other = others.iter_mut().find(|found| role(found).is_some_and(|r| r.0 == tool));
            match other {
                Some(other) if role(other).is_some_and(|r| r.1 < weak) => *other = one,
                Some(_) => {}
                None => push(out, one),
            }
        }
        None => {
            let same = |found: &Match| found.list == one.list && found.pattern == one.pattern;
            if !others.iter().any(same) {
                push(out, one);
            }
        }
    }
}
