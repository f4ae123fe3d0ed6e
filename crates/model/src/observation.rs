//! A fact from the wire, and when and where it was seen.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384};

use crate::{DomainName, Flow, HostHint, Ja3, Ja4, Side, Timestamp, Tunnel, upper_hex};

/// One fact from the wire. A few per flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// Packet time of the frame that completed the fact.
    pub at: Timestamp,
    /// Place in the timeline of that frame (or of the tick of time that closed the flow). Facts of
    /// one frame share it and keep the order in which they were given.
    pub order: u64,
    /// The conversation that it belongs to.
    pub flow: Flow,
    /// The outermost tunnel that the conversation came in, where there was one.
    pub ingress: Option<Arc<Tunnel>>,
    /// What was seen.
    pub fact: Fact,
}

/// What was seen. A closed set: a new kind of fact must break the build wherever it matters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Fact {
    /// Both ends have spoken. Given once a flow, when its second end speaks first.
    FlowOpen,
    /// The conversation ended, or is taken to have ended.
    FlowClose(Box<FlowClose>),
    /// A question was asked. One fact a question.
    DnsQuery(Box<DnsQuery>),
    /// A question was answered. One fact a response message.
    DnsAnswer(Box<DnsAnswer>),
    /// A TLS client said hello, over TCP, datagrams or QUIC.
    TlsHello(Box<TlsHello>),
    /// One end showed its certificate in clear (TLS 1.2 and older).
    TlsCertificate(Box<TlsCertificate>),
    /// An HTTP request in clear.
    HttpRequest(Box<HttpRequest>),
    /// An HTTP/1 response whose body begins as a program, an installer or an archive does.
    FileDownload(Box<FileDownload>),
    /// A protocol of remote access greeted, and a reader knows it. Given once a flow.
    Remote(Box<RemoteProtocol>),
    /// The first octets of one end of a flow that no protocol reader knows. For byte signatures.
    Opening(Box<Opening>),
    /// What a host is called besides its address, when that is new. Of DHCP the flow is the real
    /// one, whose client may not have its address yet; a frame without ports (ARP, neighbour
    /// discovery) has a flow of UDP from the host to itself, both ports 0.
    HostHint(Box<HostHint>),
}

/// A protocol that a reader recognised, by content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Protocol {
    /// RFC 1035.
    Dns,
    /// Multicast DNS, RFC 6762.
    Mdns,
    /// Link-local multicast name resolution, RFC 4795.
    Llmnr,
    /// NetBIOS name service, RFC 1002.
    Nbns,
    /// TLS or its older versions.
    Tls,
    /// HTTP in clear, any version.
    Http,
    /// RFC 9000 and its forerunners.
    Quic,
    /// RFC 9147 and its older versions.
    Dtls,
    /// Microsoft's remote desktop (MS-RDPBCGR, MS-RDPEUDP).
    Rdp,
    /// The remote framebuffer protocol of VNC (RFC 6143).
    Rfb,
    /// RFC 4253.
    Ssh,
    /// RFC 1928, and its version 4.
    Socks,
    /// RFC 2131.
    Dhcp,
    /// RFC 8415.
    Dhcpv6,
}

/// What passed in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Volume {
    /// Frames.
    pub packets: u64,
    /// Octets of IP datagrams as they were on the wire, headers included.
    pub bytes: u64,
}

/// Why a flow is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CloseReason {
    /// Both ends said FIN.
    Fin,
    /// One end said RST.
    Reset,
    /// Silence for longer than its kind of flow is kept.
    Timeout,
    /// The table needed its place.
    Evicted,
    /// The capture ended.
    End,
}

/// How a flow went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FlowClose {
    /// Why it is over.
    pub reason: CloseReason,
    /// Time of its first frame.
    pub opened: Timestamp,
    /// Time of its last frame.
    pub last: Timestamp,
    /// What the client sent.
    pub from_client: Volume,
    /// What the server sent; nothing when the flow never spoke both ways.
    pub from_server: Volume,
    /// What its content was, where a reader knew.
    pub protocol: Option<Protocol>,
}

impl FlowClose {
    /// Whether only one end was ever seen.
    #[must_use]
    pub const fn one_way(&self) -> bool {
        self.from_client.packets == 0 || self.from_server.packets == 0
    }
}

/// A resource record's type (RFC 1035 §3.2.2). Any number can arrive; only some have names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RecordType(pub u16);

