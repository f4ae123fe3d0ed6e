//! Whose server it is: signs of one tenant are one story, those of two are two.

use super::expect;

#[test]
fn a_question_and_the_flow_to_the_same_instance_are_one_story() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query a-relay.example : DnsQuestion Relay Named=a
         1 10.0.0.5>10.0.0.53:53 answer a-relay.example 192.0.2.1 :
         2 10.0.0.5>192.0.2.1:443 open : DnsAnswer Relay Named=a value=a-relay.example
         3 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 a x1 0-0",
            "2 upd rmm.relay.alpha 50 80% 10.0.0.5 a x2 0-2",
            "3 upd rmm.protocol.alpha 60 99% 10.0.0.5 a x3 0-3",
        ],
    );
}

#[test]
fn octets_alone_are_told_by_the_lent_name_even_when_the_flow_showed_one_way_only() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query a-relay.example : DnsQuestion Relay Named=a
         1 10.0.0.5>10.0.0.53:53 answer a-relay.example 192.0.2.1 :
         3 10.0.0.5>192.0.2.1:443 opening : Payload Relay Server value=87",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 a x1 0-0",
            "3 upd rmm.protocol.alpha 60 95% 10.0.0.5 a x2 0-3",
        ],
    );
}

#[test]
fn a_server_of_ones_own_is_called_by_its_name_else_its_address() {
    let spoke = "3 10.0.0.5>192.0.2.1:8041 opening : Payload Relay Server value=87";
    expect("", spoke, &["3 new rmm.protocol.alpha 60 90% 10.0.0.5 192.0.2.1 x1 3-3"]);
    let asked = format!("1 10.0.0.5>10.0.0.53:53 answer evil.example 192.0.2.1 :\n{spoke}");
    let outcome =
        expect("", &asked, &["3 new rmm.protocol.alpha 60 90% 10.0.0.5 evil.example x1 3-3"]);
    assert_eq!(
        outcome.alerts[0].reason,
        "10.0.0.5 speaks Alpha with evil.example (192.0.2.1:8041), and no rule of the policy \
         allows it; find out who runs evil.example (192.0.2.1:8041), ask the user of 10.0.0.5 who \
         is connected, and cut the host off if nobody there knows."
    );
    // An address in the place of a name is none.
    expect(
        "",
        "2 10.0.0.5>192.0.2.1:443 http 192.0.2.1 : HttpUserAgent Relay Server value=x",
        &["2 new rmm.protocol.alpha 60 90% 10.0.0.5 192.0.2.1 x1 2-2"],
    );
    // The name that the client presents beats the one that it resolved.
    expect(
        "",
        "1 10.0.0.5>10.0.0.53:53 answer cdn.example 192.0.2.1 :
         2 10.0.0.5>192.0.2.1:443 hello evil.example : TlsAlpn Relay Server value=x",
        &["2 new rmm.protocol.alpha 60 90% 10.0.0.5 evil.example x1 2-2"],
    );
}

#[test]
fn an_address_that_gets_a_name_later_stays_one_story() {
    expect(
        "",
        "0 10.0.0.5>192.0.2.1:8041 opening : Payload Relay Server value=87
         9 10.0.0.5>10.0.0.53:53 answer evil.example 192.0.2.1 :
         10 10.0.0.5#50001>192.0.2.1:8041 opening : Payload Relay Server value=87",
        &[
            "0 new rmm.protocol.alpha 60 90% 10.0.0.5 192.0.2.1 x1 0-0",
            "10 upd rmm.protocol.alpha 60 90% 10.0.0.5 evil.example x2 0-10",
        ],
    );
}

#[test]
fn a_vendors_flow_stays_the_vendors_whatever_its_octets_say() {
    expect(
        "",
        "0 10.0.0.5>192.0.2.1:443 hello r.alpha.example : TlsSni Relay Vendor
         1 10.0.0.5>192.0.2.1:443 certificate : TlsCertificate Relay Server value=O=Alpha
         2 10.0.0.5#50001>192.0.2.1:443 opening : Payload Relay Server value=17",
        &[
            "0 new rmm.relay.alpha 50 75% 10.0.0.5 - x1 0-0",
            "1 upd rmm.protocol.alpha 60 95% 10.0.0.5 - x2 0-1",
            "2 upd rmm.protocol.alpha 60 95% 10.0.0.5 - x3 0-2",
        ],
    );
}

#[test]
fn the_vendors_common_servers_belong_to_the_tenants_story() {
    // Before the tenant shows, and after.
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query api.alpha.example : DnsQuestion Api Vendor
         1 10.0.0.5>10.0.0.53:53 query a-relay.example : DnsQuestion Relay Named=a
         2 10.0.0.5>10.0.0.53:53 query api2.alpha.example : DnsQuestion Api Vendor",
        &[
            "0 new rmm.api.alpha 45 60% 10.0.0.5 - x1 0-0",
            "1 upd rmm.relay.alpha 50 60% 10.0.0.5 a x2 0-1",
            "2 upd rmm.relay.alpha 50 60% 10.0.0.5 a x3 0-2",
        ],
    );
}

#[test]
fn two_tenants_and_two_tools_are_stories_of_their_own() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.53:53 query a-relay.example : DnsQuestion Relay Named=a
         1 10.0.0.5>10.0.0.53:53 query b-relay.example : DnsQuestion Relay Named=b
         2 10.0.0.5>10.0.0.53:53 query r.beta.example : DnsQuestion Relay Vendor tool=beta
         3 10.0.0.6>10.0.0.53:53 query a-relay.example : DnsQuestion Relay Named=a",
        &[
            "0 new rmm.relay.alpha 50 60% 10.0.0.5 a x1 0-0",
            "1 new rmm.relay.alpha 50 60% 10.0.0.5 b x1 1-1",
            "2 new rmm.relay.beta 50 60% 10.0.0.5 - x1 2-2",
            "3 new rmm.relay.alpha 50 60% 10.0.0.6 a x1 3-3",
        ],
    );
}

#[test]
fn one_observation_may_show_two_tools() {
    expect(
        "",
        "0 10.0.0.5>192.0.2.1:443 hello r.example : TlsSni Relay Vendor; \
         TlsSni Relay Vendor tool=beta; TlsAlpn Relay Vendor value=x",
        &[
            "0 new rmm.protocol.alpha 60 95% 10.0.0.5 - x2 0-0",
            "0 new rmm.relay.beta 50 75% 10.0.0.5 - x1 0-0",
        ],
    );
}

#[test]
fn requests_to_two_tenants_through_one_proxy_connection_are_two_stories() {
    expect(
        "",
        "0 10.0.0.5>10.0.0.80:3128 http a.example : HttpHost Relay Named=a
         1 10.0.0.5>10.0.0.80:3128 http b.example : HttpHost Relay Named=b",
        &[
            "0 new rmm.relay.alpha 50 75% 10.0.0.5 a x1 0-0",
            "1 new rmm.relay.alpha 50 75% 10.0.0.5 b x1 1-1",
        ],
    );
}
