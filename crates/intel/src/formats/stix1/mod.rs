//! STIX 1.1.1 and 1.2 with CybOX 2, in XML, as CISA (formerly US-CERT) publishes it.
//!
//! What was followed: the schemas of STIX 1.1.1 and 1.2 (`stix_core`, `stix_common`, `indicator`,
//! `ttp`, `data_marking`) and of CybOX 2.1 (`cybox_core`, `cybox_common` with its
//! `PatternFieldGroup`, and the objects named in `names.rs`); the idioms of the STIX project (lists
//! of addresses behind a TTP, malicious URLs, wrappers around several packages); the marking of
//! Automated Indicator Sharing (`AISMarkingStructure`, by CIQ identity); what a public converter of
//! AIS and CISCP files had to cope with (`CISCP:STIX_Packages` around many packages, indicators
//! that hold just an `idref`, related objects in circles or without properties, observables that no
//! indicator names, timestamps of the year 9999); and the STIX 1 that MISP writes (compositions
//! with AND, fingerprints of certificates as properties of its own).
//!
//! ```text
//! text ─ xml.rs: events, within bounds ─ reading.rs: what an element means where it stands
//!      ─ graph.rs: what was read ─ walk.rs: what is an indicator ─ value.rs: what it makes
//! ```

mod draft;
mod graph;
mod head;
mod leaf;
mod names;
mod place;
mod reading;
mod tag;
mod tally;
#[cfg(test)]
mod tests;
mod value;
mod walk;
mod xml;

use crate::sheet::Complaints;

use super::frame::{Format, Head, Out, Reading};

/// Takes what begins like XML; what of it is no STIX is said to be none.
pub(super) const FORMAT: Format = Format {
    name: "stix1",
    fits: |_, text| begins_like_xml(text),
    read: Reading::Whole(|source, complaints, out| read(source.text, complaints, out)),
    sample: SAMPLE,
};

fn begins_like_xml(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let second = text.strip_prefix('<').and_then(|rest| rest.chars().next());
    second.is_some_and(|c| matches!(c, '?' | '!' | '_') || c.is_alphabetic())
}

fn read(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head {
    let Some(mut reading) = xml::read(text, complaints) else { return Head::default() };
    if !reading.is_stix {
        let why = "this XML holds no element of STIX 1 or CybOX 2".to_owned();
        complaints.placed(1, 1, why, "give the file that has a STIX_Package; STIX 2 is JSON");
    }
    walk::walk(&mut reading, complaints, out);
    reading.tally.finish(complaints);
    reading.heading.finish(reading.unseen)
}

const SAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1"
    xmlns:indicator="http://stix.mitre.org/Indicator-2"
    xmlns:cybox="http://cybox.mitre.org/cybox-2"
    xmlns:Name="http://cybox.mitre.org/objects#DomainNameObject-1"
    xmlns:Address="http://cybox.mitre.org/objects#AddressObject-2"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    id="example:Package-1" timestamp="2023-01-25T00:00:00Z" version="1.2">
  <stix:STIX_Header><stix:Title>A sample</stix:Title></stix:STIX_Header>
  <stix:Indicators>
    <stix:Indicator id="example:Indicator-1" xsi:type="indicator:IndicatorType">
      <indicator:Title>First stage</indicator:Title>
      <indicator:Observable idref="example:Observable-1"/>
    </stix:Indicator>
  </stix:Indicators>
  <stix:Observables cybox_major_version="2" cybox_minor_version="1">
    <cybox:Observable id="example:Observable-1">
      <cybox:Object id="example:Object-1">
        <cybox:Properties xsi:type="Name:DomainNameObjectType" type="FQDN">
          <Name:Value condition="Equals">evil.example##comma##worse.example</Name:Value>
        </cybox:Properties>
        <cybox:Related_Objects>
          <cybox:Related_Object idref="example:Object-2">
            <cybox:Relationship>Resolved_To</cybox:Relationship>
          </cybox:Related_Object>
        </cybox:Related_Objects>
      </cybox:Object>
    </cybox:Observable>
    <cybox:Observable id="example:Observable-2">
      <cybox:Object id="example:Object-2">
        <cybox:Properties xsi:type="Address:AddressObjectType" category="ipv4-addr">
          <Address:Address_Value>198.51.100.7</Address:Address_Value>
        </cybox:Properties>
      </cybox:Object>
    </cybox:Observable>
  </stix:Observables>
</stix:STIX_Package>
"#;
