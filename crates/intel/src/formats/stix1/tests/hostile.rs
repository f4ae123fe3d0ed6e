//! What is made to hurt: it ends, within bounds, with an answer that helps.

use std::fmt::Write;

use super::{
    FORMAT, SPACES, STIX1_DEPTH_MAX, STIX1_TAG_BYTES_MAX, got, name, package, properties, said,
};
use crate::limits::{STIX1_ATTRIBUTE_BYTES_MAX, STIX1_LIST_ITEMS_MAX, STIX1_TEXT_BYTES_MAX};

#[test]
fn a_doctype_is_refused_wherever_it_is() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
    let table = [
        (format!("<?xml version=\"1.0\"?>\n{bomb}\n{}", FORMAT.sample), "2:1"),
        (format!("{}{bomb}", FORMAT.sample), "38:1"),
        (format!("<!doctype html><html>{}</html>", FORMAT.sample), "1:1"),
        (format!("\n<!DOCTYPE x [<!ENTITY {}", "a".repeat(1 << 20)), "2:1"),
        ("<!DOCTYPE>".to_owned(), "1:1"),
    ];
    for (text, place) in table {
        let got = got(&text);
        assert_eq!(got.entries, [""; 0]);
        let want = format!("{place} a DOCTYPE: it can define entities that grow without end");
        assert_eq!(said(&got), [want]);
        assert!(got.complaints[0].fix.contains("delete `<!DOCTYPE"));
    }
}

#[test]
fn what_is_whole_before_a_mistake_stands() {
    let good = name("", "good.example");
    let head = format!("<s:STIX_Package {SPACES}>\n{good}\n");
    let deep = "<c:Object>".repeat(5_000_000);
    let long_tag = format!("<c:Observable id=\"{}\">", "x".repeat(STIX1_TAG_BYTES_MAX));
    let long_id = format!("<c:Observable id=\"{}\">", "x".repeat(STIX1_ATTRIBUTE_BYTES_MAX + 1));
    let many: String = (0..300).fold(String::new(), |mut text, n| {
        let _ = write!(text, " xmlns:n{n}=\"u\"");
        text
    });
    let table = [
        (deep, format!("elements are nested deeper than {STIX1_DEPTH_MAX}")),
        (long_tag, format!("a tag of {} octets, more than", STIX1_TAG_BYTES_MAX + 20)),
        (long_id, format!("`id` is longer than {STIX1_ATTRIBUTE_BYTES_MAX} octets")),
        (format!("<c:Observable{many}>"), "this is no well-formed XML: ".to_owned()),
        ("<c:Observable id=x>".to_owned(), "this tag has an attribute without".to_owned()),
        ("<c:Observable id=\"&x;\">".to_owned(), "`id` refers to an entity".to_owned()),
        ("</c:Observable>".to_owned(), "this is no well-formed XML: ".to_owned()),
        ("<![CDATA[".to_owned(), "this is no well-formed XML: ".to_owned()),
        ("<!-- ".to_owned(), "this is no well-formed XML: ".to_owned()),
        ("<c:Observable".to_owned(), "this is no well-formed XML: ".to_owned()),
        (
            name("", "trunc.example").split("unc.").next().unwrap().to_owned(),
            "the text ends inside ".to_owned(),
        ),
        (
            name("", "trunc.example").replace("ple</D:Value>", ""),
            "this is no well-formed".to_owned(),
        ),
    ];
    for (bad, want) in table {
        let got = got(&format!("{head}{bad}"));
        let text = bad.get(..60).unwrap_or(&bad);
        assert_eq!(got.entries, ["good.example"], "{text}");
        assert_eq!(got.complaints.len(), 1, "{text} {:?}", said(&got));
        let complaint = &got.complaints[0];
        assert!(complaint.why.starts_with(&want), "{text} {complaint}");
        assert!(complaint.line >= 21 && complaint.why.len() < 300, "{text} {complaint}");
    }
}

