//! Hosts files, as hosts(5) says: a sink's address and the names that are to end there.

use super::frame::{Format, Reading};
use super::plain::{Plain, first_lines, without_remark};

/// Takes a text whose first lines map names to the machine itself or to nowhere.
pub(super) const FORMAT: Format = Format {
    name: "hosts",
    fits: |_, text| fits(text),
    read: Reading::Lines(|_| Box::new(Plain::default())),
    sample: "# Title: a sample\n127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n\
        0.0.0.0\tevil.example\tworse.example\n127.0.0.1 third.example # a note\n",
};

fn fits(text: &str) -> bool {
    let (mut mapping, mut other) = (0usize, 0usize);
    for (_, line) in first_lines(text) {
        let count = if names(without_remark(line)).is_some() { &mut mapping } else { &mut other };
        *count = count.saturating_add(1);
    }
    mapping > other
}

/// The names that a line sends nowhere. `None` when it is no such line.
pub(super) fn names(line: &str) -> Option<impl Iterator<Item = &str>> {
    let mut words = line.split_ascii_whitespace();
    let sink = matches!(
        words.next()?,
        "0.0.0.0" | "127.0.0.1" | "0" | "::" | "::0" | "::1" | "0:0:0:0:0:0:0:0"
    );
    let mut words = words.peekable();
    let mapping =
        (sink || is_own(words.peek().copied().unwrap_or_default())) && words.peek().is_some();
    mapping.then_some(words)
}

/// Whether a name is one that every hosts file has for the machine itself.
pub(super) fn is_own(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'l') => matches!(name, "localhost" | "localhost.localdomain" | "local"),
        Some(b'b' | b'0') => matches!(name, "broadcasthost" | "0.0.0.0"),
        Some(b'i') => name.starts_with("ip6-") && !name.contains('.'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_map_names_to_sinks() {
        let table: &[(&str, Option<&[&str]>)] = &[
            ("0.0.0.0 a.example", Some(&["a.example"])),
            ("127.0.0.1\ta.example  b.example", Some(&["a.example", "b.example"])),
            (":: a.example", Some(&["a.example"])),
            ("255.255.255.255 broadcasthost", Some(&["broadcasthost"])),
            ("fe80::1%lo0 localhost", Some(&["localhost"])),
            ("ff02::1 ip6-allnodes", Some(&["ip6-allnodes"])),
            ("203.0.113.7 a.example", None),
            ("0.0.0.0", None),
            ("a.example 0.0.0.0.example", None),
            ("", None),
        ];
        for (line, want) in table {
            let got = names(line).map(Iterator::collect::<Vec<_>>);
            assert_eq!(got.as_deref(), *want, "{line}");
        }
        assert!(fits("# a list\n0.0.0.0 a.example\n"));
        assert!(!fits("203.0.113.7\na.example\n0.0.0.0 b.example\n"));
        assert!(!fits(""));
    }
}
