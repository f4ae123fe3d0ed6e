//! Memory across restarts: two halves of a capture tell what the whole tells, a sensor killed at any
//! moment goes on from its last write, and files that are no state are met with a sentence.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use trafficgen::{Scenario, TimedFrame};

const DEMO: &str = "pcaps/aa23-025a-campaign.pcap";
const DAY: u64 = 24 * 3600;

/// The first day teaches, and one name is asked for again after it; another one is new then.
const SCENARIO: &str = r#"
about    = "Names that lie, on the first day and on the third"
start    = 2026-11-16T09:00:00Z
seed     = 1
resolver = "10.9.0.53"
[hosts]
anna = { addresses = ["10.1.4.11"] }
ben  = { addresses = ["10.1.4.12"] }
[names]
"old-anyddesk.com"  = ["198.51.100.60"]
"anyddesk.com"      = ["198.51.100.61"]
[[act]]
at = 0
kind = "lookup"
client = "anna"
name = "old-anyddesk.com"
[[act]]
at = 172800
kind = "lookup"
client = "ben"
name = "old-anyddesk.com"
[[act]]
at = 172860
kind = "lookup"
client = "ben"
name = "anyddesk.com"
"#;

fn rmmwatch(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    command.output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder, and a name for a file in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary folder"))
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, octets: &[u8]) -> String {
        std::fs::write(self.at(name), octets).expect("the file is written");
        self.at(name)
    }

    fn capture(&self, name: &str, frames: &[TimedFrame]) -> String {
        let file = std::fs::File::create(self.at(name)).expect("a capture");
        let precision = trafficgen::pcap::Precision::Microseconds;
        trafficgen::pcap::write(file, precision, frames).expect("the capture is written");
        self.at(name)
    }

    /// A good state: the demo's.
    fn state(&self, name: &str) -> Vec<u8> {
        let path = self.at(name);
        let output =
            rmmwatch(&["replay", "--quiet", "--alerts", "/dev/null", "--state", &path, DEMO]);
        assert!(output.status.success(), "{}", said(&output));
        std::fs::read(path).expect("a state")
    }
}

/// Host, rule, severity and reason of each alert first told.
fn told(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", said(output));
    let lines = String::from_utf8_lossy(&output.stdout);
    let records = lines.lines().map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        let at = |pointer: &str| record.pointer(pointer).cloned().unwrap_or_default();
        let fields = ["/rmm/host", "/rule/id", "/event/severity", "/event/reason", "/event/id"];
        (at("/rmm/update") != true, fields.map(|field| at(field).to_string()).join(" "))
    });
    records.filter(|(first, _)| *first).map(|(_, text)| text).collect()
}

#[test]
fn two_halves_tell_what_the_whole_tells() {
    let frames = Scenario::parse(SCENARIO).expect("a scenario").frames();
    let begin = frames[0].0;
    let (first, second): (Vec<_>, Vec<_>) =
        frames.iter().cloned().partition(|(at, _)| at - begin < DAY * 1_000_000_000);
    let place = Place::new();
    let (one, two) = (place.capture("one.pcap", &first), place.capture("two.pcap", &second));
    let replay = |args: &[&str]| rmmwatch(&[&["replay", "--quiet"], args].concat());
    let whole = told(&replay(&[&one, &two]));
    assert_eq!(whole.len(), 3, "{whole:#?}");
    let fresh = |lines: &[String]| -> Vec<bool> {
        lines.iter().map(|line| line.contains("nobody here asked for it")).collect()
    };
    assert_eq!(fresh(&whole), [false, false, true], "{whole:#?}");
    let state = place.at("state");
    let mut halves = told(&replay(&["--state", &state, &one]));
    assert_eq!(Path::new(&state).metadata().expect("a state").permissions().mode() & 0o777, 0o600);
    halves.extend(told(&replay(&["--state", &state, &two])));
    assert_eq!(halves, whole);
    // The same again has met it all.
    assert_eq!(fresh(&told(&replay(&["--state", &state, &two]))), [false, true]);
    // Without a state nothing is new, since the sensor has only begun to watch.
    assert_eq!(fresh(&told(&replay(&[&two]))), [false, false]);
}

