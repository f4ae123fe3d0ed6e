//! Whether a fact that was read is one that the dissector makes: types hold most of it, bounds of
//! texts and lists are checked here.

use model::{DnsAnswer, Fact, Observation, Opening, RecordData, TlsCertificate, TlsHello};

use crate::WireError;
use crate::limits::{DER_LEN_MAX, LIST_LEN_MAX, TEXT_LEN_MAX};

const LONG: WireError = WireError::Unsound("a text or a list is longer than any sensor's");
const CONTROL: WireError = WireError::Unsound("a text holds control characters");

/// Whether its texts and lists are within bounds.
pub(crate) fn observation(seen: &Observation) -> Result<(), WireError> {
    match &seen.fact {
        Fact::FlowOpen | Fact::FlowClose(_) | Fact::DnsQuery(_) => Ok(()),
        Fact::DnsAnswer(told) => answer(told),
        Fact::TlsHello(told) => hello(told),
        Fact::TlsCertificate(told) => certificate(told),
        Fact::HttpRequest(told) => {
            text(&told.method)?;
            text(&told.path)?;
            maybe(told.user_agent.as_deref())
        }
        Fact::FileDownload(told) => {
            maybe(told.name.as_deref())?;
            maybe(told.path.as_deref())
        }
        Fact::Remote(told) => {
            maybe(told.version.as_deref())?;
            list(told.details.len())?;
            told.details.iter().try_for_each(|(_, detail)| text(detail))
        }
        Fact::Opening(told) => at_most(told.octets.len(), Opening::LEN_MAX),
        Fact::HostHint(told) => maybe(told.name.as_deref()),
    }
}

fn answer(told: &DnsAnswer) -> Result<(), WireError> {
    list(told.records.len())?;
    told.records.iter().try_for_each(|record| match &record.data {
        RecordData::Service { hints, .. } => list(hints.len()),
        RecordData::Address(_) | RecordData::Name(_) | RecordData::Other(_) => Ok(()),
    })
}

fn hello(told: &TlsHello) -> Result<(), WireError> {
    list(told.alpn.len())?;
    list(told.versions.len())?;
    told.alpn.iter().try_for_each(|name| at_most(name.len(), TEXT_LEN_MAX))
}

fn certificate(told: &TlsCertificate) -> Result<(), WireError> {
    text(&told.subject)?;
    text(&told.issuer)?;
    list(told.names.len())?;
    list(told.chain.len())?;
    at_most(told.der.len(), DER_LEN_MAX)?;
    told.chain.iter().try_for_each(|print| text(print))
}

fn maybe(told: Option<&str>) -> Result<(), WireError> {
    told.map_or(Ok(()), text)
}

fn text(told: &str) -> Result<(), WireError> {
    at_most(told.len(), TEXT_LEN_MAX)?;
    if told.contains(char::is_control) { Err(CONTROL) } else { Ok(()) }
}

fn list(len: usize) -> Result<(), WireError> {
    at_most(len, LIST_LEN_MAX)
}

fn at_most(len: usize, most: usize) -> Result<(), WireError> {
    if len <= most { Ok(()) } else { Err(LONG) }
}
