//! The observables of an alert: addresses, names, the flow, a file.

use std::net::IpAddr;

use super::super::object::{self, Array, Object};
use super::super::{Native, facts, uuid};

/// The namespace of observables (STIX 2.1 §2.9).
const NAMESPACE: [u8; 16] = *b"\x00\xab\xed\xb4\xaa\x42\x46\x6c\x9c\x01\xfe\xd2\x33\x15\xa9\xb7";
/// Observables of one kind in a bundle. Ours have a few; further ones are left out.
const EACH_MAX: usize = 64;

/// What was seen, each once.
pub(super) struct Observed<'r> {
    /// Type, value, id: of what is told by one text.
    simple: Vec<(&'static str, String, String)>,
    flow: Option<Flow<'r>>,
}

struct Flow<'r> {
    id: String,
    source: String,
    destination: String,
    ports: [Option<u16>; 2],
    protocols: Vec<&'r str>,
}

impl<'r> Observed<'r> {
    pub(super) fn new(record: &'r Native<'_>) -> Observed<'r> {
        let mut seen = Observed { simple: Vec::new(), flow: None };
        let ends = [record.text(&["source", "ip"]), record.text(&["destination", "ip"])];
        let ends = ends.map(|end| end.and_then(|ip| ip.parse::<IpAddr>().ok()));
        let [source, destination] = ends.map(|end| end.map(|ip| seen.address(ip)));
        for ip in record.texts(&["related", "ip"]).take(EACH_MAX) {
            if let Ok(ip) = ip.parse() {
                seen.address(ip);
            }
        }
        let own = record.text(&["rmm", "identity", "name"]);
        let named = record.text(&["destination", "domain"]).into_iter();
        let names = named.chain(record.texts(&["related", "hosts"]).take(EACH_MAX));
        for name in names.filter(|name| Some(*name) != own && !name.is_empty()) {
            match name.parse() {
                Ok(ip) => seen.address(ip),
                Err(_) => seen.simple("domain-name", "value", name),
            };
        }
        if let Some(name) = record.text(&["file", "name"]).filter(|name| !name.is_empty()) {
            seen.simple("file", "name", name);
        }
        if let Some(mac) = facts::mac(record, ":") {
            seen.simple("mac-addr", "value", &mac.to_ascii_lowercase());
        }
        if let (Some(source), Some(destination)) = (source, destination) {
            seen.flow = Some(Flow::new(record, source, destination));
        }
        seen
    }

    fn address(&mut self, ip: IpAddr) -> String {
        let kind = if ip.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
        self.simple(kind, "value", &ip.to_string())
    }

    /// Note it, and give its id: of its type and the canonical JSON (RFC 8785) of its one property.
    fn simple(&mut self, kind: &'static str, property: &str, value: &str) -> String {
        let mut canonical = Vec::new();
        object::object(&mut canonical, |o| o.text(property, value));
        let id = format!("{kind}--{}", uuid::within(&NAMESPACE, &canonical));
        if self.simple.iter().all(|(_, _, known)| *known != id) {
            self.simple.push((kind, value.to_owned(), id.clone()));
        }
        id
    }

    /// The ids of all.
    pub(super) fn refs(&self) -> Vec<String> {
        let simple = self.simple.iter().map(|(_, _, id)| id.clone());
        simple.chain(self.flow.iter().map(|flow| flow.id.clone())).collect()
    }

    pub(super) fn fill(&self, a: &mut Array<'_>) {
        for (kind, value, id) in &self.simple {
            a.object(|o| {
                super::heading(kind, id, o);
                o.text(if *kind == "file" { "name" } else { "value" }, value);
            });
        }
        if let Some(flow) = &self.flow {
            a.object(|o| {
                super::heading("network-traffic", &flow.id, o);
                flow.fill(o);
            });
        }
    }
}

impl<'r> Flow<'r> {
    fn new(record: &'r Native<'_>, source: String, destination: String) -> Flow<'r> {
        let ports = [["source", "port"], ["destination", "port"]];
        let word = |name| record.text(&["network", name]).filter(|word| !word.is_empty());
        // The specification's order: from the outermost layer. At least one is required.
        let mut protocols: Vec<&str> =
            [word("type"), word("transport"), word("protocol")].into_iter().flatten().collect();
        if protocols.is_empty() {
            protocols.push("ip");
        }
        let mut flow = Flow {
            id: String::new(),
            source,
            destination,
            ports: ports.map(|path| facts::port(record, &path)),
            protocols,
        };
        let mut canonical = Vec::new();
        object::object(&mut canonical, |o| flow.fill(o));
        flow.id = format!("network-traffic--{}", uuid::within(&NAMESPACE, &canonical));
        flow
    }

    /// Its properties, in the order of canonical JSON: all of them make its id.
    fn fill(&self, o: &mut Object<'_>) {
        let [source, destination] = self.ports;
        if let Some(port) = destination {
            o.number("dst_port", port);
        }
        o.text("dst_ref", &self.destination);
        o.texts("protocols", self.protocols.iter().copied());
        if let Some(port) = source {
            o.number("src_port", port);
        }
        o.text("src_ref", &self.source);
    }
}
