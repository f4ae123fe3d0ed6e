//! What comes back is what went away, and what cannot be is refused with its place.

use model::Timestamp;

use super::octets::Out;
use super::{HEAD_LEN, StateError, StateFault, VERSION, check, dressed};
use crate::fuzz::state_sample;
use crate::scenes::{moment, play};
use crate::{Detector, Limits, Policy};

const DAY: u64 = 24 * 3600;

fn blank() -> Detector {
    Detector::new(Policy::deny_by_default(), &Limits::default())
}

/// A detector that met names, lies, tools and operators.
fn lived() -> Detector {
    let scene = "0 10.0.0.5>10.0.0.53:53 query lie.example : DnsQuestion imitation
                 1 10.0.0.5>10.0.0.53:53 answer relay.example 192.0.2.1 : DnsQuestion Relay Vendor
                 2 10.0.0.5>10.0.0.53:53 answer bank.example 192.0.2.1 :
                 3 10.0.0.6>192.0.2.9:443 opening : Payload Relay Server value=87
                 9000 10.0.0.6>192.0.2.9:443 opening : Payload Relay Server value=87";
    play("", &Limits::default(), scene).detector
}

/// Head, body and check.
fn state(body: &[u8]) -> Vec<u8> {
    dressed(body.len(), |out| out.octets.extend_from_slice(body)).seal()
}

/// A body's part.
fn part(tag: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = Out::default();
    out.part(*tag, |out| out.octets.extend_from_slice(content));
    out.octets
}

fn refused(octets: &[u8]) -> StateError {
    blank().restore(octets).expect_err("it is damaged")
}

#[test]
fn what_comes_back_is_what_went_away() {
    let first = lived();
    let octets = first.state().seal();
    let mut second = blank();
    let restored = second.restore(&octets).expect("a good state");
    let counted = |what: &str| first.memory_counts()[what];
    assert!(restored.names > 0 && counted("first_operators") > 0 && counted("lures") > 0);
    assert_eq!(restored.names as u64, counted("first_names"));
    assert_eq!(restored.uses as u64, counted("first_host_tools"));
    assert_eq!(restored.last, moment(9000));
    for (what, count) in second.memory_counts() {
        if ["first_", "lures", "names"].iter().any(|of| what.starts_with(of)) {
            assert_eq!(count, counted(what), "{what}");
        }
    }
    // Entry by entry: the order in which they stand settles after one turn.
    let again = second.state().seal();
    assert_eq!(again.len(), octets.len());
    let mut third = blank();
    third.restore(&again).expect("a good state");
    assert_eq!(third.state().seal(), again);
    let (client, server) = ([10, 0, 0, 5].into(), [192, 0, 2, 1].into());
    let loan = third.names.lend(third.pairs.print(client, server), moment(9)).expect("lent");
    assert_eq!((loan.name.as_str(), loan.shared), ("bank.example", true));
    let tool = model::ToolId::parse("alpha").expect("an id");
    let known = third.firsts.see_tool([10, 0, 0, 6].into(), &tool, None, moment(99_999));
    assert_eq!(known.host.first, moment(3));
}

#[test]
fn who_is_behind_an_address_comes_back() {
    let scene = "0 10.0.0.5>10.0.0.1:67 lease pc 10.0.0.5=1
                 5 10.0.0.5>10.0.0.1:67 lease pc 10.0.0.7=1
                 6 10.0.0.9>10.0.0.1:67 lease - 10.0.0.9=2
                 7 10.0.0.5>10.0.0.1:67 lease pc fd00::5=1";
    let first = play("", &Limits::default(), scene).detector;
    let octets = first.state().seal();
    let mut second = blank();
    second.restore(&octets).expect("a good state");
    for ip in ["10.0.0.5", "10.0.0.7", "10.0.0.9", "fd00::5", "10.0.0.99"] {
        let ip = ip.parse().expect(ip);
        assert_eq!(second.known_host(ip), first.known_host(ip), "{ip}");
        let others = |of: &Detector| of.identities.others(ip).collect::<Vec<_>>();
        assert_eq!(others(&second), others(&first), "{ip}");
    }
    assert_eq!(second.state().seal().len(), octets.len());
    // A table with less room keeps those heard of last.
    let limits = Limits { identities_max: 2, ..Limits::default() };
    let mut small = Detector::new(Policy::deny_by_default(), &limits);
    small.restore(&octets).expect("a good state");
    let known = |ip: &str| small.known_host(ip.parse().expect(ip)).is_some();
    assert_eq!(["10.0.0.5", "10.0.0.9", "fd00::5"].map(known), [false, true, true]);
    // What was written before hosts stood in it is read, too.
    let mut old = state(&part(b"KEY ", &[7; 16]));
    old[16] = 1;
    let end = old.len() - super::CHECK_LEN;
    let checked = check(&old[..end]);
    old[end..].copy_from_slice(&checked);
    assert!(blank().restore(&old).is_ok());
}

