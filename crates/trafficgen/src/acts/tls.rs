//! A TLS session: lookup, connection, hellos, data.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::lookup::addresses;
use super::scene::Volume;
use crate::cast::{Family, Fault};
use crate::certificate::Certificate;
use crate::dns::QueryType;
use crate::tcp::{Close, Connection, Order};
use crate::tls::{Hello, Session, Version, sealed_data};

/// `kind = "tls"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    client: Spanned<String>,
    /// A name, a host or an address.
    server: Spanned<String>,
    #[serde(default = "https")]
    port: u16,
    /// Ask the resolver first, unless the client still knows the answer.
    #[serde(default = "yes")]
    lookup: bool,
    #[serde(default = "addresses")]
    types: Vec<QueryType>,
    family: Option<Family>,
    /// The name in the hello, where it is not the server's; empty: none is sent.
    sni: Option<String>,
    #[serde(default = "web")]
    alpn: Vec<String>,
    #[serde(default)]
    hello: Hello,
    #[serde(default)]
    version: Version,
    certificate: Option<Certificate>,
    #[serde(default = "request")]
    up: u64,
    #[serde(default = "page")]
    down: u64,
    #[serde(default)]
    seconds: f64,
    /// The tap keeps the headers only of what is sent behind the beginning.
    #[serde(default)]
    slice: bool,
    #[serde(default)]
    close: Close,
    /// Octets of the hello in one segment, at most.
    #[serde(default = "unlimited")]
    segment: usize,
    #[serde(default)]
    order: Order,
    /// Frames at the beginning that the tap missed.
    #[serde(default)]
    skip: usize,
}

fn https() -> u16 {
    443
}

fn yes() -> bool {
    true
}

fn web() -> Vec<String> {
    vec!["h2".to_owned(), "http/1.1".to_owned()]
}

fn request() -> u64 {
    600
}

fn page() -> u64 {
    3_000
}

fn unlimited() -> usize {
    usize::MAX
}

impl Tls {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let volume = Volume { up: self.up, down: self.down, seconds: self.seconds };
        volume.check(&self.server)?;
        if self.alpn.iter().any(|name| !(1..=255).contains(&name.len())) || self.alpn.len() > 16 {
            return Err(Fault::new(&self.server, "up to 16 protocols of 1 to 255 octets each"));
        }
        if let Some(name) = self.sni.as_ref().filter(|name| name.len() > 255) {
            return Err(Fault::new(&self.server, format!("`{name}` is no name")));
        }
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        if self.lookup {
            scene.resolve_once(&self.client, &self.server, &self.types)?;
        }
        let named = match self.sni.as_deref() {
            Some("") => None,
            Some(name) => Some(name),
            None => Some(self.server.get_ref().as_str())
                .filter(|name| scene.cast().names.contains_key(*name)),
        };
        let certificate = match (&self.certificate, self.version) {
            (Some(certificate), _) => certificate.encode(&mut scene.random),
            (None, Version::Tls12) => {
                let name = named.unwrap_or("localhost");
                Certificate::everyday(name).encode(&mut scene.random)
            }
            (None, Version::Tls13) => Vec::new(),
        };
        let session = Session {
            hello: self.hello,
            version: self.version,
            name: named,
            alpn: &self.alpn,
            certificate: &certificate,
            segment: self.segment,
            order: self.order,
        };
        let route = scene.route(host, from, to, self.port);
        let first = scene.out.len();
        let Scene { random, out, now, .. } = scene;
        let mut tcp = Connection::open(route, *now, random, out);
        session.shake_hands(&mut tcp);
        tcp.slice(self.slice);
        volume.send(&mut tcp, sealed_data);
        tcp.slice(false);
        if self.close == Close::Fin {
            session.take_leave(&mut tcp);
        }
        tcp.close(self.close);
        scene.skip(first, self.skip);
        Ok(())
    }
}
