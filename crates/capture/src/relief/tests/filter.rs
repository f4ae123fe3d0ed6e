//! The program over frames: each kind by a row of a table, then thousands that are mangled.

use model::{Flow, Transport};

use super::super::interpreter::Machine;
use super::super::layout::{Counters, Entry, Key};
use super::frames::{ACK, FIN, PSH, RST, SYN, back, flow, tcp, udp, widened, with};
use super::oracle::{Fate, fate};
use super::{SNAP_LEN, code};

/// A machine that drops these flows; the counters of each have its number.
fn dropping(flows: &[Flow]) -> Machine {
    let mut machine = Machine::new(flows.len());
    for (slot, flow) in (0..).zip(flows) {
        let generation = u64::from(slot) + 1;
        machine.set(Key::of(flow).0, Some(Entry { slot, drops: true, generation }));
    }
    machine
}

/// Packets and octets from the client and from the server.
fn volumes(machine: &Machine, slot: usize, flow: &Flow) -> [[u64; 2]; 2] {
    let [low, high] = Counters::read(&machine.counters[slot]).volumes;
    if Key::of(flow).1 { [high, low] } else { [low, high] }
}

#[test]
fn what_is_plain_is_dropped_and_all_else_passes() {
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let six = flow(Transport::Tcp, "[2001:db8::9]:40000", "[2001:db8::7]:443");
    let quic = flow(Transport::Udp, "10.0.0.9:50000", "192.0.2.7:443");
    let quic6 = flow(Transport::Udp, "[2001:db8::9]:50000", "[2001:db8::7]:443");
    let short: &[u8] = &[0x41; 40];
    let first = |octets: &[u8]| [octets, &[0x99; 40]].concat();
    let data = || tcp(&web, ACK, 1, 100);
    let data6 = || tcp(&six, ACK, 1, 100);
    let other = flow(Transport::Tcp, "10.0.0.9:40001", "192.0.2.7:443");
    #[rustfmt::skip]
    let table: Vec<(&str, bool, Vec<u8>)> = vec![
        ("a segment", true, data()),
        ("one without data", true, tcp(&web, ACK, 1, 0)),
        ("one that is pushed, to the client", true, tcp(&back(&web), ACK | PSH, 1, 1400)),
        ("one with urgent data", true, tcp(&web, ACK | 0x20, 1, 10)),
        ("one of IPv6", true, data6()),
        ("one of IPv6 without data", true, tcp(&back(&six), ACK, 1, 0)),
        ("padding of the link", true, [tcp(&web, ACK, 1, 0), vec![0; 6]].concat()),
        ("a short header of QUIC", true, udp(&quic, short)),
        ("one of IPv6", true, udp(&back(&quic6), short)),
        ("application data of DTLS", true, udp(&quic, &first(&[0x17, 0xfe, 0xfd, 0, 1]))),
        ("bulk of WireGuard", true, udp(&quic, &first(&[4, 0, 0, 0, 9, 8, 7, 6]))),
        ("another flow", false, tcp(&other, ACK, 1, 100)),
        ("the same ends over UDP", false, udp(&web, short)),
        ("FIN", false, tcp(&web, FIN | ACK, 1, 0)),
        ("FIN with data, to the client", false, tcp(&back(&web), FIN | ACK, 1, 700)),
        ("a header of two words", false, with(data(), 46, &[0x20])),
        ("a header longer than the datagram", false, with(tcp(&web, ACK, 1, 0), 46, &[0x60])),
        ("options of IPv4", false, widened(with(data(), 14, &[0x46]), 34, &[1, 1, 1, 0])),
        ("the first fragment", false, with(data(), 20, &[0x20, 0])),
        ("a later fragment", false, with(data(), 20, &[0, 9])),
        ("a reserved flag of IPv4", false, with(data(), 20, &[0x80, 0])),
        ("a length of nothing, to be cut up", false, with(data(), 16, &[0, 0])),
        ("a length under the header's", false, with(data(), 16, &[0, 19])),
        ("a datagram that was cut", false, data()[..100].to_vec()),
        ("a header that was cut", false, data()[..50].to_vec()),
        ("an empty frame", false, vec![]),
        ("a tag in the frame", false, widened(data(), 12, &[0x81, 0, 0, 9])),
        ("ARP", false, with(data(), 12, &[8, 6])),
        ("version 5", false, with(data(), 14, &[0x55])),
        ("ICMP", false, with(data(), 23, &[1])),
        ("an extension header", false, with(data6(), 20, &[0])),
        ("a fragment of IPv6", false, with(data6(), 20, &[44])),
        ("a jumbogram", false, with(data6(), 18, &[0, 0])),
        ("IPv6 that was cut", false, data6()[..70].to_vec()),
        ("version 4 as IPv6", false, with(data6(), 14, &[0x40])),
        ("a long header of QUIC", false, udp(&quic, &first(&[0xc3, 0, 0, 0, 1]))),
        ("one of IPv6", false, udp(&quic6, &first(&[0xc3, 0, 0, 0, 1]))),
        ("a datagram of nothing", false, [udp(&quic, &[]), vec![0x41; 40]].concat()),
        ("a length over the datagram's", false, with(udp(&quic, short), 38, &[0, 99])),
        ("a length of UDP of nothing", false, with(udp(&quic, short), 38, &[0, 0])),
        ("VXLAN", false, udp(&quic, &first(&[8, 0, 0, 0, 0, 0, 1, 0]))),
        ("GENEVE with Ethernet", false, udp(&quic, &first(&[0, 0, 0x65, 0x58, 0, 0, 1, 0]))),
        ("GENEVE with options and IPv6", false, udp(&quic, &first(&[2, 0, 0x86, 0xdd, 0, 0, 1]))),
        ("GTP-U", false, udp(&quic, &first(&[0x32, 0xff, 0, 40, 0, 0, 0, 1]))),
        ("Teredo", false, udp(&quic, &first(&[0x60, 0, 0, 0, 0, 8, 6, 64]))),
        ("Teredo's header", false, udp(&quic, &first(&[0, 1, 0, 0]))),
    ];
    let code = code();
    assert!(code.len() < 400, "{}", code.len());
    for (name, dropped, frame) in table {
        let mut machine = dropping(&[web, six, quic, quic6]);
        let answer = machine.run(&code, &frame);
        assert_eq!(answer == 0, dropped, "{name}");
        assert!(dropped || answer == u64::from(SNAP_LEN), "{name}");
        assert!(machine.steps < 250, "{name}: {} instructions", machine.steps);
    }
}

