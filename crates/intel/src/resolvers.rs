//! Public resolvers, and which flows carry DNS inside another protocol.

use std::collections::HashSet;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use ipnet::IpNet;
use model::{Carrier, DnsTransport, DomainName, Endpoint, Fact, Observation, TlsHello};

use crate::book::Book;
use crate::sheet::{self, Complaints, Placed, Sheet, shown};

/// Names and addresses of resolvers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolvers {
    names: HashSet<Box<str>, RandomState>,
    /// These and all below them.
    suffixes: HashSet<Box<str>, RandomState>,
    addresses: HashSet<IpAddr, RandomState>,
    networks: Vec<IpNet>,
}

/// DNS over TLS, over DTLS and over QUIC (RFC 7858 §3.1, RFC 8094 §3.1, RFC 9250 §4.1.1).
const PRIVATE_PORT: u16 = 853;
/// Where an address alone is taken for DNS over HTTPS.
const HTTPS_PORT: u16 = 443;
/// IANA's registry of application protocols.
const DNS_OVER_TLS: &[u8] = b"dot";
/// RFC 9250 §4.1.1.
const DNS_OVER_QUIC: &[u8] = b"doq";
/// Its drafts: `doq-i00` to `doq-i12`.
const DNS_OVER_QUIC_DRAFT: &[u8] = b"doq-i";
/// The path of RFC 8484's examples, which clients and servers have by default.
const QUERY_PATH: &str = "/dns-query";

impl Resolvers {
    /// Add the resolvers of a file.
    pub(crate) fn read(&mut self, text: &str, complaints: &mut Complaints<'_>) {
        let table = sheet::parse(text, complaints);
        let top = Sheet::new(&table);
        top.only(&["resolver"], complaints);
        for entry in top.sheets("resolver", complaints) {
            let known = ["operator", "names", "suffixes", "addresses", "source", "checked", "note"];
            entry.only(&known, complaints);
            entry.needed_text("operator", "whose these are", complaints);
            entry.needed_text("source", "who says so", complaints);
            entry.needed_date("checked", complaints);
            for name in entry.texts("names", complaints).unwrap_or_default() {
                self.names.extend(plain_name(name, complaints));
            }
            for name in entry.texts("suffixes", complaints).unwrap_or_default() {
                self.suffixes.extend(plain_name(name, complaints));
            }
            for text in entry.texts("addresses", complaints).unwrap_or_default() {
                self.read_address(text, complaints);
            }
        }
    }

    fn read_address(&mut self, text: Placed<&str>, complaints: &mut Complaints<'_>) {
        if let Ok(ip) = text.value.parse::<IpAddr>() {
            self.addresses.insert(ip.to_canonical());
        } else if let Ok(net) = text.value.parse::<IpNet>() {
            self.networks.push(net.trunc());
        } else {
            let why = format!("`{}` is no address and no network", shown(text.value));
            complaints.at(text.offset, why, "write 192.0.2.1 or 192.0.2.0/24");
        }
    }

    /// How many names and addresses there are.
    pub(crate) fn len(&self) -> usize {
        let names = self.names.len().saturating_add(self.suffixes.len());
        names.saturating_add(self.addresses.len()).saturating_add(self.networks.len())
    }

    fn knows_name(&self, name: &str) -> bool {
        if self.names.contains(name) {
            return true;
        }
        let mut rest = Some(name);
        while let Some(name) = rest {
            if self.suffixes.contains(name) {
                return true;
            }
            rest = name.split_once('.').map(|(_, above)| above);
        }
        false
    }

    fn knows_address(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.addresses.contains(&ip) || self.networks.iter().any(|net| net.contains(&ip))
    }

