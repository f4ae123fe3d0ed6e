//! One row a use, whole, as RFC 4180 has it; safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::moment;
use crate::plain::whole;
use crate::report::Report;
use crate::uses::Use;

/// The columns, in their order: added to at the end only.
const COLUMNS: [&str; 20] = [
    "standing",
    "severity",
    "tool",
    "tool_name",
    "operator",
    "host",
    "host_name",
    "host_mac",
    "zone",
    "direction",
    "first",
    "last",
    "signs",
    "sessions",
    "bytes_sent",
    "bytes_received",
    "rule",
    "new",
    "known_from",
    "incident",
];

/// A header and every use.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}\r\n", COLUMNS.join(","))?;
    for one in &report.uses {
        let cells = cells(one);
        for (place, cell) in cells.iter().enumerate() {
            write!(out, "{}{}", if place > 0 { "," } else { "" }, field(cell))?;
        }
        out.write_all(b"\r\n")?;
    }
    Ok(())
}

fn cells(one: &Use) -> [String; COLUMNS.len()] {
    let usage = &one.usage;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
    let (sent, received) = one.octets().unzip();
    [
        if usage.authorised { "authorised" } else { "unauthorised" }.to_owned(),
        number(one.severity.map(|severity| u64::from(severity.get()))),
        usage.tool.0.to_string(),
        usage.tool.1.to_string(),
        text(usage.operator.as_deref()),
        usage.host.to_string(),
        text(usage.identity.name.as_deref()),
        usage.identity.mac.map_or_else(String::new, |mac| mac.to_string()),
        text(usage.zone.as_deref()),
        if usage.inbound { "inbound" } else { "outbound" }.to_owned(),
        moment::exact(usage.first),
        moment::exact(usage.last),
        number(Some(usage.signs)),
        number(one.sessions()),
        number(sent),
        number(received),
        usage.rule.to_string(),
        text(one.new.map(|new| if new { "yes" } else { "no" })),
        match one.known_from {
            crate::uses::KnownFrom::Inventory => "inventory".to_owned(),
            crate::uses::KnownFrom::Alerts => "alerts".to_owned(),
        },
        if one.incident { "yes" } else { "no" }.to_owned(),
    ]
}

/// A field. What a spreadsheet would take for a formula gets an apostrophe before it, which makes
/// it a text there.
fn field(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
        text = Cow::Owned(whole(&text));
    }
    // Spreadsheets look past leading space.
    if text.trim_start().starts_with(['=', '+', '-', '@']) {
        text = Cow::Owned(format!("'{text}"));
    }
    if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        text = Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formulas() {
        let table = [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            (" =1", "' =1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\t=1", "\\u{9}=1"),
            ("ключ", "ключ"),
        ];
        for (text, want) in table {
            assert_eq!(field(text), want, "{text:?}");
        }
    }
}