#[test]
fn each_end_is_counted_apart_and_padding_is_not_counted() {
    // The lower end is the client in one, the server in the other, and one whose addresses are
    // the same.
    for (client, server) in [
        ("10.0.0.9:40000", "192.0.2.7:443"),
        ("192.0.2.7:40000", "10.0.0.9:443"),
        ("10.0.0.9:443", "10.0.0.9:40000"),
        ("10.0.0.9:40000", "10.0.0.9:443"),
        ("[2001:db8::9]:40000", "[2001:db8::7]:443"),
        ("[2001:db8::7]:40000", "[2001:db8:0:1::]:443"),
    ] {
        let flow = flow(Transport::Tcp, client, server);
        let mut machine = dropping(&[flow]);
        let code = code();
        let mut frames = vec![[tcp(&flow, ACK, 1, 0), vec![0; 20]].concat()];
        frames.push(tcp(&back(&flow), ACK, 1, 1000));
        frames.push(tcp(&back(&flow), ACK, 1001, 400));
        for frame in frames {
            machine.now += 5_000_000;
            assert_eq!(machine.run(&code, &frame), 0, "{client}");
        }
        let headers = if client.starts_with('[') { 60 } else { 40 };
        let want = [[1, headers], [2, 1400 + 2 * headers]];
        assert_eq!(volumes(&machine, 0, &flow), want, "{client} {server}");
        assert_eq!(Counters::read(&machine.counters[0]).last, machine.now);
    }
}