/// What the file holds, the exit code, what is said, and whether the file stands as it was.
#[test]
fn files_that_are_no_state_are_met_with_a_sentence() {
    let place = Place::new();
    let empty = place.capture("empty.pcap", &[]);
    let good = place.state("good");
    let changed = |place: usize| {
        let mut octets = good.clone();
        octets[place] ^= 1;
        octets
    };
    let table: &[(Vec<u8>, i32, &str, &str)] = &[
        (good.clone(), 0, "memory goes on", ""),
        (Vec::new(), 0, "is empty: memory begins anew", ""),
        (b"help".to_vec(), 1, "it is no state of rmmwatch; name another file", "the same"),
        (std::fs::read(DEMO).expect("the demo"), 1, "it is no state of rmmwatch", "the same"),
        (good[..9].to_vec(), 0, "octet 9: it ends too early", ".damaged"),
        (good[..good.len() - 1].to_vec(), 0, "it ends too early", ".damaged"),
        (changed(40), 0, "was changed since it was written", ".damaged"),
        (changed(good.len() - 1), 0, "was changed since it was written", ".damaged"),
        (changed(17), 0, "it is of version 258, and this program reads up to 2", ".newer"),
    ];
    for (number, (octets, exit, sentence, left)) in table.iter().enumerate() {
        let path = place.file(&format!("state-{number}"), octets);
        let output = rmmwatch(&["replay", "--summary", "none", "--state", &path, &empty]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(*exit), "{sentence}: {said}");
        assert!(said.contains(sentence), "{said}");
        let now = std::fs::read(&path).expect("a state");
        match *left {
            "the same" => assert_eq!(now, *octets, "{sentence}"),
            "" => assert!(now.starts_with(b"rmmwatch-state"), "{sentence}"),
            ending => {
                assert!(now.starts_with(b"rmmwatch-state"), "{sentence}");
                let aside = std::fs::read(format!("{path}{ending}")).expect("set aside");
                assert_eq!(aside, *octets, "{sentence}");
            }
        }
        assert!(!Path::new(&format!("{path}.new")).exists(), "{sentence}");
    }
}

