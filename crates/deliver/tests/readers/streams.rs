//! Syslog over TCP against stubs: what a collector may do wrong, and that nothing is lost by it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use deliver::sinks::{Carrier, Kind, SyslogPlan, SyslogTransport, TlsPlan};

use super::{block_on, carry, entries, pause, peers, refused, why};

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let at = listener.local_addr().expect("its address");
    (listener, at)
}

/// A connection that is there already.
fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).expect("set");
    let mut accepted = None;
    peers::wait_until("a connection", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (stream, _) = accepted.expect("a connection");
    stream.set_nonblocking(false).expect("set");
    stream
}

fn sink(at: SocketAddr, confirm: bool) -> Box<dyn Carrier> {
    let transport = SyslogTransport::Stream;
    let (place, tls) = (peers::place(at, false), TlsPlan::default());
    peers::carrier(Kind::Syslog(SyslogPlan { place, transport, confirm, tls }))
}

#[test]
fn octets_are_counted_and_an_empty_message_is_refused() {
    let (listener, at) = listen();
    let collector = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).expect("all of it");
        octets
    });
    let long = "x".repeat(1000);
    let batch = entries(["<13>1 - - - - - - é", "", &long]);
    let carried = carry(&mut *sink(at, true), &batch).expect("taken");
    assert_eq!(refused(&carried), [1]);
    let expected = format!("20 <13>1 - - - - - - é1000 {long}");
    assert_eq!(String::from_utf8_lossy(&collector.join().expect("octets")), expected);
}

#[test]
fn what_a_collector_may_do_wrong() {
    /// What a stub does with a connection, and what is said of it.
    type Wrong = (&'static str, fn(TcpStream), &'static str);
    let cases: [Wrong; 5] = [
        (
            "dies with the batch in its socket, so that the kernel resets the connection",
            |stream| {
                pause(200);
                drop(stream);
            },
            "broke off before it had read all",
        ),
        ("closes at once", |stream| drop(stream), "broke off"),
        (
            "says farewell while most of the batch is under way, and goes",
            |stream| {
                stream.shutdown(Shutdown::Write).expect("its end");
                pause(200);
            },
            "broke off",
        ),
        (
            "talks without end",
            |mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {},
            "says more than a reader would",
        ),
        (
            "reads all and never closes: it may as well hang",
            |mut stream| {
                stream.read_to_end(&mut Vec::new()).expect("all of it");
                pause(15_000);
            },
            "did not close its end within 8 s",
        ),
    ];
    for (what, act, expected) in cases {
        let (listener, at) = listen();
        thread::spawn(move || act(listener.accept().expect("a connection").0));
        let batch = entries(vec!["<13>1 - - - - - - m, and what else there is to say of it"; 8000]);
        let said = why(carry(&mut *sink(at, true), &batch));
        assert!(said.contains(expected) && said.contains(&at.to_string()), "{what}: {said}");
    }
}

#[test]
fn unconfirmed_batches_share_a_connection_until_it_is_closed() {
    let (listener, at) = listen();
    let mut sink = sink(at, false);
    let read = |stream: &mut TcpStream| {
        let mut octets = [0; 3];
        stream.read_exact(&mut octets).expect("a frame");
        assert_eq!(&octets, b"1 m");
    };
    block_on(async {
        peers::carry(&mut *sink, &entries(["m"])).await.expect("sent");
        let mut first = accept(&listener);
        peers::carry(&mut *sink, &entries(["m"])).await.expect("sent");
        read(&mut first);
        read(&mut first);
        drop(first);
        pause(50);
        peers::carry(&mut *sink, &entries(["m"])).await.expect("sent anew");
        let mut second = accept(&listener);
        read(&mut second);
    });
}

#[test]
fn nobody_there_is_a_setback() {
    let (listener, at) = listen();
    drop(listener);
    let said = why(carry(&mut *sink(at, true), &entries(["m"])));
    assert!(said.contains(&format!("{at} cannot be reached")), "{said}");
}

#[test]
fn datagrams_that_nobody_hears_or_that_are_too_long() {
    let listener = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let at = listener.local_addr().expect("its address");
    let plan = |tls| SyslogPlan {
        place: peers::place(at, tls),
        transport: SyslogTransport::Udp,
        confirm: false,
        tls: TlsPlan::default(),
    };
    let mut sink = peers::carrier(Kind::Syslog(plan(false)));
    let batch = entries(["one".to_owned(), String::new(), "x".repeat(70_000), "two".to_owned()]);
    let carried = block_on(peers::carry(&mut *sink, &batch)).expect("sent");
    assert_eq!(refused(&carried), [1, 2]);
    let mut octets = [0; 100];
    for expected in [&b"one"[..], b"two"] {
        let len = listener.recv(&mut octets).expect("a datagram");
        assert_eq!(&octets[..len], expected);
    }
    drop(listener);
    let mut sink = peers::carrier(Kind::Syslog(plan(false)));
    let said = why(carry(&mut *sink, &batch));
    assert!(said.contains("takes no datagrams: Connection refused"), "{said}");
    let mut sink = peers::carrier(Kind::Syslog(plan(true)));
    let said = why(carry(&mut *sink, &batch));
    assert!(said.contains("knows no TLS"), "{said}");
}