#[test]
fn after_a_syn_or_rst_everything_passes() {
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let code = code();
    for (flags, passes) in
        [(SYN, true), (SYN | ACK, true), (RST, true), (RST | ACK, true), (FIN | ACK, false)]
    {
        let mut machine = dropping(&[web]);
        assert_eq!(machine.run(&code, &tcp(&web, ACK, 1, 9)), 0);
        assert_ne!(machine.run(&code, &tcp(&back(&web), flags, 1, 0)), 0);
        assert_eq!(machine.run(&code, &tcp(&web, ACK, 10, 9)) != 0, passes, "{flags}");
        let entry = |generation| Some(Entry { slot: 0, drops: true, generation });
        machine.set(Key::of(&web).0, entry(77));
        assert_eq!(machine.run(&code, &tcp(&web, ACK, 19, 9)), 0, "it was put in anew");
    }
}

#[test]
fn what_is_watched_passes_but_is_stopped_all_the_same() {
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let (code, mut machine) = (code(), Machine::new(1));
    let entry = |drops| Some(Entry { slot: 0, drops, generation: 5 });
    machine.set(Key::of(&web).0, entry(false));
    assert_ne!(machine.run(&code, &tcp(&web, ACK, 1, 9)), 0);
    assert_eq!(volumes(&machine, 0, &web), [[0, 0], [0, 0]]);
    assert_ne!(machine.run(&code, &tcp(&web, SYN, 1, 0)), 0);
    machine.set(Key::of(&web).0, entry(true));
    assert_ne!(machine.run(&code, &tcp(&web, ACK, 2, 9)), 0, "the SYN came before");
}

#[test]
fn a_copy_of_what_passed_while_it_was_watched_is_not_counted() {
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let (code, mut machine) = (code(), Machine::new(1));
    for (drops, number, passes) in [(false, 1, true), (false, 1, true), (true, 1, false)] {
        machine.set(Key::of(&web).0, Some(Entry { slot: 0, drops, generation: 5 }));
        assert_eq!(machine.run(&code, &tcp(&web, ACK, number, 9)) != 0, passes);
    }
    let counters = Counters::read(&machine.counters[0]);
    assert_eq!((volumes(&machine, 0, &web), counters.copies), ([[0, 0], [0, 0]], 1));
}

#[test]
fn copies_within_a_millisecond_are_dropped_but_not_counted() {
    let web = flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443");
    let quic = flow(Transport::Udp, "[2001:db8::9]:50000", "[2001:db8::7]:443");
    let code = code();
    let segment = tcp(&web, ACK, 1, 100);
    let short = udp(&quic, &[0x41; 60]);
    let later = |at: usize| udp(&quic, &with(vec![0x41; 60], at, &[7]));
    #[rustfmt::skip]
    let table = vec![
        ("the same", &segment, segment.clone(), 20_000, 1),
        ("a hop further", &segment, with(segment.clone(), 22, &[63]), 20_000, 1),
        ("a millisecond later", &segment, segment.clone(), 1_001_000, 2),
        ("another identification", &segment, with(segment.clone(), 18, &[1, 1]), 20_000, 2),
        ("another number", &segment, tcp(&web, ACK, 2, 100), 20_000, 2),
        ("another length", &segment, tcp(&web, ACK, 1, 101), 20_000, 2),
        ("another acknowledgement", &segment, with(segment.clone(), 45, &[9]), 20_000, 2),
        ("another checksum", &segment, with(segment.clone(), 50, &[9]), 20_000, 2),
        ("the other way", &segment, tcp(&back(&web), ACK, 1, 100), 20_000, 2),
        ("a datagram", &short, short.clone(), 20_000, 1),
        ("a hop further", &short, with(short.clone(), 21, &[63]), 20_000, 1),
        ("another in its first octets", &short, later(9), 20_000, 2),
        ("another behind its connection's number", &short, later(20), 20_000, 2),
    ];
    for (name, one, other, apart, want) in table {
        let mut machine = dropping(&[web, quic]);
        for frame in [one, &other] {
            assert_eq!(machine.run(&code, frame), 0, "{name}");
            machine.now += apart;
        }
        let read = |slot| Counters::read(&machine.counters[slot]);
        let packets: u64 =
            (0..2).flat_map(|slot| read(slot).volumes).map(|[packets, _]| packets).sum();
        assert_eq!(packets, want, "{name}");
        assert_eq!(read(0).copies + read(1).copies, 2 - want, "{name}");
    }
}

