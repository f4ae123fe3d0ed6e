//! TCP streams: whatever way segments come, readers see the octets in order, once.

use model::Side::{Client, Server};
use model::{Fact, Side};

use super::script::{self, ACK, RST, SYN, Script, Tcp};
use super::{dissector, told, told_within};
use crate::limits::Limits;

fn small() -> Limits {
    Limits { flows_max: 1024, opening_len_max: 256, holes_max: 3, ..Limits::default() }
}

fn message(text: &str) -> Vec<u8> {
    [&[b'm', text.len() as u8], text.as_bytes()].concat()
}

/// A connection after its handshake, whose client will send `octets` in segments of `size`; the
/// segments, first one first.
fn cut_up(octets: &[u8], size: usize) -> (Script, Tcp, Vec<Vec<u8>>) {
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    tcp.next = [u32::MAX - 20, 5000]; // The numbers wrap on the way.
    let script = Script::of(tcp.greet());
    let pieces = octets.chunks(size).enumerate();
    let segments = pieces
        .map(|(number, piece)| tcp.segment(Client, ACK, (number * size) as i64, piece))
        .collect();
    (script, tcp, segments)
}

fn long_talk() -> (Vec<u8>, Vec<String>) {
    let texts = ["one", "two", "a longer text, so that it spans segments", "four"];
    let octets = texts.iter().flat_map(|text| message(text));
    let octets = b"TOY!".iter().copied().chain(octets).collect();
    (octets, texts.iter().map(|text| format!("client: {text}")).collect())
}

/// A small generator of orders (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

#[test]
fn segments_of_any_size() {
    let (octets, want) = long_talk();
    for size in 1..=octets.len() {
        let (mut script, _, segments) = cut_up(&octets, size);
        assert_eq!(told(script.play(segments)), want, "segments of {size}");
    }
}

#[test]
fn segments_in_any_order_and_more_than_once() {
    let (octets, want) = long_talk();
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let (mut script, tcp, mut segments) = cut_up(&octets, 5 + dice.roll(20));
        for _ in 0..dice.roll(6) {
            let again = segments[dice.roll(segments.len())].clone();
            segments.push(again);
            let from = dice.roll(octets.len());
            let to = from + 1 + dice.roll(octets.len() - from);
            segments.push(tcp.segment(Client, ACK, from as i64, &octets[from..to]));
        }
        for place in (1..segments.len()).rev() {
            segments.swap(place, dice.roll(place + 1));
        }
        assert_eq!(told(script.play(segments)), want, "seed {seed}");
    }
}

#[test]
fn the_first_octet_stands_and_contradictions_are_counted() {
    let (mut script, tcp, _) = cut_up(&[], 1);
    script.play([
        tcp.segment(Client, ACK, 6, b"true"),
        tcp.segment(Client, ACK, 6, b"fake"),
        tcp.segment(Client, ACK, 0, b"TOY!m\x04lies"),
        tcp.segment(Client, ACK, 0, b"TOY!m\x04late"),
    ]);
    let (words, tally) = told_within(&script, &small());
    // What the last octets say is told, too, when the server has answered, or no one does.
    let want = ["client: true", "client: late"].map(str::to_owned);
    assert_eq!((words, tally.overlaps), (want.to_vec(), 2));
}

#[test]
fn skipped_octets_may_be_missing() {
    let mut octets = b"TOY!s\x00\x00\x40\x00".to_vec();
    octets.extend([0; 0x4000]);
    octets.extend(message("behind"));
    for missing in 0..=12 {
        let (mut script, _, mut segments) = cut_up(&octets, 1000);
        segments.drain(1..1 + missing);
        let (words, tally) = told_within(script.play(segments), &small());
        assert_eq!((words, tally.gaps), (vec!["client: behind".to_owned()], 0), "{missing}");
    }
}

