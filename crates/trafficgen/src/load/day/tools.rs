//! What the catalogue says of a tool, as far as it can be played; the oracle's own reading of it.

use serde::Deserialize;

use super::DayError;
use super::patterns::{First, name_of_pattern};
use crate::random::Random;

/// A tool's file of the catalogue: the rows that tell how its traffic looks.
#[derive(Clone, Debug, Deserialize)]
pub struct Tool {
    /// The id, as the policy writes it.
    pub id: String,
    hosting: String,
    #[serde(default)]
    names: Vec<NameRow>,
    #[serde(default)]
    ports: Vec<PortRow>,
    #[serde(default)]
    alpns: Vec<AlpnRow>,
    #[serde(default)]
    payloads: Vec<First>,
    #[serde(default)]
    protocols: Vec<ProtocolRow>,
}

#[derive(Clone, Debug, Deserialize)]
struct NameRow {
    exact: Option<String>,
    suffix: Option<String>,
    pattern: Option<String>,
    operator: Option<String>,
    role: String,
    specificity: String,
}

#[derive(Clone, Debug, Deserialize)]
struct PortRow {
    transport: String,
    port: Option<u16>,
    role: String,
}

#[derive(Clone, Debug, Deserialize)]
struct AlpnRow {
    prefix: String,
}

#[derive(Clone, Debug, Deserialize)]
struct ProtocolRow {
    protocol: String,
    specificity: String,
}

/// A server's name of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) name: String,
    /// Whether the name says whose tenant it is.
    pub(super) tenant: bool,
    pub(super) relay: bool,
}

impl Tool {
    /// Read one file of the catalogue.
    ///
    /// # Errors
    /// When it is no such file; the file's name is the caller's to tell.
    pub fn parse(text: &str) -> Result<Tool, DayError> {
        toml::from_str(text).map_err(|why| DayError(why.to_string()))
    }

    /// Whether no vendor runs its servers.
    pub(super) fn is_self_hosted(&self) -> bool {
        self.hosting == "self"
    }

    /// Whether the vendor alone runs its servers.
    pub(super) fn is_vendors(&self) -> bool {
        self.hosting == "vendor"
    }

    /// Whether this tool is used by something that a network shows.
    pub(super) fn can_be_played(&self) -> bool {
        self.uses().next().is_some() || self.by_protocol().is_some()
    }

    /// A protocol that says what it is, on any server.
    pub(super) fn by_protocol(&self) -> Option<&str> {
        let mut rows = self.protocols.iter().filter(|row| row.specificity == "specific");
        rows.next().map(|row| row.protocol.as_str())
    }

    /// The protocol that its hello to a relay offers.
    pub(super) fn alpn(&self) -> Option<String> {
        self.alpns.first().map(|row| match row.prefix.ends_with('/') {
            true => format!("{}7.0.14/windows", row.prefix),
            false => row.prefix.clone(),
        })
    }

    /// First octets to a relay, over `tcp` or `udp`: the client's where there are such.
    pub(super) fn first_octets(&self, transport: &str) -> Option<&First> {
        let mut rows = self.payloads.iter().filter(|row| row.is_played(transport));
        rows.clone().find(|row| row.side != "server").or_else(|| rows.next())
    }

    /// Names that its software and its users meet besides: for downloads, updates, reports, reading.
    pub(super) fn others(&self) -> Vec<String> {
        let roles = ["download", "update", "telemetry", "website"];
        let rows = self.names.iter().filter(|row| roles.contains(&row.role.as_str()));
        let name = |row: &NameRow| match (&row.exact, &row.suffix) {
            (Some(exact), _) => Some(exact.clone()),
            (_, Some(suffix)) if row.operator.is_none() => Some(format!("www.{suffix}")),
            _ => None,
        };
        rows.filter_map(name).take(6).collect()
    }

    /// The port that its own servers listen on.
    pub(super) fn port(&self) -> Option<u16> {
        let mut rows = self.ports.iter().filter(|row| row.transport == "tcp");
        rows.find(|row| row.role == "relay").and_then(|row| row.port)
    }

    /// Where people and programs fetch it, by name.
    pub(super) fn download_name(&self) -> Option<&str> {
        let of = |row: &&NameRow| row.role == "download" && row.specificity == "specific";
        let names = self.names.iter().filter(of).filter_map(|row| row.exact.as_deref());
        names.clone().find(|name| name.starts_with("download")).or(names.clone().next())
    }

    /// The vendor's page for readers.
    pub(super) fn website(&self) -> Option<String> {
        let exact = self.names.iter().filter(|row| row.role == "website");
        let exact = exact.filter_map(|row| row.exact.clone()).next();
        let suffixes = self.names.iter().filter_map(|row| row.suffix.as_deref());
        let shortest = suffixes.min_by_key(|suffix| (suffix.matches('.').count(), suffix.len()));
        exact.or(shortest.map(|suffix| format!("www.{suffix}")))
    }

    fn uses(&self) -> impl Iterator<Item = &NameRow> {
        self.names.iter().filter(|row| {
            row.specificity == "specific"
                && matches!(row.role.as_str(), "relay" | "api" | "unknown")
        })
    }

    /// Names of servers that running software of one tenant talks to, relays first, at most four.
    pub(super) fn servers(&self, tenant: &str, random: &mut Random) -> Vec<Server> {
        // A pattern is written where many servers have names alike: most hosts meet one of those.
        let rank = |row: &&NameRow| {
            let role = ["relay", "api"].iter().position(|role| *role == row.role).unwrap_or(2);
            (role, row.pattern.is_none())
        };
        let mut rows: Vec<&NameRow> = self.uses().collect();
        rows.sort_by_key(rank);
        let mut servers: Vec<Server> = Vec::new();
        for row in rows {
            let tenant_is_named = row.operator.is_some();
            let name = match (&row.exact, &row.pattern, &row.suffix) {
                (Some(exact), _, _) => exact.clone(),
                (_, Some(pattern), _) => name_of_pattern(pattern, random),
                (_, _, Some(suffix)) if tenant_is_named => format!("{tenant}.{suffix}"),
                (_, _, Some(suffix)) => format!("node{}.{suffix}", random.between(1, 20)),
                _ => continue,
            };
            let relay = row.role == "relay";
            if servers.len() < 4 && !servers.iter().any(|known| known.name == name) {
                servers.push(Server { name, tenant: tenant_is_named, relay });
            }
        }
        servers
    }
}
