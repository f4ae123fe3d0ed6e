//! The command: inputs told apart, formats, periods, what was there before, mistakes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{project, rmmwatch, said};

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";
const POLICY: &str = "pcaps/aa23-025a-campaign.policy.toml";

fn capture() -> String {
    project(CAPTURE).display().to_string()
}

fn policy() -> String {
    project(POLICY).display().to_string()
}

/// The campaign's records, as a sensor would have written them.
fn records(folder: &TempDir) {
    let args = ["replay", &capture(), "--policy", &policy(), "--quiet"];
    let args = [&args[..], &["--alerts", "all.jsonl", "--health", "all.jsonl"]].concat();
    said(&rmmwatch(folder.path(), &args), 0);
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_capture_and_its_records_give_the_same_report() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let policy = policy();
    let common = ["--policy", &policy, "--format", "json"];
    let report = |input: &str| {
        let args = [&["report", input][..], &common].concat();
        json(&said(&rmmwatch(folder.path(), &args), 0))
    };
    let (of_capture, of_records) = (report(&capture()), report("all.jsonl"));
    for part in ["summary", "uses", "incidents", "alerts", "hosts", "blind_spots", "unused_rules"] {
        assert_eq!(of_capture[part], of_records[part], "{part}");
    }
    assert_eq!(of_capture["summary"]["incidents"], 1);
    let uses = of_capture["uses"].as_array().expect("rows");
    let first = uses.first().expect("a row");
    assert_eq!((&first["authorised"], &first["incident"]), (&false.into(), &true.into()));
    assert!(uses.iter().any(|row| row["authorised"] == true && row["bytes_sent"] != 0));
}

#[test]
fn captures_and_records_come_by_pipe_too() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    for input in [capture(), folder.path().join("all.jsonl").display().to_string()] {
        let octets = std::fs::read(&input).expect("it is there");
        let mut child = Command::new(env!("CARGO_BIN_EXE_rmmwatch"))
            .args(["report", "-", "--policy", &policy(), "--format", "json", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&octets).expect("it is read");
        drop(stdin);
        let done = child.wait_with_output().expect("it ends");
        let report = json(&said(&done, 0));
        assert_eq!(report["summary"]["incidents"], 1, "{input}");
    }
}

#[test]
fn the_ending_of_the_output_says_the_format() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let table = [
        ("r.html", "<!DOCTYPE html>"),
        ("r.md", "# Remote access: audit"),
        ("r.csv", "standing,severity,tool,"),
        ("r.json", "{\"schema\":1,"),
        ("r.txt", "Remote access: audit"),
        ("r", "Remote access: audit"),
    ];
    for (name, begins) in table {
        let printed = said(&rmmwatch(folder.path(), &["report", "all.jsonl", "-o", name]), 0);
        let text = std::fs::read_to_string(folder.path().join(name)).expect("it was written");
        assert!(text.starts_with(begins) && printed.is_empty(), "{name}: {text:.40}");
    }
}

#[test]
fn what_the_earlier_records_lack_is_new() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let all = std::fs::read_to_string(folder.path().join("all.jsonl")).expect("records");
    let foreign = "\"operator\":\"198.51.100.94\"";
    let before: String = all
        .lines()
        .filter(|line| !line.contains(foreign))
        .map(|line| line.to_owned() + "\n")
        .collect();
    std::fs::write(folder.path().join("before.jsonl"), before).expect("it can be written");
    let args = ["report", "all.jsonl", "--previous", "before.jsonl", "--format", "json"];
    let report = json(&said(&rmmwatch(folder.path(), &args), 0));
    let new: Vec<&Value> = report["uses"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["new"] == true)
        .map(|row| &row["operator"])
        .collect();
    assert_eq!(new, ["198.51.100.94"]);
}

#[test]
fn rules_that_nothing_needed_are_told_with_their_owners() {
    let folder = TempDir::new().expect("a folder");
    let rules = "\n[[allow]]\ntool = \"teamviewer\"\nowner = \"Facilities\"\nuntil = 2020-03-31\n\
        [[allow]]\ntool = \"vnc\"\nowner = \"Plant\"\nreason = \"presses\"\n";
    let text = std::fs::read_to_string(project(POLICY)).expect("a policy") + rules;
    std::fs::write(folder.path().join("policy.toml"), text).expect("it can be written");
    let args = ["report", &capture(), "--policy", "policy.toml", "--format", "json", "--quiet"];
    let report = json(&said(&rmmwatch(folder.path(), &args), 0));
    let unused: Vec<_> = report["unused_rules"]
        .as_array()
        .expect("the policy is known")
        .iter()
        .map(|rule| (&rule["owner"], &rule["reason"], &rule["until"], &rule["expired"]))
        .map(|(owner, reason, until, expired)| format!("{owner} {reason} {until} {expired}"))
        .collect();
    let want = [
        "\"Facilities\" null \"2020-04-01T00:00:00.000000Z\" true",
        "\"Plant\" \"presses\" null false",
    ];
    assert_eq!(unused, want);
}

