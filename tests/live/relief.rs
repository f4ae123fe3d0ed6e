//! What is told of flows whose packets the kernel counts and drops is what is told of them when all
//! are seen.

use std::collections::BTreeMap;

use model::{Flow, Transport};
use serde_json::Value;
use trafficgen::pcap::{Precision, Writer};

use super::*;

#[path = "../../crates/capture/src/relief/tests/frames.rs"]
#[allow(dead_code, reason = "the tests of the program use all of it")]
mod frames;

use frames::{ACK, FIN, PSH, SYN, back, flow, tcp, udp, with};

/// Rounds of bulk, of a packet each way.
const ROUNDS: u32 = 1500;

/// First words that no protocol claims, so that nothing more is wanted.
const PLAIN: &[u8] = b"\x80\x81 of no protocol, so given up";

fn flows() -> Vec<Flow> {
    vec![
        flow(Transport::Tcp, "10.1.4.11:40000", "192.0.2.7:9999"),
        flow(Transport::Tcp, "10.1.4.12:40000", "1.2.3.4:9999"),
        flow(Transport::Tcp, "[2001:db8::b]:40000", "[2001:db8::a]:9999"),
        flow(Transport::Udp, "10.1.4.13:40000", "192.0.2.7:9999"),
        flow(Transport::Udp, "[2001:db8::1]:40000", "[2001:db8::2]:9999"),
    ]
}

/// What one flow sends in that round; every frame is like no other.
fn round(flow: &Flow, round: u32) -> Vec<Vec<u8>> {
    let say = |flow: &Flow, flags, text: &[u8]| {
        let frame = tcp(flow, flags, 1, text.len());
        let at = frame.len() - text.len();
        with(frame, at, text)
    };
    let datagram = |round: u32, len: usize| {
        let mut payload = vec![0x41; len];
        payload[4..8].copy_from_slice(&round.to_be_bytes());
        payload
    };
    let (server, size) = (back(flow), 1000 + round as usize % 7);
    match (flow.transport, round) {
        (Transport::Udp, _) => {
            vec![udp(flow, &datagram(round, 60)), udp(&server, &datagram(round, size))]
        }
        (_, 0) => vec![tcp(flow, SYN, 0, 0), tcp(&server, SYN | ACK, 0, 0), tcp(flow, ACK, 1, 0)],
        (_, 1) => vec![say(flow, ACK | PSH, PLAIN), say(&server, ACK | PSH, PLAIN)],
        (_, ROUNDS) => vec![tcp(flow, FIN | ACK, 9, 0), tcp(&server, FIN | ACK, 9, 0)],
        _ => vec![tcp(&server, ACK, round * 2000, size), tcp(flow, ACK, 40 + round, 0)],
    }
}

/// A capture of all of it, a tenth of a millisecond apart. Gives how many frames it has.
fn write(path: &Path) -> u64 {
    let file = std::fs::File::create(path).expect("a capture");
    let mut writer =
        Writer::new(std::io::BufWriter::new(file), Precision::Nanoseconds).expect("a capture");
    let mut frames = 0;
    for number in 0..=ROUNDS {
        for frame in flows().iter().flat_map(|flow| round(flow, number)) {
            let at = 1_700_000_000_000_000_000 + frames * 100_000;
            writer.frame(at, &frame).expect("written");
            frames += 1;
        }
    }
    writer.finish().expect("written");
    frames
}

/// Of each flow, by its client: packets and octets of either side, and how it ended.
fn closes(observations: &str) -> BTreeMap<String, String> {
    let records = observations.lines().filter_map(|line| {
        let record: Value = serde_json::from_str(line).expect("each line is JSON");
        let at = |pointer: &str| record.pointer(pointer).cloned().unwrap_or_default();
        let words = ["/source/packets", "/source/bytes", "/destination/packets"];
        let words = words.into_iter().chain(["/destination/bytes", "/rmm/close_reason"]);
        let told: Vec<String> = words.map(|pointer| at(pointer).to_string()).collect();
        let flow = format!("{} {}", at("/source/ip"), at("/network/transport"));
        (at("/event/action") == "flow-close").then(|| (flow, told.join(" ")))
    });
    records.collect()
}

/// What the sensor told of a wire.
struct Told {
    /// How its flows closed.
    closes: BTreeMap<String, String>,
    /// Frames that it saw.
    seen: u64,
    /// What its health says of the relief.
    relief: Value,
    log: String,
}

fn watched(capture: &Path, lanes: &str, relief: &str) -> Told {
    let settings = tempfile::tempdir().expect("a temporary folder");
    let path = settings.path().join("c.toml");
    std::fs::write(&path, format!("[capture]\nrelief = '{relief}'\nblock_wait_ms = 20\n"))
        .expect("settings");
    let args = ["-c", path.to_str().expect("a path"), "-i", "tap1", "--lanes", lanes];
    let mut sensor = Sensor::start(Wire::up(), &args);
    // As fast as it was written, so that the first packets are read before the last are sent.
    let wire = &sensor.wire;
    let mut replay = wire.inside(&wire.sender, "tcpreplay");
    replay.args(["--quiet", "-i", "tap0", "-x", "1"]).arg(capture);
    assert!(replay.output().expect("tcpreplay runs").status.success());
    std::thread::sleep(Duration::from_secs(1));
    let pid = sensor.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(wait(&mut sensor.child, Duration::from_secs(20)), Some(0), "a clean stop");
    let read = |name| std::fs::read_to_string(sensor.folder.path().join(name)).unwrap_or_default();
    let health = read("health");
    let last = health.lines().rfind(|line| line.contains("\"health\":")).unwrap_or_default();
    let last: Value = serde_json::from_str(last).expect("a health record");
    let last = &last["rmm"]["health"];
    Told {
        closes: closes(&read("observations")),
        seen: last["frames"]["seen"].as_u64().expect("frames"),
        relief: last["interfaces"][0]["relief"].clone(),
        log: read("log"),
    }
}

#[test]
fn relief_changes_no_total() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let capture = folder.path().join("bulk.pcap");
    let sent = write(&capture);
    let at = folder.path().join("observations");
    let replayed = Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
        .args(["replay", "--quiet", "--summary", "none", "--observations"])
        .args([&at, &capture])
        .status();
    assert!(replayed.expect("the program runs").success());
    let want = closes(&std::fs::read_to_string(&at).expect("observations"));
    assert_eq!(want.len(), flows().len());
    for (lanes, relief) in [("1", "off"), ("1", "ebpf"), ("2", "ebpf")] {
        let Told { closes, seen, relief: told, log } = watched(&capture, lanes, relief);
        assert_eq!(closes, want, "{lanes} {relief}: {log}");
        if relief == "off" {
            assert_eq!((seen, told), (sent, Value::Null));
        } else if log.contains("there is no relief") {
            assert_eq!(told, Value::Null);
            println!("skipped: {log}");
        } else {
            assert!(seen < sent / 2, "{seen} of {sent} were seen: {log}");
            // Each frame was seen, or is counted there.
            let count = |name: &str| told[name].as_u64().expect("a count");
            assert_eq!(seen + count("packets"), sent, "{told}");
            assert!(count("bytes") > count("packets") * 40, "{told}");
            assert_eq!((count("copies"), count("refused")), (0, 0), "{told}");
        }
    }
}
