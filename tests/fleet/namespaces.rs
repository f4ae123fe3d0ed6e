//! Two sensors on wires of their own, a broker and two analysts, each in a network namespace: what
//! no sensor sees whole is one incident, and an analyst that is killed in the middle loses nothing.
//!
//! tcpreplay plays the lure (names) to one sensor and the relay to the other; times are those of the
//! clock. Needs root, `ip` and `tcpreplay`; says so where it skips.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::peers::{field, lines, wait_until};

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";
const POLICY: &str = "pcaps/aa23-025a-campaign.policy.toml";

/// The server of the lure, of a second name, and of a second tool: what both sensors are blind to,
/// so that each sees one stage.
const UNSEEN: [[u8; 4]; 3] = [[203, 0, 113, 25], [203, 0, 113, 47], [198, 51, 100, 94]];

/// Partitions: few, so that each analyst has some of the busy ones.
const PARTITIONS: u16 = 4;

/// Seconds of the capture that are played.
const PLAYED: std::ops::Range<u64> = 11..20;

/// A program in a namespace; killed when the test ends, however it ends.
struct Inside(Child);

impl Inside {
    /// SIGTERM, and wait for its end.
    fn stop(&mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        wait_until("the program ends", || matches!(self.0.try_wait(), Ok(Some(_))));
    }

    /// `kill -9`, and gone.
    fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Namespaces of our own, each with a way to that of the broker; taken down when dropped.
struct Spaces {
    id: u32,
    folder: tempfile::TempDir,
}

/// Who has a namespace, besides the broker (`nats`) and who plays (`wire`).
const PLACES: [&str; 4] = ["near", "far", "one", "two"];

impl Spaces {
    fn up() -> Spaces {
        let folder = tempfile::tempdir().expect("a folder");
        let spaces = Spaces { id: std::process::id(), folder };
        for place in PLACES.iter().chain(&["nats", "wire"]) {
            let space = spaces.name(place);
            ip(&["netns", "add", &space]);
            ip(&["-n", &space, "link", "set", "lo", "up"]);
        }
        let nats = spaces.name("nats");
        for (number, place) in PLACES.iter().enumerate() {
            let (space, link) = (spaces.name(place), format!("to-{place}"));
            spaces.join((&nats, &link), (&space, "up0"));
            for (space, link, last) in [(&nats, link.as_str(), 1), (&space, "up0", 2)] {
                let address = format!("10.99.{number}.{last}/24");
                ip(&["-n", space, "address", "add", &address, "dev", link]);
            }
        }
        for sensor in ["near", "far"] {
            spaces.join((&spaces.name("wire"), sensor), (&spaces.name(sensor), "tap0"));
        }
        spaces
    }

    fn name(&self, place: &str) -> String {
        format!("rwf{}{place}", self.id)
    }

