//! The sensor on a wire: two network namespaces joined by a veth pair, the demo sent into one end
//! by tcpreplay, the same alerts out of the other as replay gives. Needs root, `ip`, `tcpreplay`.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "live/relief.rs"]
mod relief;
#[path = "live/start.rs"]
mod start;

const DEMO: &str = "pcaps/aa23-025a-campaign.pcap";
const POLICY: &str = "pcaps/aa23-025a-campaign.policy.toml";

/// Two namespaces of our own; taken down when dropped.
struct Wire {
    sender: String,
    sensor: String,
}

fn ip(args: &[&str]) {
    let done = Command::new("ip").args(args).output().expect("ip runs (Debian: iproute2)");
    assert!(done.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Wire {
    fn up() -> Wire {
        let id = std::process::id();
        let wire = Wire { sender: format!("rwa{id}"), sensor: format!("rwb{id}") };
        for space in [&wire.sender, &wire.sensor] {
            ip(&["netns", "add", space]);
        }
        wire.lay(["tap0", "tap1"]);
        wire
    }

    /// Lay a wire between the two, with ends of these names.
    fn lay(&self, [here, there]: [&str; 2]) {
        let (one, two) = (&self.sender, &self.sensor);
        ip(&["-n", one, "link", "add", here, "type", "veth", "peer", "name", there, "netns", two]);
        for (space, name) in [(one, here), (two, there)] {
            // A quiet wire: no IPv6 neighbour chatter of its own.
            let key = format!("net.ipv6.conf.{name}.disable_ipv6=1");
            let _ = Command::new("ip")
                .args(["netns", "exec", space, "sysctl", "-qw", &key])
                .stderr(Stdio::null())
                .status();
            ip(&["-n", space, "link", "set", name, "mtu", "9000", "up"]);
        }
    }

    /// Send a capture into that end.
    fn send(&self, end: &str, capture: &str) {
        let sent = self
            .inside(&self.sender, "tcpreplay")
            .args(["--quiet", "-i", end, "--topspeed", capture])
            .output()
            .expect("tcpreplay runs");
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    }

    fn inside(&self, space: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["netns", "exec", space, program]).stdin(Stdio::null());
        command
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for space in [&self.sender, &self.sensor] {
            let _ = Command::new("ip").args(["netns", "del", space]).status();
        }
    }
}

fn root() -> bool {
    let uid = Command::new("id").arg("-u").output().expect("id runs");
    String::from_utf8_lossy(&uid.stdout).trim() == "0"
}

fn installed(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}")])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What an alert says, without what a wire changes: times and ids that derive from them.
fn gist(lines: &str) -> BTreeSet<String> {
    let records = lines.lines().map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        let at = |pointer: &str| record.pointer(pointer).cloned().unwrap_or_default();
        let mut evidence: Vec<String> = at("/rmm/evidence")
            .as_array()
            .into_iter()
            .flatten()
            .map(|sign| format!("{}={}", sign["source"], sign["value"]))
            .collect();
        evidence.sort();
        format!(
            "{} {} {} {} {} {} {}",
            at("/rule/id"),
            at("/rmm/host"),
            at("/destination/ip"),
            at("/destination/port"),
            at("/rmm/operator"),
            at("/rmm/update"),
            evidence.join(" "),
        )
    });
    records.collect()
}

fn wait(child: &mut Child, at_most: Duration) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < at_most {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    None
}

