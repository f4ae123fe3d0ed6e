//! `tls`, `url`, `http`, `user_agent` and `file`.

use std::sync::Arc;

use crate::json::{self, Json, Page, Word, fields};
use model::{
    Carrier, DomainName, FileDownload, HttpRequest, Side, TlsCertificate, TlsHello, TlsVersion,
};

use super::prints::Prints;
use super::words::{self, Octets, QuicVersionText, VersionText};
use crate::stamp::SecondsStamp;

/// `tls`.
#[derive(Default)]
pub(super) struct Tls<'a> {
    version: Option<Word>,
    version_protocol: Option<Word>,
    next_protocol: Option<Octets<'a>>,
    client: Option<TlsEnd<'a>>,
    server: Option<TlsEnd<'a>>,
}

fields!(Tls<'_>: ?version, ?version_protocol, ?next_protocol, ?client, ?server);

/// `tls.client` or `tls.server`.
#[derive(Default)]
struct TlsEnd<'a> {
    server_name: Option<&'a str>,
    ja3: Option<Arc<str>>,
    x509: Option<X509<'a>>,
    hash: Option<Hash>,
}

fields!(TlsEnd<'_>: ?server_name, ?ja3, ?x509, ?hash);

struct X509<'a> {
    subject: Name<'a>,
    issuer: Name<'a>,
    alternative_names: Names<'a>,
    not_before: SecondsStamp,
    not_after: SecondsStamp,
}

fields!(X509<'_>: subject, issuer, ?alternative_names, not_before, not_after);

struct Name<'a> {
    distinguished_name: &'a str,
}

fields!(Name<'_>: distinguished_name);

struct Hash {
    sha1: Option<String>,
    sha256: Option<String>,
}

fields!(Hash: ?sha1, ?sha256);

impl<'a> Hash {
    fn new(shown: &'a TlsCertificate) -> Option<Hash> {
        let (sha1, sha256) = (shown.sha1(), shown.sha256());
        (sha1.is_some() || sha256.is_some()).then_some(Hash { sha1, sha256 })
    }
}

struct Names<'a>(&'a [DomainName]);

impl Json for Names<'_> {
    fn json(&self, out: &mut Page) {
        json::array(out, self.0);
    }

    fn says_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Tls<'a> {
    pub(super) fn hello(hello: &'a TlsHello, prints: &mut Prints) -> Tls<'a> {
        let version = words::tls_version(best(hello));
        let server_name = hello.server_name.as_ref().map(DomainName::as_str);
        let ja3 = hello.ja3.as_ref().map(|ja3| prints.ja3(ja3));
        let told = server_name.is_some() || ja3.is_some();
        Tls {
            version: version.map(|(number, _)| Word(number)),
            version_protocol: version.map(|(_, protocol)| Word(protocol)),
            next_protocol: hello.alpn.first().map(|octets| Octets(octets)),
            client: told.then(|| TlsEnd { server_name, ja3, ..TlsEnd::default() }),
            server: None,
        }
    }

    pub(super) fn certificate(shown: &'a TlsCertificate) -> Tls<'a> {
        let end = TlsEnd {
            server_name: None,
            ja3: None,
            x509: Some(X509 {
                subject: Name { distinguished_name: &shown.subject },
                issuer: Name { distinguished_name: &shown.issuer },
                alternative_names: Names(&shown.names),
                not_before: SecondsStamp(shown.not_before),
                not_after: SecondsStamp(shown.not_after),
            }),
            hash: Hash::new(shown),
        };
        match shown.side {
            Side::Client => Tls { client: Some(end), ..Tls::default() },
            Side::Server => Tls { server: Some(end), ..Tls::default() },
        }
    }
}

/// The highest version offered that has a name; the hello's own where none of the list has, or
/// there is no list (RFC 8446 §4.2.1). DTLS counts downwards.
fn best(hello: &TlsHello) -> TlsVersion {
    let rank = |version: &TlsVersion| if version.0 >= 0xfe00 { !version.0 } else { version.0 };
    let named = hello.versions.iter().filter(|version| words::tls_version(**version).is_some());
    named.copied().max_by_key(rank).unwrap_or(hello.version)
}

/// `rmm.alpn`: every protocol offered, in order.
pub(super) struct Alpn<'a>(pub(super) &'a [Box<[u8]>]);

impl Json for Alpn<'_> {
    fn json(&self, out: &mut Page) {
        json::array(out, self.0.iter().map(|octets| Octets(octets)));
    }
}