#[test]
fn gaps_that_never_close() {
    // Segments of ten octets with a message each; the numbers of those that are missing, and what
    // is told. A window of 256 octets and three holes.
    let table: &[(&[usize], usize, &[usize], u64)] = &[
        (&[2], 6, &[1, 3, 4, 5], 1),
        (&[2, 4], 6, &[1, 3, 5], 2),
        // What stands beyond the window is let go of until four have come.
        (&[2], 60, &[1, 3, 4, 5, 6, 7, 8, 9], 3),
        (&[2, 4, 6, 8, 10, 12], 14, &[1, 3, 5, 7, 9, 11, 13], 6),
    ];
    for (missing, count, want, gaps) in table {
        // The server is not heard, so that nothing tells what it has.
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
        let mut script = Script::of([tcp.flags(Client, SYN)]);
        for number in (0..*count).filter(|number| !missing.contains(number)) {
            let text = format!("{number:08}");
            let message = if number == 0 { b"TOY!xxxxxx".to_vec() } else { message(&text) };
            script.play([tcp.segment(Client, ACK, number as i64 * 10, &message)]);
        }
        let (words, tally) = told_within(&script, &small());
        let want: Vec<_> = want.iter().map(|number| format!("client: {number:08}")).collect();
        assert_eq!(words[..want.len()], want, "without {missing:?} of {count}");
        assert_eq!(tally.gaps, *gaps, "without {missing:?} of {count}");
    }
}

#[test]
fn a_reader_may_give_a_stream_up_at_a_gap() {
    let (mut script, tcp, _) = cut_up(&[], 1);
    script.play([
        tcp.segment(Client, ACK, 0, b"TOY!nm\x20half of a mess"),
        tcp.segment(Client, ACK, 100, &message("behind")),
    ]);
    let (words, tally) = told_within(&script, &small());
    assert_eq!((words, tally.gaps), (vec!["client: cut m\x20half of a mess".to_owned()], 1));
}

#[test]
fn acknowledgements_close_a_gap_that_the_capture_missed() {
    let (mut script, mut tcp, _) = cut_up(&[], 1);
    script.play([
        tcp.segment(Client, ACK, 0, b"TOY!"),
        tcp.segment(Client, ACK, 50, &message("behind")),
    ]);
    tcp.next[0] = tcp.next[0].wrapping_add(58);
    for _ in 0..8 {
        script.play([tcp.segment(Server, ACK, 0, &[])]);
    }
    script.play([tcp.segment(Server, ACK, 0, b"YOT!m\x03now")]);
    assert_eq!(told(&script), ["client: behind", "server: now"]);
}

#[test]
fn a_side_that_waits_for_more_than_the_window_is_given_up() {
    let octets = [b"TOY!".to_vec(), vec![b'w'; 600]].concat();
    let (mut script, _, segments) = cut_up(&octets, 100);
    let (words, tally) = told_within(script.play(segments), &small());
    assert_eq!((words.len(), tally.gaps), (1, 0));
    assert!(words[0].starts_with("client: cut www"), "{words:?}");
}

#[test]
fn the_octet_budget_is_for_all_openings_together() {
    let limits = Limits { openings_bytes_max: 16 * 4096, ..small() };
    let mut script = Script::new();
    for port in 0..10 {
        // One pair of addresses, one shard; each holds a part of a message.
        let mut tcp = Tcp::new(&format!("10.0.0.1:{}", 2000 + port), "10.0.0.2:9999");
        script.play(tcp.greet()).play([tcp.say(Client, b"TOY!m\x20half")]);
    }
    let (words, tally) = told_within(&script, &limits);
    assert!((1..10).contains(&tally.openings_over_budget), "{tally:?}");
    assert_eq!(words.len() as u64 + tally.openings_over_budget, 10);
    // What was held is given back: the same again, one after the other, fits.
    let mut script = Script::new();
    for port in 0..100 {
        let mut tcp = Tcp::new(&format!("10.0.0.1:{}", 2000 + port), "10.0.0.2:9999");
        script.play(tcp.greet()).play([tcp.say(Client, b"TOY!m\x20half")]);
        script.play(tcp.part()).wait(10.0);
    }
    let (words, tally) = told_within(&script, &limits);
    assert_eq!((words.len(), tally.openings_over_budget), (100, 0));
}

