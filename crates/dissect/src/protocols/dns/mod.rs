//! DNS (RFC 1035) over UDP and TCP, and its cousins: mDNS, LLMNR and the NetBIOS name service.

mod claim;
mod https;
mod message;
mod name;
mod netbios;
mod parser;
mod service;
mod stream;
#[cfg(test)]
mod tests;

use model::{DnsAnswer, DnsQuery, Fact, Flow, Protocol, Side};

use super::reader::{Datagram, Entry, Out};
pub(super) use https::{in_path, is_message_type, tell_message};

/// The entry in the list.
pub(super) const ENTRY: Entry = Entry {
    name: "dns",
    probe: Some(stream::probe),
    start: Some(stream::start),
    claim: Some(claim),
    datagram: Some(datagram),
    begin: None,
};

fn claim(flow: &Flow, sender: Side, octets: &[u8]) -> Datagram {
    match claim::datagram(flow, sender, octets) {
        Some((protocol, side)) => Datagram::Mine(protocol, side),
        None => Datagram::NotMine,
    }
}

fn datagram(_sender: Side, octets: &[u8], out: &mut Out<'_>) {
    tell(claim::named(out.flow).unwrap_or(Protocol::Dns), octets, out);
}

/// Tell what a message says.
fn tell(protocol: Protocol, octets: &[u8], out: &mut Out<'_>) {
    let dialect = match protocol {
        Protocol::Nbns => message::Dialect::Netbios,
        _ => message::Dialect::Dns,
    };
    let Some(read) = message::read(octets, dialect, &mut *out.anomaly) else { return };
    let id = read.header.id;
    if !read.header.response {
        for question in read.question.into_iter().chain(read.more) {
            (out.fact)(Fact::DnsQuery(Box::new(DnsQuery { protocol, id, question })));
        }
        return;
    }
    let question = read.question;
    if question.is_some() || !read.records.is_empty() {
        let (rcode, records) = (read.rcode, read.records);
        let answer = DnsAnswer { protocol, id, question, rcode, records };
        (out.fact)(Fact::DnsAnswer(Box::new(answer)));
    }
}

/// A fuzz body: any octets, as a datagram and as a stream, on DNS's ports and on others.
pub(crate) fn fuzz(octets: &[u8]) {
    super::drive::fuzz(&ENTRY, octets, &[53, 137, 5353, 5355, 4000]);
    if let Some(read) = message::read(octets, message::Dialect::Dns, &mut |_| {}) {
        let questions = usize::from(read.question.is_some()).saturating_add(read.more.len());
        assert!(questions <= usize::from(read.header.questions));
        assert!(read.records.len() <= usize::from(read.header.answers));
        assert_eq!(read.rcode & 15, read.header.rcode);
    }
    for at in 0..octets.len().min(64) {
        // What passes our walk, the crate must take too, as far as it is ASCII.
        if let Ok(walked) = name::walk(octets, at, &mut name::Steps::new())
            && walked.labels(octets).all(<[u8]>::is_ascii)
        {
            assert!(parser::agrees(octets, at), "a name at {at}");
        }
    }
}
