//! The text of one rule of Suricata or Snort, taken apart.
//!
//! Suricata user guide, "Rules format" and "Payload keywords"; Snort 3 rule writing guide.

use crate::limits::LINE_BYTES_MAX;

/// Words that a rule may begin with, and whether it then reports what it finds.
const ACTIONS: [(&str, bool); 16] = [
    ("alert", true),
    ("drop", true),
    ("reject", true),
    ("rejectsrc", true),
    ("rejectdst", true),
    ("rejectboth", true),
    ("block", true),
    ("sdrop", true),
    ("react", true),
    ("pass", false),
    ("log", false),
    ("config", false),
    ("activate", false),
    ("dynamic", false),
    ("rewrite", false),
    ("file_id", false),
];

/// Whether a line begins a rule.
pub(super) fn begins(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let (Some(action), Some(protocol)) = (words.next(), words.next()) else { return false };
    ACTIONS.iter().any(|(word, _)| *word == action)
        && (protocol.starts_with('(')
            || protocol.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-'))
}

/// A rule in its parts.
#[derive(Debug)]
pub(super) struct Rule<'r> {
    /// It reports what it finds; else it is an exception or a note.
    pub(super) reports: bool,
    pub(super) protocol: &'r str,
    pub(super) source: &'r str,
    pub(super) destination: &'r str,
    pub(super) ports: [&'r str; 2],
    /// Keywords and what stands behind their colon, in order.
    pub(super) options: Vec<(&'r str, &'r str)>,
}

/// Take a rule apart. `Err` says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Rule<'_>, &'static str> {
    let (head, rest) = text.split_once('(').ok_or("the rule has no options in `(…)`")?;
    let rest = rest.trim_end();
    let body = rest.strip_suffix(')').ok_or("the rule has no `)` at its end")?;
    let words = words(head);
    let action = words.first().copied().unwrap_or_default();
    let Some((_, reports)) = ACTIONS.iter().find(|(word, _)| *word == action) else {
        return Err("the rule begins with no action that is known");
    };
    let [protocol, source, from, destination, to] = match words.as_slice() {
        [_, protocol, source, from, "->" | "<>" | "=>" | "<-", destination, to] => {
            [*protocol, *source, *from, *destination, *to]
        }
        // Snort 3 needs no addresses.
        [_, protocol] => [*protocol, "any", "any", "any", "any"],
        [_] => ["any"; 5],
        _ => return Err("the rule's head is not `action protocol from port -> to port`"),
    };
    let options = options(body)?;
    let ports = [from, to];
    Ok(Rule { reports: *reports, protocol, source, destination, ports, options })
}

/// The words of a rule's head; a list in brackets is one, spaces in it or not.
fn words(head: &str) -> Vec<&str> {
    let (mut depth, mut words, mut start) = (0usize, Vec::new(), None);
    for (at, c) in head.char_indices() {
        match c {
            '[' => depth = depth.saturating_add(1),
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_ascii_whitespace() && depth == 0 {
            words.extend(start.take().and_then(|start| head.get(start..at)));
        } else {
            start.get_or_insert(at);
        }
    }
    words.extend(start.and_then(|start| head.get(start..)));
    words
}

/// What stands between the `;`, but for those in quotes or behind `\`.
fn options(body: &str) -> Result<Vec<(&str, &str)>, &'static str> {
    let (mut options, mut start) = (Vec::new(), 0usize);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                options.extend(option(body.get(start..at).unwrap_or_default()));
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    if quoted {
        return Err("a text of the rule has no closing quote");
    }
    options.extend(option(body.get(start..).unwrap_or_default()));
    Ok(options)
}

fn option(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':').unwrap_or((text, ""));
    let key = key.trim();
    (!key.is_empty()).then(|| (key, value.trim()))
}

/// A text in quotes, and what stands around it.
pub(super) struct Quoted<'q> {
    pub(super) negated: bool,
    pub(super) text: &'q str,
    /// Snort 3 puts modifiers here: `content:"x",nocase,depth 4`.
    pub(super) behind: &'q str,
}

/// The text of `content:"…"`.
pub(super) fn quoted(value: &str) -> Option<Quoted<'_>> {
    let negated = value.starts_with('!');
    let inner = value.trim_start_matches('!').trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (text, behind) = inner.split_at_checked(end?.0)?;
    Some(Quoted { negated, text, behind: behind.get(1..).unwrap_or_default() })
}

/// The octets of a content: `|2e|` in hexadecimal, `\;` for `;`.
pub(super) fn octets(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len().min(LINE_BYTES_MAX));
    let (mut in_hex, mut escaped, mut high) = (false, false, None);
    for octet in text.bytes() {
        match octet {
            _ if escaped => {
                octets.push(octet);
                escaped = false;
            }
            b'|' if in_hex && high.is_some() => return None,
            b'|' => in_hex = !in_hex,
            _ if in_hex && octet.is_ascii_whitespace() => {}
            _ if in_hex => {
                let digit = u8::try_from(char::from(octet).to_digit(16)?).ok()?;
                match high.take() {
                    Some(high) => octets.push(high << 4 | digit),
                    None => high = Some(digit),
                }
            }
            b'\\' => escaped = true,
            _ => octets.push(octet),
        }
    }
    (!in_hex).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_apart() {
        let text = "alert ip [203.0.113.7, 198.51.100.0/24] any -> $HOME_NET any \
            (msg:\"a \\\"b\\\"; c\"; content:\"|01 2e|x\\;\"; nocase; sid:7;)";
        let rule = parse(text).unwrap();
        assert!(rule.reports);
        assert_eq!((rule.protocol, rule.source), ("ip", "[203.0.113.7, 198.51.100.0/24]"));
        assert_eq!((rule.destination, rule.ports), ("$HOME_NET", ["any", "any"]));
        let keys: Vec<&str> = rule.options.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["msg", "content", "nocase", "sid"]);
        let content = quoted(rule.options[1].1).unwrap();
        assert_eq!(octets(content.text).unwrap(), b"\x01.x;");
        assert_eq!(parse("alert http ( sid:1; )").unwrap().source, "any");
        assert!(!parse("pass dns any any -> any any (sid:1;)").unwrap().reports);
    }

    #[test]
    fn broken_rules_say_why() {
        let table = [
            ("alert dns any any -> any any", "no options"),
            ("alert dns any any -> any any (sid:1;", "no `)`"),
            ("alert dns any any (sid:1;)", "head"),
            ("allow dns any any -> any any (sid:1;)", "no action"),
            ("alert dns any any -> any any (msg:\"x; sid:1;)", "no closing quote"),
        ];
        for (text, want) in table {
            let why = parse(text).unwrap_err();
            assert!(why.contains(want), "{text}: {why}");
        }
        for text in ["|0", "|0g|", "|012|", "a|"] {
            assert_eq!(octets(text), None, "{text}");
        }
    }

    #[test]
    fn texts_in_quotes_end_where_they_should() {
        let table = [
            ("\"a\"", Some((false, "a", ""))),
            ("!\"a\\\"b\",nocase,depth 4", Some((true, "a\\\"b", ",nocase,depth 4"))),
            ("\"a\\\\\"", Some((false, "a\\\\", ""))),
            ("\"open", None),
            ("bare", None),
        ];
        for (value, want) in table {
            let got = quoted(value).map(|it| (it.negated, it.text, it.behind));
            assert_eq!(got, want, "{value}");
        }
    }
}
