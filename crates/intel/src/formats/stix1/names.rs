//! The namespaces of STIX 1 and CybOX 2, by URI: the prefix is the publisher's choice.

/// What a namespace is to this reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Space<'n> {
    /// STIX itself: core, common, indicators, TTPs, incidents, reports.
    Stix,
    /// CybOX's core.
    Cybox,
    /// CybOX's common types.
    CyboxCommon,
    /// A kind of CybOX objects, by its name without the version: `DomainNameObject`.
    Object(&'n str),
    /// Data markings, those of Automated Indicator Sharing too.
    Marking,
    /// Names of organisations (OASIS CIQ 3.0).
    Ciq,
    /// XML Schema's own attributes, `xsi:type` among them.
    Instance,
    Other,
}

/// The namespace of a URI, whatever its version.
pub(super) fn space(uri: &str) -> Space<'_> {
    if let Some(kind) = uri.strip_prefix("http://cybox.mitre.org/objects#") {
        return Space::Object(unversioned(kind));
    }
    if uri.starts_with("http://data-marking.mitre.org/")
        || uri.starts_with("http://www.us-cert.gov/STIXMarkingStructure#")
    {
        return Space::Marking;
    }
    match unversioned(uri) {
        "http://cybox.mitre.org/cybox" => Space::Cybox,
        "http://cybox.mitre.org/common" => Space::CyboxCommon,
        "http://www.w3.org/2001/XMLSchema-instance" => Space::Instance,
        "http://stix.mitre.org/default_vocabularies" => Space::Other,
        other if other.starts_with("http://stix.mitre.org/extensions/") => Space::Other,
        other if other.starts_with("http://stix.mitre.org/") => Space::Stix,
        other if other.starts_with("urn:oasis:names:tc:ciq:") => Space::Ciq,
        _ => Space::Other,
    }
}

/// The text without `-2` at its end.
fn unversioned(text: &str) -> &str {
    match text.rsplit_once('-') {
        Some((name, version)) if version.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => text,
    }
}

/// What an object is, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    /// A domain name or a host's name.
    Name,
    Address,
    /// A URI or a link.
    Uri,
    File,
    Certificate,
    Http,
    /// A connection, a flow, a socket or one address of it.
    Connection,
    /// A query or a record.
    Dns,
    Port,
    /// What no wire shows, or not as an indicator: keys, mutexes, mails, processes.
    Other,
}

/// The family of a kind of objects.
pub(super) fn family(kind: &str) -> Family {
    match kind {
        "DomainNameObject" | "HostnameObject" => Family::Name,
        "AddressObject" => Family::Address,
        "URIObject" | "LinkObject" => Family::Uri,
        "X509CertificateObject" => Family::Certificate,
        "HTTPSessionObject" => Family::Http,
        "NetworkConnectionObject"
        | "NetworkFlowObject"
        | "NetworkSocketObject"
        | "SocketAddressObject" => Family::Connection,
        "DNSQueryObject" | "DNSRecordObject" => Family::Dns,
        "PortObject" => Family::Port,
        // Executables, archives, PDFs: each extends the file.
        other if other.ends_with("FileObject") => Family::File,
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_known_by_uri() {
        let table = [
            ("http://stix.mitre.org/stix-1", Space::Stix),
            ("http://stix.mitre.org/common-1", Space::Stix),
            ("http://stix.mitre.org/Indicator-2", Space::Stix),
            ("http://stix.mitre.org/TTP-1", Space::Stix),
            ("http://stix.mitre.org/default_vocabularies-1", Space::Other),
            ("http://stix.mitre.org/extensions/TestMechanism#Snort-1", Space::Other),
            ("http://cybox.mitre.org/cybox-2", Space::Cybox),
            ("http://cybox.mitre.org/common-2", Space::CyboxCommon),
            ("http://cybox.mitre.org/default_vocabularies-2", Space::Other),
            ("http://cybox.mitre.org/objects#URIObject-2", Space::Object("URIObject")),
            (
                "http://cybox.mitre.org/objects#DomainNameObject-1",
                Space::Object("DomainNameObject"),
            ),
            ("http://data-marking.mitre.org/Marking-1", Space::Marking),
            ("http://www.us-cert.gov/STIXMarkingStructure#AISConsentMarking-2", Space::Marking),
            ("urn:oasis:names:tc:ciq:xnl:3", Space::Ciq),
            ("http://www.w3.org/2001/XMLSchema-instance", Space::Instance),
            ("http://example.com/", Space::Other),
            ("", Space::Other),
        ];
        for (uri, want) in table {
            assert_eq!(space(uri), want, "{uri}");
        }
        assert_eq!(family("WinExecutableFileObject"), Family::File);
        assert_eq!(family("MutexObject"), Family::Other);
    }
}