#[test]
fn streams_begin_in_every_way() {
    let hello = b"TOY!m\x02hi";
    let tcp = || Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let table: &[(&str, Vec<Vec<u8>>)] = &[
        ("mid-stream", vec![tcp().segment(Client, ACK, 0, hello)]),
        ("with the SYN", vec![tcp().segment(Client, SYN, 0, hello)]),
        (
            "half of it with the SYN, acknowledged",
            vec![
                tcp().segment(Client, SYN, 0, &hello[..5]),
                Tcp { next: [1006, 5000], ..tcp() }.segment(Server, SYN | ACK, 0, &[]),
                Tcp { next: [1006, 5001], ..tcp() }.segment(Client, ACK, 0, &hello[5..]),
            ],
        ),
        (
            "after a keep-alive",
            vec![tcp().segment(Client, ACK, -1, &[0]), tcp().segment(Client, ACK, 0, hello)],
        ),
        (
            "with keep-alives between",
            vec![
                tcp().segment(Client, ACK, 0, &hello[..6]),
                tcp().segment(Client, ACK, 5, &[0]),
                tcp().segment(Client, ACK, 6, &hello[6..]),
            ],
        ),
        ("the second segment first, after a handshake", {
            let mut tcp = tcp();
            let mut frames = tcp.greet();
            frames.extend([
                tcp.segment(Client, ACK, 4, &hello[4..]),
                tcp.segment(Client, ACK, 0, &hello[..4]),
            ]);
            frames
        }),
        (
            "with a RST behind",
            vec![
                tcp().segment(Client, ACK, 0, &hello[..4]),
                tcp().segment(Server, RST | ACK, 0, b"reason"),
                tcp().segment(Client, ACK, 4, &hello[4..]),
            ],
        ),
    ];
    for (name, frames) in table {
        assert_eq!(told(&Script::of(frames.clone())), ["client: hi"], "{name}");
    }
}

#[test]
fn content_turns_guessed_roles_but_not_seen_ones() {
    let flows = |script: &Script| {
        let limits = Limits { flows_max: 1024, ..Limits::default() };
        let (facts, _) = script::run(&script.frames(), 64, &mut dissector(&limits));
        let mut flows: Vec<_> = facts.iter().map(script::flow_words).collect();
        flows.dedup();
        flows
    };
    // Ports say that 10.0.0.1 is the client, content says that it is the server.
    let tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let turned = Script::of([
        tcp.segment(Client, ACK, 0, b"YOT!m\x02hi"),
        tcp.segment(Server, ACK, 0, b"TOY!m\x02ho"),
    ]);
    assert_eq!(flows(&turned), ["10.0.0.2:9999 > 10.0.0.1:40000 guessed"]);
    assert_eq!(told(&turned), ["server: hi", "client: ho"]);
    // FlowOpen waits for what the frame that makes it due has to say.
    let late =
        Script::of([tcp.segment(Server, ACK, 0, &[]), tcp.segment(Client, ACK, 0, b"YOT!m\x02hi")]);
    assert_eq!(flows(&late), ["10.0.0.2:9999 > 10.0.0.1:40000 guessed"]);
    let mut tcp = tcp;
    let mut seen = Script::of(tcp.greet());
    seen.play([tcp.say(Client, b"YOT!m\x02hi")]);
    assert_eq!(flows(&seen), ["10.0.0.1:40000 > 10.0.0.2:9999"]);
    assert_eq!(told(&seen), ["client: hi"]);
}