impl RecordType {
    /// RFC 1035.
    pub const A: RecordType = RecordType(1);
    /// RFC 1035.
    pub const NS: RecordType = RecordType(2);
    /// RFC 1035.
    pub const CNAME: RecordType = RecordType(5);
    /// RFC 1035.
    pub const SOA: RecordType = RecordType(6);
    /// RFC 1035.
    pub const PTR: RecordType = RecordType(12);
    /// RFC 1035.
    pub const MX: RecordType = RecordType(15);
    /// RFC 1035.
    pub const TXT: RecordType = RecordType(16);
    /// RFC 3596.
    pub const AAAA: RecordType = RecordType(28);
    /// RFC 2782. NetBIOS uses the number for its own status question (RFC 1002 §4.2.1.2: 0x21).
    pub const SRV: RecordType = RecordType(33);
    /// RFC 6891.
    pub const OPT: RecordType = RecordType(41);
    /// RFC 9460.
    pub const SVCB: RecordType = RecordType(64);
    /// RFC 9460.
    pub const HTTPS: RecordType = RecordType(65);
    /// RFC 8482.
    pub const ANY: RecordType = RecordType(255);
}

/// What was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DnsQuestion {
    /// The name; `None` for the root.
    pub name: Option<DomainName>,
    /// The type of record asked for.
    pub kind: RecordType,
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DnsQuery {
    /// DNS or one of its cousins.
    pub protocol: Protocol,
    /// The message's number.
    pub id: u16,
    /// What was asked.
    pub question: DnsQuestion,
}

/// A response.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// DNS or one of its cousins.
    pub protocol: Protocol,
    /// The message's number.
    pub id: u16,
    /// The question that the response repeats, where it does. Its first one.
    pub question: Option<DnsQuestion>,
    /// The response code (RFC 1035 §4.1.1), with its EDNS part (RFC 6891 §6.1.3).
    pub rcode: u16,
    /// The records of the answer section that could be read.
    pub records: Vec<DnsRecord>,
}

/// A record of a response.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Whose record it is; `None` for the root.
    pub name: Option<DomainName>,
    /// Its type.
    pub kind: RecordType,
    /// Seconds that it may be remembered.
    pub ttl_secs: u32,
    /// What it says.
    pub data: RecordData,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RecordData {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME, PTR, NS: another name; `None` for the root.
    Name(Option<DomainName>),
    /// HTTPS or SVCB (RFC 9460): the target (`None`: the owner itself) and its address hints.
    Service {
        /// Where the service is.
        target: Option<DomainName>,
        /// `ipv4hint` and `ipv6hint`.
        hints: Vec<IpAddr>,
        /// Whether there is an `ech` parameter.
        ech: bool,
    },
    /// Another type, or one that could not be read. Its length in octets.
    Other(u16),
}

/// A TLS version's number on the wire (RFC 8446 §4.1.2); `0x0301` is TLS 1.0, `0x0300` SSL 3.0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TlsVersion(pub u16);

/// What carries a TLS hello.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Carrier {
    /// A stream.
    Tls,
    /// Datagrams (RFC 9147).
    Dtls,
    /// QUIC of this version's number on the wire; Google's own before TLS, too.
    Quic(u32),
}

impl Carrier {
    /// The protocol of a flow with such a hello.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Carrier::Tls => Protocol::Tls,
            Carrier::Dtls => Protocol::Dtls,
            Carrier::Quic(_) => Protocol::Quic,
        }
    }
}

/// What a TLS client said first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TlsHello {
    /// What carried it.
    pub carrier: Carrier,
    /// The name it asked for (RFC 6066 §3).
    pub server_name: Option<DomainName>,
    /// The protocols it offered (RFC 7301), octets as they came.
    pub alpn: Vec<Box<[u8]>>,
    /// The version field of the hello.
    pub version: TlsVersion,
    /// The versions it supports (RFC 8446 §4.2.1), GREASE left out.
    pub versions: Vec<TlsVersion>,
    /// It carries an ECH extension, so that the name may be just the outer one: browsers send the
    /// extension as a decoy too, which cannot be told apart.
    pub ech: bool,
    /// Its JA3; `None` of a hello that was not whole.
    pub ja3: Option<Ja3>,
    /// Its JA4; `None` of a hello that was not whole.
    pub ja4: Option<Ja4>,
}

