//! The model's closed sets as the words that stand in records.

use super::envelope::{Class, class};
use crate::json::{self, Json, Page, Word, constant};
use model::{
    CloseReason, Detection, Direction, FileKind, Protocol, RecordType, Side, SignSource,
    TlsVersion, Transport,
};

pub(crate) const fn transport(transport: Transport) -> Word {
    match transport {
        Transport::Tcp => Word("tcp"),
        Transport::Udp => Word("udp"),
    }
}

/// The words of a closed set as members of an object, a comma before each; and alone, where that
/// function has a name.
macro_rules! words {
    ($set:ident $name:literal $member:ident $($one:ident)? { $($variant:ident $word:literal)+ }) => {
        words! { @alone $set $($one)? { $($variant $word)+ } }

        #[inline]
        pub(super) fn $member(out: &mut Page, of: $set) {
            match of {
                $($set::$variant => constant!(out, ",\"", $name, "\":\"", $word, "\""),)+
            }
        }
    };
    (@alone $set:ident { $($variant:ident $word:literal)+ }) => {};
    (@alone $set:ident $one:ident { $($variant:ident $word:literal)+ }) => {
        pub(crate) const fn $one(of: $set) -> &'static str {
            match of {
                $($set::$variant => $word,)+
            }
        }
    };
}

words! {
    Protocol "protocol" protocol_member protocol {
        Dns "dns"
        Mdns "mdns"
        Llmnr "llmnr"
        Nbns "nbns"
        Tls "tls"
        Http "http"
        Quic "quic"
        Dtls "dtls"
        Rdp "rdp"
        // The name that people know it by.
        Rfb "vnc"
        Ssh "ssh"
        Socks "socks"
        Dhcp "dhcp"
        Dhcpv6 "dhcpv6"
    }
}

words! {
    Direction "direction" direction_member direction {
        Inbound "inbound"
        Outbound "outbound"
        Internal "internal"
        External "external"
    }
}

words! {
    CloseReason "close_reason" close_reason_member {
        Fin "fin"
        Reset "reset"
        Timeout "timeout"
        Evicted "evicted"
        End "end"
    }
}

pub(crate) const fn side(side: Side) -> Word {
    match side {
        Side::Client => Word("client"),
        Side::Server => Word("server"),
    }
}

pub(crate) const fn sign_source(source: SignSource) -> Word {
    match source {
        SignSource::DnsQuestion => Word("dns.question"),
        SignSource::DnsAnswer => Word("dns.answer"),
        SignSource::TlsSni => Word("tls.sni"),
        SignSource::QuicSni => Word("quic.sni"),
        SignSource::TlsAlpn => Word("tls.alpn"),
        SignSource::TlsCertificate => Word("tls.certificate"),
        SignSource::TlsJa4 => Word("tls.ja4"),
        SignSource::TlsJa3 => Word("tls.ja3"),
        SignSource::HttpHost => Word("http.host"),
        SignSource::HttpUserAgent => Word("http.user_agent"),
        SignSource::HttpPath => Word("http.path"),
        SignSource::HttpUrl => Word("http.url"),
        SignSource::HttpFile => Word("http.file"),
        SignSource::Payload => Word("payload"),
        SignSource::Port => Word("port"),
        SignSource::Address => Word("address"),
    }
}

/// `event` of an alert.
pub(super) const fn alert_class(detection: Detection) -> Class {
    macro_rules! alert {
        ($action:literal) => {
            class!("alert" ["network" "intrusion_detection"] ["info"] $action, "alert")
        };
    }
    match detection {
        Detection::Relay => alert!("rmm-relay-contacted"),
        Detection::Api => alert!("rmm-api-contacted"),
        Detection::Download => alert!("rmm-downloaded"),
        Detection::Protocol => alert!("rmm-protocol-seen"),
        Detection::Lure => alert!("lure-contacted"),
        Detection::Indicator => alert!("indicator-contacted"),
        Detection::Campaign => alert!("campaign-observed"),
        Detection::Inbound => alert!("rmm-inbound-access"),
    }
}

pub(crate) const fn file_kind(kind: FileKind) -> Word {
    match kind {
        FileKind::Pe => Word("pe"),
        FileKind::Msi => Word("msi"),
        FileKind::Elf => Word("elf"),
        FileKind::MachO => Word("mach-o"),
        FileKind::Zip => Word("zip"),
    }
}

