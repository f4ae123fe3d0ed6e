//! What a flow showed so far: whose server it is, weak signs that wait for a strong one, and the
//! stories that it belongs to.

use std::sync::Arc;

use model::{Flow, Match, ToolId, UsageId};

use super::recent::Recent;
use crate::limits::{Limits, NOTES_PER_FLOW_MAX};

/// How well a sign tells who runs a tool's server. The greater one is believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rank {
    /// Anyone may run it, and only its address is known.
    Address,
    /// Anyone may run it, and it has a name.
    Name,
    /// The vendor runs it.
    Vendor,
    /// The sign names the tenant.
    Named,
}

/// Whom a sign takes to be the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Claim {
    pub(crate) rank: Rank,
    /// `None`: the vendor, for all of its customers.
    pub(crate) operator: Option<Arc<str>>,
}

/// Notes on flows that showed a sign.
#[derive(Debug)]
pub(crate) struct Flows {
    notes: Recent<Flow, Notes>,
    /// Stories that waited for the end of a flow which had to be forgotten.
    gone: Vec<u64>,
}

#[derive(Debug, Default)]
struct Notes {
    claims: Vec<(ToolId, Claim)>,
    hints: Vec<Match>,
    /// Serial numbers of stories that wait for the flow's end.
    stories: Vec<u64>,
    /// The row of the inventory that the flow counts for, of each tool.
    rows: Vec<(ToolId, UsageId)>,
}

/// What a flow counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carried {
    /// This row already, or there is no room to say so.
    Same,
    /// This row from now on.
    New,
    /// This row from now on, and no longer that one.
    Instead(UsageId),
}

impl Flows {
    pub(crate) fn new(limits: &Limits) -> Flows {
        Flows { notes: Recent::new(limits.flows_max), gone: Vec::new() }
    }

    /// Flows held, and flows that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.notes.len(), self.notes.evicted())
    }

    /// Note whom a sign takes to be the operator of `tool`, and give whom all signs of the flow so
    /// far do: of two that tell it equally well the later one, since one connection may carry
    /// requests to several.
    pub(crate) fn settle(&mut self, flow: &Flow, tool: &ToolId, claim: Claim) -> Claim {
        let Some(notes) = self.of(flow) else { return claim };
        match notes.claims.iter_mut().find(|(known, _)| known == tool) {
            Some((_, known)) if known.rank > claim.rank => known.clone(),
            Some((_, known)) => {
                *known = claim;
                known.clone()
            }
            None => {
                if notes.claims.len() < NOTES_PER_FLOW_MAX {
                    notes.claims.push((tool.clone(), claim.clone()));
                }
                claim
            }
        }
    }

    /// Keep a weak sign until a strong one of the same tool shows on the flow.
    pub(crate) fn hint(&mut self, flow: &Flow, sign: &Match) {
        if let Some(notes) = self.of(flow)
            && notes.hints.len() < NOTES_PER_FLOW_MAX
            && !notes.hints.contains(sign)
        {
            notes.hints.push(sign.clone());
        }
    }

    /// Take out the weak signs that satisfy `wanted`.
    pub(crate) fn take_hints(
        &mut self,
        flow: &Flow,
        wanted: impl Fn(&Match) -> bool,
    ) -> Vec<Match> {
        let Some(notes) = self.notes.get(flow) else { return Vec::new() };
        notes.hints.extract_if(.., |sign| wanted(sign)).collect()
    }

    /// Let a story wait for the flow's end; false when it does so already, or there is no room.
    pub(crate) fn bind(&mut self, flow: &Flow, story: u64) -> bool {
        let Some(notes) = self.of(flow) else { return false };
        let new = !notes.stories.contains(&story) && notes.stories.len() < NOTES_PER_FLOW_MAX;
        if new {
            notes.stories.push(story);
        }
        new
    }

    /// The stories that wait for the flow's end.
    pub(crate) fn stories(&self, flow: &Flow) -> &[u64] {
        self.notes.peek(flow).map_or(&[], |notes| &notes.stories)
    }

    /// From now on the flow counts for this row of the tool.
    pub(crate) fn carry(&mut self, flow: &Flow, tool: &ToolId, row: UsageId) -> Carried {
        let Some(notes) = self.of(flow) else { return Carried::Same };
        match notes.rows.iter_mut().find(|(known, _)| known == tool) {
            Some((_, known)) if *known == row => return Carried::Same,
            Some((_, known)) => return Carried::Instead(std::mem::replace(known, row)),
            None => {}
        }
        if notes.rows.len() >= NOTES_PER_FLOW_MAX {
            return Carried::Same;
        }
        notes.rows.push((tool.clone(), row));
        Carried::New
    }

    /// The rows of the inventory that the flow counts for.
    pub(crate) fn rows(&self, flow: &Flow) -> impl Iterator<Item = UsageId> {
        let rows = self.notes.peek(flow).map_or(&[][..], |notes| &notes.rows);
        rows.iter().map(|(_, row)| *row)
    }

    /// The flow ended: forget it, and give the stories that waited for that.
    pub(crate) fn close(&mut self, flow: &Flow) -> Vec<u64> {
        self.notes.remove(flow).map(|notes| notes.stories).unwrap_or_default()
    }

    /// Whether there is anything for [`Flows::take_gone`].
    pub(crate) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Stories that waited for the end of flows which had to be forgotten since the last call.
    pub(crate) fn take_gone(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.gone)
    }

    fn of(&mut self, flow: &Flow) -> Option<&mut Notes> {
        if self.notes.peek(flow).is_none()
            && let Some((_, evicted)) = self.notes.insert(*flow, Notes::default())
        {
            self.gone.extend(evicted.stories);
        }
        self.notes.get(flow)
    }
}
