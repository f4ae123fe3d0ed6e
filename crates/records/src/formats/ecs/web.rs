//! `tls`, `url`, `http`, `user_agent` and `file`.

use model::{
    Carrier, DomainName, FileDownload, HttpRequest, Ja3, Side, TlsCertificate, TlsHello, TlsVersion,
};
use serde::{Serialize, Serializer};

use super::words::{self, Octets, QuicVersionText, VersionText};
use crate::stamp::SecondsStamp;

/// `tls`.
#[derive(Serialize, Default)]
pub(super) struct Tls<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_protocol: Option<Octets<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<TlsEnd<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<TlsEnd<'a>>,
}

/// `tls.client` or `tls.server`.
#[derive(Serialize, Default)]
struct TlsEnd<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509: Option<X509<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<Hash>,
}

#[derive(Serialize)]
struct X509<'a> {
    subject: Name<'a>,
    issuer: Name<'a>,
    #[serde(skip_serializing_if = "Names::is_empty")]
    alternative_names: Names<'a>,
    not_before: SecondsStamp,
    not_after: SecondsStamp,
}

#[derive(Serialize)]
struct Name<'a> {
    distinguished_name: &'a str,
}

#[derive(Serialize)]
struct Hash {
    #[serde(skip_serializing_if = "Option::is_none")]
    sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl<'a> Hash {
    fn new(shown: &'a TlsCertificate) -> Option<Hash> {
        let (sha1, sha256) = (shown.sha1(), shown.sha256());
        (sha1.is_some() || sha256.is_some()).then_some(Hash { sha1, sha256 })
    }
}

struct Names<'a>(&'a [DomainName]);

impl Names<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(DomainName::as_str))
    }
}

impl<'a> Tls<'a> {
    pub(super) fn hello(hello: &'a TlsHello) -> Tls<'a> {
        let version = words::tls_version(best(hello));
        let server_name = hello.server_name.as_ref().map(DomainName::as_str);
        let ja3 = hello.ja3.as_ref().map(Ja3::print);
        let told = server_name.is_some() || ja3.is_some();
        Tls {
            version: version.map(|(number, _)| number),
            version_protocol: version.map(|(_, protocol)| protocol),
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

impl Serialize for Alpn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|octets| Octets(octets)))
    }
}

/// `rmm.tls`.
#[derive(Serialize, Default)]
pub(super) struct RmmTls<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Versions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<&'a [Box<str>]>,
}

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
#[derive(Serialize)]
pub(super) struct Quic {
    version: QuicVersionText,
}

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

impl Serialize for Versions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(VersionText))
    }
}

/// `url`.
#[derive(Serialize)]
pub(super) struct Url<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full: Option<Full<'a>>,
}

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

impl Serialize for Full<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Full { host, port, target } = self;
        match port {
            Some(port) => serializer.collect_str(&format_args!("http://{host}:{port}{target}")),
            None => serializer.collect_str(&format_args!("http://{host}{target}")),
        }
    }
}

/// `http`.
#[derive(Serialize)]
pub(super) struct Http<'a> {
    request: Request<'a>,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
}

impl<'a> Http<'a> {
    pub(super) fn request(request: &'a HttpRequest) -> Http<'a> {
        Http { request: Request { method: &request.method } }
    }
}

/// `user_agent`.
#[derive(Serialize)]
pub(super) struct UserAgent<'a> {
    pub(super) original: &'a str,
}

/// `file`.
#[derive(Serialize)]
pub(super) struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    mime_type: &'static str,
}

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
#[derive(Serialize)]
pub(super) struct RmmFile {
    pub(super) kind: &'static str,
}