#[test]
fn long_texts_and_lists_are_cut_and_said() {
    let list = |count: usize| {
        properties("\"D:T\"", &format!("<D:Value>{}</D:Value>", "a.example##comma##".repeat(count)))
    };
    let many = got(&list(1_000_000));
    assert_eq!(many.entries, [""; 0]);
    assert!(said(&many)[0].ends_with("this text is too long"), "{:?}", said(&many));
    let more = got(&list(STIX1_LIST_ITEMS_MAX + 1));
    assert_eq!(more.entries.len(), STIX1_LIST_ITEMS_MAX);
    assert!(said(&more)[0].contains("a list of more than"), "{:?}", said(&more));
    let one = got(&properties(
        "\"D:T\"",
        &format!("<D:Value>{}</D:Value>", "a".repeat(STIX1_TEXT_BYTES_MAX)),
    ));
    assert_eq!(one.complaints.len(), 1);
    // Entities that every XML has, a million times: the text grows no faster than the file.
    let escaped = got(&properties(
        "\"D:T\"",
        &format!("<D:Value>{}</D:Value>", "&#97;&amp;".repeat(500_000)),
    ));
    assert_eq!((escaped.entries.len(), escaped.complaints.len()), (0, 1));
    let delimited =
        properties("\"D:T\"", "<D:Value delimiter=\",\">a.example, b.example</D:Value>");
    assert_eq!(got(&delimited).entries, ["a.example", "b.example"]);
}

#[test]
fn circles_and_chains_end() {
    let circle = "<c:Observable id=\"e:a\" idref=\"e:b\"/><c:Observable id=\"e:b\" idref=\"e:a\"/>\
                  <c:Observable><c:Object id=\"e:o\" idref=\"e:o\"/></c:Observable>\
                  <s:Indicator><i:Observable idref=\"e:a\"/></s:Indicator>";
    let got_circle = got(&package(circle));
    assert_eq!((got_circle.entries, got_circle.complaints), (Vec::new(), Vec::new()));
    let mut chain = String::from("<s:Indicator><i:Observable idref=\"e:0\"/></s:Indicator>");
    for n in 0..100_000 {
        let _ = write!(chain, "<c:Observable id=\"e:{n}\" idref=\"e:{}\"/>", n + 1);
    }
    let end = name("id=\"e:100000\"", "end.example");
    assert_eq!(got(&package(&format!("{chain}{end}"))).entries, ["end.example"]);
    // Each of many refers to each of many: every one of them is met once.
    let mut knot = String::new();
    for n in 0..100 {
        let _ =
            write!(knot, "<c:Observable id=\"e:{n}\"><c:Observable_Composition operator=\"AND\">");
        (0..100).for_each(|m| _ = write!(knot, "<c:Observable idref=\"e:{m}\"/>"));
        knot.push_str("</c:Observable_Composition></c:Observable>");
    }
    let one = format!("<s:Indicator><i:Observable idref=\"e:7\"/></s:Indicator>{knot}");
    assert_eq!(got(&package(&one)).entries, [""; 0]);
}

#[test]
fn any_beginning_of_a_file_is_answered() {
    let text = FORMAT.sample;
    let whole = got(text).entries;
    for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let part = &text[..end];
        if !(FORMAT.fits)("x", part) {
            continue;
        }
        let got = got(part);
        assert!(got.entries.iter().all(|entry| whole.contains(entry)), "{part}: {:?}", got.entries);
        // Past the last end tag there is nothing to say.
        assert!(!got.complaints.is_empty() || end + 1 >= text.len(), "{part}");
    }
}

#[test]
fn other_xml_is_said_to_be_none() {
    let got = got("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry/></feed>");
    assert_eq!(said(&got), ["1:1 this XML holds no element of STIX 1 or CybOX 2"]);
    for text in ["", "evil.example", "||evil.example^", "<", "< evil", "{\"a\": 1}"] {
        assert!(!(FORMAT.fits)("x", text), "{text}");
    }
}