fn wait_for(path: &Path, text: &str, at_most: Duration) {
    let begun = Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|said| said.contains(text)) {
        assert!(begun.elapsed() < at_most, "{} never said {text:?}", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_wire_gives_the_alerts_that_the_capture_gives() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    for program in ["ip", "tcpreplay"] {
        assert!(installed(program), "{program} is missing: `make test` installs it");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let wire = Wire::up();
    let program = env!("CARGO_BIN_EXE_rmmwatch");
    let log = std::fs::File::create(at("log")).expect("a log");
    let mut sensor = wire
        .inside(&wire.sensor, program)
        .args(["run", "-i", "tap1", "--policy", POLICY, "--summary", "json", "--alerts"])
        .arg(at("live"))
        .stderr(log)
        .spawn()
        .expect("the sensor starts");
    wait_for(&at("log"), "watching", Duration::from_secs(20));
    let sent = wire
        .inside(&wire.sender, "tcpreplay")
        .args(["--quiet", "-i", "tap0", "-x", "1", DEMO])
        .output()
        .expect("tcpreplay runs");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    std::thread::sleep(Duration::from_secs(1));
    let pid = sensor.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(wait(&mut sensor, Duration::from_secs(20)), Some(0), "SIGTERM is a clean stop");

    let replayed = Command::new(program)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["replay", "--quiet", "--summary", "none", "--policy", POLICY, DEMO])
        .output()
        .expect("the program runs");
    let live = std::fs::read_to_string(at("live")).expect("alerts");
    let log = std::fs::read_to_string(at("log")).expect("a log");
    assert!(!live.is_empty(), "{log}");
    assert_eq!(gist(&live), gist(&String::from_utf8_lossy(&replayed.stdout)), "{log}");
}

/// What stands in the feed or the settings, and what the log says of the reload.
#[test]
fn a_reload_tells_what_changed_and_keeps_the_old_set_on_any_error() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let settings = "[[feed]]\nfile = 'mine.txt'\n";
    std::fs::write(at("mine.txt"), "one.example\ntwo.example\n").expect("a feed");
    std::fs::write(at("c.toml"), settings).expect("settings");
    let wire = Wire::up();
    let log = std::fs::File::create(at("log")).expect("a log");
    let mut sensor = wire
        .inside(&wire.sensor, env!("CARGO_BIN_EXE_rmmwatch"))
        .args(["run", "-i", "tap1", "--alerts", "/dev/null", "--health"])
        .arg(at("health"))
        .arg("-c")
        .arg(at("c.toml"))
        .stderr(log)
        .spawn()
        .expect("the sensor starts");
    wait_for(&at("log"), "watching", Duration::from_secs(20));
    let pid = sensor.id().to_string();
    let steps: &[(&str, Option<&str>, &str)] = &[
        ("mine.txt", Some("two.example\nthree.example\nfour.example\n"), "mine 2 added, 1 removed"),
        ("mine.txt", Some(""), "the feed holds no indicator any more"),
        ("mine.txt", None, "cannot be read"),
        ("c.toml", Some("[knowledge]\nfeed = []\n"), "unknown key `feed`"),
        ("c.toml", Some("[[allow]]\ntool = 'nosuchtool'\n"), "nosuchtool"),
    ];
    let mut refused = 0;
    for (file, text, want) in steps {
        match text {
            Some(text) => std::fs::write(at(file), text).expect("written"),
            None => std::fs::remove_file(at(file)).expect("removed"),
        }
        assert!(Command::new("kill").args(["-HUP", &pid]).status().expect("kill").success());
        wait_for(&at("log"), want, Duration::from_secs(20));
        refused += usize::from(!want.contains("added"));
        let begun = Instant::now();
        let count = || {
            let log = std::fs::read_to_string(at("log")).expect("a log");
            log.matches("reload refused; the old knowledge and policy stand").count()
        };
        while count() < refused {
            assert!(begun.elapsed() < Duration::from_secs(20), "{want}");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(count(), refused, "{want}");
    }
    // What was refused is forgotten: the feed differs from what counts, not from what was refused.
    std::fs::write(at("c.toml"), settings).expect("written");
    std::fs::write(at("mine.txt"), "two.example\n").expect("written");
    assert!(Command::new("kill").args(["-HUP", &pid]).status().expect("kill").success());
    wait_for(&at("log"), "mine 0 added, 2 removed", Duration::from_secs(20));
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(wait(&mut sensor, Duration::from_secs(20)), Some(0), "SIGTERM is a clean stop");
    let health = std::fs::read_to_string(at("health")).expect("a summary");
    let last: serde_json::Value =
        serde_json::from_str(health.lines().last().unwrap_or_default()).expect("JSON");
    let feeds = last["rmm"]["health"]["feeds"].as_array().cloned().unwrap_or_default();
    assert!(feeds.iter().any(|feed| feed["id"] == "mine" && feed["indicators"] == 1), "{feeds:?}");
}

/// A sensor on a wire of its own, and what it wrote.
struct Sensor {
    wire: Wire,
    child: Child,
    folder: tempfile::TempDir,
}

impl Sensor {
    fn start(wire: Wire, args: &[&str]) -> Sensor {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let log = std::fs::File::create(at("log")).expect("a log");
        let child = wire
            .inside(&wire.sensor, env!("CARGO_BIN_EXE_rmmwatch"))
            .arg("run")
            .args(args)
            .args(["--policy", POLICY, "--summary", "none", "--alerts"])
            .arg(at("alerts"))
            .arg("--health")
            .arg(at("health"))
            .arg("--observations")
            .arg(at("observations"))
            .stderr(log)
            .spawn()
            .expect("the sensor starts");
        wait_for(&at("log"), "watching", Duration::from_secs(20));
        Sensor { wire, child, folder }
    }

    fn says(&self, text: &str) {
        wait_for(&self.folder.path().join("log"), text, Duration::from_secs(20));
    }

    /// Stop it. Gives its alerts, how many observations it told, and its last health.
    fn stop(mut self) -> (String, usize, serde_json::Value) {
        std::thread::sleep(Duration::from_secs(1));
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        assert_eq!(wait(&mut self.child, Duration::from_secs(20)), Some(0), "a clean stop");
        let read =
            |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        let health = read("health");
        let last = health.lines().rfind(|line| line.contains("\"health\":")).unwrap_or_default();
        let last: serde_json::Value = serde_json::from_str(last).expect("a health record");
        (read("alerts"), read("observations").lines().count(), last["rmm"]["health"].clone())
    }
}

/// What replay tells of the demo: how many observations, of how many frames.
fn replayed() -> (usize, u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let replayed = Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["replay", "--quiet", "--summary", "none", "--policy", POLICY, DEMO])
        .arg("--observations")
        .arg(at("observations"))
        .arg("--health")
        .arg(at("health"))
        .output()
        .expect("the program runs");
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    let read = |name: &str| std::fs::read_to_string(at(name)).expect("records");
    let health = read("health");
    let last = health.lines().rfind(|line| line.contains("\"health\":")).unwrap_or_default();
    let last: serde_json::Value = serde_json::from_str(last).expect("a health record");
    let frames = last["rmm"]["health"]["frames"]["seen"].as_u64().expect("frames");
    (read("observations").lines().count(), frames)
}