/// By the first octets alone: an OLE compound file may be a document, a ZIP may be an APK.
pub(crate) const fn mime_type(kind: FileKind) -> Word {
    match kind {
        FileKind::Pe => Word("application/vnd.microsoft.portable-executable"),
        FileKind::Msi => Word("application/x-ole-storage"),
        FileKind::Elf => Word("application/x-elf"),
        FileKind::MachO => Word("application/x-mach-binary"),
        FileKind::Zip => Word("application/zip"),
    }
}

/// A record type as text: its mnemonic, else `TYPE` and its number (RFC 3597 §5).
#[derive(Clone, Copy)]
pub(crate) struct TypeText(pub(crate) RecordType);

impl Json for TypeText {
    #[inline]
    fn json(&self, out: &mut Page) {
        match self.0 {
            // What nearly all are.
            RecordType::A => out.put(b"\"A\""),
            RecordType::AAAA => out.put(b"\"AAAA\""),
            RecordType::HTTPS => out.put(b"\"HTTPS\""),
            RecordType::CNAME => out.put(b"\"CNAME\""),
            kind => match record_type(kind) {
                Some(name) => Word(name).json(out),
                None => json::shown(out, format_args!("TYPE{}", kind.0)),
            },
        }
    }
}

/// The mnemonics of IANA's registry of record types that are met in practice.
const fn record_type(kind: RecordType) -> Option<&'static str> {
    Some(match kind.0 {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        17 => "RP",
        18 => "AFSDB",
        24 => "SIG",
        25 => "KEY",
        28 => "AAAA",
        29 => "LOC",
        33 => "SRV",
        35 => "NAPTR",
        36 => "KX",
        37 => "CERT",
        39 => "DNAME",
        41 => "OPT",
        42 => "APL",
        43 => "DS",
        44 => "SSHFP",
        45 => "IPSECKEY",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        49 => "DHCID",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        53 => "SMIMEA",
        55 => "HIP",
        59 => "CDS",
        60 => "CDNSKEY",
        61 => "OPENPGPKEY",
        62 => "CSYNC",
        63 => "ZONEMD",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        108 => "EUI48",
        109 => "EUI64",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => return None,
    })
}

/// A question's type in the protocol that asked it: NetBIOS has two numbers of its own
/// (RFC 1002 §4.2.1.2), one of which is SRV's in DNS.
#[derive(Clone, Copy)]
pub(crate) struct QuestionType {
    pub(crate) protocol: Protocol,
    pub(crate) kind: RecordType,
}

impl Json for QuestionType {
    #[inline]
    fn json(&self, out: &mut Page) {
        match (self.protocol, self.kind.0) {
            (Protocol::Nbns, 0x20) => Word("NB").json(out),
            (Protocol::Nbns, 0x21) => Word("NBSTAT").json(out),
            _ => TypeText(self.kind).json(out),
        }
    }
}

/// A response code as text: its mnemonic (RFC 6895 §2.3), else `RCODE` and its number.
#[derive(Clone, Copy)]
pub(crate) struct RcodeText(pub(crate) u16);

impl Json for RcodeText {
    #[inline]
    fn json(&self, out: &mut Page) {
        let name = match self.0 {
            0 => return out.put(b"\"NOERROR\""), // what nearly all are
            1 => "FORMERR",
            2 => "SERVFAIL",
            3 => "NXDOMAIN",
            4 => "NOTIMP",
            5 => "REFUSED",
            6 => "YXDOMAIN",
            7 => "YXRRSET",
            8 => "NXRRSET",
            9 => "NOTAUTH",
            10 => "NOTZONE",
            11 => "DSOTYPENI",
            16 => "BADVERS",
            17 => "BADKEY",
            18 => "BADTIME",
            19 => "BADMODE",
            20 => "BADNAME",
            21 => "BADALG",
            22 => "BADTRUNC",
            23 => "BADCOOKIE",
            other => return json::shown(out, format_args!("RCODE{other}")),
        };
        Word(name).json(out);
    }
}

/// The number of a TLS version as ECS wants it, and the protocol that it numbers; `None` for a
/// number that no release has.
pub(crate) const fn tls_version(version: TlsVersion) -> Option<(&'static str, &'static str)> {
    Some(match version.0 {
        0x0002 => ("2.0", "ssl"),
        0x0300 => ("3.0", "ssl"),
        0x0301 => ("1.0", "tls"),
        0x0302 => ("1.1", "tls"),
        0x0303 => ("1.2", "tls"),
        0x0304 => ("1.3", "tls"),
        0xfeff => ("1.0", "dtls"),
        0xfefd => ("1.2", "dtls"),
        0xfefc => ("1.3", "dtls"),
        _ => return None,
    })
}

