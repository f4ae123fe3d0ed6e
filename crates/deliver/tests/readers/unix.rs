//! Unix sockets: who reads gets every line, and who does not is noticed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::thread;

use deliver::sinks::{Carrier, Entry, Kind, UnixPlan};

use super::{block_on, carry, entries, pause, peers, refused, why};

fn sink(path: &Path, datagrams: bool, confirm: bool) -> Box<dyn Carrier> {
    peers::carrier(Kind::Unix(UnixPlan { path: path.to_owned(), datagrams, confirm }))
}

fn bodies(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|number| format!(r#"{{"n":{number},"text":"é"}}"#)).collect()
}

#[test]
fn a_stream_is_lines_in_order_over_one_connection_or_one_a_batch() {
    for (confirm, expected) in [(true, 3), (false, 1)] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("eve.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let reader = thread::spawn(move || {
            let (mut lines, mut connections) = (Vec::new(), 0);
            while lines.len() < 3000 {
                let (stream, _) = listener.accept().expect("a connection");
                connections += 1;
                lines.extend(BufReader::new(stream).lines().map(|line| line.expect("a line")));
            }
            (lines, connections)
        });
        let mut sink = sink(&path, false, confirm);
        let all = bodies(0, 3000);
        // One runtime for all attempts: a connection that is kept belongs to it.
        block_on(async {
            for batch in all.chunks(1000) {
                peers::carry(&mut *sink, &entries(batch.to_vec())).await.expect("taken");
            }
        });
        drop(sink);
        assert_eq!(reader.join().expect("lines"), (all, expected), "confirm = {confirm}");
    }
}

#[test]
fn a_reader_that_is_not_there_or_dies_is_a_setback() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("eve.sock");
    let mut sink = sink(&path, false, true);
    let batch = entries(bodies(0, 10));
    let said = why(carry(&mut *sink, &batch));
    assert!(said.contains("eve.sock takes no records: No such file"), "{said}");
    let listener = UnixListener::bind(&path).expect("a socket");
    // It reads a little, and is gone with the rest.
    let reader = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.read_exact(&mut [0; 5]).expect("some octets");
        pause(100);
    });
    let said = why(carry(&mut *sink, &batch));
    assert!(said.contains("eve.sock broke off before it had read all"), "{said}");
    reader.join().expect("gone");
    let said = why(carry(&mut *sink, &batch));
    assert!(said.contains("Connection refused"), "{said}");
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("eve.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut sink = sink(&path, false, false);
    block_on(async {
        for round in 0..3 {
            let batch = entries([format!("round {round}")]);
            peers::carry(&mut *sink, &batch).await.expect("taken");
            let (stream, _) = listener.accept().expect("a connection of its own");
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).expect("a line");
            assert_eq!(line, format!("round {round}\n"));
        }
    });
}

#[test]
fn a_datagram_is_a_record_and_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.sock");
    let mut sink = sink(&path, true, false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut carry = |batch: &[Entry]| runtime.block_on(peers::carry(&mut *sink, batch));
    let said = why(carry(&entries(["early"])));
    assert!(said.contains("No such file"), "{said}");
    let reader = UnixDatagram::bind(&path).expect("a socket");
    let batch = entries(["one".to_owned(), "x".repeat(16 << 20), "three".to_owned()]);
    let carried = carry(&batch).expect("two of them are taken");
    assert_eq!(refused(&carried), [1]);
    let mut octets = [0; 100];
    for expected in ["one", "three"] {
        let len = reader.recv(&mut octets).expect("a datagram");
        assert_eq!(String::from_utf8_lossy(&octets[..len]), expected);
    }
    drop(reader);
    let said = why(carry(&entries(["late"])));
    assert!(said.contains("Connection refused"), "{said}");
}
