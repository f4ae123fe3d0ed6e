//! How a live sensor begins: where its threads run, and what it sees before it knows anything.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{DEMO, POLICY, Sensor, Wire, replayed, root, wait, wait_for};

#[test]
fn lanes_stay_on_the_cpus_that_the_settings_name() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = folder.path().join("pinned.toml");
    std::fs::write(&settings, "[capture]\nlanes = 2\npin = [0]\n").expect("written");
    let settings = settings.to_str().expect("a path");
    let sensor = Sensor::start(Wire::up(), &["-i", "tap1", "--config", settings]);
    let tasks = std::fs::read_dir(format!("/proc/{}/task", sensor.child.id())).expect("threads");
    let status =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok());
    let lanes: Vec<String> = status.filter(|status| status.starts_with("Name:\tlane-")).collect();
    assert_eq!(lanes.len(), 2);
    for lane in lanes {
        assert!(lane.contains("\nCpus_allowed_list:\t0\n"), "{lane}");
    }
    sensor.wire.send("tap0", DEMO);
    let (_, told, _) = sensor.stop();
    assert_eq!(told, replayed().0);
}

#[test]
fn frames_that_come_while_knowledge_is_read_are_seen() {
    if !root() {
        println!("skipped: making network namespaces needs root");
        return;
    }
    let wire = Wire::up();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    // A policy that is not there yet: whoever reads it waits for who writes it.
    let made = Command::new("mkfifo").arg(at("policy.toml")).status().expect("mkfifo runs");
    assert!(made.success());
    let mut child = wire
        .inside(&wire.sensor, env!("CARGO_BIN_EXE_rmmwatch"))
        .args(["run", "-i", "tap1", "--summary", "none", "--policy"])
        .arg(at("policy.toml"))
        .arg("--observations")
        .arg(at("observations"))
        .stderr(std::fs::File::create(at("log")).expect("a log"))
        .spawn()
        .expect("the sensor starts");
    let begun = Instant::now();
    let sockets = || {
        let sockets = wire.inside(&wire.sensor, "cat").arg("/proc/net/packet").output();
        String::from_utf8_lossy(&sockets.expect("cat runs").stdout).lines().count() - 1
    };
    while sockets() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the interface was never opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It is a socket before it is a ring, and one that takes frames after that.
    std::thread::sleep(Duration::from_secs(1));
    wire.send("tap0", DEMO);
    std::fs::copy(POLICY, at("policy.toml")).expect("the policy is read");
    wait_for(&at("log"), "watching", Duration::from_secs(20));
    std::thread::sleep(Duration::from_secs(2));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(wait(&mut child, Duration::from_secs(20)), Some(0), "a clean stop");
    let told = std::fs::read_to_string(at("observations")).expect("observations");
    assert_eq!(told.lines().count(), replayed().0);
}
