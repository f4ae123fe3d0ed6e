//! Rows about where a tool's servers are: names, ports, networks.

use model::Transport;

use super::Sign;
use crate::gate::{network, not_a_network};
use crate::naming;
use crate::pattern::NamePattern;
use crate::rows::RowKind;
use crate::sheet::{Complaints, Sheet, shown};

pub(super) fn name(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let given = ["exact", "suffix", "pattern"].iter().filter(|key| entry.has(key)).count();
    if given != 1 {
        complaints.at(
            entry.offset(),
            format!("a name is told in {given} ways"),
            "give just one of `exact`, `suffix`, `pattern`",
        );
        return Vec::new();
    }
    let mut plain = |key, kind, sign| {
        let text = entry.text(key, complaints)?;
        match naming::normalise(text.value) {
            Ok(name) => Some((kind, name.into_owned(), sign)),
            Err(error) => {
                let why = format!("`{}` {}", shown(text.value), error.why());
                complaints.at(text.offset, why, error.fix());
                None
            }
        }
    };
    if entry.has("exact") {
        plain("exact", RowKind::Exact, Sign::Exact).into_iter().collect()
    } else if entry.has("suffix") {
        plain("suffix", RowKind::Suffix, Sign::Suffix).into_iter().collect()
    } else {
        let Some(text) = entry.text("pattern", complaints) else { return Vec::new() };
        match NamePattern::new(text.value) {
            Ok(pattern) => {
                vec![(RowKind::Pattern, text.value.to_owned(), Sign::Pattern(pattern))]
            }
            Err(unfit) => {
                complaints.at(text.offset, unfit.why, unfit.fix);
                Vec::new()
            }
        }
    }
}

pub(super) const TRANSPORTS: [(&str, Transport); 2] =
    [("tcp", Transport::Tcp), ("udp", Transport::Udp)];

pub(super) fn ports(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let transport = entry.word("transport", &TRANSPORTS, None, complaints);
    let mut port =
        |key| entry.number(key, 1..65_536, complaints).and_then(|n| u16::try_from(n.value).ok());
    let (one, first, last) = (port("port"), port("first"), port("last"));
    let (Some(transport), Some((first, last))) = (
        transport,
        match (one, first, last) {
            (Some(port), None, None) => Some((port, port)),
            (None, Some(first), Some(last)) if first <= last => Some((first, last)),
            _ => None,
        },
    ) else {
        let fix = "write `port = 6568`, or `first = 6568` and `last = 6570`";
        complaints.at(entry.offset(), "this is no port and no range of ports".to_owned(), fix);
        return Vec::new();
    };
    let word = match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    let value =
        if first == last { format!("{word}/{first}") } else { format!("{word}/{first}-{last}") };
    vec![(RowKind::Port, value, Sign::Ports { transport, first, last })]
}

pub(super) fn network_of(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let what = "a network, e.g. 192.0.2.0/24";
    let Some(cidr) = entry.needed_text("cidr", what, complaints) else { return Vec::new() };
    match network(cidr.value) {
        Some(net) => vec![(RowKind::Network, net.to_string(), Sign::Network(net))],
        None => {
            not_a_network(cidr, complaints);
            Vec::new()
        }
    }
}