#[test]
fn lanes_tell_what_one_tells() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let (observations, _) = replayed();
    // Lanes, further arguments, lanes in health.
    let table: [(&str, &[&str], usize); 4] = [
        ("1", &["--ring-mib", "8"], 1),
        ("2", &[], 2),
        ("4", &["--ring-mib", "4"], 4),
        // The user's own filter, which all of it passes.
        ("2", &["--filter", "ip or ip6 or arp or vlan"], 2),
    ];
    for (lanes, more, want) in table {
        let args = [&["-i", "tap1", "--lanes", lanes], more].concat();
        let sensor = Sensor::start(Wire::up(), &args);
        sensor.wire.send("tap0", DEMO);
        let (_, told, health) = sensor.stop();
        assert_eq!(told, observations, "{args:?}");
        let interfaces = health["interfaces"].as_array().expect("interfaces");
        assert_eq!(interfaces.len(), 1);
        let counted = interfaces[0]["lanes"].as_array().expect("lanes");
        assert_eq!(counted.len(), want, "{args:?}");
        let sum: u64 = counted.iter().filter_map(|lane| lane["received"].as_u64()).sum();
        assert_eq!(health["kernel"]["received"].as_u64(), Some(sum));
        assert_eq!(health["frames"]["seen"].as_u64(), Some(sum), "{args:?}");
    }
}

#[test]
fn several_interfaces_are_one_timeline() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let wire = Wire::up();
    wire.lay(["tap2", "tap3"]);
    let sensor = Sensor::start(wire, &["-i", "tap1", "-i", "tap3", "--lanes", "2"]);
    sensor.wire.send("tap0", "pcaps/aa23-025a-campaign.pcap");
    let (first, _) = replayed();
    sensor.wire.send("tap2", "pcaps/aa23-025a-campaign.pcap");
    let (_, told, health) = sensor.stop();
    assert_eq!(told, 2 * first);
    let interfaces = health["interfaces"].as_array().expect("interfaces");
    let named: Vec<_> = interfaces.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(named, ["tap1", "tap3"]);
    for one in interfaces {
        assert_eq!(one["lanes"].as_array().map(Vec::len), Some(2));
        let counts = one["lanes"].as_array().into_iter().flatten();
        assert!(counts.filter_map(|lane| lane["received"].as_u64()).sum::<u64>() > 0, "{one}");
    }
}

#[test]
fn an_interface_that_goes_and_comes_back_is_waited_for() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let sensor = Sensor::start(Wire::up(), &["-i", "tap1", "--lanes", "2"]);
    let inside = |args: &[&str]| {
        ip(&[&["-n", sensor.wire.sensor.as_str()], args].concat());
    };
    let (observations, frames) = replayed();
    sensor.wire.send("tap0", DEMO);
    inside(&["link", "set", "tap1", "down"]);
    sensor.says("the interface is down; waiting for it");
    inside(&["link", "set", "tap1", "up"]);
    sensor.says("the interface is back");
    sensor.wire.send("tap0", DEMO);
    inside(&["link", "set", "tap1", "mtu", "1500"]);
    sensor.says("before=9000 now=1500");
    inside(&["link", "set", "tap1", "mtu", "9000"]);
    inside(&["link", "del", "tap1"]);
    sensor.says("the interface is gone; waiting for it");
    sensor.wire.lay(["tap0", "tap1"]);
    let begun = Instant::now();
    let log = sensor.folder.path().join("log");
    let back = || {
        let log = std::fs::read_to_string(&log).expect("a log");
        log.matches("the interface is back").count()
    };
    while back() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came back");
        std::thread::sleep(Duration::from_millis(20));
    }
    // A lane takes its new ring within a second.
    std::thread::sleep(Duration::from_secs(2));
    sensor.wire.send("tap0", DEMO);
    let (_, told, health) = sensor.stop();
    // The same flows again are not told of whole, but every frame is seen.
    assert!(told >= observations, "{told} of {observations}");
    let seen = health["frames"]["seen"].as_u64().expect("frames");
    assert!(seen >= 3 * frames, "{seen} of 3 times {frames}");
    let one = &health["interfaces"][0];
    assert_eq!((one["state"].as_str(), one["outages"].as_u64()), (Some("up"), Some(2)), "{one}");
    assert_eq!(one["mtu"].as_u64(), Some(9000));
    assert_eq!(health["kernel"]["received"], health["frames"]["seen"]);
}
