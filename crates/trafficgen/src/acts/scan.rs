//! Ports tried one after the other.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::scene::MILLISECOND;
use crate::cast::{Family, Fault};
use crate::tcp::{Segment, Side};

/// `kind = "scan"`: a SYN to each port.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scan {
    client: Spanned<String>,
    server: Spanned<String>,
    ports: Vec<u16>,
    family: Option<Family>,
    #[serde(default)]
    answer: Answer,
}

/// What the server says.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// The port is closed.
    #[default]
    Reset,
    /// A firewall drops the SYN, or the capture sees one direction only.
    Silence,
    /// The port is open; the scanner resets what it opened.
    Accept,
}

impl Scan {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        let (host, from, to) = scene.ends(&self.client, &self.server, self.family)?;
        for (number, port) in self.ports.iter().enumerate() {
            let at = scene.now + number as u64 * 15 * MILLISECOND;
            let route = scene.route(host, from, to, *port);
            let (first, own) = (scene.random.next() as u32, scene.random.next() as u32);
            let (there, back) = (route.ports(Side::Client), route.ports(Side::Server));
            let ident = scene.random.word();
            let mut push = |side: Side, at, segment: Segment| {
                scene.out.push((at, segment.frame(route.way(side), ident, &[])));
            };
            push(Side::Client, at, Segment::syn(there, first));
            let later = at + route.round_trip;
            match self.answer {
                Answer::Silence => {}
                Answer::Reset => push(Side::Server, later, Segment::refusal(back, first)),
                Answer::Accept => {
                    push(Side::Server, later, Segment::welcome(back, own, first));
                    let next = first.wrapping_add(1);
                    push(Side::Client, later + 50_000, Segment::reset(there, next));
                }
            }
        }
        Ok(())
    }
}
