//! The tunnels of flows that came in one: few flows have them, so they stand beside the rows.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use model::Tunnel;

use crate::flows::Slot;

/// Tunnels by the slot of their flow. Never more than there are rows; slots are ours, so that no
/// stranger chooses the keys.
#[derive(Default)]
pub(super) struct Ingress {
    tunnels: HashMap<Slot, Arc<Tunnel>, FixedState>,
    /// The last one, since the flows of one tunnel begin one after the other.
    last: Option<Arc<Tunnel>>,
}

impl Ingress {
    /// The tunnel of the flow in `slot`.
    pub(super) fn of(&self, slot: Slot) -> Option<Arc<Tunnel>> {
        if self.tunnels.is_empty() {
            return None;
        }
        self.tunnels.get(&slot).cloned()
    }

    /// A flow began in `slot`.
    pub(super) fn begin(&mut self, slot: Slot, tunnel: &Tunnel) {
        let shared = match &self.last {
            Some(last) if **last == *tunnel => Arc::clone(last),
            _ => Arc::new(*tunnel),
        };
        self.last = Some(Arc::clone(&shared));
        self.tunnels.insert(slot, shared);
    }

    /// The flow in `slot` is over.
    pub(super) fn end(&mut self, slot: Slot) {
        if !self.tunnels.is_empty() {
            self.tunnels.remove(&slot);
        }
    }
}
