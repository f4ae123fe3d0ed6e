//! Rows about the first octets of a flow.

use model::Side;

use super::Sign;
use super::places::TRANSPORTS;
use crate::rows::RowKind;
use crate::sheet::{Complaints, Sheet};
use crate::signature::{Signature, Written};

/// The keys of such a row, besides those of all rows.
pub(super) const KEYS: &[&str] = &[
    "transport",
    "side",
    "offset",
    "bytes",
    "also",
    "contains",
    "length",
    "first_len_min",
    "first_len_max",
    "version",
];

const SIDES: [(&str, Option<Side>); 3] =
    [("client", Some(Side::Client)), ("server", Some(Side::Server)), ("either", None)];

pub(super) fn payload(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let transport = entry.word("transport", &TRANSPORTS, None, complaints);
    let side = entry.word("side", &SIDES, None, complaints);
    let offset = entry.number("offset", 0..256, complaints).map_or(0, |offset| offset.value);
    let longest = u64::from(u32::MAX);
    let mut len = |key, default| {
        let number = entry.number(key, 0..longest, complaints);
        number.and_then(|number| u32::try_from(number.value).ok()).unwrap_or(default)
    };
    let (first_len_min, first_len_max) = (len("first_len_min", 0), len("first_len_max", u32::MAX));
    if first_len_min > first_len_max {
        let fix = "write the smaller one as `first_len_min`";
        complaints.at(entry.offset(), "no length is in its range".to_owned(), fix);
        return Vec::new();
    }
    let what = "hexadecimal pairs, `??` for any octet";
    let bytes = if entry.has("also") || entry.has("contains") {
        entry.text("bytes", complaints)
    } else {
        entry.needed_text("bytes", what, complaints)
    };
    let also = entry.texts("also", complaints).unwrap_or_default();
    let contains = entry.text("contains", complaints);
    let length = entry.text("length", complaints);
    let (Some(transport), Some(side)) = (transport, side) else { return Vec::new() };
    if bytes.is_none() && also.is_empty() && contains.is_none() {
        return Vec::new();
    }
    let written = Written {
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        bytes: bytes.map(|text| text.value),
        also: also.iter().map(|text| text.value).collect(),
        contains: contains.map(|text| text.value),
        length: length.map(|text| text.value),
    };
    match written.read() {
        Ok((pieces, contains, length)) => {
            let signature = Signature {
                transport,
                side,
                pieces,
                contains,
                length,
                first_len_min,
                first_len_max,
            };
            vec![(RowKind::Payload, shown(&written), Sign::Payload(signature))]
        }
        Err((key, place, why)) => {
            let at = match key {
                "also" => also.get(place).map(|text| text.offset),
                "contains" => contains.map(|text| text.offset),
                "length" => length.map(|text| text.offset),
                _ => bytes.map(|text| text.offset),
            };
            let fix = match key {
                "also" => "write an offset and octets, e.g. `11: 17 24`".to_owned(),
                "length" => "write e.g. `14: u16le + 16` or `0: u16le >> 2 + 2`".to_owned(),
                _ => format!("write {what}, e.g. `87 ?? 10 00`"),
            };
            let why = format!("the signature cannot be read: {why}");
            complaints.at(at.unwrap_or(entry.offset()), why, fix);
            Vec::new()
        }
    }
}

/// The signature in one line: `00 @11 17 24, length @14 u16le + 16`.
fn shown(written: &Written<'_>) -> String {
    let mut parts = Vec::new();
    match written.bytes {
        Some(bytes) if written.offset > 0 => parts.push(format!("@{} {bytes}", written.offset)),
        Some(bytes) => parts.push(bytes.to_owned()),
        None => {}
    }
    parts.extend(written.also.iter().map(|text| format!("@{}", text.replacen(':', "", 1))));
    let mut line = parts.join(" ");
    for (word, text) in [("contains", written.contains), ("length", written.length)] {
        if let Some(text) = text {
            let place = if word == "length" { "@" } else { "" };
            let comma = if line.is_empty() { "" } else { ", " };
            line.push_str(&format!("{comma}{word} {place}{}", text.replacen(':', "", 1)));
        }
    }
    line
}
