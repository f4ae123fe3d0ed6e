//! Snippets and what they make; whole files; what is hostile.

use super::super::frame::{Listed, Source, Subject};
use super::super::{Head, read};
use super::FORMAT;
use crate::limits::{CONFIDENCE_PART_PCT, STIX1_DEPTH_MAX, STIX1_TAG_BYTES_MAX};
use crate::sheet::Complaints;
use model::Complaint;

mod hostile;
mod samples;

/// What a text made: each entry as a line, what was said against it, and its head.
struct Got {
    entries: Vec<String>,
    complaints: Vec<Complaint>,
    head: Head,
}

fn told(listed: &Listed<'_>) -> String {
    let mut told = match &listed.subject {
        Subject::Name(name) => name.to_string(),
        Subject::Network(network) => network.to_string(),
        Subject::Pattern(pattern) => format!("~{}", pattern.text),
        Subject::Url(page) => format!("page {page}"),
        Subject::File(name) => format!("file {name}"),
        Subject::Certificate(hash) => format!("certificate {hash}"),
        other => format!("{other:?}"),
    };
    if listed.confidence_pct == Some(CONFIDENCE_PART_PCT) {
        told.push_str(" (joint)");
    }
    told
}

fn got(text: &str) -> Got {
    let mut complaints = Complaints::new("feed.xml", text);
    let mut entries = Vec::new();
    let source = Source { file: "feed.xml", text, columns: &[] };
    assert!((FORMAT.fits)("feed", text), "{}", text.get(..80).unwrap_or(text));
    let head = read(&FORMAT, &source, &mut complaints, &mut |listed| {
        entries.push(told(&listed));
        true
    });
    Got { entries, complaints: complaints.finish(), head }
}

/// The complaints, each as `line:column why`.
fn said(got: &Got) -> Vec<String> {
    let line = |c: &Complaint| format!("{}:{} {}", c.line, c.column, c.why);
    got.complaints.iter().map(line).collect()
}

const SPACES: &str = r#"xmlns:s="http://stix.mitre.org/stix-1"
 xmlns:sc="http://stix.mitre.org/common-1" xmlns:i="http://stix.mitre.org/Indicator-2"
 xmlns:t="http://stix.mitre.org/TTP-1" xmlns:in="http://stix.mitre.org/Incident-1"
 xmlns:c="http://cybox.mitre.org/cybox-2" xmlns:cc="http://cybox.mitre.org/common-2"
 xmlns:D="http://cybox.mitre.org/objects#DomainNameObject-1"
 xmlns:A="http://cybox.mitre.org/objects#AddressObject-2"
 xmlns:U="http://cybox.mitre.org/objects#URIObject-2"
 xmlns:H="http://cybox.mitre.org/objects#HostnameObject-1"
 xmlns:L="http://cybox.mitre.org/objects#LinkObject-1"
 xmlns:F="http://cybox.mitre.org/objects#FileObject-2"
 xmlns:E="http://cybox.mitre.org/objects#WinExecutableFileObject-2"
 xmlns:X="http://cybox.mitre.org/objects#X509CertificateObject-2"
 xmlns:P="http://cybox.mitre.org/objects#PortObject-2"
 xmlns:SA="http://cybox.mitre.org/objects#SocketAddressObject-1"
 xmlns:N="http://cybox.mitre.org/objects#NetworkConnectionObject-2"
 xmlns:HT="http://cybox.mitre.org/objects#HTTPSessionObject-2"
 xmlns:R="http://cybox.mitre.org/objects#DNSRecordObject-2"
 xmlns:Q="http://cybox.mitre.org/objects#DNSQueryObject-2"
 xmlns:W="http://cybox.mitre.org/objects#WhoisObject-2"
 xmlns:M="http://cybox.mitre.org/objects#MutexObject-2"
 xmlns:x="http://www.w3.org/2001/XMLSchema-instance""#;

/// A package around what stands in it.
fn package(inner: &str) -> String {
    format!("<s:STIX_Package {SPACES} id=\"e:P\" version=\"1.2\">{inner}</s:STIX_Package>")
}

/// A package with one observable, whose properties are these.
fn properties(of: &str, inner: &str) -> String {
    package(&format!(
        "<s:Observables><c:Observable><c:Object><c:Properties x:type={of}>{inner}\
         </c:Properties></c:Object></c:Observable></s:Observables>"
    ))
}