#[test]
fn counts_of_rules_that_stand_go_on() {
    let allow = "[[allow]]\ntool = \"alpha\"\nreason = \"contract\"";
    let scene = "0 10.0.0.6>192.0.2.9:443 opening : Payload Relay Server value=87";
    let policy = "[[allow]]\ntool = \"alpha\"";
    let octets = play(policy, &Limits::default(), scene).detector.state().seal();
    for (text, uses) in [(policy, 1), ("", 0), (allow, 1)] {
        let (policy, _) = Policy::parse("policy.toml", text);
        let mut next = Detector::new(policy, &Limits::default());
        next.restore(&octets).expect("a good state");
        assert_eq!(next.authorised_counts().values().sum::<u64>(), uses, "{text}");
    }
}

#[test]
fn damage_is_refused_wherever_it_is() {
    let octets = lived().state().seal();
    for len in 0..octets.len() {
        let error = refused(&octets[..len]);
        assert_eq!(error.fault, StateFault::Cut, "{len}");
        assert!(error.at <= len);
    }
    for place in 0..octets.len() {
        let mut changed = octets.clone();
        changed[place] ^= 0x10;
        let want = match place {
            0..16 => StateFault::Foreign,
            16..20 => StateFault::Newer(VERSION ^ 0x10 << (8 * (place - 16))),
            20..28 => refused(&changed).fault,
            _ => StateFault::Changed,
        };
        assert_eq!(refused(&changed).fault, want, "{place}");
    }
    let mut longer = octets.clone();
    longer.push(0);
    assert_eq!(refused(&longer).fault, StateFault::Impossible("more than belongs there"));
}

#[test]
fn what_is_whole_but_cannot_be_is_refused_with_its_place() {
    let key = part(b"KEY ", &[7; 16]);
    let count = |count: u64, rest: &[u8]| [&count.to_le_bytes(), rest].concat();
    let entry = |flags: u8, hosts: usize| [vec![1; 20], vec![flags], vec![1; hosts * 2]].concat();
    let lent = |name: &[u8]| {
        let len = (name.len() as u16).to_le_bytes();
        count(1, &[&[1; 20 + 8 * crate::limits::OTHER_NAMES_MAX], &len[..], name].concat())
    };
    let host = |by: u8, name: &[u8]| {
        let len = (name.len() as u16).to_le_bytes();
        [&[1; 16][..], &[by], &[1; 6 + 8 + 4 + 17], &len, name].concat()
    };
    let face = |of_many: u8, has: u8| {
        let addresses = vec![1; usize::from(has) * 24];
        [&[1; 6][..], &[of_many], &[1; 17], &[0, 0], &[has], &addresses].concat()
    };
    let too_many = "more entries than there is room for";
    let table: &[(Vec<u8>, &str)] = &[
        (vec![], "no key of the fingerprints"),
        (key.repeat(2), "a part that was there already"),
        (part(b"NOPE", b""), "a part that nobody knows"),
        (part(b"KEY ", &[7; 17]), "more than belongs there"),
        (part(b"TIME", &[2; 17]), "a flag that is neither set nor not"),
        (part(b"NAME", &count(u64::MAX, &[])), too_many),
        (part(b"NAME", &count(2, &entry(0, 0))), too_many),
        (part(b"NAME", &count(1, &entry(5 << 2, 5))), "more hosts than are remembered"),
        (part(b"HOST", &count(1, &entry(1 << 2, 1))), "more hosts than are remembered"),
        (part(b"RULE", &count(1, &[2, 0, 0xff, 0xff].repeat(9))), "a text that is no UTF-8"),
        (part(b"WHOM", &count(1, &host(4, b""))), "a source of hints that nobody knows"),
        (part(b"WHOM", &count(1, &host(1, &[b'a'; 254]))), "a host's name that is too long"),
        (part(b"FACE", &count(1, &face(2, 0))), "a flag that is neither set nor not"),
        (part(b"FACE", &count(1, &face(0, 17))), "more addresses than an interface has"),
        (part(b"LENT", &lent(b"")), "a name that is none"),
        (part(b"LENT", &lent(b"A.example")), "a name that is none"),
        (part(b"LENT", &lent(b"a\\x5c.example")), "a name that is none"),
    ];
    for (body, want) in table {
        let error = refused(&state(body));
        assert_eq!(error.fault, StateFault::Impossible(want), "{body:?}");
        assert!((HEAD_LEN..=HEAD_LEN + body.len()).contains(&error.at), "{want}: {error}");
    }
    let good = [
        key,
        part(b"NAME", &count(1, &entry(4 << 2, 4))),
        part(b"LENT", &lent(b"a.b")),
        part(b"WHOM", &count(1, &host(3, b"pc"))),
        part(b"FACE", &count(1, &face(1, 16))),
    ];
    assert!(blank().restore(&state(&good.concat())).is_ok());
}

