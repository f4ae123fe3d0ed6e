//! Which tools each flow showed by what passed on it, so that each is told once a flow.

use model::{Flow, ToolId};

use super::recent::Recent;
use crate::limits::{Limits, NOTES_PER_FLOW_MAX};

/// Tools by flow.
#[derive(Debug)]
pub(crate) struct Recognised {
    flows: Recent<Flow, Vec<ToolId>>,
}

impl Recognised {
    pub(crate) fn new(limits: &Limits) -> Recognised {
        Recognised { flows: Recent::new(limits.recognised_max) }
    }

    /// Flows held, and flows that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.flows.len(), self.flows.evicted())
    }

    /// Note that the flow showed the tool; false when it did before, or shows too many.
    pub(crate) fn note(&mut self, flow: &Flow, tool: &ToolId) -> bool {
        let Some(tools) = self.flows.get(flow) else {
            self.flows.insert(*flow, vec![tool.clone()]);
            return true;
        };
        let new = tools.len() < NOTES_PER_FLOW_MAX && !tools.contains(tool);
        if new {
            tools.push(tool.clone());
        }
        new
    }

    /// The flow ended.
    pub(crate) fn close(&mut self, flow: &Flow) {
        self.flows.remove(flow);
    }
}
