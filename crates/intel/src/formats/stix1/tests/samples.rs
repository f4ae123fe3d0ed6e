//! Whole files, in the ways in which they are published.

use super::super::super::frame::{Source, Subject};
use super::super::super::read;
use super::super::FORMAT;
use super::{got, said};
use crate::day::Day;
use crate::sheet::Complaints;

/// Two packages around which a sharing program puts an element of its own; other prefixes in
/// each; definitions before and after their uses; a marking by CIQ identity.
const TWO_PACKAGES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- made up for this test -->
<CISCP:STIX_Packages xmlns:CISCP="http://www.us-cert.gov/ciscp">
<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1"
  xmlns:indicator="http://stix.mitre.org/Indicator-2"
  xmlns:stixCommon="http://stix.mitre.org/common-1"
  xmlns:cybox="http://cybox.mitre.org/cybox-2"
  xmlns:marking="http://data-marking.mitre.org/Marking-1"
  xmlns:AIS="http://www.us-cert.gov/STIXMarkingStructure#AISConsentMarking-2"
  xmlns:stix-ciqidentity="http://stix.mitre.org/extensions/Identity#CIQIdentity3.0-1"
  xmlns:xpil="urn:oasis:names:tc:ciq:xpil:3" xmlns:xnl="urn:oasis:names:tc:ciq:xnl:3"
  xmlns:DomainNameObj="http://cybox.mitre.org/objects#DomainNameObject-1"
  xmlns:URIObj="http://cybox.mitre.org/objects#URIObject-2"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="Sample:STIX_Package-1" timestamp="9999-12-31T00:00:00Z" version="1.1.1">
  <stix:STIX_Header>
    <stix:Title>Help desks that
      are none</stix:Title>
    <stix:Package_Intent>Indicators</stix:Package_Intent>
    <stix:Handling>
      <marking:Marking>
        <marking:Controlled_Structure>//node() | //@*</marking:Controlled_Structure>
        <marking:Marking_Structure xsi:type="AIS:AISMarkingStructure">
          <AIS:Not_Proprietary CISA_Proprietary="false">
            <AIS:AISConsent consent="EVERYONE"/><AIS:TLPMarking color="GREEN"/>
          </AIS:Not_Proprietary>
        </marking:Marking_Structure>
        <marking:Information_Source>
          <stixCommon:Identity xsi:type="stix-ciqidentity:CIQIdentity3.0InstanceType">
            <stix-ciqidentity:Specification><xpil:PartyName><xnl:OrganisationName>
              <xnl:NameElement>A Sample Center</xnl:NameElement>
            </xnl:OrganisationName></xpil:PartyName></stix-ciqidentity:Specification>
          </stixCommon:Identity>
        </marking:Information_Source>
      </marking:Marking>
    </stix:Handling>
    <stix:Information_Source>
      <stixCommon:Time><cyboxCommon:Produced_Time
        xmlns:cyboxCommon="http://cybox.mitre.org/common-2">2023-01-25T10:00:00Z
      </cyboxCommon:Produced_Time></stixCommon:Time>
    </stix:Information_Source>
  </stix:STIX_Header>
  <stix:Indicators>
    <stix:Indicator id="Sample:Indicator-1" xsi:type="indicator:IndicatorType">
      <indicator:Title>First stage</indicator:Title>
      <indicator:Type>Domain Watchlist</indicator:Type>
      <indicator:Description><![CDATA[Called <b>first</b> & "often"]]></indicator:Description>
      <indicator:Valid_Time_Position>
        <indicator:Start_Time>2022-06-01T00:00:00Z</indicator:Start_Time>
        <indicator:End_Time>2023-06-30T00:00:00Z</indicator:End_Time>
      </indicator:Valid_Time_Position>
      <indicator:Observable idref="Sample:Observable-1"/>
      <indicator:Confidence><stixCommon:Value>High</stixCommon:Value></indicator:Confidence>
      <indicator:Sightings sightings_count="2"/>
    </stix:Indicator>
    <stix:Indicator id="Sample:Indicator-2" xsi:type="indicator:IndicatorType">
      <indicator:Title>Second stage</indicator:Title>
      <indicator:Valid_Time_Position/>
      <indicator:Observable id="Sample:Observable-2">
        <cybox:Object idref="Sample:Object-2"/>
      </indicator:Observable>
    </stix:Indicator>
  </stix:Indicators>
  <stix:Observables cybox_major_version="2" cybox_minor_version="1">
    <cybox:Observable id="Sample:Observable-1"><cybox:Object id="Sample:Object-1">
      <cybox:Properties xsi:type="DomainNameObj:DomainNameObjectType" type="FQDN">
        <DomainNameObj:Value condition="Equals" apply_condition="ANY">
          help-one[.]example##comma##help-two.example##comma##help-three.example
        </DomainNameObj:Value>
      </cybox:Properties>
      <cybox:Related_Objects>
        <cybox:Related_Object idref="Sample:Object-3">
          <cybox:Relationship>Resolved_To</cybox:Relationship>
        </cybox:Related_Object>
        <cybox:Related_Object idref="Sample:Object-1">
          <cybox:Relationship>Related_To</cybox:Relationship>
        </cybox:Related_Object>
      </cybox:Related_Objects>
    </cybox:Object></cybox:Observable>
    <cybox:Observable id="Sample:Observable-3"><cybox:Object id="Sample:Object-2">
      <cybox:Properties xsi:type="URIObj:URIObjectType" type="URL">
        <URIObj:Value>https://two.example/get?a=1&amp;b=2</URIObj:Value>
      </cybox:Properties>
    </cybox:Object></cybox:Observable>
  </stix:Observables>