#[test]
fn lines_that_are_no_records_are_told_and_the_rest_stands() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let mut text = std::fs::read_to_string(folder.path().join("all.jsonl")).expect("records");
    text.push_str("{\"half\": \nnonsense\n");
    std::fs::write(folder.path().join("all.jsonl"), text).expect("it can be written");
    let done = rmmwatch(folder.path(), &["report", "all.jsonl", "--format", "json"]);
    let report = json(&said(&done, 3));
    assert_eq!(
        (&report["read"]["refused"], &report["summary"]["incidents"]),
        (&2.into(), &1.into())
    );
    assert!(String::from_utf8_lossy(&done.stderr).contains("all.jsonl:"));
}

#[test]
fn mistakes_are_refused_in_words() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let table: [(&[&str], i32, &str); 6] = [
        (&["all.jsonl", "-o", "all.jsonl"], 1, "would be emptied"),
        (&["-", "-"], 1, "can be read once only"),
        (&["all.jsonl", "--since", "yesterday"], 1, "a day, e.g. 2026-11-20"),
        (
            &["all.jsonl", "--since", "2026-11-21", "--until", "2026-11-20"],
            1,
            "the period is empty",
        ),
        (&["absent.jsonl"], 4, "absent.jsonl cannot be read"),
        (&["all.jsonl", "--previous", &capture()], 1, "--previous takes records"),
    ];
    for (args, code, why) in table {
        let done = rmmwatch(folder.path(), &[&["report"], args].concat());
        let errors = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {errors}");
        assert!(errors.contains(why), "{args:?}: {errors}");
    }
}

#[test]
fn the_settings_own_outputs_are_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let settings = "[output]\nalerts = \"sensor.jsonl\"\nobservations = \"seen.jsonl\"\n";
    std::fs::write(folder.path().join("rmmwatch.toml"), settings).expect("it can be written");
    let args = ["report", &capture(), "-c", "rmmwatch.toml", "--format", "csv", "--quiet"];
    let csv = said(&rmmwatch(folder.path(), &args), 0);
    assert!(csv.lines().count() > 3);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_period_without_anything_is_a_report_too() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let args = ["report", "all.jsonl", "--since", "2030-01-01"];
    let text = said(&rmmwatch(folder.path(), &args), 0);
    assert!(text.contains("No use of remote-access software was seen"), "{text}");
    assert!(text.contains("outside the period"), "{text}");
}

#[test]
fn a_report_of_half_a_capture_says_so() {
    let folder = TempDir::new().expect("a folder");
    let octets = std::fs::read(capture()).expect("the demo");
    std::fs::write(folder.path().join("cut.pcap"), &octets[..octets.len() - 9]).expect("written");
    for (format, says) in [
        ("text", "refused: captures: not all of them could be read"),
        ("html", "<bdi>not all of them could be read, or not to their ends</bdi>"),
        ("markdown", "not all of them could be read"),
        ("json", "\"place\":\"captures\""),
    ] {
        let text = said(&rmmwatch(folder.path(), &["report", "cut.pcap", "--format", format]), 3);
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn records_in_a_folder_or_packed_are_no_report_of_nothing() {
    let folder = TempDir::new().expect("a folder");
    records(&folder);
    let told = |args: &[&str], code: i32| {
        let done = rmmwatch(folder.path(), args);
        (said(&done, code), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    std::fs::create_dir(folder.path().join("logs")).expect("a folder");
    std::fs::copy(folder.path().join("all.jsonl"), folder.path().join("logs/a")).expect("copied");
    let (printed, why) = told(&["report", "logs"], 4);
    assert!(printed.is_empty() && why.contains("name the records' files"), "{why}");
    // With a capture beside them the folder is one of captures.
    std::fs::copy(capture(), folder.path().join("logs/b.pcap")).expect("copied");
    assert!(told(&["report", "logs"], 0).0.contains("1 incident needs an answer"));

    let octets = std::fs::read(folder.path().join("all.jsonl")).expect("records");
    let file = std::fs::File::create(folder.path().join("all.jsonl.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(&octets).and_then(|()| packed.finish().map(drop)).expect("written");
    let (printed, why) = told(&["report", "all.jsonl.gz"], 3);
    assert!(why.contains("zcat FILE | rmmwatch report -"), "{why}");
    for nothing in [printed, told(&["report", "/dev/null"], 0).0] {
        assert!(nothing.contains("Nothing was read that could tell"), "{nothing}");
    }
}