#[test]
fn errors_say_what_and_where() {
    let later = {
        let mut octets = state(&[]);
        octets[16] = 9;
        octets
    };
    let table: &[(&[u8], &str)] = &[
        (b"\xd4\xc3\xb2\xa1 a capture", "it is no state of rmmwatch"),
        (b"", "octet 0: it ends too early"),
        (b"rmmwatch-s", "octet 10: it ends too early"),
        (b"rmmwatch-state\n", "it is no state of rmmwatch"),
        (&later, "it is of version 9, and this program reads up to 2"),
    ];
    for (octets, want) in table {
        assert_eq!(refused(octets).to_string(), *want);
    }
    let octets = state(&[]);
    assert_eq!(check(&octets[..HEAD_LEN]), octets[HEAD_LEN..]);
}

#[test]
fn a_sample_for_the_fuzzer_is_a_state() {
    assert!(blank().restore(&state_sample(&[9; 400])).is_ok());
}

#[test]
fn a_sensor_that_stops_and_goes_on_knows_what_one_that_stayed_knows() {
    // The first day teaches; the second one's new name is new, the first one's is not.
    let ask =
        |secs: u64, host: u8, name: &str| (Timestamp::from_secs(secs, 0), host, name.to_owned());
    let asked = [
        ask(0, 1, "old.example"),
        ask(DAY + 1, 1, "new.example"),
        ask(DAY + 3600, 2, "new.example"),
        ask(DAY + 3601, 2, "old.example"),
        ask(DAY + 3602, 2, "newer.example"),
        ask(9 * DAY, 3, "new.example"),
    ];
    let see = |detector: &mut Detector, (at, host, name): &(Timestamp, u8, String)| {
        detector.advance(*at, &mut |_| {});
        let host = [10, 0, 0, *host].into();
        let print = detector.firsts.prints.name(name);
        let learnt = detector.firsts.learnt(*at);
        let lure = detector.lures.see(name, host, *at, learnt);
        (detector.firsts.see_name(print, host, *at), lure)
    };
    let mut whole = blank();
    let want: Vec<_> = asked.iter().map(|one| see(&mut whole, one)).collect();
    for cut in 0..asked.len() {
        let mut first = blank();
        first.set_key([1, 2]);
        let mut got: Vec<_> = asked[..cut].iter().map(|one| see(&mut first, one)).collect();
        let mut second = blank();
        second.restore(&first.state().seal()).expect("a good state");
        got.extend(asked[cut..].iter().map(|one| see(&mut second, one)));
        assert_eq!(got, want, "cut at {cut}");
    }
}