    fn of_hello(
        &self,
        hello: &TlsHello,
        server: Endpoint,
        lent: Option<&DomainName>,
    ) -> Option<DnsTransport> {
        let quic = matches!(hello.carrier, Carrier::Quic(_));
        let offers = |fits: &dyn Fn(&[u8]) -> bool| hello.alpn.iter().any(|offer| fits(offer));
        if quic && offers(&|offer| offer == DNS_OVER_QUIC || offer.starts_with(DNS_OVER_QUIC_DRAFT))
        {
            return Some(DnsTransport::Quic);
        }
        if !quic && offers(&|offer| offer == DNS_OVER_TLS) {
            return Some(DnsTransport::Tls);
        }
        if server.port == PRIVATE_PORT {
            return Some(if quic { DnsTransport::Quic } else { DnsTransport::Tls });
        }
        // What an encrypted hello names is not where it goes: its lent name and its address tell.
        let lent = lent.filter(|_| hello.ech || hello.server_name.is_none());
        let named = |name: Option<&DomainName>| name.is_some_and(|n| self.knows_name(n.as_str()));
        let known = named(hello.server_name.as_ref())
            || named(lent)
            || (server.port == HTTPS_PORT && self.knows_address(server.ip));
        known.then_some(DnsTransport::Https)
    }
}

impl Book {
    /// How the flow of an observation carries DNS inside another protocol; `None` where it does not,
    /// or where that cannot be told. `lent` is as in [`Book::look_up`].
    ///
    /// DNS over HTTPS is known by the resolver alone: a visit to its website looks the same. A query
    /// path in clear, as behind a proxy that ends TLS, is DNS over HTTPS too.
    #[must_use]
    pub fn dns_transport(
        &self,
        seen: &Observation,
        lent: Option<&DomainName>,
    ) -> Option<DnsTransport> {
        match &seen.fact {
            Fact::TlsHello(hello) => self.resolvers.of_hello(hello, seen.flow.server, lent),
            Fact::HttpRequest(request) => {
                let rest = request.path.strip_prefix(QUERY_PATH)?;
                (rest.is_empty() || rest.starts_with(['?', '/'])).then_some(DnsTransport::Https)
            }
            _ => None,
        }
    }

    /// How many names and addresses of resolvers are known.
    #[must_use]
    pub fn resolvers(&self) -> usize {
        self.resolvers.len()
    }
}