/// An observable of a name.
fn name(attributes: &str, name: &str) -> String {
    format!(
        "<c:Observable {attributes}><c:Object><c:Properties x:type=\"D:DomainNameObjectType\">\
         <D:Value>{name}</D:Value></c:Properties></c:Object></c:Observable>"
    )
}

#[test]
fn each_kind_of_object_is_read() {
    let address = "<A:Address_Value>203.0.113.7</A:Address_Value>";
    let socket = |address: &str| {
        format!(
            "<SA:IP_Address category=\"ipv4-addr\"><A:Address_Value>{address}</A:Address_Value>\
             </SA:IP_Address><SA:Port><P:Port_Value>8041</P:Port_Value></SA:Port>"
        )
    };
    let connection = format!(
        "<N:Source_Socket_Address>{}</N:Source_Socket_Address>\
         <N:Destination_Socket_Address>{}<SA:Hostname><H:Hostname_Value>relay.evil.example\
         </H:Hostname_Value></SA:Hostname></N:Destination_Socket_Address>",
        socket("10.0.0.7"),
        socket("203.0.113.7")
    );
    let source =
        format!("<N:Source_Socket_Address>{}</N:Source_Socket_Address>", socket("203.0.113.9"));
    let request = |line: &str, host: &str| {
        format!(
            "<HT:HTTP_Request_Response><HT:HTTP_Client_Request><HT:HTTP_Request_Line>\
             <HT:HTTP_Method>GET</HT:HTTP_Method><HT:Value>{line}</HT:Value></HT:HTTP_Request_Line>\
             <HT:HTTP_Request_Header><HT:Parsed_Header>{host}<HT:Referer><U:Value>\
             http://innocent.example/</U:Value></HT:Referer><HT:User_Agent>Bad/1</HT:User_Agent>\
             </HT:Parsed_Header></HT:HTTP_Request_Header></HT:HTTP_Client_Request>\
             </HT:HTTP_Request_Response>"
        )
    };
    let host =
        "<HT:Host><HT:Domain_Name><U:Value>evil.example</U:Value></HT:Domain_Name></HT:Host>";
    let hashes = "<F:Hashes><cc:Hash><cc:Type>MD5</cc:Type><cc:Simple_Hash_Value>\
                  0123456789abcdef0123456789abcdef</cc:Simple_Hash_Value></cc:Hash></F:Hashes>";
    let sha1 = "0123456789ABCDEF0123456789ABCDEF01234567";
    let record = "<R:Domain_Name><U:Value>evil.example</U:Value></R:Domain_Name><R:IP_Address \
                  category=\"ipv4-addr\"><A:Address_Value>203.0.113.7</A:Address_Value>\
                  </R:IP_Address>";
    let question = format!(
        "<Q:Question><Q:QName><U:Value>asked.example</U:Value></Q:QName></Q:Question>\
         <Q:Answer_Resource_Records><Q:Resource_Record>{record}</Q:Resource_Record>\
         </Q:Answer_Resource_Records>"
    );
    let table: &[(&str, &str, &[&str], u64)] = &[
        ("\"D:T\" type=\"FQDN\"", "<D:Value>Evil[.]example</D:Value>", &["evil.example"], 0),
        (
            "\"H:T\"",
            "<H:Hostname_Value>host.evil.example</H:Hostname_Value>",
            &["host.evil.example"],
            0,
        ),
        ("\"A:T\" category=\"ipv4-addr\"", address, &["203.0.113.7/32"], 0),
        ("\"A:T\"", address, &["203.0.113.7/32"], 0),
        (
            "\"A:T\" category=\"ipv6-addr\"",
            "<A:Address_Value>2001:db8::7</A:Address_Value>",
            &["2001:db8::7/128"],
            0,
        ),
        (
            "\"A:T\" category=\"cidr\"",
            "<A:Address_Value>203.0.113.0/24</A:Address_Value>",
            &["203.0.113.0/24"],
            0,
        ),
        (
            "\"A:T\" category=\"e-mail\"",
            "<A:Address_Value>a@evil.example</A:Address_Value>",
            &[],
            1,
        ),
        ("\"A:T\" is_spoofed=\"true\"", address, &[], 0),
        (
            "\"U:T\" type=\"URL\"",
            "<U:Value>hxxp://evil[.]example/a</U:Value>",
            &["page evil.example/a"],
            0,
        ),
        ("\"U:T\" type=\"Domain Name\"", "<U:Value>evil.example</U:Value>", &["evil.example"], 0),
        ("\"U:T\" type=\"General URN\"", "<U:Value>urn:x:y</U:Value>", &[], 1),
        (
            "\"L:T\" type=\"URL\"",
            "<U:Value>http://evil.example/a?b=1&amp;c=2</U:Value><L:URL_Label>Click</L:URL_Label>",
            &["page evil.example/a?b=1&c=2"],
            0,
        ),
        ("\"F:T\"", "<F:File_Name>Support.exe</F:File_Name>", &["file support.exe"], 0),
        ("\"F:T\"", hashes, &[], 1),
        (
            "\"E:T\"",
            &format!("<F:File_Name>Support.exe</F:File_Name>{hashes}"),
            &["file support.exe (joint)"],
            1,
        ),
        (
            "\"X:T\"",
            &format!(
                "<cc:Custom_Properties><cc:Property name=\"x509-fingerprint-sha1\">{sha1}\
                 </cc:Property></cc:Custom_Properties>"
            ),
            &["certificate 0123456789abcdef0123456789abcdef01234567"],
            0,
        ),
        ("\"X:T\"", "<X:Certificate><X:Serial_Number>1</X:Serial_Number></X:Certificate>", &[], 1),
        ("\"N:T\"", &connection, &["203.0.113.7/32", "relay.evil.example"], 0),
        ("\"N:T\"", &source, &["203.0.113.9/32"], 0),
        ("\"SA:T\"", &socket("203.0.113.7"), &["203.0.113.7/32"], 0),
        ("\"HT:T\"", &request("/gate.php", host), &["page evil.example/gate.php"], 1),
        ("\"HT:T\"", &request("/", host), &["evil.example"], 1),
        ("\"HT:T\"", &request("/gate.php", ""), &[], 2),
        ("\"HT:T\"", &request("http://evil.example/b", ""), &["page evil.example/b"], 1),
        ("\"R:T\"", record, &["evil.example"], 0),
        ("\"Q:T\"", &question, &["asked.example"], 0),
        ("\"P:T\"", "<P:Port_Value>8041</P:Port_Value>", &[], 1),
        ("\"M:T\"", "<M:Name>Global\\evil</M:Name>", &[], 1),
        ("\"W:T\"", "<W:Domain_Name><U:Value>innocent.example</U:Value></W:Domain_Name>", &[], 1),
        ("\"nobody:T\"", "<D:Value>evil.example</D:Value>", &["evil.example"], 0),
    ];
    for (of, inner, want, unseen) in table {
        let got = got(&properties(of, inner));
        assert_eq!(got.entries, *want, "{of} {inner}");
        assert_eq!(said(&got), [""; 0], "{of} {inner}");
        assert_eq!(got.head.unseen, *unseen, "{of} {inner}");
    }
}

