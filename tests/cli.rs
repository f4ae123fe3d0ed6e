//! The program as its user meets it: wrong files, no permission, a full disk, a pipe, Ctrl-C.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may say why it skips, and fail"
)]

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const DEMO: &str = "pcaps/aa23-025a-campaign.pcap";

fn rmmwatch(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    command
}

fn output(args: &[&str]) -> Output {
    rmmwatch(args).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn written(name: &str, octets: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, octets).expect("the file is written");
    (folder, path)
}

/// Arguments, exit code, and what standard error must hold.
#[test]
fn every_end_has_its_number_and_its_sentence() {
    let (_one, junk) = written("junk.pcap", b"this is no capture at all");
    let (_two, cut) = {
        let whole = std::fs::read(DEMO).expect("the demo");
        written("cut.pcap", &whole[..whole.len() - 7])
    };
    let (_three, config) = written("c.toml", b"[capture]\nring_mb = 3\n");
    let (_four, policy) = written("p.toml", b"[[allow]]\ntool = \"nosuchtool\"\n");
    let (_five, zone) = written("z.toml", b"[[zone]]\nname = \"x\"\nnetworks = [\"10.0.0/8\"]\n");
    let path = |path: &PathBuf| path.display().to_string();
    let (junk, cut, config, policy, zone) =
        (path(&junk), path(&cut), path(&config), path(&policy), path(&zone));
    let table: &[(&[&str], i32, &str)] = &[
        (&["replay", DEMO], 0, "packets"),
        (&["replay", "--fail-on", "alert", DEMO], 2, "alerts"),
        (&["replay", &junk], 3, "junk.pcap"),
        (&["replay", &cut], 3, "cut.pcap"),
        (&["replay", "/no/such/file.pcap"], 4, "/no/such/file.pcap"),
        (&["replay"], 1, "Usage"),
        (&["nonsense"], 1, "nonsense"),
        (&["replay", "--lanes", "0", DEMO], 1, "1 to 16"),
        (&["replay", "--filter", "not a filter (", DEMO], 1, "filter"),
        (
            &["replay", "-c", &config, DEMO],
            1,
            ":2:1: unknown key `ring_mb`; did you mean `ring_mib`?",
        ),
        (&["replay", "-c", "/no/such/config", DEMO], 4, "/no/such/config"),
        (&["replay", "--policy", &policy, DEMO], 1, "nosuchtool"),
        (&["replay", "--policy", &zone, DEMO], 1, ":3:"),
        (&["replay", "--feed", "/no/such/feed", DEMO], 4, "/no/such/feed"),
        (&["replay", "--alerts", "/no/such/folder/a", DEMO], 4, "/no/such/folder/a"),
        (&["replay", "--alerts", "/dev/full", DEMO], 4, "/dev/full"),
        (&["run", "-i", "nosuchif0"], 4, "nosuchif0"),
        (&["tools", "nosuchtool"], 1, "nosuchtool"),
        (&["--version"], 0, ""),
        (&["check"], 0, ""),
    ];
    for (args, code, want) in table {
        let done = output(args);
        assert_eq!(done.status.code(), Some(*code), "{args:?}: {}", said(&done));
        assert!(said(&done).contains(want), "{args:?}: {}", said(&done));
        assert!(!said(&done).contains("panicked"), "{args:?}: {}", said(&done));
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = rmmwatch(&["replay", "--observations", "-", "--summary", "none", DEMO])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0u8; 1];
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut first).expect("an octet");
    drop(stdout);
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(said(&done), "");
}

#[test]
fn standard_input_and_compressed_files_are_read_alike() {
    let plain = output(&["replay", "--quiet", "--summary", "none", DEMO]).stdout;
    assert!(!plain.is_empty());
    let mut child = rmmwatch(&["replay", "--quiet", "--summary", "none", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let octets = std::fs::read(DEMO).expect("the demo");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&octets));
    let done = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer").expect("written");
    assert!(done.stdout == plain, "standard input gives other alerts");
}

