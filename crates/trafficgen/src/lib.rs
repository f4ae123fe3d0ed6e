//! Scenarios in, frames out: the demo, the tests, the load.
//!
//! This crate writes what `dissect` reads, and shares no line with it: an oracle that shares code
//! with its suspect is none. It knows protocols, and no tool: what makes a conversation that of a
//! certain program (a name, an ALPN, a certificate, first octets) stands in the scenario.
//! There is no clock and no other source of chance than a seed: the same text, the same octets.

mod acts;
mod calendar;
mod cast;
mod certificate;
mod checksum;
mod der;
mod dhcp;
mod dns;
mod expected;
mod frame;
mod http;
pub mod limits;
pub mod load;
mod mangle;
mod octets;
mod pattern;
pub mod pcap;
mod quic;
mod random;
mod scenario;
mod tcp;
mod tls;

pub use expected::{Expected, Level};
pub use frame::wire_len;
pub use mangle::{Mangle, OVERTAKEN_MAX, mangle};
pub use scenario::{Scenario, ScenarioError};

/// A frame and its time: nanoseconds since 1970, UTC, and the octets from the Ethernet header on
/// (without the frame check sequence, padded to the 60 octets that a wire carries at least).
pub type TimedFrame = (u64, Vec<u8>);

/// Bodies for fuzzers, which the tests drive too.
#[doc(hidden)]
pub mod fuzz {
    use crate::{Mangle, Scenario, mangle, pcap};

    /// Frames of any octets are mangled without a panic: nothing is made up where no frame comes
    /// twice or is cut, and everything comes in the order of time.
    pub fn mangled(octets: &[u8]) {
        let cut: Vec<_> = octets.chunks(200).map(<[u8]>::to_vec).zip(1u64..).collect();
        let cut = cut.into_iter().map(|(frame, at)| (at * 1_000, frame)).collect();
        let frames = pcap::read(octets).map_or(cut, |(_, frames)| frames);
        let less = Mangle { lost: 10, late: 3_000_000, ..Mangle::default() };
        assert!(mangle(&frames, &less, 1).len() <= frames.len());
        let all = Mangle { segments: 60, fragments: 40, twice: 30, vlan: Some(9), ..less };
        assert!(mangle(&frames, &all, 1).is_sorted_by_key(|(at, _)| *at));
    }

    /// A scenario of any octets is refused with a place in its text, or plays in order.
    pub fn scenario(octets: &[u8]) {
        let text = String::from_utf8_lossy(octets);
        match Scenario::parse(&text) {
            Ok(scenario) => {
                let frames = scenario.frames();
                assert!(frames.is_sorted_by_key(|(at, _)| *at), "frames are out of order");
                let sizes = frames.iter().map(|(_, frame)| frame.len());
                assert!(sizes.clone().all(|size| (60..=4_000).contains(&size)), "{sizes:?}");
            }
            Err(error) => {
                assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error}");
                assert!(error.column > 0 && !error.why.is_empty(), "{error}");
            }
        }
    }
}
