//! Live capture on the loopback interface, where the system allows it.

use std::net::UdpSocket;
use std::time::Duration;

use capture::{CaptureError, Live, LiveOptions};

#[test]
fn an_interface_that_does_not_exist_is_told_with_those_that_do() {
    let Err(error) = Live::open(&LiveOptions::new("nonesuch0")) else {
        panic!("no such interface");
    };
    match &error {
        CaptureError::NoInterface { known, .. } => {
            assert!(known.contains("lo"), "{known}");
            let said = error.to_string();
            assert!(said.starts_with("there is no interface `nonesuch0`; there are: "), "{said}");
        }
        // Without any right libpcap may not even list them.
        CaptureError::NoPermission { .. } => println!("skipped: interfaces cannot be listed"),
        other => panic!("{other}"),
    }
}

#[test]
fn a_bad_filter_is_told_before_anything_is_opened() {
    let options =
        LiveOptions { filter: Some("tcp prot 3".into()), ..LiveOptions::new("nonesuch0") };
    assert!(matches!(Live::open(&options), Err(CaptureError::Filter { .. })));
}

#[test]
fn datagrams_on_the_loopback() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let options = LiveOptions {
        filter: Some(format!("udp port {port}")),
        ring_bytes: 4 << 20,
        ..LiveOptions::new("lo")
    };
    let mut live = match Live::open(&options) {
        Ok(live) => live,
        Err(error @ (CaptureError::NoPermission { .. } | CaptureError::NoInterface { .. })) => {
            println!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(live.poll(Duration::from_millis(20), &mut |_| {}).unwrap(), 0, "silence");
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for nth in 0..100u8 {
        sender.send_to(&[nth; 33], ("127.0.0.1", port)).unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..100 {
        live.poll(Duration::from_millis(100), &mut |frames| {
            for frame in frames {
                assert!(frame.bytes.ends_with(&[seen.len() as u8; 33]));
                assert!(frame.at.secs() > 1_600_000_000 && frame.orig_len as usize >= 33 + 28);
                seen.push(frame.order);
            }
        })
        .unwrap();
        if seen.len() >= 100 {
            break;
        }
    }
    let wanted: Vec<u64> = (0..100).map(|nth| 2 * nth + 1).collect();
    assert_eq!(seen, wanted);
    let counts = live.counts();
    // The kernel counts what leaves the loopback and what arrives; libpcap gives one of both.
    assert!((100..=200).contains(&counts.received) && counts.dropped == 0, "{counts:?}");
}