</stix:STIX_Package>
<n1:STIX_Package xmlns:n1="http://stix.mitre.org/stix-1" xmlns="http://cybox.mitre.org/cybox-2"
  xmlns:n2="http://cybox.mitre.org/objects#AddressObject-2"
  xmlns:n3="http://www.w3.org/2001/XMLSchema-instance"
  id="Other:package-x" version="1.2">
  <n1:Observables>
    <Observable id="Other:o1"><Object id="Sample:Object-3">
      <Properties n3:type="n2:AddressObjectType" category="ipv4-addr">
        <n2:Address_Value>203.0.113.7</n2:Address_Value></Properties>
      <Related_Objects><Related_Object idref="Sample:Object-1">
        <Relationship>Connected_From</Relationship></Related_Object></Related_Objects>
    </Object></Observable>
    <Observable id="Other:o2"><Title>Merely listed</Title><Object>
      <Properties n3:type="n2:AddressObjectType" category="cidr">
        <n2:Address_Value>203.0.113.64/26</n2:Address_Value></Properties>
    </Object></Observable>
  </n1:Observables>
</n1:STIX_Package>
</CISCP:STIX_Packages>
"#;

#[test]
fn two_packages_in_one_file() {
    let got = got(TWO_PACKAGES);
    assert_eq!(said(&got), [""; 0]);
    assert_eq!(
        got.entries,
        [
            "help-one.example",
            "help-two.example",
            "help-three.example",
            "203.0.113.7/32",
            "page two.example/get?a=1&b=2",
            "203.0.113.64/26",
        ]
    );
    let head = got.head;
    assert_eq!(head.id.as_deref(), Some("Sample:STIX_Package-1"));
    assert_eq!(head.name.as_deref(), Some("Help desks that are none (first of 2 packages)"));
    assert_eq!(head.version.as_deref(), Some("2023-01-25"));
    assert_eq!(head.source.as_deref(), Some("A Sample Center"));
    assert_eq!(head.licence.as_deref(), Some("TLP:GREEN; AIS consent EVERYONE"));
}

#[test]
fn an_indicator_speaks_for_all_that_belongs_to_it() {
    let mut complaints = Complaints::new("two.xml", TWO_PACKAGES);
    let mut rows = Vec::new();
    let source = Source { file: "two.xml", text: TWO_PACKAGES, columns: &[] };
    read(&FORMAT, &source, &mut complaints, &mut |listed| {
        let description = listed.description.into_owned();
        rows.push((listed.line, listed.confidence_pct, listed.until, description));
        !matches!(listed.subject, Subject::Url(_))
    });
    let ends = Day::parse("2023-06-30");
    let first = "First stage: Called <b>first</b> & \"often\"";
    let related = format!("{first} (it resolved to this)");
    let want = [
        (67, Some(85), ends, first.to_owned()),
        (67, Some(85), ends, first.to_owned()),
        (67, Some(85), ends, first.to_owned()),
        (94, Some(85), ends, related),
        (82, None, None, "Second stage".to_owned()),
    ];
    assert_eq!(rows, want, "and no more once there is no more place");
}

#[test]
fn a_wrapper_names_packages_and_the_strictest_marking_counts() {
    let text = r#"<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1"
 xmlns:stixCommon="http://stix.mitre.org/common-1" xmlns:m="http://data-marking.mitre.org/Marking-1"
 id="e:wrapper" timestamp="2014-05-08T09:00:00Z">
 <stix:STIX_Header><stix:Title>All of them</stix:Title>
  <stix:Handling><m:Marking><m:Marking_Structure color="WHITE"/></m:Marking></stix:Handling>
  <stix:Information_Source>
   <stixCommon:Identity><stixCommon:Name>Someone</stixCommon:Name></stixCommon:Identity>
   <stixCommon:References>
   <stixCommon:Reference>https://example.org/a</stixCommon:Reference></stixCommon:References>
  </stix:Information_Source></stix:STIX_Header>
 <stix:Related_Packages><stix:Related_Package><stix:Package id="e:one"><stix:STIX_Header>
  <stix:Title>One of them</stix:Title>
  <stix:Handling><m:Marking><m:Marking_Structure color="AMBER"/>
  <m:Marking_Structure><m:Terms_Of_Use>Ask first</m:Terms_Of_Use></m:Marking_Structure>
  </m:Marking></stix:Handling>
 </stix:STIX_Header></stix:Package></stix:Related_Package>
 <stix:Related_Package><stix:Package idref="e:elsewhere"/></stix:Related_Package>
 </stix:Related_Packages>
</stix:STIX_Package>"#;
    let head = got(text).head;
    assert_eq!(head.id.as_deref(), Some("e:wrapper"));
    assert_eq!(head.name.as_deref(), Some("All of them (first of 2 packages)"));
    assert_eq!(head.version.as_deref(), Some("2014-05-08"));
    assert_eq!(head.source.as_deref(), Some("Someone, https://example.org/a"));
    assert_eq!(head.licence.as_deref(), Some("TLP:AMBER; Ask first"));
}

#[test]
fn packages_may_follow_one_another() {
    let one = FORMAT.sample;
    let two = one.replace("evil.example##comma##worse.example", "third.example");
    let got = got(&format!("\u{feff}{one}\n{two}"));
    assert_eq!(said(&got), [""; 0]);
    // Each idref means its own document.
    let names = ["evil.example", "worse.example", "third.example"];
    assert!(
        names.iter().all(|name| got.entries.contains(&(*name).to_owned())),
        "{:?}",
        got.entries
    );
}
