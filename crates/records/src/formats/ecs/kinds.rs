//! What facts are in ECS's words: their classes, their protocols, and who tells them.

use model::{Carrier, DomainName, Fact, Protocol, Side};

use super::envelope::{Class, class};

/// What a fact is in ECS's words.
pub(super) struct Kind {
    pub(super) class: Class,
    pub(super) protocol: Option<Protocol>,
}

/// The class of an observation: `[category …] [type …] action`.
macro_rules! seen {
    ([$($category:literal)+] [$($type:literal)+] $action:literal) => {
        class!("event" [$($category)+] [$($type)+] $action, "observation")
    };
}

const FLOW_OPEN: Class = seen!(["network"] ["connection" "start"] "flow-open");
const FLOW_CLOSE: Class = seen!(["network"] ["connection" "end"] "flow-close");
const DNS_QUERY: Class = seen!(["network"] ["protocol" "info"] "dns-query");
const DNS_ANSWER: Class = seen!(["network"] ["protocol" "info"] "dns-answer");
const TLS_HELLO: Class = seen!(["network"] ["protocol" "info"] "tls-client-hello");
const QUIC_HELLO: Class = seen!(["network"] ["protocol" "info"] "quic-client-hello");
const TLS_CERTIFICATE: Class = seen!(["network"] ["protocol" "info"] "tls-certificate");
const HTTP_REQUEST: Class = seen!(["network" "web"] ["protocol" "access"] "http-request");
const FILE_DOWNLOAD: Class = seen!(["network" "file"] ["access"] "file-download");
pub(super) const REMOTE: Class = seen!(["network"] ["protocol" "info"] "remote-protocol");
const HOST_HINT: Class = seen!(["network"] ["protocol" "info"] "host-hint");

impl Kind {
    #[inline]
    pub(super) fn of(fact: &Fact) -> Kind {
        let (class, protocol) = match fact {
            Fact::FlowOpen => (FLOW_OPEN, None),
            Fact::FlowClose(close) => (FLOW_CLOSE, close.protocol),
            Fact::DnsQuery(query) => (DNS_QUERY, Some(query.protocol)),
            Fact::DnsAnswer(answer) => (DNS_ANSWER, Some(answer.protocol)),
            Fact::TlsHello(hello) => {
                let class = match hello.carrier {
                    Carrier::Quic(_) => QUIC_HELLO,
                    Carrier::Tls | Carrier::Dtls => TLS_HELLO,
                };
                (class, Some(hello.carrier.protocol()))
            }
            Fact::TlsCertificate(_) => (TLS_CERTIFICATE, Some(Protocol::Tls)),
            Fact::HttpRequest(_) => (HTTP_REQUEST, Some(Protocol::Http)),
            Fact::FileDownload(_) => (FILE_DOWNLOAD, Some(Protocol::Http)),
            Fact::Remote(remote) => (REMOTE, Some(remote.protocol)),
            Fact::Opening(_) => (REMOTE, None),
            Fact::HostHint(_) => (HOST_HINT, None),
        };
        Kind { class, protocol }
    }
}

/// The server's name, where the fact itself tells it.
#[inline]
pub(super) fn server_name(fact: &Fact) -> Option<&DomainName> {
    match fact {
        Fact::TlsHello(hello) => hello.server_name.as_ref(),
        Fact::HttpRequest(request) => request.host.as_ref(),
        Fact::FileDownload(file) => file.host.as_ref(),
        Fact::FlowOpen
        | Fact::FlowClose(_)
        | Fact::DnsQuery(_)
        | Fact::DnsAnswer(_)
        | Fact::TlsCertificate(_)
        | Fact::Remote(_)
        | Fact::Opening(_)
        | Fact::HostHint(_) => None,
    }
}

/// Whose octets tell a fact; a hello and a request are the client's.
pub(super) fn shown_by(fact: &Fact) -> Side {
    match fact {
        Fact::TlsCertificate(shown) => shown.side,
        Fact::Remote(remote) => remote.side,
        Fact::Opening(opening) => opening.side,
        Fact::DnsAnswer(_) | Fact::FileDownload(_) => Side::Server,
        Fact::FlowOpen
        | Fact::FlowClose(_)
        | Fact::DnsQuery(_)
        | Fact::TlsHello(_)
        | Fact::HttpRequest(_)
        | Fact::HostHint(_) => Side::Client,
    }
}
