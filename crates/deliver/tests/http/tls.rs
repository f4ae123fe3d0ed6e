//! HTTPS: who is believed, and that nothing is said to anybody else.

use std::time::Duration;

use deliver::sinks::{Auth, HttpPlan, Join, Kind, Place, Secret, TlsPlan, WebhookPlan};

use crate::peers::{carrier, carry, carry_within, entries, http};
use crate::pki::Pki;
use crate::stub::{Reply, Stub};

#[test]
fn nothing_is_told_to_a_server_that_is_not_who_it_should_be() {
    let (pki, other) = (Pki::new(), Pki::new());
    for name in ["siem.example", "sensor.example"] {
        pki.issue(name);
        other.issue(name);
    }
    let of = |pki: &Pki, file: &str| Some(pki.path(file));
    let ours = TlsPlan {
        ca: of(&pki, "ca.pem"),
        name: Some("siem.example".to_owned()),
        ..TlsPlan::default()
    };
    let us = |pki: &Pki| TlsPlan {
        cert: of(pki, "sensor.example.pem"),
        key: of(pki, "sensor.example.key"),
        ..ours.clone()
    };
    let wrong_ca = TlsPlan { ca: of(&other, "ca.pem"), ..ours.clone() };
    let wrong_name = TlsPlan { name: Some("other.example".to_owned()), ..ours.clone() };
    let no_file = TlsPlan { ca: of(&pki, "missing.pem"), ..ours.clone() };
    for (case, tls, ask, expected) in [
        ("good", ours.clone(), false, Ok(())),
        ("another CA", wrong_ca, false, Err("invalid peer certificate")),
        ("another name", wrong_name, false, Err("not valid for name")),
        ("no such file", no_file, false, Err("missing.pem")),
        ("our certificate is missing", ours.clone(), true, Err("ertificate")),
        ("our certificate is another CA's", us(&other), true, Err("")),
        ("our certificate is good", us(&pki), true, Ok(())),
    ] {
        let stub = Stub::start_with(Some(pki.server("siem.example", ask)), |_| Reply::ok("{}"));
        let outcome = carry(&mut *carrier(hook(stub.port, true, tls)), &entries(0, 3));
        match expected {
            Ok(()) => assert_eq!(outcome.expect(case).refused, []),
            Err(why) => {
                let setback = outcome.expect_err(case);
                assert!(setback.why.contains(why), "{case}: {}", setback.why);
                assert_eq!(setback.carried, 0);
            }
        }
        assert_eq!(stub.asked().len(), usize::from(expected.is_ok()), "{case}");
    }
}

#[test]
fn plain_and_tls_do_not_mix() {
    let pki = Pki::new();
    pki.issue("siem.example");
    let tls = TlsPlan {
        ca: Some(pki.path("ca.pem")),
        name: Some("siem.example".to_owned()),
        ..TlsPlan::default()
    };
    let plain = Stub::start(|_| Reply::ok("{}"));
    let limit = Duration::from_millis(300);
    let mut sink = carrier(hook(plain.port, true, tls));
    carry_within(&mut *sink, &entries(0, 1), limit).expect_err("no TLS there");
    assert!(plain.asked().is_empty());
    let secret = Stub::start_with(Some(pki.server("siem.example", false)), |_| Reply::ok("{}"));
    let mut sink = carrier(hook(secret.port, false, TlsPlan::default()));
    carry_within(&mut *sink, &entries(0, 1), limit).expect_err("TLS there");
    assert!(secret.asked().is_empty());
}

fn hook(port: u16, tls: bool, plan: TlsPlan) -> Kind {
    let place = Place { host: "127.0.0.1".to_owned(), port, tls };
    let auth = Auth::Scheme("Bearer".to_owned(), Secret::new("hunter22"));
    let http = HttpPlan { place, tls: plan, auth, ..http(port, "/in") };
    Kind::Webhook(WebhookPlan { http, content_type: "text/plain".to_owned(), join: Join::Lines })
}