#[test]
fn files_are_private_and_devices_are_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("alerts.jsonl");
    let shown = path.display().to_string();
    for _ in 0..2 {
        assert!(output(&["replay", "--quiet", "--alerts", &shown, DEMO]).status.success());
        let once = std::fs::read_to_string(&path).expect("alerts").lines().count();
        let plain = output(&["replay", "--quiet", "--summary", "none", DEMO]).stdout;
        assert_eq!(once, plain.iter().filter(|o| **o == b'\n').count(), "a file begins anew");
    }
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(output(&["replay", "--quiet", "--alerts", "/dev/null", DEMO]).status.success());
    use std::os::unix::fs::FileTypeExt as _;
    assert!(std::fs::metadata("/dev/null").expect("it").file_type().is_char_device());
}

/// Standard output carries records and nothing else; the summary goes to standard error.
#[test]
fn records_and_words_do_not_mix() {
    let done = output(&["replay", "--summary", "json", DEMO]);
    for line in String::from_utf8_lossy(&done.stdout).lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(record["event"]["dataset"], "rmmwatch.alert");
    }
    let summary: serde_json::Value = serde_json::from_str(said(&done).trim()).expect("JSON");
    assert_eq!(summary["event"]["dataset"], "rmmwatch.summary");
}

#[test]
fn an_interrupt_ends_with_a_summary() {
    // A pipe that never ends: the program waits for more of it.
    let mut child: Child = rmmwatch(&["replay", "--alerts", "/dev/null", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let octets = std::fs::read(DEMO).expect("the demo");
    stdin.write_all(&octets[..octets.len() / 2]).expect("half a capture");
    std::thread::sleep(Duration::from_millis(700));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    let done = child.wait_with_output().expect("it ends");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(done.status.code(), Some(130), "{}", said(&done));
    assert!(said(&done).contains("packets"), "{}", said(&done));
    assert!(!said(&done).contains("ends within"), "cut off is not damaged: {}", said(&done));
    drop(stdin);
}

/// Name, then verdict, tier and tool.
#[test]
fn explain_tells_what_a_name_would_do() {
    let table = [
        ("relay-3185a847.net.anydesk.com", "alert", "rmm", "anydesk"),
        ("router15.teamviewer.com", "alert", "rmm", "teamviewer"),
        ("instance-a1b2c3-relay.screenconnect.com", "alert", "rmm", "screenconnect"),
        ("www.anydesk.com", "log", "rmm", "anydesk"),
        ("myhelpcare.online", "alert", "indicator", ""),
        ("www.myhelpcare.online", "alert", "indicator", ""),
        ("247secure.us", "alert", "indicator", ""),
        ("github.com", "none", "none", ""),
        ("google.com", "none", "none", ""),
        ("sustain-able.com", "none", "none", ""),
        ("nextlevel.io", "none", "none", ""),
        ("example.org", "none", "none", ""),
    ];
    let mut child = rmmwatch(&["explain", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines: String = table.iter().map(|(name, ..)| format!("{name}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let done = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(text.lines().count(), table.len(), "{text}");
    for (line, (name, verdict, tier, tool)) in text.lines().zip(table) {
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(told["name"], name);
        assert_eq!(told["verdict"], verdict, "{line}");
        assert_eq!(told["tier"], tier, "{line}");
        assert_eq!(told["tool"].as_str().unwrap_or_default(), tool, "{line}");
        assert!(told["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{line}");
        for key in ["score", "brand", "method", "role"] {
            assert!(told.get(key).is_some(), "{line} has no {key}");
        }
    }
}

/// A name that lies, and what is told of it: verdict, tier, brand, method.
#[test]
fn explain_tells_what_a_name_pretends() {
    let table = [
        ("anyddesk.com", ["alert", "imitation", "anydesk", "repetition"]),
        ("www.anyddesk.com", ["alert", "imitation", "anydesk", "repetition"]),
        ("paypa1-support.com", ["alert", "imitation", "paypal", "homoglyph"]),
        ("kvhelp247.top", ["alert", "lure", "", "help-around-the-clock"]),
        // The list says more than the name does.
        ("myhelpcare.online", ["alert", "indicator", "", ""]),
        ("router15.teamviewer.com", ["alert", "rmm", "", ""]),
        ("www.paypal.com", ["none", "none", "", ""]),
    ];
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    let done = output(&[&["explain", "--json"], &names[..]].concat());
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    for (line, (name, want)) in text.lines().zip(table) {
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let got = ["verdict", "tier", "brand", "method"].map(|key| told[key].as_str());
        assert_eq!(got.map(Option::unwrap_or_default), want, "{name}: {line}");
        let steps: Vec<&str> = told["steps"]
            .as_array()
            .map(|steps| steps.iter().filter_map(serde_json::Value::as_str).collect())
            .expect("steps");
        assert!(steps.last().is_some_and(|last| last.starts_with("verdict: ")), "{line}");
        let lies = matches!(want[1], "imitation" | "lure");
        assert_eq!(told["distance"].is_number(), lies, "{line}");
        // How it reads stands there once, before what comes of it.
        let reads = steps.iter().filter(|step| step.starts_with("label: ")).count();
        assert!(!lies || reads == 1 && told["score"].as_f64() > Some(0.5), "{line}");
    }
    assert_eq!(text.lines().count(), names.len());
    // A policy quiets it by what was registered.
    let rule = b"[[allow]]\noperators = [\"anyddesk.com\"]\nowner = \"awareness\"\n";
    let (_folder, policy) = written("p.toml", rule);
    let policy = policy.display().to_string();
    let done = output(&["explain", "--json", "--policy", &policy, "www.anyddesk.com"]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(told.contains("\"verdict\":\"log\"") && told.contains("allow[0] any tool"), "{told}");
}

#[test]
fn tools_lists_the_catalogue_with_its_sources() {
    let all = String::from_utf8_lossy(&output(&["tools"]).stdout).into_owned();
    assert!(all.lines().count() >= 185, "{} lines", all.lines().count());
    let one = String::from_utf8_lossy(&output(&["tools", "anydesk"]).stdout).into_owned();
    for want in ["AnyDesk", "net.anydesk.com", "relay", "lolrmm"] {
        assert!(one.contains(want), "{one}");
    }
}

/// Files that are wrong, what is done with them, the exit code, and what is said.
#[test]
fn files_of_people_and_of_strangers_are_told_apart() {
    let (_one, policy) = written("p.toml", b"[[allow]]\nowner = \"J\xfcrgen\"\n");
    let (_two, feed) = written("f.txt", b"# list of J\xfcrgen\nevil.example\nb\xff.example\n");
    let (policy, feed) = (policy.display().to_string(), feed.display().to_string());
    let done = output(&["check", "--policy", &policy]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("p.toml:2:11: this is no UTF-8 text"), "{}", said(&done));
    let done = output(&["explain", "--json", "--feed", &feed, "evil.example"]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(told.contains("\"verdict\":\"alert\""), "{told}");
}

#[test]
fn a_policy_in_the_settings_and_one_that_they_name_both_count() {
    let allow = |tool: &str| {
        format!("[[allow]]\ntool = \"{tool}\"\nowner = \"it\"\nreason = \"contract\"\n")
    };
    let (folder, _) = written("p.toml", allow("anydesk").as_bytes());
    let config = folder.path().join("c.toml");
    let text = format!("[knowledge]\npolicy = \"p.toml\"\n{}", allow("teamviewer"));
    std::fs::write(&config, text).expect("written");
    let (config, none) = (config.display().to_string(), folder.path().join("none.toml"));
    std::fs::write(&none, "").expect("written");
    let names = ["relay-3185a847.net.anydesk.com", "router15.teamviewer.com"];
    let none = none.display().to_string();
    for (more, want) in [(&[][..], "\"verdict\":\"log\""), (&["--policy", &none], "\"alert\"")] {
        let done = output(&[&["explain", "--json", "-c", &config], more, &names[..]].concat());
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert_eq!(told.matches(want).count(), 2, "{more:?}: {told} {}", said(&done));
    }
}

#[test]
fn what_no_one_means_is_refused_before_anything_is_lost() {
    let (_folder, capture) = written("c.pcap", &std::fs::read(DEMO).expect("the demo"));
    let shown = capture.display().to_string();
    let done = output(&["replay", "--observations", &shown, &shown]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("would be emptied"), "{}", said(&done));
    let left = std::fs::metadata(&capture).expect("it is there").len();
    assert_eq!(left, std::fs::metadata(DEMO).expect("the demo").len());
    assert_eq!(output(&["replay", "-", "-"]).status.code(), Some(1));
}

#[test]
fn explain_answers_every_line_and_lets_no_control_character_through() {
    let mut child = rmmwatch(&["explain", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = b"a.example\n\n \r\n\0\n\xff\nb.example";
    child.stdin.take().expect("a pipe").write_all(lines).expect("written");
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 6);
    let done = output(&["explain", "\u{1b}[2Jevil.example"]);
    assert!(!done.stdout.contains(&0x1b), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn check_tries_the_outputs_and_leaves_nothing() {
    let (folder, config) =
        written("c.toml", b"[output]\nalerts = \"/no/such/folder/a\"\nhealth = \"/dev/null\"\n");
    let done = output(&["check", "-c", &config.display().to_string()]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(4), "{told}");
    assert!(told.contains("alerts cannot go to /no/such/folder/a"), "{told}");
    assert!(told.contains("health to /dev/null"), "{told}");
    assert!(told.contains("privileges"), "{told}");
    let path = folder.path().join("new.jsonl").display().to_string();
    std::fs::write(&config, format!("[output]\nalerts = \"{path}\"\n")).expect("written");
    let done = output(&["check", "-c", &config.display().to_string()]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
    assert_eq!(std::fs::read_dir(folder.path()).expect("it").count(), 1, "only the settings");
}

#[test]
fn streams_that_share_an_output_come_in_one_order() {
    let shared = |lanes: &str| {
        let args = ["replay", "--quiet", "--summary", "none", "--observations", "-", "--lanes"];
        output(&[&args[..], &[lanes, "pcaps"]].concat()).stdout
    };
    let one = shared("1");
    assert!(!one.is_empty());
    for lanes in ["2", "7", "16"] {
        assert!(shared(lanes) == one, "{lanes} lanes give another order");
    }
}

/// A frame of zstd that holds `octets` as they are (RFC 8878 §3.1.1.2.2: raw blocks).
fn zstd(octets: &[u8]) -> Vec<u8> {
    // Window of 128 KiB, no checksum, no content size.
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    let blocks = octets.chunks(128 << 10);
    let last = blocks.len().saturating_sub(1);
    for (number, block) in blocks.enumerate() {
        let head = (block.len() as u32) << 3 | u32::from(number == last);
        packed.extend(&head.to_le_bytes()[..3]);
        packed.extend(block);
    }
    packed
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(octets).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn neither_packing_nor_lanes_change_a_merged_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir("pcaps").expect("pcaps").map(|file| file.expect("one").path()).collect();
    paths.retain(|path| path.is_file());
    // The longest first, so that it is packed: only what is long is unpacked by another thread.
    paths.sort_by_key(|path| std::cmp::Reverse(path.metadata().expect("it").len()));
    for (number, path) in paths.iter().enumerate() {
        let plain = std::fs::read(path).expect("readable");
        let octets = match number % 3 {
            0 => gzip(&plain),
            1 => zstd(&plain),
            _ => plain,
        };
        // The same name, since ties are broken by it; what a file is, its first octets tell.
        let to = folder.path().join(path.file_name().expect("a name"));
        std::fs::write(to, octets).expect("written");
    }
    let told = |folder: &str, lanes: &str| {
        let args = ["replay", "--quiet", "--summary", "none", "--observations", "-", "--lanes"];
        let done = output(&[&args[..], &[lanes, folder]].concat());
        assert!(matches!(done.status.code(), Some(0 | 3)), "{}", said(&done));
        done.stdout
    };
    let wanted = told("pcaps", "1");
    assert!(!wanted.is_empty());
    for lanes in ["1", "2", "4", "16"] {
        let got = told(&folder.path().display().to_string(), lanes);
        assert!(got == wanted, "{lanes} lanes, packed");
    }
}
