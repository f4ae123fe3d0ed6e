//! All hosts' trails, within a bound, and the incidents among them in the order in which they end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use model::{DomainName, Flow, Timestamp};

use super::incident::Incident;
use super::step::{Met, Weight};
use super::trail::{Trail, Windows};
use crate::limits::{INCIDENTS_MAX, Limits, WATCHED_MAX};
use crate::memory::Recent;

/// Trails by host.
#[derive(Debug)]
pub(crate) struct Trails {
    trails: Recent<IpAddr, Trail>,
    /// Live incidents by the time of their last stage.
    open: BTreeSet<(Timestamp, IpAddr)>,
    /// Flows under encryption that may carry a download, and what it would count.
    watched: Recent<Flow, Watched>,
    /// Incidents whose host had to be forgotten.
    gone: Vec<Incident>,
    pub(crate) windows: Windows,
    over: Duration,
}

/// A flow that may carry a download.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) name: Option<DomainName>,
    pub(crate) weight: Weight,
}

impl Trails {
    pub(crate) fn new(limits: &Limits) -> Trails {
        Trails {
            trails: Recent::new(limits.trails_max),
            open: BTreeSet::new(),
            watched: Recent::new(WATCHED_MAX),
            gone: Vec::new(),
            windows: Windows { weak: limits.chain_window, lure: limits.chain_lure },
            over: limits.chain_over,
        }
    }

    /// Trails held, and trails that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.trails.len(), self.trails.evicted())
    }

    pub(crate) fn incidents(&self) -> usize {
        self.open.len()
    }

    /// Whether each live incident stands in the order once, where it says, and nothing else does.
    pub(crate) fn holds_together(&self) -> bool {
        let live = self.trails.iter().filter_map(|(host, trail)| {
            trail.incident.as_ref().map(|incident| (incident.grown, *host))
        });
        live.collect::<BTreeSet<_>>() == self.open
    }

    pub(crate) fn peek(&self, host: IpAddr) -> Option<&Trail> {
        self.trails.peek(&host)
    }

    pub(crate) fn get(&mut self, host: IpAddr) -> Option<&mut Trail> {
        self.trails.get(&host)
    }

    /// The trail of a host, begun if there is none.
    pub(crate) fn of(&mut self, host: IpAddr) -> Option<&mut Trail> {
        if self.trails.peek(&host).is_none()
            && let Some((gone, trail)) = self.trails.insert(host, Trail::default())
            && let Some(incident) = trail.incident
        {
            self.open.remove(&(incident.grown, gone));
            self.gone.push(*incident);
        }
        self.trails.get(&host)
    }

    /// An incident began or grew; `before`: when it last did.
    pub(crate) fn mark(&mut self, host: IpAddr, before: Option<Timestamp>, now: Timestamp) {
        if let Some(before) = before {
            self.open.remove(&(before, host));
        }
        self.open.insert((now, host));
        if self.open.len() > INCIDENTS_MAX
            && let Some(&(grown, oldest)) = self.open.first()
        {
            let ended = self.take(grown, oldest);
            self.gone.extend(ended);
        }
    }

    /// When the next incident is over: at once, where its host had to be forgotten.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        if !self.gone.is_empty() {
            return Some(Timestamp::ZERO);
        }
        self.open.first().map(|(grown, _)| grown.after(self.over))
    }

    /// Take out the next incident that is over at `now`.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Option<Incident> {
        if let Some(gone) = self.gone.pop() {
            return Some(gone);
        }
        let &(grown, host) = self.open.first()?;
        if grown.after(self.over) > now {
            return None;
        }
        self.take(grown, host)
    }

    /// Take out the first of all that are left, by its last stage.
    pub(crate) fn take_first(&mut self) -> Option<Incident> {
        if let Some(gone) = self.gone.pop() {
            return Some(gone);
        }
        let &(grown, host) = self.open.first()?;
        self.take(grown, host)
    }

    fn take(&mut self, grown: Timestamp, host: IpAddr) -> Option<Incident> {
        self.open.remove(&(grown, host));
        let trail = self.trails.get(&host)?;
        let incident = trail.incident.take();
        if trail.is_empty() {
            self.trails.remove(&host);
        }
        incident.map(|incident| *incident)
    }

    /// What a host met, which is followed under another address from now on; nothing where it has
    /// an incident, which stays.
    pub(crate) fn give_up(&mut self, host: IpAddr, now: Timestamp) -> Vec<Met> {
        match self.trails.peek(&host) {
            Some(trail) if trail.incident.is_none() => {}
            _ => return Vec::new(),
        }
        let trail = self.trails.remove(&host);
        trail.map(|trail| trail.into_steps(now, self.windows)).unwrap_or_default()
    }

    /// A flow may carry a download.
    pub(crate) fn watch(&mut self, flow: &Flow, watched: Watched) {
        if self.watched.peek(flow).is_none() {
            self.watched.insert(*flow, watched);
        }
    }

    /// It ended.
    pub(crate) fn unwatch(&mut self, flow: &Flow) -> Option<Watched> {
        self.watched.remove(flow)
    }
}
