//! An interface that cannot be asked for frames of others: the capture goes on, and tells why.
//! Needs the right to open packet sockets.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and say why it skips"
)]

use capture::{CaptureError, Live, LiveOptions};

#[test]
fn all_interfaces_together_cannot_be_promiscuous() {
    // It is read through libpcap, which never makes it promiscuous.
    let asked = LiveOptions::new("any");
    let live = match Live::open(&asked) {
        Err(CaptureError::NoPermission { .. }) => {
            println!("skipped: opening interfaces needs root");
            return;
        }
        opened => opened.unwrap(),
    };
    assert!(live.fallback().is_some());
    let why = live.own_only().unwrap_or_default();
    assert!(why.contains("romiscuous"), "{why}");
    // Where nobody asked there is nothing to tell; and the loop has it, through a ring.
    let not_asked = LiveOptions { promiscuous: false, ..asked };
    assert_eq!(Live::open(&not_asked).unwrap().own_only(), None);
    let lo = Live::open(&LiveOptions::new("lo")).unwrap();
    assert_eq!((lo.fallback(), lo.own_only()), (None, None));
}
