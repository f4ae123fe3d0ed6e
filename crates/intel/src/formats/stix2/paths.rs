//! Which properties of STIX's observables a wire shows (STIX 2.1 §6).

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum What {
    /// A name, an address or a network.
    Host,
    Url,
    Certificate,
    File,
    Ja3,
    Ja4,
}

/// What a property is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Property {
    /// A wire shows it.
    Seen(What),
    /// A wire shows it, but it only goes with what the pattern is about: what a name resolved to.
    Aside(What),
    /// Where something stands: a type, a port, a protocol, a time.
    Place,
    /// No wire shows it: hashes of files, mail, registry, processes.
    Unseen,
}

/// The property at a path, without the indices of lists: `hashes.SHA-256`.
pub(super) fn property(object: &str, path: &str) -> Property {
    use Property::{Aside, Place, Seen, Unseen};
    let last = path.rsplit('.').next().unwrap_or(path);
    match (object, path) {
        ("domain-name" | "hostname" | "ipv4-addr" | "ipv6-addr", "value") => Seen(What::Host),
        ("domain-name", "resolves_to_refs.value") => Aside(What::Host),
        ("url", "value") => Seen(What::Url),
        ("x509-certificate", "hashes.SHA-1" | "hashes.SHA1") => Seen(What::Certificate),
        ("x509-certificate", "hashes.SHA-256" | "hashes.SHA256") => Seen(What::Certificate),
        ("file", "name") => Seen(What::File),
        ("network-traffic", "dst_ref.value" | "src_ref.value") => Seen(What::Host),
        ("network-traffic", _) if path.ends_with("request_header.Host") => Seen(What::Host),
        ("network-traffic", _) => match last {
            "dst_port" | "src_port" | "protocols" | "start" | "end" | "is_active" | "type" => Place,
            _ => fingerprint(last),
        },
        (_, _) if last == "type" => Place,
        (_, _) if object.starts_with("x-") => fingerprint(last),
        _ => Unseen,
    }
}

/// Fingerprints of hellos have no property of their own in STIX; those who write them name one.
fn fingerprint(name: &str) -> Property {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    if has("ja3s") || has("ja4s") || has("ja4h") || has("ja4x") {
        Property::Unseen
    } else if has("ja3") {
        Property::Seen(What::Ja3)
    } else if has("ja4") {
        Property::Seen(What::Ja4)
    } else {
        Property::Unseen
    }
}
