//! A TCP conversation told by its first octets alone.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::lookup::addresses;
use super::scene::Volume;
use crate::cast::{Family, Fault};
use crate::dns::QueryType;
use crate::pattern::Pattern;
use crate::random::Random;
use crate::tcp::{Close, Connection, Side};

/// `kind = "stream"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    client: Spanned<String>,
    server: Spanned<String>,
    port: u16,
    #[serde(default = "yes")]
    lookup: bool,
    #[serde(default = "addresses")]
    types: Vec<QueryType>,
    family: Option<Family>,
    /// What the server says unasked.
    #[serde(default)]
    banner: Pattern,
    /// What the client sends first.
    #[serde(default)]
    opening: Pattern,
    /// What the server answers to that.
    #[serde(default)]
    answer: Pattern,
    #[serde(default)]
    up: u64,
    #[serde(default)]
    down: u64,
    #[serde(default)]
    seconds: f64,
    /// The tap keeps the headers only of what is sent behind the beginning.
    #[serde(default)]
    slice: bool,
    #[serde(default)]
    close: Close,
    #[serde(default)]
    skip: usize,
}

fn yes() -> bool {
    true
}

impl Stream {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let volume = Volume { up: self.up, down: self.down, seconds: self.seconds };
        volume.check(&self.server)?;
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        if self.lookup {
            scene.resolve_once(&self.client, &self.server, &self.types)?;
        }
        let route = scene.route(host, from, to, self.port);
        let first = scene.out.len();
        let Scene { random, out, now, .. } = scene;
        let mut tcp = Connection::open(route, *now, random, out);
        let spoken = [
            (Side::Server, &self.banner),
            (Side::Client, &self.opening),
            (Side::Server, &self.answer),
        ];
        for (side, pattern) in spoken {
            if !pattern.is_empty() {
                let octets = pattern.octets(tcp.random());
                tcp.send(side, &octets);
            }
        }
        tcp.slice(self.slice);
        volume.send(&mut tcp, |len, random: &mut Random| random.octets(len));
        tcp.close(self.close);
        scene.skip(first, self.skip);
        Ok(())
    }
}
