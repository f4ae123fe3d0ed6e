//! The body for fuzzing feeds in XML: any octets, whether or not they begin like it.

use crate::formats::{self, FORMATS, Listed, Source, Subject};
use crate::limits::COMPLAINTS_PER_FILE_MAX;
use crate::naming;
use crate::sheet::Complaints;

/// A STIX 1 package of any octets gives sound entries, no more than its text can hold, and bounded
/// complaints; the same each time.
pub fn stix1(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (first, said) = read(&text);
    assert_eq!(read(&text), (first.clone(), said));
    // A range of addresses is up to 254 networks; nothing else makes more than one of a few octets.
    assert!(first.len() <= text.len().saturating_mul(254) / 8);
    let refused = format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{text}");
    let (entries, said) = read(&refused);
    assert_eq!((entries.len(), said), (0, 1), "nothing of a file with a DTD is used");
}

/// Samples for that body besides the format's own: every object and every way to compose.
#[must_use]
pub fn xml_samples() -> Vec<String> {
    let mut samples: Vec<String> = FORMATS
        .iter()
        .filter(|format| format.name == "stix1")
        .map(|format| format.sample.to_owned())
        .collect();
    let root = "<s:STIX_Package xmlns:s=\"http://stix.mitre.org/stix-1\" \
        xmlns:c=\"http://cybox.mitre.org/cybox-2\" xmlns:k=\"http://cybox.mitre.org/common-2\" \
        xmlns:x=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"e:1\">";
    let objects = [
        (
            "Address",
            "<o:Address_Value condition=\"InclusiveBetween\">1.2.3.4##comma##1.2.4.9\
             </o:Address_Value>",
        ),
        (
            "DomainName",
            "<o:Value condition=\"EndsWith\" delimiter=\",\">.evil.com,b.evil.com</o:Value>",
        ),
        ("DomainName", "<o:Value condition=\"FitsPattern\">^a[0-9]+\\.evil\\.com$</o:Value>"),
        (
            "URI",
            "<o:Value apply_condition=\"ALL\">http://evil.com/a?b&amp;&#99;##comma##x.com\
             </o:Value>",
        ),
        ("File", "<o:File_Name>a.exe</o:File_Name><k:Simple_Hash_Value>00</k:Simple_Hash_Value>"),
        ("X509Certificate", "<k:Property name=\"sha1\">00:11</k:Property>"),
        ("HTTPSession", "<o:HTTP_Client_Request><o:Value>/a</o:Value></o:HTTP_Client_Request>"),
        ("Port", "<o:Port_Value>443</o:Port_Value>"),
    ];
    for (number, (kind, inner)) in objects.iter().enumerate() {
        samples.push(format!(
            "{root}<s:Indicators><s:Indicator id=\"e:i\"><s:Title>T</s:Title><s:Description>\
             <![CDATA[d]]></s:Description><s:Observable><c:Observable_Composition operator=\"OR\">\
             <c:Observable idref=\"e:o\"/><c:Observable id=\"e:p\" negate=\"false\"><c:Object \
             idref=\"e:{number}\"/></c:Observable></c:Observable_Composition></s:Observable>\
             <s:Confidence><s:Value>Low</s:Value></s:Confidence></s:Indicator></s:Indicators>\
             <s:Observables xmlns:o=\"http://cybox.mitre.org/objects#{kind}Object-2\">\
             <c:Observable id=\"e:o\"><c:Object id=\"e:{number}\"><c:Properties \
             x:type=\"o:T\">{inner}\
             </c:Properties><c:Related_Objects><c:Related_Object idref=\"e:{number}\">\
             <c:Relationship>Resolved_To</c:Relationship></c:Related_Object></c:Related_Objects>\
             </c:Object></c:Observable></s:Observables></s:STIX_Package>"
        ));
    }
    samples
}

/// Read a text: its entries as they are told, and how much was said against it.
fn read(text: &str) -> (Vec<String>, usize) {
    let Some(format) = FORMATS.iter().find(|known| known.name == "stix1") else {
        return (Vec::new(), 0);
    };
    let source = Source { file: "feed.xml", text, columns: &[] };
    let lines = text.bytes().filter(|octet| *octet == b'\n').count().saturating_add(1);
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    let mut complaints = Complaints::new("feed.xml", text);
    let mut entries = Vec::new();
    formats::read(format, &source, &mut complaints, &mut |listed| {
        sound(&listed, lines);
        entries.push(format!("{listed:?}"));
        true
    });
    let said = complaints.finish();
    assert!(said.len() <= COMPLAINTS_PER_FILE_MAX.saturating_add(1));
    for complaint in &said {
        assert!((1..=lines).contains(&complaint.line) && complaint.column >= 1, "{complaint}");
        assert!(complaint.why.len() <= 1024, "{complaint}");
    }
    (entries, said.len())
}

fn sound(listed: &Listed<'_>, lines: u32) {
    assert!((1..=lines).contains(&listed.line), "{listed:?}");
    assert!(listed.confidence_pct.is_none_or(|pct| pct <= 100), "{listed:?}");
    assert!(listed.description.len() <= 1024, "{listed:?}");
    match &listed.subject {
        Subject::Name(name) => assert_eq!(naming::normalise(name).as_deref(), Ok(&**name)),
        Subject::Url(page) => assert!(page.contains('/'), "{page}"),
        Subject::Certificate(hash) => assert!(matches!(hash.len(), 40 | 64), "{hash}"),
        Subject::File(name) => assert!(!name.is_empty() && name.len() <= 1024, "{name}"),
        _ => {}
    }
}
