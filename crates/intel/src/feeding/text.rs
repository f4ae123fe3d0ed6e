//! Whether the octets of a feed are a text, and which.

/// Octets that a text may grow by when those that are no UTF-8 are replaced.
const SPOILED_OCTETS_MAX: usize = 1 << 20;

/// First octets of what is no text, and what to do about it.
const NO_TEXTS: [(&[u8], &str, &str); 7] = [
    (b"\x1f\x8b", "it is packed with gzip", "unpack it first: `gunzip`"),
    (b"\x28\xb5\x2f\xfd", "it is packed with zstd", "unpack it first: `unzstd`"),
    (b"BZh", "it is packed with bzip2", "unpack it first: `bunzip2`"),
    (b"\xfd7zXZ\0", "it is packed with xz", "unpack it first: `unxz`"),
    (b"PK\x03\x04", "it is a zip archive", "unpack it first: `unzip`"),
    (b"\xff\xfe", "it is text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "it is text in UTF-16", "save it as UTF-8"),
];

/// Why a feed that begins so is no text, and what to do about it.
pub(super) fn no_text(begun: &[u8]) -> Option<(&'static str, &'static str)> {
    let packed = NO_TEXTS.iter().find(|(magic, ..)| begun.starts_with(magic));
    if let Some((_, why, fix)) = packed {
        return Some((*why, *fix));
    }
    if begun.contains(&0) {
        let zeros = begun.first_chunk::<4>().map(|first| first.map(|octet| octet == 0));
        let wide = matches!(zeros, Some([true, false, true, false] | [false, true, false, true]));
        let wide = wide.then_some(("it is text in UTF-16", "save it as UTF-8"));
        return Some(wide.unwrap_or(("it is no text", "name a text file")));
    }
    let text = begun.trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("<!doctype html") || begins("<html") {
        let fix = "it may say why the list could not be had; fetch it anew";
        return Some(("it is a web page, no list", fix));
    }
    // More than one line, each ended as on old Macs: all but the first would be its remark.
    let line = begun.trim_ascii();
    let old = line.contains(&b'\r') && !line.contains(&b'\n');
    old.then_some(("its lines end in CR alone", "save it with LF or CR LF"))
}

/// The text of octets; those that are no UTF-8 become U+FFFD. `None`: too many are for a text.
pub(super) fn text_of(octets: Vec<u8>) -> Option<String> {
    let error = match String::from_utf8(octets) {
        Ok(text) => return Some(text),
        Err(error) => error,
    };
    // So that it takes twice the memory at the most, not four times.
    let most = error.as_bytes().len().saturating_add(SPOILED_OCTETS_MAX);
    let mut text = String::with_capacity(most);
    for chunk in error.as_bytes().utf8_chunks() {
        if text.len().saturating_add(chunk.valid().len()).saturating_add(3) > most {
            return None;
        }
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named() {
        let table: &[(&[u8], Option<&str>)] = &[
            (b"evil.example\n", None),
            (b"evil.example\r\nworse.example\r\n", None),
            (b"evil.example\r", None),
            (b"", None),
            (b"evil.example\rworse.example\r", Some("its lines end in CR alone")),
            (b"\xff\xfee\0v\0", Some("it is text in UTF-16")),
            (b"e\0v\0i\0l\0", Some("it is text in UTF-16")),
            (b"\0e\0v\0i\0l", Some("it is text in UTF-16")),
            (b"\0\0\0\0", Some("it is no text")),
            (b"evil\0", Some("it is no text")),
            (b"PK\x03\x04", Some("it is a zip archive")),
            (b"\n<!DOCTYPE html><title>404</title>", Some("it is a web page, no list")),
            (b"<HTML>", Some("it is a web page, no list")),
            (b"<stix:STIX_Package>", None),
        ];
        for (begun, want) in table {
            let got = no_text(begun).map(|(why, _)| why);
            assert_eq!(got, *want, "{:?}", String::from_utf8_lossy(begun));
        }
    }

    #[test]
    fn octets_that_are_no_text_cost_no_more_than_those_that_are() {
        assert_eq!(text_of(b"J\xfcrgen".to_vec()).as_deref(), Some("J\u{fffd}rgen"));
        let few = vec![0xff; SPOILED_OCTETS_MAX / 3];
        assert_eq!(text_of(few.clone()).map(|text| text.len()), Some(few.len() * 3));
        let many = vec![0xff; SPOILED_OCTETS_MAX];
        assert_eq!(text_of(many), None);
    }
}
