//! The feed formats: a new one is a file here and two lines below.

mod adblock;
mod columns;
mod condition;
mod curated;
mod defang;
mod family;
mod frame;
mod hosts;
mod json;
mod lolrmm;
mod maltrail;
mod misp;
mod plain;
#[cfg(test)]
mod published;
#[cfg(test)]
mod published_rules;
mod rule;
mod separated;
mod stix1;
mod stix2;
mod suricata_dataset;
mod suricata_rules;
mod told;

use crate::sheet::Complaints;

pub(crate) use defang::subject;
pub(crate) use frame::{Format, Head, Listed, Reading, Source, Subject};

/// Every format, the pickiest first; the last takes what no other wants.
pub(crate) const FORMATS: &[Format] = &[
    curated::FORMAT,
    stix1::FORMAT,
    stix2::FORMAT,
    misp::FORMAT,
    lolrmm::FORMAT,
    json::FORMAT,
    suricata_rules::FORMAT,
    adblock::FORMAT,
    maltrail::FORMAT,
    suricata_dataset::FORMAT,
    hosts::FORMAT,
    separated::FORMAT,
    plain::FORMAT,
];

/// The format that has columns.
pub(crate) const TABLE: &Format = &separated::FORMAT;

/// The format of a file.
pub(crate) fn of(file: &str, text: &str) -> &'static Format {
    FORMATS.iter().find(|format| (format.fits)(file, text)).unwrap_or(&plain::FORMAT)
}

/// Read a text that is there as a whole.
pub(crate) fn read(
    format: &Format,
    source: &Source<'_>,
    complaints: &mut Complaints<'_>,
    out: &mut dyn FnMut(Listed<'_>) -> bool,
) -> Head {
    match format.read {
        Reading::Whole(read) => read(source, complaints, out),
        Reading::Lines(begin) => {
            let mut reader = begin(source);
            for (number, line) in (1u32..).zip(source.text.lines()) {
                if !reader.line(number, line, complaints, out) {
                    break;
                }
            }
            reader.end(complaints, out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_its_own_sample() {
        for format in FORMATS {
            let file = if format.name == "curated" { "sample.toml" } else { "sample.txt" };
            assert_eq!(of(file, format.sample).name, format.name);
            let mut complaints = Complaints::new(file, format.sample);
            let mut count = 0;
            let source = Source { file, text: format.sample, columns: &[] };
            read(format, &source, &mut complaints, &mut |_| {
                count += 1;
                true
            });
            assert_eq!(complaints.finish(), [], "{}", format.name);
            assert!(count >= 2, "{}", format.name);
        }
    }
}