/// One offered version: `1.3` for TLS, `ssl 3.0` or `dtls 1.2` for its kin, else `0x7f1c`.
#[derive(Clone, Copy)]
pub(crate) struct VersionText(pub(crate) TlsVersion);

impl Json for VersionText {
    fn json(&self, out: &mut Page) {
        match tls_version(self.0) {
            Some((number, "tls")) => Word(number).json(out),
            Some((number, protocol)) => json::shown(out, format_args!("{protocol} {number}")),
            None => json::shown(out, format_args!("{:#06x}", self.0.0)),
        }
    }
}

/// A QUIC version as people know it: `1`, `2` (RFC 9369), `draft-29`, Google's own `Q046`, else
/// its number, `0xfaceb002`.
#[derive(Clone, Copy)]
pub(crate) struct QuicVersionText(pub(crate) u32);

impl Json for QuicVersionText {
    fn json(&self, out: &mut Page) {
        match (self.0, self.0.to_be_bytes()) {
            (1, _) => Word("1").json(out),
            (0x6b33_43cf, _) => Word("2").json(out),
            (_, [0xff, 0, 0, draft]) => json::shown(out, format_args!("draft-{draft}")),
            (_, octets @ [b'Q' | b'T', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9']) => {
                Octets(&octets).json(out);
            }
            (number, _) => json::shown(out, format_args!("{number:#010x}")),
        }
    }
}

/// Octets as text: printable ASCII as it is, everything else and the backslash as `\xNN`.
#[derive(Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl Json for Octets<'_> {
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        for &octet in self.0 {
            match octet {
                b'"' => out.put(b"\\\""),
                b' '..=b'~' if octet != b'\\' => out.put(&[octet]),
                _ => {
                    out.put(b"\\\\x"); // JSON escapes the backslash
                    out.put(&json::hex(octet));
                }
            }
        }
        out.put(b"\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl Json) -> String {
        let mut out = Page::default();
        value.json(&mut out);
        serde_json::from_slice(out.octets()).expect("a text")
    }

    #[test]
    fn numbers_without_a_name_keep_their_number() {
        let question = |protocol, kind| text(QuestionType { protocol, kind: RecordType(kind) });
        let table = [
            (text(TypeText(RecordType(65))), "HTTPS"),
            (text(TypeText(RecordType(33))), "SRV"),
            (text(TypeText(RecordType(65_535))), "TYPE65535"),
            (question(Protocol::Dns, 33), "SRV"),
            (question(Protocol::Nbns, 33), "NBSTAT"),
            (question(Protocol::Nbns, 32), "NB"),
            (question(Protocol::Nbns, 1), "A"),
            (text(RcodeText(3)), "NXDOMAIN"),
            (text(RcodeText(4_095)), "RCODE4095"),
            (text(VersionText(TlsVersion(0x0304))), "1.3"),
            (text(VersionText(TlsVersion(0x0300))), "ssl 3.0"),
            (text(VersionText(TlsVersion(0xfefd))), "dtls 1.2"),
            (text(VersionText(TlsVersion(0x0001))), "0x0001"),
            (text(QuicVersionText(1)), "1"),
            (text(QuicVersionText(0x6b33_43cf)), "2"),
            (text(QuicVersionText(0xff00_001d)), "draft-29"),
            (text(QuicVersionText(u32::from_be_bytes(*b"Q046"))), "Q046"),
            (text(QuicVersionText(u32::from_be_bytes(*b"T051"))), "T051"),
            (text(QuicVersionText(u32::from_be_bytes(*b"Q04x"))), "0x51303478"),
            (text(QuicVersionText(0xface_b002)), "0xfaceb002"),
            (text(QuicVersionText(0)), "0x00000000"),
        ];
        for (got, want) in table {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn octets_are_escaped_and_never_dropped() {
        let table: &[(&[u8], &str)] = &[
            (b"h2", "h2"),
            (b"", ""),
            (b"a b~", "a b~"),
            (b"a\"b", "a\"b"),
            (b"\x00\x7f\xff", "\\x00\\x7f\\xff"),
            (b"\\x00", "\\x5cx00"),
            ("\u{e9}".as_bytes(), "\\xc3\\xa9"),
        ];
        for (octets, want) in table {
            assert_eq!(text(Octets(octets)), *want, "{octets:?}");
        }
    }
}