#[test]
fn openings_of_flows_that_no_one_knows() {
    type Says<'a> = &'a [(Side, &'a [u8])];
    let table: &[(&str, Says<'_>, &[&str])] = &[
        (
            "enough at once",
            &[(Client, b"0123456789abcdef!")],
            &["opening client 17 0123456789abcdef!"],
        ),
        ("little, then the end", &[(Client, b"abc")], &["opening client 3 abc"]),
        (
            "little, then more",
            &[(Client, b"abc"), (Client, b"0123456789abcdef")],
            &["opening client 3 abc0123456789abcdef"],
        ),
        (
            "an octet a segment",
            &[(Client, b"x".as_slice()); 17],
            &["opening client 1 xxxxxxxxxxxxxxxx"],
        ),
        (
            "little, then an answer",
            &[(Client, b"abc"), (Server, b"xyz"), (Client, b"def"), (Server, b"uvw")],
            &["opening client 3 abc", "opening server 3 xyz"],
        ),
        ("almost the toy's", &[(Client, b"TO"), (Client, b"Y?")], &["opening client 2 TOY?"]),
        ("the toy's, cut", &[(Client, b"TO")], &["opening client 2 TO"]),
        (
            "the toy's server, behind another word",
            &[(Client, b"0123456789abcdef"), (Server, b"YOT!m\x02hi"), (Client, b"m\x02ho")],
            &["opening client 16 0123456789abcdef", "server: hi", "client: ho"],
        ),
    ];
    for (name, says, want) in table {
        let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
        let mut script = Script::of(tcp.greet());
        for (side, octets) in *says {
            script.play([tcp.say(*side, octets)]);
        }
        assert_eq!(told(&script), *want, "{name}");
    }
    let long = vec![b'x'; 1000];
    let (script, tcp, _) = cut_up(&[], 1);
    let mut script = script;
    script.play([tcp.segment(Client, ACK, 0, &long)]);
    assert_eq!(told(&script), [format!("opening client 1000 {}", "x".repeat(256))]);
}

#[test]
fn a_flow_may_be_handed_over() {
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let mut script = Script::of(tcp.greet());
    script.play([
        tcp.say(Client, b"TOY!m\x03onee"),
        tcp.say(Server, b"YOT!hYOT!m\x03two"),
        tcp.say(Client, b"TOY!m\x05threeq"),
        tcp.say(Server, b"m\x04more"),
    ]);
    assert_eq!(told(&script), ["client: one", "server: two", "client: three"]);
}

#[test]
fn sides_end_apart_and_flows_at_once() {
    let mut tcp = Tcp::new("10.0.0.1:40000", "10.0.0.2:9999");
    let mut script = Script::of(tcp.greet());
    script.play([
        tcp.say(Client, b"TOY!m\x01ae"),
        tcp.say(Client, b"m\x01b"),
        tcp.say(Server, b"YOT!m\x01c"),
        tcp.say(Server, b"qm\x01d"),
    ]);
    assert_eq!(told(&script), ["client: a", "server: c"]);
}

#[test]
fn one_stray_segment_moves_nothing() {
    let (octets, want) = long_talk();
    let (mut script, tcp, segments) = cut_up(&octets, 20);
    for segment in segments {
        script.play([tcp.segment(Client, ACK, 0x2000_0000, b"TOY!m\x04fake"), segment]);
    }
    assert_eq!(told(&script), want);
}

#[test]
fn an_evicted_flow_tells_what_it_had() {
    let limits = Limits { flows_max: 1, ..Limits::default() };
    let mut script = Script::new();
    for port in 2001..=2009 {
        let mut tcp = Tcp::new(&format!("10.0.0.1:{port}"), "10.0.0.2:9999");
        script.play(tcp.greet()).play([tcp.say(Client, b"TOY!m\x09half")]);
    }
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(&limits));
    assert_eq!(tally.flows_evicted, 1);
    let first = facts.iter().position(|seen| matches!(seen.fact, Fact::FlowClose(_)));
    let before = first.and_then(|place| facts.get(place - 1)).map(script::words);
    assert_eq!(before.as_deref(), Some("client: cut m\thalf"));
}
