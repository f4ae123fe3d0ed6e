//! The way out: order, modes, pipes, full disks.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use deliver::{DeliverError, Delivered, Delivery, Ending, Gone, Output, Shape, Stream, Target};

fn to(path: &Path, streams: &[Stream], append: bool) -> Output {
    Output { streams: streams.to_vec(), target: Target::Path(path.to_owned()), append, shape: None }
}

fn line(text: impl ToString) -> Vec<u8> {
    let mut line = text.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// Deliver `lines` as alerts to `path`.
fn deliver(path: &Path, append: bool, lines: &[&str]) -> Result<Delivered, DeliverError> {
    let delivery = Delivery::start(vec![to(path, &[Stream::Alerts], append)])?;
    for text in lines {
        delivery.send(Stream::Alerts, line(text)).expect("the file takes it");
    }
    delivery.finish()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("what was written")
}

/// A line in another shape: in capitals, those that begin with `x` not at all.
#[test]
fn lines_are_shaped_on_their_way() {
    let folder = folder();
    let path = folder.path().join("alerts.txt");
    let shape: Shape = Arc::new(|line, out| {
        out.extend(line.iter().map(u8::to_ascii_uppercase));
        let has_form = !line.starts_with(b"x");
        out.truncate(if has_form { out.len() } else { out.len() - line.len() });
        has_form
    });
    let output = Output { shape: Some(shape), ..to(&path, &[Stream::Alerts], false) };
    let delivery = Delivery::start(vec![output]).expect("a file");
    for lines in ["a\nxb\nc\n", "d\n", "x\n"] {
        delivery.send(Stream::Alerts, lines.as_bytes().to_vec()).expect("the file takes it");
    }
    let delivered = delivery.finish().expect("delivered");
    assert_eq!(read(&path), "A\nC\nD\n");
    assert_eq!((delivered.bytes, delivered.formless), (6, 2));
}

/// Send until the target is gone.
fn send_until_gone(delivery: &Delivery) -> Gone {
    for number in 0..1_000_000 {
        if let Err(gone) = delivery.send(Stream::Alerts, line(number)) {
            return gone;
        }
    }
    panic!("a million lines were taken");
}

#[test]
fn order_is_kept_and_every_line_arrives() {
    let folder = folder();
    let path = folder.path().join("alerts.jsonl");
    let numbers: Vec<_> = (0..20_000).map(|number: u32| number.to_string()).collect();
    let lines: Vec<_> = numbers.iter().map(String::as_str).collect();
    let delivered = deliver(&path, false, &lines).expect("delivered");
    let text = read(&path);
    assert!(text.lines().eq(lines));
    assert_eq!(delivered.bytes, u64::try_from(text.len()).expect("a length"));
    assert_eq!(delivered.readers_left, []);
}

#[test]
fn created_0600_and_left_as_it_was() {
    let folder = folder();
    let path = folder.path().join("new");
    let mode = |path: &Path| fs::metadata(path).expect("the file").permissions().mode() & 0o777;
    deliver(&path, false, &["a"]).expect("delivered");
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    deliver(&path, true, &["b"]).expect("delivered");
    assert_eq!(mode(&path), 0o644);
}

#[test]
fn emptied_or_added_to() {
    let folder = folder();
    let path = folder.path().join("lines");
    let table: &[(bool, &str, &str, &str)] = &[
        (false, "old\n", "new", "new\n"),
        (true, "old\n", "new", "old\nnew\n"),
        (true, "", "new", "new\n"),
        // A full disk had cut the last line: it must not swallow ours.
        (true, "old\n{\"cu", "new", "old\n{\"cu\nnew\n"),
    ];
    for (append, before, text, after) in table {
        fs::write(&path, before).expect("the file before");
        deliver(&path, *append, &[text]).expect("delivered");
        assert_eq!(read(&path), *after);
    }
    fs::write(&path, "old\n{\"cu").expect("the file before");
    deliver(&path, true, &[]).expect("delivered");
    assert_eq!(read(&path), "old\n{\"cu", "nothing to write, nothing to mend");
}

#[test]
fn streams_that_name_one_file_share_it() {
    let folder = folder();
    let (path, other) = (folder.path().join("all"), folder.path().join("other"));
    symlink(&path, &other).expect("a link");
    let outputs =
        vec![to(&path, &[Stream::Alerts], false), to(&other, &[Stream::Observations], false)];
    let delivery = Delivery::start(outputs).expect("opened");
    for number in 0..5_000 {
        for stream in [Stream::Alerts, Stream::Observations] {
            delivery.send(stream, line(format!("{number} {stream:?}"))).expect("taken");
        }
    }
    delivery.finish().expect("delivered");
    let want = (0..5_000).flat_map(|n| [format!("{n} Alerts"), format!("{n} Observations")]);
    assert!(read(&path).lines().eq(want));
}

#[test]
fn a_stream_may_go_to_two_files_or_nowhere() {
    let folder = folder();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let both = [Stream::Alerts, Stream::Health];
    let outputs = vec![to(&one, &both, false), to(&two, &[Stream::Alerts], false)];
    let delivery = Delivery::start(outputs).expect("opened");
    assert!(delivery.wants(Stream::Health) && !delivery.wants(Stream::Observations));
    for stream in Stream::ALL {
        delivery.send(stream, line(format!("{stream:?}"))).expect("taken");
    }
    delivery.finish().expect("delivered");
    assert_eq!((read(&one), read(&two)), ("Alerts\nHealth\n".into(), "Alerts\n".into()));
}

#[test]
fn a_full_disk_is_an_error_that_names_the_path() {
    let full = Path::new("/dev/full");
    let delivery = Delivery::start(vec![to(full, &[Stream::Alerts], false)]).expect("opened");
    assert_eq!(send_until_gone(&delivery), Gone(Ending::Failed));
    let said = delivery.finish().expect_err("the disk is full").to_string();
    assert!(said.contains("/dev/full") && said.contains("No space left"), "{said}");
}

#[test]
fn a_target_that_cannot_be_opened_is_named() {
    let folder = folder();
    let lost = folder.path().join("no/such/folder");
    for (path, why) in [(lost.as_path(), "No such file"), (folder.path(), "directory")] {
        let said = deliver(path, false, &[]).expect_err("it cannot be opened").to_string();
        assert!(said.contains(why) && said.contains(&path.display().to_string()), "{said}");
    }
}

#[test]
fn what_is_no_regular_file_is_just_written() {
    let delivered = deliver(Path::new("/dev/null"), false, &["a", "b"]).expect("delivered");
    assert_eq!(delivered.bytes, 4);
}

fn fifo(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    path
}

#[test]
fn a_fifo_waits_for_its_reader() {
    let folder = folder();
    let path = fifo(&folder);
    let reader = path.clone();
    let reader = thread::spawn(move || read(&reader));
    deliver(&path, false, &["a", "b"]).expect("delivered");
    assert_eq!(reader.join().expect("the reader"), "a\nb\n");
}

#[test]
fn a_fifo_without_lines_still_ends_for_its_reader() {
    let folder = folder();
    let path = fifo(&folder);
    let reader = path.clone();
    let reader = thread::spawn(move || read(&reader));
    deliver(&path, false, &[]).expect("delivered");
    assert_eq!(reader.join().expect("the reader"), "");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = folder();
    let path = fifo(&folder);
    let reader = path.clone();
    let reader = thread::spawn(move || {
        let mut first = String::new();
        let file = File::open(reader).expect("the fifo");
        BufReader::new(file).read_line(&mut first).expect("a line");
        first
    });
    let delivery = Delivery::start(vec![to(&path, &[Stream::Alerts], false)]).expect("opened");
    assert_eq!(send_until_gone(&delivery), Gone(Ending::ReaderLeft));
    assert_eq!(reader.join().expect("the reader"), "0\n");
    let delivered = delivery.finish().expect("no failure");
    assert_eq!(delivered.readers_left, [Target::Path(path)]);
}

#[test]
fn a_target_that_hangs_delays_no_other() {
    let folder = folder();
    let (fifo, path) = (fifo(&folder), folder.path().join("file"));
    let outputs = vec![to(&fifo, &[Stream::Alerts], false), to(&path, &[Stream::Health], false)];
    let delivery = Delivery::start(outputs).expect("opened");
    delivery.send(Stream::Alerts, line("waits")).expect("taken");
    delivery.send(Stream::Health, line("passes")).expect("taken");
    // No reader of the FIFO yet; this line is on its way all the same.
    while read(&path) != "passes\n" {
        thread::yield_now();
    }
    let mut waited = String::new();
    let reader = thread::spawn(move || {
        File::open(fifo).expect("the fifo").read_to_string(&mut waited).expect("text");
        waited
    });
    delivery.finish().expect("delivered");
    assert_eq!(reader.join().expect("the reader"), "waits\n");
}

#[test]
fn target_names() {
    assert_eq!(Target::parse("-"), Target::Stdout);
    assert_eq!(Target::parse("./-"), Target::Path("./-".into()));
    assert_eq!(Target::Stdout.to_string(), "standard output");
}

/// What this test binary does when it is told to write to standard output: see below.
const CHILD: &str = "DELIVER_TEST_CHILD";

/// Run by `standard_output_by_any_name`: alerts to `-`, observations to the named path.
#[test]
fn child_writes_to_standard_output() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let alerts = Output {
        streams: vec![Stream::Alerts],
        target: Target::Stdout,
        append: false,
        shape: None,
    };
    let observations = to(Path::new(&path), &[Stream::Observations], false);
    let delivery = Delivery::start(vec![observations, alerts]).expect("opened");
    for number in 0..1_000 {
        delivery.send(Stream::Alerts, line(format!("@a{number}"))).expect("taken");
        delivery.send(Stream::Observations, line(format!("@o{number}"))).expect("taken");
    }
    delivery.finish().expect("delivered");
}

#[test]
fn standard_output_by_any_name() {
    let folder = folder();
    let path = folder.path().join("out");
    let dev = PathBuf::from("/dev/stdout");
    for name in [&dev, &path] {
        // As `>> out` in a shell: what is there stays, and both streams keep one order.
        fs::write(&path, "before\n").expect("the file before");
        let out = File::options().append(true).open(&path).expect("the file");
        let status = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "child_writes_to_standard_output", "--nocapture"])
            .env(CHILD, name)
            .stdout(Stdio::from(out))
            .status()
            .expect("the child");
        assert!(status.success());
        let text = read(&path);
        assert!(text.starts_with("before\n"));
        let want = (0..1_000).flat_map(|n| [format!("@a{n}"), format!("@o{n}")]);
        // The harness says a word of its own on the same standard output.
        let ours = text.lines().filter_map(|line| line.find('@').and_then(|at| line.get(at..)));
        assert!(ours.eq(want), "{name:?}");
    }
}
