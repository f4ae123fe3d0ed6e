//! `rmmwatch convert` and `--format`: the same records in other formats, and what is no record.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const FORMATS: [&str; 12] = [
    "ecs",
    "eve",
    "ocsf",
    "cef",
    "leef",
    "syslog",
    "notice",
    "stix",
    "misp",
    "hec",
    "loki",
    "alertmanager",
];
const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmmwatch"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    command
}

fn rmmwatch(args: &[&str]) -> Output {
    command(args).output().expect("the program runs")
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

/// Standard output of a run that ended with `code`.
fn text(done: &Output, code: i32) -> String {
    assert_eq!(done.status.code(), Some(code), "{}", said(done));
    String::from_utf8(done.stdout.clone()).expect("text")
}

/// Records of every kind, in a file.
fn records(folder: &TempDir) -> String {
    let path = folder.path().join("all.jsonl").display().to_string();
    let streams = ["--alerts", "--observations", "--health"];
    let outputs: Vec<&str> = streams.iter().flat_map(|stream| [*stream, &*path]).collect();
    let done = rmmwatch(&[&["replay", CAPTURE, "--quiet"], &outputs[..]].concat());
    assert_eq!(text(&done, 0), "");
    path
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn written(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// What a sensor writes in a format is what `convert` makes of its native records.
#[test]
fn a_format_is_the_same_from_the_sensor_and_from_its_records() {
    let folder = folder();
    let native = records(&folder);
    for format in FORMATS {
        let path = folder.path().join(format!("{format}.out")).display().to_string();
        let streams = ["--alerts", &path, "--observations", &path, "--health", &path];
        let args = [&["replay", CAPTURE, "--format", format][..], &streams].concat();
        let done = rmmwatch(&args);
        assert_eq!(text(&done, 0), "");
        let from_sensor = std::fs::read_to_string(&path).expect("what it wrote");
        let converted = rmmwatch(&["convert", "--to", format, &native]);
        let from_records = text(&converted, 0);
        assert!(!from_records.is_empty(), "{format}");
        assert!(from_sensor == from_records, "{format}");
        let (whole, some) = (lines(&native), from_records.lines().count());
        assert_eq!(some < whole, said(&converted).contains("have no form"), "{format}");
        assert_eq!(some < whole, said(&done).contains("have no form"), "{format}");
    }
}

fn lines(path: &str) -> usize {
    std::fs::read_to_string(path).expect("records").lines().count()
}

#[test]
fn records_without_a_form_are_passed_over_and_said() {
    let folder = folder();
    let native = records(&folder);
    let done = rmmwatch(&["convert", "--to", "notice", &native]);
    let notices = text(&done, 0).lines().count();
    let all = lines(&native);
    let want = format!("{} of {all} records have no form in notice: left out", all - notices);
    assert!(said(&done).contains(&want), "{}", said(&done));
    let quiet = rmmwatch(&["convert", "--quiet", "--to", "notice", &native]);
    assert_eq!((text(&quiet, 0).lines().count(), said(&quiet).as_str()), (notices, ""));
}

#[test]
fn what_is_no_record_is_named_and_the_rest_stands() {
    let folder = folder();
    let good = std::fs::read_to_string(records(&folder)).expect("records");
    let good = good.lines().next().expect("a record");
    let foreign = "{\"@timestamp\":\"2026-11-21T20:15:42Z\",\"event\":{\"id\":\"1\"}}";
    let bad = format!("\u{feff}{good}\r\n\nno json\n{foreign}\n[]\n{good}\n{{\"a\":\u{1b}1}}\n");
    let path = written(&folder, "mixed.jsonl", &bad);
    let done = rmmwatch(&["convert", "--to", "cef", &path]);
    assert_eq!(text(&done, 3).lines().count(), 2);
    let wanted = [
        (":3:2: ", "no JSON object"),
        (":4:1: ", "event.kind is missing"),
        (":5:1: ", "another JSON value"),
        (":7:6: ", "no JSON object"),
    ];
    let told = said(&done);
    let lint = rmmwatch(&["convert", "--lint", &path]);
    let found = text(&lint, 3);
    assert_eq!(found.lines().count(), wanted.len(), "{found}");
    for ((place, why), line) in wanted.iter().zip(found.lines()) {
        assert!(line.starts_with(&format!("{path}{place}")) && line.contains(why), "{line}");
        assert!(told.contains(line), "{told}");
    }
    assert!(said(&lint).contains("2 records ("), "{}", said(&lint));
    assert!(said(&lint).contains("4 lines that are none"), "{}", said(&lint));

    let sound = written(&folder, "sound.jsonl", good);
    assert_eq!(text(&rmmwatch(&["convert", "--lint", &sound]), 0), "");
    let many = written(&folder, "many.txt", &"x\n".repeat(40));
    let done = rmmwatch(&["convert", "--to", "ecs", &many]);
    assert_eq!(text(&done, 3), "");
    assert!(said(&done).contains("30 further lines are no records"), "{}", said(&done));
    let long = written(&folder, "long.jsonl", &format!("{}\n{good}\n", "x".repeat(2 << 20)));
    let done = rmmwatch(&["convert", "--to", "ecs", &long]);
    assert_eq!(text(&done, 3).trim_end(), good);
    assert!(said(&done).contains(":1:1048577: the line has more than"), "{}", said(&done));
}

#[test]
fn templates_make_lines() {
    let folder = folder();
    let native = records(&folder);
    let json =
        written(&folder, "chat.json.j2", "{\"text\": {{ event.action }},\n\"id\": {{ id }}}");
    let made = text(&rmmwatch(&["convert", "--template", &json, &native]), 0);
    assert_eq!(made.lines().count(), lines(&native));
    for line in made.lines() {
        let value: Value = serde_json::from_str(line).expect("JSON");
        assert!(value["id"].is_string(), "{line}");
    }
    let wrong = written(&folder, "wrong.j2", "a\n{% if %}\n");
    let done = rmmwatch(&["convert", "--template", &wrong, &native]);
    assert_eq!(text(&done, 1), "");
    assert!(said(&done).contains(&format!("{wrong}:2:")), "{}", said(&done));
    let fails = written(&folder, "fails.j2", "{{ 1 / 0 }}");
    let done = rmmwatch(&["convert", "--template", &fails, &native]);
    assert_eq!(text(&done, 3), "");
    assert!(said(&done).contains("further records"), "{}", said(&done));
}

#[test]
fn envelopes_hold_what_is_asked_for() {
    let folder = folder();
    let native = records(&folder);
    let made = text(&rmmwatch(&["convert", "--to", "syslog", "--inner", "cef", &native]), 0);
    assert!(made.lines().all(|line| line.contains(" - CEF:0|rmmwatch|")), "{made}");
    let hec = ["convert", "--to", "hec", "--index", "ids", "--inner", "ecs", &native];
    let made = text(&rmmwatch(&hec), 0);
    let first: Value = serde_json::from_str(made.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["index"], "ids");
}

/// Arguments, exit code, and what standard error must hold.
#[test]
fn mistakes() {
    let folder = folder();
    let native = records(&folder);
    let table: &[(&[&str], i32, &str)] = &[
        (&["convert", &native], 1, "Usage"),
        (&["convert", "--to", "xml", &native], 1, "alertmanager"),
        (&["convert", "--to", "ecs", "--lint", &native], 1, "cannot be used with"),
        (&["convert", "--to", "cef", "--inner", "ecs", &native], 1, "hec, loki, syslog"),
        (&["convert", "--to", "hec", "--inner", "hec", &native], 1, "in an envelope"),
        (&["convert", "--to", "cef", "--index", "ids", &native], 1, "--index is for hec"),
        (&["convert", "--to", "ecs", "-", "-"], 1, "once only"),
        (&["convert", "--to", "ecs", "/no/such/file"], 4, "/no/such/file cannot be read"),
        (&["convert", "--to", "ecs", "tests"], 4, "tests cannot be read"),
        (&["convert", "--template", "/no/such/file", &native], 4, "/no/such/file cannot be read"),
        (&["replay", "--format", "xml", CAPTURE], 1, "possible values"),
    ];
    for (args, code, want) in table {
        let done = rmmwatch(args);
        assert_eq!(text(&done, *code), "", "{args:?}");
        assert!(said(&done).contains(want), "{args:?}: {}", said(&done));
    }
    let full = std::fs::File::create("/dev/full").expect("a full device");
    let done = command(&["convert", "--to", "ecs", &native]).stdout(full).output().expect("runs");
    assert_eq!(done.status.code(), Some(4));
    assert!(said(&done).contains("standard output cannot be written"), "{}", said(&done));
}

/// A child that dies with its test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_growing_input_is_followed_and_a_closed_pipe_ends_quietly() {
    let folder = folder();
    let good = std::fs::read_to_string(records(&folder)).expect("records");
    let good = good.lines().next().expect("a record");
    let mut child = command(&["convert", "--to", "leef"]);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Guard(child.spawn().expect("the program starts"));
    let mut to = child.0.stdin.take().expect("a pipe");
    let mut from = BufReader::new(child.0.stdout.take().expect("a pipe"));
    for _ in 0..3 {
        writeln!(to, "{good}").expect("it reads");
        let mut line = String::new();
        from.read_line(&mut line).expect("it writes at once");
        assert!(line.starts_with("LEEF:2.0|"), "{line}");
    }
    drop(from);
    writeln!(to, "{good}").expect("it reads");
    let ended = child.0.wait().expect("it ends though its input goes on");
    let mut errors = String::new();
    child.0.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    assert_eq!((ended.code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn several_inputs_are_read_one_after_the_other() {
    let folder = folder();
    let native = records(&folder);
    let once = text(&rmmwatch(&["convert", "--to", "ecs", &native]), 0);
    let twice = text(&rmmwatch(&["convert", "--to", "ecs", &native, &native]), 0);
    assert_eq!(twice, once.repeat(2));
    assert_eq!(once, std::fs::read_to_string(Path::new(&native)).expect("records"));
}

#[test]
fn an_input_that_cannot_be_read_does_not_hide_the_others() {
    let folder = folder();
    let native = records(&folder);
    let once = text(&rmmwatch(&["convert", "--to", "notice", "--quiet", &native]), 0);
    let done = rmmwatch(&["convert", "--to", "notice", "/no/such/file", &native]);
    assert_eq!(text(&done, 4), once);
    assert!(said(&done).contains("/no/such/file cannot be read"), "{}", said(&done));
    assert!(said(&done).contains("have no form in notice"), "{}", said(&done));
}
