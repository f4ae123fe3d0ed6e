//! All live stories, within a bound, in the order in which they will end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, ToolId};

use super::story::{Key, Story, Subject};
use crate::limits::Limits;
use crate::memory::Rank;

/// The live stories. Trees, not hash tables: a stranger cannot make their keys collide, and a
/// host's stories stand side by side.
#[derive(Debug)]
pub(crate) struct Stories {
    serials: BTreeMap<Key, u64>,
    stories: BTreeMap<u64, Story>,
    /// Stories without an open flow, by their last sign of life: the first ends first.
    quiet: BTreeSet<(Timestamp, u64)>,
    /// Those with one.
    busy: BTreeSet<(Timestamp, u64)>,
    next: u64,
    max: usize,
    silence: Duration,
    evicted: u64,
}

impl Stories {
    pub(crate) fn new(limits: &Limits) -> Stories {
        Stories {
            serials: BTreeMap::new(),
            stories: BTreeMap::new(),
            quiet: BTreeSet::new(),
            busy: BTreeSet::new(),
            next: 0,
            max: limits.stories_max.max(1),
            silence: limits.quiet,
            evicted: 0,
        }
    }

    /// Stories held, and stories that ended since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.stories.len(), self.evicted)
    }

    pub(crate) fn find(&self, key: &Key) -> Option<u64> {
        self.serials.get(key).copied()
    }

    pub(crate) fn get(&self, serial: u64) -> Option<&Story> {
        self.stories.get(&serial)
    }

    /// A story to write to. What orders the table is out of its caller's reach.
    pub(crate) fn get_mut(&mut self, serial: u64) -> Option<&mut Story> {
        self.stories.get_mut(&serial)
    }

    /// The stories of one host and tool, that without an operator first.
    pub(crate) fn of_tool(
        &self,
        host: IpAddr,
        tool: &ToolId,
        inbound: bool,
    ) -> impl Iterator<Item = &Story> {
        let about = |operator| Subject::Tool { tool: tool.clone(), inbound, operator };
        let first = Key { host, subject: about(None) };
        self.serials
            .range(first..)
            .take_while(move |(key, _)| {
                let same = matches!(&key.subject,
                    Subject::Tool { tool: other, inbound: way, .. }
                        if other == tool && *way == inbound);
                key.host == host && same
            })
            .filter_map(|(_, serial)| self.stories.get(serial))
    }

    /// Begin a story; `Some`: the one that had to end for it.
    pub(crate) fn open(&mut self, key: Key, rank: Rank, at: Timestamp) -> (u64, Option<Story>) {
        let gone = if self.stories.len() >= self.max { self.evict() } else { None };
        let serial = self.next;
        self.next += 1;
        self.serials.insert(key.clone(), serial);
        self.stories.insert(serial, Story::new(serial, key, rank, at));
        self.quiet.insert((at, serial));
        (serial, gone)
    }

    /// Its operator became known better. Not when another story has that key already.
    pub(crate) fn rename(&mut self, serial: u64, operator: &Arc<str>, rank: Rank) {
        let Some(story) = self.stories.get_mut(&serial) else { return };
        let mut key = story.key.clone();
        if let Subject::Tool { operator: known, .. } = &mut key.subject {
            *known = Some(Arc::clone(operator));
        }
        if self.serials.contains_key(&key) {
            return;
        }
        self.serials.remove(&story.key);
        self.serials.insert(key.clone(), serial);
        story.key = key;
        story.rank = rank;
    }

    /// It showed a sign of life.
    pub(crate) fn touch(&mut self, serial: u64, at: Timestamp) {
        self.reorder(serial, |story| story.end = story.end.max(at));
    }

    /// One more flow of it is open.
    pub(crate) fn hold(&mut self, serial: u64) {
        self.reorder(serial, |story| story.flows_open += 1);
    }

    /// A flow of it ended, or can no longer be followed.
    pub(crate) fn release(&mut self, serial: u64) {
        self.reorder(serial, |story| story.flows_open = story.flows_open.saturating_sub(1));
    }

    /// Take out the next story that has been silent for long enough at `now`, and tell when that
    /// was.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Option<(Timestamp, Story)> {
        let &(end, serial) = self.quiet.first()?;
        let over = end.after(self.silence);
        (over <= now).then(|| self.remove(serial)).flatten().map(|story| (over, story))
    }

    /// Take out the oldest of all that are left.
    pub(crate) fn take_first(&mut self) -> Option<Story> {
        let serial = *self.stories.first_key_value()?.0;
        self.remove(serial)
    }

    fn reorder(&mut self, serial: u64, change: impl FnOnce(&mut Story)) {
        let Some(story) = self.stories.get_mut(&serial) else { return };
        let place = (story.end, serial);
        self.quiet.remove(&place);
        self.busy.remove(&place);
        change(story);
        let order = if story.flows_open == 0 { &mut self.quiet } else { &mut self.busy };
        order.insert((story.end, serial));
    }

    fn evict(&mut self) -> Option<Story> {
        let firsts = [self.quiet.first(), self.busy.first()];
        let &(_, serial) = firsts.into_iter().flatten().min()?;
        self.evicted += 1;
        self.remove(serial)
    }

    fn remove(&mut self, serial: u64) -> Option<Story> {
        let story = self.stories.remove(&serial)?;
        self.serials.remove(&story.key);
        self.quiet.remove(&(story.end, serial));
        self.busy.remove(&(story.end, serial));
        Some(story)
    }
}
