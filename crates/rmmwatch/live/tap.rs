//! One interface of a live capture: whether it is there, and its lanes' captures when it comes
//! back.

use std::sync::mpsc::{SyncSender, TrySendError};

use capture::{CaptureError, Condition, Interface, Live, LiveOptions};
use model::{InterfaceHealth, InterfaceState, KernelCounts, ReliefCounts};

/// An interface that is watched.
pub(super) struct Tap {
    options: LiveOptions,
    interface: Interface,
    /// Its first lane, and lanes of all interfaces.
    place: (usize, usize),
    /// How it was when its lanes were opened; its MTU and the losses of its link are followed.
    opened: Condition,
    state: InterfaceState,
    outages: u64,
    /// Why its lanes see nothing any more.
    pub(super) lost: Option<String>,
    /// Why it could not be opened anew, so that it is said once.
    refused: Option<String>,
    /// How often it was opened anew.
    pub(super) openings: u64,
    /// Captures that their lanes had no room for yet, with the lane's place among ours.
    waiting: Vec<(usize, Live)>,
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
        let name = &options.interface;
        // As it was before: if it is made anew just then, it is opened anew, too.
        let before = Interface::new(name).look();
        let lives = Live::lanes(&options, count, place)?;
        warn_of_shortfalls(name, &lives);
        let interface = Interface::new(name);
        let gone = Condition { index: 0, up: false, carrier: false, mtu: 0, link_losses: 0 };
        let opened = before.unwrap_or(gone);
        let (state, lanes) = (InterfaceState::Up, Vec::new());
        let tap = Tap {
            options,
            interface,
            place,
            opened,
            state,
            outages: 0,
            lost: None,
            refused: None,
            openings: 0,
            waiting: Vec::new(),
            lanes,
        };
        Ok((tap, lives))
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.interface.name()
    }

    /// Look how it fares, say what changed, and open it anew where that is needed.
    pub(super) fn look(&mut self) {
        self.hand_over();
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
        } else if now.link_losses > self.opened.link_losses {
            // Down and up again since we looked last.
            self.outages += now.link_losses - self.opened.link_losses;
            tracing::warn!(interface = %self.name(), "the interface was down for a moment");
        }
        self.opened.link_losses = now.link_losses;
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
        // Two captures at once would show each packet twice.
        if !self.waiting.is_empty() {
            return false;
        }
        if self.state == InterfaceState::Up {
            // It was away for less than we look.
            let why = self.lost.clone().unwrap_or_else(|| "it was made anew".to_owned());
            tracing::warn!(interface = %self.name(), %why, "the interface is opened anew");
            self.outages += 1;
            self.state = InterfaceState::Down;
        }
        match Live::lanes(&self.options, self.lanes.len(), self.place) {
            Ok(lives) => {
                warn_of_shortfalls(self.name(), &lives);
                self.waiting = lives.into_iter().enumerate().collect();
                self.hand_over();
                self.openings += 1;
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

    /// Give each lane its capture. One that did not take the last yet is asked again in a second;
    /// one that has ended takes none.
    fn hand_over(&mut self) {
        for (lane, live) in std::mem::take(&mut self.waiting) {
            let Some(to) = self.lanes.get(lane) else { continue };
            if let Err(TrySendError::Full(live)) = to.try_send(live) {
                self.waiting.push((lane, live));
            }
        }
    }

    /// How it fares, with the counts of its lanes.
    pub(super) fn health(
        &self,
        lanes: Vec<KernelCounts>,
        relief: Option<ReliefCounts>,
    ) -> InterfaceHealth {
        let (state, outages, mtu) = (self.state, self.outages, self.opened.mtu);
        InterfaceHealth { name: self.name().into(), state, outages, mtu, lanes, relief }
    }
}

/// Say it where there are no rings of ours, or frames for others are not seen.
fn warn_of_shortfalls(name: &str, lives: &[Live]) {
    for why in lives.iter().filter_map(Live::fallback).take(1) {
        tracing::warn!(interface = %name, %why, "read through libpcap, in one lane");
    }
    for why in lives.iter().filter_map(Live::own_only).take(1) {
        tracing::warn!(interface = %name, %why, "it shows this host's own frames alone");
    }
}
