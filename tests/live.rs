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
        let (one, two) = (&wire.sender, &wire.sensor);
        ip(&[
            "-n", one, "link", "add", "tap0", "type", "veth", "peer", "name", "tap1", "netns", two,
        ]);
        for (space, name) in [(one, "tap0"), (two, "tap1")] {
            // A quiet wire: no IPv6 neighbour chatter of its own.
            let key = format!("net.ipv6.conf.{name}.disable_ipv6=1");
            let _ = Command::new("ip")
                .args(["netns", "exec", space, "sysctl", "-qw", &key])
                .stderr(Stdio::null())
                .status();
            ip(&["-n", space, "link", "set", name, "mtu", "9000", "up"]);
        }
        wire
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
