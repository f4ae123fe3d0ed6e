//! A handshake message put together from its fragments, in any order and over several datagrams.

use super::record::Fragment;
use crate::protocols::limits::{DTLS_FRAGMENTS_MAX, DTLS_MESSAGE_MAX};
use crate::streams::{Budget, Buffer, Put};

/// The message of one side that is being put together; the newest one only.
pub(super) struct Assembly {
    /// Its type, number and length.
    of: Option<(u8, u16, usize)>,
    buffer: Buffer,
    budget: Budget,
}

impl Default for Assembly {
    fn default() -> Assembly {
        Assembly { of: None, buffer: Buffer::default(), budget: Budget::new(DTLS_MESSAGE_MAX) }
    }
}

impl Assembly {
    /// Octets held.
    pub(super) const fn held(&self) -> usize {
        self.budget.held()
    }

    /// Let go of the message.
    pub(super) fn clear(&mut self) {
        self.buffer.clear(&mut self.budget);
        self.of = None;
    }

    /// Take a fragment, and give the body once it is whole. A fragment of another message begins
    /// that one; the first octet that came for a place stays.
    pub(super) fn put<'a>(
        &'a mut self,
        fragment: &Fragment<'a>,
        anomaly: &mut dyn FnMut(&'static str),
    ) -> Option<&'a [u8]> {
        if fragment.octets.len() == fragment.len {
            return Some(fragment.octets);
        }
        let of = (fragment.kind, fragment.number, fragment.len);
        if self.of != Some(of) {
            self.clear();
            self.of = Some(of);
        }
        if fragment.octets.is_empty() {
            return None;
        }
        let end = fragment.offset.saturating_add(fragment.octets.len());
        let put = if end > DTLS_MESSAGE_MAX {
            Put::OverBudget
        } else {
            let (at, octets) = (fragment.offset, fragment.octets);
            self.buffer.put(at, octets, DTLS_FRAGMENTS_MAX, &mut self.budget)
        };
        match put {
            Put::Held(false) => {}
            Put::Held(true) => anomaly("dtls_fragment_contradicts"),
            Put::Holes => anomaly("dtls_message_in_too_many_fragments"),
            Put::OverBudget => anomaly("dtls_message_too_long"),
        }
        self.buffer.at_hand().get(..fragment.len)
    }

    /// The type of the message and what there is of its beginning.
    pub(super) fn part(&self) -> Option<(u8, &[u8])> {
        let (kind, _, _) = self.of?;
        Some((kind, self.buffer.at_hand()))
    }
}
