//! What a person writes, and what is said of a mistake.

use super::*;

fn read(keys: &str) -> Result<SinkTable, String> {
    toml::from_str(keys).map_err(|why| why.message().to_owned())
}

#[test]
fn a_mistake_is_named() {
    let table = [
        ("kind = 'syslog'\nto = 'tls://h'", "missing field `name`"),
        (
            "name = 'A b'\nkind = 'file'\nto = 'x'",
            "`A b` is no sink's name; write 1 to 40 of a-z, 0-9 and -",
        ),
        ("name = 'a'\nkind = 'file'\nto = 'http://x'", "the sink `a`: `http://x` is no path"),
        (
            "name = 'a'\nkind = 'syslog'\nto = 'siem:514'",
            "the sink `a`: `siem:514` is no place; write udp://host:port or tcp://host:port or tls://host:port",
        ),
        (
            "name = 'a'\nkind = 'syslog'\nto = 'tcp://siem:514'",
            "the sink `a` would send names of hosts in clear to siem:514; use TLS (tls:// or https://), or write `cleartext = true`",
        ),
        (
            "name = 'a'\nkind = 'loki'\nto = 'https://u:p@h'",
            "the sink `a`: a place holds no user or password; write `user` and `secret`",
        ),
        (
            "name = 'a'\nkind = 'loki'\nto = 'https://h'\nindex = 'i'",
            "the sink `a`: `index` says nothing to the kind loki",
        ),
        (
            "name = 'a'\nkind = 'elastic'\nto = 'https://h'",
            "the sink `a`: it needs `index = \"…\"`",
        ),
        (
            "name = 'a'\nkind = 'loki'\nto = 'https://h'\nrecords = ['facts']",
            "the sink `a`: facts go to the kind nats only",
        ),
        (
            "name = 'a'\nkind = 'loki'\nto = 'https://h'\nbatch_records = 0",
            "the sink `a`: `batch_records` goes from 1 to 10000",
        ),
        (
            "name = 'a'\nkind = 'redis'\nto = 'redis://127.0.0.1/x'",
            "the sink `a`: `x` is no number of a database",
        ),
        (
            "name = 'a'\nkind = 'nats'\nto = ['tls://a', 'nats://b']",
            "the sink `a` would send names of hosts in clear to b:4222; use TLS (tls:// or https://), or write `cleartext = true`",
        ),
    ];
    for (keys, want) in table {
        assert_eq!(read(keys).expect_err(keys), want);
    }
}

#[test]
fn places_are_cut_up() {
    let table = [
        ("tls://siem.example", Some(("siem.example", 9, true))),
        ("tcp://siem.example:514", Some(("siem.example", 514, false))),
        ("tls://[2001:db8::1]:6514", Some(("2001:db8::1", 6514, true))),
        ("tls://[2001:db8::1]", Some(("2001:db8::1", 9, true))),
        ("udp://h:0", None),
        ("udp://h:70000", None),
        ("udp://", None),
        ("udp://h/path", None),
        ("udp://h o", None),
        ("gopher://h", None),
    ];
    for (text, want) in table {
        let read = place(text, &["udp", "tcp", "tls"], 9).ok();
        let read = read.as_ref().map(|(_, place)| (&*place.host, place.port, place.tls));
        assert_eq!(read, want, "{text}");
    }
}

#[test]
fn usual_paths_and_ports_stand_in_for_what_is_left_out() {
    let table = [
        ("elastic", "index = 'i'", "https://h", "h:443 /_bulk"),
        ("elastic", "index = 'i'", "https://h:9200/es/_bulk", "h:9200 /es/_bulk"),
        ("hec", "", "https://h:8088/", "h:8088 /services/collector/event"),
        ("loki", "", "http://127.0.0.1", "127.0.0.1:80 /loki/api/v1/push"),
        ("alertmanager", "", "http://[::1]:9093", "[::1]:9093 /api/v2/alerts"),
        ("evebox", "", "http://localhost:5636", "localhost:5636 /api/1/submit"),
        ("webhook", "", "https://h/a?b=c", "h:443 /a?b=c"),
    ];
    for (kind, keys, to, want) in table {
        let sink = read(&format!("name = 's'\nkind = '{kind}'\nto = '{to}'\n{keys}"));
        let url = match sink.expect(to).what {
            What::Elastic { url, .. }
            | What::Hec { url, .. }
            | What::Loki { url, .. }
            | What::Webhook { url, .. }
            | What::Alertmanager { url }
            | What::EveBox { url } => url,
            other => panic!("{other:?}"),
        };
        assert_eq!(format!("{} {}", url.place, url.path), want);
    }
}
