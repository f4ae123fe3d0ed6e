//! What a file looks like that is no capture, so that its name need not be guessed at.

/// Octets that are looked at.
pub(crate) const LOOK_OCTETS: usize = 512;

/// First octets, and what they begin.
const LOOKS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz, which is not unpacked"),
    (b"BZh", "bzip2, which is not unpacked"),
    (b"\x04\x22\x4d\x18", "lz4, which is not unpacked"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "an ELF program"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"GMBU", "a Network Monitor capture, which is not read"),
    (b"RTSS", "a Network Monitor capture, which is not read"),
    (b"TRSNIFF data", "a Sniffer capture, which is not read"),
    (b"XCP\0", "a NetXRay capture, which is not read"),
    (b"btsnoop\0", "a Bluetooth capture, which is not read"),
];

/// What a file is that begins with `octets`.
pub(crate) fn look(octets: &[u8]) -> String {
    if octets.is_empty() {
        return "is empty".to_owned();
    }
    if let Some((_, what)) = LOOKS.iter().find(|(magic, _)| octets.starts_with(magic)) {
        return format!("looks like {what}");
    }
    let first = octets.get(..octets.len().min(LOOK_OCTETS)).unwrap_or(octets);
    if first.starts_with(b"<?xml") || first.starts_with(b"<") {
        return "looks like XML or HTML".to_owned();
    }
    // A character cut at the end of what we look at is no reason to doubt.
    let text = match std::str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() + 4 > first.len() => {
            std::str::from_utf8(first.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => "",
    };
    if !text.is_empty() && text.chars().all(|c| !c.is_control() || c.is_whitespace()) {
        return "looks like text".to_owned();
    }
    let start: String = first.iter().take(4).map(|octet| format!("{octet:02x}")).collect();
    format!("begins with octets {start}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_capture_is_named() {
        for (octets, said) in [
            (&b""[..], "is empty"),
            (b"hello\n", "looks like text"),
            ("gr\u{fc}n".as_bytes(), "looks like text"),
            (b"<html>", "looks like XML or HTML"),
            (b"PK\x03\x04rest", "looks like a ZIP archive"),
            (b"\x00\x01\x02\x03\x04", "begins with octets 00010203"),
            (b"MZ\x90\0", "looks like a Windows program"),
        ] {
            assert_eq!(look(octets), said);
        }
    }
}
