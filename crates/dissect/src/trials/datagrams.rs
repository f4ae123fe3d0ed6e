//! UDP: claims, turns, openings, and flows that are given up.

use super::script::{self, Script, address, framed, udp};
use super::{dissector, told};
use crate::limits::Limits;

const ONE: &str = "10.0.0.1:40000";
const OTHER: &str = "10.0.0.2:9999";

type Says<'a> = &'a [(&'a str, &'a str, &'a [u8])];

fn script_of(says: Says<'_>) -> Script {
    Script::of(
        says.iter().map(|(from, to, octets)| framed(&udp(address(from), address(to), octets))),
    )
}

#[test]
fn what_datagrams_tell() {
    let table: &[(&str, Says<'_>, &[&str])] = &[
        (
            "asked and answered",
            &[(ONE, OTHER, b"Q1"), (OTHER, ONE, b"A1")],
            &["client: Q1", "server: A1"],
        ),
        (
            "answered only",
            &[(OTHER, ONE, b"A1"), (ONE, OTHER, b"Q2")],
            &["server: A1", "client: Q2"],
        ),
        (
            "no one's",
            &[(ONE, OTHER, b""), (ONE, OTHER, b"abc"), (ONE, OTHER, b"def"), (OTHER, ONE, b"ghi")],
            &["opening client 3 abc", "opening server 3 ghi"],
        ),
        (
            "claimed late",
            &[(ONE, OTHER, b"abc"), (ONE, OTHER, b"Q1"), (OTHER, ONE, b"xyz")],
            &["opening client 3 abc", "client: Q1"],
        ),
        (
            "given up after four, the other side's first word still told",
            &[
                (ONE, OTHER, b"a"),
                (ONE, OTHER, b"b"),
                (ONE, OTHER, b"c"),
                (ONE, OTHER, b"d"),
                (ONE, OTHER, b"Q1"),
                (OTHER, ONE, b"A1"),
                (OTHER, ONE, b"A2"),
            ],
            &["opening client 1 a", "opening server 2 A1"],
        ),
    ];
    for (name, says, want) in table {
        assert_eq!(told(&script_of(says)), *want, "{name}");
    }
}

#[test]
fn a_claim_turns_the_flow_before_anything_is_told() {
    let limits = Limits { flows_max: 1024, ..Limits::default() };
    let group = "239.1.1.1:9999";
    let table: &[(&str, Says<'_>, &str)] = &[
        ("asked", &[(ONE, OTHER, b"Q1"), (OTHER, ONE, b"A1")], "10.0.0.1:40000 > 10.0.0.2:9999"),
        (
            "answer first",
            &[(OTHER, ONE, b"A1"), (ONE, OTHER, b"Q1")],
            "10.0.0.1:40000 > 10.0.0.2:9999 guessed",
        ),
        (
            "answer second, to an empty word",
            &[(OTHER, ONE, b""), (ONE, OTHER, b"Q1")],
            "10.0.0.1:40000 > 10.0.0.2:9999 guessed",
        ),
        ("answer to a group", &[(OTHER, group, b"A1")], "10.0.0.2:9999 > 239.1.1.1:9999"),
    ];
    for (name, says, want) in table {
        let script = script_of(says);
        let (facts, _) = script::run(&script.frames(), 64, &mut dissector(&limits));
        for seen in &facts {
            assert_eq!(script::flow_words(seen), *want, "{name}");
        }
    }
}
