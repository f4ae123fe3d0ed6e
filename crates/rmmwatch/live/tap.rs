//! One interface of a live capture: whether it is there, and its lanes' captures when it comes
//! back.

use std::sync::mpsc::SyncSender;

use capture::{CaptureError, Condition, Interface, Live, LiveOptions};
use model::{InterfaceHealth, InterfaceState, KernelCounts};

/// An interface that is watched.
pub(super) struct Tap {
    options: LiveOptions,
    interface: Interface,
    /// Its first lane, and lanes of all interfaces.
    place: (usize, usize),
    /// How it was when its lanes were opened; its MTU is followed.
    opened: Condition,
    state: InterfaceState,
    outages: u64,
    /// Why its lanes see nothing any more.
    pub(super) lost: Option<String>,
    /// Why it could not be opened anew, so that it is said once.
    refused: Option<String>,
    /// Where captures of its lanes go, each to its thread.
    pub(super) lanes: Vec<SyncSender<Live>>,
}

impl Tap {
    /// Open an interface in so many lanes.
    pub(super) fn open(
        options: LiveOptions,
        count: usize,
        place: (usize, usize),
    ) -> Result<(Tap, Vec<Live>), CaptureError> {
        let lives = Live::lanes(&options, count, place)?;
        let name = &options.interface;
        for why in lives.iter().filter_map(Live::fallback).take(1) {
            tracing::warn!(interface = %name, %why, "read through libpcap, in one lane");
        }
        let interface = Interface::new(name);
        let gone = Condition { index: 0, up: false, carrier: false, mtu: 0 };
        let opened = interface.look().unwrap_or(gone);
        let (state, lanes) = (InterfaceState::Up, Vec::new());
        let (outages, lost, refused) = (0, None, None);
        let tap = Tap { options, interface, place, opened, state, outages, lost, refused, lanes };
        Ok((tap, lives))
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.interface.name()
    }

    /// Look how it fares, say what changed, and open it anew where that is needed.
    pub(super) fn look(&mut self) {
        let Some(now) = self.interface.look() else {
            self.went(InterfaceState::Gone, "the interface is gone; waiting for it");
            return;
        };
        if !now.up {
            self.went(InterfaceState::Down, "the interface is down; waiting for it");
            return;
        }
        if (now.index != self.opened.index || self.lost.is_some()) && !self.open_anew(now) {
            return;
        }
        if !now.carrier {
            self.went(InterfaceState::Down, "the interface has no link; waiting for it");
            return;
        }
        if self.state != InterfaceState::Up {
            self.state = InterfaceState::Up;
            tracing::info!(interface = %self.name(), "the interface is back");
        }
        if now.mtu != self.opened.mtu {
            let (before, now_is) = (self.opened.mtu, now.mtu);
            self.opened.mtu = now.mtu;
            tracing::info!(interface = %self.name(), before, now = now_is, "its MTU changed");
        }
    }

    /// It is not up.
    fn went(&mut self, state: InterfaceState, what: &str) {
        if self.state == state {
            return;
        }
        self.outages += u64::from(self.state == InterfaceState::Up);
        self.state = state;
        tracing::warn!(interface = %self.name(), "{what}");
    }

    /// Open its lanes anew. Answers whether they are.
    fn open_anew(&mut self, now: Condition) -> bool {
        if self.state == InterfaceState::Up {
            // It was away for less than we look.
            let why = self.lost.clone().unwrap_or_else(|| "it was made anew".to_owned());
            tracing::warn!(interface = %self.name(), %why, "the interface is opened anew");
            self.outages += 1;
            self.state = InterfaceState::Down;
        }
        match Live::lanes(&self.options, self.lanes.len(), self.place) {
            Ok(lives) => {
                for (to, live) in self.lanes.iter().zip(lives) {
                    // A lane that did not take the last one yet is asked again in a second.
                    if to.try_send(live).is_err() {
                        return false;
                    }
                }
                (self.opened, self.lost, self.refused) = (now, None, None);
                true
            }
            Err(why) => {
                let why = why.to_string();
                if self.refused.as_ref() != Some(&why) {
                    tracing::warn!(interface = %self.name(), %why, "it cannot be opened yet");
                    self.refused = Some(why);
                }
                false
            }
        }
    }

    /// How it fares, with the counts of its lanes.
    pub(super) fn health(&self, lanes: Vec<KernelCounts>) -> InterfaceHealth {
        let (state, outages, mtu) = (self.state, self.outages, self.opened.mtu);
        InterfaceHealth { name: self.name().into(), state, outages, mtu, lanes }
    }
}
