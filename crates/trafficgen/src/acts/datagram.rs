//! A UDP question and its answer, told by their octets.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use crate::cast::{Family, Fault};
use crate::limits::DATAGRAM_BYTES_MAX;
use crate::pattern::Pattern;
use crate::tcp::Side;

/// `kind = "datagram"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Datagram {
    client: Spanned<String>,
    server: Spanned<String>,
    port: u16,
    /// The client's port, where it is not one of its own choice.
    source_port: Option<u16>,
    family: Option<Family>,
    opening: Pattern,
    #[serde(default)]
    answer: Pattern,
}

impl Datagram {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        if self.opening.len().max(self.answer.len()) > DATAGRAM_BYTES_MAX {
            let why = format!("a datagram carries at most {DATAGRAM_BYTES_MAX} octets");
            return Err(Fault::new(&self.server, why));
        }
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        let mut route = scene.route(host, from, to, self.port);
        if let Some(port) = self.source_port {
            route.client_port = port;
        }
        let opening = self.opening.octets(&mut scene.random);
        scene.datagram(&route, Side::Client, scene.now, &opening);
        if !self.answer.is_empty() {
            let answer = self.answer.octets(&mut scene.random);
            scene.datagram(&route, Side::Server, scene.now + route.round_trip, &answer);
        }
        Ok(())
    }
}