fn plain_name(name: Placed<&str>, complaints: &mut Complaints<'_>) -> Option<Box<str>> {
    match DomainName::from_text(name.value.as_bytes()) {
        Ok(plain) if plain.as_str() == name.value => Some(name.value.into()),
        _ => {
            let why = format!("`{}` is no host name", shown(name.value));
            complaints.at(name.offset, why, "write it in lower case, without a dot at its end");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Flow, HttpRequest, Timestamp, TlsVersion, Transport};

    const LIST: &str = "[[resolver]]\noperator = 'x'\nsource = 'x'\nchecked = 2026-11-22\n\
        names = ['dns.example']\nsuffixes = ['doh.example']\n\
        addresses = ['192.0.2.53', '198.51.100.0/24', '2001:db8::53']\n";

    fn book() -> Book {
        let mut complaints = Complaints::new("resolvers.toml", LIST);
        let mut book = Book::default();
        book.resolvers.read(LIST, &mut complaints);
        assert_eq!(complaints.finish(), []);
        assert_eq!(book.resolvers(), 5);
        book
    }

    fn name(text: &str) -> Option<DomainName> {
        DomainName::from_text(text.as_bytes()).ok()
    }

    fn seen(server: &str, fact: Fact) -> Observation {
        let server: std::net::SocketAddr = server.parse().expect(server);
        let flow = Flow {
            client: Endpoint::new([10, 0, 0, 5].into(), 50_000),
            server: Endpoint::new(server.ip(), server.port()),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        };
        Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact }
    }

    /// `tls dot dns.example`: carrier, protocol offered, name; `ech` at the end marks one.
    fn hello(line: &str) -> Fact {
        let words: Vec<&str> = line.split(' ').collect();
        let word = |place: usize| words.get(place).copied().unwrap_or("-");
        let carrier = match word(0) {
            "tls" => Carrier::Tls,
            "dtls" => Carrier::Dtls,
            _ => Carrier::Quic(1),
        };
        let alpn = match word(1) {
            "-" => Vec::new(),
            offer => vec![offer.as_bytes().into()],
        };
        Fact::TlsHello(Box::new(TlsHello {
            carrier,
            server_name: name(word(2)).filter(|_| word(2) != "-"),
            alpn,
            version: TlsVersion(0x0303),
            versions: Vec::new(),
            ech: word(3) == "ech",
            ja3: None,
            ja4: None,
        }))
    }

    #[test]
    fn hellos_to_resolvers() {
        use DnsTransport::{Https, Quic, Tls};
        let book = book();
        // The server, the hello, the lent name, and what it is.
        let table: &[(&str, &str, &str, Option<DnsTransport>)] = &[
            ("203.0.113.1:443", "tls h2 www.example", "-", None),
            // By what is offered, on any port.
            ("203.0.113.1:443", "tls dot -", "-", Some(Tls)),
            ("203.0.113.1:8853", "quic doq -", "-", Some(Quic)),
            ("203.0.113.1:784", "quic doq-i02 -", "-", Some(Quic)),
            ("203.0.113.1:443", "tls doq -", "-", None),
            ("203.0.113.1:443", "quic dot -", "-", None),
            ("203.0.113.1:443", "tls dott -", "-", None),
            // By the port.
            ("203.0.113.1:853", "tls - www.example", "-", Some(Tls)),
            ("203.0.113.1:853", "dtls - -", "-", Some(Tls)),
            ("203.0.113.1:853", "quic - -", "-", Some(Quic)),
            // By the name, on any port.
            ("203.0.113.1:443", "tls h2 dns.example", "-", Some(Https)),
            ("203.0.113.1:8443", "quic h3 dns.example", "-", Some(Https)),
            ("203.0.113.1:443", "tls h2 doh.example", "-", Some(Https)),
            ("203.0.113.1:443", "tls h2 me.doh.example", "-", Some(Https)),
            ("203.0.113.1:443", "tls h2 me.dns.example", "-", None),
            ("203.0.113.1:443", "tls h2 notdoh.example", "-", None),
            // By the address, on the port of HTTPS.
            ("192.0.2.53:443", "tls h2 -", "-", Some(Https)),
            ("192.0.2.53:443", "quic h3 front.example", "-", Some(Https)),
            ("192.0.2.53:8443", "tls h2 -", "-", None),
            ("198.51.100.7:443", "tls h2 -", "-", Some(Https)),
            ("[2001:db8::53]:443", "tls h2 -", "-", Some(Https)),
            ("[::ffff:192.0.2.53]:443", "tls h2 -", "-", Some(Https)),
            // By the lent name, where the hello's own says nothing.
            ("203.0.113.1:443", "tls h2 -", "dns.example", Some(Https)),
            ("203.0.113.1:443", "tls h2 outer.example ech", "dns.example", Some(Https)),
            ("203.0.113.1:443", "tls h2 www.example", "dns.example", None),
        ];
        for (server, line, lent, want) in table {
            let lent = name(lent).filter(|_| *lent != "-");
            let got = book.dns_transport(&seen(server, hello(line)), lent.as_ref());
            assert_eq!(got, *want, "{server} {line} {lent:?}");
        }
    }

    #[test]
    fn query_paths_in_clear() {
        let table = [
            ("/dns-query", true),
            ("/dns-query?dns=AAAB", true),
            ("/dns-query/me", true),
            ("/dns-queryx", false),
            ("/x/dns-query", false),
            ("/", false),
        ];
        for (path, want) in table {
            let request = HttpRequest {
                method: "GET".into(),
                host: None,
                port: None,
                path: path.into(),
                user_agent: None,
            };
            let seen = seen("203.0.113.1:80", Fact::HttpRequest(Box::new(request)));
            assert_eq!(book().dns_transport(&seen, None).is_some(), want, "{path}");
        }
    }

    #[test]
    fn what_is_no_resolver_is_complained_about() {
        let head = "[[resolver]]\noperator = 'x'\nsource = 'x'\nchecked = 2026-11-22\n";
        let table = [
            ("names = ['DNS.example']", "no host name"),
            ("suffixes = ['a.example.']", "no host name"),
            ("addresses = ['192.0.2.300']", "no address"),
            ("port = 853", "unknown key"),
        ];
        for (line, want) in table {
            let text = format!("{head}{line}\n");
            let mut complaints = Complaints::new("resolvers.toml", &text);
            let mut resolvers = Resolvers::default();
            resolvers.read(&text, &mut complaints);
            let said = complaints.finish();
            assert!(said.len() == 1 && said.iter().all(|one| one.why.contains(want)), "{said:?}");
            assert_eq!(resolvers.len(), 0, "{line}");
        }
    }
}
