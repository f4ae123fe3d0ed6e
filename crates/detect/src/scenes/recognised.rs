//! Scenes: tools recognised by what passes, and protocols of remote access.

use super::{expect, only, play};
use crate::Limits;

#[test]
fn a_tool_is_recognised_once_a_flow() {
    // The scene, and what is recognised in which line.
    let table: &[(&str, &[&str])] = &[
        // By the protocol offered; the certificate of the same flow shows nothing new.
        (
            "0 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor
             0 10.0.0.5>192.0.2.1:443 certificate : TlsCertificate Relay Vendor",
            &["0 alpha TlsAlpn"],
        ),
        // Another flow, and the same ends after the first one's end.
        (
            "0 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor
             1 10.0.0.5#50001>192.0.2.1:443 hello - : TlsAlpn Relay Vendor
             2 10.0.0.5>192.0.2.1:443 close
             3 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor",
            &["0 alpha TlsAlpn", "1 alpha TlsAlpn", "3 alpha TlsAlpn"],
        ),
        // Several signs and several tools in one observation.
        (
            "0 10.0.0.5>192.0.2.1:80 http x.example : HttpHost Relay Vendor; \
             HttpUserAgent Api Vendor; HttpPath Unknown Server tool=beta; HttpPath Relay Vendor",
            &["0 alpha HttpUserAgent+HttpPath", "0 beta HttpPath"],
        ),
        // Names, files, places, what everyone shows, and what is no use.
        (
            "0 10.0.0.5>192.0.2.1:443 quic x.example : QuicSni Relay Vendor; Port Relay Vendor
             1 10.0.0.5>192.0.2.1:443 file x.example : HttpFile Download Vendor
             2 10.0.0.5>192.0.2.1:443 http x.example : HttpPath Download Vendor
             3 10.0.0.5>192.0.2.1:443 certificate : TlsCertificate Website Vendor
             4 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor generic
             5 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn 90%",
            &[],
        ),
        // A fingerprint that libraries share is none of the tool's; one of its own is.
        (
            "0 10.0.0.5>192.0.2.1:443 hello - : TlsJa4 Relay Vendor shared
             1 10.0.0.5>192.0.2.1:443 hello - : TlsJa4 Relay Vendor
             2 10.0.0.5#50001>192.0.2.1:80 http - : HttpUserAgent Api Vendor shared",
            &["1 alpha TlsJa4", "2 alpha HttpUserAgent"],
        ),
        // What is told as a remote protocol by itself counts, and is not told twice.
        (
            "0 10.0.0.5>192.0.2.1:3389 remote : Payload Relay Server
             1 10.0.0.5>192.0.2.1:3389 certificate : TlsCertificate Relay Server
             2 10.0.0.5>192.0.2.2:7070 opening : Payload Relay Server
             3 10.0.0.5>192.0.2.2:7070 certificate : TlsCertificate Relay Server",
            &[],
        ),
    ];
    for (scene, want) in table {
        assert_eq!(play("", &Limits::default(), scene).recognised, *want, "{scene}");
    }
}

#[test]
fn what_is_allowed_is_recognised_too() {
    let policy = "[[allow]]\ntool = 'alpha'\nowner = 'it'\nreason = 'theirs'";
    let outcome = expect(policy, "0 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor", &[]);
    assert_eq!(outcome.verdicts, [Some(true)]);
    assert_eq!(outcome.recognised, ["0 alpha TlsAlpn"]);
}

#[test]
fn the_bound_lets_the_oldest_flow_go() {
    let limits = Limits { recognised_max: 1, ..Limits::default() };
    let scene = "0 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor
                 1 10.0.0.6>192.0.2.1:443 hello - : TlsAlpn Relay Vendor
                 2 10.0.0.5>192.0.2.1:443 hello - : TlsAlpn Relay Vendor";
    let outcome = play("", &limits, scene);
    assert_eq!(outcome.recognised.len(), 3);
    let counts = outcome.detector.memory_counts();
    assert_eq!((counts.get("recognised"), counts.get("recognised_evicted")), (Some(&1), Some(&2)));
}

#[test]
fn remote_desktops_are_weighed_like_octets() {
    // From outside, from inside to outside, and between two hosts inside.
    expect(
        "",
        "0 198.51.100.7>10.0.0.5:3389 remote : Payload Relay Server
         0 10.0.0.6>192.0.2.1:3389 remote : Payload Relay Server
         0 10.0.0.7>10.0.0.8:3389 remote : Payload Relay Server",
        &[
            "0 new rmm.inbound.alpha 75 90% 10.0.0.5 10.0.0.5 x1 0-0",
            "0 new rmm.protocol.alpha 60 90% 10.0.0.6 192.0.2.1 x1 0-0",
            "0 new rmm.protocol.alpha 30 90% 10.0.0.7 10.0.0.8 x1 0-0",
        ],
    );
    let scene = "0 198.51.100.7>10.0.0.5:3389 remote : Payload Relay Server";
    let alert = only(play("", &Limits::default(), scene).alerts);
    assert_eq!(alert.protocol, Some(model::Protocol::Rdp));
}

#[test]
fn names_inside_quic_are_names() {
    // The server name of a hello inside QUIC, a lent one for a hello without, and the lent one in
    // place of the outer name of an encrypted hello.
    let scene = "0 10.0.0.5>10.0.0.53:53 answer relay.example 192.0.2.9
         1 10.0.0.5>192.0.2.1:443 quic relay.example : QuicSni Relay Vendor
         2 10.0.0.6>10.0.0.53:53 answer relay.example 192.0.2.9
         3 10.0.0.6>192.0.2.9:443 quic - : DnsAnswer Relay Vendor
         4 10.0.0.7>10.0.0.53:53 answer relay.example 192.0.2.9
         5 10.0.0.7>192.0.2.9:443 quic-ech outer.example : DnsAnswer Relay Vendor";
    let outcome = expect(
        "",
        scene,
        &[
            "1 new rmm.relay.alpha 50 75% 10.0.0.5 - x1 1-1",
            "3 new rmm.relay.alpha 50 75% 10.0.0.6 - x1 3-3",
            "5 new rmm.relay.alpha 50 75% 10.0.0.7 - x1 5-5",
        ],
    );
    for alert in &outcome.alerts {
        assert_eq!(alert.server_name.as_ref().map(|name| name.as_str()), Some("relay.example"));
        assert_eq!(alert.protocol, Some(model::Protocol::Quic));
    }
}
