//! The list of acts: a new kind is a file here and three lines below.

mod datagram;
mod discover;
mod http;
mod lease;
mod lookup;
mod neighbour;
mod quic;
mod scan;
mod scene;
mod stream;
mod tls;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::cast::Fault;
pub(crate) use scene::{Scene, Theatre};

/// One thing that happens.
pub(crate) enum Act {
    Lookup(lookup::Lookup),
    Tls(Box<tls::Tls>),
    Quic(Box<quic::Quic>),
    Http(http::Http),
    Stream(Box<stream::Stream>),
    Datagram(datagram::Datagram),
    Neighbour(neighbour::Neighbour),
    Ping(neighbour::Ping),
    Discover(discover::Discover),
    Dhcp(lease::Dhcp),
    Scan(scan::Scan),
}

const KINDS: [&str; 11] = [
    "lookup",
    "tls",
    "quic",
    "http",
    "stream",
    "datagram",
    "neighbour",
    "ping",
    "discover",
    "dhcp",
    "scan",
];

impl Act {
    /// Read what an act of this kind has.
    pub(crate) fn read(
        kind: Option<Spanned<DeValue<'_>>>,
        table: Spanned<DeValue<'_>>,
    ) -> Result<Act, Fault> {
        let whole = table.span();
        let Some(kind) = kind else {
            return Err(Fault { at: whole, why: "the act has no `kind`".into() });
        };
        match kind.get_ref().as_str().unwrap_or_default() {
            "lookup" => fields(table).map(Act::Lookup),
            "tls" => fields(table).map(Box::new).map(Act::Tls),
            "quic" => fields(table).map(Box::new).map(Act::Quic),
            "http" => fields(table).map(Act::Http),
            "stream" => fields(table).map(Box::new).map(Act::Stream),
            "datagram" => fields(table).map(Act::Datagram),
            "neighbour" => fields(table).map(Act::Neighbour),
            "ping" => fields(table).map(Act::Ping),
            "discover" => fields(table).map(Act::Discover),
            "dhcp" => fields(table).map(Act::Dhcp),
            "scan" => fields(table).map(Act::Scan),
            other => {
                let why = format!("no act is called `{other}`; there are {}", KINDS.join(", "));
                Err(Fault::new(&kind, why))
            }
        }
    }

    pub(crate) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        match self {
            Act::Lookup(act) => act.perform(scene),
            Act::Tls(act) => act.perform(scene),
            Act::Quic(act) => act.perform(scene),
            Act::Http(act) => act.perform(scene),
            Act::Stream(act) => act.perform(scene),
            Act::Datagram(act) => act.perform(scene),
            Act::Neighbour(act) => act.perform(scene),
            Act::Ping(act) => act.perform(scene),
            Act::Discover(act) => act.perform(scene),
            Act::Dhcp(act) => act.perform(scene),
            Act::Scan(act) => act.perform(scene),
        }
    }
}

fn fields<'i, T: Deserialize<'i>>(table: Spanned<DeValue<'i>>) -> Result<T, Fault> {
    let whole = table.span();
    T::deserialize(ValueDeserializer::from(table)).map_err(|error| Fault {
        at: error.span().unwrap_or(whole),
        why: error.message().to_owned(),
    })
}
