//! All stories, live and asleep, within a bound, in the order in which they must be looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use model::{Occasion, Timestamp, ToolId};

use super::story::{Key, Pace, Phase, Story, Subject};
use crate::limits::{Limits, OPERATORS_LOOKED_AT_MAX};
use crate::memory::Rank;

/// The stories. Trees, not hash tables: a stranger cannot make their keys collide, and a host's
/// stories stand side by side.
#[derive(Debug)]
pub(crate) struct Stories {
    serials: BTreeMap<Key, u64>,
    /// Boxed: serial numbers only grow, and leave a tree's nodes half empty.
    stories: BTreeMap<u64, Box<Story>>,
    /// Those that live, by their last sign of life.
    awake: BTreeSet<(Timestamp, u64)>,
    /// Those that sleep, by the same: they go first.
    asleep: BTreeSet<(Timestamp, u64)>,
    /// When each must be looked at. A moment may be too early, never too late.
    due: BTreeSet<(Timestamp, u64)>,
    next: u64,
    max: usize,
    pace: Pace,
    evicted: u64,
}

/// What time brings for a story.
#[derive(Debug)]
pub(crate) enum Due {
    /// Tell it again.
    Tell(u64, Occasion),
    /// It is over, and no longer in the table.
    Over(Box<Story>),
}

impl Stories {
    pub(crate) fn new(limits: &Limits) -> Stories {
        Stories {
            serials: BTreeMap::new(),
            stories: BTreeMap::new(),
            awake: BTreeSet::new(),
            asleep: BTreeSet::new(),
            due: BTreeSet::new(),
            next: 0,
            max: limits.stories_max.max(1),
            pace: Pace { silence: limits.quiet, sleep: limits.sleep, again: limits.again },
            evicted: 0,
        }
    }