/// `rmm.tls`.
#[derive(Default)]
pub(super) struct RmmTls<'a> {
    versions: Option<Versions<'a>>,
    chain: Option<&'a [Box<str>]>,
}

fields!(RmmTls<'_>: ?versions, ?chain);

impl<'a> RmmTls<'a> {
    pub(super) fn hello(hello: &'a TlsHello) -> Option<RmmTls<'a>> {
        let versions = hello.versions.as_slice();
        (!versions.is_empty())
            .then(|| RmmTls { versions: Some(Versions(versions)), ..RmmTls::default() })
    }

    /// ECS keeps `tls.server.certificate_chain` for whole certificates.
    pub(super) fn certificate(shown: &'a TlsCertificate) -> Option<RmmTls<'a>> {
        let chain = shown.chain.as_slice();
        (!chain.is_empty()).then(|| RmmTls { chain: Some(chain), ..RmmTls::default() })
    }
}

/// `rmm.quic`.
pub(super) struct Quic {
    version: QuicVersionText,
}

fields!(Quic: version);

impl Quic {
    pub(super) fn of(carrier: Carrier) -> Option<Quic> {
        match carrier {
            Carrier::Quic(number) => Some(Quic { version: QuicVersionText(number) }),
            Carrier::Tls | Carrier::Dtls => None,
        }
    }
}

/// `rmm.tls.versions`: every version offered, in order.
struct Versions<'a>(&'a [TlsVersion]);

impl Json for Versions<'_> {
    fn json(&self, out: &mut Page) {
        json::array(out, self.0.iter().copied().map(VersionText));
    }
}

/// `url`.
pub(super) struct Url<'a> {
    domain: Option<&'a str>,
    port: Option<u16>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    full: Option<Full<'a>>,
}

fields!(Url<'_>: ?domain, ?port, ?path, ?query, ?full);

impl<'a> Url<'a> {
    pub(super) fn request(request: &'a HttpRequest) -> Url<'a> {
        Url::new(request.host.as_ref(), request.port, Some(&request.path))
    }

    pub(super) fn download(file: &'a FileDownload) -> Url<'a> {
        Url::new(file.host.as_ref(), None, file.path.as_deref())
    }

    fn new(host: Option<&'a DomainName>, port: Option<u16>, target: Option<&'a str>) -> Url<'a> {
        let domain = host.map(DomainName::as_str);
        let parts = target.map(|target| match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        });
        let full = domain.zip(target.filter(|target| target.starts_with('/')));
        Url {
            domain,
            port,
            path: parts.map(|(path, _)| path),
            query: parts.and_then(|(_, query)| query),
            full: full.map(|(host, target)| Full { host, port, target }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.domain.is_none() && self.path.is_none()
    }
}

/// `url.full`. HTTP/1 in clear: the scheme is known.
struct Full<'a> {
    host: &'a str,
    port: Option<u16>,
    target: &'a str,
}

impl Json for Full<'_> {
    fn json(&self, out: &mut Page) {
        let Full { host, port, target } = self;
        out.put(b"\"http://");
        json::inside(out, host);
        if let Some(port) = port {
            out.put(b":");
            json::digits(out, u64::from(*port));
        }
        json::inside(out, target);
        out.put(b"\"");
    }
}

/// `http`.
pub(super) struct Http<'a> {
    request: Request<'a>,
}

fields!(Http<'_>: request);

struct Request<'a> {
    method: &'a str,
}

fields!(Request<'_>: method);

impl<'a> Http<'a> {
    pub(super) fn request(request: &'a HttpRequest) -> Http<'a> {
        Http { request: Request { method: &request.method } }
    }
}

/// `user_agent`.
pub(super) struct UserAgent<'a> {
    pub(super) original: &'a str,
}

fields!(UserAgent<'_>: original);

/// `file`.
pub(super) struct File<'a> {
    name: Option<&'a str>,
    extension: Option<&'a str>,
    size: Option<u64>,
    mime_type: Word,
}

fields!(File<'_>: ?name, ?extension, ?size, mime_type);

impl<'a> File<'a> {
    pub(super) fn new(file: &'a FileDownload) -> File<'a> {
        let name = file.name.as_deref();
        let parts = name.and_then(|name| name.rsplit_once('.'));
        File {
            name,
            extension: parts
                .filter(|(stem, extension)| !stem.is_empty() && !extension.is_empty())
                .map(|(_, extension)| extension),
            size: file.size,
            mime_type: words::mime_type(file.kind),
        }
    }
}

/// `rmm.file`.
pub(super) struct RmmFile {
    pub(super) kind: Word,
}

fields!(RmmFile: kind);