#[test]
fn places_that_hold_no_state_are_met_with_a_sentence() {
    let place = Place::new();
    let empty = place.capture("empty.pcap", &[]);
    let pipe = place.at("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let (folder, missing) = (place.at("."), place.at("none/state"));
    let good = place.at("good");
    place.state("good");
    // `/proc` is a folder in which nobody, not even root, can make a file.
    let table: &[(&[&str], i32, &str)] = &[
        (&["--state", &folder], 4, "it is no regular file"),
        (&["--state", &pipe], 4, "it is no regular file"),
        (&["--state", &missing], 4, "No such file or directory"),
        (&["--state", "/proc/rmmwatch"], 4, "cannot be written"),
        (&["--state", &good, "--alerts", &good], 1, "both the state and an output"),
        (&["--state", &place.at("new")], 0, "memory begins anew"),
    ];
    for (args, exit, sentence) in table {
        let output = rmmwatch(&[&["replay", "--summary", "none"], *args, &[&empty]].concat());
        let said = said(&output);
        assert_eq!(output.status.code(), Some(*exit), "{args:?}: {said}");
        assert!(said.contains(sentence), "{args:?}: {said}");
    }
    let quiet = rmmwatch(&["replay", "--quiet", "--state", &place.at("new"), &empty]);
    assert_eq!((said(&quiet).as_str(), quiet.status.code()), ("", Some(0)));
}

/// A network namespace with a wire in it; taken down when dropped.
struct Wire(String);

impl Wire {
    fn up(name: &str) -> Wire {
        let wire = Wire(format!("rws{name}{}", std::process::id()));
        let ip = |args: &[&str]| {
            let done = Command::new("ip").args(args).output().expect("ip runs (Debian: iproute2)");
            assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        ip(&["netns", "add", &wire.0]);
        ip(&["-n", &wire.0, "link", "add", "tap0", "type", "veth", "peer", "name", "tap1"]);
        for name in ["tap0", "tap1"] {
            // A quiet wire: no IPv6 neighbour chatter of its own.
            let key = format!("net.ipv6.conf.{name}.disable_ipv6=1");
            let _ = wire.inside("sysctl").args(["-qw", &key]).stderr(Stdio::null()).status();
            ip(&["-n", &wire.0, "link", "set", name, "mtu", "9000", "up"]);
        }
        wire
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["netns", "exec", &self.0, program]).stdin(Stdio::null());
        command
    }

    /// The sensor, watching, which writes its state every second.
    fn sensor(&self, place: &Place, state: &str, run: &str) -> Child {
        let config = place.file("c.toml", b"[state]\nevery_secs = 1\n");
        let log = place.at(&format!("log-{run}"));
        let child = self
            .inside(env!("CARGO_BIN_EXE_rmmwatch"))
            .args(["run", "-i", "tap1", "--alerts", "/dev/null", "--summary", "none", "-c"])
            .args([&config, "--state", state, "--health", &place.at(&format!("health-{run}"))])
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the sensor starts");
        wait_until(&log, || {
            std::fs::read_to_string(&log).is_ok_and(|said| said.contains("watching"))
        });
        child
    }

    fn send(&self, capture: &str, speed: &str) -> Command {
        let mut command = self.inside("tcpreplay");
        command.args(["--quiet", "-i", "tap0", "-x", speed, capture]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, which: &str) {
    let sent = Command::new("kill").args([which, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Whether the tests of a wire can run here.
fn wired() -> bool {
    let uid = Command::new("id").arg("-u").output().expect("id runs");
    if String::from_utf8_lossy(&uid.stdout).trim() != "0" {
        println!("skipped: making network namespaces needs root");
        return false;
    }
    for program in ["ip", "tcpreplay"] {
        let found = Command::new("sh")
            .args(["-c", &format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}")])
            .stdout(Stdio::null())
            .status();
        assert!(found.is_ok_and(|found| found.success()), "{program}: `make test` installs it");
    }
    true
}

/// Counts of memory that outlives a restart, in the last health record.
fn remembered(health: &str) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(health).expect("health records");
    let last: serde_json::Value =
        serde_json::from_str(text.lines().last().unwrap_or_default()).expect("JSON");
    let counts = last["rmm"]["health"]["memory"].as_array().cloned().unwrap_or_default();
    let counts = counts.iter().map(|count| {
        let name = count["name"].as_str().unwrap_or_default().to_owned();
        (name, count["count"].as_u64().unwrap_or_default())
    });
    let kept = |name: &str| name.starts_with("first_") || name == "lures" || name == "names";
    counts.filter(|(name, _)| kept(name) || name.starts_with("state_")).collect()
}

/// The same, of a state file.
fn held(place: &Place, state: &str) -> BTreeMap<String, u64> {
    let copy = place.at("copy");
    std::fs::copy(state, &copy).expect("a state");
    let empty = place.capture("empty.pcap", &[]);
    let health = place.at("held");
    let output = rmmwatch(&["replay", "--state", &copy, "--health", &health, &empty]);
    assert!(
        output.status.success() && said(&output).contains("memory goes on"),
        "{}",
        said(&output)
    );
    remembered(&health).into_iter().filter(|(name, _)| !name.starts_with("state_")).collect()
}

#[test]
fn a_sensor_that_is_killed_goes_on_from_its_last_write() {
    if !wired() {
        return;
    }
    let (place, wire) = (Place::new(), Wire::up("k"));
    let state = place.at("state");
    place.state("replayed");
    let all = held(&place, &place.at("replayed"));
    assert!(all["first_names"] > 0 && all["first_host_tools"] > 0, "{all:?}");
    // Killed a second and more after the last packet: all of it is there.
    let mut sensor = wire.sensor(&place, &state, "first");
    assert!(wire.send(DEMO, "10").status().expect("tcpreplay runs").success());
    std::thread::sleep(Duration::from_millis(3500));
    signal(&sensor, "-KILL");
    let _ = sensor.wait();
    assert_eq!(held(&place, &state), all);
    // Killed at any moment: the file is whole, and nothing of before is lost.
    for (round, wait) in [150, 600, 1300].into_iter().enumerate() {
        let mut sensor = wire.sensor(&place, &state, &format!("round-{round}"));
        let mut sender = wire.send(DEMO, "5").spawn().expect("tcpreplay runs");
        std::thread::sleep(Duration::from_millis(wait));
        signal(&sensor, "-KILL");
        let _ = sensor.wait();
        let _ = sender.kill();
        let _ = sender.wait();
        assert_eq!(held(&place, &state), all, "round {round}");
    }
    // And the next one goes on from there: without a packet it knows what was known.
    let mut sensor = wire.sensor(&place, &state, "last");
    signal(&sensor, "-TERM");
    assert_eq!(sensor.wait().expect("it ends").code(), Some(0));
    let mut counts = remembered(&place.at("health-last"));
    assert!(counts.remove("state_written") >= Some(1));
    assert_eq!(
        (counts.remove("state_write_failed"), counts.remove("state_damaged")),
        (Some(0), Some(0))
    );
    assert_eq!(counts, all);
}

#[test]
fn a_disk_that_takes_nothing_is_told_once_and_the_sensor_goes_on() {
    if !wired() {
        return;
    }
    let (place, wire) = (Place::new(), Wire::up("d"));
    let mut sensor = wire.sensor(&place, "/proc/rmmwatch", "full");
    std::thread::sleep(Duration::from_millis(3500));
    assert!(sensor.try_wait().expect("a child").is_none(), "it goes on");
    signal(&sensor, "-TERM");
    assert_eq!(sensor.wait().expect("it ends").code(), Some(4), "the last write failed");
    let log = std::fs::read_to_string(place.at("log-full")).expect("a log");
    assert_eq!(log.matches("cannot be written").count(), 1, "{log}");
    let counts = remembered(&place.at("health-full"));
    assert!(counts["state_write_failed"] >= 2 && counts["state_written"] == 0, "{counts:?}");
}

/// What `check` says of a place, and how it ends.
#[test]
fn check_knows_whether_a_state_can_be_kept() {
    let place = Place::new();
    place.state("good");
    place.file("letter", b"a letter");
    let table: &[(&str, i32, &str)] = &[
        ("good", 0, "state      "),
        ("new", 0, "state      "),
        ("letter", 4, "it is no state of rmmwatch"),
        ("none/state", 4, "No such file or directory"),
        (".", 4, "it is no regular file"),
    ];
    for (name, exit, sentence) in table {
        let settings = format!("[state]\npath = \"{}\"\n", place.at(name));
        let settings = place.file("settings.toml", settings.as_bytes());
        let output = rmmwatch(&["check", "-c", &settings]);
        let lines = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(*exit), "{name}: {lines}");
        assert!(lines.contains(sentence), "{name}: {lines}");
    }
    let mut left: Vec<String> = (place.0.path().read_dir().expect("a folder"))
        .map(|entry| entry.expect("an entry").file_name().display().to_string())
        .collect();
    left.sort();
    assert_eq!(left, ["good", "letter", "settings.toml"], "nothing is left behind");
}