#[test]
fn what_is_an_indicator_is_told_from_what_is_not() {
    let a = &name("id=\"e:a\"", "a.example");
    let b = &name("id=\"e:b\"", "b.example");
    let refer = |id: &str| format!("<c:Observable idref=\"e:{id}\"/>");
    let all = |inner: &str| {
        format!(
            "<c:Observable><c:Observable_Composition operator=\"AND\">{inner}\
             </c:Observable_Composition></c:Observable>"
        )
    };
    let any = |inner: &str| all(inner).replacen("AND", "OR", 1);
    let port = "<c:Observable><c:Object><c:Properties x:type=\"P:T\"><P:Port_Value>443\
                </P:Port_Value></c:Properties></c:Object></c:Observable>";
    let held = |attributes: &str, inner: &str| {
        format!("<s:Indicator {attributes}>{inner}</s:Indicator>")
            .replace("c:Observable ", "i:Observable ")
            .replace("</c:Observable>", "</i:Observable>")
    };
    let table: &[(&str, String, &[&str])] = &[
        ("listed", format!("{a}{b}"), &["a.example", "b.example"]),
        ("both ways of a circle", format!("{}{a}", refer("a")), &["a.example"]),
        (
            "use before definition",
            format!("{}{b}{a}", held("", &refer("a"))),
            &["a.example", "b.example"],
        ),
        ("definition before use", format!("{a}{}", held("", &refer("a"))), &["a.example"]),
        ("any", any(&format!("{}{}", refer("b"), refer("a"))) + a + b, &["b.example", "a.example"]),
        (
            "all",
            all(&format!("{}{}", refer("a"), refer("b"))) + a + b,
            &["a.example (joint)", "b.example (joint)"],
        ),
        (
            "all, one of them alone too",
            all(&format!("{}{}", refer("a"), refer("b"))) + a + b + &held("", &refer("b")),
            &["b.example", "a.example (joint)"],
        ),
        ("a name and a port", all(&format!("{a}{port}")), &["a.example"]),
        (
            "all within any",
            any(&format!("{a}{}", all(&format!("{b}{}", name("", "c.example"))))),
            &["a.example", "b.example (joint)", "c.example (joint)"],
        ),
        (
            "a victim",
            format!(
                "{a}{b}<s:Incidents><s:Incident><in:Affected_Assets><in:Affected_Asset>{}\
             </in:Affected_Asset></in:Affected_Assets></s:Incident></s:Incidents>",
                refer("a")
            ),
            &["b.example"],
        ),
        (
            "behind a TTP",
            format!(
                "{a}<s:TTPs><s:TTP><t:Resources><t:Infrastructure>\
                 <t:Observable_Characterization>{}{b}\
             </t:Observable_Characterization></t:Infrastructure></t:Resources></s:TTP></s:TTPs>",
                refer("a")
            ),
            &["a.example", "b.example"],
        ),
        (
            "an indicator in an incident",
            format!(
                "<s:Incidents><s:Incident><in:Related_Indicators><in:Related_Indicator>\
                 <sc:Indicator>{a}</sc:Indicator></in:Related_Indicator></in:Related_Indicators>\
                 </s:Incident></s:Incidents>"
            ),
            &["a.example"],
        ),
        (
            "indicators that count together",
            format!(
                "<s:Indicator><i:Composite_Indicator_Expression operator=\"AND\">\
             <i:Indicator idref=\"e:I\"/><i:Indicator>{b}</i:Indicator>\
             </i:Composite_Indicator_Expression></s:Indicator>{}",
                held("id=\"e:I\"", a)
            ),
            &["a.example (joint)", "b.example (joint)"],
        ),
        (
            "either of two indicators",
            format!(
                "<s:Indicator><i:Composite_Indicator_Expression operator=\"OR\"><i:Indicator>{a}\
             </i:Indicator><i:Indicator>{b}</i:Indicator></i:Composite_Indicator_Expression>\
             </s:Indicator>"
            ),
            &["a.example", "b.example"],
        ),
        (
            "the same id in two places",
            format!("{a}{}", a.replace("a.example", "z.example")),
            &["a.example", "z.example"],
        ),
    ];
    for (what, inner, want) in table {
        let got = got(&package(inner));
        let mut entries = got.entries.clone();
        let mut want = want.to_vec();
        entries.sort_unstable();
        want.sort_unstable();
        assert_eq!(entries, want, "{what}");
        assert_eq!(said(&got), [""; 0], "{what}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let a = &name("id=\"e:a\"", "a.example");
    let table: &[(String, &[&str])] = &[
        (a.replace("a.example", "nope"), &["`nope` is one word, not a domain name"]),
        (
            a.replace("a.example", "a.&evil;example"),
            &["this refers to an entity of the file's own"],
        ),
        (
            a.replace("id=\"e:a\"", "negate=\"true\""),
            &["this is about what is not seen (negate, NONE, DoesNotEqual)"],
        ),
        (
            "<c:Observable idref=\"e:gone\"/><c:Observable idref=\"e:lost\"/>".to_owned(),
            &["this refers to what is defined nowhere in this file, and 1 more like it"],
        ),
        (
            "<c:Observable><c:Event><c:Actions/></c:Event></c:Observable>".to_owned(),
            &["this is an event on a host"],
        ),
        (
            format!("<i:Sightings>{a}</i:Sightings>"),
            &["this stands among sightings, victims or measures"],
        ),
        (
            a.replace("<D:", "<zz:").replace("</D:", "</zz:"),
            &["the prefix of this element is declared nowhere"],
        ),
    ];
    for (inner, want) in table {
        let got = got(&package(inner));
        assert_eq!(got.entries, [""; 0], "{inner}");
        let whys: Vec<&str> = got.complaints.iter().map(|c| &*c.why).collect();
        assert_eq!(whys, *want, "{inner}");
        assert!(got.complaints.iter().all(|c| c.line > 20 && c.column > 1), "{:?}", said(&got));
    }
}