    /// A wire between two namespaces, without chatter of its own.
    fn join(&self, (one, end): (&str, &str), (two, other): (&str, &str)) {
        let pair = ["-n", one, "link", "add", end, "type", "veth", "peer", "name", other];
        ip(&[&pair[..], &["netns", two]].concat());
        for (space, link) in [(one, end), (two, other)] {
            let key = format!("net.ipv6.conf.{link}.disable_ipv6=1");
            let mut quiet = Command::new("ip");
            quiet.args(["netns", "exec", space, "sysctl", "-qw", &key]);
            let _ = quiet.stderr(Stdio::null()).status();
            ip(&["-n", space, "link", "set", link, "mtu", "9000", "up"]);
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program in the namespace of `place`.
    fn command(&self, place: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(place), program]);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Begin it; what it says goes to a file.
    fn begin(&self, place: &str, program: &str, args: &[&str], said: &str) -> Inside {
        let said = std::fs::File::create(self.path(said)).expect("a file");
        let child = self.command(place, program).args(args).stderr(said).spawn();
        Inside(child.expect("ip runs"))
    }

    /// A sensor on its wire, that forwards facts and tells its own alerts.
    fn sensor(&self, name: &str) -> Inside {
        let alerts = self.path(&format!("{name}.alerts"));
        let settings = self.path(&format!("{name}.toml"));
        let (nats, spool) = (self.broker(name), self.path(&format!("{name}.spool")));
        let text = format!(
            "[sensor]\nname = \"{name}\"\nsite = \"here\"\n[fleet]\npartitions = {PARTITIONS}\n\
             [spool]\npath = {spool:?}\ndrain_secs = 10\n\
             [[sink]]\nname = \"fleet\"\nkind = \"nats\"\nto = \"{nats}\"\nrecords = [\"facts\"]\n\
             create = true\ncleartext = true\n"
        );
        std::fs::write(&settings, text).expect("written");
        let state = self.path(&format!("{name}.state"));
        let args = [
            ["run", "-i", "tap0", "-c", path(&settings)],
            ["--policy", POLICY, "--alerts", path(&alerts), "--state"],
        ];
        let args = [&args.concat()[..], &[path(&state)]].concat();
        self.begin(name, env!("CARGO_BIN_EXE_rmmwatch"), &args, &format!("{name}.said"))
    }

    /// An analyst of a group, that writes alerts to a file called `name`.
    fn analyst(&self, place: &str, group: &str, name: &str, more: &[&str]) -> Inside {
        let (settings, alerts) = (self.path(&format!("{name}.toml")), self.path(name));
        let text = format!("[fleet]\npartitions = {PARTITIONS}\ngroup = \"{group}\"\n");
        std::fs::write(&settings, text).expect("written");
        let from = self.broker(place);
        let mut args = vec!["analyse", "--from", &from, "--create", "-c", path(&settings)];
        args.extend(["--policy", POLICY, "--alerts", path(&alerts)]);
        args.extend(more);
        self.begin(place, env!("CARGO_BIN_EXE_rmmwatch"), &args, &format!("{name}.said"))
    }

    /// The broker, as it is seen from a place.
    fn broker(&self, place: &str) -> String {
        let number = PLACES.iter().position(|known| *known == place).expect("a place");
        format!("nats://10.99.{number}.1:4222")
    }

    fn says(&self, name: &str, what: &str) -> bool {
        let said = std::fs::read_to_string(self.path(&format!("{name}.said")));
        said.is_ok_and(|said| said.contains(what))
    }

    fn wait_for(&self, name: &str, what: &str) {
        wait_until(&format!("{name} says {what:?}"), || self.says(name, what));
    }

    /// Play a capture to a sensor.
    fn play(&self, to: &str, capture: &Path) -> Inside {
        let args = ["--quiet", "-i", to, "-x", "1", path(capture)];
        self.begin("wire", "tcpreplay", &args, &format!("{to}.played"))
    }
}

impl Drop for Spaces {
    fn drop(&mut self) {
        for place in PLACES.iter().chain(&["nats", "wire"]) {
            let _ = Command::new("ip").args(["netns", "del", &self.name(place)]).status();
        }
    }
}

fn ip(args: &[&str]) {
    let done = Command::new("ip").args(args).output().expect("ip runs (Debian: iproute2)");
    assert!(done.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What is missing here, if anything is.
fn missing() -> Option<String> {
    let uid = Command::new("id").arg("-u").output().expect("id runs");
    if String::from_utf8_lossy(&uid.stdout).trim() != "0" {
        return Some("making network namespaces needs root".to_owned());
    }
    let found = |program: &str| {
        let search = format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}");
        let found = Command::new("sh").args(["-c", &search]).stdout(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let lacks = ["ip", "tcpreplay"].into_iter().find(|program| !found(program));
    lacks.map(|program| format!("{program} is not installed (packaging/ci/deps.sh test)"))
}

fn nats_server() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let peers = std::env::var_os("RMMWATCH_PEERS").map_or_else(|| root.join(".peers"), Into::into);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::iter::once(peers.join("venv/bin")).chain(std::env::split_paths(&search));
    folders.find_map(|at| Some(at.join("nats-server")).filter(|binary| binary.is_file()))
}

/// Packets of a capture (classic, microseconds, Ethernet, IPv4) that belong to one half.
fn half(capture: &[u8], belongs: impl Fn([u8; 4], [u8; 4], bool) -> bool) -> Vec<u8> {
    let word = |at: usize| {
        let octets = capture.get(at..at + 4).and_then(|four| four.first_chunk::<4>());
        octets.map(|four| u32::from_le_bytes(*four))
    };
    let mut out = capture[..24].to_vec();
    let (mut at, mut begun) = (24, None);
    while let (Some(secs), Some(len)) = (word(at), word(at + 8)) {
        let whole = &capture[at..at + 16 + len as usize];
        at += whole.len();
        let frame = &whole[16..];
        let second = u64::from(secs - *begun.get_or_insert(secs));
        if frame.len() < 38 || frame[12..14] != [8, 0] || !PLAYED.contains(&second) {
            continue;
        }
        let address = |at: usize| *frame[at..].first_chunk::<4>().expect("four octets");
        let names = frame[23] == 17 && (frame[34..36] == [0, 53] || frame[36..38] == [0, 53]);
        if belongs(address(26), address(30), names) {
            out.extend_from_slice(whole);
        }
    }
    out
}

/// The incidents told: their ids, and all stages.
fn incidents(told: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let campaigns = told.iter().filter(|line| field(line, "/event/action").contains("campaign"));
    let (mut ids, mut stages) = (BTreeSet::new(), BTreeSet::new());
    for line in campaigns {
        ids.insert(field(line, "/event/id"));
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let all = record["rmm"]["chain"]["stages"].as_array().cloned().unwrap_or_default();
        stages.extend(all.iter().filter_map(|stage| stage["stage"].as_str().map(str::to_owned)));
    }
    (ids, stages)
}

#[test]
fn a_chain_that_no_sensor_sees_whole_survives_the_death_of_an_analyst() {
    if let Some(why) = missing() {
        println!("SKIPPED: {why}");
        return;
    }
    let Some(nats) = nats_server() else {
        println!("SKIPPED: nats-server is not installed (packaging/ci/deps.sh test)");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let capture = std::fs::read(root.join(CAPTURE)).expect("the capture");
    let spaces = Spaces::up();
    let (near, far) = (spaces.path("near.pcap"), spaces.path("far.pcap"));
    std::fs::write(&near, half(&capture, |_, _, names| names)).expect("written");
    let unseen = |from, to| UNSEEN.contains(&from) || UNSEEN.contains(&to);
    let seen_far = |from, to, names: bool| !names && !unseen(from, to);
    std::fs::write(&far, half(&capture, seen_far)).expect("written");

    let store = spaces.path("store");
    let serve = ["-a", "0.0.0.0", "-p", "4222", "-js", "-sd", path(&store)];
    let _nats = spaces.begin("nats", path(&nats), &serve, "nats.said");
    spaces.wait_for("nats", "Server is ready");
    let mut one = spaces.analyst("one", "all", "one.alerts", &[]);
    spaces.wait_for("one.alerts", "taken");
    let mut two = spaces.analyst("two", "all", "two.alerts", &[]);
    let mut sensors = ["near", "far"].map(|name| spaces.sensor(name));
    for sensor in ["near", "far"] {
        spaces.wait_for(sensor, "watching");
    }
    spaces.wait_for("two.alerts", "taken");

    // The lure is told by whoever has the host's partition. That one dies before the relay, which
    // comes while nobody has the partition.
    let _lure = spaces.play("near", &near);
    let told = |name: &str| lines(&spaces.path(name));
    wait_until("the lure is told", || {
        !told("one.alerts").is_empty() || !told("two.alerts").is_empty()
    });
    let one_dies = !told("one.alerts").is_empty();
    if one_dies { &mut one } else { &mut two }.kill();
    let (dead, alive) =
        if one_dies { ("one.alerts", "two.alerts") } else { ("two.alerts", "one.alerts") };
    let told_before = told(dead);
    let mut relay = spaces.play("far", &far);
    wait_until("the relay was played", || matches!(relay.0.try_wait(), Ok(Some(_))));
    for sensor in &mut sensors {
        sensor.stop();
    }
    wait_until("the incident is told", || !incidents(&told(alive)).0.is_empty());
    if one_dies { &mut two } else { &mut one }.stop();
    assert_eq!(told(dead), told_before);

    // The ends of stories are told when somebody concludes; and somebody alone, from the beginning.
    for (group, name) in [("all", "last.alerts"), ("alone", "alone.alerts")] {
        let mut analyst = spaces.analyst("one", group, name, &["--drain"]);
        wait_until("it is drained", || matches!(analyst.0.try_wait(), Ok(Some(_))));
    }
    let told_by = ["one.alerts", "two.alerts", "last.alerts"];
    let all: BTreeSet<String> = told_by.into_iter().flat_map(told).collect();
    let whole = told("alone.alerts");
    let lost: Vec<_> = whole.difference(&all).collect();
    let new: Vec<_> = all.difference(&whole).collect();
    assert!(lost.is_empty() && new.is_empty(), "lost {lost:#?}\nnew {new:#?}");

    let (ids, stages) = incidents(&all);
    assert_eq!(ids.len(), 1, "{all:#?}");
    assert!(["lure", "relay"].iter().all(|stage| stages.contains(*stage)), "{stages:?}");
    let host = Ipv4Addr::new(10, 1, 4, 23).to_string();
    assert!(all.iter().all(|line| field(line, "/rmm/host").contains(&host)), "{all:#?}");
    for sensor in ["near.alerts", "far.alerts"] {
        let alone = told(sensor);
        assert!(!alone.is_empty() && incidents(&alone).0.is_empty(), "{sensor}: {alone:#?}");
    }
}