    /// Stories held, and stories that ended since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.stories.len(), self.evicted)
    }

    /// How many of those held are asleep.
    pub(crate) fn sleeping(&self) -> usize {
        self.asleep.len()
    }

    pub(crate) fn find(&self, key: &Key) -> Option<u64> {
        self.serials.get(key).copied()
    }

    pub(crate) fn get(&self, serial: u64) -> Option<&Story> {
        self.stories.get(&serial).map(|story| &**story)
    }

    /// A story to write to. What orders the table is out of its caller's reach.
    pub(crate) fn get_mut(&mut self, serial: u64) -> Option<&mut Story> {
        self.stories.get_mut(&serial).map(|story| &mut **story)
    }

    /// The stories of one host and tool, that without an operator first; of very many some.
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
            .filter_map(|(_, serial)| self.get(*serial))
            .take(OPERATORS_LOOKED_AT_MAX)
    }

    /// Begin a story; `Some`: the one that had to end for it.
    pub(crate) fn open(&mut self, key: Key, rank: Rank, at: Timestamp) -> (u64, Option<Story>) {
        let gone = if self.stories.len() >= self.max { self.evict() } else { None };
        let serial = self.next;
        self.next += 1;
        self.serials.insert(key.clone(), serial);
        self.stories.insert(serial, Box::new(Story::new(serial, key, rank, at)));
        self.reorder(serial, |_| {});
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

    /// It showed a sign of life, and is awake if it was not.
    pub(crate) fn touch(&mut self, serial: u64, at: Timestamp) {
        self.reorder(serial, |story| {
            story.end = story.end.max(at);
            if let Phase::Asleep { .. } = story.phase {
                story.phase = Phase::Awake { since: at };
            }
        });
    }

    /// A record told it, or it was held back.
    pub(crate) fn mark_told(&mut self, serial: u64, at: Timestamp, held: bool) {
        self.reorder(serial, |story| {
            let operator = story.operator().cloned();
            if let Some(case) = &mut story.case {
                case.mark_told(operator.as_ref(), held);
            }
            story.told_at = at;
        });
    }

    /// One more flow of it is open.
    pub(crate) fn hold(&mut self, serial: u64) {
        self.reorder(serial, |story| story.flows_open += 1);
    }

    /// A flow of it ended, or can no longer be followed.
    pub(crate) fn release(&mut self, serial: u64) {
        self.reorder(serial, |story| story.flows_open = story.flows_open.saturating_sub(1));
    }

    /// When a story must be looked at next.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What time has brought by `now` and nobody was told yet, the earliest first, and when. Nothing
    /// was seen since `before`.
    pub(crate) fn next_due(
        &mut self,
        before: Timestamp,
        now: Timestamp,
    ) -> Option<(Timestamp, Due)> {
        loop {
            let &(at, serial) = self.due.first().filter(|(at, _)| *at <= now)?;
            self.due.pop_first();
            let Some(story) = self.stories.get_mut(&serial) else { continue };
            story.due = None;
            if story.next(&self.pace).is_none_or(|next| next > at) {
                self.reorder(serial, |_| {});
                continue;
            }
            if let Some(due) = self.turn(serial, at, (before, now)) {
                return Some((at, due));
            }
        }
    }

    /// A story's next step: to sleep, to be told again, or to go.
    fn turn(
        &mut self,
        serial: u64,
        at: Timestamp,
        (before, now): (Timestamp, Timestamp),
    ) -> Option<Due> {
        let story = self.stories.get(&serial)?;
        match story.phase {
            Phase::Awake { .. } => {
                let silent = story.flows_open == 0 && story.end.after(self.pace.silence) <= at;
                if silent && story.case.is_none() {
                    return self.remove(serial).map(Due::Over);
                }
                // After a gap in what was watched nobody knows whether its flows went on.
                let watched = at.since(before) < self.pace.silence;
                let still = !silent && watched && (story.denied || story.has_news());
                self.reorder(serial, |story| match silent {
                    true => story.phase = Phase::Asleep { since: at },
                    false => story.told_at = now,
                });
                still.then_some(Due::Tell(serial, Occasion::Still))
            }
            Phase::Asleep { since } if since.after(self.pace.sleep) <= at => {
                self.remove(serial).map(Due::Over)
            }
            Phase::Asleep { .. } => {
                // What came back since it was told to be over, and lived until now, comes and goes.
                let comes_back =
                    story.ended_at.is_some() && at.since(story.end) <= self.pace.silence * 2;
                self.reorder(serial, |story| {
                    story.ended_at = Some(at);
                    story.owes_end = comes_back;
                });
                let occasion = if comes_back { Occasion::Still } else { Occasion::Ended };
                Some(Due::Tell(serial, occasion))
            }
        }
    }

    /// Take a story out.
    pub(crate) fn take(&mut self, serial: u64) -> Option<Story> {
        self.remove(serial).map(|story| *story)
    }

    /// Take out the oldest of all that are left.
    pub(crate) fn take_first(&mut self) -> Option<Story> {
        let serial = *self.stories.first_key_value()?.0;
        self.take(serial)
    }

    fn reorder(&mut self, serial: u64, change: impl FnOnce(&mut Story)) {
        let Some(story) = self.stories.get_mut(&serial) else { return };
        let place = (story.end, serial);
        self.awake.remove(&place);
        self.asleep.remove(&place);
        change(story);
        let order = match story.phase {
            Phase::Awake { .. } => &mut self.awake,
            Phase::Asleep { .. } => &mut self.asleep,
        };
        order.insert((story.end, serial));
        if let Some(next) = story.next(&self.pace)
            && story.due.is_none_or(|due| next < due)
        {
            if let Some(due) = story.due.replace(next) {
                self.due.remove(&(due, serial));
            }
            self.due.insert((next, serial));
        }
    }

    fn evict(&mut self) -> Option<Story> {
        let &(_, serial) = self.asleep.first().or(self.awake.first())?;
        self.evicted += 1;
        self.take(serial)
    }

    fn remove(&mut self, serial: u64) -> Option<Box<Story>> {
        let story = self.stories.remove(&serial)?;
        self.serials.remove(&story.key);
        self.awake.remove(&(story.end, serial));
        self.asleep.remove(&(story.end, serial));
        if let Some(due) = story.due {
            self.due.remove(&(due, serial));
        }
        Some(story)
    }
}
