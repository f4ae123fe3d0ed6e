//! A connection with requests in clear.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::lookup::addresses;
use super::scene::{SECOND, Volume};
use crate::cast::{Family, Fault};
use crate::dns::QueryType;
use crate::http::Exchange;
use crate::tcp::{Close, Connection, Side};

/// What is kept of a response that is sliced: its header and how its body begins, one segment.
const FIRST_BYTES: usize = 1_400;

/// `kind = "http"`: a lookup, a connection, and one request after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    client: Spanned<String>,
    /// A name, a host or an address: the Host header too, where a request has none of its own.
    server: Spanned<String>,
    #[serde(default = "plain")]
    port: u16,
    #[serde(default = "yes")]
    lookup: bool,
    #[serde(default = "addresses")]
    types: Vec<QueryType>,
    family: Option<Family>,
    #[serde(default = "browser")]
    agent: String,
    requests: Vec<Exchange>,
    /// The tap keeps the headers only of what follows the first segment of a response.
    #[serde(default)]
    slice: bool,
    #[serde(default)]
    close: Close,
    #[serde(default)]
    skip: usize,
}

fn plain() -> u16 {
    80
}

fn yes() -> bool {
    true
}

fn browser() -> String {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/105.0.0.0 Safari/537.36"
        .to_owned()
}

impl Http {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        for request in &self.requests {
            let (up, down) = (request.sends as u64, request.bytes as u64);
            Volume { up, down, seconds: request.pause }.check(&self.server)?;
        }
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        if self.lookup {
            scene.resolve_once(&self.client, &self.server, &self.types)?;
        }
        let route = scene.route(host, from, to, self.port);
        let first = scene.out.len();
        let Scene { random, out, now, .. } = scene;
        let mut tcp = Connection::open(route, *now, random, out);
        for exchange in &self.requests {
            tcp.wait((exchange.pause * SECOND as f64) as u64);
            let request = exchange.request(self.server.get_ref(), &self.agent, tcp.random());
            tcp.send(Side::Client, &request);
            let at = tcp.now();
            let response = exchange.response(at, tcp.random());
            let (first, rest) = response.split_at(response.len().min(FIRST_BYTES));
            if self.slice && !rest.is_empty() {
                tcp.send(Side::Server, first);
                tcp.slice(true);
                tcp.send(Side::Server, rest);
                tcp.slice(false);
            } else {
                tcp.send(Side::Server, &response);
            }
        }
        tcp.close(self.close);
        scene.skip(first, self.skip);
        Ok(())
    }
}