/// A row of numbers, the same each time.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state as usize
}

#[test]
fn mangled_frames_have_the_fate_that_the_oracle_says() {
    let flows = [
        flow(Transport::Tcp, "10.0.0.9:40000", "192.0.2.7:443"),
        flow(Transport::Tcp, "[2001:db8::9]:40000", "[2001:db8::7]:443"),
        flow(Transport::Udp, "10.0.0.9:50000", "192.0.2.7:443"),
        flow(Transport::Udp, "[2001:db8::9]:50000", "[2001:db8::7]:443"),
    ];
    let (code, mut state) = (code(), 0x9e37_79b9_7f4a_7c15);
    let mut fates = [0; 3];
    for round in 0..40_000 {
        let flow = flows[random(&mut state) % 4];
        let sender = if random(&mut state).is_multiple_of(2) { flow } else { back(&flow) };
        let len = random(&mut state) % 80;
        let mut frame = match flow.transport {
            Transport::Tcp => {
                let flags = [ACK, ACK | PSH, ACK, random(&mut state) as u8][random(&mut state) % 4];
                tcp(&sender, flags, random(&mut state) as u32, len)
            }
            Transport::Udp => {
                let mut payload = vec![0; len];
                payload.fill_with(|| random(&mut state) as u8);
                udp(&sender, &payload)
            }
        };
        for _ in 0..random(&mut state) % 3 {
            // Headers above all, and numbers that mean something.
            let at = random(&mut state) % frame.len().min(12 + random(&mut state) % 60).max(1);
            frame[at] = match random(&mut state) % 4 {
                0 => random(&mut state) as u8,
                1 => frame[at] ^ 1 << (random(&mut state) % 8),
                2 => 0,
                _ => 0xff,
            };
        }
        if random(&mut state).is_multiple_of(5) {
            frame.truncate(random(&mut state) % (frame.len() + 1));
        }
        let mut machine = dropping(&flows);
        let dropped = machine.run(&code, &frame) == 0;
        let place = |seen: &Flow| flows.iter().position(|flow| flow == seen || back(flow) == *seen);
        let stopped = (0..4).find(|slot| Counters::read(&machine.counters[*slot]).stopped != 0);
        let (want, counted) = match fate(&frame) {
            Fate::Count(seen, octets) => (place(&seen), Some((seen, octets))),
            Fate::Stop(seen) => {
                assert_eq!(stopped, place(&seen), "{round}: {frame:02x?}");
                (None, None)
            }
            Fate::Pass => {
                assert_eq!(stopped, None, "{round}: {frame:02x?}");
                (None, None)
            }
        };
        assert_eq!(dropped, want.is_some(), "{round}: {frame:02x?}");
        fates[usize::from(dropped) + usize::from(stopped.is_some()) * 2] += 1;
        if let (Some(slot), Some((seen, octets))) = (want, counted) {
            assert_eq!(volumes(&machine, slot, &seen), [[1, octets], [0, 0]], "{round}");
        }
    }
    assert!(fates.iter().all(|&count| count > 1000), "{fates:?}");
}
