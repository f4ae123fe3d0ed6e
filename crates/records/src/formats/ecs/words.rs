//! The model's closed sets as the words that stand in records.

use model::{
    CloseReason, Detection, Direction, FileKind, Protocol, RecordType, Side, SignSource,
    TlsVersion, Transport,
};
use serde::{Serialize, Serializer};

pub(crate) const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

pub(crate) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Dns => "dns",
        Protocol::Mdns => "mdns",
        Protocol::Llmnr => "llmnr",
        Protocol::Nbns => "nbns",
        Protocol::Tls => "tls",
        Protocol::Http => "http",
        Protocol::Quic => "quic",
        Protocol::Dtls => "dtls",
        Protocol::Rdp => "rdp",
        // The name that people know it by.
        Protocol::Rfb => "vnc",
        Protocol::Ssh => "ssh",
        Protocol::Socks => "socks",
        Protocol::Dhcp => "dhcp",
        Protocol::Dhcpv6 => "dhcpv6",
    }
}

pub(crate) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
        Direction::External => "external",
    }
}

pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

pub(crate) const fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Fin => "fin",
        CloseReason::Reset => "reset",
        CloseReason::Timeout => "timeout",
        CloseReason::Evicted => "evicted",
        CloseReason::End => "end",
    }
}

pub(crate) const fn sign_source(source: SignSource) -> &'static str {
    match source {
        SignSource::DnsQuestion => "dns.question",
        SignSource::DnsAnswer => "dns.answer",
        SignSource::TlsSni => "tls.sni",
        SignSource::QuicSni => "quic.sni",
        SignSource::TlsAlpn => "tls.alpn",
        SignSource::TlsCertificate => "tls.certificate",
        SignSource::TlsJa4 => "tls.ja4",
        SignSource::TlsJa3 => "tls.ja3",
        SignSource::HttpHost => "http.host",
        SignSource::HttpUserAgent => "http.user_agent",
        SignSource::HttpPath => "http.path",
        SignSource::HttpUrl => "http.url",
        SignSource::HttpFile => "http.file",
        SignSource::Payload => "payload",
        SignSource::Port => "port",
        SignSource::Address => "address",
    }
}

/// `event.action` of an alert.
pub(crate) const fn alert_action(detection: Detection) -> &'static str {
    match detection {
        Detection::Relay => "rmm-relay-contacted",
        Detection::Api => "rmm-api-contacted",
        Detection::Download => "rmm-downloaded",
        Detection::Protocol => "rmm-protocol-seen",
        Detection::Lure => "lure-contacted",
        Detection::Indicator => "indicator-contacted",
        Detection::Campaign => "campaign-observed",
        Detection::Inbound => "rmm-inbound-access",
    }
}

pub(crate) const fn file_kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Pe => "pe",
        FileKind::Msi => "msi",
        FileKind::Elf => "elf",
        FileKind::MachO => "mach-o",
        FileKind::Zip => "zip",
    }
}

/// By the first octets alone: an OLE compound file may be a document, a ZIP may be an APK.
pub(crate) const fn mime_type(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Pe => "application/vnd.microsoft.portable-executable",
        FileKind::Msi => "application/x-ole-storage",
        FileKind::Elf => "application/x-elf",
        FileKind::MachO => "application/x-mach-binary",
        FileKind::Zip => "application/zip",
    }
}

/// A record type as text: its mnemonic, else `TYPE` and its number (RFC 3597 §5).
#[derive(Clone, Copy)]
pub(crate) struct TypeText(pub(crate) RecordType);

impl Serialize for TypeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match record_type(self.0) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.collect_str(&format_args!("TYPE{}", self.0.0)),
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

impl Serialize for QuestionType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.protocol, self.kind.0) {
            (Protocol::Nbns, 0x20) => serializer.serialize_str("NB"),
            (Protocol::Nbns, 0x21) => serializer.serialize_str("NBSTAT"),
            _ => TypeText(self.kind).serialize(serializer),
        }
    }
}

/// A response code as text: its mnemonic (RFC 6895 §2.3), else `RCODE` and its number.
#[derive(Clone, Copy)]
pub(crate) struct RcodeText(pub(crate) u16);

impl Serialize for RcodeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = match self.0 {
            0 => "NOERROR",
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
            other => return serializer.collect_str(&format_args!("RCODE{other}")),
        };
        serializer.serialize_str(name)
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

impl Serialize for VersionText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match tls_version(self.0) {
            Some((number, "tls")) => serializer.serialize_str(number),
            Some((number, protocol)) => {
                serializer.collect_str(&format_args!("{protocol} {number}"))
            }
            None => serializer.collect_str(&format_args!("{:#06x}", self.0.0)),
        }
    }
}

/// A QUIC version as people know it: `1`, `2` (RFC 9369), `draft-29`, Google's own `Q046`, else
/// its number, `0xfaceb002`.
#[derive(Clone, Copy)]
pub(crate) struct QuicVersionText(pub(crate) u32);

impl Serialize for QuicVersionText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0, self.0.to_be_bytes()) {
            (1, _) => serializer.serialize_str("1"),
            (0x6b33_43cf, _) => serializer.serialize_str("2"),
            (_, [0xff, 0, 0, draft]) => serializer.collect_str(&format_args!("draft-{draft}")),
            (_, [kind @ (b'Q' | b'T'), b'0'..=b'9', b'0'..=b'9', b'0'..=b'9']) => {
                let octets = self.0.to_be_bytes();
                let digits = octets.get(1..).and_then(|digits| std::str::from_utf8(digits).ok());
                let digits = digits.unwrap_or_default();
                serializer.collect_str(&format_args!("{}{digits}", char::from(kind)))
            }
            (number, _) => serializer.collect_str(&format_args!("{number:#010x}")),
        }
    }
}

/// Octets as text: printable ASCII as it is, everything else and the backslash as `\xNN`.
#[derive(Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plain = |octet: &u8| matches!(octet, b' '..=b'~') && *octet != b'\\';
        match std::str::from_utf8(self.0) {
            Ok(text) if self.0.iter().all(plain) => serializer.serialize_str(text),
            _ => serializer.collect_str(self),
        }
    }
}

impl std::fmt::Display for Octets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for &octet in self.0 {
            match octet {
                b'\\' => f.write_str("\\x5c")?,
                b' '..=b'~' => std::fmt::Write::write_char(f, char::from(octet))?,
                _ => write!(f, "\\x{octet:02x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl Serialize) -> String {
        serde_json::to_value(value).expect("a value").as_str().expect("text").to_owned()
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
            (b"\x00\x7f\xff", "\\x00\\x7f\\xff"),
            (b"\\x00", "\\x5cx00"),
            ("\u{e9}".as_bytes(), "\\xc3\\xa9"),
        ];
        for (octets, want) in table {
            assert_eq!(text(Octets(octets)), *want, "{octets:?}");
        }
    }
}