/// What a certificate in clear says of its owner; of the chain behind it, fingerprints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TlsCertificate {
    /// Who showed it.
    pub side: Side,
    /// The subject, its attributes in the certificate's order and escaped as RFC 4514 does, e.g.
    /// `C=DE, O=Example, CN=relay.example`.
    pub subject: Box<str>,
    /// The issuer in the same form.
    pub issuer: Box<str>,
    /// The DNS names of its subject alternative name (RFC 5280 §4.2.1.6).
    pub names: Vec<DomainName>,
    /// Its octets, for its fingerprints; nothing where they were not kept.
    pub der: Box<[u8]>,
    /// SHA-256 of each certificate behind it that was seen whole, in their order.
    pub chain: Vec<Box<str>>,
    /// When it begins to be valid, in seconds since 1970.
    pub not_before: i64,
    /// When it ends to be valid, in seconds since 1970.
    pub not_after: i64,
}

impl TlsCertificate {
    /// SHA-1 of its octets, upper-case hexadecimal as ECS wants it.
    #[must_use]
    pub fn sha1(&self) -> Option<String> {
        (!self.der.is_empty()).then(|| upper_hex(&Sha1::digest(&self.der)))
    }

    /// SHA-256 of its octets, in the same form.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        (!self.der.is_empty()).then(|| upper_hex(&Sha256::digest(&self.der)))
    }

    /// SHA-384 of its octets, in the same form: some servers go by it.
    #[must_use]
    pub fn sha384(&self) -> Option<String> {
        (!self.der.is_empty()).then(|| upper_hex(&Sha384::digest(&self.der)))
    }
}

/// An HTTP request's head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `POST` …, as it came, at most 32 octets.
    pub method: Box<str>,
    /// The host without its port: of an absolute target, else of the Host field.
    pub host: Option<DomainName>,
    /// The port that the target or the Host field names.
    pub port: Option<u16>,
    /// Path and query as they came, other octets than printable ASCII escaped, at most 1 KiB.
    pub path: Box<str>,
    /// The User-Agent field, escaped in the same way, at most 512 octets.
    pub user_agent: Option<Box<str>>,
}

/// What the first octets of a file say it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FileKind {
    /// `MZ`: a Windows program.
    Pe,
    /// An OLE compound file, as MSI installers are.
    Msi,
    /// `\x7fELF`.
    Elf,
    /// Mach-O, either width and order, or a universal binary.
    MachO,
    /// `PK\x03\x04`: ZIP, APK, JAR.
    Zip,
}

/// A file that came down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileDownload {
    /// What its first octets say.
    pub kind: FileKind,
    /// Its name: of Content-Disposition, else the last segment of the path; escaped, no slash.
    pub name: Option<Box<str>>,
    /// The request that it answers, where that was seen.
    pub host: Option<DomainName>,
    /// Path and query of that request.
    pub path: Option<Box<str>>,
    /// The length that the response declared, in octets.
    pub size: Option<u64>,
}

/// A protocol of remote access that a reader recognised.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RemoteProtocol {
    /// Which.
    pub protocol: Protocol,
    /// Who showed it first.
    pub side: Side,
    /// The version that it told, as text, e.g. `003.008`; escaped, at most 64 octets.
    pub version: Option<Box<str>>,
    /// What else it told in clear, by fixed words such as `cookie`, `security`, `software`;
    /// escaped, at most 128 octets each.
    #[serde(deserialize_with = "known_details")]
    pub details: Vec<(&'static str, Box<str>)>,
}

impl RemoteProtocol {
    /// The fixed words of [`RemoteProtocol::details`].
    pub const DETAILS: &[&str] = &[
        "build",
        "chosen",
        "client",
        "client_software",
        "cookie",
        "desktop",
        "direction",
        "keyboard",
        "mode",
        "preconnection",
        "refused",
        "repeater",
        "requested",
        "security",
        "selected",
        "software",
        "token",
        "transport",
        "transport_version",
        "viewer",
    ];
}

/// Details by their fixed words; one whose word is not known here is left out.
fn known_details<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<(&'static str, Box<str>)>, D::Error> {
    let told = Vec::<(Box<str>, Box<str>)>::deserialize(from)?;
    let known = |word: &str| RemoteProtocol::DETAILS.iter().find(|one| **one == word).copied();
    Ok(told.into_iter().filter_map(|(word, text)| Some((known(&word)?, text))).collect())
}

/// The first octets of one end of a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// Whose they are.
    pub side: Side,
    /// Payload length of the segment or datagram that began it, in octets.
    pub first_len: u32,
    /// At most [`Opening::LEN_MAX`] of them.
    pub octets: Box<[u8]>,
}

impl Opening {
    /// The most octets that are kept: every known signature ends well before.
    pub const LEN_MAX: usize = 256;
}
