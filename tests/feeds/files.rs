//! Files that are feeds and files that are none, and what settings say of them.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{output, said, written};

/// A list's kind and the end of its entries decide what its names alone amount to.
#[test]
fn explain_heeds_what_a_list_is_of_and_for_how_long() {
    let table = [
        ("attacker", "2100-01-01", "alert", "indicator", "high"),
        ("attacker", "2020-01-01", "log", "indicator", "expired"),
        ("sweep", "2100-01-01", "alert", "indicator", "medium"),
        ("vendor", "2100-01-01", "log", "rmm", "vendor"),
        ("young", "2100-01-01", "log", "indicator", "youth"),
    ];
    for (kind, until, verdict, tier, said) in table {
        let list = format!("domain,valid_until\nevil.example,{until}\n");
        let (folder, _) = written("mine.csv", list.as_bytes());
        let config = folder.path().join("c.toml");
        let text = format!("[[feed]]\nfile = \"mine.csv\"\nkind = \"{kind}\"\nconfidence = 0.9\n");
        std::fs::write(&config, text).expect("written");
        let config = config.display().to_string();
        let done = output(&["explain", "--json", "-c", &config, "evil.example"]);
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        let problem =
            || format!("{kind} {until}: {told} {}", String::from_utf8_lossy(&done.stderr));
        let answer: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(answer["verdict"], verdict, "{}", problem());
        assert_eq!(answer["tier"], tier, "{}", problem());
        assert!(told.contains(said), "{}", problem());
    }
}

#[test]
fn a_feed_of_ones_own_is_read_defanged_and_gated() {
    let (_folder, feed) =
        written("mine.txt", b"# ours\nhxxp://evil[.]example/\ngoogle.com\n10.0.0.0/8\n");
    let feed = feed.display().to_string();
    let done = output(&["explain", "--json", "--feed", &feed, "www.evil.example", "google.com"]);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("\"verdict\":\"alert\""), "{text}");
    assert!(!lines[1].contains("\"verdict\":\"alert\""), "{text}");
    let check = output(&["check", "--feed", &feed]);
    let told = String::from_utf8_lossy(&check.stdout).into_owned() + &said(&check);
    assert!(told.contains("mine.txt:3"), "{told}");
    assert!(told.contains("mine.txt:4"), "{told}");
}

/// A feed that is no file, or no text: exit code, and what is said on either output.
#[test]
fn a_feed_that_cannot_be_read_gets_a_clear_answer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("folder")).expect("a folder");
    let made = Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    // A GiB that takes no place on the disk.
    let hole = std::fs::File::create(at("hole.txt")).expect("a file");
    hole.set_len(1 << 30).expect("a hole");
    std::fs::write(at("packed.gz"), b"\x1f\x8b\x08\0\0").expect("written");
    std::fs::write(at("empty.txt"), b"").expect("written");
    std::fs::write(at("words.txt"), b"one\ntwo\n").expect("written");
    let table = [
        ("missing.txt", 4, "No such file"),
        ("folder", 4, "is a folder"),
        ("pipe", 4, "is a pipe or a device"),
        ("hole.txt", 1, "it is no text"),
        ("packed.gz", 1, "packed with gzip"),
        ("empty.txt", 1, "the feed holds no indicator"),
        ("words.txt", 1, "words.txt:2:1:"),
    ];
    for (name, code, want) in table {
        let path = at(name).display().to_string();
        let begun = Instant::now();
        let done = output(&["check", "--feed", &path]);
        let told = String::from_utf8_lossy(&done.stdout).into_owned() + &said(&done);
        assert_eq!(done.status.code(), Some(code), "{name}: {told}");
        assert!(told.contains(want) && told.contains(name), "{name}: {told}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}");
    }
    let done = output(&["check", "--feed", "/dev/zero"]);
    assert_eq!(done.status.code(), Some(4), "{}", said(&done));
}

#[test]
fn settings_say_what_a_feed_does_not_say_of_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.csv"), "# date: 2026-11-01\nx,evil.example\ny,worse.example\n")
        .expect("written");
    let settings = "[[feed]]\nfile = 'a.csv'\nid = 'ours'\nsource = 'partners'\n\
        licence = 'CC0'\nconfidence = 0.9\nkind = 'sweep'\nexpires_days = 30\n\
        columns = { value = 2 }\n\n[[brand]]\nname = 'Acme'\ndomains = ['acme.example']\n";
    std::fs::write(at("c.toml"), settings).expect("written");
    let config = at("c.toml").display().to_string();
    let check = output(&["check", "-c", &config]);
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    let ours: Vec<&str> =
        told.lines().skip_while(|line| !line.starts_with("feed       ours")).take(3).collect();
    assert_eq!(ours[0], "feed       ours (2026-11-01): 2 indicators", "{told}");
    assert_eq!(
        ours[1].trim_start(),
        "format separated, kind sweep, confidence 0.9, 2 expire, after 30 days, licence CC0, \
         source partners"
    );
    assert!(!ours[2].contains("not stated"), "all is stated: {told}");
    let brands = |told: &str| -> usize {
        let line = told.lines().find(|line| line.starts_with("brands")).expect("a line");
        line.split_ascii_whitespace().nth(1).expect("a count").parse().expect("a number")
    };
    let plain = String::from_utf8_lossy(&output(&["check"]).stdout).into_owned();
    assert_eq!(brands(&told), brands(&plain) + 1, "the SOC's own name is three lines");
    let explained = output(&["explain", "--json", "-c", &config, "www.worse.example", "x.example"]);
    let lines = String::from_utf8_lossy(&explained.stdout).into_owned();
    let lists: Vec<bool> = lines.lines().map(|line| line.contains("\"list\":\"ours\"")).collect();
    assert_eq!(lists, [true, false], "{lines}");

    std::fs::create_dir(at("brands")).expect("a folder");
    std::fs::write(at("brands/acme.toml"), "name = 'Acme'\ndomains = ['acme.example']\n")
        .expect("written");
    std::fs::write(at("d.toml"), "[knowledge]\nbrands = 'brands'\nfeeds = ['a.csv']\n")
        .expect("written");
    let check = output(&["check", "-c", &at("d.toml").display().to_string()]);
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    assert_eq!(brands(&told), brands(&plain) + 1, "{told}");
    assert!(told.contains("not stated: source, licence, confidence, kind, expiry"), "{told}");

    let wrong = settings.replace("licence", "license");
    std::fs::write(at("c.toml"), wrong).expect("written");
    let done = output(&["check", "-c", &config]);
    assert_eq!(done.status.code(), Some(1));
    let want = ":5:1: unknown key `license`; did you mean `licence`?";
    assert!(said(&done).contains(want), "{}", said(&done));
}
